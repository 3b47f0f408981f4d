package githubapp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Throttled tells that GitHub asked to wait. The request was refused by GitHub, or not sent at all.
type Throttled struct {
	Until    time.Time // by this machine's clock
	Resource string    // the rate limit that is used up, such as core or graphql; "" when everything has to wait
	Why      string    // for people
}

func (e *Throttled) Error() string {
	return fmt.Sprintf("%s; not before %s", e.Why, e.Until.UTC().Format(time.RFC3339))
}

const (
	everything = ""
	core       = "core"
	graphQL    = "graphql"

	// pause is the wait that GitHub prescribes where it names none; it doubles as long as the limit is met again
	// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit).
	pause    = time.Minute
	maxPause = 16 * time.Minute
	// maxWait bounds what GitHub can make us wait: its longest window is an hour.
	maxWait = 2 * time.Hour
)

// throttle remembers until when an installation has to wait. It lets nothing wait: it refuses.
type throttle struct {
	clock *clock
	log   *slog.Logger // knows whose throttle it is

	mu      sync.Mutex
	waits   map[string]*Throttled // by resource
	strikes int                   // limits met one after the other without a named wait
	left    map[string]remaining  // by resource
}

// remaining is what is left of a rate limit until it begins anew.
type remaining struct {
	n     int
	reset time.Time
}

func newThrottle(c *clock, log *slog.Logger) *throttle {
	return &throttle{clock: c, log: log, waits: map[string]*Throttled{}, left: map[string]remaining{}}
}

// resource names the rate limit that a request counts against.
func (t *transport) resource(req *http.Request) string {
	if t.wire.endpoints.isGraphQL(req.URL) {
		return graphQL
	}
	path, _ := strings.CutPrefix(req.URL.Path, t.wire.endpoints.api.Path)
	switch {
	case strings.HasPrefix(path, "search/code"):
		return "code_search"
	case strings.HasPrefix(path, "search/"):
		return "search"
	default:
		return core
	}
}

// check returns a *Throttled when requests of that resource have to wait.
func (t *throttle) check(resource string) error {
	now := t.clock.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	var longest *Throttled
	for _, key := range []string{everything, resource} {
		w := t.waits[key]
		if w == nil {
			continue
		}
		if !now.Before(w.Until) {
			delete(t.waits, key)
		} else if longest == nil || w.Until.After(longest.Until) {
			longest = w
		}
	}
	if longest == nil {
		return nil
	}
	w := *longest
	return &w
}

// learn reads the rate limit out of an answer. It returns a *Throttled when the answer is GitHub's refusal because of it. An
// answer that used up the limit is good; the next request waits.
func (t *throttle) learn(resource string, resp *http.Response) error {
	if err := t.refusal(resource, resp); err != nil {
		return err
	}
	now := t.clock.now()
	t.note(resource, resp.Header)
	if reset, ok := t.usedUp(resp.Header); ok && reset.After(now) && sameResource(resp.Header, resource) {
		t.wait(resource, reset, primaryWhy(resp.Header, resource))
	}
	if resp.StatusCode < 300 {
		t.succeeded(now)
	}
	return nil
}

// note keeps what an answer says is left.
func (t *throttle) note(resource string, h http.Header) {
	n, err := strconv.ParseUint(h.Get("X-RateLimit-Remaining"), 10, 31)
	reset, resetErr := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || resetErr != nil || reset <= 0 || !sameResource(h, resource) {
		return
	}
	at := t.bounded(t.clock.local(time.Unix(reset, 0)).Add(time.Second))
	t.mu.Lock()
	defer t.mu.Unlock()
	if before := t.left[resource]; at.Sub(before.reset).Abs() < time.Minute && int(n) > before.n {
		return // an answer that was overtaken
	}
	t.left[resource] = remaining{int(n), at}
}

// Left is how many requests are left of the limit for REST and of that for GraphQL, whichever has fewer, and when that begins
// anew. It is not known before GitHub's first answer, nor after that time.
func (c *Client) Left() (n int, reset time.Time, known bool) {
	t := c.throttle
	now := t.clock.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, resource := range []string{core, graphQL} {
		if r, ok := t.left[resource]; ok && now.Before(r.reset) && (!known || r.n < n) {
			n, reset, known = r.n, r.reset, true
		}
	}
	return n, reset, known
}

// succeeded begins the doubling of waits anew, unless the request was under way before the limit was met.
func (t *throttle) succeeded(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.waits[everything]; w == nil || !now.Before(w.Until) {
		t.strikes = 0
	}
}

