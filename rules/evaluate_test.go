package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mustCompile compiles rules that have no mistakes.
func mustCompile(t testing.TB, src string) *Set {
	t.Helper()
	s, problems := Compile("bot.toml", []byte(src), toyKinds, Options{})
	for _, p := range problems {
		t.Errorf("%s", p)
	}
	if t.Failed() {
		t.FailNow()
	}
	return s
}

// pull is a pull request delivery of which all but what must be fetched is known.
func pull(activity string, change ...func(*Facts)) *Facts {
	f := &Facts{
		Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Bot: "bellhop",
		Delivery:   Delivery{ID: "d1", Event: "pull_request", Activity: activity},
		Repository: &Repository{ID: 1, Owner: "acme", Name: "app", FullName: "acme/app", DefaultBranch: "main"},
		Sender:     &Sender{Login: "hubot"},
		Subject: &Subject{Kind: "pull_request", Number: 7, Title: "Add a bell", Author: "octocat", State: "open", Association: "first_timer",
			Labels: []string{"bug"}, Base: "main", Head: "bell", Additions: 10, Deletions: 5,
			CreatedAt: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Age: 23 * 24 * time.Hour},
	}
	f.LearnIn("issue")
	f.LearnIn("pr")
	for _, c := range change {
		c(f)
	}
	return f
}

// issue is an issue delivery.
func issue(activity string, change ...func(*Facts)) *Facts {
	f := &Facts{
		Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Bot: "bellhop",
		Delivery:   Delivery{ID: "d2", Event: "issues", Activity: activity},
		Repository: &Repository{ID: 1, Owner: "acme", Name: "app", FullName: "acme/app", DefaultBranch: "main"},
		Sender:     &Sender{Login: "octocat"},
		Subject:    &Subject{Kind: "issue", Number: 8, Title: "It does not ring", Author: "octocat", State: "open", Association: "none"},
	}
	f.LearnIn("issue")
	for _, c := range change {
		c(f)
	}
	return f
}

// comment makes a delivery one of a comment.
func comment(body string) func(*Facts) {
	return func(f *Facts) {
		f.Delivery.Event, f.Delivery.Activity = "issue_comment", "created"
		f.Comment = &Comment{ID: 5, Body: body, Author: "hubot"}
	}
}

// push is a push to main.
func push(files ...string) *Facts {
	f := &Facts{Delivery: Delivery{Event: "push"}, Repository: &Repository{FullName: "acme/app"}, Sender: &Sender{Login: "octocat"},
		Push: &Push{Ref: "refs/heads/main", Branch: "main", Message: "one\n\ntwo"}}
	for _, p := range files {
		f.Push.Files = append(f.Push.Files, File{Path: p, Status: "modified"})
	}
	return f
}

func held(names ...string) func(*Facts) {
	return func(f *Facts) {
		if f.Memory.Held == nil {
			f.Memory.Held = map[string]bool{}
		}
		for _, n := range names {
			name, no := strings.CutPrefix(n, "!")
			f.Memory.Held[name] = !no
		}
	}
}

func put(ps ...Put) func(*Facts) {
	return func(f *Facts) { f.Memory.Put = append(f.Memory.Put, ps...) }
}

// sketch writes a result in a few lines: decisions, then what is missing, then steps.
func sketch(r Result) string {
	var b strings.Builder
	for _, d := range r.Decisions {
		fmt.Fprintf(&b, "%s %s", d.Rule, d.Outcome)
		if d.Note != "" {
			fmt.Fprintf(&b, " (%s)", d.Note)
		}
		b.WriteByte('\n')
		for _, s := range d.Would {
			fmt.Fprintf(&b, "  would %s\n", sketchStep(s))
		}
	}
	for _, m := range r.Missing {
		fmt.Fprintf(&b, "missing %s\n", m)
	}
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "do %s\n", sketchStep(s))
	}
	return b.String()
}

func sketchStep(s Step) string {
	text := fmt.Sprintf("%s %s", s.Kind, s.Args)
	if s.Undo {
		text = "undo " + text
	}
	for _, p := range s.Put {
		text += fmt.Sprintf(" put=%s/%s/%s", p.Rule, p.Kind, p.Key)
	}
	return text
}

