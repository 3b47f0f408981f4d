package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
)

// CommandPreset is one family of commands that a file can switch on under [commands], for the reference.
type CommandPreset struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`
	Options []string `json:"options"` // keys beside who
	Needs   []string `json:"needs"`   // actions that it is made of
	Text    string   `json:"text"`    // what it stands for: [[command]]s, with the defaults of its options
}

// CommandPresets lists the families.
func CommandPresets() []CommandPreset {
	var out []CommandPreset
	for _, f := range families {
		out = append(out, CommandPreset{f.name, f.doc, f.options, f.needs, f.text(familyOptions{})})
	}
	return out
}

// family is one row of the table of families.
type family struct {
	name, doc string
	options   []string
	needs     []string
	who       string // as TOML
	write     func(o familyOptions) string
}

// familyOptions are the options of a family, as written.
type familyOptions struct {
	Who    *syntax.Node `toml:"who"`
	Label  string       `toml:"label"`
	Prefix string       `toml:"prefix"`
	Values []string     `toml:"values"`
	Kinds  []string     `toml:"kinds"`

	who string // as TOML
}

// text writes the commands of a family.
func (f family) text(o familyOptions) string {
	if o.who == "" {
		o.who = f.who
	}
	return strings.TrimLeft(f.write(o), "\n")
}

// tomlText writes a string of TOML. JSON's escapes are among TOML's.
func tomlText(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("rules: " + err.Error())
	}
	return string(text)
}

func tomlTexts(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = tomlText(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// lifecycles are the states of /lifecycle, as in Prow: https://docs.prow.k8s.io/docs/components/plugins/
var lifecycles = []string{"active", "frozen", "stale", "rotten"}

// families is the table of families. Their words are those of Prow and of Rust's triagebot, which people know.
var families = []family{
	{"retest", "Run failed workflow runs again, or all of them.", nil, []string{"rerun"}, `["author", "triage"]`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "retest"
aliases = ["retry"]
why = "Run what failed on the newest commit again."
who = %[1]s
then.rerun = "failed"

[[command]]
name = "test"
why = "Run all workflows of the newest commit again."
args.what = ["all"]
who = %[1]s
then.rerun = "all"
`, o.who)
	}},
	{"ok-to-test", "Let the workflow runs of a fork start that wait for an approval.", nil, []string{"approve_runs"}, `"write"`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "ok-to-test"
why = "Let the workflow runs start that wait for an approval."
who = %s
then.approve_runs = true
`, o.who)
	}},
	{"cancel", "Cancel the workflow runs that go on.", nil, []string{"cancel_runs"}, `["author", "triage"]`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "cancel"
why = "Cancel the workflow runs that go on."
who = %s
then.cancel_runs = "all"
`, o.who)
	}},
	{"hold", "Hold a merge up by a label, and let it go on. What merges has to spare what has the label.", []string{"label"}, []string{"add_label", "remove_label"}, `["author", "triage"]`, func(o familyOptions) string {
		if o.Label == "" {
			o.Label = "on hold"
		}
		return fmt.Sprintf(`
[[command]]
name = "hold"
why = "Hold it up; /hold cancel lets it go on."
args.what = { values = ["cancel"], required = false }
who = %[1]s
if = 'command.args.what == ""'
then.add_label = %[2]s
else.remove_label = %[2]s

[[command]]
name = "unhold"
aliases = ["remove-hold"]
why = "Let it go on."
who = %[1]s
then.remove_label = %[2]s
`, o.who, tomlText(o.Label))
	}},
	{"assign", "Assign people, or oneself, and take them off.", nil, []string{"assign", "unassign"}, `"triage"`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "assign"
aliases = ["claim"]
why = "Assign people; without a name, whoever writes it."
args.users = { type = "users", required = false }
who = %[1]s
then.assign = "{{ size(command.args.users) == 0 ? [command.by] : command.args.users }}"

[[command]]
name = "unassign"
aliases = ["release-assignment"]
why = "Take assignees off; without a name, whoever writes it."
args.users = { type = "users", required = false }
who = %[1]s
then.unassign = "{{ size(command.args.users) == 0 ? [command.by] : command.args.users }}"
`, o.who)
	}},
	{"cc", "Ask people for a review.", nil, []string{"review"}, `["author", "triage"]`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "cc"
why = "Ask people for a review."
args.users = "users"
who = %s
then.review = "{{ command.args.users }}"
`, o.who)
	}},
	{"label", "Put labels on and take them off, with a command of its own for each kind of label.", []string{"values", "kinds"}, []string{"add_label", "remove_label"}, `"triage"`, func(o familyOptions) string {
		values := ""
		if len(o.Values) > 0 {
			values = ", values = " + tomlTexts(o.Values)
		}
		out := fmt.Sprintf(`
[[command]]
name = "label"
why = "Put labels on."
args.labels = { type = "list"%[2]s }
who = %[1]s
then.add_label = "{{ command.args.labels }}"

[[command]]
name = "unlabel"
aliases = ["remove-label"]
why = "Take labels off."
args.labels = { type = "list"%[2]s }
who = %[1]s
then.remove_label = "{{ command.args.labels }}"
`, o.who, values)
		for _, kind := range o.Kinds {
			out += fmt.Sprintf(`
[[command]]
name = %[2]s
why = %[4]s
args.names = "list"
who = %[1]s
then.add_label = %[3]s

[[command]]
name = %[5]s
why = %[6]s
args.names = "list"
who = %[1]s
then.remove_label = %[3]s
`, o.who, tomlText(kind), tomlText(`{{ command.args.names.map(n, `+quote(kind+"/")+` + n) }}`),
				tomlText("Put on labels that begin with "+kind+"/."), tomlText("remove-"+kind), tomlText("Take off labels that begin with "+kind+"/."))
		}
		return out
	}},
	{"lifecycle", "Mark it as active, frozen, stale or rotten by a label, one at a time.", []string{"prefix"}, []string{"add_label", "remove_label"}, `["author", "triage"]`, func(o familyOptions) string {
		if o.Prefix == "" {
			o.Prefix = "lifecycle/"
		}
		others := fmt.Sprintf("{{ %s.filter(s, s != command.args.state).map(s, %s + s) }}", quotes(lifecycles), quote(o.Prefix))
		return fmt.Sprintf(`
[[command]]
name = "lifecycle"
why = "Mark it, in place of what it was marked as."
args.state = %[2]s
who = %[1]s
then.add_label = %[3]s
then.remove_label = %[4]s

[[command]]
name = "remove-lifecycle"
why = "Take the mark off."
args.state = %[2]s
who = %[1]s
then.remove_label = %[3]s
`, o.who, tomlTexts(lifecycles), tomlText(o.Prefix+"{{ command.args.state }}"), tomlText(others))
	}},
	{"close", "Close, with a reason, and open again.", nil, []string{"close", "reopen"}, `["author", "triage"]`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "close"
why = "Close it; an issue as completed or not planned."
args.reason = { values = ["completed", "not-planned"], default = "completed" }
who = %[1]s
if = 'command.args.reason == "completed"'
then.close = "completed"
else.close = "not_planned"

[[command]]
name = "reopen"
why = "Open it again."
who = %[1]s
then.reopen = true
`, o.who)
	}},
	{"pause", "Pause the bot on one issue, pull request or discussion, and let it go on.", nil, []string{"pause", "resume"}, `"triage"`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "pause"
why = "Pause the bot here; /resume lets it go on."
who = %[1]s
then.pause = true

[[command]]
name = "resume"
why = "Let the bot go on here."
who = %[1]s
then.resume = true
`, o.who)
	}},
	{"lock", "Lock the conversation.", nil, []string{"lock"}, `"triage"`, func(o familyOptions) string {
		return fmt.Sprintf(`
[[command]]
name = "lock"
why = "Lock the conversation."
who = %s
then.lock = "resolved"
`, o.who)
	}},
}

