package imports

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"bellhop/rules/syntax"
)

// rule is a rule of the result.
type rule struct {
	of   *node // what it was made of
	part int   // its rule in the source, from 1

	name, why string
	comments  []string
	on        []string
	cond      *cond
	need      *cond // what a gate demands
	gate      bool
	then      []*syntax.Node // each called as its action
	otherwise []*syntax.Node
	once      bool
	label     string // a line of [labels], where the condition lets it be one

	observes bool // something that held it back was lost
	counted  bool // it is written in another rule, and here to be counted
}

// do adds an action.
func (r *rule) do(name string, value any) { r.then = append(r.then, act(name, value)) }

// shorts are the parameters of actions that are written as the action's value where no other is.
var shorts = map[string]string{"merge": "method", "backport": "to", "approve": "body", "review": "from", "stale": "label"}

// act is an action, in short where it can be.
func act(name string, value any) *syntax.Node {
	n := tomlNode(name, value)
	if n.Kind != syntax.Table {
		return n
	}
	switch {
	case len(n.Entries) == 1 && n.Entries[0].Key == shorts[name]:
		return n.Entries[0].As(name)
	case len(n.Entries) == 0 && name == "merge":
		return tomlNode(name, "merge")
	}
	return n
}

// pair is an entry of a table.
type pair struct {
	key   string
	value any
}

// tomlNode makes a node of a text, a list of texts, a flag, a number, or pairs; an empty value of a pair is left out.
func tomlNode(key string, value any) *syntax.Node {
	switch v := value.(type) {
	case string:
		return syntax.NewString(key, v, syntax.Span{})
	case bool:
		return syntax.NewBool(key, v, syntax.Span{})
	case int:
		return &syntax.Node{Kind: syntax.Integer, Key: key, Value: int64(v)}
	case []string:
		if len(v) == 1 {
			return syntax.NewString(key, v[0], syntax.Span{})
		}
		var items []*syntax.Node
		for _, s := range v {
			items = append(items, syntax.NewString(key, s, syntax.Span{}))
		}
		return syntax.NewList(key, syntax.Span{}, items...)
	case []pair:
		table := syntax.NewTable(key, syntax.Span{})
		for _, p := range v {
			switch x := p.value.(type) {
			case string:
				if x == "" {
					continue
				}
			case []string:
				if len(x) == 0 {
					continue
				}
			}
			table.Put(tomlNode(p.key, p.value))
		}
		return table
	}
	panic(fmt.Sprintf("imports: no TOML for %T", value))
}

// clone copies a node with all in it.
func clone(n *syntax.Node) *syntax.Node {
	switch n.Kind {
	case syntax.Table:
		out := syntax.NewTable(n.Key, syntax.Span{})
		for _, e := range n.Entries {
			out.Put(clone(e))
		}
		return out
	case syntax.List:
		var items []*syntax.Node
		for _, e := range n.Items {
			items = append(items, clone(e))
		}
		return syntax.NewList(n.Key, syntax.Span{}, items...)
	}
	out := *n
	return &out
}

// plain is a text in which braces are no template.
func plain(s string) string { return strings.ReplaceAll(s, "{{", `{{ "{{" }}`) }

var printer syntax.File

// piece is a rule as text.
type piece struct {
	rule  *rule
	text  string
	label bool
}

// write writes the rules of sources into one file.
func write(all []*source, check func([]byte) []syntax.Diagnostic) (*Result, error) {
	names, labels := map[string]int{}, map[string]bool{}
	pieces := map[*source][]piece{}
	text := func() string { return assemble(all, pieces) }
	for _, s := range all {
		for _, r := range s.rules {
			if r.counted {
				pieces[s] = append(pieces[s], piece{rule: r, label: true})
				continue
			}
			if line, ok := r.labelLine(); ok && !labels[r.label] {
				labels[r.label] = true
				pieces[s] = append(pieces[s], piece{r, line, true})
				continue
			}
			r.name = unique(names, r.name, s.kind.Name)
			pieces[s] = append(pieces[s], piece{r, r.text(), false})
		}
	}
	s, last := all[0], maxPieces // a file has no room for more
	for _, s = range all {
		if over := len(pieces[s]) - last; over > 0 {
			s.drop(pieces[s][last:], "a rule file has no room for more rules; import the source in parts")
			pieces[s] = pieces[s][:last]
		}
		last -= len(pieces[s])
	}
	if len(check([]byte(text()))) > 0 { // what the source names may not be what Bellhop can name
		for _, s := range all {
			pieces[s] = slices.DeleteFunc(pieces[s], func(p piece) bool {
				alone := p.text
				if p.label {
					alone = "[labels]\n" + p.text
				}
				found := check([]byte(alone))
				if len(found) == 0 {
					return false
				}
				s.drop([]piece{p}, "Bellhop refuses the rule made of this: "+found[0].Message)
				return true
			})
		}
	}
	for len(pieces[s]) > fewPieces { // all are good by themselves: there are too many
		found := check([]byte(text()))
		if len(found) == 0 {
			break
		}
		half := len(pieces[s]) / 2
		s.drop(pieces[s][half:], "a rule file has no room for this beside the others ("+found[0].Message+"); import the source in parts")
		pieces[s] = pieces[s][:half]
	}
	out := &Result{}
	for _, s := range all {
		slices.SortStableFunc(s.notes, func(a, b Note) int { return a.Line - b.Line })
		out.Notes = append(out.Notes, s.notes...)
		out.count(s, pieces[s])
	}
	out.Rules = []byte(text() + footer(out.Notes, len(all) > 1))
	if found := check(out.Rules); len(found) > 0 {
		return nil, fmt.Errorf("what came out is no good rule file, which is a mistake of Bellhop: %s\n%s", found[0].String(), out.Rules)
	}
	return out, nil
}

