package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bellhop/githubapp/githubtest"
)

// keptLabels are rules of which each keeps a label, on what people do; holds tells when.
var keptLabels = []struct {
	label, when string
	holds       func(githubtest.Issue) bool
}{
	{"urgent", `when.title = "*crash*"`, func(i githubtest.Issue) bool { return strings.Contains(i.Title, "crash") }},
	{"writing", `when.label = "docs"`, func(i githubtest.Issue) bool { return slices.Contains(i.Labels, "docs") }},
	{"done", `when.state = "closed"`, func(i githubtest.Issue) bool { return i.State == "closed" }},
	{"areas", "when.label = \"docs\"\nwhen.title = \"*crash*\"\nunless.label = \"server\"", func(i githubtest.Issue) bool {
		return slices.Contains(i.Labels, "docs") && strings.Contains(i.Title, "crash") && !slices.Contains(i.Labels, "server")
	}},
	{"quiet", `unless.label = ["docs", "server"]`, func(i githubtest.Issue) bool {
		return !slices.Contains(i.Labels, "docs") && !slices.Contains(i.Labels, "server")
	}},
}

// onIssue is what people do on an issue.
var onIssue = map[string]func(githubtest.Visit, int) error{
	"crash":       func(v githubtest.Visit, n int) error { return v.Retitle(n, "A crash") },
	"calm":        func(v githubtest.Visit, n int) error { return v.Retitle(n, "All is well") },
	"docs":        func(v githubtest.Visit, n int) error { return v.Label(n, "docs") },
	"no docs":     func(v githubtest.Visit, n int) error { return v.Unlabel(n, "docs") },
	"server":      func(v githubtest.Visit, n int) error { return v.Label(n, "server", "docs") },
	"no server":   func(v githubtest.Visit, n int) error { return v.Unlabel(n, "server") },
	"close":       githubtest.Visit.Close,
	"reopen":      githubtest.Visit.Reopen,
	"comment":     func(v githubtest.Visit, n int) error { _, err := v.Comment(n, "Hm."); return err },
	"other thing": func(v githubtest.Visit, n int) error { return v.Assign(n, "bob") },
}

// TestBurstsEndAsOneByOne plays random histories of an issue, cut into bursts of random length. However they are cut, the bot's
// labels are in the end those of the rules that hold, and labels that a person put stay. Bursts of one are work one by one.
func TestBurstsEndAsOneByOne(t *testing.T) {
	var file strings.Builder
	file.WriteString("[limits]\nactions = 5000\n")
	for _, k := range keptLabels {
		fmt.Fprintf(&file, "[[rule]]\nname = %q\nwhen.kind = \"issue\"\n%s\nthen.label = %q\n", k.label, k.when, k.label)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bot.toml"), []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	w.github.PaceWebhooks(nil)
	w.github.SetRateLimit(w.seeded.Installation, 1_000_000, w.now().Add(1000*time.Hour))
	if err := w.start(nil, nil); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range onIssue {
			if !yield(name) {
				return
			}
		}
	})
	history := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(names), 1, 12), 1, 3)
	left := 0
	rapid.Check(t, func(t *rapid.T) {
		bursts := history.Draw(t, "bursts")
		alice := w.github.As("alice").On(w.seeded.Repository)
		var own []string // labels that a person put before the bot could
		if rapid.Bool().Draw(t, "by hand") {
			own = []string{"done", "areas"}
		}
		n, err := alice.OpenIssue("All is well", "", own...)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.idle(nil, nil); err != nil {
			t.Fatal(err)
		}
		for _, burst := range bursts {
			w.github.HoldWebhooks()
			for _, name := range burst {
				onIssue[name](alice, n) // what cannot be done, as to close what is closed, is not done
			}
			w.github.ReleaseWebhooks()
			if err := w.idle(nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		issue, _ := w.github.Issue(w.seeded.Repository, n)
		for _, k := range keptLabels {
			want := k.holds(issue) || slices.Contains(own, k.label)
			if got := slices.Contains(issue.Labels, k.label); got != want {
				t.Fatalf("issue %d has %s: %v, want %v; it is %s, %q, with %v", n, k.label, got, want, issue.State, issue.Title, issue.Labels)
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, v := range w.visited {
			left += len(v.Left)
		}
		w.visited = nil
	})
	if left == 0 {
		t.Error("no burst was evaluated once")
	}
}
