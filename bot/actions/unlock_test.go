package actions

import (
	"testing"

	"bellhop/rules"
)

func TestUnlockPlan(t *testing.T) {
	locked := func(f *rules.Facts) { f.Subject.Locked = true }
	plans(t, []plan{
		{"locked", &Unlock{Yes: true}, issue(locked), &Unlock{Yes: true}},
		{"discussion", &Unlock{Yes: true}, discussion(locked), &Unlock{Yes: true, NodeID: "D_9"}},
		{"not locked", &Unlock{Yes: true}, pr(), nil},
	})
}

func TestUnlockDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			number := w.openIssue()
			w.can(w.as("alice").Lock(number, "spam"))
			return &Unlock{Yes: true}, target("issue", number)
		},
		write: "DELETE /repos/acme/app/issues/*/lock",
		effect: func(w *world) any {
			seen, _ := w.Issue("acme/app", 1)
			return seen.Locked
		},
		want: false, url: "/acme/app/issues/1",
	}.run(t)
}

func TestUnlockDiscussion(t *testing.T) {
	w := newWorld(t)
	number, node := w.openDiscussion()
	to := target("discussion", number)
	w.must(&Lock{NodeID: node}, to)
	w.must(&Unlock{Yes: true, NodeID: node}, to)
	w.must(&Unlock{Yes: true, NodeID: node}, to)
	var answer struct{ Node struct{ Locked bool } }
	w.query(&answer, `query($id: ID!) { node(id: $id) { ... on Discussion { locked } } }`, node)
	same(t, answer.Node.Locked, false)
}
