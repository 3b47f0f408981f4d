package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// Freeze is what the freezes of a set say on one delivery. The engine fills it in; a caller leaves it alone.
type Freeze struct {
	Active bool      `fact:"active" doc:"Whether a freeze is in force for it: nothing is to be merged."`
	Name   string    `fact:"name" doc:"Name of the freeze in force; else empty."`
	Why    string    `fact:"why" doc:"Why there is a freeze; else empty."`
	Until  time.Time `fact:"until" doc:"When the freeze ends; 1 January of the year 1 where there is none, or it has no end."`
}

// freeze is one [[freeze]]: a time in which merging actions are held back.
type freeze struct {
	name, why string
	from, to  time.Time // zero: without beginning, without end
	windows   []*window // instead of from and to
	scope     condition // what it is about: everything where this is empty
	allow     condition // what it lets through: nothing where this is empty
	print     string    // fingerprint of what is written
	place     syntax.Diagnostic
}

// freezeFile is [[freeze]] as it is written.
type freezeFile struct {
	Name  string       `toml:"name" required:"true" doc:"What people see it called."`
	Why   string       `toml:"why" doc:"Why there is the freeze; shown with what it holds back."`
	From  *syntax.Node `toml:"from" form:"value" doc:"When it begins: a date or a date and a time."`
	To    *syntax.Node `toml:"to" form:"value" doc:"When it ends."`
	Zone  string       `toml:"zone" default:"UTC" doc:"The time zone of from and to, where these name none."`
	Time  *syntax.Node `toml:"time" form:"texts" doc:"A window of the week instead of from and to."`
	When  *syntax.Node `toml:"when" form:"matchers" doc:"Matchers that say what is frozen; everything when it is not written."`
	Allow *syntax.Node `toml:"allow" form:"matcher" doc:"Matchers of what is not held back."`
}

// maxFreezes is how many freezes a file may have.
const maxFreezes = 100

// freezes compiles all [[freeze]]s.
func (c *compiler) freezes(n *syntax.Node) []*freeze {
	switch {
	case n == nil:
		return nil
	case n.Kind != syntax.List || slices.ContainsFunc(n.Items, func(i *syntax.Node) bool { return i.Kind != syntax.Table }):
		c.problem(n.KeySpan, "freeze is a list of tables", "Write [[freeze]].")
		return nil
	case len(n.Items) > maxFreezes:
		c.problem(n.Items[maxFreezes].KeySpan, fmt.Sprintf("the file has more than %d freezes", maxFreezes), "Take out those that are over.")
		return nil
	}
	var out []*freeze
	for _, item := range n.Items {
		if z := c.freeze(item); z != nil {
			out = append(out, z)
		}
	}
	return out
}

func (c *compiler) freeze(n *syntax.Node) *freeze {
	c.captures = captures{}
	before := len(c.problems)
	var in freezeFile
	c.problems = append(c.problems, c.file.Decode(n, "freeze", &in)...)
	z := &freeze{name: in.Name, why: in.Why, place: c.file.Problem(n.KeySpan, "", "")}
	zone, err := time.LoadLocation(in.Zone)
	if err != nil || in.Zone == "Local" || in.Zone == "" {
		c.problem(n.At("zone").Span, fmt.Sprintf("there is no time zone %s", in.Zone), "Zones have names such as Europe/Berlin, America/New_York or UTC.")
		zone = time.UTC
	}
	z.from, z.to = c.timeAt(in.From, zone), c.timeAt(in.To, zone)
	if in.Time != nil {
		z.windows = c.windows(in.Time)
	}
	switch {
	case in.Time != nil && (in.From != nil || in.To != nil):
		c.problem(in.Time.KeySpan, "a freeze has a time of the week, or from and to, not both", "Write two freezes.")
	case in.Time == nil && in.From == nil && in.To == nil:
		c.problem(n.KeySpan, "the freeze has no time", `Write from = 2026-12-18T18:00:00 and to = 2027-01-04T09:00:00, or time = "Fri 15:00-24:00".`)
	case !z.from.IsZero() && !z.to.IsZero() && !z.to.After(z.from):
		c.problem(in.To.Span, "the freeze ends before it begins", "")
	}
	for key, part := range map[*syntax.Node]*condition{in.When: &z.scope, in.Allow: &z.allow} {
		if key == nil {
			continue
		}
		for _, t := range c.matchers(key, key.Key, nil) {
			part.items = append(part.items, item{term: t})
			if slices.ContainsFunc(t.expr.reads, func(path string) bool { return strings.HasPrefix(path, "freeze.") }) {
				c.problem(key.KeySpan, "a freeze cannot depend on whether there is a freeze", "")
			}
		}
		part.sort()
	}
	for i := range c.problems[before:] {
		if c.problems[before+i].Rule == "" {
			c.problems[before+i].Rule = in.Name
		}
	}
	if len(c.problems) > before {
		return nil
	}
	z.print = c.printOf(n)
	return z
}

// offsetAt finds the offset at the end of a date-time of TOML.
var offsetAt = regexp.MustCompile(`([zZ]|\d[+-]\d\d:\d\d)$`)

