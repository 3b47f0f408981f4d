package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"bellhop/bot/actions"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// topic is one thing that a rule may name, as `bellhop help NAME` tells it. Topics are made from the tables that the compiler
// itself reads: rules.Tables, Triggers, Matchers, Schema, Functions, Operators, and actions.All.
type topic struct {
	group   string   // such as "Actions"
	name    string   // as it is listed
	asked   []string // further names that it is asked by
	heading string   // "then.label"
	summary string
	notes   []note // what else there is to know
	keys    []note // of a table
	example string // a rule file, or a line of one
}

// note is a line with a label.
type note struct{ label, text string }

// The groups of topics, in the order of the listing.
const (
	groupKeys      = "Keys"
	groupEvents    = "Events"
	groupMatchers  = "Matchers"
	groupFacts     = "Facts"
	groupFunctions = "Functions"
	groupActions   = "Actions"
)

var groups = []string{groupKeys, groupEvents, groupMatchers, groupFacts, groupFunctions, groupActions}

// topics lists everything.
func topics() []topic {
	return slices.Concat(keyTopics(), eventTopics(), matcherTopics(), factTopics(), functionTopics(), actionTopics())
}

func keyTopics() []topic {
	var out []topic
	for _, table := range rules.Tables() {
		t := topic{group: groupKeys, name: table.Name, heading: tableHeading(table), summary: table.Doc, example: table.Example}
		for _, f := range syntax.Fields(table.Type) {
			t.keys = append(t.keys, keyNotes(f, "")...)
			k := topic{group: groupKeys, name: f.Key, asked: []string{table.Name + "." + f.Key}, heading: f.Key + ", a key of " + tableHeading(table), summary: f.Doc, example: f.Example}
			k.notes = []note{{"Value", valueText(f)}}
			out = append(out, k)
		}
		out = append(out, t)
	}
	return out
}

func tableHeading(t rules.Table) string {
	switch {
	case t.IsKey():
		return t.Name + " = [...]"
	case t.List:
		return "[[" + t.Name + "]]"
	}
	return "[" + t.Name + "]"
}

func eventTopics() []topic {
	var out []topic
	for _, e := range rules.Triggers() {
		t := topic{group: groupEvents, name: e.Event, heading: fmt.Sprintf("on = %q", e.Event), summary: e.Doc, example: e.Example}
		activities := append(slices.Clone(e.Activities), e.Aliases...)
		for _, a := range activities {
			t.asked = append(t.asked, e.Event+"."+a)
		}
		t.notes = append(t.notes, note{"Activities", activitiesText(e)}, note{"About", kindsText(e.Subjects)})
		if len(e.Variables) > 0 {
			t.notes = append(t.notes, note{"Brings", strings.Join(e.Variables, ", ")})
		}
		t.notes = append(t.notes, note{"Named alone", momentText(e)})
		if t.example == "" {
			t.example = eventExample(e)
		}
		out = append(out, t)
	}
	return out
}

// activitiesText lists what may follow the event's name and a dot.
func activitiesText(e rules.Trigger) string {
	switch {
	case len(e.Activities) == 0:
		return "none"
	case slices.Contains(e.Activities, "*"):
		return "whatever its sender chose"
	}
	return strings.Join(append(slices.Clone(e.Activities), e.Aliases...), ", ")
}

func momentText(e rules.Trigger) string {
	if e.State {
		return "it is about a state: a rule fires when it begins to hold"
	}
	return "each delivery is a moment at which a rule may fire"
}

// eventExample is a rule for an event that has no example of its own.
func eventExample(e rules.Trigger) string {
	on := e.Event
	if len(e.Activities) > 0 {
		on += "." + e.Activities[0]
	}
	return fmt.Sprintf("[[rule]]\nname = \"Pass it on\"\non = %q\nthen.dispatch = { event = \"heard\", payload = { activity = \"{{ delivery.activity }}\" } }\n", on)
}

