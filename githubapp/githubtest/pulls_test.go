package githubtest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

func file(path, text string) githubtest.Commit {
	return githubtest.Commit{Message: "Change " + path, Files: map[string]string{path: text}}
}

func (w *world) pull(n int) *github.PullRequest {
	w.t.Helper()
	p, _, err := w.gh.PullRequests.Get(context.Background(), "acme", "app", n)
	w.ok(err)
	return p
}

// opened makes a pull request of alice that changes one file.
func (w *world) opened(branch string, c githubtest.Commit) int {
	w.t.Helper()
	get(w.as("alice").Push(branch, c))(w.t)
	return get(w.as("alice").OpenPullRequest(githubtest.PullRequest{Title: "Change on " + branch, Head: branch}))(w.t)
}

func TestMergeState(t *testing.T) {
	w := start(t)
	alice := w.as("alice")
	n := w.opened("feature", file("main.go", "package main\n"))
	expect := func(mergeable bool, state string) {
		t.Helper()
		if p := w.pull(n); p.GetMergeable() != mergeable || p.GetMergeableState() != state {
			t.Errorf("%v %s, want %v %s", p.GetMergeable(), p.GetMergeableState(), mergeable, state)
		}
	}
	expect(true, "clean")
	check := get(alice.StartCheck("ci", "#1", "build"))(t)
	expect(true, "unstable")
	w.ok(alice.FinishCheck(check, "success"))
	expect(true, "clean")
	w.Protect(repo, "main", githubtest.Protection{Approvals: 1})
	expect(true, "blocked")
	get(w.as("bob").Approve(n, ""))(t) // does not count
	expect(true, "blocked")
	get(w.as("carol").Approve(n, ""))(t)
	expect(true, "clean")
	w.Protect(repo, "main", githubtest.Protection{Strict: true})
	get(alice.Push("main", file("other.go", "package main\n")))(t)
	expect(true, "behind")
	w.ok(alice.UpdateBranch(n))
	expect(true, "clean")
	w.ok(alice.ConvertToDraft(n))
	expect(true, "draft")
	get(alice.Push("main", file("main.go", "package other\n")))(t)
	expect(false, "dirty")
	w.HoldMergeability(true)
	if p := w.pull(n); p.Mergeable != nil || p.GetMergeableState() != "unknown" {
		t.Errorf("held: %v %s", p.Mergeable, p.GetMergeableState())
	}
}

func TestMergeMethods(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	for _, tc := range []struct {
		method  string
		parents int
		message string
	}{
		{"merge", 2, "Merge pull request #1 from acme/merge\n\nChange on merge"},
		{"squash", 1, "Change on squash (#2)\n\n* Change squash.go\n\n* Change squash2.go"},
		{"rebase", 1, "Change rebase2.go"},
	} {
		get(w.as("alice").Push(tc.method, file(tc.method+".go", "package x\n"), file(tc.method+"2.go", "package x\n")))(t)
		n := get(w.as("alice").OpenPullRequest(githubtest.PullRequest{Title: "Change on " + tc.method, Head: tc.method}))(t)
		files := w.pull(n).GetChangedFiles()
		result, _, err := w.gh.PullRequests.Merge(ctx, "acme", "app", n, "", &github.PullRequestOptions{MergeMethod: tc.method})
		w.ok(err)
		c, _, err := w.gh.Repositories.GetCommit(ctx, "acme", "app", result.GetSHA(), nil)
		w.ok(err)
		if c.Commit.GetMessage() != tc.message || len(c.Parents) != tc.parents || w.SHA(repo, "main") != c.GetSHA() {
			t.Errorf("%s: %q with %d parents, main at %s", tc.method, c.Commit.GetMessage(), len(c.Parents), w.SHA(repo, "main"))
		}
		if text, _ := w.File(repo, "main", tc.method+"2.go"); text != "package x\n" {
			t.Errorf("%s: file %q", tc.method, text)
		}
		p := w.pull(n)
		if !p.GetMerged() || p.GetState() != "closed" || p.GetMergedBy().GetLogin() != "bellhop[bot]" || p.GetChangedFiles() != files || p.GetMergeableState() != "unknown" {
			t.Errorf("%s: %+v", tc.method, p)
		}
	}
}

