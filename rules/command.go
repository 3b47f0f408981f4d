package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// callable is what makes a rule one that people call by a comment: a [[command]].
type callable struct {
	name    string
	aliases []string
	params  *params
	who     *who
	edited  bool
	kinds   []string // of subject that it works on
	// answer is the text that a command of the engine's own answers with; nil for those of rule files.
	answer func(e *evaluation, o *outcome) string
}

// commandFile is [[command]] as it is written.
type commandFile struct {
	Name    string       `toml:"name" required:"true" doc:"The word after the slash, without it."`
	Aliases []string     `toml:"aliases" doc:"Other words for it."`
	Why     string       `toml:"why" doc:"What it is for; /help shows it."`
	Args    *syntax.Node `toml:"args" form:"value" doc:"Its arguments in order: a type (string, int, bool, user, list, users, rest), a list of the values allowed, or a table of type, values, required, default and doc."`
	Who     *syntax.Node `toml:"who" form:"texts" doc:"Who may give it: anyone, author, a permission which means it or more, an association, a login, or @org/team. Of a list one is enough; write without this line."`
	On      []string     `toml:"on" enum:"issue pull_request discussion" doc:"Where it is heard; everywhere when it is not written."`
	Edited  bool         `toml:"edited" doc:"Whether a comment that was edited gives it too."`
	When    *syntax.Node `toml:"when" form:"matchers" doc:"Matchers that must all hold."`
	Not     *syntax.Node `toml:"unless" form:"matcher" doc:"Matchers of which none may hold."`
	If      *syntax.Node `toml:"if" form:"expression" doc:"An expression that must be true as well."`
	Then    *syntax.Node `toml:"then" form:"actions" any:"what to do" doc:"What it does."`
	Else    *syntax.Node `toml:"else" form:"actions" any:"what to do" doc:"What it does where its conditions do not hold."`
	Mode    string       `toml:"mode" default:"live" enum:"live observe off" doc:"As for rules."`
}

