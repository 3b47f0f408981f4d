package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// form is a way to write the value of a matcher, and how it becomes a condition.
type form struct {
	words string // in words, for the reference
	build func(c *clause)
}

// clause is one matcher of a rule while it becomes an expression.
type clause struct {
	file    *syntax.File
	node    *syntax.Node // the value
	what    string       // "when.author"
	over    string       // the expression that it is held against
	allowed []string     // words allowed

	expr     string // out: the condition
	seen     string // out: the expression that shows what it was held against; over when empty
	problems []syntax.Diagnostic

	groups map[string][]textAt // of [people]; nil inside it
}

func (c *clause) problem(at syntax.Span, message, mend string) {
	c.problems = append(c.problems, c.file.Problem(at, message, mend))
}

// The forms.
var (
	names    = form{"a name or a list of names, with * for any part", func(c *clause) { c.match(true, "%s.matches(%s)") }}
	anyName  = form{"a name or a list of names, with * for any part", func(c *clause) { c.match(true, "%s.exists(x, x.matches(%s))") }}
	anyPath  = form{"a name or a list of names, with * for any part without / and ** for any part", func(c *clause) { c.match(false, "%s.exists(x, x.matches(%s))") }}
	branches = form{"a name or a list of names, with * for any part without / and ** for any part", func(c *clause) { c.match(false, "%s.matches(%s)") }}
	anyFile  = form{"a path or a list of paths, with * and **", func(c *clause) { c.files("%s.exists(x, x.path.matches(%s))", "%s.filter(x, x.path.matches(%s))") }}
	allFiles = form{"a path or a list of paths, with * and **", func(c *clause) {
		c.files("size(%[1]s) > 0 && %[1]s.all(x, x.path.matches(%[2]s))", "%s.filter(x, !x.path.matches(%s))")
	}}
	noFiles      = form{"a path or a list of paths, with * and **", func(c *clause) { c.files("!%s.exists(x, x.path.matches(%s))", "%s.filter(x, x.path.matches(%s))") }}
	part         = form{"a text or a list of texts", func(c *clause) { c.each("%s.lower().contains(%s)", strings.ToLower) }}
	beginning    = form{"a text or a list of texts", func(c *clause) { c.each("%s.lower().startsWith(%s)", strings.ToLower) }}
	expressionOf = form{"a regular expression or a list of them", func(c *clause) { c.regexps() }}
	oneWord      = form{"one word or a list of words", func(c *clause) { c.words(func(w []string) string { return c.over + " in " + quotes(w) }) }}
	yesNo        = form{"true or false", func(c *clause) { c.boolean() }}
	count        = form{`a number or a range: 3, ">=2", "10..49", "..9", "250.."`, func(c *clause) { c.ranged("a number or a range", numberItem) }}
	span         = form{`a length of time or a range: ">30d", "<2h", "7d..14d"`, func(c *clause) { c.ranged("a range of time", durationItem) }}
	date         = form{`a date or a range of dates, in UTC: ">=2026-01-31", "2026-01-01..2026-03-31"`, func(c *clause) { c.dates() }}
	weekly       = form{`a window of the week or a list of them: days, hours and a time zone, as "Mon-Fri 09:00-17:00 Europe/Berlin", "Sat,Sun" or "22:00-06:00"`, func(c *clause) { c.weekly() }}
	level        = form{`a permission, which means it or more, or a comparison: "write", ">=triage", "<write"`, func(c *clause) { c.level() }}
	commands     = form{"the name of a command or a list of names", func(c *clause) { c.command() }}
	checks       = form{"one word or a list of words", func(c *clause) { c.words(c.checks) }}
)

// text is one string of a value.
type textAt struct {
	text string
	node *syntax.Node
}

// texts reads a string or a list of strings.
func (c *clause) texts() []textAt {
	items := []*syntax.Node{c.node}
	if c.node.Kind == syntax.List {
		items = c.node.Items
		if len(items) == 0 {
			c.problem(c.node.Span, c.what+" is an empty list", "Leave the line out.")
		}
	}
	var out []textAt
	for _, n := range items {
		if n.Kind != syntax.String {
			mend := ""
			if n.Kind != syntax.Table && n.Kind != syntax.List {
				mend = fmt.Sprintf("Write it in quotes: %q.", c.file.Slice(n.Span))
			}
			c.problem(n.Span, fmt.Sprintf("%s must be a string or a list of strings, not %s", c.what, n.Describe()), mend)
			continue
		}
		if n.Text() == "" {
			c.problem(n.Span, c.what+" is empty", "")
			continue
		}
		out = append(out, textAt{n.Text(), n})
	}
	return out
}

// globs makes one regular expression of the globs of the value.
func (c *clause) globs(fold, path bool) (string, bool) {
	return c.globsOf(c.texts(), fold, path)
}

