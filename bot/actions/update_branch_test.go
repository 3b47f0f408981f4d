package actions

import (
	"testing"

	"bellhop/rules"
)

func TestUpdateBranchPlan(t *testing.T) {
	plans(t, []plan{
		{"open", &UpdateBranch{Yes: true}, pr(), &UpdateBranch{Yes: true, HeadSHA: sha}},
		{"closed", &UpdateBranch{Yes: true}, pr(closed), nil},
	})
}

func TestUpdateBranchDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			number := w.openPull()
			w.pushTo("main", "elsewhere.txt")
			return &UpdateBranch{Yes: true, HeadSHA: w.head(number)}, target("pull_request", number)
		},
		write: "PUT /repos/acme/app/pulls/*/update-branch",
		effect: func(w *world) any {
			var commits []struct{ SHA string }
			w.get(&commits, "pulls/1/commits")
			return len(commits)
		},
		want:  2, // the change and the merge of main
		again: "the branch moved after the rule was decided",
		url:   "/acme/app/pull/1",
	}.run(t)
}

func TestUpdateBranchUpToDate(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	w.skips(&UpdateBranch{Yes: true, HeadSHA: w.head(number)}, target("pull_request", number), "the branch is up to date")
}
