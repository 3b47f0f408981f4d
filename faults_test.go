package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
)

const faultRules = `
[[rule]]
name = "Kept"
when.kind  = "issue"
when.title = "Kept *"
then.label = "docs"

[[rule]]
name = "Once"
on   = "issues.opened"
when.title   = "Once *"
then.comment = "Once."

[[rule]]
name = "Read and write by GraphQL"
on   = "discussion.created"
when.title   = "Once *"
then.comment = "Once."

[[rule]]
name = "Keep by GraphQL"
on   = "discussion.created"
when.title = "Kept *"
then.label = "docs"
`

// faultOp is one request of the bot, which a fault strikes.
type faultOp struct {
	name         string
	method, path string
	query        string // a word of a GraphQL query; "" for REST
	title        string // of what is opened: it says which rule holds
	// there counts what the rule did at GitHub.
	there func(s *githubtest.Server, repo string, number int) int
}

// open opens the issue or discussion that leads to the request.
func (op faultOp) open(v githubtest.Visit, n int) (number int, err error) {
	title := fmt.Sprintf("%s %d", op.title, n)
	if op.query != "" {
		return v.OpenDiscussion("General", title, "")
	}
	return v.OpenIssue(title, "")
}

func labelsOn(s *githubtest.Server, repo string, number int) int {
	i, _ := s.Issue(repo, number)
	return len(i.Labels)
}

func commentsOn(s *githubtest.Server, repo string, number int) int {
	i, _ := s.Issue(repo, number)
	return len(i.Comments)
}

func discussedOn(s *githubtest.Server, repo string, number int) int {
	return len(s.DiscussionComments(repo, number))
}

var restOps = []faultOp{
	{"read", "GET", "/repos/acme/app/issues/*/comments", "", "Once", commentsOn},
	{"kept", "POST", "/repos/acme/app/issues/*/labels", "", "Kept", labelsOn},
	{"one-shot", "POST", "/repos/acme/app/issues/*/comments", "", "Once", commentsOn},
}

var graphQLOps = []faultOp{
	{"read", "POST", "/graphql", "comments(last", "Once", discussedOn},
	{"kept", "POST", "/graphql", "addLabelsToLabelable", "Kept", nil},
	{"one-shot", "POST", "/graphql", "addDiscussionComment", "Once", discussedOn},
}

// fault is one way in which GitHub misbehaves.
type fault struct {
	name   string
	answer githubtest.Behaviour // in place of what GitHub would say, when it is about one request
	limit  int                  // the status of a refusal because the hour's requests are used up
	lost   bool                 // the answer does not come in time
	happen func(w *world) error // else what happens at GitHub, after the event and before the bot asks

	spares     string // the operation that it does not strike
	repository string // as it is called then; "" for acme/app
}

func answers(status int, message string, header ...string) githubtest.Behaviour {
	headers := map[string]string{}
	for i := 0; i+1 < len(header); i += 2 {
		headers[header[i]] = header[i+1]
	}
	return githubtest.Reply(status, headers, `{"message":`+strconv.Quote(message)+`}`)
}

// usedUp refuses as when the hour's requests are used up for ten minutes more.
func usedUp(status int, now time.Time) githubtest.Behaviour {
	return answers(status, "API rate limit exceeded for installation.", "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0",
		"X-RateLimit-Resource", "core", "X-RateLimit-Reset", strconv.FormatInt(now.Add(10*time.Minute).Unix(), 10))
}

const secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

// olivia owns acme.
func olivia(w *world) githubtest.Visit { return w.github.As("olivia").On("acme/app") }

