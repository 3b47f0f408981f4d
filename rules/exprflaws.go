package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

var (
	undefinedField = regexp.MustCompile(`^undefined field '([^']*)'`)
	undeclared     = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	mismatch       = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`)
	noSelection    = regexp.MustCompile(`^type '(.*)' does not support field selection`)
	noRange        = regexp.MustCompile(`^expression of type '(.*)' cannot be range`)
)

// checkFlaws rewrites what the checker found.
func (l *language) checkFlaws(text string, parsed *cel.Ast, issues *cel.Issues) []flaw {
	byID := map[int64]ast.Expr{}
	native := parsed.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) { byID[e.ID()] = e }))
	var out, inside []flaw
	for _, issue := range issues.Errors() {
		f := flaw{from: offset(text, issue.Location.Line(), issue.Location.Column())}
		f.to = f.from + tokenLength(text[f.from:])
		e := byID[issue.ExprID]
		if e != nil {
			f.from, f.to = extent(text, native, e)
		}
		f.message, f.mend = l.explain(issue.Message, e, text[f.from:f.to])
		if e != nil && e.Kind() == ast.CallKind && strings.HasPrefix(f.message, noFunction) {
			// Not a function: what stands in its brackets is not a loop either, so its names are no mistakes of their own.
			call := f
			name := e.AsCall().FunctionName()
			f.from += max(strings.LastIndex(text[f.from:offsetOf(text, native, e)], name), 0)
			f.to = f.from + len(name)
			out = slices.DeleteFunc(out, func(o flaw) bool { return o.from > call.from && o.to <= call.to })
			inside = append(inside, call)
		}
		if !slices.Contains(out, f) && !slices.ContainsFunc(inside, func(c flaw) bool {
			return f.from > c.from && f.to < c.to && f.to > 0 && !strings.HasPrefix(f.message, noFunction)
		}) {
			out = append(out, f)
		}
	}
	return out
}

// offsetOf is the offset at which the parser places an expression; of a call, that of its bracket.
func offsetOf(text string, a *ast.AST, e ast.Expr) int {
	at := a.SourceInfo().GetStartLocation(e.ID())
	return offset(text, at.Line(), at.Column())
}

const noFunction = "there is no function "

// explain puts one message of the checker in the words of rule files. e is the expression that it is about, written as source;
// nil when that is not known.
func (l *language) explain(message string, e ast.Expr, source string) (text, mend string) {
	if m := undefinedField.FindStringSubmatch(message); m != nil {
		return l.noFact(m[1])
	}
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return undeclaredName(m[1], e)
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		return cannotApply(m[1], m[2], source)
	}
	if m := mismatch.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("must be %s, not %s", typeWords(m[1]), typeWords(m[2])), ""
	}
	if m := noSelection.FindStringSubmatch(message); m != nil {
		mend := ""
		if strings.HasPrefix(m[1], "list(") {
			mend = "Ask about its items: .exists(x, ...) for any, .all(x, ...) for all, size(...) for how many."
		}
		return typeWords(m[1]) + " has no facts of its own", mend
	}
	if m := noRange.FindStringSubmatch(message); m != nil {
		return "a loop needs a list, not " + typeWords(m[1]), ""
	}
	switch {
	case strings.Contains(message, "comprehension exceeds nesting limit"):
		return "too many loops within loops", fmt.Sprintf("%d are allowed.", maxNesting)
	case strings.Contains(message, "node count exceeds limit"):
		return "the expression is too long", "Split the rule."
	}
	return short(message, 200), ""
}

// noFact tells that a record has no fact of a name.
func (l *language) noFact(name string) (text, mend string) {
	r := l.provider.missed[name]
	if r == nil {
		return "there is no fact " + name, ""
	}
	if r.name == argumentsType {
		return "the command has no argument " + name, noArgument(name, r)
	}
	text = fmt.Sprintf("%s has no fact named %s", strings.TrimPrefix(strings.TrimPrefix(r.name, typePrefix), itemPrefix), name)
	if r.kind != "" {
		if f := schema().names["subject"].rec.names[name]; f != nil {
			return text, fmt.Sprintf("%s has it.", strings.Join(f.of, " and "))
		}
	}
	return text, syntax.Suggest(name, r.factNames())
}

// macros are the forms of the language that look like functions.
var macros = []string{"has", "all", "exists", "exists_one", "map", "filter"}

// standard are the functions of CEL that rules have a use for.
var standard = []string{"size", "contains", "startsWith", "endsWith", "matches", "timestamp", "string", "int", "double", "getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes"}

// undeclaredName tells that there is no variable or function of a name.
func undeclaredName(name string, e ast.Expr) (text, mend string) {
	if e != nil && e.Kind() == ast.CallKind {
		names := slices.Concat(macros, standard)
		for _, f := range functions() {
			names = append(names, f.Name)
		}
		if near := syntax.Nearest(name, names); near != "" {
			mend = fmt.Sprintf("Did you mean %s?", near)
		}
		return noFunction + name, mend
	}
	first, _, _ := strings.Cut(name, ".")
	if near := syntax.Nearest(first, schema().variableNames()); near != "" {
		return "there is nothing named " + first, fmt.Sprintf("Did you mean %s?", near)
	}
	if f := schema().names["subject"].rec.names[first]; f != nil {
		where := "subject"
		if len(f.of) > 0 {
			where = f.of[0]
		}
		return "there is nothing named " + first, fmt.Sprintf("Write: %s.%s", where, first)
	}
	return "there is nothing named " + first, fmt.Sprintf("There is: %s. A text needs quotes.", strings.Join(schema().variableNames(), ", "))
}

// signs are the operators with the verb that they stand for.
var signs = map[string]string{
	operators.Equals: "compare", operators.NotEquals: "compare", operators.Less: "compare", operators.LessEquals: "compare",
	operators.Greater: "compare", operators.GreaterEquals: "compare",
	operators.Add: "add", operators.Subtract: "subtract", operators.Multiply: "multiply", operators.Divide: "divide", operators.Modulo: "divide",
}

// cannotApply tells that a function or operator does not take these types.
func cannotApply(function, signature, source string) (text, mend string) {
	args := typeList(signature)
	verb, operator := signs[function]
	switch {
	case operator && len(args) == 2 && verb == "compare":
		return fmt.Sprintf("cannot compare %s with %s", args[0].words, args[1].words), compareMend(args[0], args[1], source)
	case operator && len(args) == 2:
		return fmt.Sprintf("cannot %s %s and %s", verb, args[0].words, args[1].words), ""
	case (function == operators.LogicalAnd || function == operators.LogicalOr) && len(args) == 2:
		other := args[0]
		if other.name == "bool" {
			other = args[1]
		}
		return fmt.Sprintf("%s joins conditions, not %s", strings.Trim(function, "_"), other.words), ""
	case function == operators.LogicalNot && len(args) == 1:
		return "! turns a condition round, not " + args[0].words, ""
	case function == operators.In && len(args) == 2:
		return fmt.Sprintf("cannot look for %s in %s", args[0].words, args[1].words), containsMend(args[1])
	case function == operators.Index && len(args) == 2:
		return fmt.Sprintf("cannot take an item of %s by %s", args[0].words, args[1].words), ""
	case function == operators.Conditional:
		return "both values after ? must have one type, and a condition must stand before it", ""
	}
	mine := make([]string, len(args))
	for i, a := range args {
		mine[i] = a.words
	}
	if strings.HasPrefix(signature, "list(string)") && strings.Contains("contains startsWith endsWith matches lower upper", function) {
		mend = `Ask about its items: "x" in list, or list.exists(x, x.` + function + `(...)).`
	}
	for _, f := range functions() {
		if f.Name == function && mend == "" {
			mend = "It is written " + f.Signature + "."
		}
	}
	if len(mine) == 0 {
		return function + " needs arguments", mend
	}
	return fmt.Sprintf("%s does not take %s", function, strings.Join(mine, " and ")), mend
}

func compareMend(a, b celType, source string) string {
	left, _, _ := strings.Cut(source, "=")
	switch {
	case a.name == "google.protobuf.Duration" && b.name == "int", a.name == "duration" && b.name == "int":
		return `Write a length of time as duration("30d").`
	case a.name == "timestamp" && b.name == "duration":
		return "Compare how long ago it was: now - time > duration(...)."
	case strings.HasPrefix(a.name, "list(") && b.name == "string":
		return fmt.Sprintf(`To look for it in the list, write: "..." in %s`, short(strings.TrimRight(left, " !"), 60))
	case b.name == "string" && (a.name == "int" || a.name == "bool"):
		return "Leave out the quotes."
	}
	return ""
}

func containsMend(b celType) string {
	if b.name == "string" {
		return `To look for a part of a text, write: text.contains("...")`
	}
	return ""
}

// syntaxFlaws rewrites what the parser found. Only the first is told: the others follow from it.
func syntaxFlaws(text string, issues *cel.Issues) []flaw {
	if f, ok := unbalanced(text); ok {
		return []flaw{f}
	}
	first := issues.Errors()[0]
	at := len(text)
	if first.Location.Line() > 0 {
		at = offset(text, first.Location.Line(), first.Location.Column())
	}
	f := flaw{from: at, to: at + tokenLength(text[at:])}
	if f.from >= len(strings.TrimRight(text, " \t\r\n")) { // the end: point at the last character there is
		end := len(strings.TrimRight(text, " \t\r\n"))
		f.from, f.to = max(end-1, 0), end
	}
	f.message, f.mend = syntaxMessage(text, strings.TrimPrefix(first.Message, "Syntax error: "), text[f.from:f.to])
	return []flaw{f}
}

// unbalanced finds a bracket or a quote that is not closed, or a bracket that closes nothing.
func unbalanced(text string) (flaw, bool) {
	var open []int
	pairs := map[byte]byte{')': '(', ']': '[', '}': '{'}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) == 0 || text[open[len(open)-1]] != pairs[c] {
				return flaw{i, i + 1, fmt.Sprintf("%c closes nothing", c), ""}, true
			}
			open = open[:len(open)-1]
		case '"', '\'':
			n := tokenLength(text[i:])
			if n < 2 || text[i+n-1] != c || strings.Contains(text[i:i+n], "\n") {
				return flaw{i, i + 1, "the quote is not closed", ""}, true
			}
			i += n - 1
		}
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return flaw{last, last + 1, fmt.Sprintf("%c is not closed", text[last]), ""}, true
	}
	return flaw{}, false
}

var expecting = regexp.MustCompile(`expecting '([^']+)'`)

