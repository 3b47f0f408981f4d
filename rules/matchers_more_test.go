package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// wholeReviews makes the facts known that are about commits, reviews, owners and checks.
func wholeReviews(f *Facts) {
	s := f.Subject
	s.Files = []File{{Path: "docs/a.md", Status: "modified", Additions: 2}, {Path: "src/main.go", Status: "modified", Additions: 8, Deletions: 5}}
	s.Commits = []Commit{{SHA: "1", Message: "Add a bell\n\nWhy.", Author: "octocat"}, {SHA: "2", Message: "fix: ring", Author: "hubot"}}
	s.Approvers, s.ApproversOnHead, s.ApprovalsOnHead = []string{"alice", "carol"}, []string{"carol"}, 1
	s.ChangesRequestedBy, s.CommentedBy, s.UnresolvedThreads = []string{"Erin"}, nil, 2
	s.Closes = []Linked{{Number: 12, State: "open"}}
	s.RequiredChecks, s.RequiredState = []string{"build"}, "green"
	s.NotSignedOff, s.MergeCommits, s.Behind = []string{"1"}, 1, 3
	s.Owners = []Owned{{"docs/a.md", []string{"@acme/docs", "alice"}}, {"src/main.go", []string{"@acme/backend"}}}
	s.MilestoneDue, s.ClosedAt, s.MergedAt = f.Now.Add(72*time.Hour), time.Time{}, time.Time{}
	f.Repository = &Repository{FullName: "acme/app", Visibility: "public", Topics: []string{"go", "bot"}, Language: "Go"}
	f.Learn("pr.merge_commits", "pr.not_signed_off", "pr.unverified", "pr.behind", "pr.approvers", "pr.approvers_on_head", "pr.approvals_on_head",
		"pr.changes_requested_by", "pr.commented_by", "pr.unresolved_threads", "pr.closes", "pr.required_checks", "pr.required_state", "pr.owners",
		"pr.ready_at", "pr.milestone_due", "pr.closed_at", "pr.merged_at")
	f.LearnTeam("@acme/backend", []string{"carol", "dan"})
	f.LearnTeam("@acme/docs", []string{"bob"})
	f.LearnTeam("@acme", []string{"alice", "bob", "carol", "dan", "octocat"})
	f.LoseTeam("@other/team", "the members of @other/team cannot be read")
}

