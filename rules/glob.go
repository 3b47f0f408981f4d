package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of globs. The regular expression of a glob is no longer than a few times the glob, whatever its braces.
const (
	maxGlob      = 500 // bytes of one pattern
	maxGlobDepth = 4   // braces within braces
)

// globRegexp turns a glob into a regular expression for a whole string, without anchors:
//
//   - any characters but /
//     **     any characters, / too; a/**/b also matches a/b, a/** also a, **/b also b
//     ?      one character but /
//     {a,b}  a or b, which may be globs
//     \x     x itself
//
// All else stands for itself, brackets too: dependabot[bot] is a name.
func globRegexp(pattern string) (string, error) {
	re, _, err := translateGlob(pattern, false)
	return re, err
}

// translateGlob is globRegexp. With capture set, what each wildcard matches is a group of the regular expression: *, **, ? and
// braces, numbered from 1 in the order in which they begin. groups is how many there are.
func translateGlob(pattern string, capture bool) (re string, groups int, err error) {
	switch {
	case pattern == "":
		return "", 0, errors.New("the pattern is empty")
	case len(pattern) > maxGlob:
		return "", 0, fmt.Errorf("a pattern may have %d bytes at most", maxGlob)
	case !utf8.ValidString(pattern):
		return "", 0, errors.New("the pattern is not UTF-8")
	}
	g := glob{in: pattern, capture: capture}
	for g.at < len(g.in) {
		if err := g.next(); err != nil {
			return "", 0, err
		}
	}
	if g.depth > 0 {
		return "", 0, errors.New("{ is not closed")
	}
	return g.out.String(), g.groups, nil
}

// glob is the state of one translation.
type glob struct {
	in    string
	at    int
	depth int // of braces
	out   strings.Builder

	capture bool
	groups  int
}

// wildcard opens the group of a wildcard.
func (g *glob) wildcard() string {
	if g.groups++; g.capture {
		return "("
	}
	return "(?:"
}

// emit writes a piece of the regular expression for n bytes of the glob.
func (g *glob) emit(regexp string, n int) {
	g.out.WriteString(regexp)
	g.at += n
}

// starts tells whether a path segment begins here.
func (g *glob) starts() bool {
	return g.at == 0 || strings.ContainsRune("/{", rune(g.in[g.at-1])) || g.depth > 0 && g.in[g.at-1] == ','
}

// ends tells whether the pattern, or the alternative in braces, ends n bytes from here.
func (g *glob) ends(n int) bool {
	rest := g.in[g.at+n:]
	return rest == "" || g.depth > 0 && (rest[0] == ',' || rest[0] == '}')
}

// next translates the next piece of the glob.
func (g *glob) next() error {
	rest := g.in[g.at:]
	switch {
	case strings.HasPrefix(rest, "/**") && g.ends(3):
		g.emit(`(?:/`+g.wildcard()+`.*))?`, 3)
	case strings.HasPrefix(rest, "**/") && g.starts():
		g.emit(`(?:`+g.wildcard()+`.*)/)?`, 3)
	case strings.HasPrefix(rest, "**"):
		g.emit(g.wildcard()+`.*)`, 2)
	case rest[0] == '*':
		g.emit(g.wildcard()+`[^/]*)`, 1)
	case rest[0] == '?':
		g.emit(g.wildcard()+`[^/])`, 1)
	case rest[0] == '{':
		if g.depth++; g.depth > maxGlobDepth {
			return errors.New("too many braces within braces")
		}
		g.emit(g.wildcard(), 1)
	case rest[0] == '}':
		if g.depth--; g.depth < 0 {
			return errors.New("} closes nothing")
		}
		g.emit(`)`, 1)
	case rest[0] == ',' && g.depth > 0:
		g.emit(`|`, 1)
	case rest == `\`:
		return errors.New(`\ at the end stands for nothing`)
	default:
		if rest[0] == '\\' {
			g.at++
			rest = rest[1:]
		}
		_, n := utf8.DecodeRuneInString(rest)
		g.emit(regexp.QuoteMeta(rest[:n]), n)
	}
	return nil
}

// wholly makes one regular expression that matches a whole string when one of several does. fold ignores case.
func wholly(alternatives []string, fold bool) string {
	flags := "(?s)"
	if fold {
		flags = "(?is)"
	}
	return flags + `^(?:` + strings.Join(alternatives, "|") + `)$`
}
