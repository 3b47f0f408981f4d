package githubapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
)

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// What each answer of GitHub means, over the real wire and through go-github.
func TestJudgeAnswers(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		status  int
		body    string
		headers []string
		retry   bool
		limit   int
		after   time.Duration
		reason  string
	}{
		{"a permission that is named", 403, `{"message":"Resource not accessible by integration"}`, []string{"X-Accepted-GitHub-Permissions", "contents=read; pull_requests=write"}, false, 0, 0,
			"the app lacks a permission, it needs contents=read or pull_requests=write: GET /repos/acme/app/issues/7: 403 Resource not accessible by integration"},
		{"a permission that is not", 403, `{"message":"Resource not accessible by integration"}`, nil, false, 0, 0, "the app lacks a permission: GET"},
		{"an archived repository", 403, `{"message":"Repository was archived so is read-only."}`, nil, false, 0, 0, "the repository is archived"},
		{"a suspended installation", 403, `{"message":"This installation has been suspended"}`, nil, false, 0, 0, "the installation is suspended"},
		{"a locked conversation", 403, `{"message":"Unable to create comment because issue is locked."}`, []string{"X-Accepted-GitHub-Permissions", "issues=write"}, false, 0, 0, "issue is locked"},
		{"not there, or not yet", 404, `{"message":"Not Found"}`, nil, true, lagging, 0, "GET /repos/acme/app/issues/7: 404 Not Found (it is gone, or the app may not see it)"},
		{"a conflict", 409, `{"message":"Head branch was modified. Review and try the merge again."}`, nil, true, lagging, 0, "409 Head branch was modified"},
		{"a mistake, or not yet", 422, `{"message":"Validation Failed","errors":[{"resource":"Label","field":"name","code":"already_exists"},{"message":"second"}]}`, nil, true, lagging, 0, "422 Validation Failed; Label name already_exists; second"},
		{"many mistakes", 422, `{"message":"Validation Failed","errors":["one","two","three","four","five"]}`, nil, true, lagging, 0, "one; two; three; and 2 more"},
		{"not mergeable", 405, `{"message":"Pull Request is not mergeable"}`, nil, true, lagging, 0, "405 Pull Request is not mergeable"},
		{"switched off", 410, `{"message":"Issues are disabled for this repo"}`, nil, false, 0, 0, "switched off or deleted"},
		{"blocked", 451, `{"message":"Repository access blocked","block":{"reason":"dmca"}}`, nil, false, 0, 0, "GitHub blocks the repository"},
		{"a broken request", 400, `{"message":"Problems parsing JSON"}`, nil, false, 0, 0, "400 Problems parsing JSON"},
		{"an old version", 415, `{}`, nil, false, 0, 0, "415 unsupported media type"},
		{"GitHub's failure", 500, ``, nil, true, 0, 0, "500 internal server error"},
		{"GitHub's proxy", 502, `<html>Unicorn!</html>`, nil, true, 0, 0, "502 bad gateway"},
		{"maintenance", 503, `{"message":"Down for maintenance"}`, []string{"Retry-After", "120"}, true, 0, 2 * time.Minute, "503 Down for maintenance"},
		{"maintenance without end", 503, `{}`, []string{"Retry-After", "9999999"}, true, 0, maxWait, "503"},
		{"too late", 504, ``, nil, true, 0, 0, "504"},
		{"text to fool people", 400, `{"message":"a\nb\u001b[31mc` + strings.Repeat("x", 400) + `"}`, nil, false, 0, 0, "400 a b[31mcxxx"},
	} {
		s := newWireServer(t, always(c.status, c.body, c.headers...))
		err := get(context.Background(), newApp(t, s.URL).Client(7))
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		v := Judge(fmt.Errorf("close issue: %w", err), now)
		if v.Retry != c.retry || v.Limit != c.limit || v.Throttled || !strings.Contains(v.Reason, c.reason) || len(v.Reason) > 700 {
			t.Errorf("%s: %+v\nwant retry %v, limit %d, reason %q", c.name, v, c.retry, c.limit, c.reason)
		}
		if want := now.Add(c.after); c.after != 0 && !v.At.Equal(want) || c.after == 0 && !v.At.IsZero() {
			t.Errorf("%s: at %v", c.name, v.At)
		}
	}
}

