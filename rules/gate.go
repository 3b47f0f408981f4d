package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
)

// Publisher is the action that shows a gate. No rule writes it: the engine makes one for each rule with `require`.
type Publisher interface {
	Action
	// Publish returns what shows a gate in this state.
	Publish(s GateState) Action
}

// GateResult is what became of a gate.
type GateResult string

// Only GatePass and GateOutside let a pull request pass. GateError is for people a failure with another reason: what cannot be
// decided never passes.
const (
	GatePass    GateResult = "pass"
	GateFail    GateResult = "fail"
	GateWait    GateResult = "wait"
	GateError   GateResult = "error"
	GateOutside GateResult = "outside" // the rule is not about this pull request
)

// GateState is what the check run of a gate has to say.
type GateState struct {
	Name    string // of the check run
	SHA     string // the commit that it is on
	Result  GateResult
	Title   string // one line of plain text
	Summary string // Markdown
	Again   bool   // somebody asked for it once more: it is said anew even if it is the same
}

// gate is what a rule with `require` has more than others. A nil gate is no gate.
type gate struct {
	name     string // of its check run
	combined bool   // the check run is shared with the other combined gates
	need     condition
	kind     *Kind // a Publisher
}

// gatesFile is [gates] as it is written.
type gatesFile struct {
	Combine string `toml:"combine" doc:"Name of the one check run that gates without a gate of their own share."`
}

// Publishes tells whether an action of this kind shows gates, so that no rule can write it.
func (k Kind) Publishes() bool {
	if k.New == nil {
		return false
	}
	_, ok := k.New().(Publisher)
	return ok
}

// writable are the kinds of action that rules can name.
func (c *compiler) writable() []string {
	var names []string
	for _, k := range c.kinds {
		if !k.Publishes() {
			names = append(names, k.Name)
		}
	}
	return names
}

// gates reads [gates].
func (c *compiler) gatesTable(n *syntax.Node) {
	if n == nil {
		return
	}
	if n.Kind != syntax.Table {
		c.problem(n.Span, fmt.Sprintf("gates must be a table, not %s", n.Describe()), `Write: [gates] and under it combine = "NAME".`)
		return
	}
	var in gatesFile
	c.problems = append(c.problems, c.file.Decode(n, "gates", &in)...)
	if at := n.Get("combine"); at != nil && at.Kind == syntax.String {
		c.checkRunName(at, in.Combine)
		c.combine = in.Combine
	}
}

// checkRunName checks what a check run is to be called.
func (c *compiler) checkRunName(at *syntax.Node, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		c.problem(at.Span, "the name of the check run is empty", "")
	case len(name) > 200:
		c.problem(at.Span, "the name of the check run has more than 200 bytes", "")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		c.problem(at.Span, "the name of the check run has a line break or another control character", "")
	}
}

// gate compiles `require`, which makes a rule a gate.
func (c *compiler) gate(n *syntax.Node, in ruleFile, r *rule) {
	if in.Require == nil {
		if at := n.Get("gate"); at != nil {
			c.problem(at.KeySpan, "gate names the check run of a gate, and this rule requires nothing", `Write what it demands: require.KEY = VALUE.`)
		}
		return
	}
	i := slices.IndexFunc(c.kinds, Kind.Publishes)
	if i < 0 {
		c.problem(in.Require.KeySpan, "nothing here can publish a gate", "")
		return
	}
	g := &gate{kind: &c.kinds[i], name: in.Name}
	if c.layer != "" {
		g.name = c.layer + "/" + g.name
	}
	at := n.Get("gate")
	switch {
	case at != nil && at.Kind == syntax.String:
		c.checkRunName(at, in.Gate)
		g.name = in.Gate
	case c.combine != "":
		g.name, g.combined = c.combine, true
	}
	if in.On != nil {
		c.problem(in.On.KeySpan, "a gate has no on: it looks whenever something changes that it reads", "Take the line out.")
	}
	if !g.combined {
		c.ownCheckRun(n, at, g.name)
	}
	g.need = c.needs(in.Require)
	r.gate = g
	r.gateState(c)
}

// ownCheckRun reports two gates with one check run.
func (c *compiler) ownCheckRun(n, at *syntax.Node, name string) {
	span := n.KeySpan
	if at != nil {
		span = at.Span
	}
	line, _ := c.file.Position(span.Start)
	switch first, twice := c.gates[name]; {
	case twice:
		c.problem(span, fmt.Sprintf("another gate has this check run, on line %d", first), `Give each gate a name of its own, or join all of them: [gates] combine = "NAME".`)
	case name == c.combine:
		c.problem(span, "the combined gates have this check run", "Take the line out to make this gate one of them.")
	default:
		c.gates[name] = line
	}
}

// needs compiles what a gate demands. Several tables are ways to meet it.
func (c *compiler) needs(n *syntax.Node) condition {
	var out condition
	switch {
	case n.Kind == syntax.Table:
		for _, t := range c.needLines(n) {
			out.items = append(out.items, item{term: t})
		}
	case n.Kind == syntax.List && len(n.Items) > 0 && n.Items[0].Kind == syntax.Table:
		var either [][]*term
		for _, table := range n.Items {
			either = append(either, c.needLines(table))
		}
		out.items = append(out.items, item{either: either})
	default:
		c.problem(n.Span, fmt.Sprintf("require must be a table, not %s", n.Describe()), "Write: require.KEY = VALUE. A whole expression goes under require.if.")
	}
	return out
}

