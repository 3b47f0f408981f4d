package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// bound is one side of a range: an operator and what stands after it, in the expression language.
type bound struct{ operator, value string }

// comparisons are the operators of ranges, longest first.
var comparisons = []string{">=", "<=", "==", "!=", ">", "<", "="}

// parseRange reads ">=2", "<5", "5", "10..49", "..9" or "250..". item reads one value and writes it as an expression.
func parseRange(text string, item func(string) (string, error)) ([]bound, error) {
	text = strings.TrimSpace(text)
	for _, op := range comparisons {
		if rest, ok := strings.CutPrefix(text, op); ok {
			if op == "=" {
				op = "=="
			}
			v, err := item(strings.TrimSpace(rest))
			return []bound{{op, v}}, err
		}
	}
	low, high, between := strings.Cut(text, "..")
	if !between {
		v, err := item(text)
		return []bound{{"==", v}}, err
	}
	var out []bound
	for _, side := range []struct{ op, text string }{{">=", low}, {"<=", high}} {
		if s := strings.TrimSpace(side.text); s != "" {
			v, err := item(s)
			if err != nil {
				return nil, err
			}
			out = append(out, bound{side.op, v})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%q is no range", text)
	}
	return out, nil
}

// numberItem is a whole number of a range.
func numberItem(text string) (string, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no whole number", text)
	}
	return strconv.FormatInt(n, 10), nil
}

// durationItem is a length of time of a range.
func durationItem(text string) (string, error) {
	d, err := syntax.Duration(text)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("duration(%s)", quote(strconv.FormatInt(int64(d/time.Millisecond), 10)+"ms")), nil
}

// within is the condition that what an expression says lies between bounds.
func within(over string, bounds []bound) string {
	parts := make([]string, len(bounds))
	for i, b := range bounds {
		parts[i] = fmt.Sprintf("%s %s %s", over, b.operator, b.value)
	}
	return strings.Join(parts, " && ")
}

// quote writes a text as a literal of the expression language.
func quote(s string) string { return strconv.QuoteToASCII(s) }

// quotes writes texts as a list of the expression language.
func quotes(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