var restFaults = []fault{
	{name: "500", answer: answers(500, "Server Error")},
	{name: "502", answer: githubtest.Reply(502, nil, "<html>Unicorn!</html>")},
	{name: "503", answer: answers(503, "Service unavailable")},
	{name: "503 with Retry-After: 120", answer: answers(503, "Down for maintenance", "Retry-After", "120")},
	{name: "504", answer: answers(504, "We couldn't respond to your request in time.")},
	{name: "connection reset before GitHub did anything", answer: githubtest.Reset()},
	{name: "connection reset after GitHub did it", answer: githubtest.LoseAnswer()},
	{name: "no answer in time, though GitHub did it", lost: true},
	{name: "body broken off, though GitHub did it", answer: githubtest.Truncate(20)},
	{name: "403, rate limit used up until x-ratelimit-reset, in 10 minutes", limit: 403},
	{name: "429, rate limit used up until x-ratelimit-reset, in 10 minutes", limit: 429},
	{name: "403, secondary rate limit, Retry-After: 30", answer: githubtest.SecondaryLimit(30 * time.Second)},
	{name: "403, secondary rate limit, no Retry-After", answer: githubtest.SecondaryLimit(0)},
	{name: "429, Retry-After: 30", answer: answers(429, secondary, "Retry-After", "30")},
	{name: "429, no Retry-After", answer: answers(429, secondary)},
	{name: "404", answer: answers(404, "Not Found")},
	{name: "409", answer: answers(409, "Conflict")},
	{name: "422", answer: answers(422, "Validation Failed")},
	{name: "400", answer: answers(400, "Problems parsing JSON")},
	{name: "410", answer: answers(410, "Issues are disabled for this repo")},
	{name: "451", answer: answers(451, "Repository access blocked")},
	{name: "401 for a token that is good", answer: answers(401, "Bad credentials")},
	{name: "token revoked or expired early", happen: func(w *world) error { w.github.RevokeTokens(w.seeded.Installation); return nil }},
	{name: "installation suspended", happen: func(w *world) error {
		w.github.Suspend(w.seeded.Installation)
		w.github.RevokeTokens(w.seeded.Installation) // whether the bot has one still is chance
		return nil
	}},
	{name: "App uninstalled", happen: func(w *world) error { w.github.Uninstall(w.seeded.Installation); return nil }},
	{name: "repository taken from the installation", happen: func(w *world) error { w.github.SelectRepositories(w.seeded.Installation, []string{}); return nil }},
	{name: "repository deleted", happen: func(w *world) error {
		w.github.Answer("", "/repos/acme/app/**", -1, answers(404, "Not Found"))
		return nil
	}},
	{name: "repository renamed", happen: func(w *world) error { return olivia(w).Rename("apple") }, repository: "acme/apple"},
	{name: "repository transferred to where the App is not", happen: func(w *world) error { return olivia(w).Transfer("bob") }, repository: "bob/app"},
	{name: "repository archived", happen: func(w *world) error { return olivia(w).SetArchived(true) }, spares: "read"},
	{name: "permission missing", happen: func(w *world) error {
		w.github.SetPermissions(w.seeded.Installation, githubtest.Permissions{"metadata": "read", "contents": "read"})
		w.github.RevokeTokens(w.seeded.Installation) // one from before would still have them
		return nil
	}, spares: "read"},
	{name: "403 for another reason", answer: answers(403, "Forbidden")},
}

// problems is an answer of GraphQL, which has the status 200 whatever happened.
func problems(list string) githubtest.Behaviour {
	return githubtest.Reply(200, nil, `{"data":{"node":{"comments":{"nodes":[]}}},"errors":[`+list+`]}`)
}

