package githubtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

const repo = "acme/app"

// world is a seeded server with a receiver and a real client.
type world struct {
	*githubtest.Server
	t      *testing.T
	seeded githubtest.Seeded
	gh     *github.Client

	mu       sync.Mutex
	received []received
}

type received struct {
	header http.Header
	body   []byte
}

// epoch is the fixed time of most tests.
func epoch() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }

func start(t *testing.T) *world {
	t.Helper()
	s, err := githubtest.Start(githubtest.Options{Now: epoch})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w := &world{Server: s, t: t, seeded: githubtest.Seed(s)}
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.received = append(w.received, received{r.Header.Clone(), body})
		w.mu.Unlock()
		rw.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(receiver.Close)
	s.SetWebhook("bellhop", receiver.URL, w.seeded.App.Secret)
	w.gh = client(t, s, w.seeded.App.ID, w.seeded.Installation, w.seeded.App.PrivateKey)
	return w
}

func client(t *testing.T, s *githubtest.Server, app, installation int64, key []byte) *github.Client {
	t.Helper()
	tr, err := ghinstallation.New(http.DefaultTransport, app, installation, key)
	if err != nil {
		t.Fatal(err)
	}
	tr.BaseURL = strings.TrimSuffix(s.URL, "/")
	gh := github.NewClient(&http.Client{Transport: tr})
	gh.BaseURL, _ = url.Parse(s.URL)
	return gh
}

// appClient authenticates as the App itself.
func (w *world) appClient() *github.Client {
	w.t.Helper()
	tr, err := ghinstallation.NewAppsTransport(http.DefaultTransport, w.seeded.App.ID, w.seeded.App.PrivateKey)
	if err != nil {
		w.t.Fatal(err)
	}
	tr.BaseURL = strings.TrimSuffix(w.URL, "/")
	gh := github.NewClient(&http.Client{Transport: tr})
	gh.BaseURL, _ = url.Parse(w.URL)
	return gh
}

// ok fails the test on an error.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// get returns v, and fails the test on an error.
func get[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// flush waits for the webhooks and returns those received since the last flush.
func (w *world) flush() []received {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w.ok(w.Flush(ctx))
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.received
	w.received = nil
	return out
}

// events names what was received: "issues.opened alice".
func (w *world) events() []string {
	w.t.Helper()
	var out []string
	for _, r := range w.flush() {
		var p struct {
			Action string
			Sender struct{ Login string }
		}
		w.ok(json.Unmarshal(r.body, &p))
		name := r.header.Get("X-GitHub-Event")
		if p.Action != "" {
			name += "." + p.Action
		}
		out = append(out, name+" "+p.Sender.Login)
	}
	return out
}

func (w *world) as(login string) githubtest.Visit { return w.As(login).On(repo) }

func (w *world) expectEvents(want ...string) {
	w.t.Helper()
	got := w.events()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("events:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (w *world) status(err error) int {
	w.t.Helper()
	switch err := err.(type) {
	case nil:
		return 200
	case *github.ErrorResponse:
		return err.Response.StatusCode
	case *github.AcceptedError:
		return 202
	}
	w.t.Fatalf("no answer of GitHub: %v", err)
	return 0
}

func TestPullRequestLife(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	alice, bob, carol := w.as("alice"), w.as("bob"), w.as("carol")
	_ = bob

	get(alice.Push("feature", githubtest.Commit{Message: "Add a feature",
		Files: map[string]string{"main.go": "package main\n\nfunc main() {\n\tprintln(\"hi\")\n}\n",
			"new.go": "package main\n"}, Delete: []string{"docs/guide.md"}}))(t)
	n := get(alice.OpenPullRequest(githubtest.PullRequest{Title: "A feature", Body: "Fixes #9", Head: "feature"}))(t)
	w.expectEvents("push alice", "create alice", "check_suite.requested alice", "pull_request.opened alice")

	pr, _, err := w.gh.PullRequests.Get(ctx, "acme", "app", n)
	w.ok(err)
	if pr.GetAdditions() != 2 || pr.GetDeletions() != 4 || pr.GetChangedFiles() != 3 || !pr.GetMergeable() || pr.GetMergeableState() != "clean" {
		t.Errorf("pull request: %+v", pr)
	}
	files, _, err := w.gh.PullRequests.ListFiles(ctx, "acme", "app", n, nil)
	w.ok(err)
	var got []string
	for _, f := range files {
		got = append(got, f.GetStatus()+" "+f.GetFilename())
	}
	if strings.Join(got, ", ") != "removed docs/guide.md, modified main.go, added new.go" {
		t.Errorf("files: %v", got)
	}
	if files[1].GetPatch() != "@@ -1,5 +1,5 @@\n package main\n \n func main() {\n-\tprintln(\"hello\")\n+\tprintln(\"hi\")\n }" {
		t.Errorf("patch: %s", files[1].GetPatch())
	}

	_, _, err = w.gh.Issues.AddLabelsToIssue(ctx, "acme", "app", n, []string{"docs", "brand new"})
	w.ok(err)
	w.expectEvents("pull_request.labeled bellhop[bot]", "label.created bellhop[bot]", "pull_request.labeled bellhop[bot]")
	_, _, err = w.gh.PullRequests.CreateReview(ctx, "acme", "app", n,
		&github.PullRequestReviewRequest{Event: github.String("APPROVE")})
	w.ok(err)
	_ = carol
	m, _, err := w.gh.PullRequests.Merge(ctx, "acme", "app", n, "", &github.PullRequestOptions{MergeMethod: "squash",
		SHA: pr.Head.GetSHA()})
	w.ok(err)
	if !m.GetMerged() {
		t.Error("not merged")
	}
	w.expectEvents("pull_request_review.submitted bellhop[bot]", "pull_request.closed bellhop[bot]", "push bellhop[bot]",
		"check_suite.requested bellhop[bot]")
	_, _, err = w.gh.PullRequests.Merge(ctx, "acme", "app", n, "", nil)
	if w.status(err) != 405 {
		t.Errorf("merging twice: %v", err)
	}
}

// newReceiver is a server that calls see for each request and answers 200.
func newReceiver(t *testing.T, see func(*http.Request)) (url string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { see(r) }))
	t.Cleanup(srv.Close)
	return srv.URL
}
