package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// The forms of matchers about checks by name.
var (
	greenChecks = form{"the name of a check or a list of names that all must be green, with * for any part; @app/name for one of an app", func(c *clause) { c.greenChecks() }}
	anyCheck    = func(condition string) form {
		return form{"the name of a check or a list of names, with * for any part; @app/name for one of an app", func(c *clause) { c.anyCheck(condition) }}
	}
	checkResults = form{"a table of names and results, of which all must hold: { build = \"success\", \"lint*\" = [\"success\", \"skipped\"] }; pending for a check that is not completed, missing for one that is not there",
		func(c *clause) { c.checkResults() }}
)

// conclusions are how a check can end. error is one of commit statuses.
// https://docs.github.com/en/rest/checks/runs#create-a-check-run
var conclusions = []string{"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure", "error"}

// redConclusions are those that no new run is needed for to know that something is wrong.
const redConclusions = `["failure", "timed_out", "action_required", "startup_failure", "error"]`

// shownCheck is a check as explanations show it.
const shownCheck = `.map(x, x.name + ": " + (x.conclusion == "" ? "pending" : x.conclusion))`

// named is the condition that the check x has a name.
func (c *clause) named(t textAt) (condition string, ok bool) {
	name, parts := t.text, []string{}
	if app, rest, pinned := strings.Cut(strings.TrimPrefix(name, "@"), "/"); strings.HasPrefix(name, "@") {
		if !pinned || app == "" || rest == "" {
			c.problem(t.node.Span, fmt.Sprintf("%q names an app and no check", name), `Write "@github-actions/build".`)
			return "", false
		}
		parts = append(parts, fmt.Sprintf("x.app.lower() == %s", quote(strings.ToLower(app))))
		name = rest
	}
	pattern, ok := c.globsOf([]textAt{{name, t.node}}, true, false)
	parts = append(parts, fmt.Sprintf("x.name.matches(%s)", pattern))
	return strings.Join(parts, " && "), ok
}

// allNamed is the condition of each name of the value.
func (c *clause) allNamed() (conditions, names []string) {
	for _, t := range c.texts() {
		if condition, ok := c.named(t); ok {
			conditions, names = append(conditions, "("+condition+")"), append(names, t.text)
		}
	}
	c.seen = fmt.Sprintf("%s.filter(x, %s)%s", c.over, strings.Join(conditions, " || "), shownCheck)
	return conditions, names
}

// greenChecks holds when each name has a check and all that have it are green.
func (c *clause) greenChecks() {
	conditions, names := c.allNamed()
	var parts []string
	for i, condition := range conditions {
		parts = append(parts, fmt.Sprintf("green(%s.filter(x, %s).map(x, x.conclusion), %s)", c.over, condition, quote(names[i])))
	}
	c.expr = strings.Join(parts, " && ")
}

// anyCheck holds when a check of one of the names meets the condition.
func (c *clause) anyCheck(condition string) {
	conditions, _ := c.allNamed()
	c.expr = fmt.Sprintf("%s.exists(x, (%s) && %s)", c.over, strings.Join(conditions, " || "), condition)
}

// checkResults holds when each name has a check that ended in one of its results.
func (c *clause) checkResults() {
	if c.node.Kind != syntax.Table || len(c.node.Entries) == 0 {
		c.problem(c.node.Span, fmt.Sprintf("%s must be a table of names and results, not %s", c.what, c.node.Describe()), `Write: { build = "success" }.`)
		return
	}
	var parts, all []string
	for _, n := range c.node.Entries {
		one := *c
		one.problems, one.node, one.what = nil, n, c.what+"."+n.Key
		one.allowed = append(slices.Clone(conclusions), "pending", "missing")
		condition, _ := one.named(textAt{n.Key, &syntax.Node{Span: n.KeySpan}})
		one.words(func(words []string) string {
			var either []string
			if i := slices.Index(words, "missing"); i >= 0 {
				words = slices.Delete(words, i, i+1)
				either = append(either, fmt.Sprintf("!%s.exists(x, %s)", c.over, condition))
			}
			if i := slices.Index(words, "pending"); i >= 0 {
				words[i] = ""
			}
			if len(words) > 0 {
				either = append(either, fmt.Sprintf("%s.exists(x, %s && x.conclusion in %s)", c.over, condition, quotes(words)))
			}
			return "(" + strings.Join(either, " || ") + ")"
		})
		c.problems = append(c.problems, one.problems...)
		parts, all = append(parts, one.expr), append(all, "("+condition+")")
	}
	c.expr = strings.Join(parts, " && ")
	c.seen = fmt.Sprintf("%s.filter(x, %s)%s", c.over, strings.Join(all, " || "), shownCheck)
}