// Bounds of what is written: Bellhop takes 500 rules in a file. No file of so few pieces is too large.
const (
	maxPieces = 450
	fewPieces = 20
)

// drop notes that pieces are left out.
func (in *source) drop(list []piece, why string) {
	for _, p := range list {
		p.rule.of.note(why, true)
	}
}

// count counts what became of the rules of a source.
func (out *Result) count(s *source, pieces []piece) {
	whole, made := map[int]bool{}, map[int]bool{}
	for _, p := range pieces {
		if part := p.rule.part; part > 0 && !made[part] {
			made[part], whole[part] = true, true
		}
		if p.rule.observes || slices.ContainsFunc(s.notes, func(n Note) bool { return n.Lost && within(n.What, p.rule.of.path) }) {
			whole[p.rule.part] = false
		}
	}
	out.Source += s.count
	for part := range made {
		if whole[part] {
			out.Carried++
		} else {
			out.Partly++
		}
	}
}

// within tells whether a path is in another, or is it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
}

// assemble joins the pieces: what the file is, the labels, the rules.
func assemble(all []*source, pieces map[*source][]piece) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "# From %s, %s.\n", oneLine(s.file), s.kind.Doc)
	}
	first := true
	for _, s := range all {
		for _, p := range pieces[s] {
			if !p.label || p.text == "" {
				continue
			}
			if first {
				b.WriteString("\n[labels]                # kept: taken off again when the pull request changes no such file any more\n")
				first = false
			}
			b.WriteString(p.text)
		}
	}
	for _, s := range all {
		for _, p := range pieces[s] {
			if !p.label {
				b.WriteString("\n" + p.text)
			}
		}
	}
	return b.String()
}

// footer lists the notes. Those that say the same are one.
func footer(notes []Note, files bool) string {
	var b strings.Builder
	for _, group := range []struct {
		title string
		lost  bool
	}{{"Not carried over", true}, {"Not needed, or a little different", false}} {
		title := group.title
		written := map[string]bool{}
		for i, n := range notes {
			if n.Lost != group.lost || written[n.Why] && !n.Lost {
				continue
			}
			if title != "" {
				fmt.Fprintf(&b, "\n# %s:\n", title)
				title = ""
			}
			same := []Note{n}
			for _, other := range notes[i+1:] {
				if other.Why == n.Why && !n.Lost && !other.Lost {
					same = append(same, other)
				}
			}
			written[n.Why] = true
			fmt.Fprintf(&b, "# - %s\n", oneLine(places(same, files)+": "+n.Why))
		}
	}
	return b.String()
}

// places says where notes stand: of one its line and path, of several their lines and keys.
func places(notes []Note, files bool) string {
	var lines, keys []string
	for _, n := range notes {
		key := n.What
		if len(notes) > 1 {
			key = key[strings.LastIndexByte(key, '.')+1:]
		}
		if key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		if len(lines) < 8 {
			lines = append(lines, fmt.Sprint(n.Line))
		} else if len(lines) == 8 {
			lines = append(lines, "...")
		}
	}
	out := "line " + lines[0]
	if len(notes) > 1 {
		out = "lines " + strings.Join(lines, ", ")
	}
	if files {
		out = notes[0].File + ", " + out
	}
	if len(keys) > 0 {
		out += " (" + strings.Join(keys[:min(len(keys), 8)], ", ") + ")"
	}
	return out
}

// oneLine makes a text fit for a comment.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "..."
	}
	return strings.Join(strings.Fields(s), " ")
}

// unique makes a name that no rule has.
func unique(names map[string]int, name, otherwise string) string {
	name = oneLine(name)
	for _, taken := range []string{"host/", "org/"} {
		name = strings.TrimPrefix(name, taken)
	}
	if len(name) > 150 {
		name = strings.TrimSpace(strings.ToValidUTF8(name[:150], ""))
	}
	if name == "" {
		name = otherwise
	}
	base := name
	for names[name] > 0 {
		names[base]++
		name = fmt.Sprintf("%s (%d)", base, names[base])
	}
	names[name] = 1
	return name
}

