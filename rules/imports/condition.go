package imports

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// cond is a condition of a source: a term, or conditions joined. nil holds always.
type cond struct {
	op  op
	sub []*cond
	term
}

type op int

const (
	isTerm op = iota
	isAll
	isAny
	isNot
	isLost // it could not be carried over
)

// term is a condition as a matcher and as an expression, either of which may be missing.
type term struct {
	key    string       // of the matcher
	values []string     // of one of whose list one is enough
	value  *syntax.Node // of another
	expr   string
	every  bool // a table or list whose lines must all hold: two of them are one
	whole  bool // of the values all are needed
}

var lost = &cond{op: isLost}

// matches is a term whose values are texts of which one is enough. each makes the expression of one of them.
func matches(key string, each func(string) string, values ...string) *cond {
	var parts []string
	for _, v := range values {
		parts = append(parts, each(v))
	}
	return &cond{term: term{key: key, values: values, expr: either(parts)}}
}

// is is a term with another value.
func is(key string, value any, expr string) *cond {
	return &cond{term: term{key: key, value: tomlNode(key, value), expr: expr}}
}

// says is a term that is an expression alone.
func says(expr string) *cond { return &cond{term: term{expr: expr}} }

// all joins conditions that must all hold.
func all(list ...*cond) *cond { return join(isAll, list) }

// any joins conditions of which one must hold.
func anyOf(list ...*cond) *cond { return join(isAny, list) }

func join(o op, list []*cond) *cond {
	var out []*cond
	for _, c := range list {
		switch {
		case c == nil && o == isAny:
			return nil
		case c == nil:
		case c.op == o:
			out = append(out, c.sub...)
		default:
			out = append(out, c)
		}
	}
	switch {
	case len(out) == 0 && o == isAny:
		return says("false")
	case len(out) == 0:
		return nil
	case len(out) == 1:
		return out[0]
	}
	if o == isAny {
		if t := oneTerm(out); t != nil {
			return t
		}
	}
	return &cond{op: o, sub: out}
}

// eachOf are the matchers that ask each of several things to match one of the values: two of them are not one.
var eachOf = []string{"only_files", "only_commit_author", "all_commits_match"}

// oneTerm makes one term of several with the same key, of which one is enough.
func oneTerm(list []*cond) *cond {
	var values, exprs []string
	for _, c := range list {
		if c.op != isTerm || c.key == "" || c.key != list[0].key || len(c.values) == 0 || c.whole || slices.Contains(eachOf, c.key) {
			return nil
		}
		for _, v := range c.values {
			if !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		exprs = append(exprs, c.expr)
	}
	return &cond{term: term{key: list[0].key, values: values, expr: either(exprs)}}
}

// not turns a condition round.
func not(c *cond) *cond {
	switch {
	case c == nil:
		return says("false")
	case c.op == isNot:
		return c.sub[0]
	case c.op == isLost:
		return c
	case c.op == isAny || c.op == isAll:
		var out []*cond
		for _, s := range c.sub {
			out = append(out, not(s))
		}
		return join(isAny+isAll-c.op, out)
	case c.value != nil && c.value.Kind == syntax.Bool:
		return is(c.key, c.value.Value != true, negated(c.expr))
	case c.key == "files":
		return &cond{term: term{key: "no_files", values: c.values, expr: negated(c.expr), whole: true}}
	case c.key == "no_files":
		return &cond{term: term{key: "files", values: c.values, expr: negated(c.expr)}}
	case c.value != nil && c.value.Kind == syntax.String:
		if other, ok := otherRange(c.value.Text()); ok {
			return is(c.key, other, negated(c.expr))
		}
	}
	if c.value != nil && c.value.Kind == syntax.Integer {
		return is(c.key, fmt.Sprintf("!=%d", c.value.Value), negated(c.expr))
	}
	if c.key == "" {
		return says(negated(c.expr))
	}
	return &cond{op: isNot, sub: []*cond{c}}
}

// otherRange is the range of all other numbers.
func otherRange(s string) (string, bool) {
	for _, pair := range [][2]string{{">=", "<"}, {"<=", ">"}, {"!=", "="}, {">", "<="}, {"<", ">="}, {"=", "!="}} {
		if rest, ok := strings.CutPrefix(s, pair[0]); ok && !strings.ContainsAny(rest, "=<>") {
			return pair[1] + rest, true
		}
	}
	return "", false
}

// negated is the expression turned round.
func negated(expr string) string {
	if rest, ok := strings.CutPrefix(expr, "!"); ok && single(rest) {
		return rest
	}
	if single(expr) {
		return "!" + expr
	}
	for _, o := range [][2]string{{" == ", " != "}, {" != ", " == "}, {" >= ", " < "}, {" <= ", " > "}, {" > ", " <= "}, {" < ", " >= "}} {
		if a, b, ok := strings.Cut(expr, o[0]); ok && single(a) && single(b) {
			return a + o[1] + b
		}
	}
	return "!(" + expr + ")"
}

// single tells whether an expression has no operator outside parentheses and quotes.
func single(expr string) bool {
	depth, quoted := 0, byte(0)
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case quoted != 0:
			if c == '\\' {
				i++
			} else if c == quoted {
				quoted = 0
			}
		case c == '"' || c == '\'':
			quoted = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ' ' && depth == 0:
			return false
		}
	}
	return true
}

// either joins expressions by or.
func either(list []string) string { return strings.Join(list, " || ") }