// allCommands compiles [[command]] and [commands], and adds the commands of the engine's own where there are any.
func (c *compiler) allCommands(list, table *syntax.Node) []*rule {
	out := c.commands(list)
	if table != nil && table.Kind != syntax.Table {
		c.problem(table.Span, fmt.Sprintf("commands must be a table, not %s", table.Describe()), "Write: [commands], and under it retest = true. A command of your own is a [[command]].")
		table = nil
	}
	own := map[string]*syntax.Node{}
	if table != nil {
		for _, n := range table.Entries {
			if n.Key == helpName || n.Key == explainName {
				own[n.Key] = n
				continue
			}
			out = append(out, c.family(n)...)
		}
	}
	at := table
	if list != nil && list.Kind == syntax.List && len(list.Items) > 0 {
		at = list.Items[0]
	}
	if at == nil || len(out) == 0 && len(own) == 0 {
		return out
	}
	place := c.file.Problem(at.KeySpan, "", "")
	mode := "observe" // as long as the file only tries commands out
	if len(out) == 0 || slices.ContainsFunc(out, func(r *rule) bool { return r.mode == "live" }) {
		mode = "live"
	}
	for _, r := range []*rule{
		{name: "/" + helpName, why: "List the commands.",
			cmd: &callable{name: helpName, params: newParams(nil), who: grantOf("anyone"), answer: help}},
		{name: "/" + explainName, why: "Tell what the rules decided here, and why.",
			cmd: &callable{name: explainName, params: newParams([]*param{{name: "rule", kind: "rest", fallback: types.String("")}}), who: grantOf("author", "triage"), answer: explain}},
	} {
		n := own[r.cmd.name]
		if _, taken := c.callNames[r.cmd.name]; taken || n != nil && n.Value == false {
			continue
		}
		if n != nil && n.Value != true {
			if w := c.who(n); w != nil {
				r.cmd.who = w
			}
		}
		r.mode, r.explicit, r.place = mode, true, place
		r.cmd.kinds = []string{"issue", "pull_request", "discussion"}
		r.triggers = r.cmd.triggers()
		r.reads = r.cmd.who.term.expr.reads
		if r.base = r.name; c.layer != "" {
			r.name = c.layer + r.name
		}
		out = append(out, r)
	}
	return out
}

