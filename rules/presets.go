package rules

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bellhop/rules/syntax"
)

// Preset is a top-level table that stands for ordinary rules, for the reference.
type Preset struct {
	Table   string `json:"table"`
	Doc     string `json:"doc"`
	Example string `json:"example"` // a rule file
}

// preset is one row of the table of presets. Its expansion makes the nodes of [[rule]]s, each at the place of what it stands
// for, so that mistakes in it are told there; they are compiled like those that are written.
type preset struct {
	Preset
	expand func(c *compiler, n *syntax.Node) []*syntax.Node
}

// presets is the table of presets. One that needs an action or a key which not every bot has is no row.
var presets = []preset{
	{Preset{"labels", "Labels that follow what a pull request changes: NAME = PATHS, or NAME = { matchers of when, unless, if }.", `[labels]
docs    = "docs/**"
backend = ["server/**", "internal/**"]
big     = { lines = ">800", unless = { label = "generated" } }
`}, (*compiler).labelRules},
	{Preset{"size", "Labels for sizes, in lines added and removed: NAME = RANGE. `ignore` names files that do not count. A pull request has one of them at a time.", `[size]
XS = "..9"
S  = "10..49"
M  = "50.."
ignore = ["**/*.lock", "**/testdata/**"]
`}, (*compiler).sizeRules},
	{Preset{"welcome", "A comment on the first pull request of a person, and a label if `label` names one.", `[welcome]
comment = "Welcome, {{ pr.author }}! A maintainer looks at this within two days."
label   = "first contribution"
`}, (*compiler).welcomeRules},
	{Preset{"conventional", "A check run that passes when the title of a pull request follows Conventional Commits. `types` and `scopes` are those allowed, `check` is the name of the check run.", `[conventional]
types  = ["feat", "fix", "docs", "chore"]
scopes = ["api", "web"]
`}, (*compiler).conventionalRules},
	{Preset{"stale", "Marks issues and pull requests on which no person does anything, and closes them later. `after` (60d where it is not written) is how long nothing happens, `close_after` how long after the mark it is closed, `when` and `unless` say what it is about and what is exempt; `label`, `comment`, `close_comment` and `reason` are those of the action. `issues` and `pull_requests` are tables of the same keys for these alone, or false.", `[stale]
after         = "60d"
close_after   = "14d"
comment       = "Nothing has happened here for two months. Is this still so?"
unless.label  = ["pinned", "security"]
unless.milestone = "*"
issues.close_after  = "30d"
pull_requests.unless.draft = true
`}, (*compiler).staleRules},
	{Preset{"backport", "Brings merged pull requests to the branches that their labels name. `label` is the label with a * for the branch, \"backport *\" where it is not written; `to` names the branches otherwise, or is a table of labels with their branches. `when` and `unless` say more of the pull requests; `title`, `body`, `labels` and `conflict` are those of the action.", `[backport]
label    = "backport *"
conflict = "draft"
`}, (*compiler).backportRules},
	{Preset{"no_response", "A label while an answer is waited for. It is put when a maintainer asks in a comment (`ask` is a regular expression for what asks, a question mark at the end of a word where it is not written, false for by hand alone; `maintainer` a permission, triage or more), or by hand. It goes when the author answers, or with `from = \"anyone\"` anybody but a maintainer. What has no answer `close_after` the label is closed with `close_comment`. `label` is \"waiting for answer\", `kind` issue where they are not written.", `[no_response]
label         = "needs-info"
close_after   = "14d"
close_comment = "Closed, since there was no answer. Write one and we open it again."
`}, (*compiler).noResponseRules},
}

// Presets lists the presets.
func Presets() []Preset {
	var out []Preset
	for _, p := range presets {
		out = append(out, p.Preset)
	}
	return out
}

// PresetTables lists the top-level tables that are presets.
func PresetTables() []string {
	var out []string
	for _, p := range presets {
		out = append(out, p.Table)
	}
	return out
}

// withPresets puts the rules that presets stand for before those that are written. written may be nil.
func (c *compiler) withPresets(root, written *syntax.Node) *syntax.Node {
	var items []*syntax.Node
	for _, entry := range root.Entries {
		i := slices.IndexFunc(presets, func(p preset) bool { return p.Table == entry.Key })
		switch {
		case i < 0:
		case entry.Kind != syntax.Table:
			c.problem(entry.Span, fmt.Sprintf("%s must be a table, not %s", entry.Key, entry.Describe()), fmt.Sprintf("Write [%s].", entry.Key))
		default:
			items = append(items, presets[i].expand(c, entry)...)
		}
	}
	if len(items) == 0 || written != nil && written.Kind != syntax.List {
		return written
	}
	all := syntax.NewList("rule", items[0].KeySpan, items...)
	if written != nil {
		all.Items = append(all.Items, written.Items...)
	}
	return all
}

