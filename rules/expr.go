package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	_ "time/tzdata" // now.getHours("Europe/Vienna") works on a machine without a table of time zones
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// Limits of one expression. Cost is what ends an expensive one, in the same way each time: maxCost is about 50 ms of one core.
// What cost does not see ends by maxTime.
const (
	maxExpr    = 4000    // characters, of what people write
	maxText    = 1 << 20 // bytes that a function may make of a text
	maxNodes   = 2000
	maxNesting = 2    // loops within loops
	maxRegexp  = 5000 // instructions of one regular expression
	maxCost    = 400_000
)

// language is the checker and planner of expressions. Compiling is serialised by mu; evaluating is not.
type language struct {
	mu       sync.Mutex
	env      *cel.Env
	provider *provider
}

var lang = sync.OnceValue(func() *language {
	p := &provider{Provider: types.NewEmptyRegistry()}
	options := []cel.EnvOption{
		// Of the standard, duration() has a form with days in its place, and what makes a text of anything stays out of `+`.
		cel.StdLib(cel.StdLibSubset(&env.LibrarySubset{ExcludeFunctions: []*env.Function{
			{Name: "duration", Overloads: []*env.Overload{{ID: "string_to_duration"}}},
		}})),
		cel.CustomTypeProvider(p),
		cel.CustomTypeAdapter(types.DefaultTypeAdapter),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(16 * maxExpr),
		cel.ParserRecursionLimit(100),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(maxNesting)),
	}
	for _, v := range schema().vars {
		options = append(options, cel.VariableWithDoc(v.name, v.typ, v.doc))
	}
	for _, f := range functions() {
		options = append(options, f.option())
	}
	e, err := cel.NewCustomEnv(options...)
	if err != nil {
		panic("rules: " + err.Error())
	}
	return &language{env: e, provider: p}
})

// expression is one checked expression.
type expression struct {
	program cel.Program
	result  *types.Type
	reads   []string // facts, as "subject.title", and variables without facts, as "event"; sorted
	loops   bool
	edges   []edge // comparisons with the clock
}

// flaw is one mistake in the text of an expression: the bytes from..to of it.
type flaw struct {
	from, to      int
	message, mend string
}

// compile checks an expression. With a want its result must be of that type, or of one that shows only when it is evaluated.
// With the parameters of a command, it may read that command; without, none.
func compile(text string, want *types.Type, in ...*params) (*expression, []flaw) {
	if strings.TrimSpace(text) == "" {
		return nil, []flaw{{0, len(text), "the expression is empty", ""}}
	}
	l := lang()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.provider.missed, l.provider.params = map[string]*record{}, nil
	if len(in) > 0 {
		l.provider.params = in[0]
	}
	parsed, issues := l.env.Parse(text)
	if issues.Err() != nil {
		return nil, syntaxFlaws(text, issues)
	}
	if flaws := outsideCommand(text, parsed, l.provider.params); flaws != nil {
		return nil, flaws
	}
	checked, issues := l.env.Check(parsed)
	if issues.Err() != nil {
		return nil, l.checkFlaws(text, parsed, issues)
	}
	x := examine(text, checked)
	if len(x.flaws) > 0 {
		return nil, x.flaws
	}
	result := checked.OutputType()
	if want != nil && result.Kind() != want.Kind() && result.Kind() != types.DynKind {
		return nil, []flaw{{0, len(text), fmt.Sprintf("must be %s, not %s", words(want), words(result)), boolMend(text, want, result)}}
	}
	program, err := l.env.Program(checked,
		cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval),
		cel.OptimizeRegex(
			prepare("matches", overloads.Matches, compilePattern), prepare("matches", overloads.MatchesString, compilePattern),
			prepare("glob", "glob_text", compileGlob), prepareCapture("captured_text"), prepareCapture("captured_list"), prepareChangedLines()),
		cel.CostTracking(cost{x.branches}), cel.CostLimit(maxCost), cel.InterruptCheckFrequency(5))
	if err != nil {
		return nil, []flaw{{0, len(text), plainError(err), ""}}
	}
	return &expression{program: program, result: result, reads: x.sortedReads(), loops: x.loops, edges: x.edges}, nil
}

// compileWritten is compile for an expression that somebody wrote.
func compileWritten(text string, want *types.Type, in ...*params) (*expression, []flaw) {
	if n := utf8.RuneCountInString(text); n > maxExpr {
		return nil, []flaw{{0, len(text), fmt.Sprintf("the expression has %d characters; %d are allowed", n, maxExpr), ""}}
	}
	return compile(text, want, in...)
}

// boolMend tells what to do with a value where a condition is wanted.
func boolMend(text string, want, result *types.Type) string {
	if want.Kind() != types.BoolKind {
		return ""
	}
	switch result.Kind() {
	case types.ListKind:
		return fmt.Sprintf("To ask whether there are any, write: size(%s) > 0", short(text, 40))
	case types.StringKind:
		return fmt.Sprintf(`Compare it: %s == "..."`, short(text, 40))
	case types.IntKind:
		return fmt.Sprintf("Compare it: %s > 0", short(text, 40))
	}
	return ""
}

// short cuts a text to n characters, on one line.
func short(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// answer is what an expression came to on one delivery. Exactly one of the fields but value tells that there is no value.
type answer struct {
	value   ref.Val
	missing []string // facts to learn first; sorted
	waiting string   // why it cannot be told yet
	absent  string   // what the delivery does not have
	err     error
}

// eval evaluates an expression on one delivery.
func (x *expression) eval(a *activation) answer {
	ctx := context.Background()
	if x.loops {
		var cancel func()
		ctx, cancel = deadline(maxTime)
		defer cancel()
	}
	v, _, err := x.program.ContextEval(ctx, a)
	var lacks absent
	switch {
	case errors.As(err, &lacks):
		return answer{absent: lacks.why}
	case err != nil && strings.HasPrefix(err.Error(), noKey): // of event, the only map there is
		return answer{absent: "the payload has no " + short(strings.TrimPrefix(err.Error(), noKey), 80)}
	case ctx.Err() != nil:
		return answer{err: errTime}
	case err != nil:
		return answer{err: errors.New(plainError(err))}
	}
	if unknown, ok := v.(*types.Unknown); ok {
		return a.unknown(unknown)
	}
	return answer{value: v}
}

// unknown tells whether what an answer lacks can be learnt.
func (a *activation) unknown(u *types.Unknown) answer {
	var missing, waiting []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			if why, ok := waitsFor(t); ok {
				waiting = append(waiting, why)
				continue
			}
			path := t.Variable()
			if q := t.QualifierPath(); len(q) > 0 {
				path = fmt.Sprintf("%s.%v", path, q[0])
			}
			if why, ok := a.facts.waiting[path]; ok {
				waiting = append(waiting, why)
			} else {
				missing = append(missing, path)
			}
		}
	}
	slices.Sort(missing)
	slices.Sort(waiting)
	if len(missing) > 0 {
		return answer{missing: slices.Compact(missing)}
	}
	return answer{waiting: strings.Join(slices.Compact(waiting), "; ")}
}

// plainError is an error of evaluation in words.
func plainError(err error) string {
	var cancelled interpreter.EvalCancelledError
	switch {
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return "the expression costs too much"
	}
	return short(err.Error(), 200)
}

// errTime ends an expression.
var errTime = errors.New("the expression takes too long")

// noKey is how CEL's error for a map without a key begins.
const noKey = "no such key: "
