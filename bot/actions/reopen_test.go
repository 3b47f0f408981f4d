package actions

import (
	"testing"

	"bellhop/rules"
)

func TestReopenPlan(t *testing.T) {
	o := &Reopen{Yes: true}
	plans(t, []plan{
		{"closed issue", o, issue(closed), &Reopen{Yes: true}},
		{"closed discussion", o, discussion(closed), &Reopen{Yes: true, NodeID: "D_9"}},
		{"open", o, issue(), nil},
		{"merged", o, pr(func(f *rules.Facts) { f.Subject.State = "merged" }), nil},
	})
}

func TestReopenDo(t *testing.T) {
	t.Run("issue", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				to := target("issue", w.openIssue())
				w.must(&Close{Reason: "completed"}, to)
				return &Reopen{Yes: true}, to
			},
			write:  "PATCH /repos/acme/app/issues/*",
			effect: func(w *world) any { return w.state("issues/1") },
			want:   state{"open", "reopened"},
			url:    "/acme/app/issues/1",
		}.run(t)
	})
	t.Run("pull request", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				to := target("pull_request", w.openPull())
				w.must(&Close{Reason: "completed"}, to)
				return &Reopen{Yes: true}, to
			},
			write:  "PATCH /repos/acme/app/pulls/*",
			effect: func(w *world) any { return w.state("pulls/1").State },
			want:   "open",
			url:    "/acme/app/pull/1",
		}.run(t)
	})
}

func TestReopenRefused(t *testing.T) {
	w := newWorld(t)
	_, to := w.mergedPull()
	w.refuses(&Reopen{Yes: true}, to, "reopen: ")
}
