package actions

import (
	"testing"

	"bellhop/rules"
)

func TestUnassignPlan(t *testing.T) {
	has := func(f *rules.Facts) { f.Subject.Assignees = []string{"alice", "bob"} }
	plans(t, []plan{
		{"who is there", &Unassign{Users: []string{"@Bob", "carol"}}, issue(has), &Unassign{Users: []string{"Bob"}}},
		{"everyone", &Unassign{Users: []string{"*"}}, pr(has), &Unassign{Users: []string{"alice", "bob"}}},
		{"nobody there", &Unassign{Users: []string{"*"}}, pr(), nil},
		{"another", &Unassign{Users: []string{"carol"}}, issue(has), nil},
	})
}

func TestUnassignDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			to := target("issue", w.openIssue())
			w.must(&Assign{Users: []string{"alice", "bob"}}, to)
			return &Unassign{Users: []string{"alice"}}, to
		},
		write:  "DELETE /repos/acme/app/issues/*/assignees",
		effect: func(w *world) any { return w.assignees(1) },
		want:   []string{"bob"},
		url:    "/acme/app/issues/1",
	}.run(t)
}
