package actions

import (
	"testing"

	"bellhop/rules"
)

func TestReadyPlan(t *testing.T) {
	plans(t, []plan{
		{"draft", &Ready{Yes: true}, pr(asDraft), &Ready{Yes: true}},
		{"ready", &Ready{Yes: true}, pr(), nil},
		{"closed", &Ready{Yes: true}, pr(asDraft, closed), nil},
	})
	same(t, new(Ready).Undo(pr(), []string{"ready"}), rules.Action(&Draft{Yes: true}))
	same(t, new(Ready).Undo(pr(asDraft), []string{"ready"}), rules.Action(nil))
}

func TestReadyDo(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	to := target("pull_request", number)
	w.can(w.as("alice").ConvertToDraft(number))
	w.skips(&Ready{Yes: true}, to, "")
	same(t, w.isDraft(number), false)
	w.skips(&Ready{Yes: true}, to, "it is ready already")
}
