package rules

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// testTime is when a test is that does not say so.
var testTime = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// plainFacts are the facts that a plain value in place of a whole record says.
var plainFacts = map[string]string{
	"comment": "body", "review": "state", "thread": "path", "push": "branch", "ref": "name", "check": "name", "workflow_run": "name",
	"merge_group": "base", "release": "tag", "deployment": "environment", "installation": "account", "sender": "login", "repo": "full_name",
	itemPrefix + "file": "path", itemPrefix + "commit": "message", itemPrefix + "review": "author", itemPrefix + "check": "name",
	itemPrefix + "linked": "number", itemPrefix + "owned": "path", itemPrefix + "update": "name",
}

// usual are the activities that an event without one is taken for, the first of them that it has.
var usual = []string{"opened", "created", "completed", "submitted", "published", "checks_requested", "resolved"}

// facts makes the facts of a test: what it says, and for all else what is usual.
func (r *testReader) facts(in testFile, n *syntax.Node, t *Test) *Facts {
	f := &Facts{Bot: in.Bot, Now: testTime, Repository: &Repository{}, Sender: &Sender{}, Event: map[string]any{}}
	if in.At != nil {
		c := compiler{file: r.file}
		if f.Now = c.timeAt(in.At, time.UTC); f.Now.IsZero() {
			f.Now = testTime
		}
		r.problems = append(r.problems, c.problems...)
	}
	if in.Event != nil {
		if payload, ok := in.Event.Plain().(map[string]any); ok {
			f.Event = payload
		} else {
			r.flawed(in.Event, "a table", "")
		}
	}
	subject := r.subject(in, f)
	for _, v := range schema().vars {
		node := in.nodeOf(v.name)
		if node == nil || v.rec == nil || v.rec.trail == "subject" {
			continue
		}
		into := reflect.ValueOf(f).Elem().Field(v.index)
		if v.pointer {
			if into.IsNil() {
				into.Set(reflect.New(into.Type().Elem()))
			}
			into = into.Elem()
		}
		r.record(node, v.rec, v.name, into)
	}
	r.teams(in.Teams, f)
	r.happened(in, n, subject, f, t)
	r.complete(f)
	return f
}

// subject makes the subject that a test has; it returns where that is written.
func (r *testReader) subject(in testFile, f *Facts) *syntax.Node {
	var at *syntax.Node
	for _, name := range []string{"pr", "issue", "discussion"} {
		n := in.nodeOf(name)
		if n == nil {
			continue
		}
		if at != nil {
			r.problem(n.KeySpan, fmt.Sprintf("a test is about one thing, and this one has %s too", at.Key), "Write two tests.")
			continue
		}
		at, f.Subject = n, &Subject{Kind: shorts[name]}
		r.record(n, schema().names[name].rec, name, reflect.ValueOf(f.Subject).Elem())
	}
	return at
}

// record reads the facts of a record: a table, or a plain value for the one that says most.
func (r *testReader) record(n *syntax.Node, rec *record, name string, into reflect.Value) {
	if n.Kind != syntax.Table {
		plain := rec.names[plainFacts[strings.TrimPrefix(rec.name, typePrefix)]]
		if plain == nil || n.Kind == syntax.List {
			r.problem(n.Span, fmt.Sprintf("%s must be a table of facts, not %s", name, n.Describe()), "")
			return
		}
		r.fact(n, plain, name, into)
		return
	}
	for _, e := range n.Entries {
		f := rec.names[e.Key]
		switch {
		case f == nil:
			r.problem(e.KeySpan, fmt.Sprintf("%s has no fact named %s", name, e.Key), syntax.Suggest(e.Key, rec.factNames()))
		case f.path() == "subject.kind" || rec.trail == "delivery" && (f.name == "event" || f.name == "activity"):
			r.problem(e.KeySpan, fmt.Sprintf("%s.%s follows from the rest of the test", name, e.Key), "Take it out.")
		default:
			r.fact(e, f, name+"."+f.name, into)
		}
	}
}

