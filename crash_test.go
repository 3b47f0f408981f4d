package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

var (
	crashes   = flag.Int("crashes", 6, "how often TestCrash kills the bot")
	crashSeed = flag.Uint64("seed", 0, "seed of TestCrash, as it printed it; 0 for a new one")
)

// crashRules call for one-shot actions and kept ones of many kinds, on issues, pull requests, pushes, and on what the bot
// itself did. What they call for is told by wantIssue, wantPull, wantSaid and compare.
const crashRules = `
[limits]
actions = 5000

[[rule]]
name = "Greet"
on   = "issues.opened"
when.author = "bob"
then.comment   = "Thank you, {{ issue.author }}."
then.sticky    = "We look at it."
then.react     = "+1"
then.milestone = "v1"
then.assign    = "carol"

[[rule]]
name = "Crashes"
when.kind   = "issue"
when.author = "bob"
when.title  = "Crash *"
then.label  = "docs"

[[rule]]
name = "Follow up"
on   = "issues.opened"
when.author = "bob"
then.create_issue = { title = "Follow-up of #{{ issue.number }}" }

[[rule]]
name = "Start"
on   = "issues.opened"
when.author = "bob"
then.dispatch = { workflow = "deploy.yml", inputs = { id = "{{ delivery.id }}" } }

[[rule]]
name = "Tell"
on   = "issues.opened"
when.author = "bob"
then.dispatch = { event = "told", payload = { id = "{{ delivery.id }}" } }

[[rule]]
name = "Spam"
on   = "issues.labeled"
when.label = "spam"
then.close = "not_planned"
then.lock  = "spam"

[[rule]]
name = "Look"
on   = "pull_request.opened"
when.author = "bob"
then.edit_title = "[{{ pr.base }}] {{ pr.title }}"
then.edit_body  = { where = "block", key = "seen", text = "Seen." }
then.comment    = "We look at it."
then.review     = "erin"
then.status     = { context = "seen", state = "success", description = "Seen" }
then.check      = { name = "seen", conclusion = "success", title = "Seen" }

[[rule]]
name = "Documentation"
when.files = "docs/**"
when.author = "bob"
then.label = "docs"

[[rule]]
name = "Ready"
when.author = "bob"
require.label = "ready"

[[rule]]
name = "Approve"
on   = "pull_request.labeled"
when.label = "ready"
then.approve = "Good."

[[rule]]
name = "Merge"
when.label     = "ready"
when.state     = "open"
when.mergeable = true
then.merge = "squash"

[[rule]]
name = "Tidy up"
self = true
when.state = "merged"
when.head  = "fix-*"
then.delete_branch = true

[[rule]]
name = "Backport"
on   = "pull_request.closed"
self = true
when.state = "merged"
when.head  = "fix-*"
then.backport = { to = "stable", title = "[{branch}] {{ pr.number }}", labels = "backport" }

[[rule]]
name = "Bring back"
on   = "push"
when.branch = "release/*"
then.create_pull_request = { title = "Merge {{ push.branch }} back", head = "{{ push.branch }}", base = "stable" }
`

// What crashRules call for, as shown and said show it.
const (
	wantIssue = `closed not_planned, locked spam, labels docs spam, assignees carol, milestone v1, +1; "Thank you, bob."; "We look at it."`
	wantPull  = `merged, labels docs ready, assignees none, "[main] HEAD", "Seen.", reviewers erin; APPROVED by bellhop[bot]; "We look at it."`
	wantSaid  = `check run host/Ready: success; check run seen: success; status seen: success`
)

// TestCrash kills the bot with SIGKILL at random moments while signed webhooks stream in, and starts it again. GitHub's
// webhooks are sent again until they are answered with 202 or 200. At the end the stand-in GitHub looks as the rules call
// for: nothing is missing, and nothing was done twice. -crashes says how often; -seed repeats the moments and the story,
// though not what the machine does in between.
func TestCrash(t *testing.T) {
	seed := cmp.Or(*crashSeed, rand.Uint64())
	t.Logf("go test -run Crash -crashes %d -seed %d .", *crashes, seed)
	w := newCrashWorld(t, rand.New(rand.NewPCG(seed, 0)))
	w.first()
	begun := time.Now()
	for n := range *crashes {
		w.act()
		if w.live(); n%25 == 24 { // else what is left undone grows faster than it is done
			p := serve(t, w.config)
			w.drain()
			p.kill()
		}
	}
	killed := time.Since(begun)
	w.ready()
	last := serve(t, w.config)
	w.drain()
	last.stop()
	w.compare()
	t.Logf("%d kills in %s, all done after %s; %d issues, %d pull requests, %d releases; %d webhooks, sent %d times; %d API requests; %d steps were cut off and tried again",
		*crashes, killed.Round(time.Second), time.Since(begun).Round(time.Second), len(w.issues), len(w.pulls), w.releases,
		len(w.github.Deliveries()), w.sent.Load(), len(w.github.Requests()), w.count(`SELECT count(*) FROM steps WHERE attempts > 1`))
}

