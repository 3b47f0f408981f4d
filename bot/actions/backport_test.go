package actions

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestBackportPlan(t *testing.T) {
	merged := func(f *rules.Facts) {
		f.Subject.State, f.Subject.MergeSHA, f.Subject.Title = "merged", sha, "Fix"
	}
	plans(t, []plan{
		{"texts of its own", &Backport{To: []string{"stable", " v1 ", "main", "stable", ""}, Conflict: "skip"}, pr(merged), &Backport{
			To: []string{"stable", "v1"}, Title: "Backport #8 to {branch}: Fix", Body: "This brings #8 to `{branch}`.", Conflict: "skip",
			Merged: sha,
		}},
		{"texts of the rule", &Backport{To: []string{"stable"}, Title: "T", Body: "B", Labels: []string{"a", "A"}}, pr(merged), &Backport{
			To: []string{"stable"}, Title: "T", Body: "B", Labels: []string{"a"}, Merged: sha,
		}},
		{"no other branch", &Backport{To: []string{"main"}}, pr(merged), nil},
		{"not merged", &Backport{To: []string{"stable"}}, pr(closed), nil},
	})
}

// mergedBy merges a pull request of two commits to main; stable is where main was before.
func (w *world) mergedBy(method string) (*Backport, rules.Target) {
	w.t.Helper()
	w.can(w.as("alice").CreateBranch("stable", "main"))
	_, err := w.as("alice").Push(topic, githubtest.Commit{Message: "One", Files: map[string]string{"one.txt": "1\n"}},
		githubtest.Commit{Message: "Two", Files: map[string]string{"two.txt": "2\n"}})
	w.can(err)
	number := w.openPullFrom(topic, "main")
	// main goes on meanwhile, with what is not to be brought along.
	w.pushTo("main", "other.txt")
	at, err := w.as("alice").Merge(number, method)
	w.can(err)
	return &Backport{To: []string{"stable"}, Title: "To {branch}", Body: "B {branch}", Labels: []string{"bug"}, Conflict: "comment", Merged: at}, target("pull_request", number)
}

// backported tells the pull requests, the messages of the last one's commits, and the files that it has.
func (w *world) backported(branch string) any {
	var commits []struct {
		Commit struct {
			Message string
			Author  struct{ Name string }
		}
	}
	w.get(&commits, "commits?sha=%s", branch)
	var out []string
	for _, c := range commits {
		subject, rest, _ := strings.Cut(c.Commit.Message, "\n")
		if strings.Contains(rest, "(cherry picked from commit ") {
			out = append(out, c.Commit.Author.Name+": "+subject)
		}
	}
	slices.Reverse(out)
	for _, name := range []string{"one.txt", "two.txt", "other.txt"} {
		if _, ok := w.File("acme/app", branch, name); ok {
			out = append(out, name)
		}
	}
	return slices.Concat(w.pulls(), out, w.Branches("acme/app"))
}

func TestBackportDo(t *testing.T) {
	for method, commits := range map[string][]string{
		"merge":  {"alice: Merge pull request #1 from acme/" + topic},
		"squash": {"alice: Fix a thing (#1)"},
		"rebase": {"alice: One", "alice: Two"},
	} {
		t.Run(method, func(t *testing.T) {
			trial{
				setUp: func(w *world) (rules.Action, rules.Target) {
					step, to := w.mergedBy(method)
					return step, to
				},
				write:  "POST /repos/acme/app/pulls",
				effect: func(w *world) any { return w.backported("backport/1-to-stable") },
				want: slices.Concat([]string{"alice: Fix a thing merged ", "bellhop[bot]: To stable open bug"}, commits,
					[]string{"one.txt", "two.txt", "backport/1-to-stable", topic, "main", "stable"}),
				again: "the pull request is there already", url: "/acme/app/pull/2",
			}.run(t)
		})
	}
}

// Whatever answer is lost on the way, the step is done once when it is tried again.
func TestBackportLostAnswers(t *testing.T) {
	for _, write := range []string{"POST /repos/acme/app/git/commits", "POST /repos/acme/app/git/refs", "POST /repos/acme/app/merges", "POST /repos/acme/app/issues/*/labels", "DELETE /repos/acme/app/git/refs/**"} {
		t.Run(write, func(t *testing.T) {
			w := newWorld(t)
			step, to := w.mergedBy("squash")
			method, path, _ := strings.Cut(write, " ")
			defer w.Answer(method, path, 1, githubtest.LoseAnswer())()
			w.do(step, to)
			w.must(step, to)
			same(t, w.backported("backport/1-to-stable"), any([]string{
				"alice: Fix a thing merged ", "bellhop[bot]: To stable open bug", "alice: Fix a thing (#1)",
				"one.txt", "two.txt", "backport/1-to-stable", topic, "main", "stable",
			}))
		})
	}
}

// conflicting makes stable differ where the pull request changes something.
func (w *world) conflicting() (*Backport, rules.Target) {
	step, to := w.mergedBy("squash")
	_, err := w.as("alice").Push("stable", githubtest.Commit{Files: map[string]string{"two.txt": "another\n"}})
	w.can(err)
	return step, to
}

func TestBackportConflict(t *testing.T) {
	w := newWorld(t)
	step, to := w.conflicting()
	step.To = append(step.To, "nowhere`s")
	for _, again := range []string{"", "the comment says so already"} {
		w.skips(step, to, again)
		seen, _ := w.Issue("acme/app", to.Number)
		if len(seen.Comments) != 1 {
			t.Fatalf("comments: %+v", seen.Comments)
		}
		_, text, _ := strings.Cut(seen.Comments[0].Body, "\n")
		same(t, text, "#1 does not apply to `stable` without conflict. By hand:\n\n```\ngit fetch origin\ngit switch -c backport/1-to-stable origin/stable\n"+
			"git cherry-pick -x "+step.Merged+"\n```\n\nThis was to be brought to `nowhere's`, but there is no such branch.")
	}
	same(t, w.Branches("acme/app"), []string{topic, "main", "stable"})
	step.Conflict = "skip"
	to.Step++
	w.skips(step, to, "it does not apply")
}

func TestBackportDraft(t *testing.T) {
	w := newWorld(t)
	step, to := w.conflicting()
	step.Conflict = "draft"
	stop := w.Answer("POST", "/repos/acme/app/pulls", 1, githubtest.Reply(http.StatusBadGateway, nil, `{}`))
	defer stop()
	w.do(step, to) // stops after the branch is made
	stop()
	w.skips(step, to, "")
	w.skips(step, to, "the pull request is there already")
	seen, _ := w.Issue("acme/app", 2)
	if !seen.Draft || !strings.Contains(seen.Body, "git switch -c backport/1-to-stable origin/backport/1-to-stable && git reset --keep HEAD~1") {
		t.Errorf("%+v", seen)
	}
	same(t, w.Branches("acme/app"), []string{"backport/1-to-stable", topic, "main", "stable"})
}

func TestBackportOfWhatIsThere(t *testing.T) {
	w := newWorld(t)
	step, to := w.mergedBy("squash")
	_, err := w.as("alice").Push("stable", githubtest.Commit{Files: map[string]string{"one.txt": "1\n", "two.txt": "2\n"}})
	w.can(err)
	w.skips(step, to, "stable has it already")
	w.refuses(&Backport{To: []string{"stable"}, Merged: sha}, to, "get commit: ")
}
