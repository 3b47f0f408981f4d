package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// rule is one compiled rule.
type rule struct {
	name, why string
	base      string // the name as written, without the layer
	locked    bool   // no layer above may take its place
	mode      string // live, observe or off
	self      bool
	triggers  []trigger
	explicit  bool // `on` was written
	cond      condition
	then      []*act
	otherwise []*act
	gate      *gate     // what `require` makes of it; nil for none
	gates     []*rule   // those that count among the checks that it reads
	bells     []trigger // what these hear
	reads     []string  // facts that its condition, its templates and its actions read; sorted
	place     syntax.Diagnostic
	timing
	backfill int       // on how many subjects an hour it catches up; 0 for none
	print    string    // fingerprint of what is written
	cmd      *callable // of a [[command]]
	made     bool      // a line of [commands] stands for it: only its place is one of the file
}

// ruleFile is [[rule]] as it is written. The tag form names how a value is written that is read elsewhere.
type ruleFile struct {
	Name string       `toml:"name" required:"true" doc:"What people see it called: 200 bytes in one line. Each name is there once."`
	Why  string       `toml:"why" doc:"Why there is the rule; shown where it is explained."`
	On   *syntax.Node `toml:"on" form:"triggers" doc:"When to look: an event, event.activity, or a list of them. Without it the rule looks whenever something happens that may change what it reads." example:"on = [\"issues.opened\", \"issues.edited\"]"`
	When *syntax.Node `toml:"when" form:"matchers" doc:"Matchers that must all hold. [[rule.when]] written twice means that one of the two must." example:"when.files = \"docs/**\""`
	Not  *syntax.Node `toml:"unless" form:"matcher" doc:"Matchers of which none may hold." example:"unless.label = \"on hold\""`
	If   *syntax.Node `toml:"if" form:"expression" doc:"An expression that must be true as well." example:"if = 'pr.additions > 2 * pr.deletions'"`
	Then *syntax.Node `toml:"then" form:"actions" any:"what to do" doc:"Actions for when the rule holds. [[rule.then]] written several times keeps their order." example:"then.label = \"docs\""`
	Else *syntax.Node `toml:"else" form:"actions" any:"what to do" doc:"Actions for when it does not, or holds no longer." example:"else.label = \"needs-docs\""`
	Mode string       `toml:"mode" default:"live" enum:"live observe off" any:"what to do" doc:"observe decides and tells, and does nothing; off is not heard at all."`
	Self bool         `toml:"self" doc:"Whether it also hears what the bot itself did."`
	timingFile
	Backfill *syntax.Node `toml:"backfill" form:"backfill" doc:"Whether the rule, when it is new or changed, also does on what is open already what it does once: true for 50 an hour, or how many an hour. Otherwise what holds there already is left alone until it stops holding, or has a new commit." example:"backfill = true"`

	Require *syntax.Node `toml:"require" form:"demands" any:"what to do" doc:"Makes the rule a gate: what it demands of the pull requests that it is about. A check run passes when all of it holds. An expression goes under require.if." example:"require.approvals = \">=2\""`
	Gate    string       `toml:"gate" doc:"Name of the check run of a gate; the name of the rule when it is not written."`
	Lock    bool         `toml:"locked" doc:"Whether no rule of this name in a higher layer may take its place."`
}

// Limits of one file, so that no file is expensive to compile.
const (
	maxRules = 500
	maxTerms = 2000 // lines of conditions and texts of actions, in all
)

// compiler compiles one file.
type compiler struct {
	file     *syntax.File
	kinds    []Kind
	layer    string
	problems []syntax.Diagnostic
	terms    int     // compiled so far
	params   *params // of the command that is compiled; nil in a rule

	callNames map[string]int // names and aliases of commands → their line
	combine   string         // name of the check run of combined gates; "" when each has its own
	gates     map[string]int // check runs of gates, with their line
	people    map[string][]textAt
	groupText string   // [people] as written, for fingerprints
	captures  captures // of the rule at hand
}

// problem notes a mistake.
func (c *compiler) problem(at syntax.Span, message, mend string) {
	c.problems = append(c.problems, c.file.Problem(at, message, mend))
}

// flaws notes the mistakes in the text of a string.
func (c *compiler) flaws(n *syntax.Node, list []flaw) {
	for _, f := range list {
		c.problem(n.Within(f.from, f.to), f.message, f.mend)
	}
}

// rule compiles one [[rule]]. It is nil when the rule has a mistake.
func (c *compiler) rule(n *syntax.Node, names map[string]int) *rule {
	before := len(c.problems)
	c.captures = captures{}
	var in ruleFile
	c.problems = append(c.problems, c.file.Decode(n, "rule", &in)...)
	r := &rule{name: in.Name, why: in.Why, base: in.Name, locked: in.Lock, mode: in.Mode, self: in.Self, place: c.file.Problem(n.KeySpan, "", "")}
	c.name(n, r, names)
	records := c.on(in.On, r)
	c.when(in.When, r, records)
	c.unless(in.Not, r, records)
	c.condition(in.If, r)
	c.gate(n, in, r)
	r.then = c.actions(in.Then, "then")
	r.otherwise = c.actions(in.Else, "else")
	if in.Then == nil && in.Else == nil && in.Require == nil && in.Mode != "off" && len(c.problems) == before {
		c.problem(n.KeySpan, "rule lacks then", `Say what to do: then.label = "..."`)
	}
	if len(c.problems) == before {
		c.listen(n, in, r)
		c.backfill(n, r)
		r.print = c.printOf(n, c.combine)
	}
	for i := range c.problems[before:] {
		c.problems[before+i].Rule = r.name
	}
	if len(c.problems) > before {
		return nil
	}
	if c.layer != "" {
		r.name = c.layer + "/" + r.name
	}
	return r
}

