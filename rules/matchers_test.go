package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// whole is a pull request of which every fact is known.
func whole(change ...func(*Facts)) *Facts {
	f := pull("opened", func(f *Facts) {
		s := f.Subject
		s.Files = []File{{Path: "docs/a.md"}, {Path: "src/main.go"}}
		s.ChangedFiles, s.CommitCount, s.Comments = 2, 3, 4
		s.Approvals, s.ChecksState, s.Reviewers, s.Assignees = 2, "green", []string{"a", "b"}, []string{"Hubot"}
		s.Checks = []Check{{Name: "build", Conclusion: "success"}}
		s.Labels, s.Milestone, s.Body = []string{"Bug", "area/db"}, "v2.1", "Fixes #12.\nA BREAKING change"
		s.ReviewDecision, s.Mergeable, s.FromFork = "approved", true, true
		f.Sender.Permission = "write"
		f.Learn("pr.files", "pr.commits", "pr.reviews", "pr.approvals", "pr.review_decision", "pr.checks", "pr.checks_state", "pr.mergeable", "sender.permission")
		wholeReviews(f)
	})
	for _, c := range change {
		c(f)
	}
	return f
}

// merged makes a pull request a merged one.
func merged(f *Facts) { f.Subject.State, f.Subject.Merged = "merged", true }

