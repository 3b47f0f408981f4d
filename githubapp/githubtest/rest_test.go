package githubtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

// shapes holds each answer that passes against GitHub's description of it.
type shapes struct {
	t    *testing.T
	d    description
	next http.RoundTripper
	said map[string]bool
}

func (s *shapes) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	if err != nil || resp.StatusCode >= 300 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return resp, nil
	}
	name, schema := s.answer(r, resp.StatusCode)
	if schema == nil {
		s.t.Errorf("%s %s: GitHub does not answer %d here", r.Method, r.URL.Path, resp.StatusCode)
		return resp, nil
	}
	for _, p := range s.d.problems(schema, v, name) {
		// GitHub's description of this one answer demands a user and an enterprise at once.
		if !s.said[p] && !strings.HasPrefix(p, "GET /app/installations[0].account") {
			s.t.Error(p)
		}
		s.said[p] = true
	}
	return resp, nil
}

// answer finds the schema of an answer by the most literal path that matches.
func (s *shapes) answer(r *http.Request, status int) (name string, schema map[string]any) {
	have := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if have[len(have)-1] == "contents" {
		have = append(have, "") // the root of a repository
	}
	best := -1
	for path := range s.d.at("paths") {
		literals := fits(strings.Split(strings.Trim(path, "/"), "/"), have)
		op := s.d.at("paths", path, strings.ToLower(r.Method))
		if literals > best && op != nil {
			best, name = literals, path
		}
	}
	response := s.d.at("paths", name, strings.ToLower(r.Method), "responses", itoa(status))
	content, _ := response["content"].(map[string]any)
	if content == nil {
		return name, nil
	}
	media, _ := content["application/json"].(map[string]any)
	if media == nil {
		return name, map[string]any{}
	}
	schema, _ = media["schema"].(map[string]any)
	return r.Method + " " + name, schema
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// fits counts the literal segments of a pattern that matches path, or -1. A variable may stand for several segments.
func fits(pattern, path []string) int {
	if len(pattern) == 0 {
		if len(path) == 0 {
			return 0
		}
		return -1
	}
	if len(path) == 0 {
		return -1
	}
	if !strings.Contains(pattern[0], "{") {
		if pattern[0] != path[0] {
			return -1
		}
		if n := fits(pattern[1:], path[1:]); n >= 0 {
			return n + 1
		}
		return -1
	}
	longest := 1
	if strings.Contains("{path} {ref} {basehead} {branch} {tag}", pattern[0]) {
		longest = len(path)
	}
	for k := 1; k <= longest; k++ {
		if n := fits(pattern[1:], path[k:]); n >= 0 {
			return n
		}
	}
	return -1
}

// TestAnswerShapes calls every endpoint and holds the answers against GitHub's own description of them.
func TestAnswerShapes(t *testing.T) {
	d := describe(t, "@octokit", "openapi", "generated", "api.github.com.json")
	w := start(t)
	check := func(gh *github.Client) *github.Client {
		out := github.NewClient(&http.Client{Transport: &shapes{t, d, gh.Client().Transport, map[string]bool{}}})
		out.BaseURL = gh.BaseURL
		return out
	}
	everyEndpoint(w, check(w.gh), check(w.appClient()))
	if u := w.Unknown(); len(u) > 0 {
		t.Errorf("unknown endpoints:\n%s", githubtest.Text(u))
	}
}

// TestEveryEndpoint is TestAnswerShapes without the descriptions: the client can read every answer.
func TestEveryEndpoint(t *testing.T) {
	w := start(t)
	everyEndpoint(w, w.gh, w.appClient())
	called := map[string]bool{}
	for _, r := range w.Requests() {
		called[githubtest.RouteOf(r.Method, r.Path)] = true
	}
	for _, name := range githubtest.Routes() {
		if !called[name] {
			t.Errorf("no test calls %s", name)
		}
	}
}

func everyEndpoint(w *world, gh, app *github.Client) {
	t, ctx := w.t, context.Background()
	t.Helper()
	const o, r = "acme", "app"
	alice := w.as("alice")
	// call sends a request that go-github has no method for, or hides the answer of.
	call := func(gh *github.Client, method, path string, body any) map[string]any {
		t.Helper()
		req, err := gh.NewRequest(method, path, body)
		w.ok(err)
		var out any
		resp, err := gh.Do(ctx, req, &out)
		if err != nil && (resp == nil || resp.StatusCode >= 300) {
			t.Errorf("%s %s: %v", method, path, err)
		}
		m, _ := out.(map[string]any)
		return m
	}
	R := "repos/acme/app/"
	id := func(m map[string]any) string { t.Helper(); n, _ := m["id"].(float64); return itoa(int(n)) }
	read := func(paths ...string) {
		t.Helper()
		for _, p := range paths {
			call(gh, "GET", p, nil)
		}
	}

	// The world that is read below.
	w.Protect(repo, "main", githubtest.Protection{Approvals: 1, Checks: []string{"build"}})
	get(alice.Push("feature", githubtest.Commit{Files: map[string]string{"x.go": "package x\n", "main.go": "package main\n"}}))(t)
	get(alice.OpenIssue("One", "Body", "bug"))(t)
	get(alice.OpenPullRequest(githubtest.PullRequest{Title: "Two", Head: "feature"}))(t)
	main := w.SHA(repo, "main")
	w.ok(alice.SetMilestone(1, "v1"))
	w.ok(alice.CreateTag("v0", "main"))

	// The App.
	call(app, "GET", "app", nil)
	call(app, "GET", "app/installations", nil)
	inst := "app/installations/" + itoa(int(w.seeded.Installation))
	call(app, "GET", inst, nil)
	call(app, "POST", inst+"/access_tokens", map[string]any{"repositories": []string{"app"},
		"permissions": map[string]string{"issues": "read"}})
	call(app, "GET", "users/acme/installation", nil)
	call(app, "GET", "orgs/acme/installation", nil)
	call(app, "GET", "repos/acme/app/installation", nil)
	call(app, "GET", "app/hook/config", nil)
	call(app, "PATCH", "app/hook/config", map[string]any{})
	w.flush()
	list, _, err := app.Apps.ListHookDeliveries(ctx, nil)
	w.ok(err)
	call(app, "GET", "app/hook/deliveries/"+itoa(int(list[0].GetID())), nil)
	call(app, "POST", "app/hook/deliveries/"+itoa(int(list[0].GetID()))+"/attempts", nil)
	read("apps/bellhop", "installation/repositories", "users/alice", "orgs/acme", "orgs/acme/members",
		"orgs/acme/members/alice", "orgs/acme/memberships/alice",
		"orgs/acme/teams", "orgs/acme/teams/backend", "orgs/acme/teams/backend/members", "orgs/acme/teams/backend/memberships/carol",
		"rate_limit", "meta")

	// The repository.
	read("repos/acme/app", R+"collaborators", R+"collaborators/dan", R+"collaborators/dan/permission", R+"teams",
		R+"contributors", R+"languages", R+"topics",
		R+"branches", R+"branches/main", R+"branches/main/protection", R+"rules/branches/main", R+"tags")
	call(gh, "POST", R+"dispatches", map[string]any{"event_type": "x"})
	read(R+"contents", R+"contents/docs", R+"contents/README.md?ref=main", R+"readme")
	file := call(gh, "PUT", R+"contents/a/b.txt", map[string]any{"message": "m", "content": "aGk=", "branch": "feature"})
	call(gh, "DELETE", R+"contents/a/b.txt", map[string]any{"message": "m", "sha": file["content"].(map[string]any)["sha"],
		"branch": "feature"})
	head := w.SHA(repo, "#2")

	// Git.
	read(R+"git/ref/heads/main", R+"git/matching-refs/heads/", R+"git/commits/"+main, R+"git/trees/main?recursive=1",
		R+"commits", R+"commits/"+head,
		R+"compare/main...feature")
	call(gh, "POST", R+"git/refs", map[string]any{"ref": "refs/heads/topic", "sha": main})
	blob := call(gh, "POST", R+"git/blobs", map[string]any{"content": "hi"})["sha"]
	read(R + "git/blobs/" + blob.(string))
	tree := call(gh, "POST", R+"git/trees", map[string]any{"base_tree": main, "tree": []any{map[string]any{"path": "n/m",
		"mode": "100644", "type": "blob", "sha": blob}}})["sha"]
	commit := call(gh, "POST", R+"git/commits", map[string]any{"message": "m", "tree": tree, "parents": []string{main}})["sha"]
	call(gh, "PATCH", R+"git/refs/heads/topic", map[string]any{"sha": commit})
	tag := call(gh, "POST", R+"git/tags", map[string]any{"tag": "t", "message": "m", "object": commit, "type": "commit"})["sha"]
	read(R + "git/tags/" + tag.(string))
	call(gh, "POST", R+"merges", map[string]any{"base": "topic", "head": "feature"})
	call(gh, "DELETE", R+"git/refs/heads/topic", nil)

	// Issues.
	read(R+"issues?state=all", R+"issues/1", R+"issues/2", R+"assignees", R+"assignees/carol")
	call(gh, "POST", R+"issues", map[string]any{"title": "Three", "labels": []string{"x"}, "assignees": []string{"carol"},
		"milestone": 1})
	call(gh, "PATCH", R+"issues/1", map[string]any{"body": "B", "state": "closed", "state_reason": "not_planned"})
	call(gh, "POST", R+"issues/1/assignees", map[string]any{"assignees": []string{"carol"}})
	call(gh, "DELETE", R+"issues/1/assignees", map[string]any{"assignees": []string{"carol"}})
	call(gh, "PUT", R+"issues/1/lock", map[string]any{"lock_reason": "spam"})
	call(gh, "DELETE", R+"issues/1/lock", nil)
	c := id(call(gh, "POST", R+"issues/1/comments", map[string]any{"body": "hello"}))
	call(gh, "PATCH", R+"issues/comments/"+c, map[string]any{"body": "hello!"})
	read(R+"issues/comments", R+"issues/comments/"+c, R+"issues/1/comments")
	k := id(call(gh, "POST", R+"commits/main/comments", map[string]any{"body": "hello"}))
	read(R + "commits/main/comments")

	// Labels.
	call(gh, "POST", R+"labels", map[string]any{"name": "odd", "color": "ff0000"})
	call(gh, "PATCH", R+"labels/odd", map[string]any{"color": "00ff00"})
	read(R+"labels", R+"labels/odd", R+"issues/1/labels")
	call(gh, "POST", R+"issues/1/labels", []string{"odd"})
	call(gh, "PUT", R+"issues/1/labels", map[string]any{"labels": []string{"bug", "odd"}})
	call(gh, "DELETE", R+"issues/1/labels/odd", nil)
	call(gh, "DELETE", R+"issues/1/labels", nil)
	call(gh, "DELETE", R+"labels/odd", nil)
	call(gh, "POST", R+"milestones", map[string]any{"title": "v2"})
	call(gh, "PATCH", R+"milestones/2", map[string]any{"state": "closed"})
	read(R+"milestones", R+"milestones/1")

	// Pull requests.
	call(gh, "PATCH", R+"pulls/2", map[string]any{"title": "Two!"})
	read(R+"pulls", R+"pulls/2", R+"pulls/2/files", R+"pulls/2/commits", R+"commits/"+head+"/pulls")
	call(gh, "POST", R+"pulls/2/requested_reviewers", map[string]any{"reviewers": []string{"carol"},
		"team_reviewers": []string{"backend"}})
	read(R + "pulls/2/requested_reviewers")
	call(gh, "DELETE", R+"pulls/2/requested_reviewers", map[string]any{"reviewers": []string{"carol"}})
	v := id(call(gh, "POST", R+"pulls/2/reviews", map[string]any{"body": "Hm"}))
	call(gh, "POST", R+"pulls/2/reviews/"+v+"/events", map[string]any{"event": "REQUEST_CHANGES", "body": "Hm"})
	read(R+"pulls/2/reviews", R+"pulls/2/reviews/"+v)
	call(gh, "PUT", R+"pulls/2/reviews/"+v, map[string]any{"body": "Hmm"})
	call(gh, "PUT", R+"pulls/2/reviews/"+v+"/dismissals", map[string]any{"message": "never mind"})
	pending := id(call(gh, "POST", R+"pulls/2/reviews", map[string]any{}))
	call(gh, "DELETE", R+"pulls/2/reviews/"+pending, nil)
	rc := id(call(gh, "POST", R+"pulls/2/comments", map[string]any{"body": "b", "path": "x.go", "line": 1, "commit_id": head}))
	reply := id(call(gh, "POST", R+"pulls/2/comments/"+rc+"/replies", map[string]any{"body": "r"}))
	call(gh, "PATCH", R+"pulls/comments/"+rc, map[string]any{"body": "bb"})
	read(R+"pulls/2/comments", R+"pulls/comments/"+rc)
	for _, at := range []string{"issues/1", "issues/comments/" + c, "pulls/comments/" + rc, "comments/" + k} {
		e := id(call(gh, "POST", R+at+"/reactions", map[string]any{"content": "eyes"}))
		read(R + at + "/reactions")
		call(gh, "DELETE", R+at+"/reactions/"+e, nil)
	}
	call(gh, "DELETE", R+"pulls/comments/"+reply, nil)
	call(gh, "DELETE", R+"issues/comments/"+c, nil)

	// Checks and statuses.
	run := id(call(gh, "POST", R+"check-runs", map[string]any{"name": "build", "head_sha": head, "status": "in_progress"}))
	call(gh, "PATCH", R+"check-runs/"+run, map[string]any{"conclusion": "success", "output": map[string]any{"title": "t",
		"summary": "s",
		"annotations": []any{map[string]any{"path": "x.go", "start_line": 1, "end_line": 1, "annotation_level": "notice",
			"message": "m"}}}})
	read(R+"check-runs/"+run, R+"check-runs/"+run+"/annotations", R+"commits/feature/check-runs", R+"commits/feature/check-suites")
	suites, _, err := gh.Checks.ListCheckSuitesForRef(ctx, o, r, "feature", nil)
	w.ok(err)
	suite := itoa(int(suites.CheckSuites[0].GetID()))
	read(R+"check-suites/"+suite, R+"check-suites/"+suite+"/check-runs")
	call(gh, "POST", R+"statuses/"+head, map[string]any{"state": "success", "context": "x"})
	read(R+"commits/feature/status", R+"commits/feature/statuses")

	// Merges.
	get(alice.Push("other", githubtest.Commit{Files: map[string]string{"o.go": "package o\n"}}))(t)
	w.Protect(repo, "main", githubtest.Protection{})
	other := call(gh, "POST", R+"pulls", map[string]any{"title": "O", "head": "other", "base": "main"})
	n := itoa(int(other["number"].(float64)))
	get(alice.Push("main", githubtest.Commit{Files: map[string]string{"m.go": "package m\n"}}))(t)
	call(gh, "PUT", R+"pulls/"+n+"/update-branch", map[string]any{})
	call(gh, "PUT", R+"pulls/"+n+"/merge", map[string]any{"merge_method": "squash"})
	call(gh, "GET", R+"pulls/"+n+"/merge", nil)
	call(gh, "POST", R+"check-runs/"+run+"/rerequest", nil)
	call(gh, "POST", R+"check-suites/"+suite+"/rerequest", nil)

	// Actions.
	read(R+"actions/workflows", R+"actions/workflows/ci.yml")
	call(gh, "POST", R+"actions/workflows/ci.yml/dispatches", map[string]any{"ref": "main"})
	runs, _, err := gh.Actions.ListRepositoryWorkflowRuns(ctx, o, r, nil)
	w.ok(err)
	first := itoa(int(runs.WorkflowRuns[0].GetID()))
	read(R+"actions/workflows/ci.yml/runs", R+"actions/runs", R+"actions/runs/"+first, R+"actions/runs/"+first+"/jobs")
	jobs, _, err := gh.Actions.ListWorkflowJobs(ctx, o, r, runs.WorkflowRuns[0].GetID(), nil)
	w.ok(err)
	job := itoa(int(jobs.Jobs[0].GetID()))
	read(R + "actions/jobs/" + job)
	call(gh, "POST", R+"actions/runs/"+first+"/cancel", nil)
	call(gh, "POST", R+"actions/runs/"+first+"/rerun-failed-jobs", nil)
	call(gh, "POST", R+"actions/runs/"+first+"/force-cancel", nil)
	call(gh, "POST", R+"actions/runs/"+first+"/rerun", nil)
	w.ok(alice.FinishWorkflow(runs.WorkflowRuns[0].GetID(), "success"))
	call(gh, "POST", R+"actions/jobs/"+job+"/rerun", nil)
	w.ok(alice.HoldWorkflow(runs.WorkflowRuns[0].GetID()))
	call(gh, "POST", R+"actions/runs/"+first+"/approve", nil)

	// Releases and deployments.
	rel := id(call(gh, "POST", R+"releases", map[string]any{"tag_name": "v1", "name": "One"}))
	call(gh, "PATCH", R+"releases/"+rel, map[string]any{"body": "B"})
	read(R+"releases", R+"releases/latest", R+"releases/tags/v1", R+"releases/"+rel)
	call(gh, "DELETE", R+"releases/"+rel, nil)
	dep := id(call(gh, "POST", R+"deployments", map[string]any{"ref": "main", "environment": "staging"}))
	call(gh, "POST", R+"deployments/"+dep+"/statuses", map[string]any{"state": "success"})
	read(R+"deployments", R+"deployments/"+dep, R+"deployments/"+dep+"/statuses")

	// The end of the installation.
	call(app, "PUT", inst+"/suspended", nil)
	call(app, "DELETE", inst+"/suspended", nil)
	call(gh, "DELETE", "installation/token", nil)
	call(app, "DELETE", inst, nil)
}
