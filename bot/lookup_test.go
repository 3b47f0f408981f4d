package bot

import (
	"strings"
	"testing"

	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
)

// TestEveryFactCanBeLookedUp walks the table of facts: each fact of a subject that may be missing has a look-up, and GitHub's
// own schema accepts its query on each kind of subject that has the fact.
func TestEveryFactCanBeLookedUp(t *testing.T) {
	kinds := map[string]string{"issue": "issue", "pr": "pullRequest", "discussion": "discussion"}
	kindOf := map[string]string{"issue": "issue", "pr": "pull_request", "discussion": "discussion"}
	for kind, field := range kinds {
		var all []string
		for _, fact := range lookedUp(t, kind) {
			if fact == "behind" {
				continue // GraphQL has no answer for forks: see learnBehind
			}
			want, err := lookupsFor([]string{fact})
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			selection := selectionOf(want[len(want)-1], kindOf[kind])
			if err := contract.CheckQuery(factsQuery(field, []string{selection}), map[string]any{"owner": "o", "name": "n", "number": 1}); err != nil {
				t.Errorf("%s.%s: %v", kind, fact, err)
			}
			all = append(all, fact)
		}
		want, err := lookupsFor(all)
		if err != nil {
			t.Fatal(err)
		}
		var selections []string
		for _, l := range want {
			selections = append(selections, selectionOf(l, kindOf[kind]))
		}
		if err := contract.CheckQuery(factsQuery(field, selections), map[string]any{"owner": "o", "name": "n", "number": 1}); err != nil {
			t.Errorf("all of %s: %v", kind, err)
		}
	}
}

// lookedUp lists the facts of a kind of subject that a payload may lack.
func lookedUp(t *testing.T, variable string) []string {
	t.Helper()
	var names []string
	for _, v := range rules.Schema() {
		if v.Name != variable {
			continue
		}
		for _, f := range v.Facts {
			if f.In != "" {
				names = append(names, f.Name)
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("no facts of %s", variable)
	}
	return names
}

func selectionOf(l lookup, kind string) string {
	return strings.ReplaceAll(l.of(kind), "%s", `, after: "Y3Vyc29y"`)
}
