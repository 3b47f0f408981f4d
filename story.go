package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bellhop/githubapp/githubtest"
)

const demoRepository = "acme/app"

// demoRules is the .github/bot.toml of the demo.
const demoRules = `[[rule]]
name = "Triage"
on   = "issues.opened"
unless.label = "*"
then.add_label = "needs-triage"

[[rule]]
name = "Whoever takes it has it"
on   = "issue_comment.created"
when.command = "take"
then.assign = "{{ sender.login }}"
then.react  = "+1"

[[rule]]
name = "Welcome"
on   = "pull_request.opened"
when.association = ["first_time_contributor", "first_timer", "none"]
then.comment = "Welcome, {{ pr.author }}! A maintainer looks at this within two days."

[[rule]]
name = "Documentation"
when.files = "docs/**"
then.label = "docs"

[[rule]]
name = "Changelog"
why  = "Users read it."
when.files    = "server/**"
when.no_files = "CHANGELOG.md"
then.check = { name = "changelog", conclusion = "failure", title = "CHANGELOG.md has no entry" }
else.check = { name = "changelog", conclusion = "success", title = "CHANGELOG.md is fine" }

[[rule]]
name = "The backend team reviews its code"
when.files = "server/**"
unless.author = "dependabot[bot]"
then.review = "@acme/backend"

[[rule]]
name = "Merge what is approved and green"
when.approvals = ">=1"
when.checks    = "green"
then.merge = "squash"

[[rule]]
name = "Merge Dependabot"
when.author = "dependabot[bot]"
when.checks = "green"
then.approve = "The tests pass."
then.merge   = "squash"

[[rule]]
name = "Tidy up"
self = true                      # also when the bot itself merged
when.state = "merged"
then.delete_branch = true

[[rule]]
name = "Spam"
on   = "issues.labeled"
when.label = "spam"
then.close = "not_planned"
then.lock  = "spam"

[[rule]]
name = "Build releases"
on   = "release.published"
then.dispatch = "ci.yml"
`

