package rules

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// said lists what the gates of a result publish, as "NAME RESULT", and the rest of the plan by its kind.
func saidBy(r Result) []string {
	var out []string
	for _, s := range r.Steps {
		if g, ok := s.Action.(*toyGate); ok {
			out = append(out, g.Name+" "+string(g.Result))
		} else if s.Undo {
			out = append(out, "undo "+s.Kind)
		} else {
			out = append(out, s.Kind)
		}
	}
	return out
}

// done is the memory after all steps of a result were done.
func done(r Result) Memory {
	for _, s := range r.Steps {
		for _, p := range s.Put {
			if s.Undo {
				r.Memory.Put = slices.DeleteFunc(r.Memory.Put, func(q Put) bool { return p == q })
			} else {
				r.Memory.Put = append(r.Memory.Put, p)
			}
		}
	}
	return r.Memory
}

func head(sha string) func(*Facts) { return func(f *Facts) { f.Subject.HeadSHA = sha } }

func remember(m Memory) func(*Facts) { return func(f *Facts) { f.Memory = m } }

func wantSaid(t *testing.T, r Result, want ...string) {
	t.Helper()
	if got := saidBy(r); !slices.Equal(got, want) || len(r.Missing) > 0 {
		t.Errorf("planned %q, want %q; missing %q", got, want, r.Missing)
	}
}

