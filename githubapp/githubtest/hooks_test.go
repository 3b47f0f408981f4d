package githubtest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

// everything makes each kind of webhook that the stand-in sends.
func everything(w *world) {
	t := w.t
	t.Helper()
	alice, bob, carol, olivia := w.as("alice"), w.as("bob"), w.as("carol"), w.as("olivia")
	text := func(s string) *string { return &s }
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			w.ok(err)
		}
	}
	// Issues.
	issue := get(bob.OpenIssue("It breaks", "Always."))(t)
	get(alice.OpenIssue("Two", "", "bug"))(t)
	comment := get(bob.Comment(issue, "Really."))(t)
	must(bob.EditComment(comment, "Really!"), alice.Label(issue, "bug", "new label"), alice.Unlabel(issue, "bug"),
		alice.Assign(issue, "carol"),
		alice.Unassign(issue, "carol"), alice.SetMilestone(issue, "v1"), alice.SetMilestone(issue, ""), bob.Retitle(issue,
			"It still breaks"),
		alice.Lock(issue, "spam"), alice.Unlock(issue), alice.CloseAs(issue,
			"not_planned"), alice.Reopen(issue), bob.React(issue, "eyes"),
		bob.DeleteComment(comment), alice.CreateLabel("size/XL", "ff0000", "Huge."))
	// Pull requests.
	get(alice.Push("feature", githubtest.Commit{Files: map[string]string{"x.go": "package x\n"}}))(t)
	pr := get(alice.OpenPullRequest(githubtest.PullRequest{Title: "X", Body: "Closes #1", Head: "feature", Draft: true}))(t)
	get(alice.Push("feature", githubtest.Commit{Files: map[string]string{"y.go": "package y\n"}}))(t)
	must(alice.MarkReady(pr), alice.ConvertToDraft(pr), alice.MarkReady(pr), alice.RequestReview(pr, "carol", "@acme/backend"),
		alice.Label(pr, "bug"), alice.Unlabel(pr, "bug"), alice.Assign(pr, "alice"), alice.Edit(pr,
			githubtest.Edit{Title: text("XY"), Body: text("")}),
		alice.Close(pr), alice.Reopen(pr), alice.Lock(pr, ""), alice.Unlock(pr))
	get(bob.Comment(pr, "Nice."))(t)
	line := get(carol.CommentLine(pr, "x.go", 1, "Why?"))(t)
	get(alice.ReplyLine(line, "Because."))(t)
	must(carol.Resolve(line, true), carol.Resolve(line, false))
	review := get(carol.RequestChanges(pr, "No."))(t)
	must(alice.DismissReview(pr, review))
	get(carol.CommentReview(pr, "Hm."))(t)
	get(carol.Approve(pr, ""))(t)
	// Checks, statuses, workflows.
	must(alice.Check("ci", "main", "lint", "failure"), alice.SetStatus("#3", "deploy", "pending", "soon"), alice.SetStatus("#3",
		"deploy", "success", ""))
	check := get(alice.StartCheck("ci", "#3", "build"))(t)
	must(alice.FinishCheck(check, "success"))
	own, _, err := w.gh.Checks.CreateCheckRun(context.Background(), "acme", "app", github.CreateCheckRunOptions{
		Name: "gate", HeadSHA: w.SHA(repo, "#3"), Status: github.String("in_progress"),
		Actions: []*github.CheckRunAction{{Label: "Fix", Description: "Fix it", Identifier: "fix"}},
	})
	w.ok(err)
	must(alice.PressButton(own.GetID(), "fix"), alice.Rerequest(own.GetID()))
	run := get(alice.StartWorkflow("CI", "pull_request", "#3"))(t)
	must(alice.FinishWorkflow(run, "failure"))
	_, err = w.gh.Actions.RerunFailedJobsByID(context.Background(), "acme", "app", run)
	w.ok(err)
	_, err = w.gh.Actions.CreateWorkflowDispatchEventByFileName(context.Background(), "acme", "app", "ci.yml",
		github.CreateWorkflowDispatchEventRequest{Ref: "main"})
	w.ok(err)
	_, _, err = w.gh.Repositories.Dispatch(context.Background(), "acme", "app", github.DispatchRequestOptions{EventType: "nightly"})
	w.ok(err)
	deployment := get(alice.Deploy("main", "production"))(t)
	must(alice.SetDeployment(deployment, "success"))
	// Merges.
	w.Protect(repo, "main", githubtest.Protection{Checks: []string{"needed"}})
	must(alice.EnableAutoMerge(pr, "squash"), alice.Check("ci", "#3", "needed", "success"))
	w.Protect(repo, "main", githubtest.Protection{})
	fork := get(w.As("bob").On(repo).Fork())(t)
	get(w.As("bob").On(fork).Push("theirs", githubtest.Commit{Files: map[string]string{"z.go": "package z\n"}}))(t)
	get(bob.OpenPullRequest(githubtest.PullRequest{Title: "Z", Head: "bob:theirs"}))(t)
	// Others.
	must(alice.CreateTag("v0.1.0", "main"), alice.DeleteTag("v0.1.0"), alice.CreateBranch("old", "main"),
		alice.DeleteBranch("old"), bob.Star())
	get(alice.CommentCommit("main", "Good."))(t)
	get(alice.CreateRelease(githubtest.Release{Tag: "v1.0.0", Name: "One"}))(t)
	get(alice.CreateRelease(githubtest.Release{Tag: "v1.1.0-rc.1", Prerelease: true}))(t)
	get(alice.CreateRelease(githubtest.Release{Tag: "v2.0.0", Draft: true}))(t)
	d := get(bob.OpenDiscussion("Q&A", "How?", "Tell me."))(t)
	k := get(carol.CommentDiscussion(d, "So."))(t)
	must(bob.AnswerDiscussion(d, k), carol.LabelDiscussion(d, "question"), bob.CloseDiscussion(d))
	must(olivia.AddCollaborator("bob", "read"), olivia.SetArchived(true), olivia.SetArchived(false), olivia.Rename("app2"),
		w.As("olivia").On("acme/app2").Rename("app"))
	w.ok(w.As("olivia").CreateRepository(githubtest.RepositorySpec{FullName: "acme/new"}))
	// The installation.
	id := w.seeded.Installation
	w.SelectRepositories(id, []string{})
	w.SelectRepositories(id, nil)
	w.Suspend(id)
	w.Unsuspend(id)
	w.SetPermissions(id, githubtest.BotPermissions())
	w.Uninstall(id)
}

