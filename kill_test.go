package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

// TestKilledInTheMiddle lets 200 senders ring at once, kills the process with SIGKILL in the middle of it, and starts it
// again. Every answer was a 202; every delivery that got one is there, and was acted on once.
func TestKilledInTheMiddle(t *testing.T) {
	const senders, each = 200, 5
	github, err := githubtest.Start(githubtest.Options{RateLimit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	defer github.Close()
	github.Check = contract.Check
	seeded := githubtest.Seed(github)
	dir := t.TempDir()
	config := hostFile(t, dir, seeded.App.ID, seeded.App.PrivateKey, seeded.App.Secret, github.URL, `
[limits]
actions = 5000
[[rule]]
name = "Welcome"
on   = "issues.opened"
then.comment = "Thank you."
`)
	github.HoldWebhooks()
	github.SetWebhook(seeded.App.Slug, "http://"+settingOf(t, config, "listen")+"/webhook", seeded.App.Secret)
	for range senders * each {
		if _, err := github.As("bob").On(seeded.Repository).OpenIssue("It is broken", ""); err != nil {
			t.Fatal(err)
		}
	}
	deliveries := github.Deliveries()

	bot := serve(t, config)
	kept, refused := ring(deliveries, senders, bot.kill)
	t.Logf("%d of %d deliveries were answered with 202 before the kill", len(kept), len(deliveries))
	if refused > 0 || len(kept) < senders*each/3 {
		t.Errorf("%d answers were no 202", refused)
	}

	bot = serve(t, config)
	issueOf := issues(t, deliveries)
	until(t, "a comment on each issue that was heard of", func() bool {
		commented := comments(github)
		for _, guid := range kept {
			if commented[issueOf[guid]] == 0 {
				return false
			}
		}
		return true
	})
	bot.stop()

	s, err := store.OpenSQLite(filepath.Join(dir, "bellhop.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, guid := range kept {
		if d, err := s.DeliveryByGUID(context.Background(), guid); err != nil || d.State != store.Done {
			t.Errorf("delivery %s was answered with 202: %+v, %v", guid, d, err)
		}
	}
	for issue, n := range comments(github) {
		if n != 1 {
			t.Errorf("%s was written to %d times", issue, n)
		}
	}
	for _, r := range github.Violations() {
		t.Errorf("%s %s: %s", r.Method, r.Path, r.Violation)
	}
}

// ring has many senders deliver at once, and calls kill when a third is through. It returns the GUIDs that were answered with
// 202, and how many answers there were of another kind.
func ring(deliveries []githubtest.Delivery, senders int, kill func()) (kept []string, refused int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	var (
		mu   sync.Mutex
		once sync.Once
		wg   sync.WaitGroup
	)
	for sender := range senders {
		wg.Go(func() {
			for i := sender; i < len(deliveries); i += senders {
				resp, err := client.Do(deliveries[i].Request())
				if err != nil {
					return // the process is gone
				}
				resp.Body.Close()
				mu.Lock()
				if resp.StatusCode == http.StatusAccepted {
					kept = append(kept, deliveries[i].GUID)
				} else {
					refused++
				}
				enough := len(kept) >= len(deliveries)/3
				mu.Unlock()
				if enough {
					once.Do(kill)
				}
			}
		})
	}
	wg.Wait()
	return kept, refused
}

// issues tells for each delivery the path under which its issue is commented.
func issues(t *testing.T, deliveries []githubtest.Delivery) map[string]string {
	t.Helper()
	paths := map[string]string{}
	for _, d := range deliveries {
		var p struct{ Issue struct{ Number int } }
		if err := json.Unmarshal(d.Payload, &p); err != nil {
			t.Fatal(err)
		}
		paths[d.GUID] = fmt.Sprintf("/repos/%s/issues/%d/comments", d.Repository, p.Issue.Number)
	}
	return paths
}

// comments counts what the bot wrote under each path.
func comments(github *githubtest.Server) map[string]int {
	n := map[string]int{}
	for _, r := range github.Writes() {
		if r.Status == http.StatusCreated {
			n[r.Path]++
		}
	}
	return n
}
