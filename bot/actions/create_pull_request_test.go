package actions

import (
	"strings"
	"testing"

	"bellhop/rules"
)

func TestCreatePullRequestPlan(t *testing.T) {
	plans(t, []plan{
		{"base", &CreatePullRequest{Title: " T ", Head: "topic", Base: "dev"}, issue(), &CreatePullRequest{Title: "T", Head: "topic", Base: "dev"}},
		{"default base", &CreatePullRequest{Title: "T", Head: "topic", Labels: []string{"a", "A", ""}}, about(nil, nil), &CreatePullRequest{Title: "T", Head: "topic", Base: "main", Labels: []string{"a"}}},
		{"into itself", &CreatePullRequest{Title: "T", Head: "main"}, issue(), nil},
		{"no head", &CreatePullRequest{Title: "T"}, issue(), nil},
	})
}

func (w *world) pulls() []string {
	out := []string{}
	for _, i := range w.Issues("acme/app") {
		if i.PullRequest {
			out = append(out, i.Author+": "+i.Title+" "+i.State+" "+strings.Join(i.Labels, " "))
		}
	}
	return out
}

func TestCreatePullRequestDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			w.pushTo(topic, "fix.txt")
			return &CreatePullRequest{Title: "T", Head: topic, Base: "main", Labels: []string{"bug", "new"}, Body: "B"}, target("", 0)
		},
		write:  "POST /repos/acme/app/pulls",
		effect: func(w *world) any { return w.pulls() },
		want:   []string{"bellhop[bot]: T open bug new"},
		again:  "the pull request is there already", url: "/acme/app/pull/1",
	}.run(t)
}

func TestCreatePullRequestOnce(t *testing.T) {
	w := newWorld(t)
	step := &CreatePullRequest{Title: "T", Head: topic, Base: "main"}
	w.refuses(step, target("", 0), "create pull request: ") // no such branch
	w.can(w.as("alice").CreateBranch(topic, "main"))
	w.skips(step, target("", 0), topic+" has nothing that main lacks")
	number := w.openPull()
	w.skips(step, target("", 0), "#1 is open from "+topic+" to main")
	w.can(w.as("alice").Close(number))
	w.skips(step, target("", 0), "")
	// It is merged, the branch goes on, and the step is tried once more.
	_, err := w.as("alice").Merge(2, "merge")
	w.can(err)
	w.pushTo(topic, "more.txt")
	w.skips(step, target("", 0), "the pull request is there already")
	same(t, w.pulls(), []string{"alice: Fix a thing closed ", "bellhop[bot]: T merged "})
}
