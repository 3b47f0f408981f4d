package rules

import (
	"fmt"
	"regexp"
	resyntax "regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// A capture is what a wildcard of a matcher in `when` matched, as templates and `if` of the same rule may say it: with
// when.label = "backport *" it is label.1, and label.0 is the whole label. Where the matcher looks at many (labels, assignees,
// files) it is the list of what was captured of each that matches, without repetition. A capture becomes a call of captured()
// on the fact that the matcher is held against, so that it is typed, looked up and explained as any other fact.

// capturing names the captures of matchers: the key of the matcher → the name that its captures begin with.
var capturing = map[string]string{
	"author": "author", "sender": "sender", "commenter": "commenter", "assignee": "assignee", "milestone": "milestone",
	"label": "label", "base": "base", "head": "head", "branch": "branch", "tag": "tag", "files": "files",
	"check": "check", "workflow": "workflow", "environment": "environment",
	"title_matches": "title", "body_matches": "body", "comment_matches": "comment",
}

// captures are what the matchers of one rule capture, by name.
type captures map[string]*capture

// capture is the patterns of one matcher, in the order of the file.
type capture struct {
	key   string // of the matcher
	over  string // what it is held against
	list  bool
	words string // what its patterns capture by
	res   []string
	names [][]string // of the groups of each pattern, by number; "" for those without
}

// note keeps the patterns of a matcher that compiled.
func (cs captures) note(m *matcher, cl *clause) {
	name, ok := capturing[m.key]
	if !ok {
		return
	}
	c := cs[name]
	if c == nil {
		c = &capture{key: m.key, over: cl.over, words: "wildcard"}
		switch m.key {
		case "files":
			c.list, c.over = true, cl.over+".map(x, x.path)"
		case "label", "assignee":
			c.list = true
		case "title_matches", "body_matches", "comment_matches":
			c.words = "group"
		}
		cs[name] = c
	}
	path := slices.Contains([]string{"base", "head", "branch", "tag", "files"}, m.key)
	for _, t := range cl.texts() {
		if c.words == "group" {
			c.regexp(t.text)
			continue
		}
		if re, groups, err := translateGlob(t.text, true); err == nil {
			c.res = append(c.res, wholly([]string{re}, !path))
			c.names = append(c.names, make([]string, groups+1))
		}
	}
}

// regexp adds a regular expression, without the names of its groups: two patterns may use the same.
func (c *capture) regexp(text string) {
	parsed, err := resyntax.Parse(text, resyntax.Perl)
	if err != nil {
		return
	}
	names := parsed.CapNames()
	unname(parsed)
	c.res = append(c.res, parsed.String())
	c.names = append(c.names, names)
}

func unname(re *resyntax.Regexp) {
	re.Name = ""
	for _, sub := range re.Sub {
		unname(sub)
	}
}

// groups finds the groups that a part, a number or a name, stands for, in the regular expression of all patterns.
func (c *capture) groups(part string) (groups []int, most int) {
	number, err := strconv.Atoi(part)
	first := 1 // the first group of a pattern
	for _, names := range c.names {
		most = max(most, len(names)-1)
		if i := slices.Index(names, part); err != nil && i > 0 {
			groups = append(groups, first+i-1)
		} else if err == nil && number > 0 && number < len(names) {
			groups = append(groups, first+number-1)
		}
		first += len(names) - 1
	}
	if err == nil && number == 0 {
		groups = []int{0}
	}
	return groups, most
}

// call is the expression of a capture.
func (c *capture) call(groups []int) string {
	numbers := make([]string, len(groups))
	for i, g := range groups {
		numbers[i] = strconv.Itoa(g)
	}
	alternatives := make([]string, len(c.res))
	for i, re := range c.res {
		alternatives[i] = "(?:" + re + ")"
	}
	return fmt.Sprintf("captured(%s, %s, [%s])", c.over, quote(strings.Join(alternatives, "|")), strings.Join(numbers, ", "))
}

// uttered is a capture as it stands in an expression.
type uttered struct {
	from, to   int
	name, part string
}

var saidCapture = regexp.MustCompile(`^([a-z_]+)\.([A-Za-z_][A-Za-z_0-9]*|[0-9]+)`)

// find lists the captures in an expression. Numbers are captures of any matcher there is; names only where a pattern of this
// rule has the group, else they are facts.
func (cs captures) find(text string) []uttered {
	var out []uttered
	for i := 0; i < len(text); {
		m := saidCapture.FindStringSubmatch(text[i:])
		n := tokenLength(text[i:])
		switch {
		case strings.HasPrefix(text[i:], "//"):
			n = strings.IndexByte(text[i:]+"\n", '\n')
		case m == nil || i > 0 && text[i-1] == '.':
		case !isCaptureName(m[1]):
		case m[2][0] >= '0' && m[2][0] <= '9', cs.has(m[1], m[2]) && !strings.HasPrefix(text[i+len(m[0]):], "("):
			out = append(out, uttered{i, i + len(m[0]), m[1], m[2]})
			n = len(m[0])
		}
		i += max(n, 1)
	}
	return out
}

func isCaptureName(name string) bool {
	for _, known := range capturing {
		if known == name {
			return true
		}
	}
	return false
}

// has tells whether a pattern has a group with a name.
func (cs captures) has(name, part string) bool {
	c := cs[name]
	return c != nil && slices.ContainsFunc(c.names, func(names []string) bool { return slices.Contains(names[1:], part) })
}

// compile is compileWritten for an expression in which the captures of its rule may stand.
func (cs captures) compile(text string, want *types.Type, in *params) (*expression, []flaw) {
	list := cs.find(text)
	if len(list) == 0 {
		return compileWritten(text, want, in)
	}
	// First it is checked with a variable of the same type and length in place of each capture, so that flaws point at what
	// was written.
	plain, real := []byte(text), ""
	var flaws []flaw
	at := 0
	for _, s := range list {
		c := cs[s.name]
		groups, f := c.resolve(s)
		if f.message != "" {
			flaws = append(flaws, f)
			continue
		}
		stand := "bot"
		if c.list {
			stand = "[bot]"
		}
		copy(plain[s.from:s.to], fmt.Sprintf("%-*s", s.to-s.from, stand))
		real += text[at:s.from] + c.call(groups)
		at = s.to
	}
	if len(flaws) > 0 {
		return nil, flaws
	}
	if _, flaws = compileWritten(string(plain), want, in); len(flaws) > 0 {
		return nil, flaws
	}
	x, flaws := compile(real+text[at:], want, in)
	if len(flaws) > 0 {
		return nil, []flaw{{0, len(text), flaws[0].message, flaws[0].mend}}
	}
	return x, nil
}

// resolve finds the groups of a capture. The receiver is nil where the rule has no such matcher.
func (c *capture) resolve(s uttered) ([]int, flaw) {
	written := s.name + "." + s.part
	if c == nil {
		key := s.name
		for k, name := range capturing {
			if name == s.name {
				key = k
			}
		}
		return nil, flaw{s.from, s.to, fmt.Sprintf("%s is what when.%s captured, and the rule has no when.%s", written, key, key), ""}
	}
	groups, most := c.groups(s.part)
	if len(groups) > 0 {
		return groups, flaw{}
	}
	mend := fmt.Sprintf("%s.0 is all that matched.", s.name)
	if most > 0 {
		mend = fmt.Sprintf("The last is %s.%d.", s.name, most)
	}
	return nil, flaw{s.from, s.to, fmt.Sprintf("there is no %s: when.%s has %s", written, c.key, countWords(most, c.words)), mend}
}

// countWords is a number with its noun.
func countWords(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// compile compiles an expression of the rule at hand.
func (c *compiler) compile(text string, want *types.Type) (*expression, []flaw) {
	return c.captures.compile(text, want, c.params)
}

// template compiles a text of the rule at hand.
func (c *compiler) template(text string) (*template, []flaw) {
	return parseTemplateWith(text, c.compile)
}

// maxCaptured is how many different texts a capture of a list holds.
const maxCaptured = 100

// captureWith is what captured() does with a pattern that was compiled: of a text a text, of a list of texts a list.
func captureWith(p *pattern) func(args ...ref.Val) ref.Val {
	return func(args ...ref.Val) ref.Val {
		if len(args) != 3 {
			return types.NoSuchOverloadErr()
		}
		groups := numbers(args[2])
		if s, ok := args[0].(types.String); ok {
			if 2*p.steps(string(s)) > maxSteps {
				return types.WrapErr(errLong)
			}
			got, _ := p.capture(string(s), groups)
			return types.String(got)
		}
		list, err := texts(args[0])
		if err != nil {
			return types.WrapErr(err)
		}
		out := []string{}
		seen := map[string]bool{}
		steps := 0
		for _, s := range list {
			if steps += 2 * p.steps(s); steps > maxSteps { // to find groups takes longer
				return types.WrapErr(errLong)
			}
			got, ok := p.capture(s, groups)
			if ok && !seen[got] && len(out) < maxCaptured {
				seen[got] = true
				out = append(out, got)
			}
		}
		return types.NewStringList(types.DefaultTypeAdapter, out)
	}
}

// capture is what the first of the groups that took part matched in a text; not ok where the pattern does not match.
func (p *pattern) capture(s string, groups []int) (got string, ok bool) {
	m := p.re.FindStringSubmatchIndex(s)
	if m == nil {
		return "", false
	}
	for _, g := range groups {
		if g >= 0 && 2*g+1 < len(m) && m[2*g] >= 0 {
			return s[m[2*g]:m[2*g+1]], true
		}
	}
	return "", true
}

// numbers is a list of whole numbers.
func numbers(v ref.Val) []int {
	list, ok := v.(traits.Lister)
	if !ok {
		return nil
	}
	var out []int
	for it := list.Iterator(); it.HasNext() == types.True; {
		n, _ := it.Next().(types.Int)
		out = append(out, int(n))
	}
	return out
}

// prepareCapture makes the calls of an overload of captured compile their pattern once.
func prepareCapture(overload string) *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{Function: "captured", OverloadID: overload, RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, text string) (interpreter.InterpretableCall, error) {
			p, err := compilePattern(text)
			if err != nil {
				return nil, err
			}
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), captureWith(p)), nil
		}}
}

// capturedText is what captured does where its pattern was not prepared: nowhere, since patterns must be written out.
func capturedText(args ...ref.Val) ref.Val {
	p, err := compilePattern(text(args[1]))
	if err != nil {
		return types.WrapErr(err)
	}
	return captureWith(p)(args...)
}
