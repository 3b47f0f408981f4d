package rules

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// examination is what a walk over a checked expression finds out.
type examination struct {
	text     string
	ast      *ast.AST
	reads    map[string]bool
	branches map[string]int // of the regular expressions, by pattern
	flaws    []flaw
	loops    bool
	edges    []edge
	inside   map[int64]bool // identifiers that are the operand of a fact
}

// examine finds what an expression reads and the mistakes in it that its types do not show.
func examine(text string, checked *cel.Ast) *examination {
	x := &examination{text: text, ast: checked.NativeRep(), reads: map[string]bool{}, branches: map[string]int{}, inside: map[int64]bool{}}
	root := ast.NavigateAST(x.ast)
	for _, e := range ast.MatchDescendants(root, ast.AllMatcher()) {
		switch e.Kind() {
		case ast.SelectKind:
			x.selection(e)
		case ast.CallKind:
			x.call(e)
		case ast.ComprehensionKind:
			x.loops = true
		case ast.StructKind:
			x.flaw(e, "an expression cannot make a record", "")
		}
	}
	for _, e := range ast.MatchDescendants(root, ast.KindMatcher(ast.IdentKind)) {
		if v := schema().names[e.AsIdent()]; v != nil && !x.inside[e.ID()] {
			name := v.name
			if v.rec != nil {
				name = v.rec.trail
			}
			x.reads[name] = true
			if v.name == teamVariable {
				x.flaw(e, "team alone is no value", `Name the team: team["@org/team"].`)
			}
		}
	}
	return x
}

func (x *examination) flaw(e ast.Expr, message, mend string) {
	from, to := extent(x.text, x.ast, e)
	x.flaws = append(x.flaws, flaw{from, to, message, mend})
}

// selection notes the fact that is selected from a record that stands for a variable.
func (x *examination) selection(e ast.Expr) {
	operand := e.AsSelect().Operand()
	t := x.ast.GetType(operand.ID())
	if t == nil || t.Kind() != types.StructKind {
		return
	}
	r := schema().records[t.TypeName()]
	if r == nil || r.trail == "" {
		return
	}
	if operand.Kind() == ast.IdentKind {
		x.inside[operand.ID()] = true
	}
	x.reads[r.trail+"."+e.AsSelect().FieldName()] = true
}

// call looks at the written-out arguments of functions that take a pattern or a time.
func (x *examination) call(e ast.Expr) {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	if len(args) == 2 {
		x.comparison(call.FunctionName(), args[0], args[1])
	}
	switch call.FunctionName() {
	case "during":
		x.window(args[1])
	case "matches", "glob":
		if len(args) == 2 {
			x.pattern(call.FunctionName(), args[1])
		}
	case operators.Index:
		x.team(args)
	case "owners_lack":
		for _, a := range args {
			if a.Kind() == ast.IdentKind && a.AsIdent() == teamVariable {
				x.inside[a.ID()] = true // the names are those in CODEOWNERS of the base, which writers alone can change
			}
		}
	case "captured", "changed_lines":
		if len(args) >= 2 {
			x.pattern(call.FunctionName(), args[1])
		}
	case "duration", "timestamp":
		if s, ok := literal(args[0]); ok {
			x.time(call.FunctionName(), s, args[0])
		}
	}
}

// literal is the string that an argument is written out as.
func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func (x *examination) pattern(function string, arg ast.Expr) {
	s, ok := literal(arg)
	if !ok {
		x.flaw(arg, fmt.Sprintf("the pattern of %s must be written out", function), "")
		return
	}
	compile := compilePattern
	if function == "glob" {
		compile = compileGlob
	}
	p, err := compile(s)
	if err != nil {
		x.flaw(arg, err.Error(), "")
		return
	}
	x.branches[s] = p.branches
}

func (x *examination) time(function, s string, arg ast.Expr) {
	if function == "duration" {
		if v := duration(types.String(s)); types.IsError(v) {
			x.flaw(arg, fmt.Sprintf("%q is no length of time", s), `Write a number with its unit, such as "30m", "12h", "14d" or "2w".`)
		}
		return
	}
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		x.flaw(arg, fmt.Sprintf("%q is no time", s), `Write it as "2026-12-18T18:00:00Z".`)
	}
}

func (x *examination) sortedReads() []string {
	var out []string
	for r := range x.reads {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}
