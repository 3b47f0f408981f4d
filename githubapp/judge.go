package githubapp

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/go-github/v60/github"
)

// Verdict is what an error of a GitHub call means for the work that made it.
type Verdict struct {
	Retry  bool      // false: trying again will not help
	At     time.Time // not before; zero: the caller's own backoff
	Reason string    // for people
	// Throttled tells that the whole installation has to wait until At, not just this job.
	Throttled bool
	// Limit is how many tries in all are worth it, this one included; 0: as many as the caller likes. It is small where GitHub
	// says no and may mean "not yet": its copies lag behind the event by seconds.
	Limit int
}

// lagging is the Limit of answers that are a no unless GitHub's copies lag.
const lagging = 3

// Judge turns any error of this package or of go-github into a verdict. It is the only place that compares status codes. A
// nil error needs no retry.
func Judge(err error, now time.Time) Verdict {
	if err == nil {
		return Verdict{}
	}
	if v, ok := judgeLimit(err, now); ok {
		return v
	}
	if token := (*TokenError)(nil); errors.As(err, &token) {
		if v, ok := judgeToken(token); ok {
			return v
		}
	}
	if query := (*QueryError)(nil); errors.As(err, &query) {
		return judgeQuery(query)
	}
	if resp, message := answerOf(err); resp != nil {
		return judgeAnswer(resp, message, now)
	}
	return judgeOther(err, now)
}

// Patience is how long GitHub works on one request before it gives up
// (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts). A write whose answer was lost may be
// carried out until then, and is not to be looked up before.
const Patience = 10 * time.Second

// judgeLimit knows the rate limits, those that go-github found included.
func judgeLimit(err error, now time.Time) (Verdict, bool) {
	var (
		throttled *Throttled
		primary   *github.RateLimitError
		secondary *github.AbuseRateLimitError
	)
	v := Verdict{Retry: true, Throttled: true}
	switch {
	case errors.As(err, &throttled):
		v.At, v.Reason = throttled.Until, throttled.Why
		// Few requests use the other limits; the rest of the installation can go on.
		v.Throttled = throttled.Resource == everything || throttled.Resource == core || throttled.Resource == graphQL
	case errors.As(err, &primary):
		v.At, v.Reason = primary.Rate.Reset.Time, "GitHub's rate limit is used up"
	case errors.As(err, &secondary):
		v.At, v.Reason = now.Add(pause), "GitHub's secondary rate limit is met"
		if secondary.RetryAfter != nil {
			v.At = now.Add(*secondary.RetryAfter)
		}
	default:
		return Verdict{}, false
	}
	if !v.At.After(now) {
		v.At = now.Add(time.Second)
	}
	if last := now.Add(maxWait); v.At.After(last) {
		v.At = last
	}
	return v, true
}

// judgeToken knows the answers to a token request that mean something else than those to other requests.
func judgeToken(err *TokenError) (Verdict, bool) {
	if errors.Is(err, errNoInstallation) {
		return Verdict{Reason: errNoInstallation.Error()}, true
	}
	resp, message := answerOf(err.Err)
	if resp == nil {
		return Verdict{}, false
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		// Only the operator can mend it; what waits is not to be lost until then.
		return Verdict{Retry: true, Reason: "GitHub does not accept the app's key: check app_id, the private key and this machine's clock (" + message + ")"}, true
	case http.StatusForbidden:
		return Verdict{Reason: fmt.Sprintf("installation %d is suspended or may not be used: %s", err.Installation, message)}, true
	case http.StatusNotFound:
		return Verdict{Limit: lagging, Retry: true, Reason: fmt.Sprintf("installation %d is gone: the app is not installed there any more, or app_id names another app", err.Installation)}, true
	}
	return Verdict{}, false
}

