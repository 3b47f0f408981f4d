package bot

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
)

// TestExamplesBecomeFacts checks on GitHub's own examples that the typed facts of each family are those of the payload.
func TestExamplesBecomeFacts(t *testing.T) {
	// Where a fact of an event is to be found in its payload; each must be seen with a value at least once.
	paths := []struct {
		event string
		fact  func(*rules.Facts) any
		path  string
		seen  bool
	}{
		{event: "push", fact: func(f *rules.Facts) any { return f.Push.Ref }, path: "ref"},
		{event: "push", fact: func(f *rules.Facts) any { return f.Push.After }, path: "after"},
		{event: "push", fact: func(f *rules.Facts) any { return f.Push.Message }, path: "head_commit.message"},
		{event: "push", fact: func(f *rules.Facts) any { return f.Push.PushedBy }, path: "pusher.name"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.Title }, path: "pull_request.title"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.Author }, path: "pull_request.user.login"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.Base }, path: "pull_request.base.ref"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.HeadSHA }, path: "pull_request.head.sha"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.Draft }, path: "pull_request.draft"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.Additions }, path: "pull_request.additions"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Subject.CommitCount }, path: "pull_request.commits"},
		{event: "pull_request", fact: func(f *rules.Facts) any { return f.Delivery.Label }, path: "label.name"},
		{event: "pull_request_review", fact: func(f *rules.Facts) any { return f.Review.ID }, path: "review.id"},
		{event: "pull_request_review", fact: func(f *rules.Facts) any { return f.Review.SHA }, path: "review.commit_id"},
		{event: "pull_request_review", fact: func(f *rules.Facts) any { return f.Subject.Number }, path: "pull_request.number"},
		{event: "pull_request_review_comment", fact: func(f *rules.Facts) any { return f.Comment.Path }, path: "comment.path"},
		{event: "pull_request_review_thread", fact: func(f *rules.Facts) any { return f.Thread.Resolved }, path: ""},
		{event: "issues", fact: func(f *rules.Facts) any { return f.Subject.Title }, path: "issue.title"},
		{event: "issues", fact: func(f *rules.Facts) any { return f.Subject.Milestone }, path: "issue.milestone.title"},
		{event: "issues", fact: func(f *rules.Facts) any { return f.Subject.Comments }, path: "issue.comments"},
		{event: "issue_comment", fact: func(f *rules.Facts) any { return f.Comment.Body }, path: "comment.body"},
		{event: "issue_comment", fact: func(f *rules.Facts) any { return f.Comment.Author }, path: "comment.user.login"},
		{event: "check_run", fact: func(f *rules.Facts) any { return f.Check.Name }, path: "check_run.name"},
		{event: "check_run", fact: func(f *rules.Facts) any { return f.Check.App }, path: "check_run.app.slug"},
		{event: "check_suite", fact: func(f *rules.Facts) any { return f.Check.SHA }, path: "check_suite.head_sha"},
		{event: "check_suite", fact: func(f *rules.Facts) any { return f.Check.Conclusion }, path: "check_suite.conclusion"},
		{event: "status", fact: func(f *rules.Facts) any { return f.Check.Name }, path: "context"},
		{event: "workflow_run", fact: func(f *rules.Facts) any { return f.Run.ID }, path: "workflow_run.id"},
		{event: "workflow_run", fact: func(f *rules.Facts) any { return f.Run.Branch }, path: "workflow_run.head_branch"},
		{event: "merge_group", fact: func(f *rules.Facts) any { return f.MergeGroup.SHA }, path: "merge_group.head_sha"},
		{event: "release", fact: func(f *rules.Facts) any { return f.Release.Tag }, path: "release.tag_name"},
		{event: "create", fact: func(f *rules.Facts) any { return f.Ref.Name }, path: "ref"},
		{event: "delete", fact: func(f *rules.Facts) any { return f.Ref.Name }, path: "ref"},
		{event: "discussion", fact: func(f *rules.Facts) any { return f.Subject.Title }, path: "discussion.title"},
		{event: "discussion_comment", fact: func(f *rules.Facts) any { return f.Comment.Body }, path: "comment.body"},
		{event: "deployment", fact: func(f *rules.Facts) any { return f.Deployment.Environment }, path: "deployment.environment"},
		{event: "deployment_status", fact: func(f *rules.Facts) any { return f.Deployment.State }, path: "deployment_status.state"},
		{event: "repository", fact: func(f *rules.Facts) any { return f.Repository.FullName }, path: "repository.full_name"},
		{event: "repository", fact: func(f *rules.Facts) any { return f.Repository.DefaultBranch }, path: "repository.default_branch"},
		{event: "installation", fact: func(f *rules.Facts) any { return f.Installation.Account }, path: "installation.account.login"},
		{event: "installation_repositories", fact: func(f *rules.Facts) any { return f.Installation.Selection }, path: "installation.repository_selection"},
	}
	for _, e := range contract.Examples(t) {
		d := newDelivery("guid", e.Event, e.Body, time.Time{})
		s, err := parseSubject(d.Subject)
		if err != nil {
			t.Fatal(err)
		}
		f, err := factsOf(d, s, time.Time{})
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		var payload any
		if err := json.Unmarshal(e.Body, &payload); err != nil {
			t.Fatal(err)
		}
		for i := range paths {
			p := &paths[i]
			if p.event != e.Event {
				continue
			}
			got, want := p.fact(f), member(payload, p.path)
			if n, ok := want.(float64); ok {
				want = int64(n)
			}
			if p.path == "" {
				p.seen = true
				continue
			}
			if want == nil {
				want = reflect.Zero(reflect.TypeOf(got)).Interface()
			} else {
				p.seen = true
			}
			if got != want {
				t.Errorf("%s: %s is %v, want %v", e.Name, p.path, got, want)
			}
		}
	}
	for _, p := range paths {
		if !p.seen {
			t.Errorf("no %s example has %s", p.event, p.path)
		}
	}
}