func TestPayloads(t *testing.T) {
	w := start(t)
	everything(w)
	seen := map[string]bool{}
	for _, r := range w.flush() {
		event := r.header.Get("X-GitHub-Event")
		var p struct{ Action string }
		json.Unmarshal(r.body, &p)
		_, err := github.ParseWebHook(event, r.body)
		// go-github v60 takes answer_chosen_by for a string; GitHub sends a user.
		if err != nil && !strings.Contains(err.Error(), "answer_chosen_by") {
			t.Errorf("%s: %v", event, err)
		}
		seen[strings.TrimSuffix(event+"."+p.Action, ".")] = true
	}
	for _, want := range strings.Fields(`
		check_run.completed check_run.created check_run.requested_action check_run.rerequested check_suite.completed check_suite.requested
		commit_comment.created create delete deployment.created deployment_status.created discussion.answered discussion.closed
		discussion.created discussion.labeled discussion_comment.created fork installation.deleted installation.new_permissions_accepted
		installation.suspend installation.unsuspend installation_repositories.added installation_repositories.removed issue_comment.created
		issue_comment.deleted issue_comment.edited issues.assigned issues.closed issues.demilestoned issues.edited issues.labeled issues.locked
		issues.milestoned issues.opened issues.reopened issues.unassigned issues.unlabeled issues.unlocked label.created member.added
		milestone.created pull_request.assigned pull_request.auto_merge_enabled pull_request.closed pull_request.converted_to_draft
		pull_request.edited pull_request.labeled pull_request.locked pull_request.opened pull_request.ready_for_review pull_request.reopened
		pull_request.review_requested pull_request.synchronize pull_request.unlabeled pull_request.unlocked pull_request_review.dismissed
		pull_request_review.submitted pull_request_review_comment.created pull_request_review_thread.resolved
		pull_request_review_thread.unresolved push release.created release.prereleased release.published release.released
		repository.archived repository.created repository.renamed repository.unarchived repository_dispatch.nightly star.created status workflow_dispatch
		workflow_job.completed workflow_job.in_progress workflow_job.queued workflow_run.completed workflow_run.in_progress workflow_run.requested`) {
		if !seen[want] {
			t.Errorf("no %s", want)
		}
	}
}

// TestPayloadShapes holds every payload against GitHub's own description of it.
func TestPayloadShapes(t *testing.T) {
	d := describe(t, "@octokit", "openapi-webhooks", "generated", "api.github.com.json")
	w := start(t)
	everything(w)
	said := map[string]bool{}
	for _, r := range w.flush() {
		event := r.header.Get("X-GitHub-Event")
		var p map[string]any
		w.ok(json.Unmarshal(r.body, &p))
		name := event
		if action, _ := p["action"].(string); action != "" && event != "repository_dispatch" {
			name += "-" + action
		}
		if event == "repository_dispatch" {
			name += "-sample.collected"
			p["action"] = "sample.collected"
		}
		schema := d.at("webhooks", strings.ReplaceAll(name, "_", "-"), "post", "requestBody", "content", "application/json",
			"schema")
		if schema == nil {
			t.Errorf("GitHub has no event %s", name)
			continue
		}
		for _, problem := range d.problems(schema, p, name) {
			if !said[problem] {
				t.Error(problem)
			}
			said[problem] = true
		}
	}
}