func TestMatchersOfReviewsAndChecks(t *testing.T) {
	checked := func(list ...Check) *Facts {
		return whole(func(f *Facts) { f.Subject.Checks = list })
	}
	pending := checked(Check{Name: "build (linux)", App: "github-actions", Conclusion: "success"}, Check{Name: "lint"}, Check{Name: "deploy", Conclusion: "failure"})
	sized := whole(func(f *Facts) {
		f.Subject.Files = []File{{Path: "go.sum", Additions: 900, Generated: true}, {Path: "testdata/x", Additions: 100}, {Path: "a.go", Additions: 10, Deletions: 5}, {Path: "b.go", Status: "added"}, {Path: "c.go", Status: "renamed"}, {Path: ".github/bot.toml", Status: "removed"}}
	})
	described := whole(func(f *Facts) {
		f.Subject.Body = "# Why\n<!-- say why -->\n\n## Test plan\nRan it.\n- [ ] one\n- [x] two\n```\n- [ ] code\n# Not a heading\n```\n"
	})
	closed := whole(func(f *Facts) {
		f.Subject.ClosedAt, f.Subject.MergedAt = f.Now.Add(-40*24*time.Hour), f.Now.Add(-time.Hour)
		f.Subject.UpdatedAt = f.Now.Add(-48 * time.Hour)
	})
	pushed := push("docs/a.md", "x.go")
	pushed.Push.Commits = []Commit{{Message: "docs: x", Author: "alice"}}
	for _, tt := range []struct {
		line string
		f    *Facts
		want Outcome
	}{
		{`author = "@acme"`, whole(), True},
		{`author = ["bob", "@Acme/Backend"]`, whole(), False},
		{`author = ["octocat", "@other/team"]`, whole(), True},
		{`author = "@other/team"`, whole(), Error},
		{`assignee = "@acme/backend"`, whole(), False},
		{`conflict = false`, whole(), True},
		{`conflict = true`, whole(func(f *Facts) { f.Wait("pr.mergeable", "wait") }), Waiting},
		{`behind = ">2"`, whole(), True},
		{`merged_by = "alice"`, whole(), False},
		{`milestone_due = "<7d"`, whole(), True},
		{`milestone_due = ">3d"`, whole(), False},
		{`milestone_due = "<7d"`, whole(func(f *Facts) { f.Subject.MilestoneDue = time.Time{} }), False},
		{`since_close = ">30d"`, closed, True},
		{`since_close = ">30d"`, whole(), False},
		{`since_merge = "<2h"`, closed, True},
		{`since_update = "1d..3d"`, closed, True},
		{`since_ready = ">1h"`, whole(func(f *Facts) { f.Subject.ReadyAt = f.Now.Add(-2 * time.Hour) }), True},
		{`since_ready = ">1h"`, whole(), False},
		{`title = "add a bell"`, whole(), True},
		{`title = ["* be", "[x]"]`, whole(), False},
		{`number = ">0"`, whole(), True},
		{`head_repo = "acme/*"`, whole(func(f *Facts) { f.Subject.HeadRepo = "acme/fork" }), True},
		{`body_has = "secret"`, whole(func(f *Facts) { f.Subject.Body = "a <!-- secret --> b" }), False},
		{`body_matches = '^a +b$'`, whole(func(f *Facts) { f.Subject.Body = "a <!-- secret --> b" }), True},
		{`body_length = "<4"`, whole(func(f *Facts) { f.Subject.Body = " <!-- a long comment --> abc\n" }), True},
		{`body_section = "test plan"`, described, True},
		{`body_section = ["Test plan", "Why"]`, described, True},
		{`body_section = ["Test plan", "Risk"]`, described, False},
		{`unchecked = 1`, described, True},
		{`linked_issues = 0`, whole(), False},
		{`added_files = "*.go"`, sized, True},
		{`added_files = "a.go"`, sized, False},
		{`renamed_files = "c.go"`, sized, True},
		{`removed_files = ".github/**"`, sized, True},
		{`modified_files = "docs/**"`, whole(), True},
		{`modified_files = "docs/**"`, pushed, True},
		{`changes_config = true`, sized, True},
		{`changes_config = false`, whole(), True},
		{`size = 115`, sized, True},
		{`size = { lines = "10..49", ignore = "testdata/**" }`, sized, True},
		{`size = { lines = ">49", ignore = ["testdata/**"] }`, sized, False},
		{`owner = "@acme/*"`, whole(), True},
		{`owner = "bob"`, whole(), False},
		{`commits_match = '^fix:'`, whole(), True},
		{`commits_match = ['^docs:', '^chore:']`, whole(), False},
		{`all_commits_match = ['^fix:', '^Add ']`, whole(), True},
		{`all_commits_match = '^fix:'`, whole(), False},
		{`all_commits_match = '^docs: '`, pushed, True},
		{`commit_author = "hubot"`, whole(), True},
		{`only_commit_author = "@acme"`, whole(), False},
		{`only_commit_author = ["hubot", "@acme"]`, whole(), True},
		{`signed_off = false`, whole(), True},
		{`verified = true`, whole(), True},
		{`merge_commits = 0`, whole(), False},
		{`checks = "required"`, whole(), True},
		{`checks = "required"`, whole(func(f *Facts) { f.Wait("pr.required_state", "not reported") }), Waiting},
		{`checks = "finished"`, whole(), True},
		{`checks = "finished"`, pending, False},
		{`check_green = "build*"`, pending, True},
		{`check_green = "@GitHub-Actions/build*"`, pending, True},
		{`check_green = "@other/build*"`, pending, Waiting},
		{`check_green = ["build*", "lint"]`, pending, Waiting},
		{`check_green = ["lint", "deploy"]`, pending, False},
		{`check_green = "x"`, checked(Check{Name: "x", Conclusion: "cancelled"}), Waiting},
		{`check_red = ["lint", "dep*"]`, pending, True},
		{`check_red = "lint"`, pending, False},
		{`check_pending = "lint"`, pending, True},
		{`check_is = { deploy = ["failure", "cancelled"], e2e = "missing" }`, pending, True},
		{`check_is = { lint = "pending", deploy = "success" }`, pending, False},
		{`approvals_on_head = 1`, whole(), True},
		{`approved_by = ["bob", "@acme/backend"]`, whole(), True},
		{`approved_by = "bob"`, whole(), False},
		{`approved_by = { "@acme/backend" = 1, alice = 1 }`, whole(), True},
		{`approved_by = { "@acme/backend" = 2 }`, whole(), False},
		{`approved_by = { "@acme" = "2..3" }`, whole(), True},
		{`approved_by = { "@other/team" = 1 }`, whole(), Error},
		{`approved_by_on_head = "alice"`, whole(), False},
		{`owners = "each"`, whole(), False},
		{`owners = "any"`, whole(), True},
		{`owners = "any >= 2"`, whole(), False},
		{`owners = "each >= 1"`, whole(func(f *Facts) { f.Subject.Approvers = []string{"alice", "bob", "carol"} }), True},
		{`owners = "each"`, whole(func(f *Facts) { f.Subject.Owners = nil }), True},
		{`owners = "each"`, whole(func(f *Facts) { f.Subject.Owners = []Owned{{"a", []string{"OctoCat"}}} }), True},
		{`owners = "each"`, whole(func(f *Facts) { f.Subject.Owners = []Owned{{"a", []string{"@other/team"}}} }), Error},
		{`owners = "each"`, whole(func(f *Facts) { f.Subject.Owners = []Owned{{"a", []string{"a@example.com"}}} }), Error},
		{`owners = "any"`, whole(func(f *Facts) { f.Subject.Owners = []Owned{{"a", []string{"@other/team", "alice"}}} }), True},
		{`changes_requested_by = "erin"`, whole(), True},
		{`commented_by = "*"`, whole(), False},
		{`unresolved_threads = ">0"`, whole(), True},
		{`reviewer = "B"`, whole(), True},
		{`visibility = "public"`, whole(), True},
		{`topic = ["x", "bot"]`, whole(), True},
		{`language = "go"`, whole(), True},
	} {
		src := fmt.Sprintf("[[rule]]\nname = \"r\"\non = %q\nwhen.%s\nthen.comment = \"x\"\n", tt.f.Delivery.Event, tt.line)
		s, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) > 0 {
			t.Errorf("%s: %s", tt.line, problems[0])
			continue
		}
		r := s.Evaluate(tt.f)
		if len(r.Missing) > 0 || len(r.Decisions) != 1 || r.Decisions[0].Outcome != tt.want {
			t.Errorf("%s: got %+v, want %s", tt.line, r, tt.want)
			continue
		}
		if term := r.Decisions[0].Terms[0]; term.Seen == "" && term.Why == "" {
			t.Errorf("%s: the explanation shows nothing: %+v", tt.line, term)
		}
	}
}

