package actions

import (
	"testing"

	"bellhop/rules"
)

func TestClosePlan(t *testing.T) {
	c := &Close{Reason: "not_planned"}
	plans(t, []plan{
		{"open issue", c, issue(), &Close{Reason: "not_planned"}},
		{"open discussion", c, discussion(), &Close{Reason: "not_planned", NodeID: "D_9"}},
		{"closed", c, issue(closed), nil},
	})
}

type state struct {
	State  string
	Reason string `json:"state_reason"`
}

func (w *world) state(path string) state {
	var s state
	w.get(&s, "%s", path)
	return s
}

func TestCloseDo(t *testing.T) {
	t.Run("issue", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				return &Close{Reason: "not_planned"}, target("issue", w.openIssue())
			},
			write:  "PATCH /repos/acme/app/issues/*",
			effect: func(w *world) any { return w.state("issues/1") },
			want:   state{"closed", "not_planned"},
			url:    "/acme/app/issues/1",
		}.run(t)
	})
	t.Run("pull request", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				return &Close{Reason: "completed"}, target("pull_request", w.openPull())
			},
			write:  "PATCH /repos/acme/app/pulls/*",
			effect: func(w *world) any { return w.state("pulls/1").State },
			want:   "closed",
			url:    "/acme/app/pull/1",
		}.run(t)
	})
}

func TestCloseDiscussionDo(t *testing.T) {
	w := newWorld(t)
	number, node := w.openDiscussion()
	to := target("discussion", number)
	for reason, want := range map[string]string{"completed": "RESOLVED", "not_planned": "OUTDATED"} {
		w.must(&Close{Reason: reason, NodeID: node}, to)
		same(t, w.discussionState(node), "closed "+want)
		w.must(&Reopen{Yes: true, NodeID: node}, to)
		same(t, w.discussionState(node), "open REOPENED")
	}
}

func (w *world) discussionState(node string) string {
	var answer struct {
		Node struct {
			Closed      bool
			StateReason string
		}
	}
	w.query(&answer, `query($id: ID!) { node(id: $id) { ... on Discussion { closed stateReason } } }`, node)
	if answer.Node.Closed {
		return "closed " + answer.Node.StateReason
	}
	return "open " + answer.Node.StateReason
}