func TestGateIsSilentWhileNothingChanges(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "Old enough"
require.age = ">1d"
require.label = "bug"
`)
	first := s.Evaluate(pull("opened", head("a")))
	wantSaid(t, first, "Old enough pass")
	later := func(f *Facts) { f.Subject.Age += time.Hour }
	wantSaid(t, s.Evaluate(pull("edited", head("a"), remember(done(first)), later)))
	wantSaid(t, s.Evaluate(pull("edited", head("b"), remember(done(first)))), "Old enough pass")
	// A step that failed was not said.
	wantSaid(t, s.Evaluate(pull("edited", head("a"), remember(first.Memory))), "Old enough pass")
	// What was said before is not remembered beside what is said now.
	fails := s.Evaluate(pull("unlabeled", head("a"), remember(done(first)), func(f *Facts) { f.Subject.Labels = nil }))
	wantSaid(t, fails, "Old enough fail")
	if m := done(fails); len(m.Put) != 1 {
		t.Errorf("remembers %v", m.Put)
	}
	wantSaid(t, s.Evaluate(pull("labeled", head("a"), remember(done(fails)))), "Old enough pass")
}

func TestGateResults(t *testing.T) {
	for _, row := range []struct {
		name, rule string
		change     func(*Facts)
		want       string
		title      string
	}{
		{"passes", `require.label = "bug"`, nil, "g pass", "Holds: 1 condition"},
		{"fails", "require.label = \"x\"\nrequire.base = \"main\"\nrequire.draft = true", nil, "g fail", `Missing: require.label = "x" and 1 more`},
		{"out of scope", "when.base = \"next\"\nrequire.mergeable = true", nil, "g outside", "Does not apply"},
		{"waits", `require.mergeable = true`, func(f *Facts) { f.Wait("subject.mergeable", "GitHub is at it") }, "g wait", "Waits: GitHub is at it"},
		{"a failure wins over what waits", "require.mergeable = true\nrequire.label = \"x\"",
			func(f *Facts) { f.Wait("subject.mergeable", "GitHub is at it") }, "g fail", `Missing: require.label = "x"`},
		{"scope waits", "when.mergeable = true\nrequire.label = \"bug\"", func(f *Facts) { f.Wait("subject.mergeable", "GitHub is at it") },
			"g wait", "Waits: GitHub is at it"},
		{"error", `require.if = 'pr.labels[7] == "x"'`, nil, "g error", "Cannot be decided: index out of bounds: 7"},
		{"scope has an error", "if = 'pr.labels[7] == \"x\"'\nrequire.label = \"bug\"", nil, "g error", "Cannot be decided: index out of bounds: 7"},
		{"one of two ways", "[[rule.require]]\nlabel = \"x\"\n[[rule.require]]\nlabel = \"bug\"", nil, "g pass", "Holds: 1 condition"},
		{"neither of two ways", "[[rule.require]]\nlabel = \"x\"\n[[rule.require]]\nlabel = \"y\"", nil, "g fail", "Missing: one of 2 ways"},
	} {
		s := mustCompile(t, "[[rule]]\nname = \"g\"\n"+row.rule)
		f := pull("opened", head("a"))
		if row.change != nil {
			row.change(f)
		}
		r := s.Evaluate(f)
		t.Run(row.name, func(t *testing.T) {
			wantSaid(t, r, row.want)
			if len(r.Steps) == 1 && r.Steps[0].Action.(*toyGate).Title != row.title {
				t.Errorf("title %q, want %q", r.Steps[0].Action.(*toyGate).Title, row.title)
			}
		})
	}
}

// All that a gate reads is asked for at once, the commit too.
func TestGateAsksOnce(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"g\"\nrequire.approvals = \">=1\"\nrequire.checks = \"green\"\n")
	f := pull("opened")
	f.Delivery.Event, f.Subject = "check_run", &Subject{Kind: "pull_request", Number: 7}
	f.known = nil
	want := []string{"subject.approvals", "subject.checks_state", "subject.head_sha"}
	if r := s.Evaluate(f); !slices.Equal(r.Missing, want) {
		t.Errorf("missing %q, want %q", r.Missing, want)
	}
}

func TestGateDoesNotWaitForTheBot(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"g\"\nrequire.checks = \"green\"\nrequire.if = 'pr.checks.size() == 1'\n"+
		"[[rule]]\nname = \"merge\"\nwhen.checks = \"green\"\nthen.label = \"x\"\n")
	f := pull("synchronize", head("a"))
	f.LearnChecks([]Check{{Name: "g", App: "bellhop"}, {Name: "build", App: "ci", Conclusion: "success"}})
	r := s.Evaluate(f)
	wantSaid(t, r, "g pass", "label")
	if r.Decisions[1].Outcome != True {
		t.Errorf("merge is %s: the gate passes, whatever GitHub shows of it yet", r.Decisions[1].Outcome)
	}
	if f.Waits("subject.checks_state") == "" {
		t.Error("the facts were changed")
	}
	// Its own check runs are no news, those of others are, and Re-run says it anew.
	own := func(activity, app string) func(*Facts) {
		return func(f *Facts) {
			f.Delivery.Event, f.Delivery.Activity = "check_run", activity
			f.Check = &CheckResult{Name: "g", App: app, Status: "completed", Conclusion: "success"}
		}
	}
	for _, row := range []struct {
		activity, app string
		want          bool
	}{{"completed", "bellhop", false}, {"completed", "ci", true}, {"rerequested", "bellhop", true}, {"rerequested", "ci", false}} {
		f := pull("", own(row.activity, row.app))
		if got, _ := s.rules[0].hears(f); got != row.want {
			t.Errorf("%s of %s: heard is %t", row.activity, row.app, got)
		}
	}
	s = mustCompile(t, "[[rule]]\nname = \"g\"\nrequire.label = \"bug\"\n")
	m := done(s.Evaluate(pull("opened", head("a"))))
	wantSaid(t, s.Evaluate(pull("edited", head("a"), remember(m))))
	r = s.Evaluate(pull("", head("a"), remember(m), own("rerequested", "bellhop")))
	if wantSaid(t, r, "g pass"); !r.Steps[0].Action.(*toyGate).Again {
		t.Error("it is not said anew")
	}
}

// What a gate's rule does besides holds while it passes, else while it fails, and neither where it is out of scope.
func TestGateActs(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"g\"\nwhen.base = \"main\"\nrequire.draft = false\nthen.label = \"ok\"\nthen.comment = \"hi\"\nelse.label = \"wip\"\n")
	var m Memory
	at := func(change ...func(*Facts)) Result {
		r := s.Evaluate(pull("edited", append(change, head("a"), remember(m))...))
		m = done(r)
		return r
	}
	draft := func(f *Facts) { f.Subject.Draft = true }
	labels := func(l ...string) func(*Facts) { return func(f *Facts) { f.Subject.Labels = l } }
	next := func(f *Facts) { f.Subject.Base = "next" }
	self := func(f *Facts) { f.Delivery.Self = true }
	wantSaid(t, at(draft), "g fail", "label")
	wantSaid(t, at(self, labels("wip")), "g pass")
	wantSaid(t, at(labels("wip")), "label", "comment", "undo remove_label")
	wantSaid(t, at(labels("ok")))
	wantSaid(t, at(next, labels("ok")), "g outside", "undo remove_label")
	wantSaid(t, at(labels()), "g pass", "label", "comment")
	wantSaid(t, at(next, draft, labels("ok")), "g outside", "undo remove_label")
	wantSaid(t, at(next, draft, labels()))
}

func TestGatesCombined(t *testing.T) {
	s := mustCompile(t, `
[gates]
combine = "all"
[[rule]]
name = "titled"
require.title_has = "bell"
[[rule]]
name = "labelled"
require.label = "bug"
[[rule]]
name = "elsewhere"
when.base = "next"
require.label = "x"
[[rule]]
name = "watched"
mode = "observe"
require.label = "x"
[[rule]]
name = "alone"
gate = "alone"
require.label = "x"
`)
	r := s.Evaluate(pull("opened", head("a")))
	wantSaid(t, r, "all pass", "alone fail")
	if title := r.Steps[0].Action.(*toyGate).Title; title != "2 of 2 gates pass" {
		t.Error(title)
	}
	if w := r.Decisions[3].Would; len(w) != 1 || w[0].Kind != "gate" {
		t.Errorf("watched would do %v", w)
	}
	// A label is heard by all of them, for the sum.
	r = s.Evaluate(pull("labeled", head("a"), remember(done(r)), func(f *Facts) { f.Subject.Labels = nil }))
	wantSaid(t, r, "all fail", "alone fail")
	if title := r.Steps[0].Action.(*toyGate).Title; title != "1 of 2 gates pass; not: labelled" {
		t.Error(title)
	}
	// While one of them lacks facts, nothing is said.
	s = mustCompile(t, "[gates]\ncombine = \"all\"\n[[rule]]\nname = \"a\"\nrequire.draft = false\n[[rule]]\nname = \"b\"\nrequire.approvals = 1\n")
	if r := s.Evaluate(pull("opened", head("a"))); len(r.Steps) != 0 || !slices.Equal(r.Missing, []string{"subject.approvals"}) {
		t.Errorf("steps %v, missing %q", r.Steps, r.Missing)
	}
}

func TestEvaluateGroup(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"g\"\nunless.label = \"hotfix\"\nrequire.title_has = \"bell\"\nthen.label = \"x\"\n"+
		"[[rule]]\nname = \"other\"\non = \"merge_group\"\nthen.comment = \"hi\"\n")
	group := func(f *Facts) {
		f.Delivery.Event, f.Delivery.Activity = "merge_group", "checks_requested"
		f.MergeGroup = &MergeGroup{SHA: "group"}
	}
	if !s.Listens(pull("", group)) {
		t.Fatal("nobody listens")
	}
	f := pull("", group)
	f.Subject = nil
	if r := s.Evaluate(f); len(r.Decisions) != 1 || len(r.Steps) != 1 {
		t.Errorf("Evaluate decides %v and plans %q", r.Decisions, saidBy(r))
	}
	for _, row := range []struct {
		want   string
		change func(*Facts)
	}{
		{"g pass", func(*Facts) {}},
		{"g fail", func(f *Facts) { f.Subject.Title = "x" }},
		{"g outside", func(f *Facts) { f.Subject.Labels = []string{"hotfix"} }},
		{"g pass", func(f *Facts) { f.Subject = nil }},
	} {
		r := s.EvaluateGroup(pull("", group, row.change))
		wantSaid(t, r, row.want)
		if g := r.Steps[0].Action.(*toyGate); g.SHA != "group" || r.Steps[0].Put != nil {
			t.Errorf("on %s, put %v", g.SHA, r.Steps[0].Put)
		}
	}
	if r := (*Set)(nil).EvaluateGroup(f); len(r.Steps) > 0 {
		t.Error(r)
	}
}

// No file can speak for a gate of another.
func TestMergeKeepsGatesApart(t *testing.T) {
	file := func(layer, src string) *Set {
		s, problems := Compile("bot.toml", []byte(src), toyKinds, Options{Layer: layer})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return s
	}
	s := Merge(file("host", "[gates]\ncombine = \"sum\"\n[[rule]]\nname = \"a\"\nrequire.draft = true\n[[rule]]\nname = \"b\"\ngate = \"named\"\nrequire.draft = true\n"),
		file("", "[[rule]]\nname = \"sum\"\nrequire.draft = false\n[[rule]]\nname = \"named\"\nrequire.draft = false\n[[rule]]\nname = \"c\"\ngate = \"host/x\"\nrequire.draft = false\n"))
	wantSaid(t, s.Evaluate(pull("opened", head("a"))), "sum fail", "named fail", "sum (2) pass", "named (2) pass", "host/x pass")
	for i, want := range []string{"sum", "named", "sum (2)", "named (2)", "host/x"} {
		if got := s.Rules()[i]; got.Gate != want || len(got.Require) != 1 {
			t.Errorf("%s: gate %q, require %q", got.Name, got.Gate, got.Require)
		}
	}
	if s.Needs()["checks"] != "write" || len(s.NeededBy()["checks"]) != 5 {
		t.Errorf("needs %v", s.NeededBy())
	}
}

// What people write does not break out of the summary.
func TestGateTextIsInert(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"g\"\nwhy = \"Ask @octocat `now`.\"\nrequire.title_matches = '`x`'\n")
	r := s.Evaluate(pull("opened", head("a"), func(f *Facts) { f.Subject.Title = "`@hubot`\n\n# <b>" }))
	text := r.Steps[0].Action.(*toyGate).Summary
	if strings.Count(text, "`")%2 != 0 || strings.Contains(text, "@octocat") || strings.Contains(text, "\n#") {
		t.Error(text)
	}
}

