package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// What GitHub's refusals say of how long to wait, and for what.
func TestThrottle(t *testing.T) {
	now := newFakeNow()
	start := now.at.Load()
	reset := func(d time.Duration) string { return strconv.FormatInt(now.now().Add(d).Unix(), 10) }
	const secondary = `{"message":"You have exceeded a secondary rate limit. Please wait.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	for _, c := range []struct {
		name     string
		status   int
		body     string
		headers  []string
		wait     time.Duration // 0: not a rate limit
		resource string
	}{
		{"403 with Retry-After", 403, `{}`, []string{"Retry-After", "30"}, 30 * time.Second, everything},
		{"429 with Retry-After", 429, `{}`, []string{"Retry-After", "30"}, 30 * time.Second, everything},
		{"429 alone", 429, ``, nil, time.Minute, everything},
		{"Retry-After as a date", 429, `{}`, []string{"Retry-After", now.now().Add(90 * time.Second).UTC().Format(http.TimeFormat)}, 90 * time.Second, everything},
		{"Retry-After of nonsense", 429, `{}`, []string{"Retry-After", "soon"}, time.Minute, everything},
		{"Retry-After without end", 429, `{}`, []string{"Retry-After", "99999999999"}, maxWait, everything},
		{"Retry-After of zero", 403, `{}`, []string{"Retry-After", "0"}, time.Second, everything},
		{"403 with nothing remaining", 403, `{"message":"API rate limit exceeded"}`, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(20 * time.Minute)}, 20 * time.Minute, core},
		{"429 with nothing remaining", 429, `{}`, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(20 * time.Minute)}, 20 * time.Minute, core},
		{"a reset that is over", 403, `{}`, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(-time.Minute)}, time.Minute, everything},
		{"a reset without end", 403, `{}`, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "99999999999"}, maxWait, core},
		{"nothing remaining and no reset", 403, `{}`, []string{"X-RateLimit-Remaining", "0"}, time.Minute, everything},
		{"in words alone", 403, secondary, nil, time.Minute, everything},
		{"in words alone, with some remaining", 403, secondary, []string{"X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", reset(time.Hour)}, time.Minute, everything},
		{"abuse detection", 403, `{"message":"You have triggered an abuse detection mechanism."}`, nil, time.Minute, everything},
		{"another resource than thought", 403, `{}`, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(10 * time.Minute), "X-RateLimit-Resource", "dependency_snapshots"}, 10 * time.Minute, "dependency_snapshots"},
		{"a permission", 403, `{"message":"Resource not accessible by integration"}`, []string{"X-RateLimit-Remaining", "4000"}, 0, ""},
		{"not found with nothing remaining", 404, `{}`, []string{"X-RateLimit-Remaining", "0"}, 0, ""},
		{"busy", 503, `{}`, []string{"Retry-After", "30"}, 0, ""},
	} {
		now.at.Store(start)
		s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			answer(w, c.status, c.body, append([]string{"Date", now.now().UTC().Format(http.TimeFormat)}, c.headers...)...)
		})
		client := newApp(t, s.URL, withNow(now)).Client(7)
		err := get(context.Background(), client)
		var throttled *Throttled
		if !errors.As(err, &throttled) {
			if c.wait != 0 || err == nil {
				t.Errorf("%s: got %v, want a *Throttled", c.name, err)
			}
			continue
		}
		if got := throttled.Until.Sub(now.now()); (got-c.wait).Abs() > 2*time.Second || c.wait == 0 {
			t.Errorf("%s: wait %v, want %v", c.name, got, c.wait)
		}
		if throttled.Resource != c.resource {
			t.Errorf("%s: resource %q, want %q", c.name, throttled.Resource, c.resource)
		}
		v := Judge(fmt.Errorf("add label: %w", err), now.now())
		if !v.Retry || !v.At.Equal(throttled.Until) || v.Reason == "" || v.Throttled != (c.resource == everything || c.resource == core) {
			t.Errorf("%s: verdict %+v", c.name, v)
		}
		if c.resource == "dependency_snapshots" {
			continue
		}
		// While it holds, nothing is sent; afterwards it is.
		sent := s.requests.Load()
		if err := get(context.Background(), client); !errors.As(err, &throttled) || s.requests.Load() != sent {
			t.Errorf("%s: %v; %d requests were sent meanwhile", c.name, err, s.requests.Load()-sent)
		}
		now.advance(throttled.Until.Sub(now.now()))
		if get(context.Background(), client); s.requests.Load() != sent+1 {
			t.Errorf("%s: nothing is sent when the wait is over", c.name)
		}
	}
}

// An answer that uses up the limit is good; the next request of that resource waits, others do not.
func TestThrottleAfterLastRequest(t *testing.T) {
	now := newFakeNow()
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		resource := core
		if r.URL.Path == "/graphql" {
			resource = graphQL
		}
		answer(w, 200, `{"data":{}}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Resource", resource, "X-RateLimit-Limit", "5000",
			"X-RateLimit-Reset", strconv.FormatInt(now.now().Add(10*time.Minute).Unix(), 10), "Date", now.now().UTC().Format(http.TimeFormat))
	}
	a := newApp(t, s.URL, withNow(now))
	c := a.Client(7)
	if err := get(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	var throttled *Throttled
	if err := get(context.Background(), c); !errors.As(err, &throttled) || throttled.Resource != core {
		t.Errorf("got %v", err)
	}
	query := func() error { return c.Query(context.Background(), "{ viewer { login } }", nil, nil) }
	if err := query(); err != nil {
		t.Errorf("GraphQL has a limit of its own: %v", err)
	}
	if err := query(); !errors.As(err, &throttled) || throttled.Resource != graphQL {
		t.Errorf("got %v", err)
	}
	if err := get(context.Background(), a.Client(8)); err != nil {
		t.Errorf("another installation has a limit of its own: %v", err)
	}
	now.advance(10*time.Minute + 2*time.Second)
	if err := get(context.Background(), c); err != nil {
		t.Errorf("after the reset: %v", err)
	}
}

