// Package syntax reads TOML with the place of every key and value, decodes it strictly into structs, and reports mistakes
// as diagnostics that point into the file.
//
// Three steps lead from a file to a struct:
//
//	file, problems := syntax.Parse("bot.toml", src)      // a tree of nodes; problems: the syntax
//	var s Settings
//	problems = append(problems, file.Decode(file.Root, "", &s, "rule")...) // problems: keys and types; [[rule]] is left alone
//	problems = append(problems, file.Problem(file.Root.At("server.listen").Span, "no such port", "Take one below 65536."))
//	syntax.Sort(problems)
//
// Nothing stops at the first mistake. A file that TOML itself refuses has a nil Root, which all functions bear.
package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Diagnostic is one finding in a file.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`              // from 1
	Col     int    `json:"col"`               // from 1, in characters
	EndCol  int    `json:"end_col"`           // the column after the last character, on the same line; at least Col+1
	Rule    string `json:"rule,omitempty"`    // name of the rule that it is in
	Message string `json:"message"`           // what is wrong
	Mend    string `json:"mend,omitempty"`    // how to mend it
	Warning bool   `json:"warning,omitempty"` // it is no mistake: the file is in force all the same
	Source  string `json:"-"`                 // the line of the file
}

// String is the diagnostic as people read it: the place, the message, the line with the place underlined, and how to mend it.
// It has several lines and no line break at its end. Control characters of the file are not in it.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", d.File, d.Line, d.Col)
	if d.Warning {
		b.WriteString("warning: ")
	}
	if d.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", d.Rule)
	}
	b.WriteString(d.Message)
	number := strconv.Itoa(d.Line)
	margin := strings.Repeat(" ", len(number)+1)
	if source, from, to := d.window(); strings.TrimSpace(source) != "" {
		fmt.Fprintf(&b, "\n%s|\n%s | %s\n%s| %s%s", margin, number, source, margin, indent(source, from), strings.Repeat("^", max(to-from, 1)))
	}
	if d.Mend != "" {
		fmt.Fprintf(&b, "\n%s%s", margin, d.Mend)
	}
	return b.String()
}

// Error is the place and the message on one line. It makes a diagnostic an error.
func (d Diagnostic) Error() string {
	text, _, _ := strings.Cut(Diagnostic{File: d.File, Line: d.Line, Col: d.Col, Rule: d.Rule, Message: d.Message}.String(), "\n")
	return text
}

// widest is how many characters of a source line are shown.
const widest = 120

// window returns the part of the source line to show and where the finding stands in it, in characters.
func (d Diagnostic) window() (source string, from, to int) {
	line := []rune(d.Source)
	for i, r := range line {
		if r != '\t' && !unicode.IsPrint(r) {
			line[i] = utf8.RuneError
		}
	}
	from = min(max(d.Col-1, 0), len(line))
	to = min(max(d.EndCol-1, from), len(line))
	if len(line) <= widest {
		return string(line), from, to
	}
	start := max(0, min(from-widest/3, len(line)-widest))
	end := start + widest
	cut := slices.Clone(line[start:end])
	if start > 0 {
		cut[0] = '…'
	}
	if end < len(line) {
		cut[len(cut)-1] = '…'
	}
	return string(cut), from - start, min(to, end) - start
}

// indent is white space as wide as the first n characters of source.
func indent(source string, n int) string {
	var b strings.Builder
	for i, r := range []rune(source) {
		if i >= n {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Sort puts diagnostics in the order of their places and drops repeated ones.
func Sort(ds []Diagnostic) []Diagnostic {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(ds)
}
