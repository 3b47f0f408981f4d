package main

import (
	"encoding"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"bellhop/rules/syntax"
)

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

type helpCommand struct {
	Name     string `arg:"" optional:"" help:"What to explain: an action, matcher, event, fact (pr.files), function or key. Without it everything is listed."`
	Markdown bool   `help:"Print the whole reference of the rules as Markdown."`
}

// Run explains a name, or lists all names. It exits with 2 for a name that there is not.
func (c *helpCommand) Run(to *console) error {
	p := newPrinter(to.out)
	all := topics()
	switch {
	case c.Markdown:
		_, err := io.WriteString(to.out, reference())
		return err
	case c.Name == "":
		p.list(all)
		return nil
	}
	found := topicsNamed(all, c.Name)
	if len(found) == 0 {
		fmt.Fprintf(to.err, "bellhop: nothing is called %s. %s\n", c.Name, nearTopics(all, c.Name))
		return exitCode(exitMisuse)
	}
	for i, t := range found {
		if i > 0 {
			fmt.Fprintln(p.to)
		}
		p.topic(t)
	}
	return nil
}

// topicsNamed finds topics by name, in any case.
func topicsNamed(all []topic, name string) []topic {
	var out []topic
	for _, t := range all {
		is := func(s string) bool { return strings.EqualFold(s, name) }
		if is(t.name) || slices.ContainsFunc(t.asked, is) {
			out = append(out, t)
		}
	}
	return out
}

// nearTopics offers names that may have been meant.
func nearTopics(all []topic, name string) string {
	var names, parts []string
	for _, t := range all {
		names = append(names, t.name)
		names = append(names, t.asked...)
		if _, last, ok := strings.Cut(t.name, "."); ok && strings.EqualFold(last, name) {
			parts = append(parts, t.name)
		}
	}
	if len(parts) > 0 {
		return "Did you mean " + either(parts) + "?"
	}
	if near := syntax.Nearest(name, names); near != "" {
		return "Did you mean " + near + "?"
	}
	return "`bellhop help` lists everything."
}

// printer writes for people, in lines of at most 80 characters where words allow.
type printer struct {
	to    io.Writer
	width int
	bold  bool
}

func newPrinter(w io.Writer) *printer {
	p := &printer{to: w, width: 80}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= 40 {
		p.width = min(width, 80)
	}
	p.bold = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" // https://no-color.org
	return p
}

// title writes a line that stands out.
func (p *printer) title(text string) {
	if p.bold {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintln(p.to, text)
}

// list names all topics by group. A fact is named after its variable.
func (p *printer) list(all []topic) {
	for _, group := range groups {
		p.title(group)
		var names []string
		for _, t := range all {
			if t.group == group && !slices.Contains(names, t.name) {
				names = append(names, strings.ReplaceAll(t.name, " ", "\u00a0"))
			}
		}
		if group != groupFacts {
			p.wrap(strings.Join(names, ", "), "  ", "  ")
		} else {
			p.facts(names)
		}
		fmt.Fprintln(p.to)
	}
	p.wrap("`bellhop help NAME` tells more of one of them.", "", "")
}

// facts lists variables, each with its facts.
func (p *printer) facts(names []string) {
	for i := 0; i < len(names); {
		variable := names[i]
		var of []string
		for i++; i < len(names) && strings.HasPrefix(names[i], variable+"."); i++ {
			of = append(of, strings.TrimPrefix(names[i], variable))
		}
		p.wrap(strings.Join(append([]string{variable}, of...), "  "), "  ", "      ")
	}
}

func (p *printer) topic(t topic) {
	p.title(strings.TrimSuffix(t.group, "s") + ": " + t.heading)
	p.wrap(t.summary, "  ", "  ")
	p.table("", t.notes)
	if len(t.keys) > 0 {
		p.table("It has", t.keys)
	}
	if t.example == "" {
		return
	}
	fmt.Fprintln(p.to)
	for line := range strings.Lines(t.example) {
		fmt.Fprintln(p.to, strings.TrimRight("    "+line, "\n"))
	}
}

// table writes notes with their labels in a column.
func (p *printer) table(title string, notes []note) {
	if len(notes) == 0 {
		return
	}
	fmt.Fprintln(p.to)
	if title != "" {
		fmt.Fprintln(p.to, "  "+title)
	}
	wide := 0
	for _, n := range notes {
		wide = max(wide, min(utf8.RuneCountInString(n.label), 18))
	}
	for _, n := range notes {
		p.wrap(n.text, fmt.Sprintf("  %-*s  ", wide, n.label), strings.Repeat(" ", wide+4))
	}
}

// wrap writes a text in lines of the width; first and rest go before the first and the other lines.
func (p *printer) wrap(text, first, rest string) {
	line, used := first, 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == '\n' }) {
		if used > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > p.width {
			p.line(line)
			line, used = rest, 0
		}
		if used > 0 {
			line += " "
		}
		line += word
		used++
	}
	p.line(line)
}

// line writes a line; spaces that keep words together become plain ones.
func (p *printer) line(text string) {
	fmt.Fprintln(p.to, strings.ReplaceAll(strings.TrimRight(text, " "), "\u00a0", " "))
}