// Whatever happens in whatever order, what was said last is what is so.
func TestGateConverges(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"g\"\nwhen.base = \"main\"\nrequire.label = \"bug\"\nrequire.mergeable = true\n")
	random := rand.New(rand.NewPCG(1, 2))
	var m Memory
	shown := map[string]GateResult{} // by commit, on GitHub
	f := pull("edited", head("a"))
	for step := range 2000 {
		f.Memory = m
		switch random.IntN(6) {
		case 0:
			f.Subject.Labels = [][]string{nil, {"bug"}}[random.IntN(2)]
		case 1:
			f.Subject.Base = []string{"main", "next"}[random.IntN(2)]
		case 2:
			f.Subject.HeadSHA = []string{"a", "b"}[random.IntN(2)]
		case 3:
			f.Wait("subject.mergeable", "GitHub is at it")
		default:
			f.Subject.Mergeable = random.IntN(2) == 0
			f.Learn("subject.mergeable")
		}
		if !f.Known("subject.mergeable") && f.Waits("subject.mergeable") == "" {
			f.Learn("subject.mergeable")
		}
		r := s.Evaluate(f)
		failed := random.IntN(5) == 0
		for _, st := range r.Steps {
			if g := st.Action.(*toyGate); !failed {
				shown[g.SHA] = g.Result
			}
		}
		if m = r.Memory; !failed {
			m = done(r)
		} else {
			continue // the next delivery tries anew
		}
		want := GatePass
		switch {
		case f.Subject.Base != "main":
			want = GateOutside
		case f.Subject.Labels == nil:
			want = GateFail
		case f.Waits("subject.mergeable") != "":
			want = GateWait
		case !f.Subject.Mergeable:
			want = GateFail
		}
		if got := shown[f.Subject.HeadSHA]; got != want {
			t.Fatalf("step %d: %s shows %q, want %q", step, f.Subject.HeadSHA, got, want)
		}
		if again := s.Evaluate(func() *Facts { g := *f; g.Memory = m; return &g }()); len(again.Steps) > 0 {
			t.Fatalf("step %d: said twice", step)
		}
	}
}

