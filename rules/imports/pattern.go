package imports

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// pattern says which texts are meant: a glob of Bellhop's, or a regular expression where no glob says it.
type pattern struct {
	glob string
	re   string
	not  bool // it is about the others
}

// expr is the pattern as an expression over the text.
func (p pattern) expr(text string) string {
	out := fmt.Sprintf("%s.matches(%s)", text, quote(p.re))
	if p.glob != "" {
		out = fmt.Sprintf("glob(%s, %s)", text, quote(p.glob))
	}
	if p.not {
		return "!" + out
	}
	return out
}

// quote writes a text as a string of an expression.
func quote(s string) string { return strconv.Quote(s) }

func quotes(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// literal is a glob that stands for one text.
func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `{`, `\{`, `}`, `\}`).Replace(s)
}

// minimatch reads a glob of minimatch, which the bots on Node.js use: https://github.com/isaacs/minimatch. What Bellhop's globs
// do not have, such as [a-z] and @(a|b), becomes a regular expression.
func minimatch(text string) (pattern, error) {
	var p pattern
	for strings.HasPrefix(text, "!") && !strings.HasPrefix(text, "!(") {
		text, p.not = text[1:], !p.not
	}
	text = strings.TrimPrefix(text, "./")
	switch {
	case text == "":
		return p, errors.New("the pattern is empty")
	case strings.HasPrefix(text, "/"):
		return p, errors.New("no path begins with /, so that this matches nothing")
	case strings.HasSuffix(text, "/"):
		return p, fmt.Errorf("no file ends in /, so that this matches nothing; all files in it are %q", text+"**")
	case strings.HasPrefix(text, "#"):
		return p, errors.New("minimatch takes this for a comment")
	case len(text) > 500:
		return p, errors.New("the pattern is longer than 500 bytes")
	}
	m := &minimatcher{in: text}
	if err := m.all(); err != nil {
		return p, err
	}
	if m.closers != "" {
		return p, fmt.Errorf("%q is not closed", m.closers[len(m.closers)-1:])
	}
	if p.re = "^(?:" + m.re.String() + ")$"; !m.onlyRE {
		p.glob = m.glob.String()
	}
	if _, err := regexp.Compile(p.re); err != nil {
		return p, fmt.Errorf("no regular expression says this: %w", err)
	}
	return p, nil
}

// minimatcher is the state of one translation, to a glob and to a regular expression at once.
type minimatcher struct {
	in       string
	at       int
	glob, re strings.Builder
	onlyRE   bool
	closers  string // of what is open
}

// put writes the next piece, of n bytes.
func (m *minimatcher) put(n int, glob, re string) {
	m.at += n
	m.glob.WriteString(glob)
	m.re.WriteString(re)
}

// range of numbers or letters in braces, which Bellhop does not have.
var bracedRange = regexp.MustCompile(`^\{[^{},]*\.\.[^{},]*\}`)

func (m *minimatcher) all() error {
	for m.at < len(m.in) {
		rest := m.in[m.at:]
		begins := m.at == 0 || m.in[m.at-1] == '/'
		top := byte(0)
		if m.closers != "" {
			top = m.closers[len(m.closers)-1]
		}
		switch {
		case strings.HasPrefix(rest, "!("):
			return errors.New("!(...) cannot be said by Bellhop's patterns; write no_files beside files")
		case len(rest) > 1 && strings.IndexByte("?*+@", rest[0]) >= 0 && rest[1] == '(':
			m.onlyRE = true
			m.closers += rest[:1]
			m.put(2, "", "(?:")
		case rest[0] == ')' && top != 0 && top != '}':
			m.closers = m.closers[:len(m.closers)-1]
			m.put(1, "", ")"+strings.Trim(string(top), "@"))
		case rest[0] == '|' && top != 0 && top != '}':
			m.put(1, "", "|")
		case strings.HasPrefix(rest, "**/") && begins:
			m.put(3, "**/", "(?:.*/)?")
		case rest == "**" && begins:
			m.put(2, "**", ".*")
		case rest[0] == '*':
			n := len(rest) - len(strings.TrimLeft(rest, "*")) // ** within a segment is *
			m.put(n, "*", "[^/]*")
		case rest[0] == '?':
			m.put(1, "?", "[^/]")
		case rest[0] == '[':
			if err := m.class(rest); err != nil {
				return err
			}
		case bracedRange.MatchString(rest):
			return fmt.Errorf("%s: ranges in braces cannot be said by Bellhop's patterns", bracedRange.FindString(rest))
		case rest[0] == '{' && strings.Contains(rest, "}"):
			m.closers += "}"
			m.put(1, "{", "(?:")
		case rest[0] == '}' && top == '}':
			m.closers = m.closers[:len(m.closers)-1]
			m.put(1, "}", ")")
		case rest[0] == ',' && top == '}':
			m.put(1, ",", "|")
		default:
			n := 1
			if rest[0] == '\\' && len(rest) > 1 {
				m.at++
				rest = rest[1:]
			}
			for n < len(rest) && rest[n]&0xC0 == 0x80 { // the rest of a character
				n++
			}
			m.put(n, literal(rest[:n]), regexp.QuoteMeta(rest[:n]))
		}
	}
	return nil
}