// What the absence of an answer means.
func TestJudgeFailures(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	get := &http.Request{Method: "GET", URL: &url.URL{Path: "/x"}}
	forbidden := &http.Response{StatusCode: 403, Request: get}
	minute := time.Minute
	sent := func(err error) error {
		return &url.Error{Op: "Get", URL: "https://api.github.com/x", Err: err}
	}
	for _, c := range []struct {
		name   string
		err    error
		want   Verdict
		reason string
	}{
		{"none", nil, Verdict{}, ""},
		{"interrupted", sent(context.Canceled), Verdict{Retry: true}, "interrupted"},
		{"too late", fmt.Errorf("x: %w", context.DeadlineExceeded), Verdict{Retry: true}, "did not answer in time"},
		{"reset", sent(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), Verdict{Retry: true}, "cannot be reached: read: connection reset by peer"},
		{"reset in a write", &url.Error{Op: "Post", URL: "x", Err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}, Verdict{Retry: true, At: now.Add(Patience)}, "cannot be reached"},
		{"write too late", &url.Error{Op: "Put", URL: "x", Err: context.DeadlineExceeded}, Verdict{Retry: true, At: now.Add(Patience)}, "did not answer in time"},
		{"write not sent", &url.Error{Op: "Post", URL: "x", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, Verdict{Retry: true}, "cannot be reached"},
		{"write without an answer", &url.Error{Op: "Patch", URL: "x", Err: io.EOF}, Verdict{Retry: true, At: now.Add(Patience)}, "broke off"},
		{"refused", sent(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), Verdict{Retry: true}, "cannot be reached"},
		{"no host", sent(&net.DNSError{Err: "no such host", Name: "api.github.com", IsNotFound: true}), Verdict{Retry: true}, "host is not found"},
		{"broke off", fmt.Errorf("read response: %w", io.ErrUnexpectedEOF), Verdict{Retry: true}, "broke off"},
		{"closed", sent(io.EOF), Verdict{Retry: true}, "broke off"},
		{"no JSON", json.Unmarshal([]byte("<"), new(any)), Verdict{Retry: true}, "no JSON"},
		{"another form", json.Unmarshal([]byte(`"x"`), new(int)), Verdict{}, "another form"},
		{"not ready", &github.AcceptedError{}, Verdict{Retry: true}, "works it out"},
		{"our own", errors.New("label is too long"), Verdict{}, "label is too long"},
		{"throttled", sent(&Throttled{Until: now.Add(minute), Why: "wait", Resource: "search"}), Verdict{Retry: true, At: now.Add(minute)}, "wait"},
		{"throttled as a whole", &Throttled{Until: now.Add(minute), Why: "wait"}, Verdict{Retry: true, At: now.Add(minute), Throttled: true}, "wait"},
		{"throttled until before", &Throttled{Until: now.Add(-minute), Why: "wait"}, Verdict{Retry: true, At: now.Add(time.Second), Throttled: true}, "wait"},
		{"go-github's primary", &github.RateLimitError{Rate: github.Rate{Reset: github.Timestamp{Time: now.Add(minute)}}, Response: forbidden}, Verdict{Retry: true, At: now.Add(minute), Throttled: true}, "used up"},
		{"go-github's secondary", &github.AbuseRateLimitError{Response: forbidden, RetryAfter: &minute}, Verdict{Retry: true, At: now.Add(minute), Throttled: true}, "secondary"},
		{"go-github's secondary without end", &github.AbuseRateLimitError{Response: forbidden}, Verdict{Retry: true, At: now.Add(pause), Throttled: true}, "secondary"},
		{"a primary in a year", &github.RateLimitError{Rate: github.Rate{Reset: github.Timestamp{Time: now.AddDate(1, 0, 0)}}, Response: forbidden}, Verdict{Retry: true, At: now.Add(maxWait), Throttled: true}, "used up"},
		{"GraphQL: not there", &QueryError{[]QueryProblem{{Type: "NOT_FOUND", Message: "Could not resolve"}}}, Verdict{Retry: true, Limit: lagging}, "Could not resolve (NOT_FOUND)"},
		{"GraphQL: forbidden", &QueryError{[]QueryProblem{{Type: "FORBIDDEN", Message: "Resource not accessible by integration"}}}, Verdict{}, "lacks a permission"},
		{"GraphQL: unprocessable", &QueryError{[]QueryProblem{{Type: "UNPROCESSABLE", Message: "Pull request is in clean status"}}}, Verdict{Retry: true, Limit: lagging}, "clean status"},
		{"GraphQL: GitHub's failure", &QueryError{[]QueryProblem{{Message: "Something went wrong while executing your query."}}}, Verdict{Retry: true}, "Something went wrong"},
		{"GraphQL: a mistake", &QueryError{[]QueryProblem{{Message: "Field 'x' doesn't exist"}, {}}}, Verdict{}, "doesn't exist and 1 more"},
		{"GraphQL: nothing", &QueryError{}, Verdict{}, "GraphQL"},
	} {
		got := Judge(c.err, now)
		reason := got.Reason
		got.Reason = ""
		if got != c.want || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: %+v %q\nwant %+v %q", c.name, got, reason, c.want, c.reason)
		}
	}
}

