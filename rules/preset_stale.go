package rules

import (
	"fmt"
	"time"

	"bellhop/rules/syntax"
)

// staleFile is [stale] as it is written, and, but for its last two keys, the tables issues and pull_requests in it.
type staleFile struct {
	After        *syntax.Node `toml:"after"`
	CloseAfter   *syntax.Node `toml:"close_after"`
	Label        *syntax.Node `toml:"label"`
	Comment      *syntax.Node `toml:"comment"`
	CloseComment *syntax.Node `toml:"close_comment"`
	Reason       *syntax.Node `toml:"reason"`
	When         *syntax.Node `toml:"when"`
	Unless       *syntax.Node `toml:"unless"`
	Mode         *syntax.Node `toml:"mode"`
	Why          *syntax.Node `toml:"why"`

	Issues       *syntax.Node `toml:"issues"`
	PullRequests *syntax.Node `toml:"pull_requests"`
}

// staleAfter is how long nothing has to happen where [stale] does not say. It is what actions/stale takes.
// https://github.com/actions/stale#days-before-stale
const staleAfter = "60d"

// staleRules are the rules of [stale]: one for issues, one for pull requests. What stands in issues and pull_requests goes before
// what stands in [stale] itself, matcher by matcher.
func (c *compiler) staleRules(n *syntax.Node) []*syntax.Node {
	before := len(c.problems)
	var in staleFile
	c.problems = append(c.problems, c.file.Decode(n, n.Key, &in)...)
	var out []*syntax.Node
	for _, kind := range []struct {
		key, word string
		own       *syntax.Node
	}{{"issues", "issue", in.Issues}, {"pull_requests", "pull_request", in.PullRequests}} {
		at := n.KeySpan
		own := syntax.NewTable(kind.key, at)
		if kind.own != nil {
			at = kind.own.KeySpan
			if wanted, ok := kind.own.Value.(bool); ok {
				if !wanted {
					continue
				}
			} else if kind.own.Kind != syntax.Table {
				c.problem(kind.own.Span, fmt.Sprintf("%s.%s must be a table, true or false, not %s", n.Key, kind.key, kind.own.Describe()), "")
				continue
			} else {
				own = kind.own
				var rest staleFile
				c.problems = append(c.problems, c.file.Decode(own, n.Key+"."+kind.key, &rest)...)
				for _, key := range []string{"issues", "pull_requests"} {
					if e := own.Get(key); e != nil {
						c.problem(e.KeySpan, fmt.Sprintf("%s stands in [%s] itself", key, n.Key), "")
					}
				}
			}
		}
		if rule := c.staleRule(n, own, kind.key, kind.word, at); rule != nil {
			out = append(out, rule)
		}
	}
	if len(out) == 0 && len(c.problems) == before {
		c.problem(n.KeySpan, n.Key+" is about neither issues nor pull requests", "Leave the table out.")
	}
	if len(c.problems) > before {
		return nil
	}
	return out
}

// staleRule is the rule for one kind of subject.
func (c *compiler) staleRule(n, own *syntax.Node, key, kind string, at syntax.Span) *syntax.Node {
	said := func(key string) *syntax.Node {
		if e := own.Get(key); e != nil {
			return e
		}
		return n.Get(key)
	}
	after, place := staleAfter, at
	if e := said("after"); e != nil {
		after, place = e.Text(), e.Span
		if d, err := syntax.Duration(after); err != nil || d < time.Hour {
			c.problem(e.Span, fmt.Sprintf("%s.after must be a length of time, an hour at the least", n.Key), `Write "60d" or "8w".`)
			return nil
		}
	}
	when := syntax.NewTable("when", at, syntax.NewString("kind", kind, at), syntax.NewString("idle", ">"+after, place))
	c.presetMatchers(when, n, own, "kind", "idle")
	rule := syntax.NewTable("rule", at, syntax.NewString("name", n.Key+"/"+key, at))
	for _, key := range []string{"why", "mode"} {
		if e := said(key); e != nil {
			rule.Put(e)
		}
	}
	rule.Put(when)
	unless := syntax.NewTable("unless", at)
	if c.presetMatchers(unless, n, own); len(unless.Entries) > 0 {
		rule.Put(unless)
	}
	stale := syntax.NewTable("stale", at)
	for _, key := range []string{"label", "close_after", "comment", "close_comment", "reason"} {
		if e := said(key); e != nil {
			stale.Put(e)
		}
	}
	if len(stale.Entries) == 0 {
		stale.Put(syntax.NewString("label", "stale", at))
	}
	rule.Put(syntax.NewTable("then", at, stale))
	return rule
}

// presetMatchers puts the matchers that are written in the tables of a preset under the key of into, the first table's last, into
// it. What the preset itself says cannot be said there.
func (c *compiler) presetMatchers(into, common, own *syntax.Node, taken ...string) {
	for _, table := range []*syntax.Node{own, common} {
		written := table.Get(into.Key)
		if written == nil {
			continue
		}
		if written.Kind != syntax.Table {
			c.problem(written.Span, fmt.Sprintf("%s must be a table of matchers, not %s", into.Key, written.Describe()), fmt.Sprintf("Write: %s.KEY = VALUE.", into.Key))
			continue
		}
		for _, e := range written.Entries {
			for _, key := range taken {
				if e.Key == key {
					c.problem(e.KeySpan, fmt.Sprintf("%s.%s says itself what %s is", common.Key, into.Key, key), "Leave the line out.")
				}
			}
			into.Put(e)
		}
	}
}
