package githubtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

// try gets the repository.
func (w *world) try() error {
	_, _, err := w.gh.Repositories.Get(context.Background(), "acme", "app")
	return err
}

func TestMisbehaviour(t *testing.T) {
	t.Run("reply", func(t *testing.T) {
		w := start(t)
		w.Answer("GET", "/repos/*/app", 2, githubtest.Reply(502, nil, `{"message":"Server Error"}`))
		if a, b, c := w.status(w.try()), w.status(w.try()), w.status(w.try()); a != 502 || b != 502 || c != 200 {
			t.Errorf("%d %d %d, want 502 502 200", a, b, c)
		}
	})
	t.Run("stop", func(t *testing.T) {
		w := start(t)
		stop := w.Answer("", "/repos/**", -1, githubtest.Reply(500, nil, `{}`))
		a := w.status(w.try())
		stop()
		if b := w.status(w.try()); a != 500 || b != 200 {
			t.Errorf("%d %d, want 500 200", a, b)
		}
	})
	t.Run("reset", func(t *testing.T) {
		w := start(t)
		w.ok(w.try())
		w.Answer("POST", "/repos/acme/app/issues", 1, githubtest.Reset())
		_, _, err := w.gh.Issues.Create(context.Background(), "acme", "app", &github.IssueRequest{Title: github.String("x")})
		if err == nil || len(w.Issues(repo)) != 0 {
			t.Errorf("error %v, %d issues", err, len(w.Issues(repo)))
		}
	})
	t.Run("lost answer", func(t *testing.T) {
		w := start(t)
		w.Answer("POST", "/repos/acme/app/issues", 1, githubtest.LoseAnswer())
		_, _, err := w.gh.Issues.Create(context.Background(), "acme", "app", &github.IssueRequest{Title: github.String("x")})
		if err == nil || len(w.Issues(repo)) != 1 {
			t.Errorf("error %v, %d issues: want an error and the issue all the same", err, len(w.Issues(repo)))
		}
	})
	t.Run("truncated", func(t *testing.T) {
		w := start(t)
		w.Answer("GET", "/repos/acme/app", 1, githubtest.Truncate(40))
		if err := w.try(); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("held", func(t *testing.T) {
		w := start(t)
		release := make(chan struct{})
		w.Answer("GET", "/repos/acme/app", -1, githubtest.HoldUntil(release))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			_, _, err := w.gh.Repositories.Get(ctx, "acme", "app")
			done <- err
		}()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		go func() { done <- w.try() }()
		close(release)
		w.ok(<-done)
	})
	t.Run("handle", func(t *testing.T) {
		w := start(t)
		w.Answer("GET", "/repos/acme/app", 1, githubtest.Handle(func(rw http.ResponseWriter, r *http.Request) {
			http.Error(rw,
				"teapot", http.StatusTeapot)
		}))
		if got := w.status(w.try()); got != 418 {
			t.Errorf("status %d", got)
		}
	})
	t.Run("secondary limit", func(t *testing.T) {
		w := start(t)
		w.Answer("", "/repos/**", 1, githubtest.SecondaryLimit(7*time.Second))
		var limit *github.AbuseRateLimitError
		if err := w.try(); !errors.As(err, &limit) || limit.GetRetryAfter() != 7*time.Second {
			t.Errorf("error %v", err)
		}
	})
	t.Run("primary limit", func(t *testing.T) {
		w := start(t)
		w.Answer("", "/repos/**", 1, githubtest.PrimaryLimit(time.Now().Add(time.Hour)))
		var limit *github.RateLimitError
		if err := w.try(); !errors.As(err, &limit) {
			t.Errorf("error %v", err)
		}
	})
}

func TestLog(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	n := get(w.as("bob").OpenIssue("One", ""))(t)
	_, _, err := w.gh.Issues.AddLabelsToIssue(ctx, "acme", "app", n, []string{"bug"})
	w.ok(err)
	_, _, err = w.gh.Issues.ListComments(ctx, "acme", "app", n, nil)
	w.ok(err)
	w.query(`query Q { repository(owner: "acme", name: "app") { id } rateLimit { cost } }`, nil)
	w.query(`mutation { closeIssue(input: {issueId: "x"}) { issue { id } } }`, map[string]any{"a": 1})
	_, err = w.gh.Issues.Lock(ctx, "acme", "app", n, nil)
	w.ok(err)
	want := `POST /repos/acme/app/issues/1/labels
["bug"]
POST /graphql mutation closeIssue
{"a":1}
PUT /repos/acme/app/issues/1/lock
`
	if got := githubtest.Text(w.Writes()); got != want {
		t.Errorf("writes:\n%s\nwant:\n%s", got, want)
	}
	all := w.Requests()
	if first := all[0]; !strings.HasSuffix(first.Path,
		"/access_tokens") || first.App != "bellhop" || first.Installation != 0 || first.Status != 201 {
		t.Errorf("token request: %+v", first)
	}
	if q := all[3]; q.Operation != "query repository rateLimit" || q.Installation != w.seeded.Installation || q.Status != 200 {
		t.Errorf("query: %+v", q)
	}
	if calls := githubtest.Calls(all); calls["GET /repos/acme/app/issues/1/comments"] != 1 || len(calls) != 5 {
		t.Errorf("calls: %v", calls)
	}
	w.send("GET", "repos/acme/app/pulls/1/nonsense", "token "+w.token(nil), "")
	w.send("GET", "repos/acme/app/pulls/9", "token "+w.token(nil), "")
	if u := w.Unknown(); len(u) != 1 || u[0].Path != "/repos/acme/app/pulls/1/nonsense" {
		t.Errorf("unknown: %v", u)
	}
	w.ResetLog()
	if len(w.Requests()) != 0 {
		t.Error("log not reset")
	}
}

func TestCheckHook(t *testing.T) {
	w := start(t)
	w.Check = func(r *http.Request, body []byte) error {
		if strings.Contains(string(body), "titel") {
			return fmt.Errorf("unknown member titel")
		}
		return nil
	}
	resp, body := w.send("POST", "repos/acme/app/issues", "token "+w.token(nil), `{"titel":"x"}`)
	var said struct{ Message string }
	json.Unmarshal([]byte(body), &said)
	if resp.StatusCode != 422 || said.Message != "unknown member titel" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if v := w.Violations(); len(v) != 1 || v[0].Violation != "unknown member titel" {
		t.Errorf("violations %+v", v)
	}
	if len(w.Unknown()) != 0 {
		t.Error("a violation counts as unknown")
	}
}
