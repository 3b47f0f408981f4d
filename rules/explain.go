package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
)

// explain answers /explain [rule]: what the rules decided on this subject when they last looked, and why.
func explain(e *evaluation, o *outcome) string {
	newest := map[string]Past{}
	var order []string
	for _, p := range e.f.Past {
		if _, known := newest[p.Rule]; !known {
			newest[p.Rule] = p
			order = append(order, p.Rule)
		}
	}
	paused := ""
	if e.pause != nil {
		paused = e.pause.text() + "\n\n"
	}
	asked, _ := o.facts.Command.Args.values[0].(types.String)
	if asked != "" {
		return paused + e.explainRule(strings.TrimSpace(string(asked)), newest)
	}
	var b strings.Builder
	b.WriteString("| rule | here | because |\n|---|---|---|\n")
	n := 0
	for _, name := range order {
		r := e.set.ruleNamed(name)
		if r == nil || r.cmd != nil {
			continue // gone, or a command: whoever gave it was answered
		}
		if n++; n > maxListed {
			break
		}
		p := newest[name]
		fmt.Fprintf(&b, "| %s | %s | %s |\n", inert(name), p.word(), p.reason())
	}
	if n == 0 {
		return paused + "No rule has looked at this yet."
	}
	return paused + "What the rules decided when they last looked here:\n\n" + strings.TrimSpace(b.String()) + "\n\n`/explain RULE` tells more about one of them."
}

// word is an outcome as people say it.
func (p Past) word() string {
	switch p.Outcome {
	case True:
		return "holds"
	case False:
		return "does not hold"
	case Waiting:
		return "waits"
	}
	return "failed"
}

// reason is what an outcome comes from, in a cell of a table.
func (p Past) reason() string {
	if p.Outcome == True {
		return inert(p.Note)
	}
	for i := len(p.Terms) - 1; i >= 0; i-- {
		if t := p.Terms[i]; t.Outcome == p.Outcome {
			return t.line()
		}
	}
	return inert(p.Note)
}

// line is one line of a condition with what was seen.
func (t Term) line() string {
	out := cell(t.Text)
	switch {
	case t.Why != "":
		out += ": " + inert(t.Why)
	case t.Seen != "":
		out += ": it is " + cell(t.Seen)
	}
	return out
}

// explainRule tells what one rule decided, line by line.
func (e *evaluation) explainRule(asked string, newest map[string]Past) string {
	var names, near []string
	for _, r := range e.set.rules {
		if r.cmd != nil {
			continue
		}
		names = append(names, r.name)
		if strings.EqualFold(r.name, asked) {
			near = []string{r.name}
			break
		}
		if strings.Contains(strings.ToLower(r.name), strings.ToLower(asked)) {
			near = append(near, r.name)
		}
	}
	if len(near) == 0 {
		if m := syntax.Misspelt(asked, names); m != "" {
			near = []string{m}
		}
	}
	switch {
	case len(near) == 0:
		return fmt.Sprintf("No rule is called %s.", code(asked))
	case len(near) > 1:
		return fmt.Sprintf("Several rules are called so: %s.", alternatives(near))
	}
	r := e.set.ruleNamed(near[0])
	p, ok := newest[r.name]
	if !ok {
		var on []string
		for _, t := range r.triggers {
			on = append(on, t.String())
		}
		state := ""
		if r.mode == "off" {
			state = " It is off."
		}
		return fmt.Sprintf("The rule %s has not looked at this yet. It hears %s.%s", code(r.name), inert(strings.Join(on, ", ")), state)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The rule %s %s", code(r.name), p.word())
	if p.Note != "" {
		fmt.Fprintf(&b, " (%s)", inert(p.Note))
	}
	fmt.Fprintf(&b, ", looked at %s", p.At.UTC().Format(time.DateTime)+" UTC")
	if p.Event != "" {
		fmt.Fprintf(&b, " on %s", code(p.Event))
	}
	b.WriteString(".")
	if r.why != "" {
		b.WriteString(" " + inert(r.why))
	}
	marks := map[Outcome]string{True: "yes", False: "no", Waiting: "not known yet", Error: "error"}
	for i, t := range p.Terms {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "\n- %s: %s", marks[t.Outcome], t.line())
	}
	return b.String()
}

// ruleNamed finds a rule by its name.
func (s *Set) ruleNamed(name string) *rule {
	i := slices.IndexFunc(s.rules, func(r *rule) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return s.rules[i]
}