var graphQLFaults = []fault{
	{name: "502", answer: githubtest.Reply(502, nil, "<html>Unicorn!</html>")},
	{name: "connection reset after GitHub did it", answer: githubtest.LoseAnswer()},
	{name: "no answer in time, though GitHub did it", lost: true},
	{name: "body broken off, though GitHub did it", answer: githubtest.Truncate(10)},
	{name: "RATE_LIMITED", answer: problems(`{"type":"RATE_LIMITED","message":"API rate limit exceeded for installation ID 7."}`)},
	{name: "secondary rate limit in words", answer: problems(`{"message":"You have exceeded a secondary rate limit."}`)},
	{name: "403, secondary rate limit, Retry-After: 30", answer: githubtest.SecondaryLimit(30 * time.Second)},
	{name: "NOT_FOUND, with the rest of the data", answer: problems(`{"type":"NOT_FOUND","path":["node"],"message":"Could not resolve to a node with the global id of 'D_1'."}`)},
	{name: "UNPROCESSABLE", answer: problems(`{"type":"UNPROCESSABLE","message":"Pull request is in draft"}`)},
	{name: "FORBIDDEN", answer: problems(`{"type":"FORBIDDEN","message":"Resource not accessible by integration"}`)},
	{name: "Something went wrong, without a type", answer: problems(`{"message":"Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug."}`)},
	{name: "SERVICE_UNAVAILABLE", answer: problems(`{"type":"SERVICE_UNAVAILABLE","message":"Service unavailable"}`)},
	{name: "another problem", answer: problems(`{"message":"Field 'x' doesn't exist on type 'Query'"}`)},
	{name: "401 for a token that is good", answer: answers(401, "Bad credentials")},
	{name: "token revoked or expired early", happen: func(w *world) error { w.github.RevokeTokens(w.seeded.Installation); return nil }},
	{name: "repository renamed", happen: func(w *world) error { return olivia(w).Rename("apple") }, repository: "acme/apple"},
}

// TestFaults lets GitHub misbehave in each way that is known, towards a read, an action that is kept and one that is done
// once, and writes down what becomes of it: once, and where the fault stays. The table is githubapp/FAULTS.md.
func TestFaults(t *testing.T) {
	var b strings.Builder
	b.WriteString(faultsHead)
	for _, part := range []struct {
		title  string
		faults []fault
		ops    []faultOp
	}{{"REST", restFaults, restOps}, {"GraphQL", graphQLFaults, graphQLOps}} {
		fmt.Fprintf(&b, "\n## %s\n\n| GitHub | a read | a kept action | a one-shot action | the reason that is told |\n|---|---|---|---|---|\n", part.title)
		standing := newFaultWorld(t)
		defer standing.close()
		for _, f := range part.faults {
			cells, reason := []string{f.name}, ""
			for _, op := range part.ops {
				if f.spares == op.name {
					cells = append(cells, "works")
					continue
				}
				w := standing
				if f.happen != nil { // for good
					w = newFaultWorld(t)
				}
				became, why := w.becomes(f, op)
				cells = append(cells, became)
				if reason == "" || op.name == "kept" {
					reason = why
				}
				if w != standing {
					w.close()
				}
			}
			fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(cells, " | "), strings.ReplaceAll(reason, "|", "\\|"))
		}
	}
	file := filepath.Join("githubapp", "FAULTS.md")
	if *update {
		write(t, file, []byte(b.String()), 0o644)
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		t.Errorf("%s is out of date (%v): go test . -run TestFaults -update, and read what changed\n%s", file, err, b.String())
	}
}

const faultsHead = `# What happens when GitHub misbehaves

Made by TestFaults (` + "`go test . -run TestFaults -update`" + `), which plays each line against the stand-in GitHub: the fault once and,
after the semicolon, for as long as it takes. The read is the look before a one-shot action. Whatever is done was done once.

Waits double from one second to five minutes, with a share that keeps those apart that failed together, unless GitHub names
one. Later work on the same issue or pull request stands behind what waits; the rest of the repository goes on, except
that a rate limit holds its whole installation, and no other. An answer that means no may mean "not yet", because GitHub's
copies lag behind its events: 404, 409, 422 and their likes are tried three times. What is given up is kept with its reason.
`

// long is how many waits are looked at before a day goes by.
const long = 4

type faultWorld struct {
	*world
	t    *testing.T
	late *late
	n    int // faults so far
}

func newFaultWorld(t *testing.T) *faultWorld {
	t.Helper()
	inner, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &faultWorld{world: inner, t: t, late: &late{}}
	w.transport = w.late
	w.must(os.WriteFile(filepath.Join(w.dir, "bot.toml"), []byte(faultRules), 0o600))
	w.must(w.start(nil, nil))
	// The rules of the repository are known by then, and so is the App.
	_, err = w.github.As("carol").On("acme/app").OpenIssue("Once upon a time", "")
	w.must(err)
	w.must(w.idle(nil, nil))
	return w
}