// hasLost tells whether something in the condition could not be carried over.
func (c *cond) hasLost() bool {
	return c != nil && (c.op == isLost || slices.ContainsFunc(c.sub, (*cond).hasLost))
}

// mentions tells whether a matcher of one of these keys is in it.
func (c *cond) mentions(keys ...string) bool {
	if c == nil {
		return false
	}
	return slices.Contains(keys, c.key) || slices.ContainsFunc(c.sub, func(s *cond) bool { return s.mentions(keys...) })
}

// expression writes the whole condition as an expression. What was lost does not hold.
func (c *cond) expression() string {
	switch {
	case c == nil:
		return "true"
	case c.op == isLost:
		return "false"
	case c.op == isNot:
		return negated(c.sub[0].expression())
	case c.op == isTerm:
		return c.expr
	}
	var parts []string
	for _, s := range c.sub {
		part := s.expression()
		if s.op == isAny || s.op == isAll || s.op == isTerm && strings.Contains(part, " || ") && c.op == isAll {
			part = "(" + part + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, map[op]string{isAll: " && ", isAny: " || "}[c.op])
}

// clauses is a condition as a rule says it.
type clauses struct {
	when, unless *syntax.Node   // tables; nil for nothing
	either       []*syntax.Node // tables of which one must hold, in place of when
	ifs          []string
	lost         bool
}

// maxEither is how many alternatives are written as tables; more of them are easier read as an expression.
const maxEither = 4

// say spreads a condition over matchers and an expression. positive is for places that have no unless.
func (c *cond) say(positive bool) clauses {
	var out clauses
	when, unless := syntax.NewTable("when", syntax.Span{}), syntax.NewTable("unless", syntax.Span{})
	var left []*cond
	said := map[string]bool{}
	for _, p := range conjuncts(c) {
		if expr := p.expression(); p.op != isLost && expr != "" && said[expr] {
			continue
		} else {
			said[expr] = true
		}
		switch {
		case p.op == isLost:
			out.lost = true
		case p.op == isTerm && put(when, p):
		case p.op == isNot && !positive && put(unless, p.sub[0]):
		case p.op == isAny && p.hasLost():
			if rest := without(p); rest != nil { // it holds less often than it did
				left = append(left, rest)
			} else {
				out.lost = true
			}
		default:
			left = append(left, p)
		}
	}
	if len(left) > 0 {
		if i := slices.IndexFunc(left, func(p *cond) bool { return p.op == isAny }); i >= 0 {
			if tables := alternatives(when, left[i]); tables != nil {
				out.either, left = tables, slices.Delete(left, i, i+1)
			}
		}
	}
	for _, p := range left {
		part := p.expression()
		if len(left) > 1 && strings.Contains(part, " || ") {
			part = "(" + part + ")"
		}
		out.ifs = append(out.ifs, part)
	}
	if len(when.Entries) > 0 && out.either == nil {
		out.when = when
	}
	if len(unless.Entries) > 0 {
		out.unless = unless
	}
	return out
}

// conjuncts are the conditions that must all hold.
func conjuncts(c *cond) []*cond {
	switch {
	case c == nil:
		return nil
	case c.op == isAll:
		return c.sub
	}
	return []*cond{c}
}

// without is an alternative without those that were lost.
func without(c *cond) *cond {
	var kept []*cond
	for _, s := range c.sub {
		if !s.hasLost() {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return anyOf(kept...)
}

// put writes a term into a table, if it has room for it there.
func put(table *syntax.Node, c *cond) bool {
	if c.op != isTerm || c.key == "" {
		return false
	}
	there := table.Get(c.key)
	inUnless := table.Key == "unless"
	value := tomlNode(c.key, c.values)
	if c.value != nil {
		value = clone(c.value)
	}
	switch {
	case there == nil:
		if inUnless && c.whole && len(c.values) > 1 {
			return false
		}
		table.Put(value)
		return true
	case there.Kind == syntax.Table && value.Kind == syntax.Table && c.every && !inUnless:
		for _, e := range value.Entries {
			if there.Get(e.Key) != nil {
				return false
			}
		}
		for _, e := range value.Entries {
			there.Put(e)
		}
		return true
	case len(c.values) > 0 && (inUnless && !c.whole || !inUnless && c.whole):
		if len(c.values) == 1 && there.Text() == c.values[0] {
			return true
		}
		if there.Kind == syntax.String {
			text := there.Text()
			*there = *tomlNode(c.key, []string{text, ""})
			there.Items = there.Items[:1]
		}
		for _, v := range c.values {
			if !slices.ContainsFunc(there.Items, func(n *syntax.Node) bool { return n.Text() == v }) {
				there.Items = append(there.Items, syntax.NewString(c.key, v, syntax.Span{}))
			}
		}
		return true
	}
	return false
}

// alternatives writes the parts of an or as tables, each with what is common to all, or nothing where they do not fit.
func alternatives(common *syntax.Node, c *cond) []*syntax.Node {
	if len(c.sub) > maxEither || len(common.Entries) > 3 {
		return nil
	}
	var out []*syntax.Node
	for _, s := range c.sub {
		table := syntax.NewTable("when", syntax.Span{})
		for _, e := range common.Entries {
			table.Put(clone(e))
		}
		for _, p := range conjuncts(s) {
			if !put(table, p) {
				return nil
			}
		}
		out = append(out, table)
	}
	return out
}