func TestMatchers(t *testing.T) {
	issues := issue("opened", func(f *Facts) { f.Subject.StateReason, f.Subject.State = "not_planned", "closed" })
	said := whole(comment("/Retest now"))
	pushed := push("docs/a.md", "x.go")
	tagged := &Facts{Delivery: Delivery{Event: "push"}, Push: &Push{Tag: "v1.2"}}
	checked := &Facts{Delivery: Delivery{Event: "check_run", Activity: "completed"}, Check: &CheckResult{Name: "build (1)", Conclusion: "failure", Branch: "main"}}
	ran := &Facts{Delivery: Delivery{Event: "workflow_run", Activity: "completed"}, Run: &WorkflowRun{Name: "CI", Conclusion: "success", Branch: "main"}}
	reviewed := whole(func(f *Facts) {
		f.Delivery.Event, f.Delivery.Activity = "pull_request_review", "submitted"
		f.Review = &Review{State: "changes_requested"}
	})
	deployed := &Facts{Delivery: Delivery{Event: "deployment_status", Activity: "created"}, Deployment: &Deployment{Environment: "production", State: "success"}}
	grouped := &Facts{Delivery: Delivery{Event: "merge_group", Activity: "checks_requested"}, MergeGroup: &MergeGroup{Base: "main"}}
	pending := whole(func(f *Facts) {
		f.Subject.Checks = append(f.Subject.Checks, Check{Name: "lint"})
		f.Wait("pr.checks_state", "lint runs")
	})
	for _, tt := range []struct {
		line string
		f    *Facts
		want Outcome
	}{
		{`author = "OctoCat"`, whole(), True},
		{`author = ["x", "octo*"]`, whole(), True},
		{`author = "octo"`, whole(), False},
		{`author = "dependabot[bot]"`, whole(func(f *Facts) { f.Subject.Author = "dependabot[bot]" }), True},
		{`author = "dependabot[bot]"`, whole(func(f *Facts) { f.Subject.Author = "dependabotb" }), False},
		{`bot = false`, whole(), True},
		{`bot = true`, whole(func(f *Facts) { f.Subject.AuthorBot = true }), True},
		{`association = "FIRST_TIMER"`, whole(), True},
		{`association = ["member", "owner"]`, whole(), False},
		{`first_time = true`, whole(), True},
		{`first_time = false`, whole(), False},
		{`sender = "hubot"`, whole(), True},
		{`permission = "write"`, whole(), True},
		{`permission = "triage"`, whole(), True},
		{`permission = "maintain"`, whole(), False},
		{`permission = ">write"`, whole(), False},
		{`permission = "<=write"`, whole(), True},
		{`permission = "=read"`, whole(), False},
		{`kind = "pull_request"`, whole(), True},
		{`kind = ["issue", "discussion"]`, whole(), False},
		{`state = "open"`, whole(), True},
		{`state = "closed"`, whole(merged), False},
		{`state = "merged"`, whole(merged), True},
		{`reason = "not_planned"`, issues, True},
		{`reason = "not_planned"`, whole(), False},
		{`draft = false`, whole(), True},
		{`draft = true`, whole(), False},
		{`draft = false`, issues, False},
		{`locked = false`, whole(), True},
		{`merged = true`, whole(merged), True},
		{`mergeable = true`, whole(), True},
		{`from_fork = true`, whole(), True},
		{`auto_merge = true`, whole(), False},
		{`base = "main"`, whole(), True},
		{`base = "Main"`, whole(), False},
		{`base = "rel/*"`, whole(func(f *Facts) { f.Subject.Base = "rel/1" }), True},
		{`base = "rel/*"`, whole(func(f *Facts) { f.Subject.Base = "rel/1/2" }), False},
		{`base = "rel/**"`, whole(func(f *Facts) { f.Subject.Base = "rel/1/2" }), True},
		{`base = "main"`, grouped, True},
		{`head = "b?l{l,t}"`, whole(), True},
		{`label = "bug"`, whole(), True},
		{`label = ["x", "area/*"]`, whole(), True},
		{`label = "area"`, whole(), False},
		{`labels = 2`, whole(), True},
		{`labels = "0"`, whole(), False},
		{`assignee = "hubot"`, whole(), True},
		{`assignees = ">1"`, whole(), False},
		{`milestone = "v2*"`, whole(), True},
		{`milestone = "*"`, whole(), True},
		{`milestone = "*"`, whole(func(f *Facts) { f.Subject.Milestone = "" }), False},
		{`by_author = true`, whole(func(f *Facts) { f.Sender.Login = f.Subject.Author }), True},
		{`by_author = true`, whole(func(f *Facts) { f.Sender.Login = "somebody" }), False},
		{`comments = "..4"`, whole(), True},
		{`age = ">22d"`, whole(), True},
		{`age = ">30d"`, whole(), False},
		{`age = "1w..4w"`, whole(), True},
		{`title_has = ["zzz", "A BELL"]`, whole(), True},
		{`title_has = "b.ll"`, whole(), False},
		{`title_begins = "add"`, whole(), True},
		{`title_begins = "bell"`, whole(), False},
		{`title_matches = '^Add .* b\w+$'`, whole(), True},
		{`title_matches = '^add'`, whole(), False},
		{`body_has = "breaking"`, whole(), True},
		{`body_matches = '(?m)^A .*e$'`, whole(), True},
		{`files = "docs/**"`, whole(), True},
		{`files = "*.go"`, whole(), False},
		{`files = "**/*.go"`, whole(), True},
		{`only_files = ["docs/**", "src/*"]`, whole(), True},
		{`only_files = "docs/**"`, whole(), False},
		{`only_files = "**"`, whole(func(f *Facts) { f.Subject.Files = nil }), False},
		{`no_files = "vendor/**"`, whole(), True},
		{`no_files = ["vendor/**", "docs/*.md"]`, whole(), False},
		{`files = "docs/**"`, pushed, True},
		{`only_files = "docs/**"`, pushed, False},
		{`no_files = "docs/**"`, pushed, False},
		{`changed_files = "<3"`, whole(), True},
		{`lines = 15`, whole(), True},
		{`lines = "10..49"`, whole(), True},
		{`lines = "16.."`, whole(), False},
		{`lines = "!=15"`, whole(), False},
		{`commits = ">1"`, whole(), True},
		{`checks = "green"`, whole(), True},
		{`checks = ["red", "none"]`, whole(), False},
		{`checks = "pending"`, whole(), False},
		{`checks = "pending"`, pending, True},
		{`checks = "green"`, pending, Waiting},
		{`checks = ["green", "pending"]`, pending, True},
		{`approvals = ">=2"`, whole(), True},
		{`approvals = ">2"`, whole(), False},
		{`reviewers = ">0"`, whole(), True},
		{`review_decision = "approved"`, whole(), True},
		{`command = "retest"`, said, True},
		{`command = ["deploy", "/retest"]`, said, True},
		{`command = "rete"`, said, False},
		{`comment_has = "retest"`, said, True},
		{`comment_matches = '^/\w+ now$'`, said, True},
		{`commenter = "hubot"`, said, True},
		{`review = "changes_requested"`, reviewed, True},
		{`review = "approved"`, reviewed, False},
		{`branch = "main"`, pushed, True},
		{`branch = "main"`, tagged, False},
		{`branch = "ma*"`, checked, True},
		{`branch = "ma*"`, ran, True},
		{`tag = "v*"`, tagged, True},
		{`tag = "v*"`, pushed, False},
		{`check = "build*"`, checked, True},
		{`workflow = "ci"`, ran, True},
		{`conclusion = ["failure", "timed_out"]`, checked, True},
		{`conclusion = "success"`, ran, True},
		{`environment = "prod*"`, deployed, True},
		{`deployment = "success"`, deployed, True},
		{`repo = "Acme/*"`, whole(), True},
		{`event = "pull_request"`, whole(), True},
		{`activity = ["closed", "opened"]`, whole(), True},
	} {
		src := fmt.Sprintf("[[rule]]\nname = \"r\"\non = %q\nwhen.%s\nthen.comment = \"x\"\n", tt.f.Delivery.Event, tt.line)
		s, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) > 0 {
			if tt.want != False || !strings.Contains(problems[0].Message, "never hold") {
				t.Errorf("%s: %s", tt.line, problems[0])
			}
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
		// Under unless the same line turns round.
		s, problems = Compile("f", []byte(strings.Replace(src, "when.", "unless.", 1)), toyKinds, Options{})
		if len(problems) > 0 {
			if tt.want != True || !strings.Contains(problems[0].Message, "never hold") {
				t.Errorf("unless.%s: %s", tt.line, problems[0])
			}
			continue
		}
		want := map[Outcome]Outcome{True: False, False: True, Waiting: Waiting}[tt.want]
		if got := s.Evaluate(tt.f).Decisions[0].Outcome; got != want {
			t.Errorf("unless.%s: got %s, want %s", tt.line, got, want)
		}
	}
}