// commandName is what commands may be called.
var commandName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$`)

// maxCommands is how many commands one file may have.
const maxCommands = 100

// commands compiles all [[command]]s.
func (c *compiler) commands(n *syntax.Node) []*rule {
	switch {
	case n == nil:
		return nil
	case n.Kind == syntax.Table:
		c.problem(n.KeySpan, "command is a list of tables", "Write [[command]].")
		return nil
	case n.Kind != syntax.List:
		c.problem(n.Span, fmt.Sprintf("command must be a list of tables, not %s", n.Describe()), "Write [[command]].")
		return nil
	case len(n.Items) > maxCommands:
		c.problem(n.Items[maxCommands].KeySpan, fmt.Sprintf("the file has more than %d commands", maxCommands), "Split it.")
		return nil
	}
	var out []*rule
	for _, item := range n.Items {
		if item.Kind != syntax.Table {
			c.problem(item.Span, fmt.Sprintf("a command must be a table, not %s", item.Describe()), "Write [[command]].")
			continue
		}
		if r := c.command(item); r != nil {
			out = append(out, r)
		}
	}
	return out
}

// command compiles one [[command]]. It is nil when the command has a mistake.
func (c *compiler) command(n *syntax.Node) *rule {
	before := len(c.problems)
	var in commandFile
	c.problems = append(c.problems, c.file.Decode(n, "command", &in)...)
	cmd := &callable{name: strings.ToLower(in.Name), edited: in.Edited, kinds: in.On}
	r := &rule{why: in.Why, mode: in.Mode, explicit: true, cmd: cmd, place: c.file.Problem(n.KeySpan, "", "")}
	if name := strings.TrimLeft(in.Name, "/@"); name != "" {
		r.name = "/" + name
	}
	r.base = r.name
	c.called(n, in, cmd)
	cmd.params = c.args(in.Args)
	cmd.who = c.who(in.Who)
	c.params, c.captures = cmd.params, captures{}
	c.when(in.When, r, nil)
	c.unless(in.Not, r, nil)
	c.condition(in.If, r)
	r.then = c.actions(in.Then, "then")
	r.otherwise = c.actions(in.Else, "else")
	c.params = nil
	if in.Then == nil && in.Else == nil && len(c.problems) == before {
		c.problem(n.KeySpan, "command lacks then", `Say what to do: then.add_label = "..."`)
	}
	if len(c.problems) == before {
		c.callableOn(n, r)
	}
	for i := range c.problems[before:] {
		c.problems[before+i].Rule = r.name
	}
	if len(c.problems) > before {
		return nil
	}
	if c.layer != "" {
		r.name = c.layer + r.name
	}
	return r
}

// called checks the names of a command against each other and those before.
func (c *compiler) called(n *syntax.Node, in commandFile, cmd *callable) {
	c.calledBy(n.Get("name"), in.Name)
	list := n.Get("aliases")
	if list == nil {
		return
	}
	items := list.Items
	if list.Kind == syntax.String {
		items = []*syntax.Node{list}
	}
	for _, item := range items {
		if item.Kind == syntax.String {
			c.calledBy(item, item.Text())
			cmd.aliases = append(cmd.aliases, strings.ToLower(item.Text()))
		}
	}
}

// calledBy checks one name of a command.
func (c *compiler) calledBy(n *syntax.Node, name string) {
	if n == nil || n.Kind != syntax.String {
		return
	}
	line, _ := c.file.Position(n.Span.Start)
	first, twice := c.callNames[strings.ToLower(name)]
	switch {
	case strings.HasPrefix(name, "/") || strings.HasPrefix(name, "@"):
		c.problem(n.Span, fmt.Sprintf("the name of a command stands without %s", name[:1]), fmt.Sprintf("Write %q.", strings.TrimLeft(name, "/@")))
	case !commandName.MatchString(name):
		c.problem(n.Span, fmt.Sprintf("%q is no name of a command", name), "Take one word of letters, digits, - and _, up to 40.")
	case twice:
		c.problem(n.Span, fmt.Sprintf("another command is called %s, on line %d", name, first), "Give each command a name of its own.")
	default:
		if c.callNames == nil {
			c.callNames = map[string]int{}
		}
		c.callNames[strings.ToLower(name)] = line
	}
}

// callableOn finds the kinds of subject that a command works on, and what it hears there.
func (c *compiler) callableOn(n *syntax.Node, r *rule) {
	r.cond.sort()
	acts := slices.Concat(r.then, r.otherwise)
	for _, t := range r.cond.terms() {
		r.reads = append(r.reads, t.expr.reads...)
	}
	r.reads = append(r.reads, r.cmd.who.term.expr.reads...)
	for _, a := range acts {
		r.reads = slices.Concat(r.reads, a.templateReads, a.kind.Reads)
	}
	slices.Sort(r.reads)
	r.reads = slices.Compact(r.reads)
	wanted := r.cmd.kinds
	if len(wanted) == 0 {
		wanted = []string{"issue", "pull_request", "discussion"}
	}
	var possible, all, some []string
	mend := ""
	for _, kind := range wanted {
		ok, line, why := r.cond.possible(scene{kind, []string{"comment"}})
		if !ok {
			if mend == "" && why != "" {
				mend = fmt.Sprintf("%s: %s.", line, why)
			}
			continue
		}
		possible = append(possible, kind)
		fits := func(a *act) bool { return len(a.kind.On) == 0 || slices.Contains(a.kind.On, kind) }
		if !slices.ContainsFunc(acts, func(a *act) bool { return !fits(a) }) {
			all = append(all, kind)
		}
		if slices.ContainsFunc(acts, fits) {
			some = append(some, kind)
		}
	}
	if len(possible) == 0 {
		c.problem(n.KeySpan, "the command can never do anything", mend)
		return
	}
	for _, a := range acts {
		if len(a.kind.On) > 0 && !slices.ContainsFunc(a.kind.On, func(k string) bool { return slices.Contains(possible, k) }) {
			c.problem(a.node.KeySpan, fmt.Sprintf("%s works on %s, and this command is about %s", a.kind.Name, kindList(a.kind.On), kindList(possible)), "")
		}
	}
	if len(r.cmd.kinds) > 0 {
		some, all = possible, nil
	}
	if r.cmd.kinds = all; len(all) == 0 {
		r.cmd.kinds = some
	}
	r.triggers = r.cmd.triggers()
}

// speech lists where commands are heard, by the kind of subject. That they are heard in the text that opens something too is
// what people know from Prow (https://docs.prow.k8s.io/docs/components/plugins/), whose issue templates rely on it.
var speech = map[string][]string{
	"issue":        {"issue_comment.created", "issues.opened"},
	"pull_request": {"issue_comment.created", "pull_request_review.submitted", "pull_request_review_comment.created", "pull_request.opened"},
	"discussion":   {"discussion_comment.created", "discussion.created"},
}

// triggers lists what a command hears.
func (cmd *callable) triggers() []trigger {
	var out []trigger
	add := func(event, activity string) {
		t := trigger{event: event, activity: activity, moment: true}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	for _, kind := range cmd.kinds {
		for _, s := range speech[kind] {
			event, activity, _ := strings.Cut(s, ".")
			add(event, activity)
			if cmd.edited && (strings.HasSuffix(event, "_comment") || event == "pull_request_review") {
				add(event, "edited")
			}
		}
	}
	return out
}
