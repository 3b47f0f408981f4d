package rules

import (
	"fmt"
	"reflect"
)

// Learn marks facts as known: "subject.files", "sender.permission"; pr.files, issue.title and discussion.title name facts of
// the subject too. A fact that is known no longer waits. Names of facts that do not exist are a mistake of the caller: Learn
// panics.
func (f *Facts) Learn(names ...string) {
	for _, name := range names {
		path := mustFact(name).path()
		if f.known == nil {
			f.known = map[string]bool{}
		}
		f.known[path] = true
		delete(f.waiting, path)
	}
}

// LearnIn marks all facts of the subject with this tag `in` as known: "issue" for a payload that carries the subject itself,
// "pr" for one that carries the whole pull request ("pr" does not include "issue"). Subject must be set.
func (f *Facts) LearnIn(in string) {
	for _, fact := range schema().names["subject"].rec.facts {
		if fact.in == in && fact.has(f.Subject.Kind) {
			f.Learn(fact.path())
		}
	}
}

// Forget takes facts of the subject for not known: they are to be learnt anew. Those that came with no payload stay.
func (f *Facts) Forget(names ...string) {
	for _, name := range names {
		delete(f.known, mustFact(name).path())
	}
}

// Wait marks a fact as not yet decidable: it was asked for, and GitHub cannot tell. why is shown to people: "GitHub works out
// whether it merges". What depends on it has the outcome Waiting. Like Learn it panics for a fact that does not exist.
func (f *Facts) Wait(name, why string) {
	path := mustFact(name).path()
	if f.waiting == nil {
		f.waiting = map[string]string{}
	}
	f.waiting[path] = why
	delete(f.known, path)
}

// Known tells whether a fact can be read: its record is there, its kind of subject has it, and it came with its record or was
// learnt. Like Learn it panics for a fact that does not exist.
func (f *Facts) Known(name string) bool {
	fact := mustFact(name)
	if f.blank || f.absence(fact) != "" {
		return false
	}
	return fact.in == "" || f.known[fact.path()]
}

// Waits tells why a fact cannot be decided yet, as it was given to Wait; "" when it does not wait. Like Learn it panics for a
// fact that does not exist.
func (f *Facts) Waits(name string) string { return f.waiting[mustFact(name).path()] }

func mustFact(name string) *fact {
	fact := schema().fact(name)
	if fact == nil {
		panic(fmt.Sprintf("rules: there is no fact %s", name))
	}
	return fact
}

// absence tells why a delivery cannot have a fact, or is "".
func (f *Facts) absence(fact *fact) string {
	if why := f.lacks(schema().names[fact.rec]); why != "" {
		return why
	}
	if fact.rec == "subject" && !fact.has(f.Subject.Kind) {
		return fmt.Sprintf("%s has no %s", kindWords(f.Subject.Kind), fact.name)
	}
	return ""
}

// lacks tells why a delivery does not have a variable, or is "".
func (f *Facts) lacks(v *variable) string {
	if v.pointer && reflect.ValueOf(f).Elem().Field(v.index).IsNil() {
		return "this delivery has no " + bare(v.rec.words)
	}
	if v.rec != nil && v.rec.kind != "" && f.Subject.Kind != v.rec.kind {
		return fmt.Sprintf("this is %s, not %s", kindWords(f.Subject.Kind), v.rec.words)
	}
	return ""
}
