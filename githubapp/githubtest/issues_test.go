package githubtest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

// TestRefusals are requests that GitHub refuses, with its status and a part of its answer.
func TestRefusals(t *testing.T) {
	w := start(t)
	alice := w.as("alice")
	get(alice.OpenIssue("One", ""))(t)
	get(alice.Push("feature", githubtest.Commit{Files: map[string]string{"a": "b"}}))(t)
	get(alice.OpenPullRequest(githubtest.PullRequest{Title: "Two", Head: "feature"}))(t)
	get(alice.OpenPullRequest(githubtest.PullRequest{Title: "Three", Head: "feature", Base: "main"}))
	own := get(alice.StartCheck("ci", "#2", "build"))(t)
	sha := w.SHA(repo, "#2")
	long := strings.Repeat("x", 65_537)
	for _, tc := range []struct {
		request, body string
		status        int
		says          string
	}{
		{"POST issues", `{`, 400, "Problems parsing JSON"},
		{"POST issues", `{}`, 422, "missing_field"},
		{"POST issues", `{"title":["x"]}`, 201, ""},
		{"POST issues", `{"title":"x","body":7}`, 422, "not of the right type"},
		{"POST issues", `{"title":"x","assignees":["bob"]}`, 422, `"assignees"`},
		{"POST issues", `{"title":"x","milestone":5}`, 422, `"milestone"`},
		{"POST issues", `{"title":"` + strings.Repeat("x", 257) + `"}`, 422, "too long"},
		{"PATCH issues/1", `{"state":"shut"}`, 422, `"state"`},
		{"PATCH issues/1", `{"state":"closed","state_reason":"bored"}`, 422, `"state_reason"`},
		{"PATCH issues/99", `{}`, 404, "Not Found"},
		{"POST issues/1/labels", `[""]`, 422, `"missing_field"`},
		{"POST issues/1/labels", `["` + strings.Repeat("x", 51) + `"]`, 422, "too long"},
		{"DELETE issues/1/labels/none", ``, 404, "Label does not exist"},
		{"POST labels", `{"name":"bug"}`, 422, `"already_exists"`},
		{"POST labels", `{"name":"x","color":"red"}`, 422, `"color"`},
		{"POST issues/1/comments", `{"body":"  "}`, 422, "Body cannot be blank"},
		{"POST issues/1/comments", `{"body":"` + long + `"}`, 422, "Body is too long"},
		{"PUT issues/1/lock", `{"lock_reason":"rude"}`, 422, `"lock_reason"`},
		{"POST issues/1/reactions", `{"content":"shrug"}`, 422, `"content"`},
		{"POST pulls", `{"title":"x","head":"none","base":"main"}`, 422, `"head"`},
		{"POST pulls", `{"title":"x","head":"feature","base":"none"}`, 422, `"base"`},
		{"POST pulls", `{"title":"x","head":"main","base":"main"}`, 422, "No commits between"},
		{"POST pulls", `{"title":"x","head":"feature","base":"main"}`, 422, "A pull request already exists"},
		{"PUT pulls/2/merge", `{"sha":"0000000000000000000000000000000000000000"}`, 409, "Head branch was modified"},
		{"PUT pulls/2/merge", `{"merge_method":"octopus"}`, 422, `"merge_method"`},
		{"PUT pulls/2/update-branch", `{}`, 422, "There are no new commits"},
		{"PUT pulls/2/update-branch", `{"expected_head_sha":"0"}`, 422, "expected head sha"},
		{"POST pulls/2/requested_reviewers", `{"reviewers":["alice"]}`, 422, "Review cannot be requested from pull request author"},
		{"POST pulls/2/requested_reviewers", `{"reviewers":["carol","bob"]}`, 422, "may only be requested from collaborators"},
		{"POST pulls/2/requested_reviewers", `{"team_reviewers":["none"]}`, 422, "may only be requested from collaborators"},
		{"POST pulls/2/reviews", `{"event":"REQUEST_CHANGES"}`, 422, "body is blank"},
		{"POST pulls/2/reviews", `{"event":"LGTM"}`, 422, `"event"`},
		{"POST pulls/2/comments", `{"body":"x","path":"none","line":1,"commit_id":"` + sha + `"}`, 422, `"path"`},
		{"POST check-runs", `{"head_sha":"` + sha + `"}`, 422, "name"},
		{"POST check-runs", `{"name":"x","head_sha":"0"}`, 422, "No commit found"},
		{"POST check-runs", `{"name":"x","head_sha":"` + sha + `","status":"completed"}`, 422, `"conclusion"`},
		{"POST check-runs", `{"name":"x","head_sha":"` + sha + `","conclusion":"successful"}`, 422, `"conclusion"`},
		{"POST check-runs", `{"name":"x","head_sha":"` + sha + `","output":{"title":"t"}}`, 422, "summary"},
		{"POST check-runs", `{"name":"x","head_sha":"` + sha + `","output":{"title":"t","summary":"s","annotations":[{"path":"a","start_line":2,"end_line":1,"annotation_level":"notice","message":"m"}]}}`, 422, "CheckAnnotation"},
		{"PATCH check-runs/" + itoa(int(own)), `{"conclusion":"success"}`, 403,
			"can only be modified by the GitHub App that created it"},
		{"POST statuses/" + sha, `{"state":"green"}`, 422, `"state"`},
		{"POST statuses/" + sha, `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`, 422, "too long"},
		{"POST actions/workflows/none.yml/dispatches", `{"ref":"main"}`, 404, "Not Found"},
		{"POST actions/workflows/nightly.yml/dispatches", `{"ref":"main"}`, 422, "workflow_dispatch"},
		{"POST actions/workflows/ci.yml/dispatches", `{"ref":"none"}`, 422, "No ref found"},
		{"POST dispatches", `{}`, 422, "event_type"},
		{"POST git/refs", `{"ref":"refs/heads/feature","sha":"` + sha + `"}`, 422, "Reference already exists"},
		{"POST git/refs", `{"ref":"main","sha":"` + sha + `"}`, 422, "at least two slashes"},
		{"PATCH git/refs/heads/feature", `{"sha":"` + w.SHA(repo, "main") + `"}`, 422, "not a fast forward"},
		{"DELETE git/refs/heads/none", ``, 422, "Reference does not exist"},
		{"PUT contents/README.md", `{"message":"m","content":"eA=="}`, 422, "sha"},
		{"PUT contents/README.md", `{"message":"m","content":"eA==","sha":"0"}`, 409, "does not match"},
		{"GET contents/none", ``, 404, "Not Found"},
	} {
		method, path, _ := strings.Cut(tc.request, " ")
		t.Run(tc.request, func(t *testing.T) {
			resp, body := w.send(method, "repos/acme/app/"+path, "token "+w.token(nil), tc.body)
			if resp.StatusCode != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("%d %.300s, want %d with %q", resp.StatusCode, body, tc.status, tc.says)
			}
		})
	}
}

