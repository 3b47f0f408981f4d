package rules

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// Test is one [[test]]: facts of one delivery, what the bot had done before, and what is to come of it. It is made by ReadTests
// and does not change.
type Test struct {
	Name string
	File string
	Line int

	file   *syntax.File
	only   []*syntax.Node // names of the rules that it looks at; all when empty
	on     trigger
	onAt   *syntax.Node
	facts  *Facts
	before []*syntax.Node // tables of `before`, by rule
	expect wants
	rules  []*syntax.Node // of expect_rules: the word for each rule
	lines  []*syntax.Node // of because
}

// testFile is [[test]] as it is written. Each variable of the language has a key.
type testFile struct {
	Name  string       `toml:"name" required:"true" doc:"What the test says; shown when it fails."`
	Rules *syntax.Node `toml:"rule" form:"texts" doc:"Names of the rules that the test looks at; all rules of the repository when it is not written."`
	On    string       `toml:"on" doc:"What happened: an event and its activity, a schedule as a rule writes it, or timer, for time that went by. Without it, it is what brings the facts that are written (a comment, a push), or else that the issue or pull request was opened, or closed where it is."`
	At    *syntax.Node `toml:"at" form:"value" doc:"When it happened, in UTC where there is no offset; 2026-01-05T12:00:00, a Monday, when it is not written."`

	testFacts

	Pending []string     `toml:"pending" doc:"Facts that GitHub cannot tell yet."`
	Before  *syntax.Node `toml:"before" form:"value" doc:"What the bot remembers of rules here: RULE = { held, put, since, fired }. held is whether the rule held when it was last looked at, and true where a rule is named; put is what it put here, by action; since and fired are how long ago it began to hold and last did something."`

	Expect *syntax.Node      "toml:\"expect\" form:\"expected\" any:\"what to expect\" doc:\"All that the bot does: an action and its plain value, `label docs`, an action alone, or a table as under then. Check runs of gates are not among it; `[]` is nothing.\""
	Not    *syntax.Node      "toml:\"expect_not\" form:\"expected\" any:\"what to expect\" doc:\"What it does not do, as under expect.\""
	States map[string]string "toml:\"expect_rules\" any:\"what to expect\" doc:\"What becomes of rules: holds, does not hold, waits, fails or is not heard; of a gate passes, fails, waits or does not apply.\""
	Lines  *syntax.Node      `toml:"because" form:"texts" any:"what to expect" doc:"The lines of the one rule that decided, each by its key or more of it; or a part of what is noted besides."`
}

// testFacts are the variables of the language, as they are written in a test.
type testFacts struct {
	PR           *syntax.Node `toml:"pr" form:"facts" doc:"The pull request."`
	Issue        *syntax.Node `toml:"issue" form:"facts" doc:"The issue."`
	Discussion   *syntax.Node `toml:"discussion" form:"facts" doc:"The discussion."`
	Comment      *syntax.Node `toml:"comment" form:"facts" doc:"The comment, or its text."`
	Review       *syntax.Node `toml:"review" form:"facts" doc:"The review, or its state."`
	Thread       *syntax.Node `toml:"thread" form:"facts" doc:"The thread of review comments, or its path."`
	Push         *syntax.Node `toml:"push" form:"facts" doc:"The push, or its branch."`
	Ref          *syntax.Node `toml:"ref" form:"facts" doc:"The branch or tag made or deleted, or its name."`
	Check        *syntax.Node `toml:"check" form:"facts" doc:"The check run, check suite or commit status, or its name."`
	Run          *syntax.Node `toml:"workflow_run" form:"facts" doc:"The workflow run, or its name."`
	MergeGroup   *syntax.Node `toml:"merge_group" form:"facts" doc:"The merge group, or its base."`
	Release      *syntax.Node `toml:"release" form:"facts" doc:"The release, or its tag."`
	Deployment   *syntax.Node `toml:"deployment" form:"facts" doc:"The deployment, or its environment."`
	Installation *syntax.Node `toml:"installation" form:"facts" doc:"The installation, or its account."`
	Sender       *syntax.Node `toml:"sender" form:"facts" doc:"Who caused it, or the login; who wrote it when it is not written."`
	Repository   *syntax.Node `toml:"repo" form:"facts" doc:"The repository, or its full name."`
	Delivery     *syntax.Node `toml:"delivery" form:"facts" doc:"Further facts of the delivery: label, self."`
	Bot          string       `toml:"bot" default:"bellhop" doc:"Name of the bot on GitHub."`
	Event        *syntax.Node `toml:"event" form:"value" doc:"Members of the payload."`
	Teams        *syntax.Node `toml:"team" form:"value" doc:"The members of teams, by their names."`
}

