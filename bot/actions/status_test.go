package actions

import (
	"strings"
	"testing"

	"bellhop/rules"
)

func TestStatusPlan(t *testing.T) {
	s := &Status{Context: "c", State: "failure", Description: "d"}
	want := &Status{Context: "c", State: "failure", Description: "d", HeadSHA: sha}
	plans(t, []plan{
		{"pull request", s, pr(), want},
		{"push", s, &rules.Facts{Push: &rules.Push{HeadSHA: sha}}, want},
		{"no commit", s, &rules.Facts{Ref: &rules.Ref{}}, nil},
		{"context rendered to nothing", &Status{State: "failure"}, pr(), nil},
	})
}

func TestStatusUndo(t *testing.T) {
	s := &Status{Context: "c", State: "success"}
	same(t, s.Keys(), []string{"c"})
	same(t, s.Undo(pr(), []string{"c"}), &Status{HeadSHA: sha, Remove: []string{"c"}})
	same(t, s.Undo(issue(), []string{"c"}), nil)
	same(t, s.Undo(pr(), nil), nil)
	there := map[string]commitStatus{
		"a": {State: "success"}, "b": {State: "failure"}, "c": {State: "pending"}, "d": {State: "success", Description: noLonger},
	}
	got := (&Status{Remove: []string{"A", "b", "c", "d", "e"}}).wanted(there)
	same(t, got, []commitStatus{
		{State: "pending", Description: noLonger, Context: "A"},
		{State: "success", Description: noLonger, Context: "b"},
		{State: "success", Description: noLonger, Context: "c"},
	})
}

func (w *world) statuses(sha string) []commitStatus {
	list := []commitStatus{}
	w.get(&list, "commits/%s/statuses", sha)
	return list
}

func TestStatusDo(t *testing.T) {
	var head string
	seen := func(w *world) any { return w.statuses(head) }
	pending := func(w *world) (*Status, rules.Target) {
		number := w.openPull()
		head = w.head(number)
		s := &Status{Context: "legal", State: "pending", Description: strings.Repeat("x", 200), TargetURL: "https://cla.example.com/", HeadSHA: head}
		return s, target("pull_request", number)
	}
	first := commitStatus{"pending", "https://cla.example.com/", strings.Repeat("x", 139) + "…", "legal"}
	t.Run("set", func(t *testing.T) {
		trial{
			setUp:  func(w *world) (rules.Action, rules.Target) { s, to := pending(w); return s, to },
			write:  "POST /repos/acme/app/statuses/*",
			effect: seen,
			want:   []commitStatus{first},
			again:  "the status says so already",
			url:    "/acme/app/pull/1",
		}.run(t)
	})
	t.Run("undo", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				s, to := pending(w)
				w.must(s, to)
				f := pr(func(f *rules.Facts) { f.Subject.HeadSHA = head })
				return s.Undo(f, []string{"Legal", "unheard of"}), to
			},
			write:  "POST /repos/acme/app/statuses/*",
			effect: func(w *world) any { return w.statuses(head)[0].State },
			want:   "success",
			again:  "the status says so already",
			url:    "/acme/app/pull/1",
		}.run(t)
	})
}
