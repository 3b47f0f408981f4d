package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// backportFile is [backport] as it is written.
type backportFile struct {
	Label    *syntax.Node `toml:"label"`
	To       *syntax.Node `toml:"to"`
	Title    *syntax.Node `toml:"title"`
	Body     *syntax.Node `toml:"body"`
	Labels   *syntax.Node `toml:"labels"`
	Conflict *syntax.Node `toml:"conflict"`
	When     *syntax.Node `toml:"when"`
	Unless   *syntax.Node `toml:"unless"`
	Mode     *syntax.Node `toml:"mode"`
	Why      *syntax.Node `toml:"why"`
}

// backportLabel is the label where [backport] names none: what its wildcard matches is the branch.
const backportLabel = "backport *"

// backportRules are the rules of [backport]: one for a label with a wildcard, or one for each line of `to`.
func (c *compiler) backportRules(n *syntax.Node) []*syntax.Node {
	before := len(c.problems)
	var in backportFile
	c.problems = append(c.problems, c.file.Decode(n, n.Key, &in)...)
	at := n.KeySpan
	label := syntax.NewString("label", backportLabel, at)
	if in.Label != nil {
		label = in.Label
	}
	none := syntax.NewTable("", at)
	rule := func(name string, label, to *syntax.Node, at syntax.Span) *syntax.Node {
		when := syntax.NewTable("when", at, syntax.NewString("state", "merged", at), label.As("label"))
		c.presetMatchers(when, n, none, "state", "label")
		out := syntax.NewTable("rule", at, syntax.NewString("name", name, at))
		for _, e := range []*syntax.Node{in.Why, in.Mode} {
			if e != nil {
				out.Put(e)
			}
		}
		out.Put(when)
		unless := syntax.NewTable("unless", at)
		if c.presetMatchers(unless, n, none); len(unless.Entries) > 0 {
			out.Put(unless)
		}
		backport := syntax.NewTable("backport", at, to.As("to"))
		for _, e := range []*syntax.Node{in.Title, in.Body, in.Labels, in.Conflict} {
			if e != nil {
				backport.Put(e)
			}
		}
		out.Put(syntax.NewTable("then", at, backport))
		return out
	}
	var out []*syntax.Node
	switch {
	case in.To != nil && in.To.Kind == syntax.Table:
		if in.Label != nil {
			c.problem(in.Label.KeySpan, "each line of to names a label", "Leave label out.")
		}
		if len(in.To.Entries) == 0 {
			c.problem(in.To.KeySpan, n.Key+".to is an empty table", `Write: to = { "needs backport" = "stable" }.`)
		}
		for _, e := range in.To.Entries {
			out = append(out, rule(n.Key+"/"+e.Key, syntax.NewString("label", e.Key, e.KeySpan), e, e.KeySpan))
		}
	case in.To != nil:
		out = append(out, rule(n.Key, label, in.To, at))
	case !backportBranch(label):
		c.problem(label.Span, fmt.Sprintf("%s.label does not tell the branch", n.Key), `Write a * where the branch stands, as in "backport *", or name the branches: to = "stable".`)
	default:
		out = append(out, rule(n.Key, label, syntax.NewString("to", "{{ label.1 }}", at), at))
	}
	if len(c.problems) > before {
		return nil
	}
	return out
}

// backportBranch tells whether each label of the value has a wildcard for the branch.
func backportBranch(label *syntax.Node) bool {
	labels := []*syntax.Node{label}
	if label.Kind == syntax.List {
		labels = label.Items
	}
	return !slices.ContainsFunc(labels, func(n *syntax.Node) bool { return n.Kind == syntax.String && !strings.Contains(n.Text(), "*") })
}
