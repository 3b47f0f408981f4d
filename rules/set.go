package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"bellhop/rules/syntax"
)

// Options say how a rule file is compiled. The zero value is right for a repository's file.
type Options struct {
	// Leave names the top-level tables beside [[rule]] that somebody else reads, such as "server" in the operator's file
	// (syntax.Keys lists those of a struct). Any other table is a problem.
	Leave []string
	// Layer goes before the names of the rules, with a slash, so that rules of several files can be evaluated together:
	// the rule "welcome" of the layer "host" is called host/welcome.
	Layer string
	// Denied names actions that the rules may not use.
	Denied []string
	// Alone says why the file may not extend others; "" where it may.
	Alone string
}

// Compile checks a rule file and returns its rules. All problems are reported at once, in file order; a rule without problems
// is in the set even when another has some. name is how diagnostics call the file. The set is never nil. kinds is kept and must
// not change.
func Compile(name string, src []byte, kinds []Kind, o Options) (*Set, []syntax.Diagnostic) {
	file, problems := syntax.Parse(name, src)
	if file.Root == nil {
		return newSet(nil, kinds), problems
	}
	for _, k := range kinds {
		for _, path := range k.Reads {
			mustFact(path) // better now than in the middle of a delivery
		}
	}
	c := &compiler{file: file, kinds: kinds, layer: o.Layer, gates: map[string]int{}}
	var top topTables
	c.problems = file.Decode(file.Root, "", &top, append(PresetTables(), o.Leave...)...)
	top.Rule = c.withPresets(file.Root, top.Rule)
	c.gatesTable(top.Gates)
	c.groups(top.People)
	if top.People != nil {
		c.groupText = file.Print(top.People)
	}
	set := newSet(c.deny(append(c.rules(top.Rule), c.allCommands(top.Command, top.Commands)...), o.Denied), kinds)
	set.freezes = c.freezes(top.Freeze)
	set.limits = c.limits(top.Limits)
	set.extends = c.extends(top.Extends, o.Alone)
	return set, syntax.Sort(c.problems)
}

// topTables are the tables of a rule file.
type topTables struct {
	Rule     *syntax.Node `toml:"rule"`
	Command  *syntax.Node `toml:"command"`
	Commands *syntax.Node `toml:"commands"`
	Freeze   *syntax.Node `toml:"freeze"`
	Gates    *syntax.Node `toml:"gates"`
	People   *syntax.Node `toml:"people"`
	Limits   *syntax.Node `toml:"limits"`
	Test     *syntax.Node `toml:"test"` // ReadTests reads them; a mistake in a test takes no rule out of force
	Extends  *syntax.Node `toml:"extends"`
}

// TableNames names the top-level tables of a rule file, for who reads another file in which they stand too.
func TableNames() []string { return append(syntax.Keys(topTables{}), PresetTables()...) }

// rules compiles all [[rule]]s.
func (c *compiler) rules(n *syntax.Node) []*rule {
	switch {
	case n == nil:
		return nil
	case n.Kind == syntax.Table:
		c.problem(n.KeySpan, "rule is a list of tables", "Write [[rule]].")
		return nil
	case n.Kind != syntax.List:
		c.problem(n.Span, fmt.Sprintf("rule must be a list of tables, not %s", n.Describe()), "Write [[rule]].")
		return nil
	}
	if len(n.Items) > maxRules {
		c.problem(n.Items[maxRules].KeySpan, fmt.Sprintf("the file has more than %d rules", maxRules), "Split it.")
		return nil
	}
	var out []*rule
	names := map[string]int{}
	for _, item := range n.Items {
		if item.Kind != syntax.Table {
			c.problem(item.Span, fmt.Sprintf("a rule must be a table, not %s", item.Describe()), "Write [[rule]].")
			continue
		}
		if r := c.rule(item, names); r != nil {
			out = append(out, r)
		}
	}
	return out
}