// family compiles one line of [commands]: NAME = true, NAME = who, or a table of options.
func (c *compiler) family(n *syntax.Node) []*rule {
	i := slices.IndexFunc(families, func(f family) bool { return f.name == n.Key })
	if i < 0 {
		names := []string{helpName, explainName}
		for _, f := range families {
			names = append(names, f.name)
		}
		c.problem(n.KeySpan, "there is no family of commands "+n.Key, syntax.Suggest(n.Key, names))
		return nil
	}
	f, o, ok := families[i], familyOptions{}, true
	switch {
	case n.Value == false:
		return nil
	case n.Value == true:
	case n.Kind == syntax.Table:
		o, ok = c.familyOptions(n, f)
	case n.Kind == syntax.String || n.Kind == syntax.List:
		o.Who = n
	default:
		c.problem(n.Span, fmt.Sprintf("commands.%s must be true, who may give them, or a table of options, not %s", f.name, n.Describe()), "")
		return nil
	}
	for _, kind := range f.needs {
		if kindNamed(c.kinds, kind) == nil {
			c.problem(n.KeySpan, fmt.Sprintf("the commands of %s need the action %s, which there is not", f.name, kind), "")
			return nil
		}
	}
	if !ok {
		return nil
	}
	if o.Who != nil {
		if c.who(o.Who) == nil {
			return nil
		}
		o.who = c.file.Slice(o.Who.Span)
	}
	return c.expand(n, f, o)
}

// familyOptions reads the options of a family.
func (c *compiler) familyOptions(n *syntax.Node, f family) (familyOptions, bool) {
	var o familyOptions
	before := len(c.problems)
	allowed := append([]string{"who"}, f.options...)
	for _, e := range n.Entries {
		if !slices.Contains(allowed, e.Key) {
			c.problem(e.KeySpan, fmt.Sprintf("commands.%s has no key %s", f.name, e.Key), syntax.Suggest(e.Key, allowed))
		}
	}
	if len(c.problems) == before {
		c.problems = append(c.problems, c.file.Decode(n, "commands."+f.name, &o)...)
	}
	return o, len(c.problems) == before
}

// expand compiles the text that a line of [commands] stands for.
func (c *compiler) expand(n *syntax.Node, f family, o familyOptions) []*rule {
	file, problems := syntax.Parse("[commands] "+f.name, []byte(f.text(o)))
	if c.callNames == nil {
		c.callNames = map[string]int{}
	}
	sub := &compiler{file: file, kinds: c.kinds, layer: c.layer, callNames: c.callNames, terms: c.terms}
	var out []*rule
	if len(problems) == 0 {
		out = sub.commands(file.Root.Get("command"))
		problems = sub.problems
	}
	c.terms = sub.terms
	for _, p := range problems {
		c.problem(n.KeySpan, p.Message, p.Mend)
	}
	if len(problems) > 0 {
		return nil
	}
	line, _ := c.file.Position(n.KeySpan.Start)
	for _, r := range out {
		r.place, r.made = c.file.Problem(n.KeySpan, "", ""), true
		c.callNames[r.cmd.name] = line
	}
	return out
}