// story is what happens in the demo. Numbers: issue #1, pull requests #2 and #3, issue #4.
var story = []scene{
	{"alice", "pushes the rules", pushRules(demoRules, "Let a bot help"), nil},
	{"bob", "opens issue #1: “It crashes on start”", func(g *githubtest.Server) error {
		_, err := g.As("bob").On(demoRepository).OpenIssue("It crashes on start", "Every day.")
		return err
	}, []want{labelled(1, "needs-triage")}},
	{"dan", "comments on #1: “/take”", func(g *githubtest.Server) error {
		_, err := g.As("dan").On(demoRepository).Comment(1, "/take")
		return err
	}, []want{
		{"#1 is assigned to dan", issue(1, func(i githubtest.Issue) bool { return slices.Equal(i.Assignees, []string{"dan"}) })},
		{"dan's comment has a 👍", issue(1, func(i githubtest.Issue) bool {
			return len(i.Comments) == 1 && slices.Equal(i.Comments[0].Reactions, []githubtest.Reaction{{User: "bellhop[bot]", Content: "+1"}})
		})},
	}},
	{"bob", "opens pull request #2 from his fork: server code and documentation", func(g *githubtest.Server) error {
		fork, err := g.As("bob").On(demoRepository).Fork()
		if err != nil {
			return err
		}
		_, err = g.As("bob").On(fork).Push("fix-crash", githubtest.Commit{Message: "Do not crash", Files: map[string]string{
			"server/server.go": "package server\n\n// Serve serves without crashing.\nfunc Serve() {}\n",
			"docs/guide.md":    "# Guide\n\nHow to use it. It does not crash.\n",
		}})
		if err != nil {
			return err
		}
		_, err = g.As("bob").On(demoRepository).OpenPullRequest(githubtest.PullRequest{Title: "Do not crash on start", Body: "Fixes #1.", Head: "bob:fix-crash"})
		return err
	}, []want{
		{"#2 has one comment, a welcome", issue(2, func(i githubtest.Issue) bool {
			return len(i.Comments) == 1 && strings.Contains(i.Comments[0].Body, "Welcome, bob!")
		})},
		labelled(2, "docs"),
		{"@acme/backend is asked for a review of #2", issue(2, func(i githubtest.Issue) bool { return slices.Equal(i.Reviewers, []string{"@acme/backend"}) })},
		checked("#2", "changelog", "failure"),
	}},
	{"bob", "pushes to #2: a changelog entry, and the documentation as it was", func(g *githubtest.Server) error {
		guide, _ := g.File(demoRepository, "main", "docs/guide.md")
		_, err := g.As("bob").On("bob/app").Push("fix-crash", githubtest.Commit{Message: "Tell users", Files: map[string]string{
			"CHANGELOG.md": "- It does not crash on start.\n", "docs/guide.md": guide,
		}})
		return err
	}, []want{
		labelled(2),
		checked("#2", "changelog", "success"),
		{"bob was welcomed once", issue(2, func(i githubtest.Issue) bool { return len(i.Comments) == 1 })},
	}},
	{"carol", "approves #2 while the tests still run", func(g *githubtest.Server) error {
		if _, err := g.As("carol").On(demoRepository).StartCheck("ci", "#2", "tests"); err != nil {
			return err
		}
		_, err := g.As("carol").On(demoRepository).Approve(2, "Good.")
		return err
	}, []want{isOpen(2)}},
	{"CI", "finishes: the tests of #2 pass", finishTests("#2"), []want{merged(2)}},
	{"dependabot[bot]", "opens pull request #3: a newer example.com/lib; its tests run", func(g *githubtest.Server) error {
		d := g.As("dependabot[bot]").On(demoRepository)
		mod, _ := g.File(demoRepository, "main", "go.mod")
		if _, err := d.Push("dependabot/lib-1.2.4", githubtest.Commit{Message: "Bump lib", Files: map[string]string{"go.mod": strings.Replace(mod, "v1.2.3", "v1.2.4", 1)}}); err != nil {
			return err
		}
		if _, err := d.StartCheck("ci", "dependabot/lib-1.2.4", "tests"); err != nil {
			return err
		}
		_, err := d.OpenPullRequest(githubtest.PullRequest{Title: "Bump example.com/lib from 1.2.3 to 1.2.4", Head: "dependabot/lib-1.2.4"})
		return err
	}, []want{checked("#3", "changelog", "success"), isOpen(3)}},
	{"CI", "finishes: the tests of #3 pass", finishTests("#3"), []want{
		{"bellhop[bot] approved #3", issue(3, func(i githubtest.Issue) bool { return len(i.Reviews) == 1 && i.Reviews[0].Author == "bellhop[bot]" })},
		merged(3),
		{"the branch of #3 is gone", func(g *githubtest.Server) bool {
			return !slices.Contains(g.Branches(demoRepository), "dependabot/lib-1.2.4")
		}},
	}},
	{"alice", "breaks the rules: she misspells an event", pushRules(strings.Replace(demoRules, "issues.opened", "issues.opend", 1), "Tidy rules"), []want{
		configCheck("failure"),
		{"its annotation is at line 3 of .github/bot.toml", func(g *githubtest.Server) bool {
			for _, k := range g.Checks(demoRepository, "main") {
				if len(k.Annotations) == 1 && k.Annotations[0].Path == ".github/bot.toml" && k.Annotations[0].StartLine == 3 {
					return true
				}
			}
			return false
		}},
	}},
	{"erin", "opens issue #4: “Cheap watches”; the last good rules are still in force", func(g *githubtest.Server) error {
		_, err := g.As("erin").On(demoRepository).OpenIssue("Cheap watches", "Buy here.")
		return err
	}, []want{labelled(4, "needs-triage")}},
	{"dan", "labels #4 as spam", func(g *githubtest.Server) error { return g.As("dan").On(demoRepository).Label(4, "spam") }, []want{
		{"#4 is closed as not planned, and locked", issue(4, func(i githubtest.Issue) bool {
			return i.State == "closed" && i.StateReason == "not_planned" && i.Locked && i.LockReason == "spam"
		})},
	}},
	{"alice", "mends the rules", pushRules(demoRules, "Mend the rules"), []want{configCheck("success")}},
	{"alice", "publishes release v1.0.0", func(g *githubtest.Server) error {
		_, err := g.As("alice").On(demoRepository).CreateRelease(githubtest.Release{Tag: "v1.0.0", Name: "First"})
		return err
	}, []want{{"the workflow CI was dispatched once", func(g *githubtest.Server) bool {
		n := 0
		for _, r := range g.WorkflowRuns(demoRepository) {
			if r.Name == "CI" && r.Event == "workflow_dispatch" {
				n++
			}
		}
		return n == 1
	}}}},
}

