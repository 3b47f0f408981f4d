package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// commandRules compiles a file of commands.
func commandRules(t testing.TB, src string) *Set {
	t.Helper()
	s, problems := Compile("bot.toml", []byte(src), toyKinds, Options{})
	for _, p := range problems {
		t.Fatal(p.String())
	}
	return s
}

// spoken is a comment of somebody on issue 7 or pull request 7, which ann opened.
func spoken(kind, by, permission, text string) *Facts {
	f := &Facts{
		Bot: "bellhop", Repository: &Repository{Owner: "acme", Name: "app"}, Sender: &Sender{Login: by, Permission: permission},
		Delivery: Delivery{Event: "issue_comment", Activity: "created"},
		Subject:  &Subject{Kind: kind, Number: 7, Author: "ann", Title: "T"},
		Comment:  &Comment{Body: text, Author: by, Association: "contributor"},
	}
	f.LearnIn("issue")
	f.Learn("sender.permission")
	return f
}

// planned are the steps that are done unless something fails.
func planned(res Result) []Step {
	return slices.DeleteFunc(slices.Clone(res.Steps), func(s Step) bool { return s.Fallback })
}

func TestArguments(t *testing.T) {
	s := commandRules(t, `
[[command]]
name = "go"
args.where = { type = "string", values = ["up", "down-under", "area/*"] }
args.count = { type = "int", default = 2 }
args.dry_run = "bool"
args.who = { type = "users", required = false }
who = "anyone"
then.comment = "{{ command.args.where }}|{{ string(command.args.count) }}|{{ string(command.args.dry_run) }}|{{ command.args.who }}"

[[command]]
name = "say"
args.loud = "bool"
args.text = { type = "rest", required = false }
who = "anyone"
then.comment = "{{ command.args.text }}|{{ string(command.args.loud) }}"

[[command]]
name = "hold"
who = "anyone"
then.comment = "held"
`)
	for words, want := range map[string]string{
		"/go up":                              "up|2|false|",
		"/go UP 3":                            "up|3|false|",
		"/go down_under":                      "down-under|2|false|",
		"/go area/x count=4 who=@bo":          "area/x|4|false|bo",
		"/go up 5 @ann, bo":                   "up|5|false|ann, bo",
		"/go --where=up --dry-run":            "up|2|true|",
		"/go dry-run=no up":                   "up|2|false|",
		"/go":                                 "! `where` is missing",
		"/go left":                            "! `where` can be `up`, `down-under` or `area/*`, not `left`",
		"/go up many":                         "! `count` is a whole number, which `many` is not",
		"/go up 1 x/y":                        "! `x/y` is no user",
		"/go up where=up":                     "! `where` is given twice",
		"/go where=":                          "! `where` has no value",
		"/go up dry_run=maybe":                "! `dry_run` is true or false, not `maybe`",
		"/go `@everyone`":                     "! `where` can be `up`, `down-under` or `area/*`, not `ˋ@everyoneˋ`",
		`/say it's "all"  there=1 --x`:        `it's "all" there=1 --x|false`,
		"/say --loud stop":                    "stop|true",
		"/say loud":                           "loud|false",
		"/say":                                "|false",
		"/hold cancel":                        "! it takes no arguments",
		"/hold.":                              "held",
		"/go \"up\" 3":                        "up|3|false|",
		"/go “up”":                            "up|2|false|",
		"/go 'up":                             "! `where` can be `up`, `down-under` or `area/*`, not `'up`",
		"/go up 9223372036854775808":          "! `count` is a whole number, which `9223372036854775808` is not",
		"/go " + strings.Repeat("x", 2000):    "! `where` has more than 1000 bytes",
		"@bellhop go up":                      "up|2|false|",
		"/go --nope up":                       "! `where` can be `up`, `down-under` or `area/*`, not `--nope`",
		"/go count=x up":                      "! `count` is a whole number, which `x` is not",
		"/go where='area/a b' count=\"3\" bo": "area/a b|3|false|bo",
	} {
		res := s.Evaluate(spoken("issue", "bob", "read", words))
		got := ""
		for _, step := range planned(res) {
			body := step.Action.(*toyComment).Body
			if _, text, ok := strings.Cut(body, "`: "); ok && strings.Contains(body, "It is written") {
				text, _, _ = strings.Cut(text, ". It is written")
				body = "! " + text
			}
			got += body
		}
		if got = strings.ReplaceAll(got, zeroWidth, ""); got != want {
			t.Errorf("%s: got %q, want %q", words, got, want)
		}
	}
}

