package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bellhop/githubapp/githubtest"
)

// TestDowntime has 500 deliveries happen while the bot is down. After its start one recovery pass does all that matter, in order
// on each subject, and a delivery that arrives while it starts goes after those that were sent before it.
//
// Features: G31.
func TestDowntime(t *testing.T) {
	const issues = 100
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	rules := `
[[rule]]
name = "Welcome"
on   = "issues.opened"
then.comment = "Welcome."

[[rule]]
name = "Answer"
on   = "issue_comment.created"
then.comment = "Read: {{ comment.body }}"

[limits]
actions = 5000
`
	if err := os.WriteFile(filepath.Join(w.dir, "bot.toml"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, w.log)
		}
	}
	// later lets a second pass: GitHub tells the times of deliveries to the second.
	later := func() {
		w.mu.Lock()
		w.clock = w.clock.Add(time.Second)
		w.mu.Unlock()
	}
	bob := w.github.As("bob").On(w.seeded.Repository)
	must("start", w.start(nil, nil))
	_, err = bob.OpenIssue("Before", "")
	must("open", err)
	must("idle", w.idle(nil, nil))
	must("stop", w.stop(nil, nil))
	w.forget()

	var numbers []int
	for n := range issues {
		number, err := bob.OpenIssue(fmt.Sprintf("While it was down %d", n), "")
		must("open", err)
		numbers = append(numbers, number)
		later()
	}
	for _, text := range []string{"first", "second"} {
		for _, n := range numbers {
			_, err := bob.Comment(n, text)
			must("comment", err)
		}
		later()
	}
	for _, n := range numbers {
		must("retitle", bob.Retitle(n, "Another title"))
		must("close", bob.Close(n))
	}
	must("flush", w.github.Flush(context.Background()))
	failed := 0
	for _, d := range w.github.Deliveries() {
		if d.Sent && !d.OK() {
			failed++
		}
	}
	if failed != 5*issues {
		t.Fatalf("%d deliveries were missed, want %d", failed, 5*issues)
	}

	later()
	must("start", w.start(nil, nil))
	for _, n := range numbers[:10] {
		_, err := bob.Comment(n, "third")
		must("comment", err)
	}
	must("idle", w.idle(nil, nil))

	written := map[string][]string{}
	for _, r := range w.github.Writes() {
		_, text, _ := strings.Cut(string(r.Body), `\n`)
		written[r.Path] = append(written[r.Path], strings.TrimSuffix(strings.TrimSpace(text), `"}`))
	}
	for i, n := range numbers {
		want := "Welcome. Read: first Read: second"
		if i < 10 {
			want += " Read: third"
		}
		if got := strings.Join(written[fmt.Sprintf("/repos/acme/app/issues/%d/comments", n)], " "); got != want {
			t.Errorf("on #%d the bot wrote %q, want %q", n, got, want)
		}
	}
	if n := strings.Count(w.log.String(), "recovered missed deliveries"); n != 1 {
		t.Errorf("%d passes recovered something, want 1", n)
	}
	report(t, w.github.Requests())
}

// report tells what the recovery cost, and fails when it cost more than a request for each delivery that matters and for each
// page of the list.
func report(t *testing.T, requests []githubtest.Request) {
	t.Helper()
	var pages, payloads, others int
	for _, r := range requests {
		switch {
		case r.Path == "/app/hook/deliveries":
			pages++
		case strings.HasPrefix(r.Path, "/app/hook/deliveries/"):
			payloads++
		case strings.HasSuffix(r.Path, "/access_tokens"):
		default:
			others++
		}
	}
	t.Logf("recovery made %d requests: %d pages of the list, %d payloads; the rules made %d", pages+payloads, pages, payloads, others)
	if pages > 7 || payloads != 300 {
		t.Errorf("%d pages and %d payloads, want at most 7 and 300", pages, payloads)
	}
	for _, r := range requests {
		if r.Violation != "" {
			t.Errorf("%s %s: %s", r.Method, r.Path, r.Violation)
		}
	}
}