func TestLabels(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	n := get(w.as("bob").OpenIssue("One", "", "bug"))(t) // bob may not label
	w.flush()
	_, _, err := w.gh.Issues.AddLabelsToIssue(ctx, "acme", "app", n, []string{"BUG", "kind/new"})
	w.ok(err)
	w.expectEvents("issues.labeled bellhop[bot]", "label.created bellhop[bot]", "issues.labeled bellhop[bot]")
	_, _, err = w.gh.Issues.AddLabelsToIssue(ctx, "acme", "app", n, []string{"bug"})
	w.ok(err)
	w.expectEvents() // it was there
	_, err = w.gh.Issues.RemoveLabelForIssue(ctx, "acme", "app", n, "kind/new")
	w.ok(err)
	w.expectEvents("issues.unlabeled bellhop[bot]")
	_, _, err = w.gh.Issues.ReplaceLabelsForIssue(ctx, "acme", "app", n, []string{"docs"})
	w.ok(err)
	w.expectEvents("issues.unlabeled bellhop[bot]", "issues.labeled bellhop[bot]")
	view, _ := w.Issue(repo, n)
	if diff := cmp.Diff([]string{"docs"}, view.Labels); diff != "" {
		t.Error(diff)
	}
}

func TestPages(t *testing.T) {
	w := start(t)
	for i := range 35 {
		get(w.as("bob").OpenIssue(fmt.Sprint("Issue ", i), ""))(t)
	}
	var numbers []int
	opts := &github.IssueListByRepoOptions{ListOptions: github.ListOptions{PerPage: 10}, State: "all", Direction: "asc"}
	for {
		list, resp, err := w.gh.Issues.ListByRepo(context.Background(), "acme", "app", opts)
		w.ok(err)
		for _, i := range list {
			numbers = append(numbers, i.GetNumber())
		}
		if resp.NextPage == 0 {
			if resp.FirstPage != 1 || resp.PrevPage != 3 {
				t.Errorf("last page: %+v", resp)
			}
			break
		}
		if resp.LastPage != 4 {
			t.Errorf("last page is %d", resp.LastPage)
		}
		opts.Page = resp.NextPage
	}
	if len(numbers) != 35 || numbers[0] != 1 || numbers[34] != 35 {
		t.Errorf("numbers %v", numbers)
	}
}