// globsOf is globs for some of the texts of the value.
func (c *clause) globsOf(list []textAt, fold, path bool) (string, bool) {
	var alternatives []string
	for _, t := range list {
		pattern, err := globRegexp(t.text)
		switch {
		case err != nil:
			c.problem(t.node.Span, fmt.Sprintf("bad pattern: %v", err), `Write \ before a brace that is meant as itself.`)
		case path && strings.HasPrefix(t.text, "!"):
			c.problem(t.node.Span, "a pattern cannot be turned round by !", "Write no_files, or the line under unless.")
		case path && strings.HasPrefix(t.text, "/"):
			c.problem(t.node.Span, "paths do not begin with /", fmt.Sprintf("Write %q.", strings.TrimLeft(t.text, "/")))
		case path && strings.HasSuffix(t.text, "/"):
			c.problem(t.node.Span, "no file ends in /", fmt.Sprintf("For all files in it write %q.", t.text+"**"))
		default:
			alternatives = append(alternatives, pattern)
		}
	}
	if len(c.problems) > 0 {
		return "", false
	}
	re := wholly(alternatives, fold)
	if _, err := compilePattern(re); err != nil {
		c.problem(c.node.Span, err.Error(), "Split the list.")
		return "", false
	}
	return quote(re), true
}

// match holds globs against a text or a list of texts. shape takes what they are held against and the pattern.
func (c *clause) match(fold bool, shape string) {
	if pattern, ok := c.globs(fold, false); ok {
		c.expr = fmt.Sprintf(shape, c.over, pattern)
	}
}

// files holds globs against the changed files; seen are the files to show.
func (c *clause) files(shape, seen string) {
	if pattern, ok := c.globs(false, true); ok {
		c.expr = fmt.Sprintf(shape, c.over, pattern)
		c.seen = fmt.Sprintf(seen, c.over, pattern) + ".map(x, x.path)"
	}
}

// each holds one text after the other against what is there: one is enough.
func (c *clause) each(shape string, change func(string) string) {
	var parts []string
	for _, t := range c.texts() {
		parts = append(parts, fmt.Sprintf(shape, c.over, quote(change(t.text))))
	}
	c.expr = strings.Join(parts, " || ")
}

func (c *clause) regexps() {
	var parts []string
	for _, t := range c.texts() {
		if _, err := compilePattern(t.text); err != nil {
			c.badRegexp(t, err)
			continue
		}
		parts = append(parts, fmt.Sprintf("%s.matches(%s)", c.over, quote(t.text)))
	}
	c.expr = strings.Join(parts, " || ")
}

// badRegexp points at the part of a pattern that is wrong.
func (c *clause) badRegexp(t textAt, err error) {
	at := t.node.Span
	var bad *patternError
	if errors.As(err, &bad) && bad.part != "" {
		if i := strings.Index(t.text, bad.part); i >= 0 {
			at = t.node.Within(i, i+len(bad.part))
		}
	}
	c.problem(at, err.Error(), "Patterns are written in the syntax of RE2.")
}

// words reads words of the list allowed.
func (c *clause) words(build func([]string) string) {
	var out []string
	for _, t := range c.texts() {
		word := strings.ToLower(t.text)
		if !slices.Contains(c.allowed, word) {
			c.problem(t.node.Span, fmt.Sprintf("%s cannot be %q", c.what, t.text), syntax.Suggest(word, c.allowed))
			continue
		}
		out = append(out, word)
	}
	c.expr = build(out)
}

func (c *clause) boolean() {
	b, ok := c.node.Value.(bool)
	if !ok {
		mend := ""
		if t := c.node.Text(); t == "true" || t == "false" {
			mend = "Leave out the quotes."
		}
		c.problem(c.node.Span, fmt.Sprintf("%s must be true or false, not %s", c.what, c.node.Describe()), mend)
		return
	}
	c.expr = c.over
	if !b {
		c.expr = "!(" + c.over + ")"
	}
}

// ranged reads a number or a string that is a range.
func (c *clause) ranged(want string, item func(string) (string, error)) {
	text := c.node.Text()
	switch c.node.Kind {
	case syntax.String:
	case syntax.Integer:
		text = fmt.Sprint(c.node.Value)
	default:
		c.problem(c.node.Span, fmt.Sprintf("%s must be %s, not %s", c.what, want, c.node.Describe()), "")
		return
	}
	bounds, err := parseRange(text, item)
	if err != nil {
		c.problem(c.node.Span, fmt.Sprintf("%s must be %s: %v", c.what, want, err), rangeMends[want])
		return
	}
	c.expr = within(c.over, bounds)
}

var rangeMends = map[string]string{
	"a number or a range": `Write 5, ">=2", "<5", "10..49", "..9" or "250..".`,
	"a range of time":     `Write ">30d", "<2h" or "7d..14d".`,
}

