package rules

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// Record writes a delivery as a [[test]] that passes: the facts that the rules which hear it read, as far as they are not the usual
// ones, and what the rules do. What they read and f does not know, because no payload has it, is taken for the usual and named in a
// comment above. The memory of f is left out: it is a test of what the rules do where they have done nothing yet.
func (s *Set) Record(f *Facts, name string) (string, error) {
	at := *f
	at.Now, at.Memory = f.Now.UTC().Truncate(time.Second), Memory{}
	rec := &recording{set: s, facts: &at, name: name, say: map[string]bool{}}
	rec.reading()
	// What is left out must not come to follow from what is said: then it is said too.
	for range 10 {
		t, err := rec.read(nil)
		if err != nil {
			return "", err
		}
		if rec.settled(t) {
			return rec.write(t)
		}
	}
	return "", fmt.Errorf("the facts of the delivery contradict each other")
}

// recording is a test on its way from a delivery to a file.
type recording struct {
	set     *Set
	facts   *Facts
	name    string
	reads   []string        // paths of facts
	say     map[string]bool // of them, those to be written
	unknown []string
	teams   []string
}

// ofCommands are the facts that a command is read from.
var ofCommands = []string{"comment.body", "comment.author", "comment.association", "review.body", "review.author", "review.association", "sender.login"}

// reading finds what the rules read that hear the delivery.
func (r *recording) reading() {
	all := map[string]bool{"delivery.self": true, "subject.merged": r.facts.Delivery.Activity == "closed"}
	called := r.set.calls(r.facts)
	for _, i := range r.set.hearing(r.facts.Delivery.Event, r.facts.Delivery.Activity) {
		rule := r.set.rules[i]
		if hears, _ := rule.hears(r.facts); !hears || rule.cmd != nil && !slices.ContainsFunc(called, func(c heard) bool { return c.rule == rule }) {
			continue
		}
		for _, path := range rule.reads {
			all[path] = true
		}
		if rule.gate != nil {
			for _, path := range rule.gate.reads() {
				all[path] = true
			}
		}
		if rule.cmd != nil {
			for _, path := range ofCommands {
				all[path] = true
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !all[path] {
			continue
		}
		if team, ok := MissingTeam(path); ok {
			r.teams = append(r.teams, team)
			continue
		}
		fact := schema().fact(path)
		switch {
		case path == "event":
			r.unknown = append(r.unknown, path)
		case fact == nil || r.facts.absence(fact) != "" || slices.Contains(untold, fact.rec) && fact.rec != "subject" || path == "subject.kind":
		case strings.HasPrefix(path, "delivery.") && fact.name != "label" && fact.name != "self":
		case r.facts.Known(path):
			r.reads = append(r.reads, fact.path())
		default:
			r.unknown = append(r.unknown, r.spell(fact))
		}
	}
}

// spell is a fact as a test writes it.
func (r *recording) spell(f *fact) string {
	if f.rec == "subject" {
		return shortKind(r.facts.Subject.Kind) + "." + f.name
	}
	return f.path()
}

// node is the test with what is said so far.
func (r *recording) node(expect []*syntax.Node, states []*syntax.Node) *syntax.Node {
	none := syntax.Span{}
	t := syntax.NewTable("test", none, syntax.NewString("name", r.name, none), syntax.NewString("on", r.event(), none), syntax.NewTime("at", r.facts.Now))
	if r.facts.Bot != "bellhop" && r.facts.Bot != "" {
		t.Put(syntax.NewString("bot", r.facts.Bot, none))
	}
	tables := map[string]*syntax.Node{}
	if s := r.facts.Subject; s != nil {
		tables["subject"] = syntax.NewTable(shortKind(s.Kind), none)
		t.Put(tables["subject"])
	}
	for _, path := range r.reads {
		if !r.say[path] {
			continue
		}
		f := mustFact(path)
		if tables[f.rec] == nil {
			tables[f.rec] = syntax.NewTable(f.rec, none)
			t.Put(tables[f.rec])
		}
		tables[f.rec].Put(valueNode(f.name, r.value(f)))
	}
	if len(r.teams) > 0 {
		teams := syntax.NewTable("team", none)
		for _, name := range r.teams {
			teams.Put(syntax.NewList(name, none))
		}
		t.Put(teams)
	}
	t.Put(syntax.NewList("expect", none, expect...))
	if len(states) > 0 {
		t.Put(syntax.NewTable("expect_rules", none, states...))
	}
	return t
}

// event is what happened, as on of a rule names it.
func (r *recording) event() string {
	if ring, ok := r.facts.Event[scheduleEvent].(map[string]any); ok && r.facts.Delivery.Event == scheduleEvent {
		if on, ok := ring["on"].(string); ok {
			return on
		}
	}
	return strings.TrimSuffix(r.facts.Delivery.Event+"."+r.facts.Delivery.Activity, ".")
}

// value is a fact of the delivery.
func (r *recording) value(f *fact) reflect.Value { return factOf(r.facts, f) }

// factOf is a fact, of the record that it is in.
func factOf(facts *Facts, f *fact) reflect.Value {
	v := reflect.ValueOf(facts).Elem().Field(schema().names[f.rec].index)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v.Field(f.index)
}

// valueNode is a value of a fact as a test writes it. Of records in lists, what is empty is left out.
func valueNode(key string, v reflect.Value) *syntax.Node {
	none := syntax.Span{}
	switch x := v.Interface().(type) {
	case string:
		return syntax.NewString(key, x, none)
	case bool:
		return syntax.NewBool(key, x, none)
	case int64:
		return syntax.NewInteger(key, x, none)
	case time.Time:
		return syntax.NewTime(key, x)
	case time.Duration:
		text := length(x)
		if text == "" {
			text = "0s"
		}
		return syntax.NewString(key, text, none)
	}
	list := syntax.NewList(key, none)
	for i := range v.Len() {
		item := v.Index(i)
		if item.Kind() == reflect.String {
			list.Items = append(list.Items, syntax.NewString(key, item.String(), none))
			continue
		}
		table := syntax.NewTable(key, none)
		for j := range item.NumField() {
			if name := item.Type().Field(j).Tag.Get("fact"); name != "" && !item.Field(j).IsZero() {
				table.Put(valueNode(name, item.Field(j)))
			}
		}
		list.Items = append(list.Items, table)
	}
	return list
}

// text is the test as a file has it.
func (r *recording) text(expect, states []*syntax.Node) string {
	var f syntax.File
	return "[[test]]\n" + f.Print(r.node(expect, states))
}

// read reads the test that is written so far.
func (r *recording) read(expect []*syntax.Node) (*Test, error) {
	tests, found := ReadTests("recorded_test.toml", []byte(r.text(expect, nil)), r.set.kinds)
	if len(found) > 0 {
		return nil, fmt.Errorf("what was recorded is no test: %w", found[0])
	}
	return tests[0], nil
}

// settled tells whether the facts of a test are those of the delivery, as far as they are read. Those that are not are to be said.
func (r *recording) settled(t *Test) bool {
	settled := true
	for _, path := range r.reads {
		f := mustFact(path)
		if r.say[path] || reflect.DeepEqual(plain(r.value(f)), plain(factOf(t.facts, f))) {
			continue
		}
		r.say[path], settled = true, false
	}
	return settled
}

// plain is a value to be compared: times to the second, as they are written, and lists that are empty as nothing.
func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.Unix()
	case time.Duration:
		return x / time.Second
	}
	if v.Kind() == reflect.Slice && v.Len() == 0 {
		return nil
	}
	return v.Interface()
}

