package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// groupPrefix begins the name of a group of [people] where a matcher about people names it: when.author = "people:backend".
const groupPrefix = "people:"

// maxGroups bounds the groups of one file, and maxGroup the names in one.
const (
	maxGroups = 100
	maxGroup  = 500
)

// groups reads [people]: names for lists of logins and teams. A group holds no other group.
func (c *compiler) groups(n *syntax.Node) {
	c.people = map[string][]textAt{}
	switch {
	case n == nil:
		return
	case n.Kind != syntax.Table:
		c.problem(n.Span, fmt.Sprintf("people must be a table of groups, not %s", n.Describe()), `Write: [people] and, below it, backend = ["alice", "@acme/backend"].`)
		return
	case len(n.Entries) > maxGroups:
		c.problem(n.Entries[maxGroups].KeySpan, fmt.Sprintf("the file has more than %d groups of people", maxGroups), "")
		return
	}
	for _, entry := range n.Entries {
		cl := &clause{file: c.file, node: entry, what: "people." + entry.Key}
		cl.teamsApart()
		if entry.Kind == syntax.List && len(entry.Items) > maxGroup {
			cl.problem(entry.Items[maxGroup].Span, fmt.Sprintf("a group has more than %d names", maxGroup), "Name a team of the organisation.")
		}
		c.problems = append(c.problems, cl.problems...)
		c.people[entry.Key] = nil
		if len(cl.problems) == 0 {
			c.people[entry.Key] = cl.texts()
		}
	}
}

// members puts the names of groups in place of the groups in a list of people.
func (c *clause) members(list []textAt) []textAt {
	var out []textAt
	for _, t := range list {
		name, ok := strings.CutPrefix(t.text, groupPrefix)
		if !ok {
			out = append(out, t)
			continue
		}
		group, ok := c.groups[name]
		switch {
		case c.groups == nil:
			c.problem(t.node.Span, "a group holds logins and teams, and no other group", "")
		case !ok:
			var names []string
			for known := range c.groups {
				names = append(names, known)
			}
			slices.Sort(names)
			mend := fmt.Sprintf("Name its people: [people] %s = [\"alice\", \"@acme/backend\"].", name)
			if near := syntax.Nearest(name, names); near != "" {
				mend = fmt.Sprintf("Did you mean %q?", groupPrefix+near)
			}
			c.problem(t.node.Span, fmt.Sprintf("there is no group %q under [people]", name), mend)
		}
		for _, member := range group {
			out = append(out, textAt{member.text, t.node}) // what is wrong with it was said where it stands
		}
	}
	return out
}