// refusal returns a *Throttled when GitHub refused a request because of a rate limit. It tells so in many ways: 403 or 429, with
// Retry-After or a used-up limit in the headers, or in words alone.
func (t *throttle) refusal(resource string, resp *http.Response) error {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	after, named := t.retryAfter(resp.Header)
	reset, usedUp := t.usedUp(resp.Header)
	inWords := limitInWords(resp)
	switch {
	case named:
		return t.wait(everything, after, "GitHub's secondary rate limit is met")
	case usedUp && reset.After(t.clock.now()):
		if !sameResource(resp.Header, resource) {
			return &Throttled{Until: t.bounded(reset), Resource: resp.Header.Get("X-RateLimit-Resource"), Why: primaryWhy(resp.Header, resource)}
		}
		return t.wait(resource, reset, primaryWhy(resp.Header, resource))
	case usedUp, inWords, resp.StatusCode == http.StatusTooManyRequests:
		return t.strike()
	default:
		return nil
	}
}

// wait notes that a resource has to wait until a time, and returns the error that says so.
func (t *throttle) wait(resource string, until time.Time, why string) error {
	until = t.bounded(until)
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.waits[resource]
	if w == nil || until.After(w.Until) {
		w = &Throttled{Until: until, Resource: resource, Why: why}
		t.waits[resource] = w
		t.log.Warn("GitHub asks to wait", "resource", cmp.Or(resource, "all"), "until", until, "why", why)
	}
	told := *w
	return &told
}

// strike is wait for a limit whose end GitHub does not tell.
func (t *throttle) strike() error {
	now := t.clock.now()
	t.mu.Lock()
	// Requests that were on their way together meet the limit together; that is one strike.
	if w := t.waits[everything]; w != nil && now.Before(w.Until) {
		told := *w
		t.mu.Unlock()
		return &told
	}
	d := min(pause<<min(t.strikes, 10), maxPause)
	t.strikes++
	t.mu.Unlock()
	return t.wait(everything, now.Add(d), "GitHub's secondary rate limit is met")
}

func (t *throttle) bounded(until time.Time) time.Time {
	now := t.clock.now()
	if first := now.Add(time.Second); until.Before(first) {
		return first
	}
	if last := now.Add(maxWait); until.After(last) {
		return last
	}
	return until
}

// retryAfter is when a Retry-After header lets us try again; it holds seconds or a date.
func (t *throttle) retryAfter(h http.Header) (time.Time, bool) { return retryAfter(h, t.clock) }

func retryAfter(h http.Header, c *clock) (time.Time, bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseInt(value, 10, 64); err == nil && s >= 0 {
		return c.now().Add(time.Duration(min(s, int64(maxWait/time.Second))) * time.Second), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return c.local(date), true
	}
	return time.Time{}, false
}

// usedUp tells that nothing remains of a rate limit, and when it begins anew.
func (t *throttle) usedUp(h http.Header) (reset time.Time, ok bool) {
	if h.Get("X-RateLimit-Remaining") != "0" {
		return time.Time{}, false
	}
	s, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || s <= 0 {
		return time.Time{}, true
	}
	// A second more, because both clocks are cut to the second.
	return t.clock.local(time.Unix(s, 0)).Add(time.Second), true
}

// sameResource tells whether the headers are about the limit that a request was thought to count against.
func sameResource(h http.Header, resource string) bool {
	told := h.Get("X-RateLimit-Resource")
	return told == "" || told == resource || resource == everything
}

func primaryWhy(h http.Header, resource string) string {
	if resource == everything {
		return "GitHub's rate limit is used up"
	}
	limit := ""
	if n, err := strconv.ParseUint(h.Get("X-RateLimit-Limit"), 10, 32); err == nil {
		limit = fmt.Sprintf(" (%d an hour)", n)
	}
	return fmt.Sprintf("GitHub's %s rate limit%s is used up", resource, limit)
}

// limitInWords tells whether only the text of an answer says that a rate limit was met. It leaves the body as it was.
func limitInWords(resp *http.Response) bool {
	data, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(data))
	var answer struct {
		Message string `json:"message"`
		DocURL  string `json:"documentation_url"`
	}
	if err != nil || json.Unmarshal(data, &answer) != nil {
		return false
	}
	return speaksOfLimit(answer.Message) || strings.HasSuffix(answer.DocURL, "secondary-rate-limits") ||
		strings.HasSuffix(answer.DocURL, "#abuse-rate-limits")
}

func speaksOfLimit(message string) bool {
	message = strings.ToLower(message)
	for _, words := range []string{"secondary rate limit", "rate limit exceeded", "abuse detection mechanism"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}