// untold are the variables that a test cannot say: they follow from the others.
var untold = []string{"now", "subject", "command", "freeze"}

// maxTests is how many tests a file may have.
const maxTests = 500

// IsTestFile tells by its name whether a file holds tests of the rule files beside it, and no rules.
func IsTestFile(name string) bool { return strings.HasSuffix(name, "_test.toml") }

// ReadTests reads the [[test]]s of a file, and passes over whatever else there is, but in a file of tests alone (IsTestFile).
// Tests with mistakes are left out. Whether the rules are there that a test names Set.Fit tells.
func ReadTests(name string, src []byte, kinds []Kind) ([]*Test, []syntax.Diagnostic) {
	file, problems := syntax.Parse(name, src)
	if file.Root == nil {
		return nil, problems
	}
	r := &testReader{file: file, kinds: kinds}
	if IsTestFile(name) {
		var top struct {
			Test *syntax.Node `toml:"test"`
		}
		r.problems = file.Decode(file.Root, "", &top)
	}
	var out []*Test
	names := map[string]int{}
	for _, n := range r.tables(file.Root.Get("test")) {
		before := len(r.problems)
		t := r.test(n)
		if line, twice := names[t.Name]; twice {
			r.problem(n.At("name").Span, fmt.Sprintf("another test has this name, on line %d", line), "Give each test a name of its own.")
		}
		if names[t.Name] = t.Line; len(r.problems) == before {
			out = append(out, t)
		}
	}
	return out, syntax.Sort(r.problems)
}

// testReader reads the tests of one file.
type testReader struct {
	file     *syntax.File
	kinds    []Kind
	problems []syntax.Diagnostic
	given    map[string]bool // facts that the test at hand says, by their path
}

func (r *testReader) problem(at syntax.Span, message, mend string) {
	r.problems = append(r.problems, r.file.Problem(at, message, mend))
}

func (r *testReader) flawed(n *syntax.Node, want, mend string) {
	r.problem(n.Span, fmt.Sprintf("%s must be %s, not %s", n.Key, want, n.Describe()), mend)
}

// tables are the tables of [[test]].
func (r *testReader) tables(n *syntax.Node) []*syntax.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != syntax.List || slices.ContainsFunc(n.Items, func(i *syntax.Node) bool { return i.Kind != syntax.Table }):
		r.problem(n.KeySpan, "test is a list of tables", "Write [[test]].")
		return nil
	case len(n.Items) > maxTests:
		r.problem(n.Items[maxTests].KeySpan, fmt.Sprintf("the file has more than %d tests", maxTests), "Split it.")
		return nil
	}
	return n.Items
}

