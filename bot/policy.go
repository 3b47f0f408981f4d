package bot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"bellhop/rules"
	"bellhop/rules/syntax"
)

// policyTable is the table of the operator's file that says what rule files may do.
const policyTable = "policy"

// policyFile is [policy] as it is written.
type policyFile struct {
	Deny  []string            `toml:"deny" doc:"Actions that no rule file may use. The operator's own rules may."`
	Repos map[string][]string `toml:"repos" doc:"More of them for some repositories: \"owner/name\" with * and ** for any part, and the actions."`
}

// Policy says which actions the rule files of repositories and accounts may not use. Whoever may write such a file borrows the
// bot's rights: they act as the App, which may approve or merge where they may not. A nil Policy denies nothing.
type Policy struct {
	all   []string
	repos []policyRow
}

type policyRow struct {
	pattern string // in lower case, as GitHub compares names
	deny    []string
}

// Denied lists the actions that are denied in a repository, by its full name.
func (p *Policy) Denied(repository string) []string {
	if p == nil {
		return nil
	}
	out := slices.Clone(p.all)
	for _, row := range p.repos {
		if ok, _ := doublestar.Match(row.pattern, strings.ToLower(repository)); ok {
			out = append(out, row.deny...)
		}
	}
	return out
}

// Policy reads [policy] of the operator's file. Mistakes are a *SettingsError.
func (s *Settings) Policy(kinds []rules.Kind) (*Policy, error) {
	p, found := parsePolicy(s.File, s.Source, kinds)
	if len(found) == 0 {
		return p, nil
	}
	e := &SettingsError{}
	for _, d := range found {
		e.Problems = append(e.Problems, d.String())
	}
	return nil, e
}

// parsePolicy reads [policy] of an operator's file; nil when there is none, or when the file is no TOML.
func parsePolicy(name string, src []byte, kinds []rules.Kind) (*Policy, []syntax.Diagnostic) {
	f, _ := syntax.Parse(name, src)
	table := f.Root.Get(policyTable)
	if table == nil {
		return nil, nil
	}
	if table.Kind != syntax.Table {
		return nil, []syntax.Diagnostic{f.Problem(table.KeySpan, fmt.Sprintf("policy must be a table, not %s", table.Describe()), "Write [policy].")}
	}
	var in policyFile
	found := f.Decode(table, policyTable, &in)
	check := func(list *syntax.Node, names []string) {
		for i, action := range names {
			if slices.ContainsFunc(kinds, func(k rules.Kind) bool { return k.Name == action }) {
				continue
			}
			at := list.Span
			if i < len(list.Items) {
				at = list.Items[i].Span
			}
			found = append(found, f.Problem(at, fmt.Sprintf("there is no action %.60s", action), rules.Nearest(action, kinds)))
		}
	}
	if n := table.Get("deny"); n != nil {
		check(n, in.Deny)
	}
	p := &Policy{all: in.Deny}
	for pattern, deny := range in.Repos {
		n := table.Get("repos").Get(pattern)
		if !doublestar.ValidatePattern(pattern) || strings.Count(pattern, "/") == 0 && pattern != "**" {
			found = append(found, f.Problem(n.KeySpan, fmt.Sprintf("%.80q is no pattern for repositories", pattern), `Write the owner and the name, such as "acme/app" or "acme/*".`))
		}
		check(n, deny)
		p.repos = append(p.repos, policyRow{strings.ToLower(pattern), deny})
	}
	return p, syntax.Sort(found)
}