// first lets the bot see the repository for the first time, undisturbed: rules leave alone what was there before them, and GitHub
// tells times to the second.
func (w *crashWorld) first() {
	w.act()
	p := serve(w.t, w.config)
	w.drain()
	p.kill()
	time.Sleep(time.Second)
}

// crashWorld is a GitHub whose webhooks reach a bot that is killed again and again.
type crashWorld struct {
	t      *testing.T
	rand   *rand.Rand
	github *githubtest.Server
	config string
	disk   string // the database

	issues, pulls []int // numbers of what was opened
	unready       []int // pull requests that wait for their label
	releases      int

	writes atomic.Int64  // how many are answered until one is not
	done   chan struct{} // that one is done

	http    *http.Client // to the bot's socket
	lanes   []chan githubtest.Delivery
	pending atomic.Int64 // webhooks that the bot has not taken yet
	sent    atomic.Int64 // requests that carried them
	ended   chan struct{}
}

func newCrashWorld(t *testing.T, r *rand.Rand) *crashWorld {
	t.Helper()
	github, err := githubtest.Start(githubtest.Options{RateLimit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(github.Close)
	github.Check = contract.Check
	seeded := githubtest.Seed(github)
	github.AddWorkflow(seeded.Repository, githubtest.WorkflowSpec{Name: "Deploy", Path: ".github/workflows/deploy.yml", Dispatch: true, RunName: "Deploy ${{ inputs.id }}"})
	github.AddWorkflow(seeded.Repository, githubtest.WorkflowSpec{Name: "Told", Path: ".github/workflows/told.yml", Events: []string{"told"}, RunName: "Told ${{ github.event.client_payload.id }}"})
	dir, err := os.MkdirTemp("", "crash") // short: the path of a socket has 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &crashWorld{t: t, rand: r, github: github, disk: filepath.Join(dir, "bellhop.db"), ended: make(chan struct{}), done: make(chan struct{}, 1)}
	// A socket's path, unlike a port, cannot be taken by somebody else while the bot is down.
	socket := filepath.Join(dir, "bot.sock")
	w.config = hostFileAt(t, dir, "unix:"+socket, seeded.App.ID, seeded.App.PrivateKey, seeded.App.Secret, github.URL, crashRules)
	w.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 8,
	}}
	alice := github.As("alice").On(seeded.Repository)
	for _, err := range []error{
		alice.CreateMilestone("v1", time.Time{}), alice.CreateBranch("stable", "main"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	github.Answer("", "/repos/**", -1, w.answer)
	github.SetWebhook(seeded.App.Slug, w.relay(), seeded.App.Secret)
	return w
}

// relay takes the webhooks from GitHub and passes them on until the bot has taken them, those of one subject in their order.
func (w *crashWorld) relay() string {
	for range 8 {
		lane := make(chan githubtest.Delivery, 100_000)
		w.lanes = append(w.lanes, lane)
		go func() {
			for {
				select {
				case d := <-lane:
					w.pass(d)
				case <-w.ended:
					return
				}
			}
		}()
	}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var p struct {
			Issue       struct{ Number int }
			PullRequest struct{ Number int } `json:"pull_request"`
		}
		_ = json.Unmarshal(body, &p)
		w.pending.Add(1)
		w.lanes[(p.Issue.Number+p.PullRequest.Number)%len(w.lanes)] <- githubtest.Delivery{URL: "http://bot/webhook", Header: r.Header, Payload: body}
	}))
	w.t.Cleanup(func() { close(w.ended); server.Close() })
	return server.URL
}

// pass sends one webhook until it is taken.
func (w *crashWorld) pass(d githubtest.Delivery) {
	defer w.pending.Add(-1)
	for {
		w.sent.Add(1)
		resp, err := w.http.Do(d.Request())
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusAccepted || resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-w.ended:
			return
		case <-time.After(20 * time.Millisecond): // the bot is down
		}
	}
}

