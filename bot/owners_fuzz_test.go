package bot

import (
	"slices"
	"testing"
)

// FuzzOwners holds that whatever stands in a CODEOWNERS, it is read within its bounds, and that a line after all others decides.
func FuzzOwners(f *testing.F) {
	for _, seed := range []string{"* @acme/all", "*.go @a b@example.org\n/docs/ @acme/docs # comment\n\\#x @b", "a/**/b @c\n!a @b\n[ab] @c", "/src/** @x\n/src/gen\n", "\x00 @a", "a\\ b @c"} {
		f.Add(seed, "src/main.go")
		f.Add(seed, "docs/a b.md")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		if len(text) > 1<<14 || path == "" {
			return
		}
		set := parseOwners(text)
		if len(set) > maxOwnerRules+1 {
			t.Fatalf("%d rules", len(set))
		}
		ownersOf(set, path)
		last := parseOwners("/kept.txt @octocat")
		if got := ownersOf(append(set[:len(set):len(set)], last...), "kept.txt"); !slices.Equal(got, []string{"octocat"}) && !slices.Equal(got, []string{"@octocat"}) {
			t.Errorf("the last line is passed over: %v", got)
		}
	})
}