func TestWho(t *testing.T) {
	for who, allowed := range map[string]string{
		`"anyone"`:                 "ann:read bob:read cy:write mo:none",
		`"author"`:                 "ann:read",
		`"read"`:                   "ann:read bob:read cy:write",
		`"write"`:                  "cy:write",
		`["author", "write"]`:      "ann:read cy:write",
		`"@bob"`:                   "bob:read",
		`["Bob", "cy"]`:            "bob:read cy:write",
		`["admin", "contributor"]`: "ann:read bob:read cy:write mo:none",
		`"member"`:                 "",
	} {
		s := commandRules(t, "[[command]]\nname = 'x'\nwho = "+who+"\nthen.comment = 'done'")
		var got []string
		for _, person := range []string{"ann:read", "bob:read", "cy:write", "mo:none"} {
			by, permission, _ := strings.Cut(person, ":")
			if res := s.Evaluate(spoken("issue", by, permission, "/x")); res.Decisions[0].Outcome == True {
				got = append(got, person)
			}
		}
		if strings.Join(got, " ") != allowed {
			t.Errorf("%s: got %q, want %q", who, got, allowed)
		}
	}
}

// TestWhoCost holds what has to be looked up to decide who may.
func TestWhoCost(t *testing.T) {
	s := commandRules(t, "[[command]]\nname = 'x'\nwho = ['author', 'write', '@cy']\nwhen.draft = false\nthen.comment = 'done'")
	for by, want := range map[string]string{"ann": "[subject.draft]", "cy": "[subject.draft]", "bob": "[sender.permission]"} {
		f := spoken("pull_request", by, "", "/x")
		f.known = nil
		f.LearnIn("issue")
		if got := fmt.Sprint(s.Evaluate(f).Missing); got != want {
			t.Errorf("%s: got %s, want %s", by, got, want)
		}
	}
	if s.Listens(spoken("pull_request", "ann", "", "hello")) {
		t.Error("a comment without a command is listened to")
	}
}

// TestEditedByAnother: who edits a comment gives the command, not who wrote it.
func TestEditedByAnother(t *testing.T) {
	s := commandRules(t, "[[command]]\nname = 'x'\nwho = ['author', 'contributor']\nedited = true\nthen.comment = 'done'")
	f := spoken("issue", "bob", "read", "/x")
	f.Delivery.Activity = "edited"
	f.Comment.Author = "ann"
	if got := s.Evaluate(f).Decisions[0]; got.Outcome != False {
		t.Errorf("bob used ann's comment: %+v", got)
	}
}

