package githubtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGoldenLife tells one pull request's life, by people and by the bot, and compares what was sent both ways.
func TestGoldenLife(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	alice, carol := w.as("alice"), w.as("carol")
	w.Protect(repo, "main", githubtest.Protection{Approvals: 1, Checks: []string{"build"}})
	var out bytes.Buffer
	tell := func(title string) {
		fmt.Fprintf(&out, "# %s\n", title)
		for _, e := range w.events() {
			fmt.Fprintf(&out, "< %s\n", e)
		}
		for line := range strings.Lines(githubtest.Text(w.Writes())) {
			fmt.Fprintf(&out, "> %s", line)
		}
		w.ResetLog()
	}
	n := w.opened("feature", file("docs/guide.md", "# Guide\n\nMore.\n"))
	tell("alice opens a pull request")
	_, _, err := w.gh.Issues.AddLabelsToIssue(ctx, "acme", "app", n, []string{"docs"})
	w.ok(err)
	_, _, err = w.gh.PullRequests.RequestReviewers(ctx, "acme", "app", n, github.ReviewersRequest{Reviewers: []string{"carol"}})
	w.ok(err)
	_, _, err = w.gh.Issues.CreateComment(ctx, "acme", "app", n, &github.IssueComment{Body: github.String("Thanks!")})
	w.ok(err)
	tell("the bot labels it, asks carol and says thanks")
	w.ok(alice.Check("ci", "#1", "build", "success"))
	get(carol.Approve(n, "Good."))(t)
	tell("the build is green and carol approves")
	_, _, err = w.gh.PullRequests.Merge(ctx, "acme", "app", n, "", &github.PullRequestOptions{MergeMethod: "squash",
		SHA: w.SHA(repo, "#1")})
	w.ok(err)
	_, err = w.gh.Git.DeleteRef(ctx, "acme", "app", "heads/feature")
	w.ok(err)
	tell("the bot merges it")
	view, _ := w.Issue(repo, n)
	b, err := json.MarshalIndent(view, "", "  ")
	w.ok(err)
	fmt.Fprintf(&out, "# at the end\n%s\n", b)
	golden(t, "testdata/life.txt", out.Bytes())
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites):\n%s", path, diff)
	}
}

// TestSameStoryTwice: numbers, SHAs, GUIDs and times depend on the story alone.
func TestSameStoryTwice(t *testing.T) {
	tell := func() []string {
		w := start(t)
		everything(w)
		var out []string
		for _, d := range w.Deliveries() {
			out = append(out, d.GUID+" "+strings.ReplaceAll(string(d.Payload), w.URL, "URL/"))
		}
		return out
	}
	if diff := cmp.Diff(tell(), tell()); diff != "" {
		t.Error(diff)
	}
}

// TestTogether: many clients and people at once, each of whose deeds arrives once and in order.
func TestTogether(t *testing.T) {
	w := start(t)
	const people, each = 8, 10
	var all sync.WaitGroup
	for p := range people {
		all.Go(func() {
			n, err := w.as("bob").OpenIssue(fmt.Sprint("Issue of ", p), "")
			if err != nil {
				t.Error(err)
				return
			}
			for k := range each {
				_, _, err := w.gh.Issues.CreateComment(context.Background(), "acme", "app", n,
					&github.IssueComment{Body: github.String(fmt.Sprint(k))})
				if err != nil {
					t.Error(err)
				}
				w.Issues(repo)
				w.Requests()
			}
		})
	}
	all.Wait()
	seen := map[int][]string{}
	guids := map[string]bool{}
	for _, r := range w.flush() {
		guids[r.header.Get("X-GitHub-Delivery")] = true
		var p github.IssueCommentEvent
		w.ok(json.Unmarshal(r.body, &p))
		if r.header.Get("X-GitHub-Event") == "issue_comment" {
			seen[p.GetIssue().GetNumber()] = append(seen[p.GetIssue().GetNumber()], p.GetComment().GetBody())
		}
	}
	if len(guids) != people*(each+1) || len(seen) != people {
		t.Errorf("%d deliveries about %d issues", len(guids), len(seen))
	}
	for n, bodies := range seen {
		if strings.Join(bodies, "") != "0123456789" {
			t.Errorf("issue %d: %v", n, bodies)
		}
	}
}
