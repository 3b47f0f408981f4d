package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// params are the arguments that a command takes.
type params struct {
	list   []*param
	record *record // their names and types, as command.args
}

// param is one argument that a command takes.
type param struct {
	name     string
	kind     string   // see paramKinds
	values   []string // globs of what is allowed, in upper or lower case; any value when empty
	pattern  *regexp.Regexp
	required bool
	fallback ref.Val // when it is not given
	doc      string
}

// paramFile is one entry of args as it is written.
type paramFile struct {
	Type     string       `toml:"type" short:"true" default:"string" enum:"string int bool user list users rest"`
	Values   []string     `toml:"values"`
	Required bool         `toml:"required" default:"true"`
	Default  *syntax.Node `toml:"default"`
	Doc      string       `toml:"doc"`
}

// many tells whether an argument takes all the words that are left.
func (p *param) many() bool { return slices.Contains([]string{"list", "users", "rest"}, p.kind) }

// typ is the type of an argument in the language.
func (p *param) typ() *types.Type {
	switch p.kind {
	case "int":
		return types.IntType
	case "bool":
		return types.BoolType
	case "list", "users":
		return types.NewListType(types.StringType)
	}
	return types.StringType
}

// empty is the value of an argument that was not given and has no default.
func (p *param) empty() ref.Val {
	switch p.kind {
	case "int":
		return types.Int(0)
	case "bool":
		return types.False
	case "list", "users":
		return types.NewStringList(types.DefaultTypeAdapter, nil)
	}
	return types.String("")
}

// paramName is what arguments may be called: a name that an expression can select.
var paramName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

const maxParams = 20

// args compiles what a command takes. It is never nil.
func (c *compiler) args(n *syntax.Node) *params {
	ps := &params{}
	switch {
	case n == nil:
	case n.Kind != syntax.Table:
		c.problem(n.Span, fmt.Sprintf("args must be a table, not %s", n.Describe()), `Write: args.NAME = "string".`)
	case len(n.Entries) > maxParams:
		c.problem(n.Entries[maxParams].KeySpan, fmt.Sprintf("a command has %d arguments at most", maxParams), "")
	default:
		for _, e := range n.Entries {
			if p := c.param(e); p != nil {
				c.ordered(e, p, ps.list)
				ps.list = append(ps.list, p)
			}
		}
	}
	return newParams(ps.list)
}

// newParams gives arguments their record.
func newParams(list []*param) *params {
	ps := &params{list: list}
	ps.record = &record{name: argumentsType, words: "the arguments of a command", names: map[string]*fact{}}
	for i, p := range ps.list {
		f := &fact{name: p.name, doc: p.doc, index: i, typ: p.typ()}
		ps.record.facts = append(ps.record.facts, f)
		ps.record.names[f.name] = f
	}
	return ps
}

// param compiles one argument: args.branch = "string", args.how = ["fast", "slow"] or a table.
func (c *compiler) param(n *syntax.Node) *param {
	before := len(c.problems)
	var in paramFile
	what := "args." + n.Key
	if n.Kind == syntax.List {
		in = paramFile{Type: "string", Required: true}
		for _, item := range n.Items {
			if item.Kind != syntax.String {
				c.problem(item.Span, fmt.Sprintf("%s must hold strings only, not %s", what, item.Describe()), "")
			}
			in.Values = append(in.Values, item.Text())
		}
		if len(n.Items) == 0 {
			c.problem(n.Span, what+" is an empty list", `Name the values allowed, or write "string" for any.`)
		}
	} else {
		c.problems = append(c.problems, c.file.Decode(n, what, &in)...)
	}
	if !paramName.MatchString(n.Key) || !selectable(n.Key) {
		c.problem(n.KeySpan, fmt.Sprintf("an argument cannot be called %s", n.Key), "Take lower-case letters, digits and _.")
	}
	if len(c.problems) > before {
		return nil
	}
	p := &param{name: n.Key, kind: in.Type, values: in.Values, doc: in.Doc, required: in.Required && in.Default == nil && in.Type != "bool"}
	c.allowed(n, p)
	c.fallback(n, in.Default, p)
	if len(c.problems) > before {
		return nil
	}
	return p
}

