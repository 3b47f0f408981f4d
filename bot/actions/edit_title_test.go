package actions

import (
	"strings"
	"testing"

	"bellhop/rules"
)

func TestEditTitlePlan(t *testing.T) {
	titled := func(f *rules.Facts) { f.Subject.Title = "Old" }
	plans(t, []plan{
		{"new", &EditTitle{Title: " New "}, issue(titled), &EditTitle{Title: "New", Seen: "Old"}},
		{"long", &EditTitle{Title: strings.Repeat("x", 300)}, issue(), &EditTitle{Title: strings.Repeat("x", 255) + "…"}},
		{"the same", &EditTitle{Title: "Old"}, issue(titled), nil},
		{"empty", &EditTitle{}, issue(titled), nil},
	})
}

func TestEditTitleDo(t *testing.T) {
	for kind, write := range map[string]string{"issue": "PATCH /repos/acme/app/issues/*", "pull_request": "PATCH /repos/acme/app/pulls/*"} {
		t.Run(kind, func(t *testing.T) {
			trial{
				setUp: func(w *world) (rules.Action, rules.Target) {
					if kind == "issue" {
						return &EditTitle{Title: "New", Seen: "It breaks"}, target(kind, w.openIssue())
					}
					return &EditTitle{Title: "New", Seen: "Fix a thing"}, target(kind, w.openPull())
				},
				write: write,
				effect: func(w *world) any {
					seen, _ := w.Issue("acme/app", 1)
					return seen.Title
				},
				want: "New", again: "the title says so already", url: "/acme/app/",
			}.run(t)
		})
	}
}

func TestEditTitleLeavesWhatPeopleWrote(t *testing.T) {
	w := newWorld(t)
	number := w.openIssue()
	w.can(w.as("carol").Retitle(number, "It works"))
	w.skips(&EditTitle{Title: "New", Seen: "It breaks"}, target("issue", number), "the title was changed after the rule was decided")
}