func TestReactionsOnce(t *testing.T) {
	w := start(t)
	n := get(w.as("bob").OpenIssue("One", ""))(t)
	_, first, err := w.gh.Reactions.CreateIssueReaction(context.Background(), "acme", "app", n, "eyes")
	w.ok(err)
	_, second, err := w.gh.Reactions.CreateIssueReaction(context.Background(), "acme", "app", n, "eyes")
	w.ok(err)
	if first.StatusCode != 201 || second.StatusCode != 200 {
		t.Errorf("%d, %d; want 201, 200", first.StatusCode, second.StatusCode)
	}
}

// TestPeopleMay holds what people can do against their roles.
func TestPeopleMay(t *testing.T) {
	w := start(t)
	n := get(w.as("bob").OpenIssue("One", ""))(t)
	w.ok(w.as("alice").Lock(n, ""))
	for _, tc := range []struct {
		who  string
		name string
		do   func(v githubtest.Visit) error
		may  bool
	}{
		{"bob", "push", func(v githubtest.Visit) error { _, err := v.Push("x", githubtest.Commit{}); return err }, false},
		{"dan", "push", func(v githubtest.Visit) error { _, err := v.Push("x", githubtest.Commit{}); return err }, false},
		{"carol", "push", func(v githubtest.Visit) error { _, err := v.Push("x", githubtest.Commit{}); return err }, true},
		{"bob", "label", func(v githubtest.Visit) error { return v.Label(n, "bug") }, false},
		{"dan", "label", func(v githubtest.Visit) error { return v.Label(n, "bug") }, true},
		{"bob", "comment on a locked issue", func(v githubtest.Visit) error { _, err := v.Comment(n, "x"); return err }, false},
		{"carol", "comment on a locked issue", func(v githubtest.Visit) error { _, err := v.Comment(n, "x"); return err }, true},
		{"bob", "close his own", func(v githubtest.Visit) error { return v.Close(n) }, true},
		{"erin", "rename", func(v githubtest.Visit) error { return v.Rename("x") }, false},
		{"nobody", "comment", func(v githubtest.Visit) error { _, err := v.Comment(n, "x"); return err }, false},
	} {
		if err := tc.do(w.as(tc.who)); (err == nil) != tc.may {
			t.Errorf("%s, %s: %v", tc.who, tc.name, err)
		}
	}
}

func TestPermissionLevels(t *testing.T) {
	w := start(t)
	w.SetCollaborator(repo, "erin", "admin")
	for login, want := range map[string][2]string{
		"olivia": {"admin", "admin"}, "alice": {"write", "maintain"}, "carol": {"write", "write"}, "dan": {"read",
			"triage"}, "bob": {"read", "read"},
		"erin": {"admin", "admin"}, "dependabot[bot]": {"write", "write"},
	} {
		p, _, err := w.gh.Repositories.GetPermissionLevel(context.Background(), "acme", "app", login)
		w.ok(err)
		var raw struct {
			Role string `json:"role_name"`
		}
		req, _ := w.gh.NewRequest("GET", "repos/acme/app/collaborators/"+login+"/permission", nil)
		_, err = w.gh.Do(context.Background(), req, &raw)
		w.ok(err)
		if got := [2]string{p.GetPermission(), raw.Role}; got != want {
			t.Errorf("%s: %v, want %v", login, got, want)
		}
	}
	if _, _, err := w.gh.Repositories.GetPermissionLevel(context.Background(), "acme", "app",
		"ghost"); w.status(err) != http.StatusNotFound {
		t.Errorf("nobody: %v", err)
	}
}