// allowed compiles the values that an argument may have.
func (c *compiler) allowed(n *syntax.Node, p *param) {
	if len(p.values) == 0 {
		return
	}
	at := n.Span
	if v := n.Get("values"); v != nil {
		at = v.Span
	}
	if slices.Contains([]string{"bool", "int", "rest"}, p.kind) {
		c.problem(at, fmt.Sprintf("values go with string, user, list and users, not with %s", p.kind), "")
		return
	}
	var globs []string
	for _, v := range p.values {
		g, err := globRegexp(v)
		if err != nil {
			c.problem(at, fmt.Sprintf("bad pattern %q: %v", v, err), "")
			return
		}
		globs = append(globs, g)
	}
	compiled, err := compilePattern(wholly(globs, true))
	if err != nil {
		c.problem(at, err.Error(), "Shorten the list.")
		return
	}
	p.pattern = compiled.re
}

// fallback reads the default of an argument, as somebody would write it in a comment.
func (c *compiler) fallback(n, def *syntax.Node, p *param) {
	p.fallback = p.empty()
	if def == nil {
		return
	}
	var words []string
	switch {
	case def.Kind == syntax.List && p.kind != "rest" && p.many():
		for _, item := range def.Items {
			words = append(words, item.Text())
		}
	case def.Kind == syntax.String || def.Kind == syntax.Integer || def.Kind == syntax.Bool:
		words = []string{fmt.Sprint(def.Value)}
	}
	if len(words) == 0 || slices.Contains(words, "") {
		c.problem(def.Span, fmt.Sprintf("the default of %s cannot be %s", n.Key, def.Describe()), "")
		return
	}
	v, err := p.value(words)
	if err != nil {
		c.problem(def.Span, "the default is none that the argument allows: "+err.Error(), "")
		return
	}
	p.fallback = v
}

// ordered sees to it that an argument can be told from those before it.
func (c *compiler) ordered(n *syntax.Node, p *param, before []*param) {
	for _, b := range before {
		switch {
		case p.kind == "bool" || b.kind == "bool":
		case b.many():
			c.problem(n.KeySpan, fmt.Sprintf("%s is never reached: %s before it takes all words", p.name, b.name), "Write the argument that takes all words last.")
			return
		case p.required && !b.required:
			c.problem(n.KeySpan, fmt.Sprintf("%s must be given, and %s before it need not", p.name, b.name), "Write those that must be given first.")
			return
		}
	}
}

// selectable tells whether the language lets a name stand behind a dot: some words are its own.
func selectable(name string) bool {
	l := lang()
	l.mu.Lock()
	defer l.mu.Unlock()
	_, issues := l.env.Parse("x." + name)
	return issues.Err() == nil
}

// argumentsType is the type of command.args. Which facts it has depends on the command.
const argumentsType = typePrefix + "args"

// arguments are the values of the arguments of one call.
type arguments struct {
	record *record
	values []ref.Val
}

func (a arguments) object() ref.Val { return &object{rec: a.record, values: a.values} }

// showArguments shows the arguments for an explanation.
func (o *object) showArguments() string {
	var out []string
	for _, f := range o.rec.facts {
		out = append(out, f.name+" = "+show(o.values[f.index]))
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// noArgument tells which argument was probably meant.
func noArgument(name string, r *record) string {
	if len(r.facts) == 0 {
		return fmt.Sprintf(`It takes none. Write: args.%s = "string"`, name)
	}
	return syntax.Suggest(name, r.factNames())
}

// outsideCommand finds where an expression that belongs to no command reads one.
func outsideCommand(text string, parsed *cel.Ast, in *params) []flaw {
	if in != nil || !strings.Contains(text, "command") {
		return nil
	}
	var out []flaw
	native := parsed.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind && e.AsIdent() == "command" {
			from, to := extent(text, native, e)
			out = append(out, flaw{from, to, "command is there in a [[command]] only", `Ask a comment for a command by when.command = "name".`})
		}
	}))
	return out
}

