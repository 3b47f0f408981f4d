package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

// limit sets a limit of a process that runs, and returns what lifts it.
func (p *process) limit(resource int, to uint64) (lift func()) {
	p.t.Helper()
	var before unix.Rlimit
	if err := unix.Prlimit(p.cmd.Process.Pid, resource, nil, &before); err != nil {
		p.t.Fatal(err)
	}
	set := func(cur uint64) {
		if err := unix.Prlimit(p.cmd.Process.Pid, resource, &unix.Rlimit{Cur: cur, Max: before.Max}, nil); err != nil {
			p.t.Fatal(err)
		}
	}
	set(to)
	return func() { set(before.Cur) }
}

// hindered starts a bot that welcomes issues, on a GitHub that holds its webhooks back.
func hindered(t *testing.T) (*githubtest.Server, githubtest.Seeded, *process, string) {
	t.Helper()
	github, err := githubtest.Start(githubtest.Options{RateLimit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(github.Close)
	github.Check = contract.Check
	seeded := githubtest.Seed(github)
	dir := t.TempDir()
	config := hostFile(t, dir, seeded.App.ID, seeded.App.PrivateKey, seeded.App.Secret, github.URL, `
[[rule]]
name = "Welcome"
on   = "issues.opened"
then.comment = "Thank you."
`)
	github.HoldWebhooks()
	github.SetWebhook(seeded.App.Slug, "http://"+settingOf(t, config, "listen")+"/webhook", seeded.App.Secret)
	return github, seeded, serve(t, config), filepath.Join(dir, "bellhop.db")
}

// openIssues opens n issues and returns the deliveries about them.
func openIssues(t *testing.T, github *githubtest.Server, seeded githubtest.Seeded, n int) []githubtest.Delivery {
	t.Helper()
	before := len(github.Deliveries())
	for range n {
		if _, err := github.As("bob").On(seeded.Repository).OpenIssue("It is broken", ""); err != nil {
			t.Fatal(err)
		}
	}
	return github.Deliveries()[before:]
}

// post sends a delivery over a connection of its own, and returns the answer.
func post(d githubtest.Delivery) (*http.Response, error) {
	r := d.Request()
	r.Close = true
	client := http.Client{Timeout: patience}
	resp, err := client.Do(r)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

// allDone waits until each issue has its comment, ends the bot, and expects that nothing was given up.
func allDone(t *testing.T, github *githubtest.Server, bot *process, path string, want []githubtest.Delivery) {
	t.Helper()
	issueOf := issues(t, want)
	until(t, "a comment on each issue", func() bool {
		done := comments(github)
		for _, d := range want {
			if done[issueOf[d.GUID]] == 0 {
				return false
			}
		}
		return true
	})
	bot.stop()
	for issue, n := range comments(github) {
		if n != 1 {
			t.Errorf("%s was written to %d times", issue, n)
		}
	}
	s, err := store.OpenSQLite(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	counts, err := s.Counts(t.Context())
	if err != nil || counts.Dead > 0 || counts.Waiting > 0 {
		t.Errorf("%+v, %v", counts, err)
	}
	if counts.Deliveries < int64(len(want)) {
		t.Errorf("%d deliveries are there, want %d", counts.Deliveries, len(want))
	}
}

// TestFullDisk forbids a bot that runs to write: what comes is refused with 503 and what waits goes on waiting. Once it can
// write again it takes what it refused, and does what had waited, without a start.
func TestFullDisk(t *testing.T) {
	github, seeded, bot, path := hindered(t)
	first := openIssues(t, github, seeded, 5)
	release := make(chan struct{})
	github.Answer("POST", "/repos/acme/app/issues/*/comments", 5, githubtest.HoldUntil(release)) // so that some are under way
	for _, d := range first {
		if resp, err := post(d); err != nil || resp.StatusCode != http.StatusAccepted {
			t.Fatalf("%v, %v", resp, err)
		}
	}
	lift := bot.limit(unix.RLIMIT_FSIZE, 1)
	second := openIssues(t, github, seeded, 5)
	for _, d := range second {
		resp, err := post(d)
		if err != nil {
			t.Fatalf("%v\n%s", err, bot.out)
		}
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("on a full disk: %s, %v", resp.Status, resp.Header)
		}
	}
	if !strings.Contains(bot.out.String(), "make room") && !strings.Contains(bot.out.String(), "a limit on file sizes") {
		t.Errorf("the log does not say how to mend it:\n%s", bot.out)
	}
	close(release)
	until(t, "a worker that pauses", func() bool { return strings.Contains(bot.out.String(), "work on subject failed") })
	lift()
	for _, d := range second {
		if resp, err := post(d); err != nil || resp.StatusCode != http.StatusAccepted {
			t.Errorf("with room again: %v, %v", resp, err)
		}
	}
	allDone(t, github, bot, path, append(first, second...))
}

// TestOutOfFiles forbids a bot that runs to open files, connections included, and lets it again.
func TestOutOfFiles(t *testing.T) {
	github, seeded, bot, path := hindered(t)
	first := openIssues(t, github, seeded, 1)
	if resp, err := post(first[0]); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%v, %v", resp, err)
	}
	lift := bot.limit(unix.RLIMIT_NOFILE, 3)
	second := openIssues(t, github, seeded, 5)
	answers := make(chan error, len(second))
	for _, d := range second {
		go func() {
			resp, err := post(d) // taken once there are files, or cut
			if err == nil && resp.StatusCode != http.StatusAccepted {
				err = fmt.Errorf("answer %s", resp.Status)
			}
			answers <- err
		}()
	}
	until(t, "a bot that lacks files", func() bool { return strings.Contains(bot.out.String(), "too many open files") })
	lift()
	for range second {
		if err := <-answers; err != nil {
			t.Errorf("with files again: %v", err)
		}
	}
	allDone(t, github, bot, path, append(first, second...))
}
