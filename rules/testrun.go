package rules

import (
	"fmt"
	"slices"
	"strings"
)

// What becomes of a rule, as a test says it.
const (
	stateHolds   = "holds"
	stateNot     = "does not hold"
	stateWaits   = "waits"
	stateFails   = "fails"
	stateUnheard = "is not heard"
	statePasses  = "passes"
	stateOutside = "does not apply"
)

var stateWords = []string{stateHolds, stateNot, stateWaits, stateFails, stateUnheard, statePasses, stateOutside}

// TestResult is what a test came to.
type TestResult struct {
	Name     string        `json:"name"`
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Failures []TestFailure `json:"failures,omitempty"` // none when it passed
	Did      []string      `json:"did,omitempty"`      // all that the rules did, as a test writes it
	Why      []Decision    `json:"why,omitempty"`      // of a failed test: what the rules decided that it is about
}

// TestFailure is one thing that is not as the test expects.
type TestFailure struct {
	Rule     string `json:"rule,omitempty"` // that it is of
	Expected string `json:"expected"`
	Got      string `json:"got"`
	act      bool   // Got is an action
}

// maxExplained is how many rules the explanation of a failure tells of.
const maxExplained = 5

// Test runs a test. It evaluates as production does; a test whose names the rules do not have (see Fit) fails.
func (s *Set) Test(t *Test) TestResult {
	run := &testRun{set: s, test: t, result: TestResult{Name: t.Name, File: t.File, Line: t.Line}}
	run.evaluate()
	run.compare()
	return run.result
}

// testRun is one run of a test.
type testRun struct {
	set       *Set
	test      *Test
	steps     []Step
	decisions []Decision
	result    TestResult
	about     []string // rules that a failure is about
}

// looksAt tells whether a test is about a rule.
func (t *Test) looksAt(rule string) bool {
	for _, n := range t.only {
		if n.Text() == rule {
			return true
		}
	}
	return len(t.only) == 0
}

// rung lists the schedules that a test rings.
func (s *Set) rung(t *Test) []Schedule {
	return slices.DeleteFunc(s.Schedules(), func(c Schedule) bool { return c.On != t.on.clock.text || !t.looksAt(c.Rule) })
}

// deliveries are the facts to evaluate: those of the test, and of a schedule or of time that went by those of each ring.
func (r *testRun) deliveries() []*Facts {
	ring := func(event, rule, key, value string) *Facts {
		f := *r.test.facts
		f.Event = map[string]any{event: map[string]any{"rule": rule, key: value}}
		return &f
	}
	var out []*Facts
	switch {
	case r.test.on.clock != nil:
		for _, c := range r.set.rung(r.test) {
			out = append(out, ring(scheduleEvent, c.Rule, "on", c.On))
		}
	case r.test.on.event == timerEvent:
		out = append(out, ring(timerEvent, "", "kind", WakeAgain))
		for _, rule := range r.set.rules {
			if rule.delay > 0 {
				out = append(out, ring(timerEvent, rule.name, "kind", WakeMoment))
			}
		}
	default:
		f := *r.test.facts
		out = append(out, &f)
	}
	memory := r.test.memory()
	for _, f := range out {
		f.Memory = memory
	}
	return out
}

func (r *testRun) evaluate() {
	seen := map[string]bool{}
	for _, f := range r.deliveries() {
		result := r.set.Evaluate(f)
		for _, name := range result.Missing {
			team, ok := MissingTeam(name)
			if !ok || seen[team] {
				continue
			}
			seen[team] = true
			r.fail(false, "", fmt.Sprintf("team.%q = [LOGINS]", team), "the rules ask who is in "+team+", and the test does not say")
		}
		for _, d := range result.Decisions {
			if r.test.looksAt(d.Rule) {
				r.decisions = append(r.decisions, d)
			}
		}
		for _, s := range result.Steps {
			if k := kindNamed(r.set.kinds, s.Kind); r.test.looksAt(s.Rule) && !s.Fallback && (k == nil || !k.Publishes()) {
				r.steps = append(r.steps, s)
			}
		}
	}
	for _, s := range r.steps {
		r.result.Did = append(r.result.Did, stepText(r.set.kinds, s))
	}
}

func (r *testRun) fail(act bool, rule, expected, got string) {
	r.result.Failures = append(r.result.Failures, TestFailure{rule, expected, got, act})
	if rule != "" && !slices.Contains(r.about, rule) {
		r.about = append(r.about, rule)
	}
}

// compare holds what came out against what is expected.
func (r *testRun) compare() {
	e := r.test.expect
	if e.given {
		missing, more := pair(e.all, r.steps)
		for _, i := range missing {
			w := e.all[i]
			if similar := r.similar(w.kind.Name, more); similar >= 0 {
				s := r.steps[more[similar]]
				r.fail(true, s.Rule, w.text, actionText(w.kind, s.Action, w.fields))
				more = slices.Delete(more, similar, similar+1)
				continue
			}
			r.fail(false, "", w.text, "nothing of the kind")
			r.about = append(r.about, r.doers(w.kind.Name)...)
		}
		for _, i := range more {
			r.fail(true, r.steps[i].Rule, "nothing more", r.result.Did[i])
		}
	}
	for _, w := range e.none {
		for i, s := range r.steps {
			if w.matches(s) {
				r.fail(true, s.Rule, "no "+w.text, r.result.Did[i])
			}
		}
	}
	for _, n := range r.test.rules {
		if got := r.state(n.Key); got != n.Text() {
			r.fail(false, n.Key, n.Key+" "+n.Text(), "it "+got)
		}
	}
	r.because()
	r.explain()
}

// similar is the place in more of a step of a kind, or -1.
func (r *testRun) similar(kind string, more []int) int {
	return slices.IndexFunc(more, func(i int) bool { return r.steps[i].Kind == kind })
}

