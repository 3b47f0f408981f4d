package actions

import (
	"testing"

	"bellhop/rules"
)

func TestAddLabelPlan(t *testing.T) {
	has := func(f *rules.Facts) { f.Subject.Labels = []string{"docs"} }
	plans(t, []plan{
		{"what is missing", &AddLabel{Names: []string{"docs", "bug"}}, issue(has), &AddLabel{Names: []string{"bug"}}},
		{"all there", &AddLabel{Names: []string{"docs"}}, pr(has), nil},
		{"one of a group", &AddLabel{Names: []string{"state/done"}, Group: "state/*", Color: "000000"},
			pr(func(f *rules.Facts) { f.Subject.Labels = []string{"state/new", "State/open", "bug"} }),
			&AddLabel{Names: []string{"state/done"}, Color: "000000", Drop: []string{"state/new", "State/open"}}},
		{"discussion", &AddLabel{Names: []string{"a"}}, discussion(), &AddLabel{Names: []string{"a"}, NodeID: "D_9"}},
	})
}

func TestAddLabelDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return &AddLabel{Names: []string{"bug"}}, target("issue", w.openIssue())
		},
		write:  "POST /repos/acme/app/issues/*/labels",
		effect: func(w *world) any { return w.labels(1) },
		want:   []string{"bug"},
		url:    "/acme/app/issues/1",
	}.run(t)
}
