package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bellhop/bot/actions"
	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
)

// missing is a GitHub that has deliveries, and a recovery whose passes the test makes.
type missing struct {
	t      *testing.T
	github *githubtest.Server
	store  store.Store
	r      *recovery
	log    *bytes.Buffer
	now    time.Time
	seeded githubtest.Seeded
}

func newMissing(t *testing.T, file string) *missing {
	t.Helper()
	m := &missing{t: t, log: &bytes.Buffer{}, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	var err error
	if m.github, err = githubtest.Start(githubtest.Options{Now: func() time.Time { return m.now }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.github.Close)
	m.github.Check = contract.Check
	m.seeded = githubtest.Seed(m.github)
	m.github.SetWebhook(m.seeded.App.Slug, "http://127.0.0.1:1/webhook", m.seeded.App.Secret)
	m.github.HoldWebhooks()
	m.store, err = store.OpenSQLite(filepath.Join(t.TempDir(), "bellhop.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.store.Close() })
	log := slog.New(slog.NewTextHandler(m.log, nil))
	app, err := githubapp.New(githubapp.Options{
		AppID: m.seeded.App.ID, PrivateKey: m.seeded.App.PrivateKey, APIURL: m.github.URL, Now: func() time.Time { return m.now }, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	set, found := rules.Compile("bot.toml", []byte(file), actions.All, rules.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	h, err := NewHost(context.Background(), HostOptions{
		Store: m.store, App: app, Kinds: actions.All, Rules: set, Now: func() time.Time { return m.now }, Log: log,
		Recover: Recovery{Every: 15 * time.Minute, Window: 72 * time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.r = h.recover
	return m
}

// issues has bob open n issues whose webhooks are lost.
func (m *missing) issues(n int) {
	m.t.Helper()
	for i := range n {
		if _, err := m.github.As("bob").On(m.seeded.Repository).OpenIssue(fmt.Sprintf("Issue %d", i), ""); err != nil {
			m.t.Fatal(err)
		}
	}
	m.github.DropWebhooks()
}

// pass makes a pass and returns what it left to be done, and how many requests about deliveries it made.
func (m *missing) pass() (p progress, requests int) {
	m.t.Helper()
	m.github.ResetLog()
	m.r.once(context.Background())
	data, err := m.store.Mark(context.Background(), recoveryMark)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		m.t.Fatal(err)
	}
	for _, r := range m.github.Requests() {
		if strings.HasPrefix(r.Path, "/app/hook/deliveries") {
			requests++
		}
	}
	for _, r := range m.github.Violations() {
		m.t.Errorf("%s %s: %s", r.Method, r.Path, r.Violation)
	}
	return p, requests
}

// kept lists the subjects of recovered deliveries in the order in which they were kept.
func (m *missing) kept() (subjects []string) {
	m.t.Helper()
	list, err := m.store.Deliveries(context.Background(), store.Filter{Limit: 5000})
	if err != nil {
		m.t.Fatal(err)
	}
	slices.Reverse(list)
	for _, d := range list {
		if d.Source == store.Recovered {
			subjects = append(subjects, d.Subject)
		}
	}
	return subjects
}

const hearsIssues = "[[rule]]\nname = \"Welcome\"\non = \"issues.opened\"\nthen.comment = \"Welcome.\"\n"

// A long list is read over several passes, and what is missing is kept over several, the oldest first.
func TestRecoverInParts(t *testing.T) {
	m := newMissing(t, hearsIssues)
	const n = 120
	m.issues(n)
	m.r.budget = 1
	if p, requests := m.pass(); p.Listed || p.Cursor == "" || requests != 1 {
		t.Fatalf("the first pass made %d requests, and goes on at %q", requests, p.Cursor)
	}
	m.now = m.now.Add(nextPass)
	if !m.r.due(m.now) {
		t.Error("it does not go on soon")
	}
	m.issues(1) // the next search finds it
	m.r.budget = 50
	if p, requests := m.pass(); !p.Listed || len(p.Missed) != n-49 || requests != 50 {
		t.Fatalf("the second pass made %d requests and left %d", requests, len(p.Missed))
	}
	m.r.budget = maxRequests
	m.now = m.now.Add(nextPass)
	if p, requests := m.pass(); p.Since.IsZero() || !p.Until.IsZero() || len(p.Missed) > 0 || requests != n-49 {
		t.Errorf("the third pass made %d requests and left %+v", requests, p)
	}
	kept := m.kept()
	if len(kept) != n || !slices.IsSortedFunc(kept, func(a, b string) int { return len(a) - len(b) }) {
		t.Errorf("%d were kept, from %v", len(kept), kept[:5])
	}
	if m.r.due(m.now.Add(time.Minute)) {
		t.Error("the next pass comes too soon")
	}
	if m.pass(); len(m.kept()) != n+1 {
		t.Errorf("the next search kept %d in all", len(m.kept()))
	}
}

// In the first search of all the store proves nothing: what GitHub could deliver, to whomever, is left alone. Later it is not.
func TestRecoverFirst(t *testing.T) {
	m := newMissing(t, hearsIssues)
	taken := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(202) })}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go taken.Serve(l)
	t.Cleanup(func() { taken.Close() })
	m.issues(1) // lost
	m.github.SetWebhook(m.seeded.App.Slug, "http://"+l.Addr().String(), m.seeded.App.Secret)
	elsewhere := func() {
		t.Helper()
		if _, err := m.github.As("bob").On(m.seeded.Repository).OpenIssue("Elsewhere", ""); err != nil {
			t.Fatal(err)
		}
		m.github.ReleaseWebhooks()
		if err := m.github.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		m.github.HoldWebhooks()
	}
	elsewhere()
	m.issues(1) // lost, and sent again
	all := m.github.Deliveries()
	if err := m.github.Redeliver(all[len(all)-1].GUID); err != nil {
		t.Fatal(err)
	}
	m.github.ReleaseWebhooks()
	if err := m.github.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	m.github.HoldWebhooks()
	m.pass()
	if got := fmt.Sprint(m.kept()); got != "[100001#1]" {
		t.Errorf("kept %s", got)
	}
	elsewhere() // the store was restored from a backup, say
	m.now = m.now.Add(15 * time.Minute)
	m.pass()
	if got := fmt.Sprint(m.kept()); !strings.HasSuffix(got, "100001#4]") {
		t.Errorf("kept %s", got)
	}
}

// What goes wrong is tried again, and stops nothing.
func TestRecoverFails(t *testing.T) {
	m := newMissing(t, hearsIssues)
	m.issues(3)
	next := func(want time.Duration) {
		t.Helper()
		if m.r.due(m.now.Add(want-time.Second)) || !m.r.due(m.now.Add(want)) {
			t.Errorf("the next pass is not in %s but at %s", want, m.r.next)
		}
		m.now = m.now.Add(want)
	}
	list, all := "/app/hook/deliveries", m.github.Deliveries()
	payload := fmt.Sprintf("%s/%d", list, all[len(all)-3].ID)
	m.github.Answer("GET", list, 1, githubtest.Reply(502, nil, `{"message":"Server Error"}`))
	m.pass()
	next(time.Minute)
	m.github.Answer("GET", list, 1, githubtest.Reply(502, nil, `{"message":"Server Error"}`))
	m.pass()
	next(2 * time.Minute)
	m.github.Answer("GET", list, 1, githubtest.SecondaryLimit(7*time.Minute))
	m.pass()
	next(7 * time.Minute)

	// One that GitHub does not give goes behind the others.
	m.github.Answer("GET", payload, 1, githubtest.Reply(500, nil, `{"message":"Server Error"}`))
	if p, _ := m.pass(); len(p.Missed) != 3 || !p.Listed || p.Missed[2].GUID != all[len(all)-3].GUID {
		t.Errorf("left %+v", p.Missed)
	}
	m.now = m.now.Add(15 * time.Minute)
	// Where GitHub does not have its payload it is asked to send it again.
	m.github.Answer("GET", payload, 1, githubtest.Reply(200, nil, `{"request":{"headers":{},"payload":null}}`))
	if p, _ := m.pass(); len(p.Missed) > 0 || len(m.kept()) != 2 {
		t.Errorf("left %+v, kept %v", p.Missed, m.kept())
	}
	if again := m.github.Deliveries(); !again[len(again)-1].Redelivery || again[len(again)-1].GUID != all[len(all)-3].GUID {
		t.Error("it was not asked for again")
	}

	// Gone for good: told and left.
	m.github.DropWebhooks()
	m.now = m.now.Add(15 * time.Minute)
	m.issues(1)
	all = m.github.Deliveries()
	for _, d := range all[len(all)-2:] {
		m.github.Answer("GET", fmt.Sprintf("%s/%d", list, d.ID), 1, githubtest.Reply(404, nil, `{"message":"Not Found"}`))
		m.github.Answer("POST", fmt.Sprintf("%s/%d/attempts", list, d.ID), 1, githubtest.Reply(404, nil, `{"message":"Not Found"}`))
	}
	if p, _ := m.pass(); len(p.Missed) > 0 || !strings.Contains(m.log.String(), "a delivery is lost") {
		t.Errorf("left %+v\n%s", p.Missed, m.log)
	}
	next(15 * time.Minute)

	// No webhook at all.
	m.github.Answer("GET", list, 1, githubtest.Reply(404, nil, `{"message":"Not Found"}`))
	m.pass()
	next(15 * time.Minute)
	if !strings.Contains(m.log.String(), "missed deliveries cannot be recovered") {
		t.Errorf("not told\n%s", m.log)
	}
}

// A cursor that GitHub does not know any more begins the list anew.
func TestRecoverStaleCursor(t *testing.T) {
	m := newMissing(t, hearsIssues)
	m.issues(1)
	p, _ := m.pass()
	p.Until, p.From, p.Cursor = m.now, m.now.Add(-time.Hour), "gone"
	if err := m.r.save(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	m.issues(1)
	if p, _ = m.pass(); p.Cursor != "" || !p.Until.IsZero() || p.Since.IsZero() {
		t.Errorf("left %+v", p)
	}
	m.now = m.now.Add(time.Minute)
	if m.pass(); len(m.kept()) != 2 {
		t.Errorf("kept %v", m.kept())
	}
	if err := m.store.SaveMark(context.Background(), recoveryMark, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if p, _ := m.pass(); p.Since.IsZero() {
		t.Error("a mark that cannot be read stops it")
	}
}