// class writes [a-z] or [!a-z].
func (m *minimatcher) class(rest string) error {
	end := strings.IndexByte(rest, ']')
	if end < 2 {
		m.put(1, "[", `\[`)
		return nil
	}
	inner := rest[1:end]
	if strings.HasPrefix(inner, "!") {
		inner = "^" + inner[1:]
	}
	m.onlyRE = true
	m.put(end+1, "", "["+strings.ReplaceAll(inner, "[", `\[`)+"]")
	return nil
}

// gitignore reads a pattern as .gitignore has it: without a slash it matches at any depth, and a folder stands for all in it.
// https://git-scm.com/docs/gitignore#_pattern_format
func gitignore(text string) ([]pattern, error) {
	negated := strings.HasPrefix(text, "!")
	text = strings.TrimPrefix(text, "!")
	folder := strings.HasSuffix(text, "/")
	body := strings.TrimSuffix(text, "/")
	rooted := strings.Contains(body, "/")
	body = strings.TrimPrefix(body, "/")
	if body == "" {
		return nil, errors.New("the pattern is empty")
	}
	if !rooted {
		body = "**/" + body
	}
	var out []pattern
	forms := []string{body, body + "/**"}
	switch last := body[strings.LastIndex(body, "/")+1:]; {
	case folder:
		forms = forms[1:]
	case strings.HasSuffix(body, "**"), strings.Contains(last, "."), strings.Contains(last, "*"): // no folder
		forms = forms[:1]
	}
	for _, form := range forms {
		p, err := minimatch(form)
		if err != nil {
			return nil, err
		}
		p.not = negated
		out = append(out, p)
	}
	return out, nil
}

// checkRE tells what keeps Bellhop from using a regular expression of another language.
func checkRE(re string) error {
	if _, err := regexp.Compile(re); err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) && strings.HasPrefix(bad.Expr, "(?") {
			return fmt.Errorf("%q: regular expressions of Bellhop (RE2) look neither ahead nor behind", re)
		}
		if errors.As(err, &bad) {
			return fmt.Errorf("%q: no regular expression of RE2: %s: %s", re, bad.Code, bad.Expr)
		}
		return fmt.Errorf("%q: no regular expression of RE2", re)
	}
	return nil
}

// jsPattern reads a regular expression of JavaScript between slashes, or as it is, with flags.
func jsPattern(text, flags string) (string, error) {
	if end := strings.LastIndexByte(text, '/'); end > 0 && text[0] == '/' {
		text, flags = text[1:end], text[end+1:]
	}
	text = strings.ReplaceAll(text, `\/`, "/")
	kept := ""
	for _, f := range flags {
		switch f {
		case 'i', 'm', 's':
			if !strings.ContainsRune(kept, f) {
				kept += string(f)
			}
		case 'g', 'u', 'y':
		default:
			return "", fmt.Errorf("a regular expression with the flag %q", f)
		}
	}
	if kept != "" {
		text = "(?" + kept + ")" + text
	}
	return text, checkRE(text)
}

// maxGlobs is how many globs stand for one regular expression at the most.
const maxGlobs = 6