// hostLayer and accountLayer begin the names of the rules of the layers "host" and "org", which no other file may take.
const (
	hostLayer    = "host/"
	accountLayer = "org/"
)

// name checks the name of a rule against those before it.
func (c *compiler) name(n *syntax.Node, r *rule, names map[string]int) {
	at := n.Get("name")
	if at == nil || at.Kind != syntax.String {
		return
	}
	line, _ := c.file.Position(at.Span.Start)
	first, twice := names[r.name]
	switch {
	case strings.TrimSpace(r.name) == "":
		c.problem(at.Span, "the name is empty", "")
	case strings.HasPrefix(r.name, hostLayer):
		c.problem(at.Span, fmt.Sprintf("a name that begins with %s is one of the operator's rules", hostLayer), "")
	case strings.HasPrefix(r.name, accountLayer):
		c.problem(at.Span, fmt.Sprintf("a name that begins with %s is one of the account's rules", accountLayer), "")
	case len(r.name) > 200:
		c.problem(at.Span, "the name has more than 200 bytes", "What needs more words goes under why.")
	case strings.ContainsFunc(r.name, func(r rune) bool { return r < ' ' }):
		c.problem(at.Span, "the name has a line break or another control character", "")
	case twice:
		c.problem(at.Span, fmt.Sprintf("another rule has this name, on line %d", first), "Give each rule a name of its own.")
	default:
		names[r.name] = line
	}
}

// on reads what a rule hears, and returns the records that this can bring.
func (c *compiler) on(n *syntax.Node, r *rule) []string {
	if n == nil {
		return nil
	}
	r.explicit = true
	items := []*syntax.Node{n}
	if n.Kind == syntax.List {
		items = n.Items
		if len(items) == 0 {
			c.problem(n.Span, "on is an empty list", "Leave the line out to hear whatever can change what the rule reads.")
		}
	}
	records := []string{}
	for _, item := range items {
		if item.Kind != syntax.String {
			c.problem(item.Span, fmt.Sprintf("on must be a string or a list of strings, not %s", item.Describe()), "")
			continue
		}
		t, f := parseTrigger(item.Text())
		if f.message != "" {
			c.flaws(item, []flaw{f})
			continue
		}
		r.triggers = append(r.triggers, t)
		records = append(records, recordsOf(t.event)...)
	}
	return records
}

// listen finds what a rule hears, whether it can hold there, and whether its actions are possible there.
func (c *compiler) listen(n *syntax.Node, in ruleFile, r *rule) {
	r.cond.sort()
	var hearing []string // what can change whether it holds, or what it keeps
	for _, t := range r.cond.terms() {
		hearing = append(hearing, t.expr.reads...)
	}
	hearing = append(hearing, r.gate.reads()...)
	r.reads = slices.Clone(hearing)
	for _, a := range slices.Concat(r.then, r.otherwise) {
		if a.kept() {
			hearing = append(hearing, a.templateReads...)
		}
		r.reads = slices.Concat(r.reads, a.templateReads, a.kind.Reads)
	}
	if in.Repeat == "push" {
		hearing, r.reads = append(hearing, "subject.head_sha"), append(r.reads, "subject.head_sha")
	}
	slices.Sort(r.reads)
	r.reads = slices.Compact(r.reads)
	switch {
	case r.gate != nil:
		r.triggers = r.gate.hearing(hearing)
		r.gate.possible(c, n, &r.cond)
	case !r.explicit:
		r.triggers = r.cond.infer(hearing)
	}
	c.timing(n, in.timingFile, r)
	kinds, mend := r.cond.kindsOf(r.triggers)
	if r.gate != nil {
		kinds = []string{"pull_request"}
	}
	if len(kinds) == 0 {
		at := n.KeySpan
		if in.On != nil {
			at = in.On.Span
		}
		c.problem(at, "the rule can never hold", mend)
		return
	}
	for _, a := range slices.Concat(r.then, r.otherwise) {
		if len(a.kind.On) == 0 || slices.ContainsFunc(a.kind.On, func(k string) bool { return slices.Contains(kinds, k) }) {
			continue
		}
		c.problem(a.node.KeySpan, fmt.Sprintf("%s works on %s, and this rule is about %s", a.kind.Name, kindList(a.kind.On), kindList(kinds)), "")
	}
}

// kindList lists kinds of subject in words.
func kindList(kinds []string) string {
	names := map[string]string{"issue": "issues", "pull_request": "pull requests", "discussion": "discussions", "repository": "the repository itself"}
	var out []string
	for _, k := range kinds {
		out = append(out, names[k])
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}
