package actions

import (
	"testing"

	"bellhop/rules"
)

func TestApproveRunsPlan(t *testing.T) {
	plans(t, []plan{
		{"open", &ApproveRuns{Yes: true, Workflows: []string{"CI"}}, pr(), &ApproveRuns{Yes: true, Workflows: []string{"CI"}, HeadSHA: sha}},
		{"closed", &ApproveRuns{Yes: true}, pr(closed), nil},
	})
}

func TestApproveRunsDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			number := w.openPull()
			w.can(w.as("alice").HoldWorkflow(w.start("pull_request", "#1")))
			return &ApproveRuns{Yes: true, HeadSHA: w.head(number)}, target("pull_request", number)
		},
		write:  "POST /repos/acme/app/actions/runs/*/approve",
		effect: func(w *world) any { return w.runStates() },
		want:   []string{topic + " pull_request in_progress "},
		again:  "no run waits for approval", url: "/acme/app/actions/runs/",
	}.run(t)
}

// What was pushed after the rule was decided stays held.
func TestApproveRunsOfOneCommit(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	step := &ApproveRuns{Yes: true, HeadSHA: w.head(number)}
	w.pushTo(topic, "more.txt")
	w.can(w.as("alice").HoldWorkflow(w.start("pull_request", "#1")))
	w.skips(step, target("pull_request", number), "no run waits for approval")
	step = &ApproveRuns{Yes: true, Workflows: []string{"nightly"}, HeadSHA: w.head(number)}
	w.skips(step, target("pull_request", number), "no run waits for approval")
}