// Set is a compiled set of rules. It may be used concurrently. A nil set has no rules.
type Set struct {
	rules []*rule
	kinds []Kind
	index map[string][]int // "issues.opened" and, for any activity, "issues.*" → places in rules

	called  map[string]int // names and aliases of commands → places in rules
	freezes []*freeze
	limits  Bounds
	extends []Extend // of a set that is one file
}

func newSet(rules []*rule, kinds []Kind) *Set {
	rules = hearGates(shareBells(rules))
	s := &Set{rules: rules, kinds: kinds, index: map[string][]int{}}
	for i, r := range rules {
		if r.mode == "off" {
			continue
		}
		s.index[timerEvent+".*"] = append(s.index[timerEvent+".*"], i)
		if r.timed() {
			s.index[reapplyEvent+".*"] = append(s.index[reapplyEvent+".*"], i)
		}
		for _, t := range slices.Concat(r.triggers, r.bells) {
			key := t.event + "." + t.activity
			if t.activity == "" {
				key += "*"
			}
			if at := s.index[key]; len(at) == 0 || at[len(at)-1] != i {
				s.index[key] = append(at, i)
			}
		}
	}
	s.nameCommands()
	return s
}

// Merge joins sets to be evaluated together, in order. They are to be compiled with the same kinds and with layers that keep
// their names apart; where two rules have one name all the same, the later is called "NAME (2)". A set may be nil.
func Merge(sets ...*Set) *Set {
	var rules []*rule
	var kinds []Kind
	var freezes []*freeze
	var limits Bounds
	names, checkRuns := map[string]int{}, map[string]string{}
	for _, s := range sets {
		if s == nil {
			continue
		}
		freezes, limits = append(freezes, s.freezes...), limits.lower(s.limits)
		if kinds == nil {
			kinds = s.kinds
		}
		for _, r := range s.rules {
			if names[r.name]++; names[r.name] > 1 {
				renamed := *r
				renamed.name = fmt.Sprintf("%s (%d)", r.name, names[r.name])
				r = &renamed
			}
			rules = append(rules, apart(r, checkRuns))
		}
	}
	merged := newSet(rules, kinds)
	merged.freezes, merged.limits = freezes, limits
	return merged
}

// Hears tells whether a rule of the set listens to this event and activity. It costs a map look-up.
func (s *Set) Hears(event, activity string) bool {
	return s != nil && (len(s.index[event+"."+activity]) > 0 || len(s.index[event+".*"]) > 0)
}

// Listens tells whether a rule of the set hears f's delivery: as Hears, and with regard to whether the bot itself caused it and
// whether a pull request was merged, and to what is left to a newer one. Where it is false Evaluate decides nothing.
func (s *Set) Listens(f *Facts) bool {
	calls := -1 // not looked for yet
	return s != nil && slices.ContainsFunc(s.hearing(f.Delivery.Event, f.Delivery.Activity), func(i int) bool {
		heard, _ := s.rules[i].hears(f)
		heard = heard && !f.Left[s.rules[i].name]
		if heard && s.rules[i].cmd != nil {
			if calls < 0 {
				calls = len(s.calls(f))
			}
			return calls > 0
		}
		return heard
	})
}

// hearing lists the rules that hear a delivery, in the order of the set.
func (s *Set) hearing(event, activity string) []int {
	exact, any := s.index[event+"."+activity], s.index[event+".*"]
	if len(exact) == 0 {
		return any
	}
	if len(any) == 0 {
		return exact
	}
	both := slices.Concat(exact, any)
	slices.Sort(both)
	return slices.Compact(both)
}

// ranks order the permissions of an App.
var ranks = map[string]int{"read": 1, "write": 2, "admin": 3}

// Needs is the union of the permissions of all actions in use: the name of each with the highest level asked for.
func (s *Set) Needs() map[string]string {
	out := map[string]string{}
	s.needs(func(_ *rule, permission, level string) {
		if ranks[level] > ranks[out[permission]] {
			out[permission] = level
		}
	})
	return out
}

