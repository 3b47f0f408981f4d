package githubtest_test

import (
	"fmt"

	"bellhop/githubapp/githubtest"
)

// A person opens an issue; the App gets a signed webhook, or, as here, looks at what it would have got.
func Example() {
	s := githubtest.Must(githubtest.Start(githubtest.Options{}))
	defer s.Close()
	githubtest.Seed(s)
	number := githubtest.Must(s.As("bob").On("acme/app").OpenIssue("It breaks", "Always."))
	issue, _ := s.Issue("acme/app", number)
	fmt.Println(issue.Author, issue.Title, issue.State)
	for _, d := range s.Deliveries() {
		fmt.Printf("%s.%s\n", d.Event, d.Action)
	}
	// Output:
	// bob It breaks open
	// installation.created
	// issues.opened
}
