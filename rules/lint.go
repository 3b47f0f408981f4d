package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// Warnings tells what in the rules is no mistake and yet hardly meant: a rule that can never hold, rules that undo each other, a
// rule that sets itself off again, a freeze that is over. Only what is sure is told; the rules are in force all the same. now is
// the time at which it is asked.
func (s *Set) Warnings(now time.Time) []syntax.Diagnostic {
	if s == nil {
		return nil
	}
	var out []syntax.Diagnostic
	var sound []*linted
	for _, r := range s.rules {
		if r.mode == "off" || r.cmd != nil {
			continue
		}
		l := lintOf(r)
		found := l.contradictions()
		if len(found) == 0 {
			found = l.again()
			sound = append(sound, l)
		}
		out = append(out, found...)
	}
	pairs := &pairing{}
	for i, a := range sound {
		for _, b := range sound[i+1:] {
			if d, ok := pairs.undoing(a, b); ok && len(out) < maxWarnings {
				out = append(out, d)
			}
		}
	}
	for _, z := range s.freezes {
		if !z.to.IsZero() && z.to.Before(now) {
			d := z.place
			d.Rule = z.name
			out = append(out, warning(d, "the freeze is over since "+clockTime(z.to), "Take it out, or give it the next dates."))
		}
	}
	return syntax.Sort(out)
}

// Bounds of what is looked at and told: of rules that undo each other there are as many as pairs.
const (
	maxWarnings = 100
	maxPairs    = 2000 // of actions, and of rules
	maxWays     = 50   // to hold, of one rule
)

// pairing holds rules against each other.
type pairing struct{ looked, acts int }

// opposed tells whether one action may undo another.
func opposed(put, taken *act) bool {
	switch taken.kind.Name {
	case "remove_label":
		return slices.Contains([]string{"label", "add_label", "stale"}, put.kind.Name)
	case "label":
		return put.kind.Name == "label"
	case "reopen":
		return put.kind.Name == "close"
	}
	return false
}

func warning(at syntax.Diagnostic, message, mend string) syntax.Diagnostic {
	at.Warning, at.Message, at.Mend = true, message, mend
	return at
}

// linted is a rule with what its lines say.
type linted struct {
	rule *rule
	ways [][]saying // ways to hold: the lines of each
	when []saying   // what the moments that it hears say, where there is one kind of them
}

// saying is a line with its claims.
type saying struct {
	term   *term // nil of a moment
	text   string
	claims []claim
}

func lintOf(r *rule) *linted {
	l := &linted{rule: r}
	ways := [][]saying{nil}
	for _, i := range r.cond.items {
		alternatives := [][]*term{{i.term}}
		if i.term == nil {
			alternatives = i.either
		}
		var next [][]saying
		for _, way := range ways {
			for _, list := range alternatives {
				lines := slices.Clone(way)
				for _, t := range list {
					lines = append(lines, saying{t, t.text, t.claims()})
				}
				next = append(next, lines)
			}
		}
		ways = next[:min(len(next), maxWays)]
	}
	l.ways = ways
	if r.explicit && r.delay == 0 {
		for _, t := range r.triggers {
			if c := t.claims(); len(c) > 0 {
				l.when = append(l.when, saying{text: fmt.Sprintf("on = %q", t), claims: c})
			} else {
				l.when = nil
				break
			}
		}
	}
	return l
}

// soon is how old a thing can be in the moment in which it is made.
const soon = int64(time.Hour / time.Millisecond)

// claims are what is so in the moments that a trigger names.
func (t trigger) claims() []claim {
	state := func(words ...string) claim { return claim{fact: "state", words: words} }
	draft := func(is string) claim { return claim{fact: "draft", words: []string{is}} }
	young := claim{fact: "age", spans: []between{{0, soon}}}
	switch t.String() {
	case "issues.opened", "pull_request.opened", "discussion.created":
		return []claim{state("open"), young, {fact: "idle", spans: young.spans}, {fact: "comments", spans: []between{{0, 0}}}}
	case "issues.reopened", "pull_request.reopened", "discussion.reopened":
		return []claim{state("open")}
	case "issues.closed", "discussion.closed":
		return []claim{state("closed")}
	case "pull_request.closed":
		return []claim{state("closed", "merged")}
	case "pull_request.merged":
		return []claim{state("merged"), draft("false")}
	case "pull_request.ready_for_review":
		return []claim{draft("false")}
	case "pull_request.converted_to_draft":
		return []claim{draft("true")}
	}
	return nil
}

// against tells whether two lines can hold together.
func (a saying) against(b saying) answered {
	out := always
	for _, c := range a.claims {
		for _, o := range b.claims {
			switch c.against(o) {
			case never:
				return never
			case unsure:
				out = unsure
			}
		}
	}
	return out
}

