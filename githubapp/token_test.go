package githubapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// One token serves an hour of requests, and is renewed before it ends.
func TestTokenIsKept(t *testing.T) {
	now := newFakeNow()
	s := newWireServer(t, always(200, `{}`))
	s.mintWith(func(n int64, w http.ResponseWriter, r *http.Request) {
		answer(w, 201, fmt.Sprintf(`{"token":"ghs_%d","expires_at":%q}`, n, now.now().Add(time.Hour).UTC().Format(time.RFC3339)),
			"Date", now.now().UTC().Format(http.TimeFormat))
	})
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, `{}`, "Date", now.now().UTC().Format(http.TimeFormat))
	}
	c := newApp(t, s.URL, withNow(now)).Client(7)
	for _, step := range []struct {
		later time.Duration
		auth  string
	}{{0, "token ghs_1"}, {58 * time.Minute, "token ghs_1"}, {90 * time.Second, "token ghs_2"}, {time.Minute, "token ghs_2"}} {
		now.advance(step.later)
		if err := get(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		if got := s.auth(); got != step.auth {
			t.Errorf("after %v: %q, want %q", step.later, got, step.auth)
		}
	}
}

// One refresh serves all callers; a caller that gives up does so at once and fails nobody else, not even as the first.
func TestTokenIsShared(t *testing.T) {
	release, asked := make(chan struct{}), make(chan struct{})
	s := newWireServer(t, always(200, `{}`))
	s.mintWith(func(n int64, w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
		mintToken(n, w, r)
	})
	c := newApp(t, s.URL).Client(7)
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() { first <- get(ctx, c) }()
	<-asked
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := get(context.Background(), c); err != nil {
				t.Errorf("a waiting caller: %v", err)
			}
		})
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) { // while GitHub has not answered yet
		t.Errorf("the caller that gave up: %v", err)
	}
	close(release)
	wg.Wait()
	if n := s.mints.Load(); n != 1 {
		t.Errorf("%d tokens were asked for, want 1", n)
	}
}

// A token that GitHub refuses is dropped, and the request made once more with a new one, its body included.
func TestTokenRefused(t *testing.T) {
	var bodies []string
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(data))
		if r.Header.Get("Authorization") == "token ghs_1" {
			answer(w, 401, `{"message":"Bad credentials"}`)
			return
		}
		answer(w, 201, `[]`)
	}
	c := newApp(t, s.URL).Client(7)
	if _, _, err := c.Issues.AddLabelsToIssue(context.Background(), "acme", "app", 7, []string{"bug"}); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] || !strings.Contains(bodies[1], "bug") {
		t.Errorf("bodies %q", bodies)
	}
	if got := s.mints.Load(); got != 2 {
		t.Errorf("%d tokens, want 2", got)
	}
}

// When every token is refused, two requests are made and the error says what it is.
func TestTokenRefusedAgain(t *testing.T) {
	s := newWireServer(t, always(401, `{"message":"Bad credentials"}`))
	c := newApp(t, s.URL).Client(7)
	err := get(context.Background(), c)
	if !Answered(err, 401) {
		t.Fatalf("got %v", err)
	}
	if s.requests.Load() != 2 || s.mints.Load() != 2 {
		t.Errorf("%d requests with %d tokens, want 2 and 2", s.requests.Load(), s.mints.Load())
	}
	if v := Judge(err, time.Now()); !v.Retry {
		t.Errorf("verdict %+v", v)
	}
}