func syntaxMessage(text, message, token string) (string, string) {
	switch {
	case singleEquals.MatchString(text):
		return "the expression cannot be read", "Write == to compare two values."
	case wordOperators.MatchString(text) && !strings.ContainsAny(text, `"'`):
		return "the expression cannot be read", "Write && for and, || for or, ! for not."
	case strings.Contains(message, "<EOF>"):
		if m := expecting.FindStringSubmatch(message); m != nil {
			return "the expression ends where " + m[1] + " was expected", ""
		}
		return "the expression ends too early", ""
	case strings.Contains(message, "expression recursion limit"), strings.Contains(message, "recursion"):
		return "the expression is nested too deep", ""
	case strings.Contains(message, "token recognition error"), strings.Contains(message, "unterminated"):
		return fmt.Sprintf("%s does not belong here", token), "A text needs a quote at both ends."
	}
	if m := expecting.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("expected %s, found %s", m[1], token), ""
	}
	if strings.Contains(message, "mismatched input") || strings.Contains(message, "extraneous input") || strings.Contains(message, "no viable alternative") || strings.Contains(message, "unexpected") {
		return fmt.Sprintf("%s does not belong here", token), ""
	}
	return short(message, 200), ""
}

var (
	singleEquals  = regexp.MustCompile(`^[^"'=]*[^"'=!<>]=[^=~]`)
	wordOperators = regexp.MustCompile(`\b(and|or|not)\b`)
)