// contradictions tells why a rule, or one of its ways to hold, never holds. Of its gate it tells why that never passes.
func (l *linted) contradictions() []syntax.Diagnostic {
	var out []syntax.Diagnostic
	what := "the rule never holds"
	if len(l.ways) > 1 {
		what = "this [[rule.when]] never holds"
	}
	for _, way := range l.ways {
		out = append(out, l.contradiction(way, l.when, what)...)
	}
	if g := l.rule.gate; g != nil {
		need := lintOf(&rule{cond: g.need})
		for _, way := range need.ways {
			out = append(out, l.contradiction(way, nil, "the gate never passes")...)
		}
	}
	slices.SortStableFunc(out, func(a, b syntax.Diagnostic) int { return cmp.Compare(a.Line, b.Line) })
	return slices.Compact(out)
}

func (l *linted) contradiction(way, moments []saying, what string) []syntax.Diagnostic {
	for _, s := range way {
		if why := s.empty(); why != "" {
			return []syntax.Diagnostic{l.warn(s.term, fmt.Sprintf("%s: %s", what, why), s.mend())}
		}
	}
	for i, a := range way {
		for _, b := range way[i+1:] {
			if a.against(b) == never {
				later, earlier := b, a
				if a.term.order > b.term.order {
					later, earlier = a, b
				}
				return []syntax.Diagnostic{l.warn(later.term, fmt.Sprintf("%s: %s and %s exclude each other", what, earlier.text, later.text),
					"Take one of the two out. Two tables [[rule.when]] are two ways to hold.")}
			}
		}
	}
	for _, s := range way {
		against := func(m saying) bool { return m.against(s) != never }
		if len(moments) > 0 && !slices.ContainsFunc(moments, against) {
			return []syntax.Diagnostic{l.warn(s.term, fmt.Sprintf("%s: in the moment of %s it is not so that %s", what, moments[0].text, s.text),
				`Name another moment, or wait after it: after = "1d".`)}
		}
	}
	return nil
}

func (l *linted) warn(t *term, message, mend string) syntax.Diagnostic {
	d := t.place
	d.Rule = l.rule.base
	return warning(d, message, mend)
}

// empty tells why a line alone never holds; "" where it can.
func (s saying) empty() string {
	for _, c := range s.claims {
		if c.spans != nil && !slices.ContainsFunc(c.spans, func(b between) bool { return b.low <= b.high }) {
			return s.text + " holds for nothing"
		}
	}
	if len(s.claims) > 0 && s.claims[0].spans == nil && s.term.negate && s.term.matcher != nil && slices.Contains([]string{"count", "span", "lines", "sizes"}, formOf(s.term.matcher.form).Name) {
		return s.text + " leaves nothing"
	}
	return ""
}

func (s saying) mend() string {
	text := s.term.value.Text()
	if low, high, ok := strings.Cut(text, ".."); ok && s.term.value.Kind == syntax.String {
		return fmt.Sprintf("Write %q.", strings.TrimSpace(high)+".."+strings.TrimSpace(low))
	}
	return ""
}

// together tells whether it is sure that two rules can hold at once, the state of the subject aside where stateless says so.
func (p *pairing) together(a, b *linted, stateless bool) bool {
	if p.looked++; p.looked > maxPairs {
		return false
	}
	fits := func(x, y saying) bool {
		if stateless {
			x, y = x.stateless(), y.stateless()
		}
		return x.against(y) == always
	}
	for _, way := range a.ways {
		for _, other := range b.ways {
			all := slices.Concat(way, other)
			sure := !slices.ContainsFunc(all, func(s saying) bool { return s.term.matcher == nil })
			for i, x := range all {
				for _, y := range all[i+1:] {
					sure = sure && fits(x, y)
				}
			}
			for _, moments := range [][]saying{a.when, b.when} {
				if len(moments) == 0 {
					continue
				}
				sure = sure && slices.ContainsFunc(moments, func(m saying) bool {
					return !slices.ContainsFunc(all, func(s saying) bool { return !fits(m, s) })
				})
			}
			if sure {
				return true
			}
		}
	}
	return false
}

func (s saying) stateless() saying {
	s.claims = slices.DeleteFunc(slices.Clone(s.claims), func(c claim) bool { return c.fact == "state" })
	return s
}

// shared tells whether two rules are looked at on one delivery.
func shared(a, b *rule) bool {
	return slices.ContainsFunc(a.triggers, func(t trigger) bool {
		return t.clock == nil && slices.ContainsFunc(b.triggers, func(o trigger) bool {
			return t.event == o.event && (t.activity == o.activity || t.activity == "" || o.activity == "")
		})
	})
}

