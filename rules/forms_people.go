package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// The forms of matchers about people. What begins with @ is a team or an organisation and stands for its members.
var (
	person    = form{"a login or a list of logins, with * for any part; @org/team or @org for its members; people:NAME for a group of [people]", func(c *clause) { c.people("%s.matches(%s)", "%s in %s") }}
	anyPerson = form{"a login or a list of logins, with * for any part; @org/team or @org for its members; people:NAME for a group of [people]", func(c *clause) {
		c.people("%s.exists(x, x.matches(%s))", "%s.exists(x, x in %s)")
	}}
	allPeople = form{"a login or a list of logins, with * for any part; @org/team or @org for its members; people:NAME for a group of [people]", func(c *clause) { c.onlyPeople() }}
	approvers = form{`a login, @org/team, people:NAME or a list of them, of which one is enough; or a table of how many of each: { "@org/team" = 2, alice = 1 }`, func(c *clause) { c.approvers() }}
	anyOwner  = form{"a login, @org/team or a list of them, with * for any part", func(c *clause) {
		c.match(true, "%s.exists(o, o.owners.exists(x, x.matches(%s)))")
		c.seen = c.over + `.map(o, o.path + ": " + o.owners.join(" "))`
	}}
	owners = form{`each: every owner of a changed file approves; any: one owner of each file does; with a number for teams, as "each >= 2"`, func(c *clause) { c.owners() }}
)

// teamsApart sorts the names of teams out of the value.
func (c *clause) teamsApart() (logins, teams []textAt) { return c.teamsApartOf(c.texts()) }

func (c *clause) teamsApartOf(list []textAt) (logins, teams []textAt) {
	for _, t := range c.members(list) {
		switch {
		case !strings.HasPrefix(t.text, "@"):
			logins = append(logins, t)
		case !teamName.MatchString(t.text):
			c.problem(t.node.Span, fmt.Sprintf("%q is no name of a team", t.text), `Write "@org/team", or "@org" for all members of the organisation. A login stands without @.`)
		default:
			teams = append(teams, t)
		}
	}
	return logins, teams
}

// people holds logins against what is there: one of the list is enough.
func (c *clause) people(plain, member string) { c.expr = c.peopleOf(c.texts(), plain, member) }

// peopleOf is people for some texts. The logins stand first: where one of them decides, no team is looked up.
func (c *clause) peopleOf(list []textAt, plain, member string) string {
	logins, teams := c.teamsApartOf(list)
	var parts []string
	if len(logins) > 0 {
		if pattern, ok := c.globsOf(logins, true, false); ok {
			parts = append(parts, fmt.Sprintf(plain, c.over, pattern))
		}
	}
	for _, t := range teams {
		parts = append(parts, fmt.Sprintf(member, c.over, inTeam(t.text)))
	}
	return strings.Join(parts, " || ")
}

// onlyPeople holds when all logins that are there are of the list, and there are some.
func (c *clause) onlyPeople() {
	over := c.over
	c.over = "x"
	c.people("%s.matches(%s)", "%s in %s")
	c.over = over
	c.expr = fmt.Sprintf("size(%[1]s) > 0 && %[1]s.all(x, %[2]s)", over, c.expr)
}

// approvers reads whose approval is wanted.
func (c *clause) approvers() {
	if c.node.Kind != syntax.Table {
		c.people("%s.exists(x, x.matches(%s))", "%s.exists(x, x in %s)")
		return
	}
	var parts []string
	for _, n := range c.node.Entries {
		one := *c
		one.problems, one.over = nil, "x"
		if n.Key == "" {
			one.problem(n.KeySpan, "a name is empty", "")
		}
		who := one.peopleOf([]textAt{{n.Key, &syntax.Node{Span: n.KeySpan}}}, "%s.matches(%s)", "%s in %s")
		one.over = fmt.Sprintf("size(%s.filter(x, %s))", c.over, who)
		one.node = n
		one.what += "." + n.Key
		if len(one.problems) == 0 {
			one.atLeast()
		}
		c.problems = append(c.problems, one.problems...)
		parts = append(parts, "("+one.expr+")")
	}
	if len(parts) == 0 {
		c.problem(c.node.Span, c.what+" is an empty table", "Leave the line out.")
	}
	c.expr = strings.Join(parts, " && ")
}

// atLeast reads a range in which a plain number means that many or more.
func (c *clause) atLeast() {
	if n, ok := c.node.Value.(int64); ok {
		c.expr = fmt.Sprintf("%s >= %d", c.over, n)
		return
	}
	c.ranged("a number or a range", numberItem)
}

// owners reads how code owners have to approve.
func (c *clause) owners() {
	mend := `Write "each", "any", or with a number of approvals that a team has to give: "each >= 2".`
	if c.node.Kind != syntax.String {
		c.problem(c.node.Span, fmt.Sprintf("%s must be a string, not %s", c.what, c.node.Describe()), mend)
		return
	}
	mode, number, counted := strings.Cut(c.node.Text(), ">=")
	mode = strings.ToLower(strings.TrimSpace(mode))
	least := "1"
	var err error
	if counted {
		least, err = numberItem(strings.TrimSpace(number))
	}
	if !slices.Contains([]string{"each", "any"}, mode) || err != nil || strings.HasPrefix(least, "-") || least == "0" {
		c.problem(c.node.Span, fmt.Sprintf("%s cannot be %q", c.what, c.node.Text()), mend)
		return
	}
	c.seen = fmt.Sprintf("owners_lack(%s, pr.approvers, pr.author, team, %s, %s)", c.over, quote(mode), least)
	c.expr = "size(" + c.seen + ") == 0"
}
