package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
)

var boolType = types.BoolType

// act is one action of a rule, as written.
type act struct {
	kind          *Kind
	action        Action
	templates     map[string]*template // by their text
	templateReads []string
	node          *syntax.Node
}

// kept tells whether the action is taken back when its rule stops holding.
func (a *act) kept() bool {
	_, ok := a.action.(Kept)
	return ok
}

// maxActs is how many actions one `then` or `else` may have.
const maxActs = 50

// actions compiles `then` or `else`: a table of actions, or a list of such tables where their order matters.
func (c *compiler) actions(n *syntax.Node, what string) []*act {
	if n == nil {
		return nil
	}
	tables := []*syntax.Node{n}
	if n.Kind == syntax.List {
		tables = n.Items
	}
	var out []*act
	for _, table := range tables {
		if table.Kind != syntax.Table {
			c.problem(table.Span, fmt.Sprintf("%s must be a table of actions, not %s", what, table.Describe()), fmt.Sprintf("Write: %s.ACTION = VALUE.", what))
			continue
		}
		if len(table.Entries) == 0 {
			c.problem(table.KeySpan, what+" has no action", "")
		}
		for _, entry := range table.Entries {
			out = append(out, c.entry(entry, what)...)
		}
	}
	if len(out) > maxActs {
		c.problem(n.KeySpan, fmt.Sprintf("%s has more than %d actions", what, maxActs), "Split the rule.")
	}
	return out
}

// entry compiles what is written under the name of one action: the action, or several in a list of tables.
func (c *compiler) entry(n *syntax.Node, what string) []*act {
	i := slices.IndexFunc(c.kinds, func(k Kind) bool { return k.Name == n.Key && !k.Publishes() })
	if i < 0 {
		mend := syntax.Suggest(n.Key, c.writable())
		if slices.ContainsFunc(c.kinds, func(k Kind) bool { return k.Name == n.Key }) {
			mend = "The rule itself demands: require.KEY = VALUE."
		}
		c.problem(n.KeySpan, "there is no action "+n.Key, mend)
		return nil
	}
	values := []*syntax.Node{n}
	if n.Kind == syntax.List && len(n.Items) > 0 && !slices.ContainsFunc(n.Items, func(i *syntax.Node) bool { return i.Kind != syntax.Table }) {
		values = n.Items
	}
	var out []*act
	for _, v := range values {
		if a := c.action(&c.kinds[i], v, what+"."+n.Key); a != nil {
			out = append(out, a)
		}
	}
	return out
}

// action compiles one action.
func (c *compiler) action(k *Kind, n *syntax.Node, what string) *act {
	a := &act{kind: k, action: k.New(), node: n, templates: map[string]*template{}}
	before := len(c.problems)
	c.problems = append(c.problems, c.file.Decode(n, what, a.action)...)
	c.texts(n, a)
	if len(c.problems) > before {
		return nil
	}
	var report Report
	a.action.Check(&report)
	for _, p := range report.problems {
		at := n
		if field := n.Get(p.field); field != nil {
			at = field
		}
		span := at.Span
		if at.Kind == syntax.Table {
			span = at.KeySpan
		}
		c.problem(span, p.message, p.mend)
	}
	if len(c.problems) > before {
		return nil
	}
	slices.Sort(a.templateReads)
	a.templateReads = slices.Compact(a.templateReads)
	return a
}

// texts compiles the templates in the strings of an action.
func (c *compiler) texts(n *syntax.Node, a *act) {
	for _, e := range slices.Concat(n.Entries, n.Items) {
		c.texts(e, a)
	}
	if n.Kind != syntax.String || !strings.Contains(n.Text(), "{{") || a.templates[n.Text()] != nil {
		return
	}
	if !c.count(n.Span) {
		return
	}
	t, flaws := c.template(n.Text())
	c.flaws(n, flaws)
	if t != nil {
		a.templates[n.Text()] = t
		a.templateReads = append(a.templateReads, t.reads()...)
	}
}