// TestMatcherExamples compiles the example of each row and holds its documentation against the table of facts.
func TestMatcherExamples(t *testing.T) {
	ms := Matchers()
	seen := map[string]bool{}
	for _, m := range ms {
		src := "[[rule]]\nname = \"r\"\n" + m.Example + "\nthen.comment = \"x\"\n"
		_, problems := Compile("f", []byte(src), toyKinds, Options{})
		if len(problems) > 0 {
			t.Errorf("%s: %v", m.Key, problems)
		}
		if m.Doc == "" || m.Values == "" || seen[m.Key] || !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("%s: doc %q, values %q, twice %v", m.Key, m.Doc, m.Values, seen[m.Key])
		}
		for _, path := range m.Reads {
			if schema().fact(path) == nil && path != "bot" && path != "now" {
				t.Errorf("%s reads %s, which there is not", m.Key, path)
			}
		}
		seen[m.Key] = true
	}
}

func TestRanges(t *testing.T) {
	for text, want := range map[string]string{
		"5": "x == 5", "=5": "x == 5", "==5": "x == 5", "!=5": "x != 5", ">=2": "x >= 2", "> 2": "x > 2", "<=2": "x <= 2", "<5": "x < 5",
		"10..49": "x >= 10 && x <= 49", "..9": "x <= 9", "250..": "x >= 250", "-3..3": "x >= -3 && x <= 3",
		"": "", "..": "", "a": "", ">": "", "1..b": "", ">=1..2": "", "1...2": "", "5.5": "",
	} {
		bounds, err := parseRange(text, numberItem)
		got := ""
		if err == nil {
			got = within("x", bounds)
		}
		if got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestCallsIn(t *testing.T) {
	names := func(comment, bot string) string {
		var out []string
		for _, c := range callsIn(comment, bot) {
			out = append(out, c.name)
		}
		return strings.Join(out, " ")
	}
	for comment, want := range map[string]string{
		"/retest":                      "retest",
		"  /retest please\nmore":       "retest",
		"\n\n/retest":                  "retest",
		"> /deploy\n\n/retest":         "retest",
		"> /deploy":                    "",
		"hello\n/retest":               "retest",
		"```\n/retest\n```":            "",
		"    /retest":                  "",
		"\t/retest":                    "",
		"`/retest`":                    "",
		"@bellhop retest":              "retest",
		"@Bellhop: /retest":            "retest",
		"@bellhop[bot] retest":         "retest",
		"@bellhopper retest":           "",
		"@bellhop":                     "",
		"@other retest":                "",
		"/":                            "",
		"":                             "",
		"/re/test":                     "re/test",
		"&gt; x\n/retest":              "retest",
		"/hold\n/retest":               "hold retest",
		"<!-- /deploy\n/deploy -->":    "",
		"<!-- x -->\n/retest":          "retest",
		"<pre>\n/deploy\n</pre>\n/a":   "a",
		"say `x\n/deploy\n` now\n/a":   "a",
		"say ` so\n\n/retest":          "retest",
		"say ` so\n/retest":            "retest",
		"say ` so\n/a\n\n`/b`":         "a",
		"~~~~\n/b\n~~~\n/b\n~~~~\n/a":  "a",
		"```sh\n/b\n``` x\n/b\n```":    "",
		"   /retest":                   "retest",
		"- /retest":                    "",
		"\\<!-- x\n/a":                 "a",
		strings.Repeat("\n", 3) + "/a": "a",
	} {
		if got := names(comment, "bellhop"); got != want {
			t.Errorf("%q: got %q, want %q", comment, got, want)
		}
	}
	if got := names("@ retest", ""); got != "" {
		t.Errorf("without a name the bot took %q", got)
	}
	if got := len(callsIn(strings.Repeat("/a\n", 100), "")); got != maxCalls {
		t.Errorf("%d commands are heard, want %d", got, maxCalls)
	}
}

// TestFunctionExamples evaluates the example of each function of the table.
func TestFunctionExamples(t *testing.T) {
	for _, f := range Functions() {
		x, flaws := compile("("+f.Example+") == ("+f.Result+")", boolType)
		if flaws != nil {
			t.Errorf("%s: %v", f.Name, flaws)
			continue
		}
		if ans := x.eval(newActivation(&Facts{})); ans.value == nil || ans.value.Value() != true {
			t.Errorf("%s is not %s: %+v", f.Example, f.Result, ans)
		}
	}
}

func TestSpell(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Minute: "1h 30m", 49 * time.Hour: "2d 1h", 24 * time.Hour: "1d", 25 * time.Second: "25s", -time.Hour: "-1h",
		24*time.Hour + time.Second: "1d", 300 * time.Millisecond: "0s",
	} {
		if got := spell(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

// TestSchema holds the tags of the facts against the table of events and the kinds of subject.
func TestSchema(t *testing.T) {
	var names []string
	for _, v := range Schema() {
		names = append(names, v.Name)
		if v.Doc == "" || v.Type == "" {
			t.Errorf("%s has no doc or type", v.Name)
		}
		for _, f := range v.Facts {
			if f.Doc == "" {
				t.Errorf("%s.%s has no doc", v.Name, f.Name)
			}
			for _, by := range f.By {
				if _, bad := parseTrigger(by); bad.message != "" {
					t.Errorf("%s.%s: %s", v.Name, f.Name, bad.message)
				}
			}
			for _, of := range f.Of {
				if shorts[of] == "" {
					t.Errorf("%s.%s is of %q", v.Name, f.Name, of)
				}
			}
			if !slices.Contains([]string{"", "issue", "pr", "fetch"}, f.In) {
				t.Errorf("%s.%s comes from %q", v.Name, f.Name, f.In)
			}
		}
	}
	for _, want := range []string{"bot", "now", "event", "delivery", "repo", "sender", "subject", "pr", "issue", "discussion", "comment", "review", "push", "merge_group"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no variable %s in %v", want, names)
		}
	}
	for kind, list := range openings {
		for _, o := range list {
			if _, bad := parseTrigger(o); bad.message != "" {
				t.Errorf("%s: %s", kind, bad.message)
			}
		}
	}
	for record, list := range bells {
		if schema().names[record] == nil {
			t.Errorf("there is no record %s", record)
		}
		for _, b := range list {
			trigger, bad := parseTrigger(b)
			if bad.message != "" || !slices.Contains(recordsOf(trigger.event), record) {
				t.Errorf("%s does not bring %s: %s", b, record, bad.message)
			}
		}
	}
}

// TestKnown walks through learning and waiting.
func TestKnown(t *testing.T) {
	f := &Facts{}
	if f.Known("subject.title") || f.Known("repo.name") || f.Known("pr.files") {
		t.Error("zero facts know something")
	}
	f.Subject = &Subject{Kind: "issue"}
	if !f.Known("issue.number") || f.Known("issue.title") {
		t.Error("number comes with the record, title does not")
	}
	f.LearnIn("issue")
	if !f.Known("subject.title") || !f.Known("issue.title") || f.Known("subject.draft") {
		t.Error("an issue knows its title, and has no draft")
	}
	f.Wait("subject.labels", "why")
	if f.Known("issue.labels") || f.Waits("subject.labels") != "why" {
		t.Error("what waits is not known")
	}
	f.Learn("issue.labels")
	if !f.Known("issue.labels") || f.Waits("subject.labels") != "" {
		t.Error("what was learnt does not wait")
	}
	defer func() {
		if recover() == nil {
			t.Error("a fact that does not exist was learnt")
		}
	}()
	f.Learn("subject.titel")
}