func TestNearMiss(t *testing.T) {
	s := commandRules(t, "[[command]]\nname = 'retest'\nwho = 'anyone'\nthen.comment = 'done'\n[[command]]\nname = 'ok'\nthen.comment = 'done'")
	for text, want := range map[string]string{
		"/retst":                   "There is no command `/retst`. Did you mean `/retest`?",
		"/re-test":                 "There is no command `/re-test`. Did you mean `/retest`?",
		"/retst\n/retst":           "There is no command `/retst`. Did you mean `/retest`?",
		"/retest-required":         "",
		"/rest":                    "",
		"/approve":                 "",
		"/retst/log":               "",
		"/o":                       "",
		"@bellhop thanks":          "",
		"@bellhop retst":           "There is no command `/retst`. Did you mean `/retest`?",
		"/usr/bin/retest":          "",
		"/hepl":                    "There is no command `/hepl`. Did you mean `/help`?",
		"Please try /retst again.": "",
	} {
		got := ""
		for _, step := range planned(s.Evaluate(spoken("issue", "bob", "read", text))) {
			got += step.Action.(*toyComment).Body
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		f := spoken("issue", "bob", "read", text)
		f.Sender.Bot = true
		if got := s.Evaluate(f).Steps; len(got) > 0 {
			t.Errorf("%q: a bot was answered", text)
		}
	}
}

// TestCommandLayers: the repository's command goes before the operator's of the same name, a file's own before the engine's.
func TestCommandLayers(t *testing.T) {
	host, _ := Compile("bot.toml", []byte("[[command]]\nname='a'\nwho='anyone'\nthen.comment='host a'\n[[command]]\nname='b'\nwho='anyone'\nthen.comment='host b'"), toyKinds, Options{Layer: "host"})
	repo := commandRules(t, "[[command]]\nname='A'\nwho='anyone'\nthen.comment='repo a'\n[[command]]\nname='help'\nwho='anyone'\nthen.comment='my help'")
	s := Merge(host, repo)
	for text, want := range map[string]string{"/a": "repo a", "/b": "host b", "/help": "my help"} {
		res := s.Evaluate(spoken("issue", "bob", "read", text))
		if len(planned(res)) != 1 || res.Steps[0].Action.(*toyComment).Body != want {
			t.Errorf("%s: got %+v, want %q", text, res.Steps, want)
		}
	}
}

// TestCommandMemory: a command leaves nothing behind that an engine of state would act on later.
func TestCommandMemory(t *testing.T) {
	s := commandRules(t, "[[command]]\nname = 'x'\nwho = 'anyone'\nthen.label = 'mine'")
	f := spoken("issue", "bob", "read", "/x")
	res := s.Evaluate(f)
	if len(planned(res)) != 1 || len(res.Steps[0].Put) > 0 || len(res.Memory.Held) > 0 {
		t.Errorf("got %+v, %+v", res.Steps, res.Memory)
	}
}

// TestFailed: a fallback tells what went wrong, whatever that is.
func TestFailed(t *testing.T) {
	s := commandRules(t, "[[command]]\nname = 'x'\nwho = 'anyone'\nthen.label = 'mine'")
	step := s.Evaluate(spoken("issue", "bob", "read", "/x")).Steps[1].Failed("405 \"no\" <b> @all\n{failure}")
	a, err := Decode(toyKinds, step.Kind, step.Args)
	if want := "`/x` could not be done: 405 \"no\" &lt;b&gt; @" + zeroWidth + "all {failure}"; err != nil || a.(*toyComment).Body != want {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestCommandPresets(t *testing.T) {
	for _, p := range CommandPresets() {
		if p.Doc == "" || len(p.Needs) == 0 || !strings.HasPrefix(p.Text, "[[command]]") {
			t.Errorf("%+v", p)
		}
	}
}

// FuzzCalls: whatever a comment says, its commands are told in order and evaluation ends; equal facts give equal plans.
func FuzzCalls(f *testing.F) {
	for _, text := range []string{"/x a b", "```\n/x\n```\n/x \"a b\" n=1", "<!--\n/x\n-->/x", "> /x\n`\n/x\n`", "@bellhop x “a”", "/x\t--n=2 '", "/help\n/explain x"} {
		f.Add(text)
	}
	s := commandRules(f, "[[command]]\nname = 'x'\nargs.a = 'string'\nargs.n = { type = 'int', default = 1 }\nargs.more = { type = 'list', required = false }\nwho = 'anyone'\nthen.comment = '{{ command.args.a }} {{ command.args.more }}'")
	f.Fuzz(func(t *testing.T, text string) {
		line := -1
		for _, c := range callsIn(text, "bellhop") {
			if c.name == "" || c.line <= line || strings.ContainsAny(c.words, "\r\n") && !strings.Contains(text, "\r") {
				t.Fatalf("%+v", c)
			}
			line = c.line
		}
		a, b := s.Evaluate(spoken("issue", "bob", "read", text)), s.Evaluate(spoken("issue", "bob", "read", text))
		if fmt.Sprint(a.Decisions) != fmt.Sprint(b.Decisions) || len(a.Steps) != len(b.Steps) {
			t.Fatal("two plans for one comment")
		}
		if n := len(planned(a)); n > maxCalls+1 {
			t.Fatalf("%d steps", n)
		}
		if slices.ContainsFunc(a.Decisions, func(d Decision) bool { return d.Outcome == Error }) {
			t.Fatalf("%+v", a.Decisions)
		}
	})
}

// TestHostileComments: whatever a comment of GitHub's greatest length holds, its commands are found at once.
func TestHostileComments(t *testing.T) {
	var runs strings.Builder
	for n := 1; runs.Len() < maxText; n = n%2000 + 1 {
		runs.WriteString(strings.Repeat("`", n) + " ")
	}
	for name, text := range map[string]string{
		"backquotes":      runs.String(),
		"lines of them":   strings.ReplaceAll(runs.String(), " ", "\n"),
		"open comments":   strings.Repeat("<!--", maxText/4),
		"open elements":   strings.Repeat("<pre", maxText/4),
		"short lines":     strings.Repeat("/\n", maxText/2),
		"a long command":  "/x " + strings.Repeat("a ", maxText/2),
		"quotes":          "/x " + strings.Repeat("\"", maxText),
		"unclosed quotes": "/x " + strings.Repeat("“a ", maxText/5),
	} {
		s := commandRules(t, "[[command]]\nname = 'x'\nargs.a = 'list'\nwho = 'anyone'\nthen.comment = '{{ command.args.a }}'")
		f := spoken("issue", "bob", "read", text)
		began := time.Now()
		s.Evaluate(f)
		if took := time.Since(began); took > 200*time.Millisecond*raceSlows {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}
