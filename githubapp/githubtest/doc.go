// Package githubtest is a stand-in GitHub: a real HTTP server on 127.0.0.1 that keeps the state of accounts, repositories,
// issues, pull requests, checks and the rest in memory, answers GitHub's REST and GraphQL APIs over it, and sends the signed
// webhooks that GitHub would send. A real go-github client with real installation tokens works against it, so tests and the
// demonstration need no account, no network and no interface made for them.
//
// Three sides act on the same state:
//
//   - Set-up, in Go: AddUser, AddOrganization, AddRepository, AddApp, Install. Misuse panics, as it is a mistake in a program.
//   - People, at the web page: As("alice").On("acme/app").OpenIssue(...). They return errors, as GitHub refuses things.
//   - The App, over HTTP at Server.URL: everything it does needs a token, the permission and the repository, as on GitHub.
//
// Whatever changes through the last two sides causes webhooks. They leave one after another, in the order of the changes;
// Flush waits for them. A delivery that fails is not tried again by itself, as on GitHub: see Redeliver.
//
// Numbers, node ids, commit SHAs and delivery GUIDs depend on the order of the calls alone, and times come from Options.Now,
// so that a story told twice is the same twice. Commits, trees and blobs carry the SHAs that Git gives them.
//
// What it does not do: it has no web pages and no Git protocol, it merges file by file (two sides that changed one file
// differently are a conflict), and search, packages, projects and billing are missing. An endpoint that it lacks answers 404
// and is listed by Server.Unknown, so that a test can tell a missing endpoint from a missing thing.
//
// It uses GitHub's own words for everything; where GitHub's behaviour surprises, a comment names where that is documented.
package githubtest
