package actions

import (
	"encoding/json"
	"testing"

	"bellhop/rules"
)

func TestLockPlan(t *testing.T) {
	l := &Lock{Reason: "spam"}
	plans(t, []plan{
		{"open", l, issue(), &Lock{Reason: "spam"}},
		{"discussion", l, discussion(), &Lock{Reason: "spam", NodeID: "D_9"}},
		{"locked", l, issue(func(f *rules.Facts) { f.Subject.Locked = true }), nil},
	})
}

func TestLockDo(t *testing.T) {
	type locked struct {
		Locked bool
		Reason string `json:"active_lock_reason"`
	}
	for reason, want := range map[string]string{"": "", "too-heated": "too heated", "spam": "spam"} {
		t.Run(reason, func(t *testing.T) {
			trial{
				setUp: func(w *world) (rules.Action, rules.Target) {
					return &Lock{Reason: reason}, target("issue", w.openIssue())
				},
				write: "PUT /repos/acme/app/issues/*/lock",
				effect: func(w *world) any {
					var l locked
					w.get(&l, "issues/1")
					return l
				},
				want: locked{true, want},
				url:  "/acme/app/issues/1",
			}.run(t)
		})
	}
}

func TestLockDiscussionDo(t *testing.T) {
	for reason, want := range map[string]any{"": nil, "off-topic": "OFF_TOPIC", "too-heated": "TOO_HEATED"} {
		w := newWorld(t)
		number, node := w.openDiscussion()
		for range 2 {
			w.must(&Lock{Reason: reason, NodeID: node}, target("discussion", number))
		}
		var answer struct{ Node struct{ Locked bool } }
		w.query(&answer, `query($id: ID!) { node(id: $id) { ... on Discussion { locked } } }`, node)
		same(t, answer.Node.Locked, true)
		writes := w.Writes()
		var sent struct{ Variables map[string]any }
		if err := json.Unmarshal(writes[len(writes)-1].Body, &sent); err != nil {
			t.Fatal(err)
		}
		same(t, sent.Variables["reason"], want)
	}
}