// labelRules are the rules of [labels].
func (c *compiler) labelRules(n *syntax.Node) []*syntax.Node {
	var out []*syntax.Node
	for _, entry := range n.Entries {
		at := entry.KeySpan
		when, rest := syntax.NewTable("when", at), []*syntax.Node(nil)
		if entry.Kind != syntax.Table {
			when.Put(entry.As("files"))
		}
		for _, e := range entry.Entries {
			switch e.Key {
			case "unless", "if", "why", "mode":
				rest = append(rest, e)
			default:
				when.Put(e)
			}
		}
		if entry.Kind == syntax.Table && len(when.Entries) == 0 && entry.Get("if") == nil {
			c.problem(at, fmt.Sprintf("%s.%s says nothing that must hold", n.Key, entry.Key), `Write a matcher of when, such as files = "docs/**".`)
			continue
		}
		rule := syntax.NewTable("rule", at, syntax.NewString("name", n.Key+"/"+entry.Key, at))
		if len(when.Entries) > 0 {
			rest = append([]*syntax.Node{when}, rest...)
		}
		for _, e := range rest {
			rule.Put(e)
		}
		rule.Put(syntax.NewTable("then", at, syntax.NewString("label", literalText(entry.Key), at)))
		out = append(out, rule)
	}
	return out
}

// literalText writes a text so that a template comes to it.
func literalText(s string) string { return strings.ReplaceAll(s, "{{", `{{ "{{" }}`) }

// sizeRules are the rules of [size].
func (c *compiler) sizeRules(n *syntax.Node) []*syntax.Node {
	ignore := n.Get("ignore")
	var out []*syntax.Node
	var sizes []sizeOf
	for _, entry := range n.Entries {
		if entry.Key == "ignore" {
			continue
		}
		at := entry.KeySpan
		if s, ok := sizeRange(entry); ok {
			if other := slices.IndexFunc(sizes, s.overlaps); other >= 0 {
				c.problem(entry.Span, fmt.Sprintf("%s and %s overlap: both take %d lines", sizes[other].name, s.name, max(s.low, sizes[other].low)), "A pull request has one size: let each begin where the one before ends.")
				continue
			}
			sizes = append(sizes, s)
		}
		lines := entry.As("lines")
		if ignore != nil {
			lines = syntax.NewTable("lines", at, entry.As("range"), ignore)
			lines.Span = entry.Span
		}
		out = append(out, syntax.NewTable("rule", at, syntax.NewString("name", n.Key+"/"+entry.Key, at),
			syntax.NewTable("when", at, lines),
			syntax.NewTable("then", at, syntax.NewString("label", literalText(entry.Key), at))))
	}
	if len(n.Entries) > 0 && len(out) == 0 && ignore != nil && len(n.Entries) == 1 {
		c.problem(n.KeySpan, n.Key+" has no sizes", `Write: S = "10..49".`)
	}
	return out
}

// sizeOf is one size: from low to high lines.
type sizeOf struct {
	name      string
	low, high int64
}

func (s sizeOf) overlaps(o sizeOf) bool { return s.low <= o.high && o.low <= s.high }

// sizeRange reads the range of a size. It is not ok where the matcher will say what is wrong, or where the range is none.
func sizeRange(n *syntax.Node) (sizeOf, bool) {
	s := sizeOf{n.Key, 0, math.MaxInt64}
	text := n.Text()
	if i, ok := n.Value.(int64); ok {
		text = strconv.FormatInt(i, 10)
	}
	bounds, err := parseRange(text, numberItem)
	if err != nil {
		return s, false
	}
	for _, b := range bounds {
		v, _ := strconv.ParseInt(b.value, 10, 64)
		switch b.operator {
		case ">=":
			s.low = max(s.low, v)
		case ">":
			s.low = max(s.low, v+1)
		case "<=":
			s.high = min(s.high, v)
		case "<":
			s.high = min(s.high, v-1)
		case "==":
			s.low, s.high = v, v
		}
	}
	return s, s.low <= s.high
}

// welcomeRules are the rules of [welcome].
func (c *compiler) welcomeRules(n *syntax.Node) []*syntax.Node {
	var in struct {
		Comment *syntax.Node `toml:"comment" required:"true"`
		Label   *syntax.Node `toml:"label"`
	}
	found := c.file.Decode(n, n.Key, &in)
	if c.problems = append(c.problems, found...); len(found) > 0 {
		return nil
	}
	at := n.KeySpan
	then := syntax.NewTable("then", at, in.Comment)
	if in.Label != nil {
		then.Put(in.Label.As("add_label"))
	}
	return []*syntax.Node{syntax.NewTable("rule", at, syntax.NewString("name", n.Key, at),
		syntax.NewString("on", "pull_request.opened", at),
		syntax.NewTable("when", at, syntax.NewBool("first_time", true, at)),
		syntax.NewTable("unless", at, syntax.NewBool("bot", true, at)), then)}
}