// labelLine is the rule as a line of [labels], where it can be one.
func (r *rule) labelLine() (string, bool) {
	c := r.cond.say(false)
	if r.label == "" || len(r.then) > 0 || c.either != nil || c.lost || r.label != oneLine(r.label) || c.when == nil && len(c.ifs) == 0 {
		return "", false
	}
	table := syntax.NewTable("", syntax.Span{})
	if c.unless == nil && len(c.ifs) == 0 && len(c.when.Entries) == 1 && c.when.Entries[0].Key == "files" {
		table.Put(c.when.Entries[0].As(r.label))
		return printer.Print(table), true
	}
	line := syntax.NewTable(r.label, syntax.Span{})
	if c.when != nil {
		for _, e := range c.when.Entries {
			line.Put(e)
		}
	}
	if c.unless != nil {
		line.Put(c.unless)
	}
	if len(c.ifs) > 0 {
		line.Put(tomlNode("if", strings.Join(c.ifs, " && ")))
	}
	table.Put(line)
	return printer.Print(table), true
}

// text is the rule as a table [[rule]].
func (r *rule) text() string {
	c := r.cond.say(false)
	demands, lostDemand := r.demands()
	if c.lost || lostDemand || r.gate && (r.cond.hasLost() || r.need.hasLost()) { // a gate about less lets more pass, one that demands more blocks what passed
		r.observes = true
	}
	then := r.then
	if r.label != "" {
		then = append([]*syntax.Node{tomlNode("label", plain(r.label))}, then...)
	}
	table := syntax.NewTable("rule", syntax.Span{}, tomlNode("name", r.name))
	if r.why != "" {
		table.Put(tomlNode("why", r.why))
	}
	if len(r.on) > 0 {
		table.Put(tomlNode("on", r.on))
	}
	if r.observes {
		table.Put(tomlNode("mode", "observe"))
	}
	if r.once {
		table.Put(tomlNode("once", true))
	}
	if c.when != nil {
		table.Put(c.when)
	}
	if c.unless != nil {
		table.Put(c.unless)
	}
	if len(c.ifs) > 0 {
		table.Put(tomlNode("if", strings.Join(c.ifs, " && ")))
	}
	if len(demands) == 1 {
		table.Put(demands[0])
	}
	var apart strings.Builder
	for _, side := range []struct {
		key  string
		acts []*syntax.Node
	}{{"then", then}, {"else", r.otherwise}} {
		if putActions(table, side.key, side.acts) {
			continue
		}
		for _, a := range side.acts {
			fmt.Fprintf(&apart, "[[rule.%s]]\n%s", side.key, printer.Print(syntax.NewTable("", syntax.Span{}, a)))
		}
	}
	var b strings.Builder
	if r.observes {
		b.WriteString("# It only observes: a condition could not be carried over (see below). Mend it, then take out mode.\n")
	}
	for _, line := range r.comments {
		b.WriteString("# " + oneLine(line) + "\n")
	}
	b.WriteString("[[rule]]\n" + printer.Print(table))
	for _, t := range c.either {
		b.WriteString("[[rule.when]]\n" + printer.Print(t))
	}
	if len(demands) > 1 {
		for _, t := range demands {
			b.WriteString("[[rule.require]]\n" + printer.Print(t))
		}
	}
	b.WriteString(apart.String())
	return b.String()
}

// putActions writes actions under a key, and tells whether they are all of different names: others are tables of their own.
func putActions(table *syntax.Node, key string, actions []*syntax.Node) bool {
	out := syntax.NewTable(key, syntax.Span{})
	for _, a := range actions {
		if out.Get(a.Key) != nil {
			return false
		}
		out.Put(a)
	}
	if len(actions) > 0 {
		table.Put(out)
	}
	return true
}

// demands are the tables of require: one, or several of which one must hold.
func (r *rule) demands() (tables []*syntax.Node, lost bool) {
	if !r.gate {
		return nil, false
	}
	parts := []*cond{r.need}
	if r.need != nil && r.need.op == isAny && len(r.need.sub) <= 8 {
		parts = r.need.sub
		if r.need.hasLost() {
			parts = slices.DeleteFunc(slices.Clone(parts), (*cond).hasLost)
		}
	}
	lost = len(parts) == 0
	for _, p := range parts {
		c := p.say(true)
		lost = lost || c.lost
		table := syntax.NewTable("require", syntax.Span{})
		if c.when != nil {
			for _, e := range c.when.Entries {
				table.Put(e)
			}
		}
		ifs := c.ifs
		if c.either != nil { // an or within: it stays an expression
			ifs, table = []string{p.expression()}, syntax.NewTable("require", syntax.Span{})
		}
		if len(ifs) > 0 {
			table.Put(tomlNode("if", strings.Join(ifs, " && ")))
		}
		if len(table.Entries) == 0 {
			table.Put(tomlNode("if", "true"))
		}
		tables = append(tables, table)
	}
	return tables, lost
}