// globsOf finds globs that match what a regular expression matches somewhere in a text. A dot stands for itself in a path
// more often than for any character, and .+ in a path is never empty: both are read so.
func globsOf(re string) ([]string, bool) {
	for _, begin := range []string{"(^|/)", "(?:^|/)", "(^|.*/)", "^(.*/)?"} { // at any depth
		if rest, ok := strings.CutPrefix(re, begin); ok {
			some, ok := globsOf("^(?:" + rest + ")")
			if strings.HasSuffix(rest, "$") {
				some, ok = globsOf("^" + rest)
			}
			for i := range some {
				some[i] = "**/" + some[i]
			}
			return some, ok
		}
	}
	parsed, err := syntax.Parse(re, syntax.Perl)
	if err != nil || len(re) > 300 {
		return nil, false
	}
	var parts []*syntax.Regexp
	var flatten func(r *syntax.Regexp)
	flatten = func(r *syntax.Regexp) {
		switch r.Op {
		case syntax.OpConcat:
			for _, s := range r.Sub {
				flatten(s)
			}
		case syntax.OpCapture:
			flatten(r.Sub[0])
		case syntax.OpEmptyMatch:
		default:
			parts = append(parts, r)
		}
	}
	flatten(parsed)
	out := []string{"**"}
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		out, parts = []string{""}, parts[1:]
	}
	end := []string{"**"}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		end, parts = []string{""}, parts[:n-1]
	}
	for _, p := range parts {
		some, ok := globPart(p)
		if !ok {
			return nil, false
		}
		if out, ok = joined(out, some); !ok {
			return nil, false
		}
	}
	if out, _ = joined(out, end); len(out) == 0 {
		return nil, false
	}
	for i, g := range out {
		for strings.Contains(g, "****") {
			g = strings.ReplaceAll(g, "****", "**")
		}
		if i := strings.LastIndex(g, "/**"); i >= 0 && len(g) > i+3 && !strings.ContainsAny(g[i+3:], "*/") {
			g = g[:i] + "/**/*" + g[i+3:]
		}
		if rest, ok := strings.CutPrefix(g, "**"); ok && rest != "" && !strings.HasPrefix(rest, "/") && !strings.Contains(rest, "/") && !strings.Contains(rest, "**") {
			g = "**/*" + rest
		}
		if g == "" {
			return nil, false
		}
		out[i] = g
	}
	slices.Sort(out)
	return slices.Compact(out), true
}

// joined puts each of a before each of b.
func joined(a, b []string) ([]string, bool) {
	var out []string
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return out, len(out) <= maxGlobs
}

// globPart translates one piece of a regular expression.
func globPart(r *syntax.Regexp) ([]string, bool) {
	if r.Flags&syntax.FoldCase != 0 && r.Op == syntax.OpLiteral {
		return nil, false
	}
	switch r.Op {
	case syntax.OpLiteral:
		return []string{literal(string(r.Rune))}, true
	case syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return []string{"."}, true
	case syntax.OpStar, syntax.OpPlus:
		switch sub := r.Sub[0]; sub.Op {
		case syntax.OpAnyCharNotNL, syntax.OpAnyChar:
			return []string{"**"}, true
		case syntax.OpCharClass:
			if notSlash(sub.Rune) && r.Op == syntax.OpStar {
				return []string{"*"}, true
			}
			if notSlash(sub.Rune) {
				return []string{"?*"}, true
			}
		}
	case syntax.OpQuest:
		some, ok := globPart(r.Sub[0])
		return append(some, ""), ok
	case syntax.OpCapture:
		return globPart(r.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, s := range r.Sub {
			some, ok := globPart(s)
			if !ok {
				return nil, false
			}
			out = append(out, some...)
		}
		return out, len(out) <= maxGlobs
	case syntax.OpConcat:
		out := []string{""}
		for _, s := range r.Sub {
			some, ok := globPart(s)
			if !ok {
				return nil, false
			}
			if out, ok = joined(out, some); !ok {
				return nil, false
			}
		}
		return out, true
	case syntax.OpCharClass:
		var out []string
		for i := 0; i+1 < len(r.Rune); i += 2 {
			for c := r.Rune[i]; c <= r.Rune[i+1]; c++ {
				if out = append(out, literal(string(c))); len(out) > maxGlobs {
					return nil, false
				}
			}
		}
		return out, len(out) > 0
	}
	return nil, false
}

// notSlash tells whether a class is [^/].
func notSlash(ranges []rune) bool {
	return len(ranges) == 4 && ranges[0] == 0 && ranges[1] == '/'-1 && ranges[2] == '/'+1
}