// judgeQuery knows the types of GraphQL problems. GitHub does not list them; these were seen in the wild.
func judgeQuery(err *QueryError) Verdict {
	v := Verdict{Retry: true, Reason: err.Error()}
	switch {
	case err.Has("FORBIDDEN"), err.Has("INSUFFICIENT_SCOPES"):
		v.Retry, v.Reason = false, "the app lacks a permission: "+v.Reason
	case err.Has("NOT_FOUND"), err.Has("UNPROCESSABLE"), err.Has("STALE_DATA"), err.Has("CONFLICT"):
		v.Limit = lagging
	case err.Has("SERVICE_UNAVAILABLE"), err.Has("INTERNAL"), transientWords(err):
		// GitHub's own trouble; the caller's backoff decides.
	default:
		v.Retry = false
	}
	return v
}

// transientWords tells whether the first problem is GitHub's own, which has no type.
func transientWords(err *QueryError) bool {
	if len(err.Problems) == 0 || err.Problems[0].Type != "" {
		return false
	}
	message := strings.ToLower(err.Problems[0].Message)
	for _, words := range []string{"something went wrong", "timeout", "timed out", "try again"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// answerOf finds GitHub's answer in an error, and what it says in words.
func answerOf(err error) (*http.Response, string) {
	var answer *github.ErrorResponse
	if otp := (*github.TwoFactorAuthError)(nil); errors.As(err, &otp) {
		answer = (*github.ErrorResponse)(otp)
	} else if !errors.As(err, &answer) {
		return nil, ""
	}
	if answer.Response == nil {
		return nil, ""
	}
	return answer.Response, words(answer)
}

// words puts GitHub's message and its details into one short line.
func words(e *github.ErrorResponse) string {
	parts := []string{}
	if e.Message != "" {
		parts = append(parts, clean(e.Message))
	}
	for i, d := range e.Errors {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Errors)-i))
			break
		}
		if d.Message != "" {
			parts = append(parts, clean(d.Message))
		} else if d.Field != "" || d.Code != "" {
			parts = append(parts, clean(strings.TrimSpace(d.Resource+" "+d.Field+" "+d.Code)))
		}
	}
	if len(parts) == 0 {
		return strings.ToLower(http.StatusText(e.Response.StatusCode))
	}
	return strings.Join(parts, "; ")
}

func judgeAnswer(resp *http.Response, message string, now time.Time) Verdict {
	v := Verdict{Reason: refused(resp, message)}
	switch code := resp.StatusCode; {
	case code == http.StatusForbidden:
		v.Reason = forbidden(resp, message)
	case code == http.StatusUnauthorized:
		v.Retry, v.Reason = true, "GitHub does not accept the installation's new token: "+message
	case code == http.StatusTooManyRequests:
		v.Retry, v.Throttled, v.At = true, true, now.Add(pause)
	case code == http.StatusNotFound:
		v.Retry, v.Limit = true, lagging
		v.Reason += " (it is gone, or the app may not see it)"
	case code == http.StatusConflict, code == http.StatusUnprocessableEntity:
		v.Retry, v.Limit = true, lagging
	case code == http.StatusMethodNotAllowed:
		// A merge is refused so, also when the base moved meanwhile or checks are not through GitHub's books yet.
		v.Retry, v.Limit = true, lagging
	case code == http.StatusRequestTimeout, code >= 500:
		v.Retry = true
		if at, ok := retryAfter(resp.Header, &clock{now: func() time.Time { return now }}); ok {
			v.At = at
		}
	case code >= 300 && code < 400:
		v.Reason += " (the repository was moved or renamed)"
	case code == http.StatusGone:
		v.Reason += " (this part of the repository is switched off or deleted)"
	case code == http.StatusUnavailableForLegalReasons:
		v.Reason += " (GitHub blocks the repository)"
	}
	return v
}

func refused(resp *http.Response, message string) string {
	what := "GitHub"
	if resp.Request != nil && resp.Request.URL != nil {
		what = fmt.Sprintf("%s %s", resp.Request.Method, clean(resp.Request.URL.Path))
	}
	return fmt.Sprintf("%s: %d %s", what, resp.StatusCode, message)
}