// dates reads a day or a range of days, in UTC. A day lasts until the next.
func (c *clause) dates() {
	text := c.node.Text()
	if at, ok := c.node.Value.(time.Time); ok {
		text = at.Format(time.DateOnly)
	} else if c.node.Kind != syntax.String {
		c.problem(c.node.Span, fmt.Sprintf("%s must be a range of dates, not %s", c.what, c.node.Describe()), dateForms)
		return
	}
	bounds, err := parseRange(text, func(text string) (string, error) {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", fmt.Errorf("%q is no date", text)
		}
		return text, nil
	})
	if err != nil {
		c.problem(c.node.Span, fmt.Sprintf("%s must be a range of dates: %v", c.what, err), dateForms)
		return
	}
	var parts []string
	for _, b := range bounds {
		day, _ := time.Parse(time.DateOnly, b.value)
		begin, end := quote(day.Format(time.RFC3339)), quote(day.AddDate(0, 0, 1).Format(time.RFC3339))
		parts = append(parts, map[string]string{
			">=": fmt.Sprintf("%s >= timestamp(%s)", c.over, begin), "<": fmt.Sprintf("%s < timestamp(%s)", c.over, begin),
			"<=": fmt.Sprintf("%s < timestamp(%s)", c.over, end), ">": fmt.Sprintf("%s >= timestamp(%s)", c.over, end),
			"==": fmt.Sprintf("%[1]s >= timestamp(%[2]s) && %[1]s < timestamp(%[3]s)", c.over, begin, end),
			"!=": fmt.Sprintf("(%[1]s < timestamp(%[2]s) || %[1]s >= timestamp(%[3]s))", c.over, begin, end),
		}[b.operator])
	}
	c.expr = strings.Join(parts, " && ")
}

const dateForms = `Write ">=2026-01-31", "<2026-07-01" or "2026-01-01..2026-03-31".`

// weekly reads windows of the week.
func (c *clause) weekly() {
	var parts []string
	for _, t := range c.texts() {
		if _, err := parseWindow(t.text); err != nil {
			c.problem(t.node.Span, err.Error(), windowForms)
			continue
		}
		parts = append(parts, fmt.Sprintf("during(%s, %s)", c.over, quote(t.text)))
	}
	c.expr = strings.Join(parts, " || ")
}

// level reads a permission, with or without a comparison.
func (c *clause) level() {
	var all []string
	for _, t := range c.texts() {
		op, name := ">=", strings.ToLower(t.text)
		for _, o := range comparisons {
			if rest, ok := strings.CutPrefix(name, o); ok {
				op, name = o, strings.TrimSpace(rest)
				break
			}
		}
		i := slices.Index(c.allowed, name)
		if i < 0 {
			c.problem(t.node.Span, fmt.Sprintf("%q is no permission", name), syntax.Suggest(name, c.allowed))
			continue
		}
		all = append(all, ranked(c.allowed, i, op)...)
	}
	c.expr = c.over + " in " + quotes(all)
}

// ranked lists the words that stand in a relation to the one at i.
func ranked(words []string, i int, op string) []string {
	switch op {
	case ">=":
		return words[i:]
	case ">":
		return words[i+1:]
	case "<=":
		return words[:i+1]
	case "<":
		return words[:i]
	case "!=":
		return slices.Concat(words[:i], words[i+1:])
	}
	return words[i : i+1]
}

func (c *clause) command() {
	var list []string
	for _, t := range c.texts() {
		name := strings.TrimPrefix(t.text, "/")
		if strings.ContainsAny(name, " \t*/") || name == "" {
			c.problem(t.node.Span, fmt.Sprintf("%q is no name of a command", t.text), "Write the one word that follows the slash.")
			continue
		}
		list = append(list, name)
	}
	c.expr = fmt.Sprintf("command(%s, bot, %s)", c.over, quotes(list))
}

// checks is the condition for what the checks say together. Whether one is pending is asked of the list: the state of them all
// waits in that case.
func (c *clause) checks(words []string) string {
	var parts []string
	for _, w := range words {
		if w == "pending" {
			c.seen = `pr.checks.filter(x, !(x.conclusion in ["success", "neutral", "skipped"])).map(x, x.name + ": " + (x.conclusion == "" ? "pending" : x.conclusion))`
			parts = append(parts, `(pr.checks.exists(x, x.conclusion == "") && pr.checks.all(x, x.conclusion in ["", "success", "neutral", "skipped"]))`)
			continue
		}
		if w == "finished" {
			c.seen = `pr.checks.map(x, x.name + ": " + (x.conclusion == "" ? "pending" : x.conclusion))`
			parts = append(parts, `(size(pr.checks) > 0 && pr.checks.all(x, x.conclusion != ""))`)
			continue
		}
		if w == "required" {
			c.seen = "pr.required_state"
			parts = append(parts, `pr.required_state == "green"`)
			continue
		}
		parts = append(parts, c.over+" == "+quote(w))
	}
	return strings.Join(parts, " || ")
}
