package actions

import (
	"testing"
	"time"

	"bellhop/rules"
)

func TestMilestonePlan(t *testing.T) {
	in := func(title string) func(*rules.Facts) {
		return func(f *rules.Facts) { f.Subject.Milestone = title }
	}
	set := func(title string) *Milestone { return &Milestone{Title: title} }
	planned := func(title string) *Milestone { return &Milestone{Title: title, Planned: now} }
	plans(t, []plan{
		{"by title", set(" v2 "), issue(), planned("v2")},
		{"in it", set("v2"), issue(in("v2")), nil},
		{"from another", set("v2"), pr(in("v1")), planned("v2")},
		{"next", set("next"), issue(), planned("next")},
		{"next, in one", set("next"), issue(in("v1")), nil},
		{"none", set("none"), issue(in("v1")), planned("none")},
		{"none, in none", set("none"), issue(), nil},
		{"empty", set(""), issue(), nil},
	})
}

func (w *world) milestoneOf(number int) any {
	seen, _ := w.Issue("acme/app", number)
	return seen.Milestone
}

func (w *world) milestones() {
	w.can(w.as("alice").CreateMilestone("someday", time.Time{}))
	w.can(w.as("alice").CreateMilestone("v1", now.AddDate(0, 0, -7)))
	w.can(w.as("alice").CreateMilestone("v3", now.AddDate(0, 2, 0)))
	w.can(w.as("alice").CreateMilestone("v2", now.AddDate(0, 1, 0)))
}

func TestMilestoneDo(t *testing.T) {
	for title, want := range map[string]string{"v1": "v1", "V3": "v3", "next": "v2"} {
		t.Run(title, func(t *testing.T) {
			trial{
				setUp: func(w *world) (rules.Action, rules.Target) {
					w.milestones()
					return &Milestone{Title: title, Planned: now}, target("issue", w.openIssue())
				},
				write:  "PATCH /repos/acme/app/issues/*",
				effect: func(w *world) any { return w.milestoneOf(1) },
				want:   any(want), url: "/acme/app/issues/1",
			}.run(t)
		})
	}
}

func TestMilestoneNone(t *testing.T) {
	w := newWorld(t)
	to := target("pull_request", w.openPull())
	w.can(w.as("alice").SetMilestone(1, "v1"))
	w.skips(&Milestone{Title: "none", Planned: now}, to, "")
	same(t, w.milestoneOf(1), any(""))
	w.skips(&Milestone{Title: "v7", Planned: now}, to, `the repository has no open milestone "v7"`)
	w.skips(&Milestone{Title: "next", Planned: now}, to, "no open milestone is due")
}