func forbidden(resp *http.Response, message string) string {
	lower := strings.ToLower(message)
	switch {
	case strings.Contains(lower, "archived"):
		return "the repository is archived: " + refused(resp, message)
	case strings.Contains(lower, "suspended"):
		return "the installation is suspended: " + refused(resp, message)
	}
	// The header holds one or more sets of permissions, any of which would do: "contents=read; pull_requests=write".
	if need := clean(resp.Header.Get("X-Accepted-GitHub-Permissions")); need != "" && strings.Contains(lower, "not accessible by") {
		return fmt.Sprintf("the app lacks a permission, it needs %s: %s", strings.ReplaceAll(need, "; ", " or "), refused(resp, message))
	}
	if strings.Contains(lower, "not accessible by") {
		return "the app lacks a permission: " + refused(resp, message)
	}
	return refused(resp, message)
}

// judgeOther knows the errors that came instead of an answer.
func judgeOther(err error, now time.Time) Verdict {
	var (
		syntax   *json.SyntaxError
		mismatch *json.UnmarshalTypeError
		cert     *tls.CertificateVerificationError
		dns      *net.DNSError
		accepted *github.AcceptedError
		request  *url.Error // net/http wraps in it whatever kept a request from being answered
		network  net.Error
	)
	sent := errors.As(err, &request)
	text := clean(err.Error())
	if sent {
		text = clean(request.Err.Error())
	}
	var at time.Time
	if sent && request.Op != "Get" && !unsent(err) {
		at = now.Add(Patience)
	}
	switch {
	case errors.As(err, &accepted):
		return Verdict{Retry: true, Reason: "GitHub still works it out"}
	case errors.Is(err, context.Canceled):
		return Verdict{Retry: true, At: at, Reason: "interrupted"}
	case errors.Is(err, context.DeadlineExceeded):
		return Verdict{Retry: true, At: at, Reason: "GitHub did not answer in time"}
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrFileTooLarge), errors.Is(err, ErrNotFile):
		return Verdict{Reason: text}
	case errors.As(err, &mismatch):
		return Verdict{Reason: "GitHub's answer has another form than expected: " + text}
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Verdict{Retry: true, At: at, Reason: "GitHub's answer broke off or is no JSON: " + text}
	case errors.As(err, &cert):
		return Verdict{Retry: true, Reason: "GitHub's certificate is not trusted: " + text}
	case errors.As(err, &dns):
		return Verdict{Retry: true, Reason: "GitHub's host is not found: " + text}
	case errors.As(err, &network) && network.Timeout():
		return Verdict{Retry: true, At: at, Reason: "GitHub did not answer in time"}
	case sent, errors.As(err, &network):
		return Verdict{Retry: true, At: at, Reason: "GitHub cannot be reached: " + text}
	default:
		return Verdict{Reason: text}
	}
}

// unsent tells that no connection was made, so that GitHub has nothing to carry out.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// Answered tells whether err is GitHub's answer with this status and, where words are given, a message that holds one of them
// (in lower case). GitHub documents few of its messages: where one is compared, a change of its wording makes the work fail
// aloud instead of being passed over.
func Answered(err error, status int, words ...string) bool {
	resp, said := answerOf(err)
	// Without a token the request was not sent: what was answered is not about it.
	if token := (*TokenError)(nil); resp == nil || resp.StatusCode != status || errors.As(err, &token) {
		return false
	}
	said = strings.ToLower(said)
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
}

// clean makes one short printable line of text that came from outside.
func clean(s string) string {
	const most = 300
	s = Scrub(s)
	out := make([]rune, 0, min(len(s), most))
	for _, r := range s {
		if len(out) == most {
			return string(out) + "…"
		}
		if unicode.IsSpace(r) {
			r = ' '
		}
		if unicode.IsPrint(r) {
			out = append(out, r)
		}
	}
	return strings.TrimSpace(string(out))
}
