package actions

import (
	"testing"

	"bellhop/rules"
)

func TestRemoveLabelPlan(t *testing.T) {
	has := func(f *rules.Facts) { f.Subject.Labels = []string{"docs", "bug"} }
	plans(t, []plan{
		{"what is there", &RemoveLabel{Names: []string{"Docs", "other"}}, issue(has), &RemoveLabel{Names: []string{"Docs"}}},
		{"any part", &RemoveLabel{Names: []string{"D*", "docs", "*x"}}, issue(has), &RemoveLabel{Names: []string{"docs"}}},
		{"nothing there", &RemoveLabel{Names: []string{"other"}}, pr(has), nil},
		{"discussion", &RemoveLabel{Names: []string{"bug"}}, discussion(has), &RemoveLabel{Names: []string{"bug"}, NodeID: "D_9"}},
		{"no subject", &RemoveLabel{Names: []string{"a"}}, &rules.Facts{}, nil},
	})
}

func TestRemoveLabelDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			to := target("issue", w.openIssue())
			w.must(&AddLabel{Names: []string{"bug", "area/ci?", "stays"}}, to)
			return &RemoveLabel{Names: []string{"bug", "area/ci?"}}, to
		},
		write:  "DELETE /repos/acme/app/issues/*/labels/bug",
		effect: func(w *world) any { return w.labels(1) },
		want:   []string{"stays"},
		url:    "/acme/app/issues/1",
	}.run(t)
}

func TestRemoveLabelRefused(t *testing.T) {
	w := newWorld(t)
	w.refuses(&RemoveLabel{Names: []string{"bug"}}, target("issue", 99), `remove label "bug": `)
}