// The check run of a gate that is no more stands in nobody's way, on the commit that has it.
func TestGateRetires(t *testing.T) {
	const other = "[[rule]]\nname = \"other\"\nwhen.title_has = \"bell\"\nthen.label = \"bug\"\n"
	const gone = "[[rule]]\nname = \"g\"\ngate = \"a b\"\nrequire.label = \"x\"\n"
	m := done(mustCompile(t, other+gone).Evaluate(pull("opened", head("a"))))
	for _, row := range []struct {
		name, rules string
		want        []string
	}{
		{"it is there", other + gone, nil},
		{"it is gone", other, []string{"undo gate"}},
		{"it observes", other + gone + "mode = \"observe\"\n", []string{"undo gate"}},
		{"another rule has its check run", other + strings.Replace(gone, `"g"`, `"h"`, 1), []string{"a b fail"}},
	} {
		s := mustCompile(t, row.rules)
		r := s.Evaluate(pull("edited", head("a"), remember(m)))
		for i, st := range r.Steps {
			if g := st.Action.(*toyGate); st.Undo && (g.Name != "a b" || g.SHA != "a" || g.Result != GateOutside) {
				t.Errorf("%s: step %d: %+v", row.name, i, g)
			}
		}
		var got []string
		for i, text := range saidBy(r) {
			if r.Steps[i].Undo {
				text = "undo " + r.Steps[i].Kind
			}
			got = append(got, text)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: planned %q, want %q", row.name, got, row.want)
		}
		if r = s.Evaluate(pull("edited", head("a"), remember(done(r)))); len(r.Steps) > 0 {
			t.Errorf("%s: planned %q afterwards", row.name, saidBy(r))
		}
	}
	if r := mustCompile(t, other).Evaluate(pull("edited", head("b"), remember(m))); len(r.Steps) > 0 || len(r.Memory.Put) > 0 {
		t.Errorf("on another commit: planned %q, remembers %v", saidBy(r), r.Memory.Put)
	}
}