func (w *faultWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.log)
	}
}

// becomes plays a fault against a request, once and, unless it is for good, for ever, and tells what became of it.
func (w *faultWorld) becomes(f fault, op faultOp) (became, reason string) {
	w.t.Helper()
	waits, reason, _ := w.strike(f, op, 1)
	switch {
	case reason != "" && len(waits) == 0:
		return "given up at once", reason
	case reason != "":
		return fmt.Sprintf("given up after %d tries", len(waits)+1), reason
	case len(waits) == 0:
		became = "done at once"
	default:
		became = "done after " + strings.Replace(waits[0].String(), "m0s", "m", 1)
		if len(waits) > 1 {
			w.t.Errorf("%s, %s: waited %v for a fault that struck once", f.name, op.name, waits)
		}
	}
	if f.happen != nil {
		return became, ""
	}
	waits, reason, lasting := w.strike(f, op, -1)
	switch {
	case !lasting && reason == "": // found done by the second try
		return became, ""
	case lasting:
		return became + ", or when it is over", reason
	case len(waits) == long:
		return became + "; given up after a day", reason
	}
	return fmt.Sprintf("%s; given up after %d tries", became, len(waits)+1), reason
}

// strike lets an event come whose request meets the fault, so many times or, below 0, always. It returns the waits between the
// tries, the reason for which it was given up, "" when it was done, and whether it is waited for beyond a day. What is done is
// there once.
func (w *faultWorld) strike(f fault, op faultOp, times int) (waits []time.Duration, reason string, lasting bool) {
	w.t.Helper()
	w.n++
	w.github.HoldWebhooks()
	number, err := op.open(w.github.As("carol").On("acme/app"), w.n)
	w.must(err)
	stop := w.begin(f, op, times)
	w.github.ReleaseWebhooks()
	defer func() {
		stop()
		w.must(w.advance(nil, []string{"3h"})) // no limit lasts longer
		w.must(w.idle(nil, nil))
	}()
	last := w.last(store.Dead)
	for w.must(w.idle(nil, nil)); ; w.must(w.idle(nil, nil)) {
		counts, err := w.server.store.Counts(context.Background())
		w.must(err)
		if counts.Waiting == 0 {
			break
		}
		if len(waits) == long && lasting {
			list, err := w.server.store.Due(context.Background(), w.now().AddDate(1, 0, 0), 0, 1)
			w.must(err)
			if len(list) == 0 { // it has just ended
				continue
			}
			return waits, plain(list[0].Reason), true
		}
		due, err := w.server.store.NextDue(context.Background(), w.now())
		w.must(err)
		wait := due.Sub(w.now())
		if len(waits) == long {
			wait, lasting = 25*time.Hour, true
		} else {
			unit := time.Second
			if wait >= time.Minute {
				unit = time.Minute // GitHub's clock and ours are cut to the second
			}
			waits = append(waits, wait.Truncate(unit))
		}
		w.must(w.advance(nil, []string{wait.String()}))
	}
	if dead := w.last(store.Dead); dead.ID > last.ID {
		return waits, plain(dead.Reason), false
	}
	if n := w.there(f, op, number); n != 1 {
		w.t.Errorf("%s, %s: it is there %d times", f.name, op.name, n)
	}
	return waits, "", false
}

// plain is a reason without the step and the number that it names.
func plain(reason string) string {
	return numbers.ReplaceAllString(stepOf.ReplaceAllString(reason, ""), "$1/N/")
}

var (
	stepOf  = regexp.MustCompile(`^rule "[^"]*", \w+: `)
	numbers = regexp.MustCompile(`\b(issues|repositories)/\d+/`)
)