func matcherTopics() []topic {
	var out []topic
	for _, m := range rules.Matchers() {
		t := topic{group: groupMatchers, name: m.Key, asked: []string{"when." + m.Key, "unless." + m.Key}, heading: "when." + m.Key, summary: m.Doc, example: m.Example}
		t.notes = []note{{"Value", m.Values}, {"Such as", strings.Join(m.Form.Examples, " or ")}, {"Reads", strings.Join(m.Reads, ", ")}}
		if m.Form.Listed {
			t.notes = slices.Delete(t.notes, 1, 2)
		}
		if kinds := kindsReading(m.Reads); kinds != "" {
			t.notes = append(t.notes, note{"On", kinds})
		}
		out = append(out, t)
	}
	return out
}

// kindsReading tells which kinds of subject have the facts, "" when they are of no subject.
func kindsReading(reads []string) string {
	facts := factsByPath()
	var kinds []string
	for _, path := range reads {
		f, ok := facts[path]
		if !strings.HasPrefix(path, "subject.") || !ok {
			continue
		}
		of := f.Of
		if len(of) == 0 {
			of = []string{"issue", "pr", "discussion"}
		}
		kinds = append(kinds, of...)
	}
	if len(kinds) == 0 {
		return ""
	}
	return kindsText(kinds)
}

// factsByPath finds the facts of variables, as subject.files.
func factsByPath() map[string]rules.Fact {
	out := map[string]rules.Fact{}
	for _, v := range rules.Schema() {
		for _, f := range v.Facts {
			out[v.Name+"."+f.Name] = f
		}
	}
	return out
}

func factTopics() []topic {
	var out []topic
	for _, v := range rules.Schema() {
		t := topic{group: groupFacts, name: v.Name, heading: v.Name, summary: v.Doc, notes: []note{{"Is", v.Type}}}
		for _, f := range v.Facts {
			t.keys = append(t.keys, note{f.Name, f.Doc})
		}
		out = append(out, t)
		for _, f := range v.Facts {
			d := topic{group: groupFacts, name: v.Name + "." + f.Name, heading: v.Name + "." + f.Name, summary: f.Doc, notes: []note{{"Is", f.Type}, {"Known", originText(f.In)}}}
			if len(f.Of) > 0 {
				d.notes = append(d.notes, note{"Of", kindsText(f.Of)})
			}
			if len(f.By) > 0 {
				d.notes = append(d.notes, note{"Changed by", strings.Join(f.By, ", ")})
			}
			for _, item := range f.Facts {
				d.keys = append(d.keys, note{item.Name, item.Doc})
			}
			d.example = factExample(v.Name+"."+f.Name, f.Type)
			out = append(out, d)
		}
	}
	return out
}

// originText says where a fact comes from: the tag `in` of rules.Facts.
func originText(in string) string {
	switch in {
	case "":
		return "with each delivery that has it"
	case "fetch":
		return "looked up when a rule needs it"
	}
	return "from the payload; looked up where that lacks it"
}

// factExample is a condition that reads a fact.
func factExample(path, typ string) string {
	if path == "command.args" {
		return "" // what is in it is the command's own
	}
	if strings.HasPrefix(path, "command.") { // is there in commands alone
		return "[[command]]\nname = \"deploy\"\nif   = '" + path + " != \"\"'\nthen.add_label = \"deployed\""
	}
	switch {
	case strings.HasSuffix(path, ".kind"):
		return "" // when.kind says it
	case typ == "true or false":
		return "if = '" + path + "'"
	case typ == "a string":
		return "if = '" + path + " == \"…\"'"
	case typ == "a whole number":
		return "if = '" + path + " > 0'"
	case typ == "a length of time":
		return "if = '" + path + " > duration(\"14d\")'"
	case typ == "a time":
		return "if = 'now - " + path + " > duration(\"14d\")'"
	case strings.HasPrefix(typ, "a list"):
		return "if = 'size(" + path + ") > 0'"
	}
	return ""
}

func functionTopics() []topic {
	var out []topic
	for _, f := range rules.Functions() {
		out = append(out, topic{group: groupFunctions, name: f.Name, asked: []string{f.Name + "()"}, heading: f.Signature, summary: f.Summary, example: f.Example + " is " + f.Result})
	}
	for _, o := range rules.Operators() {
		out = append(out, topic{group: groupFunctions, name: operatorName(o.Write), asked: []string{o.Write, operatorName(o.Write) + "()"}, heading: o.Write, summary: o.Summary, example: o.Example + " is " + o.Result})
	}
	return out
}

