package actions

import (
	"testing"
	"time"

	"bellhop/rules"
)

func TestStalePlan(t *testing.T) {
	const day = 24 * time.Hour
	marked := func(f *rules.Facts) { f.Subject.Labels = []string{"Stale"} }
	s := &Stale{Label: "stale", CloseAfter: "14d", Comment: "Still so?", CloseComment: "Closed.", Reason: "not_planned"}
	mark := &Stale{Label: "stale", Comment: "Still so?", CloseComment: "Closed.", Reason: "not_planned", Since: now.Add(-slack)}
	end := *mark
	end.Close = true
	plans(t, []plan{
		{"not marked", s, issue(), mark},
		{"marked", s, issue(marked), nil},
		{"closed", s, issue(closed), nil},
		{"no subject", s, &rules.Facts{}, nil},
	})
	for _, tt := range []struct {
		name   string
		action *Stale
		facts  *rules.Facts
		since  time.Duration
		want   rules.Action
		wake   time.Duration
	}{
		{"marked now", s, issue(), -100 * day, mark, 14 * day},
		{"marked and waiting", s, issue(marked), -13 * day, nil, day},
		{"marked long ago", s, issue(marked), -14 * day, &end, 0},
		{"closed", s, issue(closed, marked), -14 * day, nil, 0},
		{"never to be closed", &Stale{Label: "stale"}, issue(marked), -100 * day, nil, 0},
	} {
		got, wake := tt.action.PlanAt(tt.facts, now.Add(tt.since))
		if got == nil {
			got = nil
		}
		same(t, got, tt.want)
		want := time.Time{}
		if tt.wake != 0 {
			want = now.Add(tt.wake)
		}
		same(t, wake, want)
	}
	same(t, s.Keys(), []string{"stale"})
	same(t, end.Keys(), []string(nil))
	same(t, s.Undo(issue(marked), []string{"stale"}), rules.Action(&RemoveLabel{Names: []string{"stale"}, Own: true}))
}

func TestStaleDo(t *testing.T) {
	w := newWorld(t)
	number := w.openIssue()
	to := target("issue", number)
	for range 2 {
		w.must(&Stale{Label: "stale", Comment: "Still so?"}, to)
	}
	same(t, w.labels(number), []string{"stale"})
	same(t, len(w.comments(number)), 1)
	to.Step++
	for range 2 {
		w.must(&Stale{Label: "stale", Comment: "Still so?", CloseComment: "Closed.", Reason: "not_planned", Close: true}, to)
	}
	same(t, len(w.comments(number)), 2)
	seen, _ := w.Issue("acme/app", number)
	same(t, seen.State, "closed")
}