// timeAt reads a date, or a date with a time; without an offset it is in zone.
func (c *compiler) timeAt(n *syntax.Node, zone *time.Location) time.Time {
	if n == nil {
		return time.Time{}
	}
	at, ok := n.Value.(time.Time)
	if !ok || at.Year() < 1970 {
		mend := "Write 2026-12-18T18:00:00 or 2026-12-18, without quotes."
		c.problem(n.Span, fmt.Sprintf("%s must be a date or a date with a time, not %s", n.Key, n.Describe()), mend)
		return time.Time{}
	}
	if text := c.file.Slice(n.Span); strings.ContainsAny(text, ":") && offsetAt.MatchString(text) {
		return at.UTC()
	}
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone).UTC()
}

// windows reads a window of the week or a list of them.
func (c *compiler) windows(n *syntax.Node) []*window {
	cl := &clause{file: c.file, node: n, what: "freeze.time"}
	var out []*window
	for _, t := range cl.texts() {
		w, err := parseWindow(t.text)
		if err != nil {
			cl.problem(t.node.Span, err.Error(), windowForms)
			continue
		}
		out = append(out, w)
	}
	c.problems = append(c.problems, cl.problems...)
	return out
}

// over tells whether it is the time of a freeze, and when that ends; zero for never.
func (z *freeze) over(now time.Time) (bool, time.Time) {
	for _, w := range z.windows {
		if w.open(now) {
			return true, z.edge(now)
		}
	}
	if len(z.windows) > 0 || now.Before(z.from) || !z.to.IsZero() && !now.Before(z.to) {
		return false, time.Time{}
	}
	return true, z.to
}

// edge is the next time at which it begins or ends; zero when there is none.
func (z *freeze) edge(now time.Time) time.Time {
	var next time.Time
	for _, at := range []time.Time{z.from, z.to} {
		if at.After(now) {
			next = sooner(next, at)
		}
	}
	for _, w := range z.windows {
		if edges := w.edges(now); len(edges) > 0 {
			next = sooner(next, edges[0])
		}
	}
	return next
}

// frozen returns f with what the freezes say, and the facts that they need first. Where GitHub cannot tell yet what a freeze
// asks for, it is in force.
func (s *Set) frozen(f *Facts) (*Facts, []string) {
	if len(s.freezes) == 0 {
		return f, nil
	}
	with := *f
	with.Freeze = Freeze{}
	a := newActivation(&with)
	var missing []string
	for _, z := range s.freezes {
		over, until := z.over(f.Now)
		if !over {
			continue
		}
		scope := z.scope.decide(a, nil)
		if len(scope.missing) == 0 && scope.outcome == False {
			continue
		}
		allow := verdict{outcome: False}
		if len(z.allow.items) > 0 {
			allow = z.allow.decide(a, nil)
		}
		switch {
		case len(scope.missing) > 0 || len(allow.missing) > 0:
			missing = slices.Concat(missing, scope.missing, allow.missing)
		case allow.outcome == True:
		case !with.Freeze.Active:
			with.Freeze = Freeze{true, z.name, z.why, until}
		}
	}
	if with.Freeze.Active {
		missing = nil
	}
	return &with, missing
}

// merges lists the actions of a rule that bring changes into a branch.
func (r *rule) merges() []*act {
	var out []*act
	for _, a := range r.then {
		if a.kind.Merges {
			out = append(out, a)
		}
	}
	return out
}

// readsFreeze tells whether a rule reads whether there is a freeze.
func (r *rule) readsFreeze() bool {
	return slices.ContainsFunc(r.reads, func(path string) bool { return path == "freeze" || strings.HasPrefix(path, "freeze.") })
}

// freeze lets the freezes have their say on a rule whose condition was decided. One that merges once is put off until the
// freeze ends; one that keeps something merging does not hold as long.
func (e *evaluation) freeze(o *outcome) {
	if len(e.set.freezes) == 0 || !o.decided {
		return
	}
	merging := o.rule.merges()
	reads := o.rule.readsFreeze()
	if len(merging) == 0 && !reads {
		return
	}
	if len(e.unfrozen) > 0 {
		o.lack(e, e.unfrozen)
		return
	}
	kept := slices.ContainsFunc(merging, (*act).kept)
	if reads || kept && o.holds {
		for _, z := range e.set.freezes {
			if o.rule.timed() {
				o.decision.Wake = sooner(o.decision.Wake, z.edge(e.f.Now))
			}
		}
	}
	if !e.f.Freeze.Active || !o.holds || len(merging) == 0 {
		return
	}
	note := fmt.Sprintf("held back by the freeze %q", e.f.Freeze.Name)
	if !e.f.Freeze.Until.IsZero() {
		note += " until " + clockTime(e.f.Freeze.Until)
	}
	if e.f.Freeze.Why != "" {
		note += ": " + e.f.Freeze.Why
	}
	switch {
	case kept:
		o.holds, o.decision.Outcome, o.decision.Note = false, False, note
	case o.fires():
		at := e.f.Freeze.Until
		if o.moment && !o.rule.timed() {
			// The moment is over when the freeze is; it is kept until then, as for a rule that acts some time after it.
			o.late = true
		}
		o.wait(at, note)
	}
}
