package rules

import (
	"reflect"
	"slices"
	"time"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// edge is a comparison with the clock that an expression makes: the answer of the expression can change when the clock passes
// it, without any delivery. Which comparisons are edges:
//
//	pr.age > duration("30d")                          a length of time that a fact has, or
//	now - pr.updated_at >= duration("2h")             one until now, with one that is written out
//	now < timestamp("2026-12-18T18:00:00Z")           now with a time that is written out
//	now > pr.created_at + duration("1d")              now with a time that a fact has
//	during(now, "Mon-Fri 09:00-17:00 Europe/Berlin")  a window of the week
//
// An expression that reads the clock in another way is looked at when something happens.
type edge struct {
	fact   string        // "" where at or window says it all
	offset time.Duration // after the time that the fact tells
	at     time.Time
	past   bool // the answer changes after the edge, not at it: > and <=
	window *window
}

// justAfter is the shortest time that stores and their clocks tell apart.
const justAfter = time.Microsecond

// times lists when the edge is passed after f's now, the next first. It is empty where the fact is not known.
func (e edge) times(f *Facts) []time.Time {
	if e.window != nil {
		return e.window.edges(f.Now)
	}
	at := e.at
	if e.fact != "" {
		if !f.Known(e.fact) {
			return nil
		}
		fact := mustFact(e.fact)
		v := reflect.ValueOf(f).Elem().Field(schema().names[fact.rec].index)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		switch x := v.Field(fact.index).Interface().(type) {
		case time.Time:
			at = x
		case time.Duration:
			at = f.Now.Add(-x)
		}
		at = at.Add(e.offset)
	}
	if e.past {
		at = at.Add(justAfter)
	}
	if !at.After(f.Now) {
		return nil
	}
	return []time.Time{at}
}

// comparisonsAt tells for each comparison, with the clock on its left, whether its answer changes after the edge.
var comparisonsAt = map[string]bool{
	operators.Greater: true, operators.GreaterEquals: false, operators.Less: false, operators.LessEquals: true,
}

var turned = map[string]string{
	operators.Greater: operators.Less, operators.Less: operators.Greater,
	operators.GreaterEquals: operators.LessEquals, operators.LessEquals: operators.GreaterEquals,
}

// comparison notes the edge that a comparison has, if it has one.
func (x *examination) comparison(operator string, left, right ast.Expr) {
	if _, ok := comparisonsAt[operator]; !ok {
		return
	}
	for _, side := range []struct {
		operator    string
		left, right ast.Expr
	}{{operator, left, right}, {turned[operator], right, left}} {
		e := edge{past: comparisonsAt[side.operator]}
		if fact, ok := x.elapsed(side.left); ok {
			if d, ok := writtenDuration(side.right); ok {
				e.fact, e.offset = fact, d
				x.edges = append(x.edges, e)
			}
			return
		}
		if side.left.Kind() != ast.IdentKind || side.left.AsIdent() != "now" {
			continue
		}
		if at, ok := writtenTime(side.right); ok {
			e.at = at
			x.edges = append(x.edges, e)
			return
		}
		at, offset := side.right, time.Duration(0)
		if call := at; call.Kind() == ast.CallKind && len(call.AsCall().Args()) == 2 {
			d, ok := writtenDuration(call.AsCall().Args()[1])
			switch {
			case ok && call.AsCall().FunctionName() == operators.Add:
				at, offset = call.AsCall().Args()[0], d
			case ok && call.AsCall().FunctionName() == operators.Subtract:
				at, offset = call.AsCall().Args()[0], -d
			}
		}
		if fact, ok := x.factOf(at, types.TimestampKind); ok {
			e.fact, e.offset = fact, offset
			x.edges = append(x.edges, e)
		}
		return
	}
}

// factOf is the fact that an expression selects, when it is of this type and the record of a delivery has it.
func (x *examination) factOf(e ast.Expr, kind types.Kind) (string, bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return "", false
	}
	t := x.ast.GetType(e.AsSelect().Operand().ID())
	if t == nil || t.Kind() != types.StructKind {
		return "", false
	}
	r := schema().records[t.TypeName()]
	if r == nil || r.trail == "" {
		return "", false
	}
	f := r.names[e.AsSelect().FieldName()]
	if f == nil || f.typ.Kind() != kind {
		return "", false
	}
	return f.path(), true
}

// elapsed is the fact from which an expression counts a length of time until now.
func (x *examination) elapsed(e ast.Expr) (string, bool) {
	if fact, ok := x.factOf(e, types.DurationKind); ok {
		return fact, true
	}
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Subtract || len(e.AsCall().Args()) != 2 {
		return "", false
	}
	args := e.AsCall().Args()
	if args[0].Kind() != ast.IdentKind || args[0].AsIdent() != "now" {
		return "", false
	}
	return x.factOf(args[1], types.TimestampKind)
}

func writtenDuration(e ast.Expr) (time.Duration, bool) {
	s, ok := writtenArgument(e, "duration")
	if !ok {
		return 0, false
	}
	d, err := syntax.Duration(s)
	if err != nil {
		d, err = time.ParseDuration(s)
	}
	return d, err == nil
}

func writtenTime(e ast.Expr) (time.Time, bool) {
	s, ok := writtenArgument(e, "timestamp")
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, s)
	return at, err == nil
}

// writtenArgument is the one argument of a call of function, where it is a text that is written out.
func writtenArgument(e ast.Expr, function string) (string, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != function || len(e.AsCall().Args()) != 1 {
		return "", false
	}
	return literal(e.AsCall().Args()[0])
}

// window notes the edges of a window, which must be written out.
func (x *examination) window(arg ast.Expr) {
	s, ok := literal(arg)
	if !ok {
		x.flaw(arg, "the window of during must be written out", "")
		return
	}
	w, err := windowOf(s)
	if err != nil {
		x.flaw(arg, err.Error(), windowForms)
		return
	}
	x.edges = append(x.edges, edge{window: w})
}

// untimed is decide without the lines that the clock can change: those wait.
func (c *condition) untimed(a *activation) verdict {
	decide := func(t *term) verdict {
		if len(t.expr.edges) > 0 {
			return verdict{outcome: Waiting}
		}
		return t.decide(a, nil)
	}
	return conjunction(c.items, func(i item) verdict {
		if i.term != nil {
			return decide(i.term)
		}
		return disjunction(i.either, func(list []*term) verdict { return conjunction(list, decide) })
	})
}

// wake is the next time at which the clock alone can change the answer of a condition; zero when it cannot.
func (c *condition) wake(a *activation) time.Time {
	var next time.Time
	for _, t := range c.terms() {
		for _, e := range t.expr.edges {
			if times := e.times(a.facts); len(times) > 0 {
				next = sooner(next, times[0])
			}
		}
	}
	if next.IsZero() {
		return next
	}
	if v := c.untimed(a); len(v.missing) == 0 && v.outcome == False {
		return time.Time{}
	}
	return next
}

// sooner is the earlier of two times, of which the zero time is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// timed tells whether a trigger is about state, so that the clock may ring for its rule.
func (r *rule) timed() bool {
	return slices.ContainsFunc(r.triggers, func(t trigger) bool { return !t.moment })
}
