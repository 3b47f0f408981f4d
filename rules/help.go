package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// helpName and explainName are the commands of the engine's own.
const (
	helpName    = "help"
	explainName = "explain"
)

// maxListed is how many rows a generated table has at the most.
const maxListed = 50

// help answers /help: the commands that work on this kind of subject, from the rules in force.
func help(e *evaluation, o *outcome) string {
	var rows []*rule
	for i, r := range e.set.rules {
		// A name that a later set takes over is listed once.
		if r.cmd != nil && r.mode != "off" && e.set.called[r.cmd.name] == i && slices.Contains(r.cmd.kinds, e.f.Subject.Kind) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b *rule) int { return cmp.Compare(a.cmd.name, b.cmd.name) })
	var b strings.Builder
	fmt.Fprintf(&b, "Commands on %s, each at the beginning of a line of a comment:\n\n| command | what it does | who may give it |\n|---|---|---|\n", bareMany(kindWords(e.f.Subject.Kind)))
	for _, r := range rows[:min(len(rows), maxListed)] {
		names := cell(r.cmd.params.usage(r.cmd.name))
		for _, a := range r.cmd.aliases {
			names += ", " + cell("/"+a)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", names, r.does(), r.cmd.who.words)
	}
	if len(rows) > maxListed {
		fmt.Fprintf(&b, "\nand %d more.\n", len(rows)-maxListed)
	}
	if e.f.Bot != "" {
		fmt.Fprintf(&b, "\nIn place of the slash, `@%s` and a space do too.", e.f.Bot)
	}
	return strings.TrimSpace(b.String())
}

// bareMany is "pull requests" of "a pull request".
func bareMany(words string) string { return bare(words) + "s" }

// does tells what a command is for; where nobody wrote that, what its actions are.
func (r *rule) does() string {
	if r.why != "" {
		return inert(r.why)
	}
	var names []string
	for _, a := range slices.Concat(r.then, r.otherwise) {
		if !slices.Contains(names, a.kind.Name) {
			names = append(names, a.kind.Name)
		}
	}
	return inert(strings.Join(names, ", "))
}

// cell is code in a cell of a table.
func cell(text string) string { return strings.ReplaceAll(code(text), "|", `\|`) }