// read makes values of the words of a call.
func (ps *params) read(words string) (arguments, error) {
	a := arguments{record: ps.record, values: make([]ref.Val, len(ps.list))}
	if len(words) > maxWords {
		return ps.none(), fmt.Errorf("what follows it has more than %d bytes", maxWords)
	}
	given := make([][]string, len(ps.list))
	next := 0
	for _, t := range tokens(words) {
		i, value, err := ps.named(t)
		if err != nil {
			return ps.none(), err
		}
		if i >= 0 {
			if len(given[i]) > 0 && !ps.list[i].many() {
				return ps.none(), fmt.Errorf("`%s` is given twice", ps.list[i].name)
			}
			given[i] = append(given[i], value)
			continue
		}
		for next < len(ps.list) && (ps.list[next].kind == "bool" || len(given[next]) > 0 && !ps.list[next].many()) {
			next++
		}
		switch {
		case next < len(ps.list) && ps.list[next].kind == "rest":
			given[next] = []string{t.rest}
		case next < len(ps.list):
			given[next] = append(given[next], t.text)
		case len(ps.list) == 0:
			return ps.none(), fmt.Errorf("it takes no arguments")
		default:
			return ps.none(), fmt.Errorf("%s is one argument too many", code(t.text))
		}
		if next < len(ps.list) && ps.list[next].kind == "rest" {
			break
		}
	}
	for i, p := range ps.list {
		switch {
		case len(given[i]) > 0:
			v, err := p.value(given[i])
			if err != nil {
				return ps.none(), err
			}
			a.values[i] = v
		case p.required:
			return ps.none(), fmt.Errorf("`%s` is missing", p.name)
		default:
			a.values[i] = p.fallback
		}
	}
	return a, nil
}

// none are the values of a call that gives no argument.
func (ps *params) none() arguments {
	a := arguments{record: ps.record}
	for _, p := range ps.list {
		a.values = append(a.values, p.fallback)
	}
	return a
}

// named finds the argument that a word names: name=value, --name=value, or --name of one that is true or false.
func (ps *params) named(t token) (at int, value string, err error) {
	if t.quoted {
		return -1, "", nil
	}
	takesMany := slices.ContainsFunc(ps.list, (*param).many) // a word may then be one of many
	text, dashed := strings.CutPrefix(t.text, "--")
	name, value, assigned := strings.Cut(text, "=")
	i := slices.IndexFunc(ps.list, func(p *param) bool {
		return strings.EqualFold(p.name, strings.ReplaceAll(name, "-", "_"))
	})
	switch {
	case i >= 0 && assigned && value != "":
		return i, value, nil
	case i >= 0 && assigned:
		return -1, "", fmt.Errorf("`%s` has no value", ps.list[i].name)
	case i >= 0 && ps.list[i].kind == "bool" && (dashed || !takesMany):
		return i, "true", nil
	case i >= 0 && dashed:
		return -1, "", fmt.Errorf("`%s` has no value", ps.list[i].name)
	case dashed && text != "" && !takesMany:
		return -1, "", fmt.Errorf("there is no argument %s", code(name))
	}
	return -1, "", nil
}

// Limits of what one call may say, in bytes.
const (
	maxWord  = 1000 // of one argument
	maxWords = 4000 // of all
)

