package imports

import (
	"fmt"
	"strings"
)

// hasLabel is the condition that there is one of the labels.
func hasLabel(names ...string) *cond {
	var globs, parts []string
	for _, n := range names {
		globs = append(globs, literal(n))
		parts = append(parts, quote(n)+" in pr.labels")
	}
	return &cond{term: term{key: "label", values: globs, expr: either(parts)}}
}

// people holds logins and @org/team against a login.
func people(key, fact string, names ...string) *cond {
	var values, parts []string
	for _, n := range names {
		parts = append(parts, isPerson(fact, n))
		if !strings.HasPrefix(n, "@") {
			n = literal(n)
		}
		values = append(values, n)
	}
	return &cond{term: term{key: key, values: values, expr: either(parts)}}
}

// isPerson is the expression that a login is one, or is in a team.
func isPerson(fact, name string) string {
	if strings.HasPrefix(name, "@") {
		return fact + " in team[" + quote(name) + "]"
	}
	return fact + " == " + quote(name)
}

// branchRE is a regular expression for a branch: base or head.
func branchRE(n *node, key, re string) *cond {
	if err := checkRE(re); err != nil {
		n.lose(err.Error())
		return lost
	}
	if globs, ok := globsOf(re); ok {
		return matches(key, func(g string) string { return pattern{glob: g}.expr("pr." + key) }, globs...)
	}
	return says(pattern{re: re}.expr("pr." + key))
}

// someOf is an or of conditions, of which those that were lost only make less hold.
func someOf(list []*cond) *cond {
	if len(list) == 0 {
		return lost
	}
	var kept []*cond
	for _, c := range list {
		if !c.hasLost() {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return lost
	}
	return anyOf(kept...)
}

// textRE is a regular expression that matches in a text.
func textRE(key, fact, re string) *cond {
	return matches(key, func(re string) string { return pattern{re: re}.expr(fact) }, re)
}

// onBranch is that it is to be merged into a branch.
func onBranch(name string) *cond {
	return matches("base", func(string) string { return "pr.base == " + quote(name) }, literal(name))
}

// eachBranch is onBranch for several, of which one is enough.
func eachBranch(names []string) []*cond {
	var out []*cond
	for _, n := range names {
		out = append(out, onBranch(n))
	}
	return out
}

// greenChecks is that each of the checks is green.
func greenChecks(names []string) *cond {
	var parts []string
	for _, n := range names {
		parts = append(parts, "pr.checks.exists(c, c.name == "+quote(n)+` && c.conclusion in ["success", "neutral", "skipped"])`)
	}
	return &cond{term: term{key: "check_green", values: literals(names), whole: true, expr: strings.Join(parts, " && ")}}
}

// checkEnded is the expression that a check, of which a condition is given, ended in one of the states.
func checkEnded(is string, states []string) string {
	if len(states) == 1 {
		return fmt.Sprintf("pr.checks.exists(c, %s && c.conclusion == %s)", is, quote(states[0]))
	}
	return fmt.Sprintf("pr.checks.exists(c, %s && c.conclusion in %s)", is, quotes(states))
}