var commitWord = regexp.MustCompile(`^[\pL\pN][\pL\pN _./-]*$`)

// conventionalRules are the rules of [conventional].
func (c *compiler) conventionalRules(n *syntax.Node) []*syntax.Node {
	// The types that are allowed where none are named are those of
	// https://github.com/conventional-changelog/commitlint/tree/master/@commitlint/config-conventional#type-enum.
	var in struct {
		Types  []string `toml:"types" default:"build,chore,ci,docs,feat,fix,perf,refactor,revert,style,test"`
		Scopes []string `toml:"scopes"`
		Check  string   `toml:"check" default:"conventional title"`
	}
	found := c.file.Decode(n, n.Key, &in)
	before := len(c.problems)
	c.problems = append(c.problems, found...)
	for _, key := range []string{"types", "scopes"} {
		c.commitWords(n.Get(key), n.Key+"."+key)
	}
	if len(c.problems) > before {
		return nil
	}
	scope := `[^()]+`
	summary := "Write `type: what it does` or `type(scope): what it does`, with a `!` before the colon for a breaking change. The types are " + strings.Join(in.Types, ", ") + "."
	if len(in.Scopes) > 0 {
		scope = "(?:" + anyOf(in.Scopes) + ")"
		summary += " The scopes are " + strings.Join(in.Scopes, ", ") + "."
	}
	at := n.KeySpan
	check := func(key, conclusion, title string) *syntax.Node {
		run := syntax.NewTable("check", at, syntax.NewString("name", literalText(in.Check), at), syntax.NewString("conclusion", conclusion, at), syntax.NewString("title", title, at))
		if conclusion == "failure" {
			run.Put(syntax.NewString("summary", summary, at))
		}
		return syntax.NewTable(key, at, run)
	}
	return []*syntax.Node{syntax.NewTable("rule", at, syntax.NewString("name", n.Key, at),
		syntax.NewString("on", "pull_request", at),
		syntax.NewTable("when", at, syntax.NewString("title_matches", fmt.Sprintf(`^(?:%s)(?:\(%s\))?!?: \S`, anyOf(in.Types), scope), at)),
		check("then", "success", "The title follows Conventional Commits"),
		check("else", "failure", "The title does not follow Conventional Commits"))}
}

// commitWords holds types and scopes against what they may look like.
func (c *compiler) commitWords(n *syntax.Node, what string) {
	if n == nil {
		return
	}
	items := []*syntax.Node{n}
	if n.Kind == syntax.List {
		items = n.Items
		if len(items) == 0 {
			c.problem(n.Span, what+" is an empty list", "Leave the line out.")
		}
	}
	for _, item := range items {
		if item.Kind == syntax.String && !commitWord.MatchString(item.Text()) {
			c.problem(item.Span, fmt.Sprintf("%s cannot hold %q", what, item.Text()), "Write words of letters, digits and - _ . / only.")
		}
	}
}

// anyOf is a regular expression that matches one of several texts.
func anyOf(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = regexp.QuoteMeta(s)
	}
	return strings.Join(out, "|")
}

// Expand writes a rule file with the rules that its presets stand for in their place; all else keeps its meaning, but not its
// comments. The top-level tables in omit are left out. The result compiles to rules that decide and plan the same. Where the
// presets have mistakes there is no result.
func Expand(name string, src []byte, omit ...string) ([]byte, []syntax.Diagnostic) {
	file, problems := syntax.Parse(name, src)
	if file.Root == nil {
		return nil, problems
	}
	c := &compiler{file: file}
	rules := c.withPresets(file.Root, file.Root.Get("rule"))
	if len(c.problems) > 0 {
		return nil, syntax.Sort(c.problems)
	}
	out := syntax.NewTable("", syntax.Span{})
	from := map[*syntax.Node]string{}
	if rules != nil {
		out.Put(rules)
		written := map[syntax.Span]bool{}
		if n := file.Root.Get("rule"); n != nil {
			for _, item := range n.Items {
				written[item.KeySpan] = true
			}
		}
		for _, n := range rules.Items {
			if !written[n.KeySpan] {
				line, _ := file.Position(n.KeySpan.Start)
				from[n] = fmt.Sprintf("[%s], line %d", strings.SplitN(n.Get("name").Text(), "/", 2)[0], line)
			}
		}
	}
	for _, entry := range file.Root.Entries {
		if entry.Key != "rule" && !slices.Contains(PresetTables(), entry.Key) && !slices.Contains(omit, entry.Key) {
			out.Put(entry)
		}
	}
	return []byte(file.PrintFile(out, func(n *syntax.Node) string { return from[n] })), nil
}
