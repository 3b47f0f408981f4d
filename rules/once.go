package rules

import (
	"slices"

	"bellhop/rules/syntax"
)

// once checks a rule that does something once ever on a subject. That it did is remembered under its name, as Times.Fired: of a
// rule that was renamed nothing is known.
func (c *compiler) once(n *syntax.Node, r *rule) {
	if !r.once {
		return
	}
	for _, key := range []string{"repeat", "cooldown"} {
		if at := n.Get(key); at != nil {
			c.problem(at.KeySpan, key+" says when it is done again, and once = true that it never is", "Leave one of the two out.")
		}
	}
	oneShot := func(a *act) bool { return !a.kept() }
	if !slices.ContainsFunc(r.then, oneShot) {
		c.problem(n.Get("once").KeySpan, "once is for what then does once, and there is no such action", "What a rule keeps follows its condition: leave once out, or take an action such as add_label.")
	}
	if i := slices.IndexFunc(r.otherwise, oneShot); i >= 0 {
		c.problem(r.otherwise[i].node.KeySpan, "else does this each time that the rule stops holding, and once = true is about then", "Write a rule of its own for it.")
	}
}