// The same over a wire that breaks.
func TestJudgeBrokenWire(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "access_tokens") {
			mintToken(1, w, r)
			return
		}
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if r.URL.Path == "/repos/acme/app/issues/7" {
			buf.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"number\":")
			buf.Flush()
		}
	}))
	defer broken.Close()
	c := newApp(t, broken.URL).Client(7)
	err := get(context.Background(), c)
	if v := Judge(err, time.Now()); !v.Retry || v.Limit != 0 || !strings.Contains(v.Reason, "broke off") {
		t.Errorf("cut off: %v, %+v", err, v)
	}
	_, _, err = c.Repositories.Get(context.Background(), "acme", "app")
	if v := Judge(err, time.Now()); !v.Retry || v.Limit != 0 {
		t.Errorf("closed: %v, %+v", err, v)
	}
	broken.Close()
	if v := Judge(get(context.Background(), c), time.Now()); !v.Retry || !strings.Contains(v.Reason, "cannot be reached") {
		t.Errorf("gone: %+v", v)
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	tls.Config.ErrorLog = nil
	defer tls.Close()
	if v := Judge(get(context.Background(), newApp(t, tls.URL).Client(7)), time.Now()); !v.Retry || !strings.Contains(v.Reason, "certificate is not trusted") {
		t.Errorf("a foreign certificate: %+v", v)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", " a\r\n\tb ": "a   b", "\x1b[1mx\u202e": "[1mx", strings.Repeat("é", 400): strings.Repeat("é", 300) + "…",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// What GitHub answers to the request for a token is no answer to the request that needs the token.
func TestAnsweredIsNotTheToken(t *testing.T) {
	gone := &github.ErrorResponse{Response: &http.Response{StatusCode: http.StatusNotFound}, Message: "Not Found"}
	if !Answered(fmt.Errorf("get: %w", gone), http.StatusNotFound) {
		t.Error("an answer is none")
	}
	if Answered(fmt.Errorf("get: %w", &TokenError{Installation: 7, Err: gone}), http.StatusNotFound) {
		t.Error("the installation is gone, not what was asked for")
	}
}
