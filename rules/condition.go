package rules

import (
	"cmp"
	"fmt"
	"slices"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
)

// term is one line of a condition.
type term struct {
	text   string // as written: when.author = "octocat"
	order  int    // place in the file
	expr   *expression
	seen   func(*activation) string // what the line was held against
	negate bool                     // a line of unless

	matcher *matcher          // the row that it is of; nil of an expression
	value   *syntax.Node      // as written, of a matcher
	place   syntax.Diagnostic // where it stands
}

// verdict is the four-valued answer of a condition; with missing facts there is none yet.
type verdict struct {
	outcome Outcome
	why     string
	missing []string
}

// condition is what must hold: all of the items.
type condition struct{ items []item }

// item is a term, or lists of terms of which one list must hold ([[rule.when]] written twice).
type item struct {
	term   *term
	either [][]*term
}

// cost orders terms: what needs no fetch before what does, loops last. Evaluation is the same in any order but for its price.
func (t *term) cost() int {
	n := 0
	for _, path := range t.expr.reads {
		if fetched(path) {
			n = 2
		}
	}
	if t.expr.loops {
		n++
	}
	return n
}

func (i item) cost() int {
	if i.term != nil {
		return i.term.cost()
	}
	n := 0
	for _, list := range i.either {
		for _, t := range list {
			n = max(n, t.cost())
		}
	}
	return n
}

// sort puts the cheap items first.
func (c *condition) sort() {
	byCost := func(a, b *term) int { return cmp.Compare(a.cost(), b.cost()) }
	slices.SortStableFunc(c.items, func(a, b item) int { return cmp.Compare(a.cost(), b.cost()) })
	for _, i := range c.items {
		for _, list := range i.either {
			slices.SortStableFunc(list, byCost)
		}
	}
}

// terms lists all terms.
func (c *condition) terms() []*term {
	var out []*term
	for _, i := range c.items {
		if i.term != nil {
			out = append(out, i.term)
		}
		for _, list := range i.either {
			out = append(out, list...)
		}
	}
	return out
}

// trace collects the terms that were evaluated, for the explanation. A nil trace collects nothing.
type trace struct{ places []placed }

// placed is a term with its place in the file.
type placed struct {
	order int
	term  Term
}

// decide evaluates the condition. It stops at the first item that is false.
func (c *condition) decide(a *activation, t *trace) verdict {
	return conjunction(c.items, func(i item) verdict {
		if i.term != nil {
			return i.term.decide(a, t)
		}
		return disjunction(i.either, func(list []*term) verdict {
			return conjunction(list, func(term *term) verdict { return term.decide(a, t) })
		})
	})
}

// conjunction joins verdicts by and: false wins, then what is missing, error, waiting, and true.
func conjunction[T any](list []T, decide func(T) verdict) verdict {
	return fold(list, decide, False, True)
}

// disjunction joins verdicts by or: true wins, then what is missing, error, waiting, and false.
func disjunction[T any](list []T, decide func(T) verdict) verdict {
	return fold(list, decide, True, False)
}

func fold[T any](list []T, decide func(T) verdict, wins, neutral Outcome) verdict {
	out := verdict{outcome: neutral}
	var missing []string
	for _, x := range list {
		v := decide(x)
		switch {
		case len(v.missing) > 0:
			missing = append(missing, v.missing...)
		case v.outcome == wins:
			return v
		case rank(v.outcome) > rank(out.outcome):
			out = v
		case v.outcome == neutral && out.outcome == neutral && out.why == "":
			out.why = v.why
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return verdict{missing: slices.Compact(missing)}
	}
	return out
}

func rank(o Outcome) int {
	switch o {
	case Waiting:
		return 1
	case Error:
		return 2
	}
	return 0
}

// decide evaluates one term and notes it.
func (t *term) decide(a *activation, tr *trace) verdict {
	ans := t.expr.eval(a)
	v := verdict{}
	switch {
	case len(ans.missing) > 0:
		return verdict{missing: ans.missing}
	case ans.err != nil:
		v = verdict{outcome: Error, why: ans.err.Error()}
	case ans.waiting != "":
		v = verdict{outcome: Waiting, why: ans.waiting}
	case ans.absent != "":
		v = verdict{outcome: False, why: ans.absent}
	default:
		b, ok := ans.value.(types.Bool)
		switch {
		case !ok:
			v = verdict{outcome: Error, why: fmt.Sprintf("neither true nor false but %s", show(ans.value))}
		case bool(b):
			v.outcome = True
		default:
			v.outcome = False
		}
	}
	if t.negate {
		switch v.outcome {
		case True:
			v.outcome = False
		case False:
			v = verdict{outcome: True}
		}
	}
	if tr != nil {
		seen := ""
		if v.why == "" {
			seen = t.seen(a)
		}
		tr.places = append(tr.places, placed{t.order, Term{Text: t.text, Seen: seen, Outcome: v.outcome, Why: v.why}})
	}
	return v
}