// What is about checks counts the gates as they are decided, told last, or not known yet; never as GitHub shows them.
func TestGatesAmongTheChecks(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = \"merge\"\nwhen.checks = \"green\"\nthen.label = \"x\"\n"+
		"[[rule]]\nname = \"g\"\nrequire.title = \"good *\"\n"+
		"[[rule]]\nname = \"tried\"\nmode = \"observe\"\nrequire.title = \"never\"\n")
	built := func(f *Facts) { f.LearnChecks([]Check{{Name: "build", App: "ci", Conclusion: "success"}}) }
	merge := func(r Result) Outcome { return r.Decisions[0].Outcome }
	title := func(text string) func(*Facts) { return func(f *Facts) { f.Subject.Title = text } }

	bad := s.Evaluate(pull("opened", head("a"), title("bad"), built))
	good := s.Evaluate(pull("opened", head("a"), title("good one"), built))
	if merge(bad) != False || merge(good) != True {
		t.Errorf("decided with the gate: %s and %s", merge(bad), merge(good))
	}
	if len(good.Steps) == 0 || good.Steps[0].Rule != "g" {
		t.Errorf("the gate is told first: %+v", good.Steps)
	}

	// A check has ended: the gate has no news, and counts as it was told on this commit.
	check := func(f *Facts) {
		f.Delivery.Event, f.Delivery.Activity, f.Check = "check_run", "completed", &CheckResult{App: "ci"}
	}
	for sha, want := range map[string]Outcome{"a": True, "b": Waiting} {
		f := pull("opened", head(sha), title("good one"), built, check)
		f.Memory = good.Memory
		for _, step := range good.Steps {
			f.Memory.Put = append(f.Memory.Put, step.Put...)
		}
		if got := merge(s.Evaluate(f)); got != want {
			t.Errorf("told on a, asked on %s: %s, want %s", sha, got, want)
		}
	}

	// The bot's own label may turn a gate, so what is about checks hears it too; its own check runs it does not.
	own := pull("edited", head("a"), built)
	own.Delivery.Self = true
	if !s.Listens(own) || merge(s.Evaluate(own)) == Waiting {
		t.Error("what the bot itself does to a pull request is not heard")
	}
}