// operatorName is the bare name in "text.matches(pattern)"; a sign stands for itself.
func operatorName(write string) string {
	if i := strings.Index(write, "("); i > 0 {
		write = write[:i]
		return write[strings.LastIndex(write, ".")+1:]
	}
	return write
}

func actionTopics() []topic {
	var out []topic
	for _, k := range actions.All {
		t := topic{group: groupActions, name: k.Name, asked: []string{"then." + k.Name, "else." + k.Name}, heading: "then." + k.Name, summary: k.Summary, example: k.Example}
		t.notes = []note{{"On", kindsText(k.On)}, {"Done", keptText(k)}, {"Needs", needsText(k.Needs)}}
		for _, f := range syntax.Fields(reflect.TypeOf(k.New())) {
			t.keys = append(t.keys, keyNotes(f, "")...)
		}
		if short := shortText(k); short != "" {
			t.notes = append(t.notes, note{"In short", short})
		}
		out = append(out, t)
	}
	return out
}

func keptText(k rules.Kind) string {
	if _, kept := k.New().(rules.Kept); kept {
		return "while the rule holds, and taken back when it stops, as far as the bot did it"
	}
	return "once, when the rule begins to hold or at each moment that `on` names"
}

func needsText(needs map[string]string) string {
	var out []string
	for _, permission := range slices.Sorted(maps.Keys(needs)) {
		out = append(out, strings.ReplaceAll(permission, "_", " ")+": "+needs[permission])
	}
	return strings.Join(out, ", ")
}

// shortText shows how a plain value stands for the whole table of an action; "" where it cannot.
func shortText(k rules.Kind) string {
	key := ""
	for _, f := range syntax.Fields(reflect.TypeOf(k.New())) {
		switch {
		case f.Short:
			key = f.Key
		case f.Required:
			return ""
		}
	}
	if key == "" {
		return ""
	}
	return fmt.Sprintf("then.%s = VALUE sets %s", k.Name, key)
}

// keyNotes describes a key, and the keys of the table that it may be.
func keyNotes(f syntax.Field, in string) []note {
	out := []note{{in + f.Key, f.Doc + " (" + valueText(f) + ")"}}
	for _, sub := range subkeys(f) {
		out = append(out, keyNotes(sub, in+f.Key+".")...)
	}
	return out
}

// subkeys are the keys of a field that is a table, or a list of tables.
func subkeys(f syntax.Field) []syntax.Field {
	t := f.Type
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isPlain(t) || f.Form != "" {
		return nil
	}
	return syntax.Fields(t)
}

// isPlain tells whether a struct type is written as one plain value.
func isPlain(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(textUnmarshaler)
}

// valueText says what may be written for a key.
func valueText(f syntax.Field) string {
	text := rules.KeyForms()[f.Form]
	switch {
	case text != "":
	case len(f.Enum) > 0:
		text = either(f.Enum)
		if f.Type.Kind() == reflect.Slice {
			text += ", or a list of them"
		}
	default:
		text = typeText(f.Type)
	}
	switch {
	case f.Required:
		text += "; required"
	case f.Default != "":
		text += "; " + f.Default + " without it"
	}
	return text
}

// typeText is a Go type as TOML writes it.
func typeText(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return `a length of time, such as "14d"`
	case t == reflect.TypeFor[time.Time]():
		return "a date and time"
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return "a text"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeText(t.Elem())
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	case reflect.Map:
		return "a table"
	case reflect.Struct:
		return "a table"
	case reflect.Slice:
		one := typeText(t.Elem())
		if one == "a table" {
			return "a list of tables"
		}
		return one + " or a list of them"
	case reflect.Interface:
		return "any value"
	}
	return "a whole number"
}

// either lists words as "a, b or c".
func either(words []string) string {
	words = slices.Clone(words)
	for i, w := range words {
		if w == "" {
			words[i] = `""`
		}
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// kindsText lists kinds of subject in words, each once.
func kindsText(kinds []string) string {
	var out []string
	for _, k := range []struct{ long, short, words string }{
		{"issue", "issue", "issues"}, {"pull_request", "pr", "pull requests"}, {"discussion", "discussion", "discussions"}, {"repository", "", "the repository itself"},
	} {
		if slices.Contains(kinds, k.long) || slices.Contains(kinds, k.short) {
			out = append(out, k.words)
		}
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}
