// Package contract checks requests against GitHub's own description of its API, so that a test fails when the bot sends what
// GitHub would not understand. GitHub itself is lenient: it ignores misspelt fields and parameters in silence.
//
// Check knows the REST operations and the GraphQL schema of github.com. Both are extracts, made by machine from GitHub's
// published description (see extract/NOTICE); TestExtracts makes them anew and compares. To add operations, extend the list in
// extract_test.go and run the test with -update.
//
// The package is for tests only: nothing that is shipped imports it.
package contract