// write is the test with what the rules do.
func (r *recording) write(t *Test) (string, error) {
	run := &testRun{set: r.set, test: t}
	run.evaluate()
	var expect, states []*syntax.Node
	for _, s := range run.steps {
		expect = append(expect, r.wantNode(s))
	}
	for _, d := range run.decisions {
		if rule := r.set.ruleNamed(d.Rule); rule != nil && rule.gate != nil {
			states = append(states, syntax.NewString(d.Rule, stateOf(rule, d), syntax.Span{}))
		}
	}
	comment := ""
	if len(r.unknown) > 0 {
		comment += "# Not in the payload, and here as usual: " + strings.Join(r.unknown, ", ") + ".\n"
	}
	if len(r.teams) > 0 {
		comment += "# Who is in " + strings.Join(r.teams, ", ") + " is not in the payload.\n"
	}
	return comment + r.text(expect, states), nil
}

// wantNode is a step as a test expects it: with its plain value where that says the same when it is read, else with its text as a
// table, else by its name alone.
func (r *recording) wantNode(s Step) *syntax.Node {
	none := syntax.Span{}
	k := kindNamed(r.set.kinds, s.Kind)
	ways := []*syntax.Node{syntax.NewString("expect", stepText(r.set.kinds, s), none)}
	if short, ok := shortOf(k); ok && short.Type.Kind() == reflect.String {
		text := reflect.ValueOf(s.Action).Elem().FieldByIndex(short.Index).String()
		ways = append(ways, syntax.NewTable("expect", none, syntax.NewString(s.Kind, text, none)))
	}
	for _, way := range ways {
		if t, err := r.read([]*syntax.Node{way}); err == nil && len(t.expect.all) == 1 && t.expect.all[0].matches(s) {
			return way
		}
	}
	return syntax.NewString("expect", s.Kind, none)
}
