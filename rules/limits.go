package rules

import (
	"fmt"

	"bellhop/rules/syntax"
)

// Bounds are what the rules of a repository may do.
type Bounds struct {
	Actions int // an hour; 0 where no file says
}

// limitsFile is [limits] as it is written.
type limitsFile struct {
	Actions int `toml:"actions" doc:"How many actions the bot does in a repository within an hour. Of several files the lowest number counts; the operator's is 300 where it is not written. The last tenth is for commands and gates."`
}

// maxHourly is the most that may be written: GitHub lets an installation make at least 5,000 requests an hour.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#primary-rate-limit-for-github-app-installations
const maxHourly = 5000

// limits reads [limits].
func (c *compiler) limits(n *syntax.Node) (l Bounds) {
	if n == nil {
		return l
	}
	if n.Kind != syntax.Table {
		c.problem(n.Span, fmt.Sprintf("limits must be a table, not %s", n.Describe()), "Write: [limits] and under it actions = 100.")
		return l
	}
	var in limitsFile
	c.problems = append(c.problems, c.file.Decode(n, "limits", &in)...)
	at := n.Get("actions")
	switch {
	case at == nil:
		return l
	case in.Actions < 1 || in.Actions > maxHourly:
		c.problem(at.Span, fmt.Sprintf("limits.actions must be between 1 and %d", maxHourly), "Leave the line out for the operator's limit.")
		return l
	}
	return Bounds(in)
}

// lower is what two files allow together.
func (l Bounds) lower(other Bounds) Bounds {
	if l.Actions == 0 || other.Actions > 0 && other.Actions < l.Actions {
		l.Actions = other.Actions
	}
	return l
}

// Bounds are the lowest that the files of the set have.
func (s *Set) Bounds() Bounds {
	if s == nil {
		return Bounds{}
	}
	return s.limits
}