// NeededBy names for each permission of Needs the rules that need it, in the order of the set.
func (s *Set) NeededBy() map[string][]string {
	out := map[string][]string{}
	s.needs(func(r *rule, permission, _ string) {
		if !slices.Contains(out[permission], r.name) {
			out[permission] = append(out[permission], r.name)
		}
	})
	return out
}

func (s *Set) needs(visit func(r *rule, permission, level string)) {
	if s == nil {
		return
	}
	for _, r := range s.rules {
		if r.mode == "off" {
			continue
		}
		silent := answering(s.kinds, r)
		if r.gate != nil {
			silent = append(silent, r.gate.kind)
		}
		for _, k := range silent {
			for _, permission := range slices.Sorted(maps.Keys(k.Needs)) {
				visit(r, permission, k.Needs[permission])
			}
		}
		for _, a := range slices.Concat(r.then, r.otherwise) {
			for _, permission := range slices.Sorted(maps.Keys(a.kind.Needs)) {
				visit(r, permission, a.kind.Needs[permission])
			}
		}
	}
}

// Rule describes one rule of a set, for listings.
type Rule struct {
	Name    string   `json:"name"`
	Why     string   `json:"why,omitempty"`
	Mode    string   `json:"mode"` // live, observe or off
	File    string   `json:"file"`
	Line    int      `json:"line"`
	On      []string `json:"on"`                // what it hears, written or inferred
	Given   bool     `json:"given"`             // on was written
	When    []string `json:"when,omitempty"`    // its conditions, as written
	Gate    string   `json:"gate,omitempty"`    // name of its check run, of a rule with require
	Require []string `json:"require,omitempty"` // what the gate demands, as written
	Then    []string `json:"then,omitempty"`    // names of its actions
	Else    []string `json:"else,omitempty"`    // names of its actions when it stops holding
	Reads   []string `json:"reads,omitempty"`   // facts
	Fetches []string `json:"fetch,omitempty"`   // of them, those that no payload has
}

// Rules describes the rules, in order.
func (s *Set) Rules() []Rule {
	if s == nil {
		return nil
	}
	var out []Rule
	for _, r := range s.rules {
		d := Rule{Name: r.name, Why: r.why, Mode: r.mode, File: r.place.File, Line: r.place.Line, Given: r.explicit, Reads: r.reads}
		for _, t := range r.triggers {
			d.On = append(d.On, t.String())
		}
		terms := r.cond.terms()
		slices.SortStableFunc(terms, func(a, b *term) int { return a.order - b.order })
		for _, t := range terms {
			d.When = append(d.When, t.text)
		}
		if r.gate != nil {
			d.Gate = r.gate.name
			for _, t := range r.gate.need.terms() {
				d.Require = append(d.Require, t.text)
			}
		}
		for _, a := range r.then {
			d.Then = append(d.Then, a.kind.Name)
		}
		for _, a := range r.otherwise {
			d.Else = append(d.Else, a.kind.Name)
		}
		for _, path := range r.reads {
			if fetched(path) {
				d.Fetches = append(d.Fetches, path)
			}
		}
		out = append(out, d)
	}
	return out
}

// Len is how many rules the set has, those that are off among them.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.rules)
}

// Decode turns a stored step's Args back into an Action. The error names an action that is no longer known, or says that its
// arguments do not fit the action of today.
func Decode(kinds []Kind, kind string, args []byte) (Action, error) {
	k := kindNamed(kinds, kind)
	if k == nil {
		return nil, fmt.Errorf("no action is called %s any more", kind)
	}
	a := k.New()
	d := json.NewDecoder(bytes.NewReader(args))
	d.DisallowUnknownFields()
	if err := d.Decode(a); err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", kind, err)
	}
	return a, nil
}

func kindNamed(kinds []Kind, name string) *Kind {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return &kinds[i]
}

func link(owner, name string, number int) string {
	if number == 0 {
		return owner + "/" + name
	}
	return fmt.Sprintf("%s/%s#%d", owner, name, number)
}