// TestTeamsAreAskedForByName: a team is missing until it was looked up, and only where it still matters.
func TestTeamsAreAskedForByName(t *testing.T) {
	for _, tt := range []struct {
		condition string
		missing   []string
	}{
		{`when.author = ["octocat", "@acme/a"]`, nil},
		{`when.author = ["bob", "@Acme/A", "@acme"]`, []string{"team.@acme", "team.@acme/a"}},
		{`unless.sender = "@acme/a"`, []string{"team.@acme/a"}},
		{`if = 'pr.author in team["@acme/a"] || pr.draft'`, []string{"team.@acme/a"}},
		{`if = 'pr.draft && pr.author in team["@acme/a"]'`, nil},
	} {
		src := "[[rule]]\nname = \"r\"\non = \"pull_request\"\n" + tt.condition + "\nthen.comment = \"x\"\n"
		s, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) > 0 {
			t.Errorf("%s: %s", tt.condition, problems[0])
			continue
		}
		if got := s.Evaluate(pull("opened")).Missing; !slices.Equal(got, tt.missing) {
			t.Errorf("%s: missing %v, want %v", tt.condition, got, tt.missing)
		}
		for _, m := range tt.missing {
			if name, ok := MissingTeam(m); !ok || !strings.HasPrefix(name, "@") {
				t.Errorf("%s is team %q, %v", m, name, ok)
			}
			if rules := s.Rules(); !slices.Contains(rules[0].Fetches, m) {
				t.Errorf("%s: not told as fetched: %v", tt.condition, rules[0].Fetches)
			}
		}
	}
}

