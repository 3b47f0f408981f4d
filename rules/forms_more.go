package rules

import (
	"fmt"
	"strings"

	"bellhop/rules/syntax"
)

// Further forms: of files by status, of texts in lists, of sizes and of times.
var (
	filesThatAre = func(status string) form {
		condition := fmt.Sprintf("x.status == %s && x.path.matches(%%s)", quote(status))
		return form{"a path or a list of paths, with * and **", func(c *clause) {
			c.files("%s.exists(x, "+condition+")", "%s.filter(x, "+condition+")")
		}}
	}
	noneThere = form{"true or false", func(c *clause) {
		list := c.over
		c.over = "size(" + list + ") == 0"
		c.boolean()
		c.over, c.seen = list, list
	}}
	anyMatches = form{"a regular expression or a list of them, of which one is enough", func(c *clause) { c.inList("%s.exists(x, %s)") }}
	allMatch   = form{"a regular expression or a list of them, of which each text matches one", func(c *clause) { c.inList("size(%[1]s) > 0 && %[1]s.all(x, %[2]s)") }}
	size       = form{`a number or a range: "10..49", ">=250"; or a table with what else to leave out: { lines = "10..49", ignore = ["testdata/**"] }`, func(c *clause) { c.size() }}
	sections   = form{"the heading of a section or a list of headings, of which all must stand there with text below them", func(c *clause) {
		c.each("size(%s.section(%s)) > 0", func(s string) string { return s })
		c.expr = strings.ReplaceAll(c.expr, " || size(", " && size(")
	}}
	ago   = form{`a length of time or a range: ">30d", "<2h", "7d..14d"`, func(c *clause) { c.timed("(now - %s)") }}
	until = form{`a length of time or a range: "<7d", ">0d" for what is to come, "<0d" for what is past`, func(c *clause) { c.timed("(%s - now)") }}
)

// nameThere is names for a text that may be empty, which no pattern matches.
var nameThere = form{names.words, func(c *clause) { c.match(true, `%[1]s != "" && %[1]s.matches(%[2]s)`) }}

// inList holds regular expressions against the messages of commits.
func (c *clause) inList(shape string) {
	over := c.over
	c.over = "x"
	c.regexps()
	c.over = over
	c.expr = fmt.Sprintf(shape, over, "("+c.expr+")")
	c.seen = over + ".map(x, x.first_line())"
}

// size counts the lines of files that people write.
func (c *clause) size() {
	ignored := "x.generated"
	lines := *c
	if c.node.Kind == syntax.Table {
		for _, n := range c.node.Entries {
			if n.Key != "lines" && n.Key != "ignore" {
				c.problem(n.KeySpan, fmt.Sprintf("%s has no key %s", c.what, n.Key), syntax.Suggest(n.Key, []string{"lines", "ignore"}))
			}
		}
		lines.node = c.node.Get("lines")
		if lines.node == nil {
			c.problem(c.node.Span, c.what+" lacks lines", `Write: { lines = "10..49", ignore = ["testdata/**"] }.`)
			return
		}
		if ignore := c.node.Get("ignore"); ignore != nil {
			one := *c
			one.node, one.what = ignore, c.what+".ignore"
			if pattern, ok := one.globs(false, true); ok {
				ignored += fmt.Sprintf(" || x.path.matches(%s)", pattern)
			}
			c.problems = one.problems
		}
	}
	lines.problems = nil
	lines.over = fmt.Sprintf("sum(%s.filter(x, !(%s)).map(x, x.additions + x.deletions))", c.over, ignored)
	lines.ranged("a number or a range", numberItem)
	c.problems = append(c.problems, lines.problems...)
	c.expr, c.seen = lines.expr, lines.over
}

// timed holds the distance between now and a time that may not be there against a range. shape takes the time.
func (c *clause) timed(shape string) {
	over := c.over
	c.over = fmt.Sprintf(shape, over)
	c.ranged("a range of time", durationItem)
	there := fmt.Sprintf(`%s > timestamp("0001-01-02T00:00:00Z")`, over)
	c.expr = there + " && " + c.expr
	c.seen = fmt.Sprintf(`%s ? dyn(%s) : dyn("never")`, there, c.over)
	c.over = over
}
