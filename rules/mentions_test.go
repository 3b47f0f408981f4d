package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestMentions holds that lists mention people and teams and nobody else, whatever is in them.
func TestMentions(t *testing.T) {
	f := whole(func(f *Facts) {
		f.Bot = "bellhop"
		f.Subject.Author = "octocat"
		f.Subject.Assignees = []string{"alice", "Alice", "bellhop", "dependabot[bot]", "bob_acme"}
		f.Subject.Reviewers = []string{"carol", "@acme/backend"}
		f.Subject.Owners = []Owned{{Path: "a", Owners: []string{"carol", "@acme/backend", "olivia@example.com"}}, {Path: "b", Owners: []string{"@acme/backend", "dan", "<b>", "@a/b @evil"}}}
		f.Subject.Approvers = nil
		for i := range 25 {
			f.Subject.Approvers = append(f.Subject.Approvers, fmt.Sprintf("user%d", i))
		}
		f.Subject.MergedBy = ""
	})
	machine := whole(func(f *Facts) { f.Subject.Author, f.Subject.AuthorBot = "machine", true })
	for _, c := range []struct {
		text  string
		facts *Facts
		want  string // in Markdown
		plain string
	}{
		{"{{ mentions.author }}", f, "@octocat", "octocat"},
		{"cc {{mentions.assignees}}.", f, "cc @alice, @bob_acme.", "cc alice, bob_acme."},
		{"{{ mentions.reviewers }}", f, "@carol, @acme/backend", "carol, @acme/backend"},
		{"{{ mentions.owners }}", f, "@carol, @acme/backend, @dan", "carol, @acme/backend, dan"},
		{"[{{ mentions.merged_by }}]", f, "[]", "[]"},
		{"{{ mentions.author }}", machine, "", ""},
		{"{{ mentions.reviewers }}", issue("opened"), "", ""},
		{"{{ pr.author }}: @me", f, "octocat: @me", "octocat: @me"},
	} {
		tmpl, flaws := parseTemplate(c.text)
		if len(flaws) > 0 {
			t.Errorf("%s: %v", c.text, flaws)
			continue
		}
		for markdown, want := range map[bool]string{true: c.want, false: c.plain} {
			if got, v := tmpl.render(newActivation(c.facts), markdown); got != want || v.outcome != True {
				t.Errorf("%s: got %q %v, want %q", c.text, got, v, want)
			}
		}
	}
	tmpl, _ := parseTemplate("{{ mentions.approvers }}")
	if got, _ := tmpl.render(newActivation(f), true); strings.Count(got, "@") != maxMentions || !strings.HasSuffix(got, " and 5 more") {
		t.Errorf("got %q", got)
	}
	if items, ok := tmpl.list(newActivation(f)); !ok || len(items) != 25 || items[0] != "user0" {
		t.Errorf("got %q", items)
	}
	for _, m := range mentionLists {
		if tmpl, flaws := parseTemplate("{{ mentions." + m.Name + " }}"); len(flaws) > 0 || len(tmpl.reads()) == 0 {
			t.Errorf("%s: %v", m.Name, flaws)
		}
	}
}