func TestMistakesInNamesOfPeopleAndChecks(t *testing.T) {
	for _, tt := range []struct{ line, message string }{
		{`when.author = "@acme/a b"`, `"@acme/a b" is no name of a team`},
		{`when.approved_by = { "@" = 1 }`, `"@" is no name of a team`},
		{`when.approved_by = { alice = "many" }`, `when.approved_by.alice must be a number or a range: "many" is no whole number`},
		{`when.approved_by = {}`, `when.approved_by is an empty table`},
		{`when.owners = "all"`, `when.owners cannot be "all"`},
		{`when.owners = "each >= 0"`, `when.owners cannot be "each >= 0"`},
		{`when.owners = 1`, `when.owners must be a string, not a whole number`},
		{`when.check_green = "@github-actions"`, `"@github-actions" names an app and no check`},
		{`when.check_is = "success"`, `when.check_is must be a table of names and results, not a string`},
		{`when.check_is = { build = "ok" }`, `when.check_is.build cannot be "ok"`},
		{`when.size = { ignore = "x" }`, `when.size lacks lines`},
		{`when.size = { lines = 1, skip = "x" }`, `when.size has no key skip`},
		{`when.size = { lines = 1, ignore = "/x" }`, `paths do not begin with /`},
		{`when.body_section = ""`, `when.body_section is empty`},
		{`if = 'size(team) > 0'`, `team alone is no value`},
		{`if = 'pr.author in team[pr.title]'`, `the name of a team must be written out`},
		{`if = 'pr.author in team["backend"]'`, `"backend" is no name of a team`},
		{`if = 'pr.author in team.backend'`, `team alone is no value`},
		{`if = 'team.all(t, t == "")'`, `team alone is no value`},
	} {
		src := "[[rule]]\nname = \"r\"\n" + tt.line + "\nthen.comment = \"x\"\n"
		_, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) == 0 || problems[0].Message != tt.message {
			t.Errorf("%s: got %v, want %q", tt.line, problems, tt.message)
		}
	}
}

func TestOwnersLack(t *testing.T) {
	f := whole(func(f *Facts) {
		f.Subject.Owners = []Owned{{"a", []string{"@acme/backend", "Alice"}}, {"b", []string{"@acme/docs", "@acme/backend"}}, {"c", []string{"erin"}}}
		f.Subject.Approvers = []string{"carol"}
		f.Subject.Author = "dan"
	})
	for _, tt := range []struct{ call, want string }{
		{`owners_lack(pr.owners, pr.approvers, pr.author, team, "each", 1)`, `["Alice", "@acme/docs", "erin"]`},
		{`owners_lack(pr.owners, pr.approvers, pr.author, team, "any", 1)`, `["erin"]`},
		{`owners_lack(pr.owners, pr.approvers, pr.author, team, "any", 2)`, `["erin"]`},                           // dan need not approve: one is all there is
		{`owners_lack(pr.owners, ["dan"], "bob", team, "any", 2)`, `["@acme/backend (1 of 2) or Alice", "erin"]`}, // nobody else is in @acme/docs
	} {
		x, flaws := compile(tt.call+" == "+tt.want, boolType)
		if flaws != nil {
			t.Fatalf("%s: %v", tt.call, flaws)
		}
		if ans := x.eval(newActivation(f)); ans.value == nil || ans.value.Value() != true {
			y, _ := compile(tt.call, nil)
			t.Errorf("%s is %+v, want %s", tt.call, y.eval(newActivation(f)), tt.want)
		}
	}
}

func TestGroupsOfPeople(t *testing.T) {
	const people = "[people]\nbackend = [\"carol\", \"@acme/backend\"]\nout = \"renovate*\"\n"
	for _, tt := range []struct {
		line string
		want Outcome
	}{
		{`author = "people:backend"`, False},
		{`author = ["octocat", "people:backend"]`, True},
		{`author = "people:out"`, False},
		{`approved_by = "people:backend"`, True},
		{`approved_by = { "people:backend" = 1 }`, True},
		{`approved_by = { "people:backend" = 2 }`, False},
		{`only_commit_author = ["people:backend", "octocat", "hubot"]`, True},
	} {
		src := people + "[[rule]]\nname = \"r\"\non = \"pull_request\"\nwhen." + tt.line + "\nthen.comment = \"x\"\n"
		s, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) > 0 {
			t.Errorf("%s: %s", tt.line, problems[0])
			continue
		}
		if r := s.Evaluate(whole()); len(r.Missing) > 0 || r.Decisions[0].Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", tt.line, r, tt.want)
		}
	}
	for src, message := range map[string]string{
		people + "[[rule]]\nname = \"r\"\nwhen.author = \"people:bakend\"\nthen.comment = \"x\"\n": `f:6:15: rule "r": there is no group "bakend" under [people]`,
		"[people]\na = \"people:b\"\nb = \"x\"\n":                                                  `f:2:5: a group holds logins and teams, and no other group`,
		"[people]\na = [\"@x y\"]\n":                                                               `f:2:6: "@x y" is no name of a team`,
		"[people]\na = 1\n":                                                                        `f:2:5: people.a must be a string or a list of strings, not a whole number`,
		"people = 1\n":                                                                             `f:1:10: people must be a table of groups, not a whole number`,
	} {
		_, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), message) {
			t.Errorf("%s: got %v, want %s", src, problems, message)
		}
	}
}