// needLines compiles the lines of one table of `require`: matchers, and an expression under `if`.
func (c *compiler) needLines(table *syntax.Node) []*term {
	if table.Kind == syntax.Table && len(table.Entries) == 0 {
		c.problem(table.KeySpan, "require has no condition", `Write: require.KEY = VALUE.`)
		return nil
	}
	plain := *table
	plain.Entries = slices.DeleteFunc(slices.Clone(table.Entries), func(e *syntax.Node) bool { return e.Key == "if" })
	out := c.matchers(&plain, "require", nil)
	if e := table.Get("if"); e != nil {
		if t := c.expression(e, "require.if"); t != nil {
			t.seen = seenInGate(t.expr)
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b *term) int { return a.order - b.order })
	return out
}

// gateState reports lines that ask for what only the last delivery has. A gate is about the state of a pull request: the same
// state has the same answer, whatever happened last.
func (r *rule) gateState(c *compiler) {
	for _, t := range slices.Concat(r.cond.terms(), r.gate.need.terms()) {
		for _, path := range t.expr.reads {
			if !ofDelivery(path) {
				continue
			}
			record, _, _ := strings.Cut(path, ".")
			key, _, _ := strings.Cut(t.text, " ")
			key = key[strings.LastIndex(key, ".")+1:]
			c.problem(syntax.Span{Start: t.order, End: t.order + len(key)},
				fmt.Sprintf("a gate is about the state of a pull request, and %s is of the last delivery alone", record),
				"Ask for something of the pull request itself.")
			break
		}
	}
}

// reads lists the facts that a gate needs besides those of its scope.
func (g *gate) reads() []string {
	if g == nil {
		return nil
	}
	out := slices.Clone(g.kind.Reads)
	for _, t := range g.need.terms() {
		out = append(out, t.expr.reads...)
	}
	return out
}

// Deliveries that every gate hears: a merge queue asks for the checks of a group, and somebody asks for a check run once more.
var gateBells = []string{"merge_group.checks_requested", "check_run.rerequested", "check_suite.rerequested"}

// hearing finds what a gate hears, from what its scope and its demands read.
func (g *gate) hearing(reads []string) []trigger {
	texts := slices.Concat(openings["pull_request"], gateBells)
	for _, path := range reads {
		f := schema().fact(path)
		if f == nil || !f.has("pull_request") {
			continue
		}
		for _, by := range f.by {
			event, _, _ := strings.Cut(by, ".")
			if slices.Contains(subjectsOf(event), "pull_request") {
				texts = append(texts, by)
			}
		}
	}
	var out []trigger
	for _, text := range texts {
		t, _ := parseTrigger(text)
		t.moment = false
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// possible reports a gate that no pull request can be in the scope of, or none can pass.
func (g *gate) possible(c *compiler, n *syntax.Node, scope *condition) {
	on := scene{kind: "pull_request"}
	if ok, line, why := scope.possible(on); !ok {
		c.problem(n.KeySpan, "a gate is kept on pull requests, and this rule is never about one", strings.TrimSuffix(line+": "+why, ": ")+".")
		return
	}
	if ok, line, why := g.need.possible(on); !ok {
		c.problem(n.Get("require").KeySpan, "no pull request can meet this", strings.TrimSuffix(line+": "+why, ": ")+".")
	}
}

// heard tells whether a gate looks at a delivery that its rule hears. The bot's own check runs are no news to it, but for one
// that somebody asks for once more.
func (g *gate) heard(f *Facts) bool {
	if f.Check == nil {
		return true
	}
	own := f.Bot != "" && f.Check.App == f.Bot
	return own == (f.Delivery.Activity == "rerequested")
}

// again tells whether a delivery asks for this gate's check run once more.
func (g *gate) again(f *Facts) bool {
	if f.Delivery.Activity != "rerequested" || f.Check == nil {
		return false
	}
	return f.Delivery.Event == "check_suite" || f.Check.Name == g.name
}

// shareBells makes gates with one check run hear the same: it sums them all up, so all of them must be decided for it.
func shareBells(rules []*rule) []*rule {
	bells := map[string][]trigger{}
	for _, r := range rules {
		if r.shares() {
			for _, t := range r.triggers {
				if !slices.Contains(bells[r.gate.name], t) {
					bells[r.gate.name] = append(bells[r.gate.name], t)
				}
			}
		}
	}
	out := slices.Clone(rules)
	for i, r := range out {
		if r.shares() {
			shared := *r
			shared.triggers = bells[r.gate.name]
			out[i] = &shared
		}
	}
	return out
}

// apart gives a gate of a later file another check run where an earlier one has its name, so that no file can speak for another.
// Combined gates of several files are one: the worst of them counts.
func apart(r *rule, taken map[string]string) *rule {
	if r.gate == nil {
		return r
	}
	how := "alone " + r.name
	if r.gate.combined {
		how = "combined"
	}
	name := r.gate.name
	for n := 2; taken[name] != "" && taken[name] != how; n++ {
		name = fmt.Sprintf("%s (%d)", r.gate.name, n)
	}
	taken[name] = how
	if name == r.gate.name {
		return r
	}
	renamed, g := *r, *r.gate
	g.name, renamed.gate = name, &g
	return &renamed
}

// passing tells whether a fact changes with time alone, so that seeing another value of it is no news.
func passing(path string) bool {
	if path == "now" {
		return true
	}
	f := schema().fact(path)
	return f != nil && f.typ.Kind() == types.DurationKind
}
