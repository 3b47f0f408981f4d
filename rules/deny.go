package rules

import (
	"fmt"
	"slices"

	"bellhop/rules/syntax"
)

// deny leaves out the rules that use an action that the operator does not let rule files use, and says so at the action.
func (c *compiler) deny(list []*rule, denied []string) []*rule {
	if len(denied) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(r *rule) bool {
		a := r.forbidden(denied)
		if a == nil {
			return false
		}
		d := r.left(fmt.Sprintf("the operator does not let rule files use %s here", a.kind.Name), "Ask whoever hosts the bot: their own rules may use it.")
		if !r.made {
			at := c.file.Problem(a.node.KeySpan, d.Message, d.Mend)
			at.Rule = r.base
			d = at
		}
		c.problems = append(c.problems, d)
		return true
	})
}

// forbidden is the first action of a rule that is denied, or nil. A rule that is off does nothing.
func (r *rule) forbidden(denied []string) *act {
	if r.mode == "off" {
		return nil
	}
	for _, a := range slices.Concat(r.then, r.otherwise) {
		if slices.Contains(denied, a.kind.Name) {
			return a
		}
	}
	return nil
}

// Without is the set without the rules that use one of these actions. A file that holds in several repositories is compiled once
// and may do less in some of them.
func (s *Set) Without(denied []string) *Set {
	if s == nil || len(denied) == 0 {
		return s
	}
	out := newSet(slices.DeleteFunc(slices.Clone(s.rules), func(r *rule) bool { return r.forbidden(denied) != nil }), s.kinds)
	out.freezes = s.freezes
	return out
}

// Nearest completes a diagnostic about an action that there is not: what was probably meant.
func Nearest(name string, kinds []Kind) string {
	c := compiler{kinds: kinds}
	return syntax.Suggest(name, c.writable())
}
