package actions

import (
	"net/http"
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestDeleteBranchPlan(t *testing.T) {
	d := &DeleteBranch{Yes: true}
	merged := func(f *rules.Facts) { f.Subject.State = "merged" }
	plans(t, []plan{
		{"merged", d, pr(merged), &DeleteBranch{Yes: true, Branch: "topic", HeadSHA: sha}},
		{"closed", d, pr(closed), &DeleteBranch{Yes: true, Branch: "topic", HeadSHA: sha}},
		{"open", d, pr(), nil},
		{"of a fork", d, pr(merged, func(f *rules.Facts) { f.Subject.FromFork = true }), nil},
		{"the default branch", d, pr(merged, func(f *rules.Facts) { f.Subject.Head = "main" }), nil},
		{"an issue", d, issue(closed), nil},
	})
}

func (w *world) branches() []string {
	var list []struct{ Name string }
	w.get(&list, "branches")
	names := []string{}
	for _, b := range list {
		names = append(names, b.Name)
	}
	return names
}

// mergedPull returns a merged pull request and the step that deletes its branch.
func (w *world) mergedPull() (*DeleteBranch, rules.Target) {
	number := w.openPull()
	head := w.head(number)
	to := target("pull_request", number)
	w.must(&Merge{Method: "merge", HeadSHA: head}, to)
	return &DeleteBranch{Yes: true, Branch: topic, HeadSHA: head}, to
}

func TestDeleteBranchDo(t *testing.T) {
	trial{
		setUp:  func(w *world) (rules.Action, rules.Target) { d, to := w.mergedPull(); return d, to },
		write:  "DELETE /repos/acme/app/git/refs/heads/**",
		effect: func(w *world) any { return w.branches() },
		want:   []string{"main"},
		again:  "the branch is gone already",
		url:    "/acme/app/pull/1",
	}.run(t)
}

func TestDeleteBranchKeeps(t *testing.T) {
	t.Run("protected", func(t *testing.T) {
		w := newWorld(t)
		d, to := w.mergedPull()
		w.Protect("acme/app", topic, githubtest.Protection{Approvals: 1})
		w.skips(d, to, "the branch is protected")
	})
	t.Run("moved", func(t *testing.T) {
		w := newWorld(t)
		d, to := w.mergedPull()
		w.pushTo(topic, "more.txt")
		w.skips(d, to, "something was pushed to the branch since")
	})
	t.Run("head of another", func(t *testing.T) {
		w := newWorld(t)
		start := w.SHA("acme/app", "main")
		d, to := w.mergedPull()
		w.can(w.as("alice").CreateBranch("old", start))
		w.openPullFrom(topic, "old")
		w.skips(d, to, "pull request #2 needs the branch")
	})
	t.Run("base of another", func(t *testing.T) {
		w := newWorld(t)
		d, to := w.mergedPull()
		w.pushTo("next", "next.txt")
		w.openPullFrom("next", topic)
		w.skips(d, to, "pull request #2 needs the branch")
	})
	t.Run("refused", func(t *testing.T) {
		w := newWorld(t)
		d, to := w.mergedPull()
		refused := githubtest.Reply(http.StatusUnprocessableEntity, nil, `{"message":"Repository rule violations found"}`)
		defer w.Answer("DELETE", "/repos/acme/app/git/refs/heads/**", 1, refused)()
		w.refuses(d, to, "delete branch: ")
	})
}