func TestHookHeaders(t *testing.T) {
	w := start(t)
	get(w.as("bob").OpenIssue("Title", ""))(t)
	r := w.flush()[0]
	m := hmac.New(sha256.New, []byte(w.seeded.App.Secret))
	m.Write(r.body)
	if got := r.header.Get("X-Hub-Signature-256"); got != "sha256="+hex.EncodeToString(m.Sum(nil)) {
		t.Errorf("signature %q", got)
	}
	for _, name := range []string{"X-GitHub-Delivery", "X-GitHub-Hook-Id", "X-Hub-Signature",
		"X-GitHub-Hook-Installation-Target-Id"} {
		if r.header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if ua := r.header.Get("User-Agent"); !strings.HasPrefix(ua, "GitHub-Hookshot/") {
		t.Errorf("user agent %q", ua)
	}
	if _, err := github.ValidatePayload(w.SignedRequest("bellhop", "issues", []byte(`{"action":"opened"}`)),
		[]byte(w.seeded.App.Secret)); err != nil {
		t.Errorf("signed request: %v", err)
	}
}

func TestRedelivery(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	w.SetWebhook("bellhop", "http://127.0.0.1:1/", "s") // nobody listens there
	get(w.as("bob").OpenIssue("Title", ""))(t)
	if got := w.events(); got != nil {
		t.Fatalf("received %v", got)
	}
	app := w.appClient()
	list, _, err := app.Apps.ListHookDeliveries(ctx, nil)
	w.ok(err)
	d := list[0]
	if d.GetEvent() != "issues" || d.GetStatusCode() != 502 || d.GetRedelivery() || d.GetInstallationID() != w.seeded.Installation {
		t.Errorf("delivery: %+v", d)
	}
	full, _, err := app.Apps.GetHookDelivery(ctx, d.GetID())
	w.ok(err)
	if full.Request.Headers["X-Github-Event"] != "issues" {
		t.Errorf("request headers: %v", full.Request.Headers)
	}
	receiver := make(chan string, 10)
	srv := newReceiver(t, func(r *http.Request) { receiver <- r.Header.Get("X-GitHub-Delivery") })
	w.SetWebhook("bellhop", srv, "s")
	_, _, err = app.Apps.RedeliverHookDelivery(ctx, d.GetID())
	if w.status(err) != 202 {
		t.Errorf("redeliver: %v", err)
	}
	w.ok(w.Redeliver(d.GetGUID()))
	w.flush()
	if a, b := <-receiver, <-receiver; a != d.GetGUID() || b != a {
		t.Errorf("redelivered %s and %s, want %s twice", a, b, d.GetGUID())
	}
	again, _, err := app.Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 1})
	w.ok(err)
	if !again[0].GetRedelivery() || again[0].GetStatusCode() != 200 {
		t.Errorf("last attempt: %+v", again[0])
	}
}

func TestDeliveryPages(t *testing.T) {
	w := start(t)
	for range 7 {
		get(w.as("bob").OpenIssue("Title", ""))(t)
	}
	w.flush()
	var ids []int64
	opts := &github.ListCursorOptions{PerPage: 3}
	for {
		list, resp, err := w.appClient().Apps.ListHookDeliveries(context.Background(), opts)
		w.ok(err)
		for _, d := range list {
			ids = append(ids, d.GetID())
		}
		if resp.Cursor == "" {
			break
		}
		opts.Cursor = resp.Cursor
	}
	if len(ids) != 7 || !slices.IsSortedFunc(ids, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("ids %v", ids)
	}
}

func TestHeldWebhooks(t *testing.T) {
	w := start(t)
	w.HoldWebhooks()
	get(w.as("bob").OpenIssue("One", ""))(t)
	if w.Settled() {
		t.Error("settled while one is held")
	}
	if n := w.DropWebhooks(); n != 1 {
		t.Errorf("dropped %d", n)
	}
	get(w.as("bob").OpenIssue("Two", ""))(t)
	w.ReleaseWebhooks()
	w.expectEvents("issues.opened bob")
	lost := w.Deliveries()
	if d := lost[len(lost)-2]; d.Problem != "lost" {
		t.Errorf("delivery: %+v", d)
	}
}
