package actions

import (
	"testing"

	"bellhop/rules"
)

func asDraft(f *rules.Facts) { f.Subject.Draft = true }

func TestDraftPlan(t *testing.T) {
	plans(t, []plan{
		{"ready", &Draft{Yes: true}, pr(), &Draft{Yes: true}},
		{"draft", &Draft{Yes: true}, pr(asDraft), nil},
		{"closed", &Draft{Yes: true}, pr(closed), nil},
	})
	same(t, new(Draft).Undo(pr(asDraft), []string{"draft"}), rules.Action(&Ready{Yes: true}))
	same(t, new(Draft).Undo(pr(), []string{"draft"}), rules.Action(nil))
}

func (w *world) isDraft(number int) bool {
	pr, _ := w.Issue("acme/app", number)
	return pr.Draft
}

func TestDraftDo(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	to := target("pull_request", number)
	w.skips(&Draft{Yes: true}, to, "")
	same(t, w.isDraft(number), true)
	w.skips(&Draft{Yes: true}, to, "it is a draft already")
	w.can(w.as("alice").Close(number))
	w.skips(&Draft{Yes: true}, to, "it was closed meanwhile")
}