func TestForget(t *testing.T) {
	s := newWireServer(t, always(200, `{}`))
	a := newApp(t, s.URL)
	for want := int64(1); want <= 2; want++ {
		for range 2 {
			if err := get(context.Background(), a.Client(7)); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.mints.Load(); got != want {
			t.Errorf("%d tokens, want %d", got, want)
		}
		a.Forget(7)
	}
}

// A token that was asked for before Forget and comes after it is not kept.
func TestForgetDuringRefresh(t *testing.T) {
	release, asked := make(chan struct{}), make(chan struct{}, 9)
	s := newWireServer(t, always(200, `{}`))
	s.mintWith(func(n int64, w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		if n == 1 {
			<-release
		}
		mintToken(n, w, r)
	})
	a := newApp(t, s.URL)
	done := make(chan error, 1)
	go func() { done <- get(context.Background(), a.Client(7)) }()
	<-asked
	a.Forget(7)
	if err := get(context.Background(), a.Client(7)); err != nil { // does not wait for the old one
		t.Fatal(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := get(context.Background(), a.Client(7)); err != nil {
		t.Fatal(err)
	}
	if got := s.auth(); got != "token ghs_2" {
		t.Errorf("the newest token is %q", got)
	}
}

// Many installations at once: nothing of one leaks to another. Run with -race.
func TestInstallationsDoNotMix(t *testing.T) {
	s := newWireServer(t, nil)
	s.mintWith(func(n int64, w http.ResponseWriter, r *http.Request) {
		id := strings.Split(r.URL.Path, "/")[3]
		answer(w, 201, fmt.Sprintf(`{"token":"ghs_of_%s","expires_at":%q}`, id, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	})
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		id := strings.Split(r.URL.Path, "/")[2]
		if got, want := r.Header.Get("Authorization"), "token ghs_of_"+id; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		answer(w, 200, `{}`)
	}
	a := newApp(t, s.URL)
	var wg sync.WaitGroup
	for id := int64(1); id <= 20; id++ {
		for range 3 {
			wg.Go(func() {
				if _, _, err := a.Client(id).Issues.Get(context.Background(), fmt.Sprint(id), "app", 1); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
}

// The token goes to the configured host alone, whoever redirects where.
func TestTokenStaysHome(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range []string{"Authorization", "X-Github-Api-Version"} {
			if got := r.Header.Get(h); got != "" {
				t.Errorf("a foreign host was sent %s: %q", h, got)
			}
		}
		io.WriteString(w, "log text")
	}))
	defer foreign.Close()
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/moved") {
			http.Redirect(w, r, "/home", http.StatusTemporaryRedirect)
			return
		}
		if r.URL.Path == "/home" {
			if got := r.Header.Get("Authorization"); got != "token ghs_1" {
				t.Errorf("after a redirect at home: %q", got)
			}
			answer(w, 200, `{}`)
			return
		}
		http.Redirect(w, r, foreign.URL+"/log", http.StatusFound)
	}
	c := newApp(t, s.URL).Client(7)
	for _, address := range []string{"away", "moved", foreign.URL + "/direct"} {
		req, err := c.NewRequest("GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(context.Background(), req, io.Discard); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	// A token that somebody put there is taken away too.
	req, _ := c.NewRequest("GET", foreign.URL+"/direct", nil)
	req.Header.Set("Authorization", "token stolen")
	if _, err := c.Do(context.Background(), req, io.Discard); err != nil {
		t.Error(err)
	}
}

// Of a refused token request nothing stays open, and the error is GitHub's.
func TestRefusedTokenRequest(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		retry  bool
		want   string
	}{
		{401, `{"message":"A JSON web token could not be decoded"}`, true, "check app_id"},
		{403, `{"message":"This installation has been suspended"}`, false, "installation 7 is suspended"},
		{404, `{"message":"Not Found"}`, true, "not installed there any more"},
		{500, `{"message":"oops"}`, true, "500"},
		{502, `<html>bad gateway</html>`, true, "502"},
		{201, `{"token":`, true, "broke off"},
		{201, `{}`, true, "no token"},
	} {
		s := newWireServer(t, always(200, `{}`))
		s.mintWith(func(_ int64, w http.ResponseWriter, _ *http.Request) { answer(w, c.status, c.body) })
		open := &openBodies{base: http.DefaultTransport}
		client := newApp(t, s.URL, func(o *Options) { o.Transport = open }).Client(7)
		err := get(context.Background(), client)
		var token *TokenError
		if !errors.As(err, &token) || token.Installation != 7 {
			t.Errorf("%d: got %v", c.status, err)
			continue
		}
		v := Judge(err, time.Now())
		if v.Retry != c.retry || !strings.Contains(v.Reason, c.want) {
			t.Errorf("%d %s: verdict %+v, want retry %v and %q", c.status, c.body, v, c.retry, c.want)
		}
		if n := open.n.Load(); n != 0 {
			t.Errorf("%d: %d bodies are still open", c.status, n)
		}
		if s.requests.Load() != 0 {
			t.Errorf("%d: a request was made without a token", c.status)
		}
	}
}

// openBodies counts response bodies that are not closed.
type openBodies struct {
	base http.RoundTripper
	n    atomic.Int64
}

func (o *openBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.base.RoundTrip(r)
	if err == nil {
		o.n.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &o.n}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	open *atomic.Int64
	once sync.Once
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

func TestNoInstallation(t *testing.T) {
	s := newWireServer(t, always(200, `{}`))
	err := get(context.Background(), newApp(t, s.URL).Client(0))
	if v := Judge(err, time.Now()); err == nil || v.Retry || !strings.Contains(v.Reason, "names no installation") {
		t.Errorf("%v: %+v", err, v)
	}
	if s.mints.Load()+s.requests.Load() != 0 {
		t.Error("a request was made")
	}
}

// strictGitHub judges app tokens as GitHub does, by its own clock.
func strictGitHub(t *testing.T, now func() time.Time, key any) func(int64, http.ResponseWriter, *http.Request) {
	return func(n int64, w http.ResponseWriter, r *http.Request) {
		var claims jwt.RegisteredClaims
		parser := jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithValidMethods([]string{"RS256"}))
		_, err := parser.ParseWithClaims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &claims,
			func(*jwt.Token) (any, error) { return key, nil })
		date := now().UTC().Format(http.TimeFormat)
		switch {
		case err != nil:
			answer(w, 401, `{"message":"A JSON web token could not be decoded"}`, "Date", date)
		case claims.Issuer != "12345":
			t.Errorf("issuer %q", claims.Issuer)
		case claims.IssuedAt.After(now()):
			answer(w, 401, `{"message":"'Issued at' claim ('iat') must be an Integer representing a time in the past"}`, "Date", date)
		case claims.ExpiresAt.Before(now()):
			answer(w, 401, `{"message":"'Expiration time' claim ('exp') must be in the future"}`, "Date", date)
		case claims.ExpiresAt.After(now().Add(10*time.Minute + time.Second)), claims.ExpiresAt.Sub(claims.IssuedAt.Time) > 10*time.Minute:
			answer(w, 401, `{"message":"'Expiration time' claim ('exp') is too far in the future"}`, "Date", date)
		default:
			answer(w, 201, fmt.Sprintf(`{"token":"ghs_%d","expires_at":%q}`, n, now().Add(time.Hour).UTC().Format(time.RFC3339)), "Date", date)
		}
	}
}

// A machine whose clock is wrong by minutes works at once, one that is wrong by hours after one refusal; and its idea of when
// tokens end is GitHub's.
func TestClockSkew(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration // of GitHub's clock
		mints int64
	}{{0, 1}, {2 * time.Minute, 1}, {-2 * time.Minute, 1}, {4 * time.Minute, 1}, {-4 * time.Minute, 1},
		{3 * time.Hour, 2}, {-3 * time.Hour, 2}, {11 * time.Minute, 2}} {
		now := newFakeNow()
		github := func() time.Time { return now.now().Add(c.ahead) }
		s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			answer(w, 200, `{}`, "Date", github().UTC().Format(http.TimeFormat))
		})
		s.mintWith(strictGitHub(t, github, &testKey().PublicKey))
		client := newApp(t, s.URL, withNow(now)).Client(7)
		for range 3 {
			if err := get(context.Background(), client); err != nil {
				t.Fatalf("GitHub %v ahead: %v", c.ahead, err)
			}
		}
		if got := s.mints.Load(); got != c.mints {
			t.Errorf("GitHub %v ahead: %d token requests, want %d", c.ahead, got, c.mints)
		}
		now.advance(58 * time.Minute)
		if err := get(context.Background(), client); err != nil || s.mints.Load() != c.mints {
			t.Errorf("GitHub %v ahead: a token was renewed after 58 minutes (%v)", c.ahead, err)
		}
	}
}

func TestUsable(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name          string
		expires, date time.Time
		want          time.Duration
	}{
		{"an hour", now.Add(time.Hour), now, 59 * time.Minute},
		{"an hour by GitHub's clock", now.Add(4 * time.Hour), now.Add(3 * time.Hour), 59 * time.Minute},
		{"no date", now.Add(time.Hour), time.Time{}, 59 * time.Minute},
		{"a short one", now.Add(100 * time.Second), now, 90 * time.Second},
		{"in the past", now.Add(-time.Hour), now, 50 * time.Minute},
		{"in a year", now.AddDate(1, 0, 0), now, 50 * time.Minute},
		{"no end", time.Time{}, now, 50 * time.Minute},
	} {
		if got := usable(c.expires, c.date, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
