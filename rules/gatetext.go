package rules

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/traits"
)

// What a gate says to people: a title of one line, and condition by condition what holds, what is missing, and what would
// change that.

// marks stand before what a result is about, for the eye; the words beside them say the same.
var marks = map[GateResult]string{GatePass: "✅", GateFail: "❌", GateWait: "⏳", GateError: "⚠️", GateOutside: "➖"}

var ofOutcome = map[Outcome]struct{ mark, word string }{
	True: {marks[GatePass], "holds"}, False: {marks[GateFail], "is missing"},
	Waiting: {marks[GateWait], "waits"}, Error: {marks[GateError], "cannot be decided"},
}

// title is the state of a gate in one line.
func (o *outcome) title() string {
	switch g := o.gate; g.result {
	case GatePass:
		if len(g.demands) == 0 {
			return "Passed before it was queued"
		}
		return "Holds: " + several(len(g.demands), "condition")
	case GateFail:
		lacks := slices.DeleteFunc(slices.Clone(g.demands), func(d demand) bool { return d.outcome != False })
		text := lacks[0].term.Text
		if lacks[0].ways != nil {
			text = fmt.Sprintf("one of %d ways", len(lacks[0].ways))
		}
		if more := len(lacks) - 1; more > 0 {
			return fmt.Sprintf("Missing: %s and %d more", text, more)
		}
		return "Missing: " + text
	case GateWait:
		return "Waits: " + oneLine(g.why)
	case GateError:
		return "Cannot be decided: " + oneLine(g.why)
	}
	return "Does not apply"
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// summary is the whole account, in Markdown.
func (o *outcome) summary() string {
	var b strings.Builder
	g := o.gate
	if o.rule.why != "" {
		fmt.Fprintf(&b, "%s\n\n", inert(o.rule.why))
	}
	switch {
	case g.result == GateOutside:
		b.WriteString("This gate is not about this pull request, and does not stand in its way:\n\n")
		for _, t := range g.scope {
			if t.Outcome != True {
				writeTerm(&b, "", " does not hold", t)
			}
		}
		return strings.TrimSpace(b.String())
	case len(g.demands) > 0:
		writeDemands(&b, "", g.demands)
	case g.result == GatePass:
		b.WriteString("GitHub queues only what has passed every required check, this one among them.\n")
	default:
		b.WriteString("Whether this gate is about this pull request has no answer yet:\n\n")
		for _, t := range g.scope {
			writeTerm(&b, ofOutcome[t.Outcome].mark+" ", " "+ofOutcome[t.Outcome].word, t)
		}
	}
	if g.result != GatePass {
		writeMend(&b, g.demands)
	}
	return strings.TrimSpace(b.String())
}

// asCode shows a text as code. In code nothing is Markdown but the backquote.
func asCode(text string) string { return "`" + strings.ReplaceAll(oneLine(text), "`", "ˋ") + "`" }

func writeTerm(b *strings.Builder, mark, word string, t Term) {
	fmt.Fprintf(b, "- %s%s%s", mark, asCode(t.Text), word)
	if t.Why != "" {
		fmt.Fprintf(b, ": %s", inert(t.Why))
	} else if t.Seen != "" {
		fmt.Fprintf(b, "; seen: %s", asCode(t.Seen))
	}
	b.WriteString("\n")
}

func writeDemands(b *strings.Builder, indent string, demands []demand) {
	for _, d := range demands {
		how := ofOutcome[d.outcome]
		if d.ways == nil {
			b.WriteString(indent)
			writeTerm(b, how.mark+" ", " "+how.word, d.term)
			continue
		}
		fmt.Fprintf(b, "%s- %s one of these %d ways %s\n", indent, how.mark, len(d.ways), how.word)
		for i, way := range d.ways {
			fmt.Fprintf(b, "%s  - way %d\n", indent, i+1)
			writeDemands(b, indent+"    ", way)
		}
	}
}

// writeMend tells what would make a gate pass: the facts that the lines read which do not hold, and when they are read again.
func writeMend(b *strings.Builder, demands []demand) {
	var facts []string
	var walk func(list []demand)
	walk = func(list []demand) {
		for _, d := range list {
			if d.outcome == True {
				continue
			}
			for _, path := range d.reads {
				if !slices.Contains(facts, path) {
					facts = append(facts, path)
				}
			}
			for _, way := range d.ways {
				walk(way)
			}
		}
	}
	walk(demands)
	lines := 0
	for _, path := range facts {
		f := schema().fact(path)
		if f == nil {
			continue
		}
		if lines++; lines == 1 {
			b.WriteString("\nWhat would change it:\n\n")
		}
		name := path
		if f.rec == "subject" {
			name = "pr." + f.name
		}
		fmt.Fprintf(b, "- %s: %s", asCode(name), inert(f.doc))
		if bells := pullBells(f); len(bells) > 0 {
			fmt.Fprintf(b, " Read again on %s.", strings.Join(bells, ", "))
		}
		b.WriteString("\n")
	}
}

// pullBells are the deliveries on which a fact of a pull request is read again.
func pullBells(f *fact) []string {
	var out []string
	for _, by := range f.by {
		event, _, _ := strings.Cut(by, ".")
		if slices.Contains(subjectsOf(event), "pull_request") {
			out = append(out, asCode(by))
		}
	}
	return out
}

// digest is what makes the account of a gate another one. What is seen of a fact that changes with time alone does not.
func (o *outcome) digest() string {
	var b strings.Builder
	term := func(t Term, reads []string) {
		seen := t.Seen
		if slices.ContainsFunc(reads, passing) {
			seen = ""
		}
		fmt.Fprintf(&b, "%s\x00%s\x00%s\x00%s\x00", t.Text, t.Outcome, t.Why, seen)
	}
	b.WriteString(string(o.gate.result) + "\x00" + o.rule.why + "\x00")
	if len(o.gate.demands) == 0 {
		for _, t := range o.gate.scope {
			term(t, o.rule.reads)
		}
	}
	var walk func(list []demand)
	walk = func(list []demand) {
		for _, d := range list {
			term(d.term, d.reads)
			for _, way := range d.ways {
				b.WriteString("or\x00")
				walk(way)
			}
		}
	}
	walk(o.gate.demands)
	return b.String()
}

// seenInGate shows what an expression reads: short facts, and of lists of records what each is called. Checks are left out: each
// that begins or ends would make the account another one.
func seenInGate(x *expression) func(*activation) string {
	plain := seenFacts(x)
	return func(a *activation) string {
		var out []string
		if text := plain(a); text != "" {
			out = append(out, text)
		}
		for _, path := range x.reads {
			f := schema().fact(path)
			o, ok := a.values[strings.Split(path, ".")[0]].(*object)
			if f == nil || f.items == nil || path == "subject.checks" || !ok {
				continue
			}
			if v, err := o.get(f); err == nil && !types.IsUnknown(v) {
				out = append(out, fmt.Sprintf("pr.%s = %s", f.name, showRecords(v.(traits.Lister))))
			}
		}
		return strings.Join(out, ", ")
	}
}

// showRecords names the records of a list, the first few of them.
func showRecords(list traits.Lister) string {
	n, _ := list.Size().(types.Int)
	var items []string
	for i := types.Int(0); i < min(n, maxShownItems); i++ {
		if o, ok := list.Get(i).(*object); ok {
			items = append(items, o.called())
		}
	}
	if n > maxShownItems {
		items = append(items, fmt.Sprintf("and %d more", n-maxShownItems))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// called is what a record is called in a word or three: its short texts, such as a reviewer, what they said, and of which commit.
func (o *object) called() string {
	var out []string
	for _, f := range o.rec.facts {
		if f.name == "body" || f.name == "message" || f.name == "association" {
			continue
		}
		v, _ := o.get(f)
		s, ok := v.(types.String)
		switch {
		case !ok || s == "":
		case f.name == "sha":
			out = append(out, "at "+string(s[:min(7, len(s))]))
		default:
			out = append(out, short(string(s), 60))
		}
	}
	return strings.Join(out, " ")
}