func TestEvaluate(t *testing.T) {
	const label = `
[[rule]]
name = "r"
when.title_has = "bell"
then.label = ["bell"]
`
	const once = `
[[rule]]
name = "r"
when.title_has = "bell"
then.comment = "rings"
else.comment = "rings no more"
`
	for _, tt := range []struct {
		name, rules string
		facts       *Facts
		want        string
	}{
		{"kept: put on", label, pull("opened"), "r true (1 action)\ndo label {\"Names\":[\"bell\"]} put=r/label/bell\n"},
		{"kept: there already", label, pull("opened", func(f *Facts) { f.Subject.Labels = []string{"bell"} }), "r true (already done)\n"},
		{"kept: false and never put", label, issue("opened"), "r false\n"},
		{"kept: false, taken off", label, issue("edited", func(f *Facts) { f.Subject.Labels = []string{"bell"} }, held("r"), put(Put{"r", "label", "bell"})),
			"r false (1 action)\ndo undo remove_label {\"Names\":[\"bell\"]} put=r/label/bell\n"},
		{"kept: false, put by a person", label, issue("edited", func(f *Facts) { f.Subject.Labels = []string{"bell"} }, held("r")), "r false\n"},
		{"kept: the rule keeps something else now", label, pull("edited", held("r"), func(f *Facts) { f.Subject.Labels = []string{"old", "bell"} }, put(Put{"r", "label", "old"})),
			"r true (1 action)\ndo undo remove_label {\"Names\":[\"old\"]} put=r/label/old\n"},
		{"kept: false, but another rule keeps it", label + "[[rule]]\nname = 's'\nwhen.author = 'octocat'\nthen.label = 'bell'\n",
			issue("edited", func(f *Facts) { f.Subject.Labels = []string{"bell"} }, held("r"), put(Put{"r", "label", "bell"})), "r false\ns true (already done)\n"},
		{"kept: false, another rule that does not hear this keeps it", label + "[[rule]]\nname = 's'\non = 'issues.closed'\nthen.label = 'bell'\n",
			issue("edited", func(f *Facts) { f.Subject.Labels = []string{"bell"} }, held("r", "s"), put(Put{"r", "label", "bell"})), "r false\n"},
		{"kept under else", "[[rule]]\nname = 'r'\nwhen.title_has = 'bell'\nelse.label = 'mute'\nthen.label = 'bell'\n",
			issue("edited", func(f *Facts) { f.Subject.Labels = []string{"bell"} }, held("r"), put(Put{"r", "label", "bell"})),
			"r false (2 actions)\ndo label {\"Names\":[\"mute\"]} put=r/label/mute\ndo undo remove_label {\"Names\":[\"bell\"]} put=r/label/bell\n"},

		{"once: first time", once, pull("opened"), "r true (1 action)\ndo comment {\"Body\":\"rings\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"once: held before", once, pull("edited", held("r")), "r true (held before)\n"},
		{"once: again after it was false", once, pull("edited", held("!r")), "r true (1 action)\ndo comment {\"Body\":\"rings\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"once: else only after it held", once, issue("opened"), "r false\n"},
		{"once: else on the falling edge", once, issue("edited", held("r")), "r false (1 action)\ndo comment {\"Body\":\"rings no more\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":8}\n"},
		{"a moment fires each time", "[[rule]]\nname = 'r'\non = 'pull_request.synchronize'\nthen.comment = 'x'", pull("synchronize", held("r")),
			"r true (1 action)\ndo comment {\"Body\":\"x\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"a family is about state", "[[rule]]\nname = 'r'\non = 'pull_request'\nthen.comment = 'x'", pull("synchronize", held("r")), "r true (held before)\n"},
		{"a command is a moment", "[[rule]]\nname = 'r'\nwhen.command = 'ring'\nthen.comment = 'x'", pull("", comment("/ring it"), held("r")),
			"r true (1 action)\ndo comment {\"Body\":\"x\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"does not hear", "[[rule]]\nname = 'r'\non = 'issues.closed'\nthen.comment = 'x'", issue("opened"), ""},
		{"merged", "[[rule]]\nname = 'r'\non = 'pull_request.merged'\nthen.comment = 'x'", pull("closed", func(f *Facts) { f.Event = map[string]any{"pull_request": map[string]any{"merged": true}} }),
			"r true (1 action)\ndo comment {\"Body\":\"x\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"closed without a merge", "[[rule]]\nname = 'r'\non = 'pull_request.merged'\nthen.comment = 'x'", pull("closed"), ""},

		{"own events", once, pull("opened", func(f *Facts) { f.Delivery.Self = true }), ""},
		{"own events, self", once + "self = true", pull("opened", func(f *Facts) { f.Delivery.Self = true }), "r true (1 action)\ndo comment {\"Body\":\"rings\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"off", label + "mode = 'off'", pull("opened"), ""},
		{"observe", label + "mode = 'observe'", pull("opened"), "r true (observe only: 1 action)\n  would label {\"Names\":[\"bell\"]} put=r/label/bell\n"},

		{"missing", "[[rule]]\nname = 'r'\nwhen.files = 'docs/**'\nthen.label = 'docs'", pull("opened"), "r waiting (needs facts that were not read yet)\nmissing subject.files\n"},
		{"decided without what is missing", "[[rule]]\nname = 'r'\nwhen.files = 'docs/**'\nwhen.draft = true\nthen.label = 'docs'", pull("opened"), "r false\n"},
		{"waiting", "[[rule]]\nname = 'r'\nwhen.checks = 'green'\nthen.comment = 'x'", pull("opened", func(f *Facts) { f.Wait("pr.checks_state", "2 checks run") }, held("r")), "r waiting (waits: 2 checks run)\n"},
		{"unless waits", "[[rule]]\nname = 'r'\nunless.checks = 'red'\nthen.comment = 'x'", pull("opened", func(f *Facts) { f.Wait("pr.checks_state", "2 checks run") }), "r waiting (waits: 2 checks run)\n"},
		{"false beats waiting", "[[rule]]\nname = 'r'\nwhen.checks = 'green'\nwhen.draft = true\nthen.comment = 'x'", pull("opened", func(f *Facts) { f.Wait("pr.checks_state", "2 checks run") }), "r false\n"},
		{"missing beats waiting", "[[rule]]\nname = 'r'\nwhen.checks = 'green'\nwhen.files = '*'\nthen.comment = 'x'", pull("opened", func(f *Facts) { f.Wait("pr.checks_state", "2 checks run") }), "r waiting (needs facts that were not read yet)\nmissing subject.files\n"},
		{"error", "[[rule]]\nname = 'r'\nif = 'pr.labels[3] == \"x\"'\nthen.comment = 'x'", pull("opened"), "r error (error: index out of bounds: 3)\n"},
		{"what the action reads is missing", "[[rule]]\nname = 'r'\nwhen.author = 'octocat'\nthen.merge = 'squash'", pull("opened"), "r waiting (needs facts that were not read yet)\nmissing subject.mergeable\n"},
		{"what the action reads waits", "[[rule]]\nname = 'r'\nwhen.author = 'octocat'\nthen.merge = 'squash'", pull("opened", func(f *Facts) { f.Wait("pr.mergeable", "GitHub thinks") }), "r waiting (waits: GitHub thinks)\n"},
		{"what the action reads is not asked for when it does not fire", "[[rule]]\nname = 'r'\nwhen.author = 'octocat'\nthen.merge = 'squash'", pull("edited", held("r")), "r true (held before)\n"},
		{"an action that the subject does not have", "[[rule]]\nname = 'r'\nwhen.author = 'octocat'\nthen.merge = 'squash'", issue("opened"), "r true (not on an issue)\n"},

		{"a record of another kind", "[[rule]]\nname = 'r'\non = ['issues', 'pull_request']\nif = 'subject.kind == \"issue\" || pr.draft'\nthen.comment = 'x'", issue("opened", held("r")), "r true (held before)\n"},
		{"either", "[[rule]]\nname = 'r'\nthen.comment = 'x'\n[[rule.when]]\nauthor = 'hubot'\n[[rule.when]]\nauthor = 'octocat'\ntitle_has = 'bell'\n", pull("opened", held("r")), "r true (held before)\n"},
		{"either, none", "[[rule]]\nname = 'r'\nthen.comment = 'x'\n[[rule.when]]\nauthor = 'hubot'\n[[rule.when]]\nauthor = 'octocat'\ntitle_has = 'bellx'\n", pull("opened"), "r false\n"},
		{"order of then", "[[rule]]\nname = 'r'\n[[rule.then]]\ncomment = 'one'\n[[rule.then]]\nlabel = 'x'\n[[rule.then]]\ncomment = 'two'\n", pull("opened"),
			"r true (3 actions)\ndo comment {\"Body\":\"one\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\ndo label {\"Names\":[\"x\"]} put=r/label/x\ndo comment {\"Body\":\"two\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":7}\n"},
		{"push", "[[rule]]\nname = 'r'\non = 'push'\nwhen.files = 'docs/**'\nthen.comment = '{{ push.message.first_line() }}'", push("a.go", "docs/x.md"),
			"r true (1 action)\ndo comment {\"Body\":\"one\",\"To\":null,\"With\":null,\"Mode\":\"plain\",\"On\":0}\n"},
		{"almost zero facts", "[[rule]]\nname = 'r'\non = 'push'\nif = 'push.branch == \"x\" || repo.name == \"\" || sender.bot || now.getFullYear() == 3'\nthen.comment = 'x'",
			&Facts{Delivery: Delivery{Event: "push"}}, "r false\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, sketch(mustCompile(t, tt.rules).Evaluate(tt.facts))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluateZeroFacts(t *testing.T) {
	for _, s := range []*Set{nil, newSet(nil, nil), mustCompile(t, "[[rule]]\nname='a'\nthen.comment='x'\n")} {
		if r := s.Evaluate(&Facts{}); len(r.Decisions)+len(r.Steps)+len(r.Missing) > 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestMemory(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "true"
when.author = "octocat"
then.comment = "x"
[[rule]]
name = "false"
when.author = "hubot"
then.label = "x"
[[rule]]
name = "waits"
when.checks = "green"
then.comment = "x"
[[rule]]
name = "keeps"
when.author = "octocat"
then.label = "x"
`)
	f := pull("opened", held("old", "waits"), put(Put{"false", "label", "x"}), func(f *Facts) { f.Wait("pr.checks_state", "?"); f.Subject.Labels = []string{"x"} })
	r := s.Evaluate(f)
	want := Memory{Held: map[string]bool{"old": true, "waits": true, "true": true, "false": false, "keeps": true}, Put: []Put{{"keeps", "label", "x"}}}
	if diff := cmp.Diff(want, r.Memory); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Put{{"false", "label", "x"}}, f.Memory.Put); diff != "" {
		t.Errorf("the facts were changed: %s", diff)
	}
}

func TestTerms(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "r"
when.author = ["hubot", "octo*"]
when.only_files = "docs/**"
when.lines = "..9"
unless.label = "pinned"
if = 'pr.additions > 5 && !pr.draft'
then.label = "x"
`)
	f := pull("opened", func(f *Facts) {
		f.Subject.Additions, f.Subject.Deletions = 6, 1
		for i := range 8 {
			f.Subject.Files = append(f.Subject.Files, File{Path: fmt.Sprintf("src/%d.go", i)})
		}
		f.Learn("pr.files")
	})
	want := []Term{
		{Text: `when.author = ["hubot", "octo*"]`, Seen: `"octocat"`, Outcome: True},
		{Text: `when.only_files = "docs/**"`, Seen: `["src/0.go", "src/1.go", "src/2.go", "src/3.go", "src/4.go", and 3 more]`, Outcome: False},
		{Text: `when.lines = "..9"`, Seen: "7", Outcome: True},
		{Text: `unless.label = "pinned"`, Seen: `["bug"]`, Outcome: True},
		{Text: `if = 'pr.additions > 5 && !pr.draft'`, Seen: "pr.additions = 6, pr.draft = false", Outcome: True},
	}
	if diff := cmp.Diff(want, s.Evaluate(f).Decisions[0].Terms); diff != "" {
		t.Error(diff)
	}
	s = mustCompile(t, "[[rule]]\nname = 'r'\non = ['issues', 'pull_request']\nwhen.lines = '..9'\nthen.label = 'x'")
	terms := s.Evaluate(issue("opened")).Decisions[0].Terms
	if diff := cmp.Diff([]Term{{Text: `when.lines = '..9'`, Outcome: False, Why: "this is an issue, not a pull request"}}, terms); diff != "" {
		t.Error(diff)
	}
}

// TestStepsDecode stores each step of a plan and reads it back.
func TestStepsDecode(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = 'r'\n[[rule.then]]\ncomment = { body = 'hi {{ pr.number }}', to = ['a', '{{ pr.labels }}'], with = { k = '{{ pr.title }}' } }\n[[rule.then]]\nlabel = 'x'")
	for _, step := range s.Evaluate(pull("opened")).Steps {
		a, err := Decode(toyKinds, step.Kind, step.Args)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.Action, a); diff != "" {
			t.Error(diff)
		}
	}
	for kind, args := range map[string]string{"gone": "{}", "label": `{"Nmes":[]}`, "comment": "["} {
		if a, err := Decode(toyKinds, kind, []byte(args)); err == nil {
			t.Errorf("%s %s: %+v", kind, args, a)
		}
	}
}

// TestEqualFactsEqualPlans evaluates twice, with the set compiled anew.
func TestEqualFactsEqualPlans(t *testing.T) {
	src := `
[[rule]]
name = "a"
if = 'pr.labels.exists(l, l == "bug") || event.x.y == 3'
then.comment = { body = "{{ pr.labels }} {{ event.a }}", with = { b = "{{ pr.title }}", a = "{{ pr.author }}", c = "x" } }
[[rule]]
name = "b"
when.files = ["a", "b"]
when.approvals = 3
when.checks = ["green", "pending"]
then.label = "x"
`
	one, err1 := json.Marshal(mustCompile(t, src).Evaluate(pull("opened")))
	for range 20 {
		two, err2 := json.Marshal(mustCompile(t, src).Evaluate(pull("opened")))
		if err1 != nil || err2 != nil || string(one) != string(two) {
			t.Fatalf("%s\n%s", one, two)
		}
	}
	if !strings.Contains(string(one), `"Missing":["subject.approvals","subject.checks","subject.checks_state","subject.files"]`) {
		t.Errorf("%s", one)
	}
}