// Met again and again without a named end, the wait doubles; a success begins anew.
func TestThrottleBacksOff(t *testing.T) {
	now := newFakeNow()
	ok := false
	s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		status := 429
		if ok {
			status = 200
		}
		answer(w, status, `{}`, "Date", now.now().UTC().Format(http.TimeFormat))
	})
	c := newApp(t, s.URL, withNow(now)).Client(7)
	met := func() time.Duration {
		t.Helper()
		var throttled *Throttled
		if err := get(context.Background(), c); !errors.As(err, &throttled) {
			t.Fatalf("got %v", err)
		}
		wait := throttled.Until.Sub(now.now())
		now.advance(wait)
		return wait
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 16, 16} {
		if got := met(); got != want*time.Minute {
			t.Errorf("wait %v, want %v", got, want*time.Minute)
		}
	}
	ok = true
	if err := get(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	ok = false
	if got := met(); got != time.Minute {
		t.Errorf("wait %v after a success, want a minute", got)
	}
}

// A limit on token requests throttles the installation too.
func TestThrottleOfTokens(t *testing.T) {
	s := newWireServer(t, always(200, `{}`))
	s.mintWith(func(_ int64, w http.ResponseWriter, _ *http.Request) {
		answer(w, 403, `{"message":"secondary rate limit"}`, "Retry-After", "60")
	})
	c := newApp(t, s.URL).Client(7)
	for range 3 {
		var throttled *Throttled
		if err := get(context.Background(), c); !errors.As(err, &throttled) {
			t.Fatalf("got %v", err)
		}
	}
	if n := s.mints.Load(); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

func TestResource(t *testing.T) {
	for base, requests := range map[string]map[string]string{
		"": {
			"https://api.github.com/graphql":       graphQL,
			"https://api.github.com/search/issues": "search",
			"https://api.github.com/search/code":   "code_search",
			"https://api.github.com/repos/a/b":     core,
			"https://api.github.com/repos/search/": core,
		},
		"https://ghe.acme.org/api/v3/": {
			"https://ghe.acme.org/api/graphql":          graphQL,
			"https://ghe.acme.org/api/v3/search/issues": "search",
			"https://ghe.acme.org/api/v3/graphql":       core,
		},
	} {
		a := newApp(t, base)
		rt := a.transport(nil, nil)
		for address, want := range requests {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if got := rt.resource(&http.Request{URL: u}); got != want {
				t.Errorf("%s counts against %s, want %s", address, got, want)
			}
		}
	}
}

// TestLeft: what GitHub's answers say is left, of the limit that has less, until it begins anew.
func TestLeft(t *testing.T) {
	now := newFakeNow()
	start := now.now()
	var headers []string
	s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, `{"data":{}}`, append([]string{"Date", now.now().UTC().Format(http.TimeFormat)}, headers...)...)
	})
	client := newApp(t, s.URL, withNow(now)).Client(7)
	if n, _, known := client.Left(); known {
		t.Fatalf("%d are left before the first answer", n)
	}
	says := func(resource, remaining string, reset time.Duration) {
		headers = []string{"X-RateLimit-Remaining", remaining, "X-RateLimit-Resource", resource, "X-RateLimit-Reset", strconv.FormatInt(start.Add(reset).Unix(), 10)}
	}
	for i, c := range []struct {
		resource, remaining string
		reset               time.Duration
		query               bool
		want                int
	}{
		{core, "4000", time.Hour, false, 4000},
		{core, "3990", time.Hour, false, 3990},
		{core, "3995", time.Hour, false, 3990}, // was overtaken
		{graphQL, "100", time.Hour, true, 100},
		{graphQL, "5000", 2 * time.Hour, true, 3990}, // began anew
		{"search", "3", time.Hour, false, 3990},
		{core, "many", time.Hour, false, 3990},
		{core, "7", 1 << 30 * time.Second, false, 7},
	} {
		says(c.resource, c.remaining, c.reset)
		var err error
		if c.query {
			err = client.Query(context.Background(), "query { viewer { login } }", nil, nil)
		} else {
			err = get(context.Background(), client)
		}
		n, reset, known := client.Left()
		if err != nil || n != c.want || !known || reset.After(now.now().Add(maxWait)) {
			t.Errorf("%d: %d until %s, %t, %v, want %d", i, n, reset, known, err, c.want)
		}
	}
	now.at.Store(now.at.Load() + int64(3*time.Hour))
	if n, _, known := client.Left(); known {
		t.Errorf("%d are left of limits that began anew", n)
	}
}