// fact reads one fact into the struct of its record.
func (r *testReader) fact(n *syntax.Node, f *fact, name string, record reflect.Value) {
	r.given[f.path()] = true
	into := record.Field(f.index)
	wrong := func(want, mend string) {
		r.problem(n.Span, fmt.Sprintf("%s must be %s, not %s", name, want, n.Describe()), mend)
	}
	switch x := into.Addr().Interface().(type) {
	case *string:
		if n.Kind != syntax.String {
			wrong("a string", "")
			return
		}
		if words := wordsOf(f.path()); words != nil && n.Text() != "" && !slices.Contains(words, n.Text()) {
			r.problem(n.Span, fmt.Sprintf("%s cannot be %q", name, n.Text()), syntax.Suggest(n.Text(), words))
		}
		*x = n.Text()
	case *bool:
		if n.Kind != syntax.Bool {
			wrong("true or false", "")
			return
		}
		*x = n.Value.(bool)
	case *int64:
		if n.Kind != syntax.Integer {
			wrong("a whole number", "")
			return
		}
		*x = n.Value.(int64)
	case *time.Time:
		c := compiler{file: r.file}
		*x = c.timeAt(n, time.UTC)
		r.problems = append(r.problems, c.problems...)
	case *time.Duration:
		d, err := syntax.Duration(n.Text())
		if n.Kind != syntax.String || err != nil {
			wrong("a length of time", `Write a number with its unit, such as "30m", "12h" or "14d".`)
			return
		}
		*x = d
	case *[]string:
		for _, item := range r.texts(n) {
			*x = append(*x, item.Text())
		}
	case *[]Check:
		*x = r.checks(n, f, name)
	default:
		r.items(n, f, name, into)
	}
}

// items reads a list of records: tables, or plain values for what says most of each.
func (r *testReader) items(n *syntax.Node, f *fact, name string, into reflect.Value) {
	items := []*syntax.Node{n}
	if n.Kind == syntax.List {
		items = n.Items
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		r.record(item, f.items, name, out.Index(i))
	}
	into.Set(out)
}

// checksWords are the checks that one word stands for.
var checksWords = map[string][]Check{"green": {{Name: "build", Conclusion: "success"}}, "red": {{Name: "build", Conclusion: "failure"}}, "pending": {{Name: "build"}}, "none": {}}

// checks reads checks: green, red, pending or none, a table of names and conclusions, or a list.
func (r *testReader) checks(n *syntax.Node, f *fact, name string) []Check {
	var out []Check
	switch n.Kind {
	case syntax.String:
		word, ok := checksWords[n.Text()]
		if !ok {
			r.problem(n.Span, fmt.Sprintf("%s cannot be %q", name, n.Text()), syntax.Suggest(n.Text(), slices.Collect(maps.Keys(checksWords))))
		}
		return slices.Clone(word)
	case syntax.Table:
		for _, e := range n.Entries {
			if e.Kind != syntax.String {
				r.flawed(e, "a conclusion", "")
				continue
			}
			c := Check{Name: e.Key, Conclusion: e.Text()}
			if c.Conclusion == "pending" {
				c.Conclusion = ""
			}
			out = append(out, c)
		}
		return out
	}
	r.items(n, f, name, reflect.ValueOf(&out).Elem())
	return out
}

// wordsOf lists the words that a fact can be, where a matcher lists them.
func wordsOf(path string) []string {
	if path == "subject.checks_state" || path == "subject.required_state" {
		return []string{"green", "red", "none"}
	}
	for _, m := range matchers {
		if len(m.words) > 0 && (m.form.words == oneWord.words || m.form.words == level.words) && len(m.over) == 1 && m.over[0].expr == path {
			return m.words
		}
	}
	return nil
}

// teams reads who is in teams.
func (r *testReader) teams(n *syntax.Node, f *Facts) {
	switch {
	case n == nil:
		return
	case n.Kind != syntax.Table:
		r.flawed(n, "a table", `Write: team."@org/team" = ["octocat"].`)
		return
	}
	for _, e := range n.Entries {
		if !teamName.MatchString(e.Key) {
			r.problem(e.KeySpan, fmt.Sprintf("%q is no name of a team", short(e.Key, 60)), `Write "@org/team", or "@org" for all members of the organisation.`)
			continue
		}
		members := []string{}
		for _, m := range r.texts(e) {
			members = append(members, m.Text())
		}
		f.LearnTeam(e.Key, members)
	}
}

