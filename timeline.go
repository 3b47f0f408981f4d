package main

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/term"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/bot/store"
	"bellhop/rules"
)

// palette colours text for a terminal, or leaves it as it is.
type palette bool

// coloured tells whether w is a terminal that may be written to in colour. https://no-color.org
func coloured(w io.Writer) palette {
	f, ok := w.(*os.File)
	return palette(ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (p palette) paint(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p palette) bold(s string) string   { return p.paint("1", s) }
func (p palette) dim(s string) string    { return p.paint("2", s) }
func (p palette) red(s string) string    { return p.paint("31", s) }
func (p palette) green(s string) string  { return p.paint("32", s) }
func (p palette) yellow(s string) string { return p.paint("33", s) }
func (p palette) blue(s string) string   { return p.paint("36", s) }

// timeline tells people what the bot did.
type timeline struct {
	palette
	w   io.Writer
	bot string // login of the bot
}

func (t *timeline) line(indent int, format string, args ...any) {
	fmt.Fprintf(t.w, "%s%s\n", strings.Repeat(" ", indent), fmt.Sprintf(format, args...))
}

// deed tells what a person does.
func (t *timeline) deed(who, does string) {
	t.line(0, "\n%s %s %s", t.blue("●"), t.bold(who), does)
}

// visits tells what the bot made of the deliveries that a deed caused, in the order in which they came. What nothing followed
// from is told together at the end.
func (t *timeline) visits(visited []bot.Visited) {
	slices.SortStableFunc(visited, func(a, b bot.Visited) int { return int(a.Delivery.ID - b.Delivery.ID) })
	own := 0
	var quiet []string
	for _, v := range visited {
		switch {
		case eventful(v):
			t.visit(v)
		case v.Delivery.Sender == t.bot:
			own++
		case !slices.Contains(quiet, event(v.Delivery)):
			quiet = append(quiet, event(v.Delivery))
		}
	}
	if len(quiet) > 0 {
		t.line(2, "%s", t.dim("⚑ "+strings.Join(quiet, ", ")+": nothing to do"))
	}
	if own > 0 {
		t.line(2, "%s", t.dim("⚑ "+deliveries(own)+" about its own deeds: nothing to do"))
	}
}

// eventful tells whether there is something to say about a visit.
func eventful(v bot.Visited) bool {
	return v.Reason != "" || v.State != store.Done || len(v.Steps) > 0 || slices.ContainsFunc(v.Decisions, func(d rules.Decision) bool {
		return d.Outcome == rules.Waiting || d.Outcome == rules.Error
	})
}

func event(d *store.Delivery) string {
	if d.Activity == "" {
		return d.Event
	}
	return d.Event + "." + d.Activity
}

func deliveries(n int) string {
	if n == 1 {
		return "1 delivery"
	}
	return fmt.Sprint(n, " deliveries")
}

// visit tells of one visit: the rules that held, wait or were undone with their reasons, the names of the others, the actions.
func (t *timeline) visit(v bot.Visited) {
	t.line(2, "%s %s", t.yellow("⚑ "+event(v.Delivery)), t.dim("about "+about(v)))
	var others []string
	for _, d := range v.Decisions {
		acts := slices.ContainsFunc(v.Steps, func(s store.Step) bool { return s.Step.Rule == d.Rule })
		if !acts && (d.Outcome == rules.True || d.Outcome == rules.False) {
			others = append(others, d.Rule)
			continue
		}
		t.decision(d)
		for _, s := range v.Steps {
			if s.Step.Rule == d.Rule {
				t.step(s)
			}
		}
	}
	if len(others) > 0 {
		t.line(4, "%s", t.dim("nothing to do: "+strings.Join(others, ", ")))
	}
	if v.Reason != "" {
		t.line(4, "%s", t.red(string(v.State)+": "+v.Reason))
	}
}

// about is the subject of a visit for people: acme/app#7, acme/app main, acme/app 1234567.
func about(v bot.Visited) string {
	key := strings.TrimLeft(v.Subject, "0123456789")
	switch {
	case v.Delivery.Repository == "":
		return v.Subject
	case strings.HasPrefix(key, "!") && len(key) > 8:
		return v.Delivery.Repository + " " + key[1:8]
	case strings.HasPrefix(key, "@"):
		return v.Delivery.Repository + " " + strings.TrimPrefix(strings.TrimPrefix(key[1:], "refs/heads/"), "refs/tags/")
	}
	return v.Delivery.Repository + key
}

// decision tells whether a rule held and why: all its terms when it does, the one that decided when it does not.
func (t *timeline) decision(d rules.Decision) {
	terms, paint := d.Terms, t.dim
	switch d.Outcome {
	case rules.True:
		t.line(4, "%s %s", t.green("✓"), t.bold(d.Rule))
	case rules.Error:
		paint = t.red
		t.line(4, "%s", t.red("! "+d.Rule))
	case rules.Waiting:
		t.line(4, "%s", t.yellow("… "+d.Rule+" waits"))
	default:
		t.line(4, "%s %s", t.yellow("✗"), d.Rule+" does not hold")
	}
	if d.Outcome != rules.True {
		terms = slices.DeleteFunc(slices.Clone(terms), func(term rules.Term) bool { return term.Outcome != d.Outcome })
	}
	for _, term := range terms {
		t.line(8, "%s", paint(seen(term)))
	}
}

// seen is a term with what it was held against.
func seen(term rules.Term) string {
	text := oneLine(term.Text, 70)
	if term.Seen != "" {
		text += "   seen: " + oneLine(term.Seen, 60)
	}
	if term.Why != "" {
		text += "   " + oneLine(term.Why, 80)
	}
	return text
}

// step tells one action and what became of it.
func (t *timeline) step(s store.Step) {
	text := describe(s.Step)
	switch s.State {
	case store.Done:
		t.line(6, "%s %s", t.green("→"), t.bold(text))
	case store.Skipped:
		t.line(6, "%s", t.dim("→ "+text+" (not needed: "+s.Reason+")"))
	default:
		t.line(6, "%s", t.red("→ "+text+" ("+string(s.State)+": "+s.Reason+")"))
	}
}

// describe is an action as a rule would write it, on one line: label docs.
func describe(s rules.Step) string {
	text := s.Kind
	if s.Undo {
		text = "undo: " + text
	}
	action, err := rules.Decode(actions.All, s.Kind, s.Args)
	if err != nil {
		return text
	}
	v := reflect.Indirect(reflect.ValueOf(action))
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("toml")
		if key == "" || v.Field(i).IsZero() {
			continue
		}
		if field.Tag.Get("short") == "true" {
			text += " " + value(v.Field(i))
		} else {
			text += ", " + key + " " + value(v.Field(i))
		}
	}
	return text
}

func value(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return oneLine(strings.Join(list, ", "), 60)
	}
	return oneLine(fmt.Sprint(v.Interface()), 60)
}

// oneLine is the first line of a text, n characters at the most, without anything that moves the cursor.
func oneLine(s string, n int) string {
	s, _, more := strings.Cut(strings.TrimSpace(s), "\n")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > n {
		s, more = string(r[:n-1]), true
	}
	if more {
		s += "…"
	}
	return s
}