// act lets people do things that rules look at.
func (w *crashWorld) act() {
	w.t.Helper()
	bob, alice := w.github.As("bob").On("acme/app"), w.github.As("alice").On("acme/app")
	must := func(err error) {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	n := len(w.issues)
	number, err := bob.OpenIssue(fmt.Sprintf("Crash %d", n), "")
	must(err)
	w.issues = append(w.issues, number)
	if w.rand.IntN(2) == 0 {
		branch := fmt.Sprintf("fix-%d", n)
		_, err := alice.Push(branch, githubtest.Commit{Message: branch, Files: map[string]string{fmt.Sprintf("docs/%d.md", n): branch}})
		must(err)
		number, err := bob.OpenPullRequest(githubtest.PullRequest{Title: branch, Head: branch})
		must(err)
		w.pulls, w.unready = append(w.pulls, number), append(w.unready, number)
	}
	if w.rand.IntN(4) == 0 {
		_, err := alice.Push(fmt.Sprintf("release/%d", w.releases), githubtest.Commit{Files: map[string]string{fmt.Sprintf("release/%d", n): "1"}})
		must(err)
		w.releases++
	}
	must(alice.Label(number, "spam"))
	if w.rand.IntN(2) == 0 {
		w.ready()
	}
}

// ready gives the pull requests that are open their label.
func (w *crashWorld) ready() {
	w.t.Helper()
	for _, number := range w.unready {
		if err := w.github.As("alice").On("acme/app").Label(number, "ready"); err != nil {
			w.t.Fatal(err)
		}
	}
	w.unready = nil
}

// live starts the bot and kills it: while it starts, while it works, or between what GitHub did for it and what it heard of it.
func (w *crashWorld) live() {
	w.t.Helper()
	p := begin(w.t, w.config)
	defer p.kill()
	moment := time.Duration(w.rand.IntN(250)) * time.Millisecond
	switch kind := w.rand.IntN(6); kind {
	case 0:
		time.Sleep(moment)
	case 1, 2:
		<-p.listening
		time.Sleep(moment)
	default:
		w.writes.Store(1 + w.rand.Int64N(8))
		select {
		case <-w.done:
		case <-time.After(moment + time.Second): // there was little to do
		}
		w.writes.Store(0)
	}
}

// answer does what GitHub does. The write that writes counts down to is done and never answered: the bot is to die then.
func (w *crashWorld) answer(rw http.ResponseWriter, r *http.Request, carryOut http.Handler) {
	if r.Method == http.MethodGet || w.writes.Load() == 0 || w.writes.Add(-1) != 0 {
		carryOut.ServeHTTP(rw, r)
		return
	}
	githubtest.Unanswered(func() {
		select {
		case w.done <- struct{}{}:
		default: // the bot was killed for another reason
		}
	})(rw, r, carryOut)
}

// drain waits until the bot is done, as long as it gets on.
func (w *crashWorld) drain() {
	w.t.Helper()
	const waiting, ended = `SELECT count(*) FROM visits WHERE state = 'waiting'`, `SELECT count(*) FROM visits WHERE state <> 'waiting'`
	before, at := -1, time.Now()
	until := func() bool {
		if now := w.count(ended); now != before {
			before, at = now, time.Now()
		}
		return w.settled()
	}
	for !until() {
		if time.Since(at) > patience {
			w.t.Fatalf("the bot is stuck: %d visits wait, %d have ended, %d webhooks are not taken", w.count(waiting), before, w.pending.Load())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// settled tells whether GitHub has nothing more to tell and the bot nothing more to do.
func (w *crashWorld) settled() bool {
	return w.github.Settled() && w.pending.Load() == 0 && w.count(`SELECT count(*) FROM visits WHERE state = 'waiting'`) == 0 && w.github.Settled()
}

// count reads a number from the bot's database, beside the bot.
func (w *crashWorld) count(query string) (n int) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.disk+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// told is what the bot decided and did on a subject, for a look at what went wrong.
func (w *crashWorld) told(number int) string {
	db, err := sql.Open("sqlite", "file:"+w.disk+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT v.id, d.event || '.' || d.activity || ' ' || v.state || ' ' || v.reason, coalesce(s.told, '') FROM visits v JOIN deliveries d ON d.id = v.delivery_id
		LEFT JOIN (SELECT visit_id, '  decided ' || decision AS told FROM decisions UNION ALL SELECT visit_id, '  ' || state || ' ' || attempts || ' ' || reason || ' ' || step FROM steps) s ON s.visit_id = v.id
		WHERE v.subject LIKE ? ORDER BY v.id`, fmt.Sprintf("%%#%d", number))
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	last := 0
	for rows.Next() {
		var id int
		var visit, told string
		if err := rows.Scan(&id, &visit, &told); err != nil {
			w.t.Fatal(err)
		}
		if id != last {
			fmt.Fprintf(&b, "%d %s\n", id, visit)
		}
		last = id
		fmt.Fprintln(&b, told)
	}
	return b.String()
}

// compare holds what GitHub shows against what the rules call for.
func (w *crashWorld) compare() {
	w.t.Helper()
	differ := func(what, got, want string) {
		if got != want {
			if number, err := strconv.Atoi(what[strings.LastIndex(what, " ")+1:]); err == nil {
				w.t.Log(w.told(number))
			}
			w.t.Errorf("%s is\n  %s\nwant\n  %s", what, got, want)
		}
	}
	titles := map[string]int{} // of what the bot opened
	for _, i := range w.github.Issues("acme/app") {
		if i.Author == "bellhop[bot]" {
			titles[i.Title]++
		}
	}
	runs := map[string]int{}
	for _, r := range w.github.WorkflowRuns("acme/app") {
		runs[r.Title]++
	}
	branches := w.github.Branches("acme/app")
	for _, number := range w.issues {
		i, _ := w.github.Issue("acme/app", number)
		differ(fmt.Sprintf("issue %d", number), shown(i), wantIssue)
		title := fmt.Sprintf("Follow-up of #%d", number)
		differ(title, fmt.Sprint(titles[title]), "1")
		delete(titles, title)
	}
	for _, number := range w.pulls {
		p, _ := w.github.Issue("acme/app", number)
		differ(fmt.Sprintf("pull request %d", number), shown(p), strings.ReplaceAll(wantPull, "HEAD", p.Head))
		differ(fmt.Sprintf("what is said of the commit of %d", number), w.said(p.HeadSHA), wantSaid)
		title := fmt.Sprintf("[stable] %d", number)
		differ(title, fmt.Sprint(titles[title]), "1")
		delete(titles, title)
		differ(fmt.Sprintf("branch %s there after the merge of %d", p.Head, number), fmt.Sprint(slices.Contains(branches, p.Head)), "false")
	}
	for n := range w.releases {
		title := fmt.Sprintf("Merge release/%d back", n)
		differ(title, fmt.Sprint(titles[title]), "1")
		delete(titles, title)
	}
	for title, n := range titles {
		w.t.Errorf("the bot opened %d × %q, for which no rule calls", n, title)
	}
	for _, d := range w.github.Deliveries() {
		if d.Event == "issues" && d.Action == "opened" && strings.Contains(string(d.Payload), `"title":"Crash `) {
			for _, title := range []string{"Deploy " + d.GUID, "Told " + d.GUID} {
				differ("runs called "+title, fmt.Sprint(runs[title]), "1")
			}
		}
	}
	for body, n := range w.repeated() {
		w.t.Errorf("done %d times: %s", n, body)
	}
	if n := w.count(`SELECT count(*) FROM visits WHERE state = 'dead'`); n > 0 {
		w.t.Errorf("%d visits were given up", n)
	}
	for _, r := range w.github.Violations() {
		w.t.Errorf("%s %s: %s", r.Method, r.Path, r.Violation)
	}
}

// shown is what people see of an issue or pull request.
func shown(i githubtest.Issue) string {
	list := func(names []string) string {
		slices.Sort(names)
		return cmp.Or(strings.Join(names, " "), "none")
	}
	visible := func(text string) string { // without HTML comments
		return strings.TrimSpace(hiddenText.ReplaceAllString(text, ""))
	}
	var b strings.Builder
	b.WriteString(i.State)
	if !i.PullRequest {
		fmt.Fprintf(&b, " %s, locked %s", i.StateReason, i.LockReason)
	}
	fmt.Fprintf(&b, ", labels %s, assignees %s", list(i.Labels), list(i.Assignees))
	if i.PullRequest {
		fmt.Fprintf(&b, ", %q, %q, reviewers %s", i.Title, visible(i.Body), list(i.Reviewers))
	} else {
		fmt.Fprintf(&b, ", milestone %s", i.Milestone)
	}
	for _, r := range i.Reactions {
		fmt.Fprintf(&b, ", %s", r.Content)
	}
	for _, r := range i.Reviews {
		fmt.Fprintf(&b, "; %s by %s", r.State, r.Author)
	}
	for _, c := range i.Comments {
		fmt.Fprintf(&b, "; %q", visible(c.Body))
	}
	return b.String()
}

var hiddenText = regexp.MustCompile(`(?s)<!--.*?-->`)

// said is what check runs and statuses say of a commit.
func (w *crashWorld) said(sha string) string {
	var list []string
	for _, k := range w.github.Checks("acme/app", sha) {
		list = append(list, fmt.Sprintf("check run %s: %s", k.Name, k.Conclusion))
	}
	for _, s := range w.github.Statuses("acme/app", sha) {
		list = append(list, fmt.Sprintf("status %s: %s", s.Context, s.State))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

// madeOnce is where GitHub makes something new each time, besides what carries a marker.
var madeOnce = regexp.MustCompile(`/(dispatches|merge|pulls|check-runs|statuses/[0-9a-f]+)$`)

// repeated is what GitHub was asked to make more than once, and made.
func (w *crashWorld) repeated() map[string]int {
	made := map[string]int{}
	for _, r := range w.github.Writes() {
		if r.Status < 300 && (strings.Contains(string(r.Body), "<!-- bellhop ") || madeOnce.MatchString(r.Path)) {
			made[r.String()]++
		}
	}
	for what, n := range made {
		if n == 1 {
			delete(made, what)
		}
	}
	return made
}
