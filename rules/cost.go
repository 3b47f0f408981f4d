package rules

import (
	"strings"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// maxSteps bounds what the matches of one call may cost at the worst, see pattern.steps: some 40 ms.
const maxSteps = 2 << 20

// prepare makes the calls of an overload compile their pattern once. The checker has seen to it that the pattern is written out.
// Named by its overload it goes before CEL's own, which would match texts of any length.
func prepare(name, overload string, compile func(pattern string) (*pattern, error)) *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{
		Function:   name,
		OverloadID: overload,
		RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, text string) (interpreter.InterpretableCall, error) {
			p, err := compile(text)
			if err != nil {
				return nil, err
			}
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
				if len(args) == 0 {
					return types.NoSuchOverloadErr()
				}
				s, ok := args[0].Value().(string)
				if !ok {
					return types.NoSuchOverloadErr()
				}
				if p.steps(s) > maxSteps {
					return types.WrapErr(errLong)
				}
				return types.Bool(p.re.MatchString(s))
			}), nil
		},
	}
}

// cost counts what the functions of the table and matches cost, in the unit of CEL: about one operation.
type cost struct{ branches map[string]int } // of the patterns of one expression

// match is what it costs to hold a text against a pattern, most often: a hostile one may take five times as long, and is ended by
// its time.
func (c cost) match(length int, pattern string) int {
	return length * (c.branches[pattern] + 2) / 25
}

// weigh counts the values in a piece of payload, up to a limit, and the length of its texts.
func weigh(v any, limit int) int {
	n := 1
	switch v := v.(type) {
	case string:
		n += len(v) / 100
	case map[string]any:
		for _, item := range v {
			if n += weigh(item, limit-n); n >= limit {
				return n
			}
		}
	case []any:
		for _, item := range v {
			if n += weigh(item, limit-n); n >= limit {
				return n
			}
		}
	}
	return n
}

// recordsIn is what a comparison of a list of records costs: all facts of each are compared.
func recordsIn(v ref.Val) int {
	list, ok := v.(traits.Lister)
	if !ok {
		return 0
	}
	size, _ := list.Size().(types.Int)
	if size == 0 {
		return 0
	}
	if _, ok := list.Get(types.Int(0)).(*object); !ok {
		return int(size) / 10
	}
	return 20 * int(size)
}

// CallCost is a method of CEL's estimator.
func (c cost) CallCost(name, id string, args []ref.Val, result ref.Val) *uint64 {
	n := 1
	switch name {
	case "matches", "glob":
		if len(args) == 2 {
			n += c.match(len(text(args[0])), text(args[1]))
		}
	case "captured":
		if len(args) == 3 {
			list, err := texts(args[0])
			if err != nil {
				list = []string{text(args[0])}
			}
			for _, s := range list {
				n += 1 + c.match(len(s), text(args[1]))
			}
		}
	case "changed_lines":
		if len(args) == 2 {
			n = c.changedLinesCost(args)
		}
	case operators.Equals, operators.NotEquals, operators.In:
		// What the payload holds may be large; CEL counts a comparison of it as one operation.
		weight := 0
		for _, v := range args {
			weight = max(weight, weigh(v.Value(), maxCost), recordsIn(v))
		}
		if weight < 2 {
			return nil
		}
		n += 2 * weight
	case "size", "bytes", "string": // of a text all of it is read, which CEL counts as one operation
		if s := text(args[0]); len(s) > 100 {
			n += len(s) / 50
			break
		}
		if b, ok := args[0].Value().([]byte); ok {
			n += len(b) / 100
			break
		}
		return nil
	case "during":
		n = 300
	case "sum", "green", "owners_lack":
		if list, ok := args[0].(interface{ Size() ref.Val }); ok {
			size, _ := list.Size().(types.Int)
			n += int(size)
		}
	case "section", "unchecked", "without_comments":
		n += len(text(args[0])) / 20
	case "trim", "first_line":
		n += len(text(args[0])) / 100
	case "lower", "upper":
		n += len(text(args[0])) / 20
	case "split", "join", "replace", "command":
		for _, v := range append(args[:len(args):len(args)], result) {
			n += len(text(v)) / 10
		}
		if list, ok := result.(interface{ Size() ref.Val }); ok && name == "split" {
			size, _ := list.Size().(types.Int)
			n += int(size)
		}
	default:
		if !strings.HasPrefix(name, "get") || len(args) < 2 {
			return nil
		}
		n = 300 // a time zone is read from its table
	}
	u := uint64(n)
	return &u
}