// test reads one [[test]].
func (r *testReader) test(n *syntax.Node) *Test {
	var in testFile
	strange := r.file.Decode(n, "test", &in)
	r.problems = append(r.problems, strange...)
	at := r.file.Problem(n.KeySpan, "", "")
	t := &Test{Name: in.Name, File: at.File, Line: at.Line, file: r.file, only: r.texts(in.Rules), lines: r.texts(in.Lines)}
	r.given = map[string]bool{}
	t.facts = r.facts(in, n, t)
	for _, name := range in.Pending {
		r.pending(n.Get("pending"), name, t.facts)
	}
	t.before = r.before(in.Before)
	t.expect.all, t.expect.given = r.wants(in.Expect), in.Expect != nil
	t.expect.none = r.wants(in.Not)
	if states := n.Get("expect_rules"); states != nil && states.Kind == syntax.Table {
		for _, e := range states.Entries {
			if word := e.Text(); e.Kind == syntax.String && !slices.Contains(stateWords, word) {
				r.problem(e.Span, fmt.Sprintf("%q is nothing that becomes of a rule", word), syntax.Suggest(word, stateWords))
			}
		}
		t.rules = states.Entries
	}
	switch {
	case len(strange) > 0: // a key that is misspelt lacks besides
	case in.Expect == nil && in.Not == nil && n.Get("expect_rules") == nil && in.Lines == nil:
		r.problem(n.KeySpan, "the test expects nothing", "Write expect = [] where nothing is to be done.")
	case in.Lines != nil && len(t.only) != 1:
		r.problem(in.Lines.KeySpan, "because is about one rule, and the test does not name one", "Write: rule = NAME.")
	}
	return t
}

// texts are the strings of a text or a list of texts.
func (r *testReader) texts(n *syntax.Node) []*syntax.Node {
	if n == nil {
		return nil
	}
	items := []*syntax.Node{n}
	if n.Kind == syntax.List {
		items = n.Items
	}
	var out []*syntax.Node
	for _, item := range items {
		if item.Kind != syntax.String {
			r.flawed(item.As(n.Key), "a string or a list of strings", "")
			continue
		}
		out = append(out, item)
	}
	return out
}

// pending takes a fact for one that GitHub cannot tell yet.
func (r *testReader) pending(n *syntax.Node, name string, f *Facts) {
	at := n
	for _, item := range n.Items {
		if item.Text() == name {
			at = item
		}
	}
	switch fact := schema().fact(name); {
	case fact == nil:
		r.problem(at.Span, "there is no fact "+name, syntax.Suggest(name, factPaths("fetch")))
	case f.absence(fact) != "":
		r.problem(at.Span, f.absence(fact), "")
	case fact.in == "":
		r.problem(at.Span, name+" is always known", "")
	default:
		f.Wait(name, "the test says that it is not known yet")
	}
}

// factPaths lists the facts of the language with this tag `in`.
func factPaths(in string) []string {
	var out []string
	for _, v := range schema().vars {
		if v.rec == nil || v.name == "subject" {
			continue
		}
		for _, f := range v.rec.facts {
			if f.in == in {
				out = append(out, v.name+"."+f.name)
			}
		}
	}
	return out
}

// beforeFile is what the bot remembers of one rule, as it is written.
type beforeFile struct {
	Held  bool          `toml:"held" default:"true"`
	Put   *syntax.Node  `toml:"put"`
	Since time.Duration `toml:"since"`
	Fired time.Duration `toml:"fired"`
}

// before checks the shape of what the bot remembers.
func (r *testReader) before(n *syntax.Node) []*syntax.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != syntax.Table:
		r.flawed(n, "a table", `Write: before."RULE" = { held = true }.`)
		return nil
	}
	for _, e := range n.Entries {
		var in beforeFile
		r.problems = append(r.problems, r.file.Decode(e, "before", &in)...)
		switch {
		case in.Put == nil:
		case in.Put.Kind != syntax.Table:
			r.flawed(in.Put, "a table", `Write: put.label = "docs".`)
		default:
			for _, p := range in.Put.Entries {
				r.kind(p.KeySpan, p.Key)
				r.texts(p)
			}
		}
	}
	return n.Entries
}

// kind finds a kind of action.
func (r *testReader) kind(at syntax.Span, name string) *Kind {
	for i, k := range r.kinds {
		if k.Name == name && !k.Publishes() {
			return &r.kinds[i]
		}
	}
	c := compiler{kinds: r.kinds}
	mend := syntax.Suggest(name, c.writable())
	if slices.ContainsFunc(r.kinds, func(k Kind) bool { return k.Name == name }) {
		mend = `What becomes of a gate is expected so: expect_rules."RULE" = "passes".`
	}
	r.problem(at, "there is no action "+name, mend)
	return nil
}