// doers are the rules that the test is about and that have an action of a kind.
func (r *testRun) doers(kind string) []string {
	var out []string
	for _, rule := range r.set.rules {
		if r.test.looksAt(rule.name) && !slices.Contains(r.about, rule.name) && len(out) < maxExplained &&
			slices.ContainsFunc(slices.Concat(rule.then, rule.otherwise), func(a *act) bool { return a.kind.Name == kind }) {
			out = append(out, rule.name)
		}
	}
	return out
}

// decision is what was decided of a rule, if it was heard.
func (r *testRun) decision(rule string) *Decision {
	i := slices.IndexFunc(r.decisions, func(d Decision) bool { return d.Rule == rule })
	if i < 0 {
		return nil
	}
	return &r.decisions[i]
}

// state is what became of a rule, in the words of stateWords.
func (r *testRun) state(name string) string {
	d := r.decision(name)
	if d == nil {
		return stateUnheard
	}
	return stateOf(r.set.ruleNamed(name), *d)
}

func stateOf(rule *rule, d Decision) string {
	gate := rule != nil && rule.gate != nil
	switch d.Outcome {
	case Waiting:
		return stateWaits
	case Error:
		return stateFails
	case True:
		if gate {
			return statePasses
		}
		return stateHolds
	}
	switch {
	case !gate:
		return stateNot
	case slices.ContainsFunc(d.Terms, func(t Term) bool { return strings.HasPrefix(t.Text, "require") }):
		return stateFails
	}
	return stateOutside
}

// because holds the lines that decided against those that are expected to.
func (r *testRun) because() {
	if len(r.test.lines) == 0 {
		return
	}
	name := r.test.only[0].Text()
	d := r.decision(name)
	for _, n := range r.test.lines {
		if d == nil {
			r.fail(false, name, name+" decided by "+n.Text(), "it "+stateUnheard)
			continue
		}
		decided := decisiveTerms(*d)
		if slices.ContainsFunc(decided, func(t Term) bool { return strings.HasPrefix(t.Text, n.Text()) }) ||
			!isLine(n.Text()) && strings.Contains(d.Note, n.Text()) {
			continue
		}
		got := "it " + stateOf(r.set.ruleNamed(name), *d)
		switch {
		case len(decided) > 0:
			var texts []string
			for _, t := range decided {
				texts = append(texts, strings.TrimSuffix(t.Text+": "+seenOf(t), ": "))
			}
			got += " by " + strings.Join(texts, "; ")
		case d.Note != "":
			got += " (" + d.Note + ")"
		}
		r.fail(false, name, name+" decided by "+n.Text(), got)
	}
}

// decisiveTerms are the lines that a decision comes from: those that have its outcome.
func decisiveTerms(d Decision) []Term {
	return slices.DeleteFunc(slices.Clone(d.Terms), func(t Term) bool { return t.Outcome != d.Outcome })
}

// seenOf is what a line of a condition saw.
func seenOf(t Term) string {
	switch {
	case t.Why != "":
		return t.Why
	case t.Seen != "":
		return "it is " + t.Seen
	}
	return ""
}

// explain adds the decisions that the failures are about.
func (r *testRun) explain() {
	for i, name := range r.about {
		if i == maxExplained {
			break
		}
		if d := r.decision(name); d != nil {
			r.result.Why = append(r.result.Why, *d)
			continue
		}
		r.result.Why = append(r.result.Why, Decision{Rule: name, Note: r.unheard(name)})
	}
	for i := range r.result.Why {
		r.result.Why[i].Would = nil
	}
}

// unheard tells why a rule did not look.
func (r *testRun) unheard(name string) string {
	rule := r.set.ruleNamed(name)
	if rule == nil {
		return "there is no such rule"
	}
	if rule.mode == "off" {
		return "it is off"
	}
	if rule.cmd != nil {
		return "nobody gave the command"
	}
	var on []string
	for _, t := range rule.triggers {
		on = append(on, t.String())
	}
	d := r.test.facts.Delivery
	return fmt.Sprintf("it is not heard on %s; it hears %s", strings.TrimSuffix(d.Event+"."+d.Activity, "."), short(strings.Join(on, ", "), 200))
}

// Passed tells whether a test came to what it expects.
func (r TestResult) Passed() bool { return len(r.Failures) == 0 }

// String tells what is not as the test expects, and why: the rules with the lines that they were decided by. It is empty for a
// test that passed.
func (r TestResult) String() string {
	var b strings.Builder
	for _, f := range r.Failures {
		by := ""
		if f.act {
			by = ", by " + f.Rule
		}
		fmt.Fprintf(&b, "expected  %s\n     got  %s%s\n", short(f.Expected, maxFailure), short(f.Got, maxFailure), by)
	}
	marks := map[Outcome]string{True: "yes", False: "no", Waiting: "not yet", Error: "error"}
	for _, d := range r.Why {
		fmt.Fprintf(&b, "%s", d.Rule)
		if d.Outcome == "" {
			fmt.Fprintf(&b, ": %s\n", d.Note)
			continue
		}
		fmt.Fprintf(&b, " %s", Past{Decision: d}.word())
		if note := strings.TrimPrefix(strings.TrimPrefix(d.Note, "waits: "), "error: "); note != "" {
			fmt.Fprintf(&b, ": %s", short(note, maxFailure))
		}
		b.WriteString("\n")
		for _, t := range d.Terms {
			line := t.Text
			if seen := seenOf(t); seen != "" {
				line += ": " + seen
			}
			fmt.Fprintf(&b, "  %-7s %s\n", marks[t.Outcome], short(line, maxFailure))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// maxFailure is how many characters of a text the report of a failure shows.
const maxFailure = 300
