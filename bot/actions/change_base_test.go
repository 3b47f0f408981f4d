package actions

import (
	"testing"

	"bellhop/rules"
)

func TestChangeBasePlan(t *testing.T) {
	on := func(state, base string) func(*rules.Facts) {
		return func(f *rules.Facts) { f.Subject.State, f.Subject.Base = state, base }
	}
	plans(t, []plan{
		{"another", &ChangeBase{Branch: " next "}, pr(on("open", "main")), &ChangeBase{Branch: "next", Seen: "main"}},
		{"the same", &ChangeBase{Branch: "main"}, pr(on("open", "main")), nil},
		{"closed", &ChangeBase{Branch: "next"}, pr(on("merged", "main")), nil},
		{"rendered to nothing", &ChangeBase{Branch: " "}, pr(on("open", "main")), nil},
	})
}

func TestChangeBaseDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			w.can(w.as("alice").CreateBranch("next", "main"))
			return &ChangeBase{Branch: "next", Seen: "main"}, target("pull_request", w.openPull())
		},
		write:  "PATCH /repos/acme/app/pulls/*",
		effect: func(w *world) any { return w.base(1) },
		want:   "next", again: "the base is that branch already", url: "/acme/app/pull/1",
	}.run(t)
}

func (w *world) base(number int) string {
	var pull struct{ Base struct{ Ref string } }
	w.get(&pull, "pulls/%d", number)
	return pull.Base.Ref
}

func TestChangeBaseLeavesWhatPeopleChose(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	to := target("pull_request", number)
	w.skips(&ChangeBase{Branch: "next", Seen: "other"}, to, "the base was changed after the rule was decided")
	w.refuses(&ChangeBase{Branch: "not there", Seen: "main"}, to, "edit: ")
}
