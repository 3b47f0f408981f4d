package rules

import (
	"fmt"

	"bellhop/rules/syntax"
)

// Stack puts layers of rules over each other, the lowest first. Each layer is the sets of its files, in order, compiled with the
// same kinds and with an Options.Layer that is the layer's own. A rule takes the place of one that has its name in a layer below,
// unless that one is locked: then it is left out. So is the later of two rules of one layer that have one name, which are of two
// files. Both are mistakes, told at the rule that is left out. Sets may be nil.
func Stack(layers ...[]*Set) (*Set, []syntax.Diagnostic) {
	var all []*rule
	var kinds []Kind
	var freezes []*freeze
	var limits Bounds
	var problems []syntax.Diagnostic
	at := map[string]int{}    // name → place in all
	layer := map[string]int{} // name → its layer
	for i, sets := range layers {
		for _, s := range sets {
			if s == nil {
				continue
			}
			if kinds == nil {
				kinds = s.kinds
			}
			freezes, limits = append(freezes, s.freezes...), limits.lower(s.limits)
			for _, r := range s.rules {
				below, taken := at[r.base]
				switch {
				case taken && layer[r.base] == i && r.cmd != nil && r.cmd.answer != nil:
					continue // every file with commands brings /help and /explain along
				case taken && layer[r.base] == i:
					problems = append(problems, r.left("another rule has this name, in "+all[below].place.File, "Give each rule a name of its own."))
					continue
				case taken && all[below].locked:
					problems = append(problems, r.left(fmt.Sprintf("the rule %s is locked: no other may take its place", all[below].name), "Give this one a name of its own."))
					continue
				case taken:
					all[below] = nil
				}
				at[r.base], layer[r.base] = len(all), i
				all = append(all, r)
			}
		}
	}
	var rules []*rule
	checkRuns := map[string]string{}
	for _, r := range all {
		if r != nil {
			rules = append(rules, apart(r, checkRuns))
		}
	}
	set := newSet(rules, kinds)
	set.freezes, set.limits = freezes, limits
	return set, syntax.Sort(problems)
}

// left is what is said of a rule that is left out.
func (r *rule) left(message, mend string) syntax.Diagnostic {
	d := r.place
	d.Rule, d.Message, d.Mend = r.base, message, mend
	return d
}