// memory is what the bot remembers before the test, where its clock shows now.
func (t *Test) memory() Memory {
	m := Memory{Held: map[string]bool{}, Times: map[string]Times{}}
	for _, n := range t.before {
		var in beforeFile
		t.file.Decode(n, "before", &in)
		m.Held[n.Key] = in.Held
		times := Times{Since: t.facts.Now.Add(-in.Since)}
		if in.Fired > 0 {
			times.Fired = t.facts.Now.Add(-in.Fired)
		}
		if s := t.facts.Subject; s != nil {
			times.Head = s.HeadSHA
		}
		if in.Held && times.Since.After(times.Fired) && in.Fired > in.Since {
			times.Since = times.Fired
		}
		m.Times[n.Key] = times
		if in.Put == nil {
			continue
		}
		for _, p := range in.Put.Entries {
			for _, key := range append(slices.Clone(p.Items), p) {
				if key.Kind == syntax.String {
					m.Put = append(m.Put, Put{Rule: n.Key, Kind: p.Key, Key: key.Text()})
				}
			}
		}
	}
	return m
}

// Fit tells what a test names that the rules do not have: rules, lines of them, a schedule.
func (s *Set) Fit(t *Test) []syntax.Diagnostic {
	r := &testReader{file: t.file}
	var names []string
	for _, rule := range s.rules {
		names = append(names, rule.name)
	}
	named := func(at syntax.Span, name string) {
		if s.ruleNamed(name) == nil {
			r.problem(at, "there is no rule "+name, syntax.Suggest(name, names))
		}
	}
	for _, n := range t.only {
		named(n.Span, n.Text())
	}
	for _, n := range slices.Concat(t.before, t.rules) {
		named(n.KeySpan, n.Key)
	}
	if len(t.only) == 1 {
		if rule := s.ruleNamed(t.only[0].Text()); rule != nil {
			r.decisive(t.lines, rule)
		}
	}
	if t.on.clock != nil && len(s.rung(t)) == 0 {
		var clocks []string
		for _, c := range s.Schedules() {
			clocks = append(clocks, c.On)
		}
		r.problem(t.onAt.Span, "no rule that the test looks at has this schedule", syntax.Suggest(t.on.clock.text, clocks))
	}
	return syntax.Sort(r.problems)
}

// keyOfLine is the key that a line of a condition begins with: when.update, unless.label, if, require.if, who.
func keyOfLine(text string) string {
	key, _, _ := strings.Cut(text, " ")
	return key
}

// isLine tells whether a text means a line of a condition.
func isLine(text string) bool {
	key := keyOfLine(text)
	return key == "if" || key == "who" || slices.ContainsFunc([]string{"when.", "unless.", "require.", "allow."}, func(p string) bool { return strings.HasPrefix(key, p) })
}

// decisive finds lines of a rule.
func (r *testReader) decisive(lines []*syntax.Node, rule *rule) {
	keys := map[string]bool{}
	terms := rule.cond.terms()
	if rule.gate != nil {
		terms = append(terms, rule.gate.need.terms()...)
	}
	if rule.cmd != nil && rule.cmd.who != nil {
		terms = append(terms, rule.cmd.who.term)
	}
	for _, t := range terms {
		keys[keyOfLine(t.text)] = true
	}
	for _, n := range lines {
		if !isLine(n.Text()) || slices.ContainsFunc(terms, func(t *term) bool { return strings.HasPrefix(t.text, n.Text()) }) {
			continue
		}
		r.problem(n.Span, fmt.Sprintf("the rule %s has no line %s", rule.name, n.Text()), syntax.Suggest(keyOfLine(n.Text()), slices.Collect(maps.Keys(keys))))
	}
}

// nodeOf is the node of a key of testFacts.
func (in *testFacts) nodeOf(key string) *syntax.Node {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("toml") == key {
			n, _ := v.Field(i).Interface().(*syntax.Node)
			return n
		}
	}
	return nil
}