// undoing tells whether two rules undo what the other did.
func (p *pairing) undoing(a, b *linted) (syntax.Diagnostic, bool) {
	later := func(what, mend string) (syntax.Diagnostic, bool) {
		d := b.rule.place
		d.Rule = b.rule.base
		return warning(d, what, mend), true
	}
	for _, pair := range [][2]*linted{{a, b}, {b, a}} {
		x, y := pair[0], pair[1]
		for _, put := range x.rule.then {
			names, kept := put.labels()
			for _, taken := range y.rule.then {
				if !opposed(put, taken) {
					continue
				}
				if p.acts++; p.acts > maxPairs {
					return syntax.Diagnostic{}, false
				}
				switch {
				case taken.kind.Name == "remove_label":
					label := touching(names, taken.strings("names"))
					if label != "" && (kept && !x.rule.explicit || shared(x.rule, y.rule)) && p.together(x, y, false) {
						return later(fmt.Sprintf("it and the rule %q undo each other: one puts the label %q, the other takes it off, and both can hold", a.rule.base, label),
							"Let one of them leave out what the other is about, by a line of unless.")
					}
				case put.kind.Name == "label" && taken.kind.Name == "label":
					label, other := put.inGroup(taken), taken.inGroup(put)
					if label != "" && other != "" && label != other && p.together(x, y, false) {
						return later(fmt.Sprintf("it and the rule %q undo each other: %q and %q are of one group, and both can hold", a.rule.base, label, other),
							"Let one of them leave out what the other is about, by a line of unless.")
					}
				case put.kind.Name == "close" && taken.kind.Name == "reopen":
					if shared(x.rule, y.rule) && p.together(x, y, true) {
						return later(fmt.Sprintf("it and the rule %q undo each other: one closes, the other reopens, and both can hold", a.rule.base),
							"Let one of them leave out what the other is about, by a line of unless.")
					}
				}
			}
		}
	}
	return syntax.Diagnostic{}, false
}

// strings are the texts that are written for a key of an action: for its short form too. Templates are left out.
func (a *act) strings(key string) []string {
	n := a.node
	if n.Kind == syntax.Table {
		if n = a.node.Get(key); n == nil {
			return nil
		}
	}
	items := []*syntax.Node{n}
	if n.Kind == syntax.List {
		items = n.Items
	}
	var out []string
	for _, i := range items {
		if i.Kind == syntax.String && !strings.Contains(i.Text(), "{{") {
			out = append(out, i.Text())
		}
	}
	return out
}

// labels are the labels that an action puts, and whether it keeps them there.
func (a *act) labels() (names []string, kept bool) {
	switch a.kind.Name {
	case "label", "add_label":
		names = a.strings("names")
	case "stale":
		names = a.strings("label")
	}
	return names, a.kept()
}

// touching is a label of names that one of the globs matches; "" for none.
func touching(names, globs []string) string {
	c := claim{fold: true}
	for _, name := range names {
		for _, g := range globs {
			if c.same(name, g) || !wild(name) && c.covers(g, name) {
				return name
			}
		}
	}
	return ""
}

// inGroup is a label of a that is in the group of another action; "" for none.
func (a *act) inGroup(of *act) string {
	return touching(a.strings("names"), slices.DeleteFunc(of.strings("group"), func(string) bool { return of.node.Kind != syntax.Table }))
}

// again tells of a rule that hears itself and does each time what it hears.
func (l *linted) again() []syntax.Diagnostic {
	r := l.rule
	makes := map[string]string{"comment": "issue_comment.created", "create_issue": "issues.opened"}
	if !r.self {
		return nil
	}
	for _, a := range r.then {
		event := makes[a.kind.Name]
		heard := slices.ContainsFunc(r.triggers, func(t trigger) bool {
			return t.moment && (event == t.String() || event != "" && strings.HasPrefix(event, t.String()+"."))
		})
		if !heard || slices.ContainsFunc(r.cond.terms(), func(t *term) bool { return l.apart(t) }) || r.cooldown > 0 {
			continue
		}
		d := r.place
		d.Rule = r.base
		return []syntax.Diagnostic{warning(d, fmt.Sprintf("the rule sets itself off: %s makes %s, which it hears with self = true", a.kind.Name, event),
			"Leave self out, or leave out what the bot wrote: unless.sender = \"*[bot]\".")}
	}
	return nil
}

// apart tells whether a line may tell what the bot itself made from the rest.
func (l *linted) apart(t *term) bool {
	if t.matcher == nil {
		return true
	}
	fixed := []string{"repo", "visibility", "topic", "language", "event", "activity", "kind", "base", "head", "draft", "label", "milestone", "state"}
	return !slices.Contains(fixed, t.matcher.key)
}

// Unmatched tells of rules that do nothing but switch off a rule of a layer below, where none has their name.
func Unmatched(own []*Set, below ...*Set) []syntax.Diagnostic {
	known := map[string]bool{}
	for _, s := range below {
		if s == nil {
			continue
		}
		for _, r := range s.rules {
			known[r.base] = true
		}
	}
	var out []syntax.Diagnostic
	for _, s := range own {
		if s == nil {
			continue
		}
		for _, r := range s.rules {
			if r.mode == "off" && len(r.then)+len(r.otherwise) == 0 && r.gate == nil && r.cmd == nil && !known[r.base] {
				d := r.place
				d.Rule = r.base
				out = append(out, warning(d, "the rule switches nothing off: no layer below has a rule of this name", "Write the name as it stands there, or take the rule out."))
			}
		}
	}
	return syntax.Sort(out)
}