func facts(t *testing.T, event, key, body string) *rules.Facts {
	t.Helper()
	d := newDelivery("guid", event, []byte(body), time.Time{})
	if key == "" {
		key = d.Subject
	}
	s, err := parseSubject(key)
	if err != nil {
		t.Fatal(err)
	}
	f, err := factsOf(&store.Delivery{GUID: "guid", Event: event, Activity: d.Activity, Body: []byte(body)}, s, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestInstallationsNameTheirRepositories(t *testing.T) {
	for _, test := range []struct {
		event, body    string
		added, removed []string
	}{
		{"installation", `{"action":"created","installation":{"id":1},"repositories":[{"full_name":"a/b"}]}`, []string{"a/b"}, nil},
		{"installation", `{"action":"deleted","installation":{"id":1},"repositories":[{"full_name":"a/b"}]}`, nil, []string{"a/b"}},
		{"installation_repositories", `{"action":"added","installation":{"id":1},"repositories_added":[{"full_name":"a/b"}],"repositories_removed":[]}`, []string{"a/b"}, []string{}},
	} {
		f := facts(t, test.event, "", test.body)
		if got := f.Installation; !reflect.DeepEqual(got.Added, test.added) || !reflect.DeepEqual(got.Removed, test.removed) {
			t.Errorf("%s: %+v", test.body, got)
		}
	}
}

func TestOnlyWhatWasSentIsKnown(t *testing.T) {
	f := facts(t, "issue_comment", "", `{"action":"created","repository":{"id":12},"comment":{"body":"x"},
		"issue":{"number":7,"title":"t","state":"closed","created_at":"2026-01-01T00:00:00Z","pull_request":{"merged_at":"2026-01-01T00:00:00Z"}}}`)
	if f.Subject.Kind != "pull_request" || f.Subject.State != "merged" || f.Subject.Age != 24*time.Hour {
		t.Errorf("subject %+v", f.Subject)
	}
	for name, want := range map[string]bool{"title": true, "state": true, "age": true, "body": false, "labels": false, "draft": false, "base": false, "files": false} {
		if f.Known("subject."+name) != want {
			t.Errorf("%s known: %v, want %v", name, !want, want)
		}
	}
}

func TestChecksAreSeenFromTheirPullRequest(t *testing.T) {
	f := facts(t, "check_run", "12#7", `{"action":"completed","repository":{"id":12},"check_run":{"name":"ci","head_sha":"abc","conclusion":"success"}}`)
	if f.Subject == nil || f.Subject.Kind != "pull_request" || f.Subject.Number != 7 || f.Known("subject.title") {
		t.Errorf("subject %+v", f.Subject)
	}
	if f.Check.Conclusion != "success" {
		t.Errorf("check %+v", f.Check)
	}
}

func TestLastCommitDecidesAboutAFile(t *testing.T) {
	f := facts(t, "push", "", `{"ref":"refs/heads/main","repository":{"id":12},"commits":[
		{"id":"1","added":["a","b"],"modified":[],"removed":[]},{"id":"2","added":[],"modified":["a"],"removed":["b"]}]}`)
	want := []rules.File{{Path: "a", Status: "modified"}, {Path: "b", Status: "removed"}}
	if !reflect.DeepEqual(f.Push.Files, want) || f.Push.Branch != "main" {
		t.Errorf("push %+v", f.Push)
	}
}