func TestNotMergeable(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	merge := func(n int) string {
		_, _, err := w.gh.PullRequests.Merge(ctx, "acme", "app", n, "", nil)
		if w.status(err) != 405 {
			t.Errorf("status %d, want 405", w.status(err))
			return ""
		}
		return err.(*github.ErrorResponse).Message
	}
	n := w.opened("a", file("main.go", "package a\n"))
	w.ok(w.as("alice").ConvertToDraft(n))
	for _, tc := range []struct {
		change func()
		want   string
	}{
		{func() {}, "Pull Request is still a draft"},
		{func() {
			w.ok(w.as("alice").MarkReady(n))
			w.Protect(repo, "main", githubtest.Protection{Approvals: 1})
		}, "At least 1 approving review is required by reviewers with write access."},
		{func() { get(w.as("carol").RequestChanges(n, "no"))(t) }, "Changes have been requested."},
		{func() { w.Protect(repo, "main", githubtest.Protection{Checks: []string{"build"}}) },
			`Required status check "build" is expected.`},
		{func() {
			w.Protect(repo, "main", githubtest.Protection{})
			get(w.as("alice").Push("main", file("main.go", "package b\n")))(t)
		}, "Pull Request has merge conflicts"},
		{func() { w.ok(w.as("alice").Close(n)) }, "Pull Request is not mergeable"},
	} {
		tc.change()
		if got := merge(n); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func TestSynchronize(t *testing.T) {
	w := start(t)
	before := w.opened("feature", file("a.go", "package a\n"))
	old := w.SHA(repo, "feature")
	w.flush()
	sha := get(w.as("carol").Push("feature", file("b.go", "package b\n")))(t)
	got := w.flush()
	var names []string
	for _, r := range got {
		names = append(names, r.header.Get("X-GitHub-Event"))
	}
	if strings.Join(names, " ") != "push check_suite pull_request" {
		t.Errorf("events %v", names)
	}
	var p struct {
		Action, Before, After string
		Pull                  struct {
			Head      struct{ SHA string }
			Mergeable *bool
		} `json:"pull_request"`
	}
	w.ok(json.Unmarshal(got[2].body, &p))
	if p.Action != "synchronize" || p.Before != old || p.After != sha || p.Pull.Head.SHA != sha || p.Pull.Mergeable != nil {
		t.Errorf("payload %+v", p)
	}
	var push github.PushEvent
	w.ok(json.Unmarshal(got[0].body, &push))
	if push.GetRef() != "refs/heads/feature" || push.GetBefore() != old || push.GetForced() || len(push.Commits) != 1 || !cmp.Equal(push.Commits[0].Added, []string{"b.go"}) {
		t.Errorf("push %+v", push)
	}
	forced := get(w.as("alice").ForcePush("feature", "main", file("c.go", "package c\n")))(t)
	got = w.flush()
	w.ok(json.Unmarshal(got[0].body, &push))
	if !push.GetForced() || push.GetAfter() != forced || w.pull(before).GetChangedFiles() != 1 {
		t.Errorf("forced push %+v", push)
	}
}

// TestPushedMerge: a pull request whose head arrives on its base by a push is merged.
func TestPushedMerge(t *testing.T) {
	w := start(t)
	n := w.opened("feature", file("a.go", "package a\n"))
	get(w.as("alice").ForcePush("main", "feature"))(t)
	if p := w.pull(n); !p.GetMerged() || p.GetMergedBy().GetLogin() != "alice" {
		t.Errorf("pull request %+v", p)
	}
}

func TestForks(t *testing.T) {
	w := start(t)
	fork := get(w.as("bob").Fork())(t)
	if fork != "bob/app" {
		t.Fatalf("fork %q", fork)
	}
	get(w.As("bob").On(fork).Push("fix", file("a.go", "package a\n")))(t)
	n := get(w.as("bob").OpenPullRequest(githubtest.PullRequest{Title: "Fix", Head: "bob:fix"}))(t)
	p := w.pull(n)
	if p.Head.Repo.GetFullName() != fork || p.Head.GetLabel() != "bob:fix" || p.GetAuthorAssociation() != "FIRST_TIME_CONTRIBUTOR" || p.GetChangedFiles() != 1 {
		t.Errorf("pull request %+v", p)
	}
	w.flush()
	run, _, err := w.gh.Checks.CreateCheckRun(context.Background(), "acme", "app", github.CreateCheckRunOptions{Name: "gate",
		HeadSHA: p.Head.GetSHA()})
	w.ok(err)
	if len(run.PullRequests) != 0 {
		t.Error("a check on a fork's commit names pull requests")
	}
	get(w.As("bob").On(fork).Push("fix", file("b.go", "package b\n")))(t)
	w.expectEvents("check_run.created bellhop[bot]", "pull_request.synchronize bob") // the fork's push is nobody's business
	get(w.as("alice").Merge(n, "squash"))(t)
	if again := w.pull(n); again.GetAuthorAssociation() != "CONTRIBUTOR" {
		t.Errorf("association after the merge: %s", again.GetAuthorAssociation())
	}
}

func TestReviewers(t *testing.T) {
	w := start(t)
	n := w.opened("feature", file("a.go", "package a\n"))
	w.ok(w.as("alice").RequestReview(n, "carol", "@acme/backend"))
	view, _ := w.Issue(repo, n)
	if diff := cmp.Diff([]string{"carol", "@acme/backend"}, view.Reviewers); diff != "" {
		t.Error(diff)
	}
	get(w.as("carol").CommentReview(n, "Hm."))(t)
	view, _ = w.Issue(repo, n)
	if diff := cmp.Diff([]string{"@acme/backend"}, view.Reviewers); diff != "" {
		t.Error("carol gave her review: ", diff)
	}
	_, err := w.as("alice").Approve(n, "")
	if err == nil || !strings.Contains(err.Error(), "Can not approve your own pull request") {
		t.Errorf("approving one's own: %v", err)
	}
}

func TestAutoMerge(t *testing.T) {
	w := start(t)
	alice := w.as("alice")
	n := w.opened("feature", file("a.go", "package a\n"))
	if err := alice.EnableAutoMerge(n, "squash"); err == nil || !strings.Contains(err.Error(), "clean status") {
		t.Errorf("auto-merge of a clean one: %v", err)
	}
	w.Protect(repo, "main", githubtest.Protection{Approvals: 1, Checks: []string{"build"}})
	w.ok(alice.EnableAutoMerge(n, "squash"))
	get(w.as("carol").Approve(n, ""))(t)
	if v, _ := w.Issue(repo, n); v.State != "open" || v.AutoMerge != "squash" {
		t.Errorf("before the check: %+v", v)
	}
	w.ok(alice.SetStatus("#1", "build", "success", ""))
	if v, _ := w.Issue(repo, n); v.State != "merged" || v.MergedBy != "alice" {
		t.Errorf("after the check: %+v", v)
	}
}

func TestMergeQueue(t *testing.T) {
	w := start(t)
	w.AddRepository(githubtest.RepositorySpec{FullName: "acme/queued", MergeQueue: true})
	w.GrantTeam("acme", "maintainers", "acme/queued", "maintain")
	w.Protect("acme/queued", "main", githubtest.Protection{Checks: []string{"build"}})
	alice := w.As("alice").On("acme/queued")
	get(alice.Push("a", file("a.go", "package a\n")))(t)
	n := get(alice.OpenPullRequest(githubtest.PullRequest{Title: "A", Head: "a"}))(t)
	w.ok(alice.Check("ci", "#1", "build", "success"))
	if _, err := alice.Merge(n, "merge"); err == nil {
		t.Error("merged around the queue")
	}
	w.flush()
	sha := get(alice.Enqueue(n))(t)
	w.expectEvents("pull_request.enqueued alice", "merge_group.checks_requested alice")
	w.ok(alice.Check("ci", sha, "build", "failure"))
	if v, _ := w.Issue("acme/queued", n); v.State != "open" || v.Queued {
		t.Errorf("after a red check: %+v", v)
	}
	w.flush()
	get(alice.Push("main", file("m.go", "package m\n")))(t)
	sha = get(alice.Enqueue(n))(t)
	w.ok(alice.Check("ci", sha, "build", "success"))
	if v, _ := w.Issue("acme/queued", n); v.State != "merged" || w.SHA("acme/queued", "main") != sha {
		t.Errorf("after a green check: %+v", v)
	}
	found := false
	for _, d := range w.Deliveries() {
		found = found || d.Event == "merge_group" && d.Action == "destroyed" && strings.Contains(string(d.Payload),
			`"reason":"merged"`)
	}
	if !found {
		t.Error("no merge_group.destroyed with reason merged")
	}
}

func TestDeletedHead(t *testing.T) {
	w := start(t)
	n := w.opened("feature", file("a.go", "package a\n"))
	w.ok(w.as("alice").DeleteBranch("feature"))
	if v, _ := w.Issue(repo, n); v.State != "closed" {
		t.Errorf("state %s", v.State)
	}
	if err := w.as("alice").Reopen(n); err == nil || !strings.Contains(err.Error(), "branch has been deleted") {
		t.Errorf("reopen: %v", err)
	}
}
