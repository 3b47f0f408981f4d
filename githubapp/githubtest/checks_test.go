package githubtest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

func TestCheckRunLife(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	w.opened("feature", file("a.go", "package a\n"))
	sha := w.SHA(repo, "#1")
	w.flush()
	run, _, err := w.gh.Checks.CreateCheckRun(ctx, "acme", "app", github.CreateCheckRunOptions{Name: "gate", HeadSHA: sha,
		ExternalID: github.String("e"), Status: github.String("in_progress")})
	w.ok(err)
	note := func(line int) *github.CheckRunAnnotation {
		return &github.CheckRunAnnotation{Path: github.String("a.go"), StartLine: &line, EndLine: &line,
			AnnotationLevel: github.String("failure"), Message: github.String("m")}
	}
	for line := 1; line <= 2; line++ {
		_, _, err = w.gh.Checks.UpdateCheckRun(ctx, "acme", "app", run.GetID(), github.UpdateCheckRunOptions{Name: "gate",
			Status: github.String("completed"), Conclusion: github.String("failure"),
			Output: &github.CheckRunOutput{Title: github.String("T"), Summary: github.String("S"),
				Annotations: []*github.CheckRunAnnotation{note(line)}}})
		w.ok(err)
	}
	w.expectEvents("check_run.created bellhop[bot]", "check_run.completed bellhop[bot]", "check_suite.completed bellhop[bot]")
	got := w.Checks(repo, "#1")
	want := []githubtest.CheckRun{{
		ID: run.GetID(), Name: "gate", App: "bellhop", SHA: sha, Status: "completed", Conclusion: "failure", Title: "T", Summary: "S", ExternalID: "e", Buttons: []string{},
		Annotations: []githubtest.Annotation{{"a.go", 1, 1, "failure", "", "m"}, {"a.go", 2, 2, "failure", "", "m"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// A second run of the name replaces the first in what counts.
	_, _, err = w.gh.Checks.CreateCheckRun(ctx, "acme", "app", github.CreateCheckRunOptions{Name: "gate", HeadSHA: sha,
		Conclusion: github.String("success")})
	w.ok(err)
	list, _, err := w.gh.Checks.ListCheckRunsForRef(ctx, "acme", "app", sha, nil)
	w.ok(err)
	all, _, err := w.gh.Checks.ListCheckRunsForRef(ctx, "acme", "app", sha,
		&github.ListCheckRunsOptions{Filter: github.String("all")})
	w.ok(err)
	if list.GetTotal() != 1 || list.CheckRuns[0].GetConclusion() != "success" || all.GetTotal() != 2 {
		t.Errorf("latest %d, all %d", list.GetTotal(), all.GetTotal())
	}
	if pr := list.CheckRuns[0].PullRequests; len(pr) != 1 || pr[0].GetNumber() != 1 {
		t.Errorf("pull requests %v", pr)
	}
}

func TestCombinedStatus(t *testing.T) {
	w := start(t)
	state := func() string {
		t.Helper()
		s, _, err := w.gh.Repositories.GetCombinedStatus(context.Background(), "acme", "app", "main", nil)
		w.ok(err)
		return s.GetState()
	}
	for _, tc := range []struct{ context, state, want string }{
		{"", "", "pending"}, {"a", "success", "success"}, {"b", "pending", "pending"}, {"b", "error", "failure"}, {"B",
			"success", "success"},
	} {
		if tc.context != "" {
			w.ok(w.as("alice").SetStatus("main", tc.context, tc.state, ""))
		}
		if got := state(); got != tc.want {
			t.Errorf("after %s %s: %s, want %s", tc.context, tc.state, got, tc.want)
		}
	}
}

func TestWorkflows(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	w.opened("feature", file("a.go", "package a\n"))
	id := get(w.as("alice").StartWorkflow("ci.yml", "pull_request", "#1"))(t)
	if _, err := w.gh.Actions.RerunFailedJobsByID(ctx, "acme", "app", id); w.status(err) != 403 {
		t.Errorf("rerun while it runs: %v", err)
	}
	w.ok(w.as("alice").FinishWorkflow(id, "failure"))
	if _, err := w.gh.Actions.CancelWorkflowRunByID(ctx, "acme", "app", id); w.status(err) != 409 {
		t.Errorf("cancel when completed: %v", err)
	}
	_, err := w.gh.Actions.RerunFailedJobsByID(ctx, "acme", "app", id)
	w.ok(err)
	runs := w.WorkflowRuns(repo)
	if r := runs[0]; r.Attempt != 2 || r.Status != "in_progress" || r.Branch != "feature" {
		t.Errorf("run %+v", r)
	}
	names := []string{}
	for _, k := range w.Checks(repo, "#1") {
		names = append(names, k.App+" "+k.Name+" "+k.Status)
	}
	if got := strings.Join(names, ", "); got != "github-actions build in_progress, github-actions test in_progress" {
		t.Errorf("checks %s", got)
	}
	w.ok(w.as("alice").FinishWorkflow(id, "success"))
	if _, err := w.gh.Actions.RerunFailedJobsByID(ctx, "acme", "app", id); w.status(err) != 403 {
		t.Errorf("rerun without failed jobs: %v", err)
	}
	_, err = w.gh.Actions.CreateWorkflowDispatchEventByFileName(ctx, "acme", "app", "ci.yml",
		github.CreateWorkflowDispatchEventRequest{Ref: "main", Inputs: map[string]any{"a": "b"}})
	w.ok(err)
	if runs := w.WorkflowRuns(repo); len(runs) != 2 || runs[1].Event != "workflow_dispatch" {
		t.Errorf("runs %+v", runs)
	}
}

// A run is called by its workflow's run-name; what a repository_dispatch starts, without one, by the event's type.
func TestRunNames(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	w.AddWorkflow(repo, githubtest.WorkflowSpec{Name: "Deploy", Path: ".github/workflows/deploy.yml", Dispatch: true,
		RunName: "Deploy to ${{ inputs.to }}", Events: []string{"other"}})
	w.AddWorkflow(repo, githubtest.WorkflowSpec{Name: "Listen", Path: ".github/workflows/listen.yml", Events: []string{"told"}})
	_, err := w.gh.Actions.CreateWorkflowDispatchEventByFileName(ctx, "acme", "app", "deploy.yml",
		github.CreateWorkflowDispatchEventRequest{Ref: "main", Inputs: map[string]any{"to": "staging"}})
	w.ok(err)
	_, _, err = w.gh.Repositories.Dispatch(ctx, "acme", "app", github.DispatchRequestOptions{EventType: "told"})
	w.ok(err)
	runs, _, err := w.gh.Actions.ListRepositoryWorkflowRuns(ctx, "acme", "app", nil)
	w.ok(err)
	var titles []string
	for _, r := range runs.WorkflowRuns {
		titles = append(titles, r.GetEvent()+" "+r.GetDisplayTitle())
	}
	if got := strings.Join(titles, ", "); got != "repository_dispatch told, workflow_dispatch Deploy to staging" {
		t.Errorf("runs %s", got)
	}
}