// pushRules is alice's push of a rule file.
func pushRules(rules, message string) func(g *githubtest.Server) error {
	return func(g *githubtest.Server) error {
		_, err := g.As("alice").On(demoRepository).Push("main", githubtest.Commit{Message: message, Files: map[string]string{".github/bot.toml": rules}})
		return err
	}
}

// finishTests ends the check run called tests of a pull request, with success.
func finishTests(ref string) func(g *githubtest.Server) error {
	return func(g *githubtest.Server) error {
		for _, k := range g.Checks(demoRepository, ref) {
			if k.Name == "tests" {
				return g.As("carol").On(demoRepository).FinishCheck(k.ID, "success")
			}
		}
		return fmt.Errorf("%s has no tests", ref)
	}
}

// issue makes a condition on an issue or pull request.
func issue(number int, holds func(githubtest.Issue) bool) func(g *githubtest.Server) bool {
	return func(g *githubtest.Server) bool {
		i, ok := g.Issue(demoRepository, number)
		return ok && holds(i)
	}
}

func labelled(number int, names ...string) want {
	what := fmt.Sprintf("#%d has the label %s", number, strings.Join(names, ", "))
	if len(names) == 0 {
		what = fmt.Sprintf("#%d has no label", number)
	}
	return want{what, issue(number, func(i githubtest.Issue) bool { return slices.Equal(i.Labels, names) })}
}

func isOpen(number int) want {
	return want{fmt.Sprintf("#%d is open", number), issue(number, func(i githubtest.Issue) bool { return i.State == "open" })}
}

func merged(number int) want {
	return want{fmt.Sprintf("#%d is merged by bellhop[bot]", number), issue(number, func(i githubtest.Issue) bool {
		return i.State == "merged" && i.MergedBy == "bellhop[bot]"
	})}
}

func checked(ref, name, conclusion string) want {
	return want{fmt.Sprintf("the check run %s of %s says %s", name, ref, conclusion), func(g *githubtest.Server) bool {
		return slices.ContainsFunc(g.Checks(demoRepository, ref), func(k githubtest.CheckRun) bool { return k.Name == name && k.Conclusion == conclusion })
	}}
}

func configCheck(conclusion string) want { return checked("main", "bellhop config", conclusion) }

// typed plays a line that somebody typed, as alice who may do nearly everything.
func (s *stage) typed(line string) error {
	alice := s.github.As("alice").On(demoRepository)
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	if verb == "issue" && rest != "" {
		n, err := alice.OpenIssue(rest, "")
		if err == nil {
			s.deed("alice", fmt.Sprintf("opens issue #%d", n))
		}
		return err
	}
	number, text, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(strings.TrimPrefix(number, "#"))
	if err != nil {
		return fmt.Errorf("say: %s", typedHelp)
	}
	switch text = strings.TrimSpace(text); verb {
	case "comment":
		_, err = alice.Comment(n, text)
	case "label":
		err = alice.Label(n, text)
	case "unlabel":
		err = alice.Unlabel(n, text)
	case "close":
		err = alice.Close(n)
	case "reopen":
		err = alice.Reopen(n)
	default:
		return fmt.Errorf("say: %s", typedHelp)
	}
	return err
}

const typedHelp = "issue TITLE, comment NUMBER TEXT, label NUMBER NAME, unlabel NUMBER NAME, close NUMBER, reopen NUMBER, quit"

// invite says how to send the bot more.
func (s *stage) invite() {
	s.line(0, "\n%s", s.bold("The bot stays up. Ctrl-C ends it."))
	s.line(0, "Type what alice does: %s.", typedHelp)
	for _, d := range slices.Backward(s.github.Deliveries()) {
		if d.Event != "issue_comment" {
			continue
		}
		path := filepath.Join(s.folder, "delivery.json")
		if err := os.WriteFile(path, d.Payload, 0o600); err != nil {
			return
		}
		s.line(0, "Or send it a delivery yourself, such as dan's comment once more, from another terminal:\n")
		s.line(0, `  body=%s
  curl -i %s --data-binary @$body -H 'Content-Type: application/json' \
    -H 'X-GitHub-Event: %s' -H "X-GitHub-Delivery: $(date +%%s)" \
    -H "X-Hub-Signature-256: sha256=$(openssl dgst -sha256 -hmac '%s' -r $body | cut -d' ' -f1)"`, path, s.url(), d.Event, s.secret)
		return
	}
}
