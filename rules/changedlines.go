package rules

import (
	"fmt"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// lineCount is the form of `lines`: a range, or a table that leaves files out of the count.
var lineCount = form{`a number or a range, or { range = RANGE, ignore = FILES }: ">800", { range = "10..49", ignore = "**/*.lock" }`, func(c *clause) {
	if c.node.Kind != syntax.Table {
		c.ranged("a number or a range", numberItem)
		return
	}
	var in struct {
		Range  *syntax.Node `toml:"range" required:"true"`
		Ignore *syntax.Node `toml:"ignore" required:"true"`
	}
	if c.problems = append(c.problems, c.file.Decode(c.node, c.what, &in)...); len(c.problems) > 0 {
		return
	}
	whole := *c
	c.node, c.what = in.Ignore, whole.what+".ignore"
	if pattern, ok := c.globs(false, true); ok {
		c.over = fmt.Sprintf("changed_lines(pr.files, %s)", pattern)
		c.seen = c.over
		c.node, c.what = in.Range, whole.what+".range"
		c.ranged("a number or a range", numberItem)
	}
	c.node, c.what = whole.node, whole.what
}}

// changedLinesWith counts the lines added and removed in the files whose path does not match.
func changedLinesWith(p *pattern) func(args ...ref.Val) ref.Val {
	return func(args ...ref.Val) ref.Val {
		list, ok := args[0].(traits.Lister)
		if !ok || len(args) != 2 {
			return types.NoSuchOverloadErr()
		}
		var sum types.Int
		steps := 0
		for it := list.Iterator(); it.HasNext() == types.True; {
			o, ok := it.Next().(*object)
			if !ok {
				return types.NewErr("expected a list of files")
			}
			f, ok := o.v.Interface().(File)
			if !ok {
				return types.NewErr("expected a list of files")
			}
			if steps += p.steps(f.Path); steps > maxSteps {
				return types.WrapErr(errLong)
			}
			if !p.re.MatchString(f.Path) {
				sum += types.Int(f.Additions + f.Deletions)
			}
		}
		return sum
	}
}

// prepareChangedLines makes the calls of changed_lines compile their pattern once.
func prepareChangedLines() *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{Function: "changed_lines", OverloadID: "changed_lines_files", RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, text string) (interpreter.InterpretableCall, error) {
			p, err := compilePattern(text)
			if err != nil {
				return nil, err
			}
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), changedLinesWith(p)), nil
		}}
}

// changedLines is what changed_lines does where its pattern was not prepared: nowhere, since patterns must be written out.
func changedLines(args ...ref.Val) ref.Val {
	p, err := compilePattern(text(args[1]))
	if err != nil {
		return types.WrapErr(err)
	}
	return changedLinesWith(p)(args...)
}

// changedLinesCost is what a call costs, in the unit of CEL.
func (c cost) changedLinesCost(args []ref.Val) int {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return 1
	}
	n := 1
	for it := list.Iterator(); it.HasNext() == types.True; {
		if o, ok := it.Next().(*object); ok {
			if f, ok := o.v.Interface().(File); ok {
				n += 1 + c.match(len(f.Path), text(args[1]))
			}
		}
	}
	return n
}