// last is the newest delivery in a state.
func (w *faultWorld) last(state store.State) store.Delivery {
	w.t.Helper()
	list, err := w.server.store.Deliveries(context.Background(), store.Filter{State: state, Limit: 1})
	w.must(err)
	if len(list) == 0 {
		return store.Delivery{}
	}
	return list[0]
}

func (w *faultWorld) there(f fault, op faultOp, number int) int {
	switch {
	case op.there == nil:
		return 1
	case f.repository != "":
		return op.there(w.github, f.repository, number)
	}
	return op.there(w.github, "acme/app", number)
}

// begin starts the fault. What it returns ends it, as far as it can be ended.
func (w *faultWorld) begin(f fault, op faultOp, times int) (stop func()) {
	strikes := &strikes{op: op, left: times}
	answer := f.answer
	switch {
	case f.happen != nil:
		w.must(f.happen(w.world))
		return func() {}
	case f.lost:
		w.late.set(strikes)
		return func() { w.late.set(nil) }
	case f.limit != 0:
		answer = func(rw http.ResponseWriter, r *http.Request, carryOut http.Handler) {
			usedUp(f.limit, w.now())(rw, r, carryOut)
		}
	}
	return w.github.Answer(op.method, op.path, -1, func(rw http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		if strikes.take(r) {
			answer(rw, r, carryOut)
		} else {
			carryOut.ServeHTTP(rw, r)
		}
	})
}

// strikes counts how often a fault strikes a request.
type strikes struct {
	op   faultOp
	mu   sync.Mutex
	left int
}

// take tells whether the fault strikes r.
func (s *strikes) take(r *http.Request) bool {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 || !strings.Contains(string(body), s.op.query) {
		return false
	}
	s.left--
	return true
}

// late lets GitHub do what it is asked, and the answer come too late.
type late struct {
	mu      sync.Mutex
	strikes *strikes
}

// oneByOne makes a connection for each request: net/http by itself sends a read again whose connection was an old one.
var oneByOne = &http.Transport{DisableKeepAlives: true}

func (l *late) set(s *strikes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.strikes = s
}

func (l *late) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	s := l.strikes
	l.mu.Unlock()
	strikes := false
	if s != nil && r.Method == s.op.method {
		if ok, _ := path.Match(s.op.path, r.URL.Path); ok {
			if r.Body == nil {
				r.Body = http.NoBody
			}
			strikes = s.take(r)
		}
	}
	resp, err := oneByOne.RoundTrip(r)
	if err == nil && strikes {
		resp.Body.Close()
		return nil, os.ErrDeadlineExceeded
	}
	return resp, err
}

// A throttled installation delays nobody else.
func TestThrottledAlone(t *testing.T) {
	w := newFaultWorld(t)
	defer w.close()
	w.github.AddOrganization("beta", "erin")
	w.github.AddRepository(githubtest.RepositorySpec{FullName: "beta/lib"})
	w.github.Install("bellhop", "beta", githubtest.InstallSpec{})
	w.must(w.idle(nil, nil))
	w.github.Answer("POST", "/repos/acme/app/issues/*/comments", 1, githubtest.SecondaryLimit(10*time.Minute))
	for n := range 3 {
		for _, repo := range []string{"acme/app", "beta/lib"} {
			_, err := w.github.As("bob").On(repo).OpenIssue(fmt.Sprintf("Once %d", n), "")
			w.must(err)
		}
		w.must(w.idle(nil, nil))
		if i, _ := w.github.Issue("beta/lib", n+1); len(i.Comments) != 1 {
			t.Errorf("beta/lib#%d has %d comments", n+1, len(i.Comments))
		}
	}
	w.must(w.waiting(nil, []string{"3"}))
	w.must(w.advance(nil, []string{"10m"}))
	w.must(w.idle(nil, nil))
	w.must(w.waiting(nil, []string{"0"}))
	for n := range 3 {
		if i, _ := w.github.Issue("acme/app", n+2); len(i.Comments) != 1 {
			t.Errorf("acme/app#%d has %d comments", n+2, len(i.Comments))
		}
	}
}
