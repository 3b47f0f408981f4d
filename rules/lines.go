package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// when compiles the matchers that must hold. Several tables are ways to hold.
func (c *compiler) when(n *syntax.Node, r *rule, records []string) {
	switch {
	case n == nil:
	case n.Kind == syntax.Table:
		for _, t := range c.matchers(n, "when", records) {
			r.cond.items = append(r.cond.items, item{term: t})
		}
	case n.Kind == syntax.List && len(n.Items) > 0 && n.Items[0].Kind == syntax.Table:
		var either [][]*term
		for _, table := range n.Items {
			either = append(either, c.matchers(table, "when", records))
		}
		r.cond.items = append(r.cond.items, item{either: either})
	default:
		c.problem(n.Span, fmt.Sprintf("when must be a table, not %s", n.Describe()), `Write: when.KEY = VALUE. A whole expression goes under if.`)
	}
}

// unless compiles the matchers of which none may hold.
func (c *compiler) unless(n *syntax.Node, r *rule, records []string) {
	switch {
	case n == nil:
	case n.Kind == syntax.Table:
		for _, t := range c.matchers(n, "unless", records) {
			t.negate = true
			r.cond.items = append(r.cond.items, item{term: t})
		}
	case n.Kind == syntax.List && len(n.Items) > 0 && n.Items[0].Kind == syntax.Table:
		c.problem(n.Items[min(1, len(n.Items)-1)].KeySpan, "unless is one table", "Write its lines together: each of them alone keeps the rule from holding.")
	default:
		c.problem(n.Span, fmt.Sprintf("unless must be a table, not %s", n.Describe()), "Write: unless.KEY = VALUE.")
	}
}

// matchers compiles the lines of one table of matchers.
func (c *compiler) matchers(table *syntax.Node, what string, records []string) []*term {
	if table.Kind != syntax.Table {
		c.problem(table.Span, fmt.Sprintf("%s must be a table, not %s", what, table.Describe()), "")
		return nil
	}
	var out []*term
	for _, n := range table.Entries {
		m := matcherNamed(n.Key)
		if m == nil {
			c.unknownMatcher(n, what)
			continue
		}
		if !c.count(n.KeySpan) {
			return out
		}
		if t := c.matcher(m, n, what, records); t != nil {
			out = append(out, t)
		}
	}
	return out
}

// unknownMatcher tells that there is no such matcher, and which is near.
func (c *compiler) unknownMatcher(n *syntax.Node, what string) {
	mend := ""
	switch near := syntax.Nearest(n.Key, matcherKeys()); {
	case near != "":
		mend = fmt.Sprintf("Did you mean %s?", near)
	case n.Key == "if":
		mend = "The expression stands in the rule itself: if = '...'"
	case schema().names["subject"].rec.names[n.Key] != nil:
		mend = fmt.Sprintf("Ask for it in an expression: if = '... subject.%s ...'", n.Key)
	default:
		mend = "There is: " + strings.Join(slices.Sorted(slices.Values(matcherKeys())), ", ") + "."
	}
	c.problem(n.KeySpan, fmt.Sprintf("%s has no key %s", what, n.Key), mend)
}

// count tells whether the file may have one more expression.
func (c *compiler) count(at syntax.Span) bool {
	c.terms++
	if c.terms == maxTerms+1 {
		c.problem(at, fmt.Sprintf("the file has more than %d conditions and templates", maxTerms), "Split it.")
	}
	return c.terms <= maxTerms
}

// matcher compiles one line of when or unless.
func (c *compiler) matcher(m *matcher, n *syntax.Node, what string, records []string) *term {
	cl := &clause{file: c.file, node: n, what: what + "." + m.key, over: m.subject(records), allowed: m.words, groups: c.people}
	m.form.build(cl)
	if len(cl.problems) > 0 {
		c.problems = append(c.problems, cl.problems...)
		return nil
	}
	x, flaws := compile(cl.expr, nil)
	if len(flaws) > 0 {
		c.problem(n.Span, fmt.Sprintf("%s: %s", cl.what, flaws[0].message), "Split the list.")
		return nil
	}
	if what == "when" {
		c.captures.note(m, cl)
	}
	seen := seenBy(cl.over, true)
	if cl.seen != "" {
		seen = seenBy(cl.seen, false)
	}
	return &term{text: c.written(what+"."+m.key, n), order: n.KeySpan.Start, expr: x, seen: seen,
		matcher: m, value: n, place: c.file.Problem(n.KeySpan, "", "")}
}

// written is a line as explanations show it.
func (c *compiler) written(key string, n *syntax.Node) string {
	value := c.file.Slice(n.Span)
	if n.Kind == syntax.List {
		var items []string
		for _, i := range n.Items {
			items = append(items, c.file.Slice(i.Span))
		}
		value = "[" + strings.Join(items, ", ") + "]"
	}
	return short(key+" = "+value, 160)
}

// condition compiles `if`.
func (c *compiler) condition(n *syntax.Node, r *rule) {
	if n == nil {
		return
	}
	if t := c.expression(n, "if"); t != nil {
		r.cond.items = append(r.cond.items, item{term: t})
	}
}

// expression compiles a line that is a whole expression. It is nil when that has a mistake.
func (c *compiler) expression(n *syntax.Node, what string) *term {
	if n.Kind != syntax.String {
		c.problem(n.Span, fmt.Sprintf("%s must be a string that holds an expression, not %s", what, n.Describe()), "")
		return nil
	}
	if !c.count(n.KeySpan) {
		return nil
	}
	x, flaws := c.compile(n.Text(), boolType)
	if len(flaws) > 0 {
		c.flaws(n, flaws)
		return nil
	}
	return &term{text: c.written(what, n), order: n.KeySpan.Start, expr: x, seen: seenFacts(x)}
}
