package githubtest

import (
	"bytes"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Behaviour answers a request in place of the stand-in. carryOut does what GitHub would have done.
type Behaviour func(w http.ResponseWriter, r *http.Request, carryOut http.Handler)

// Answer lets b answer the next times requests of the method ("" for any) whose path matches glob, before anything else
// sees them (times < 0: all from now on). In glob, * stands for one segment or a part of it, and ** at its end for the rest.
// The one set last wins. The function that it returns takes it back.
func (s *Server) Answer(method, glob string, times int, b Behaviour) (stop func()) {
	rule := &behaviourRule{method: method, glob: glob, left: times, do: b}
	s.behaviour.mu.Lock()
	defer s.behaviour.mu.Unlock()
	s.behaviour.rules = append(s.behaviour.rules, rule)
	return func() {
		s.behaviour.mu.Lock()
		defer s.behaviour.mu.Unlock()
		rule.left = 0
	}
}

// SetLatency delays every answer; 0 ends it. It waits in real time.
func (s *Server) SetLatency(d time.Duration) {
	s.behaviour.mu.Lock()
	defer s.behaviour.mu.Unlock()
	s.behaviour.latency = d
}

// Reply answers with a fixed status, headers and body, and does nothing.
func Reply(status int, header map[string]string, body string) Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// Handle answers with h alone.
func Handle(h http.HandlerFunc) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { h(w, r) }
}

// Reset cuts the connection and does nothing.
func Reset() Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { cut(w) }
}

// LoseAnswer does what was asked and cuts the connection before the answer, which is how things get done twice.
func LoseAnswer() Behaviour {
	return func(w http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		carryOut.ServeHTTP(newMemo(), r)
		cut(w)
	}
}

// Unanswered does what was asked, calls done, and leaves the client without an answer until it goes away.
func Unanswered(done func()) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		carryOut.ServeHTTP(newMemo(), r)
		done()
		<-r.Context().Done()
	}
}

// Truncate does what was asked and sends only the first n bytes of the answer's body.
func Truncate(n int) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		rec := newMemo()
		carryOut.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		body := rec.body.Bytes()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(rec.status)
		w.Write(body[:min(n, len(body))])
		cut(w)
	}
}

// HoldUntil answers as usual once release is closed; a client that gives up first gets nothing done.
func HoldUntil(release <-chan struct{}) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		select {
		case <-release:
			carryOut.ServeHTTP(w, r)
		case <-r.Context().Done():
			cut(w)
		}
	}
}

// PrimaryLimit refuses as when the hour's requests are used up until reset.
func PrimaryLimit(reset time.Time) Behaviour {
	return Reply(http.StatusForbidden, map[string]string{
		"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Used": "5000", "X-RateLimit-Resource": "core",
		"X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10),
	}, `{"message":"API rate limit exceeded for installation.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}`)
}

// SecondaryLimit refuses as when requests come too thick, with Retry-After in whole seconds; without that header when
// retryAfter is 0, which GitHub does too.
func SecondaryLimit(retryAfter time.Duration) Behaviour {
	header := map[string]string{}
	if retryAfter > 0 {
		header["Retry-After"] = strconv.Itoa(int(retryAfter.Seconds()))
	}
	return Reply(http.StatusForbidden, header, `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`)
}

// cut ends the connection without another byte.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	conn.Close()
}

type behaviours struct {
	mu      sync.Mutex
	rules   []*behaviourRule
	latency time.Duration
}

type behaviourRule struct {
	method, glob string
	left         int
	do           Behaviour
}

func (b *behaviours) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules, b.latency = nil, 0
}

// next is the behaviour for r, or nil. It waits for the latency.
func (b *behaviours) next(r *http.Request) Behaviour {
	b.mu.Lock()
	latency := b.latency
	var do Behaviour
	for i := len(b.rules) - 1; i >= 0 && do == nil; i-- {
		if rule := b.rules[i]; rule.left != 0 && rule.matches(r) {
			rule.left--
			do = rule.do
		}
	}
	b.mu.Unlock()
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
		}
	}
	return do
}

func (rule *behaviourRule) matches(r *http.Request) bool {
	if rule.method != "" && rule.method != r.Method {
		return false
	}
	if prefix, rest := strings.CutSuffix(rule.glob, "**"); rest {
		return matchesPrefix(prefix, r.URL.Path)
	}
	ok, _ := path.Match(rule.glob, r.URL.Path)
	return ok
}

// matchesPrefix matches prefix, which ends where ** begins, against the start of p, segment by segment.
func matchesPrefix(prefix, p string) bool {
	want, have := strings.Split(prefix, "/"), strings.Split(p, "/")
	if len(have) < len(want) {
		return false
	}
	last := len(want) - 1
	ok, _ := path.Match(strings.Join(want[:last], "/"), strings.Join(have[:last], "/"))
	ok2, _ := path.Match(want[last]+"*", have[last])
	return ok && ok2
}

// memo is an answer kept in memory.
type memo struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newMemo() *memo { return &memo{header: http.Header{}, status: http.StatusOK} }

func (m *memo) Header() http.Header         { return m.header }
func (m *memo) WriteHeader(status int)      { m.status = status }
func (m *memo) Write(b []byte) (int, error) { return m.body.Write(b) }