// happened finds the event of a test, and gives it the subject and the records that it has.
func (r *testReader) happened(in testFile, n, subject *syntax.Node, f *Facts, t *Test) {
	on := n.Get("on")
	t.onAt = on
	text, ok := in.On, true
	if on == nil {
		if text, ok = bellOf(f); !ok && len(r.problems) > 0 {
			return // what was meant to say it is told
		} else if !ok {
			r.problem(n.KeySpan, "the test does not say what happened", `Write what it is about, such as pr = { author = "octocat" }, or on = "push".`)
			return
		}
	}
	if text != timerEvent {
		var flaw flaw
		if t.on, flaw = parseTrigger(text); flaw.message != "" {
			if on != nil && on.Kind == syntax.String {
				r.problem(on.Within(flaw.from, flaw.to), flaw.message, flaw.mend)
			}
			return
		}
	} else {
		t.on = trigger{event: timerEvent}
	}
	f.Delivery.Event, f.Delivery.Activity = t.on.event, t.on.activity
	activities := events()[t.on.event]
	if t.on.activity == "" && len(activities) > 0 && t.on.event != timerEvent {
		i := slices.IndexFunc(usual, func(a string) bool { return slices.Contains(activities, a) })
		if i < 0 && on == nil {
			return
		}
		if i < 0 {
			r.problem(on.Span, "say what happened: "+t.on.event+" has several activities", "They are: "+strings.Join(activities, ", ")+".")
			return
		}
		f.Delivery.Activity = usual[i]
	}
	if t.on.merged {
		f.Subject = cmp.Or(f.Subject, &Subject{Kind: "pull_request"})
		f.Subject.Merged = true
	}
	r.about(on, subject, f)
	if _, there := f.Event["action"]; !there && f.Delivery.Activity != "" {
		f.Event["action"] = f.Delivery.Activity
	}
}

// bellOf is what happened where a test does not say so.
func bellOf(f *Facts) (string, bool) {
	kind := ""
	if f.Subject != nil {
		kind = f.Subject.Kind
	}
	all := reflect.ValueOf(f).Elem()
	for _, v := range schema().vars {
		if bells[v.name] == nil || !v.pointer || all.Field(v.index).IsNil() {
			continue
		}
		for _, bell := range bells[v.name] {
			event, _, _ := strings.Cut(bell, ".")
			if kind == "" || slices.Contains(subjectsOf(event), kind) {
				return bell, true
			}
		}
	}
	switch {
	case kind == "discussion":
		return "discussion.created", true
	case kind == "":
		return "", false
	}
	family := map[string]string{"issue": "issues", "pull_request": "pull_request"}[kind]
	if f.Subject.State == "closed" || f.Subject.State == "merged" || f.Subject.Merged {
		return family + ".closed", true
	}
	return family + ".opened", true
}

// about sees that subject and records are those of the event.
func (r *testReader) about(on, subject *syntax.Node, f *Facts) {
	kinds := subjectsOf(f.Delivery.Event)
	if f.Delivery.Event == timerEvent {
		kinds = []string{"issue", "pull_request", "discussion", "repository"}
	}
	switch {
	case f.Subject == nil && !slices.Contains(kinds, "repository"):
		f.Subject = &Subject{Kind: kinds[0]}
	case f.Subject != nil && !slices.Contains(kinds, f.Subject.Kind):
		at := subject
		if at == nil {
			at = on
		}
		r.problem(at.KeySpan, fmt.Sprintf("%s is about %s, and the test is about %s", f.Delivery.Event, kindList(kinds), kindWords(f.Subject.Kind)), "")
	}
	all := reflect.ValueOf(f).Elem()
	records := recordsOf(f.Delivery.Event)
	for _, v := range schema().vars {
		if bells[v.name] == nil {
			continue
		}
		field := all.Field(v.index)
		switch {
		case slices.Contains(records, v.name) && field.IsNil():
			field.Set(reflect.New(field.Type().Elem()))
		case !slices.Contains(records, v.name) && !field.IsNil() && f.Delivery.Event != timerEvent && on != nil:
			r.problem(on.Span, fmt.Sprintf("%s brings no %s", f.Delivery.Event, bare(v.rec.words)), fmt.Sprintf("Write, for example: on = %q.", bells[v.name][0]))
		}
	}
}