// value makes the value of an argument of the words given for it, of which there is one unless it takes many.
func (p *param) value(words []string) (ref.Val, error) {
	for i, w := range words {
		if len(w) > maxWord {
			return nil, fmt.Errorf("`%s` has more than %d bytes", p.name, maxWord)
		}
		if p.kind == "user" || p.kind == "users" {
			words[i] = strings.TrimPrefix(strings.TrimSuffix(w, ","), "@")
			if !loginName.MatchString(words[i]) {
				return nil, fmt.Errorf("%s is no user", code(w))
			}
		}
		if p.pattern != nil {
			if dashed := strings.ReplaceAll(words[i], "_", "-"); !p.pattern.MatchString(words[i]) && p.pattern.MatchString(dashed) {
				words[i] = dashed
			}
			if !p.pattern.MatchString(words[i]) {
				return nil, fmt.Errorf("`%s` can be %s, not %s", p.name, alternatives(p.values), code(words[i]))
			}
			if j := slices.IndexFunc(p.values, func(v string) bool { return strings.EqualFold(v, words[i]) }); j >= 0 {
				words[i] = p.values[j] // as the command writes it
			}
		}
	}
	switch p.kind {
	case "int":
		n, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("`%s` is a whole number, which %s is not", p.name, code(words[0]))
		}
		return types.Int(n), nil
	case "bool":
		b, ok := map[string]bool{"true": true, "yes": true, "on": true, "false": false, "no": false, "off": false}[strings.ToLower(words[0])]
		if !ok {
			return nil, fmt.Errorf("`%s` is true or false, not %s", p.name, code(words[0]))
		}
		return types.Bool(b), nil
	case "list", "users":
		return types.NewStringList(types.DefaultTypeAdapter, words), nil
	case "rest":
		return types.String(strings.Join(words, " ")), nil
	}
	return types.String(words[0]), nil
}

// token is one word of a call.
type token struct {
	text   string
	quoted bool
	rest   string // of the line, from this word on
}

// endQuotes are the quotes that a word may stand in, the typographic ones of telephones among them.
var endQuotes = map[rune]rune{'"': '"', '\'': '\'', '“': '”', '„': '“', '‘': '’'}

// tokens splits the words of a call. A quote at the beginning of a word, or after name=, holds what is up to its end together;
// one that is not closed means itself.
func tokens(words string) []token {
	var out []token
	runes := []rune(words)
	for i := 0; i < len(runes); {
		if unicode.IsSpace(runes[i]) {
			i++
			continue
		}
		t := token{rest: string(runes[i:])}
		start := i
		for i < len(runes) && !unicode.IsSpace(runes[i]) {
			end := -1
			if q := endQuotes[runes[i]]; q != 0 && (i == start || runes[i-1] == '=') {
				end = slices.Index(runes[i+1:], q)
			}
			if end >= 0 {
				t.text, t.quoted = string(runes[start:i])+string(runes[i+1:i+1+end]), i == start
				i += end + 2
				start = i
				break
			}
			i++
		}
		if i > start {
			t.text = string(runes[start:i])
		}
		out = append(out, t)
	}
	return out
}

// usage is how a command is written.
func (ps *params) usage(name string) string {
	var b strings.Builder
	b.WriteString("/" + name)
	for _, p := range ps.list {
		what := p.name
		if len(p.values) > 0 && len(p.values) <= 6 && !p.many() {
			what = strings.Join(p.values, "|")
		}
		if p.many() {
			what += "..."
		}
		switch {
		case p.kind == "bool":
			fmt.Fprintf(&b, " [--%s]", strings.ReplaceAll(p.name, "_", "-"))
		case p.required:
			fmt.Fprintf(&b, " <%s>", what)
		default:
			fmt.Fprintf(&b, " [%s]", what)
		}
	}
	return b.String()
}

// alternatives lists values that are allowed, for people.
func alternatives(values []string) string {
	const most = 10
	out := make([]string, 0, most)
	for _, v := range values[:min(len(values), most)] {
		out = append(out, code(v))
	}
	if len(values) > most {
		return strings.Join(out, ", ") + " and others"
	}
	if len(out) == 1 {
		return out[0]
	}
	return strings.Join(out[:len(out)-1], ", ") + " or " + out[len(out)-1]
}

// code writes a text that somebody chose as code of Markdown, in which it can do nothing.
func code(text string) string {
	if text = short(oneLine(text), 100); text == "" {
		return "nothing"
	}
	return asCode(text)
}
