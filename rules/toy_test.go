package rules

import (
	"slices"
	"strings"
)

// The actions of these tests. toyKinds is what Compile is handed.

// toyLabel keeps labels.
type toyLabel struct {
	Names []string `toml:"names" doc:"Labels." short:"true" required:"true"`
}

func (l *toyLabel) Check(r *Report) {
	for _, n := range l.Names {
		if len(n) > 50 {
			r.Problem("names", "a label has 50 characters at most", "")
		}
	}
}

func (l *toyLabel) Plan(f *Facts) Action {
	var lack []string
	for _, n := range l.Names {
		if !slices.Contains(f.Subject.Labels, n) {
			lack = append(lack, n)
		}
	}
	if len(lack) == 0 {
		return nil
	}
	return &toyLabel{lack}
}

func (l *toyLabel) Keys() []string { return l.Names }

func (l *toyLabel) Undo(f *Facts, keys []string) Action {
	var there []string
	for _, k := range keys {
		if slices.Contains(f.Subject.Labels, k) {
			there = append(there, k)
		}
	}
	if len(there) == 0 {
		return nil
	}
	return &toyUnlabel{Names: there}
}

// toyUnlabel takes labels off, once.
type toyUnlabel struct {
	Names []string `toml:"names" short:"true" required:"true"`
}

func (l *toyUnlabel) Check(*Report) {}

func (l *toyUnlabel) Plan(f *Facts) Action {
	there := slices.DeleteFunc(slices.Clone(l.Names), func(n string) bool { return !slices.Contains(f.Subject.Labels, n) })
	if len(there) == 0 {
		return nil
	}
	return &toyUnlabel{Names: there}
}

// toyComment comments, once.
type toyComment struct {
	Body string            `toml:"body" doc:"Text." short:"true" required:"true" text:"markdown"`
	To   []string          `toml:"to"`
	With map[string]string `toml:"with"`
	Mode string            `toml:"mode" enum:"plain loud" default:"plain"`
	On   int64             // filled by Plan
}

func (c *toyComment) Check(r *Report) {
	if strings.Contains(c.Body, "forbidden") {
		r.Problem("body", "the body is forbidden", "Write something else.")
	}
}

func (c *toyComment) Plan(f *Facts) Action {
	p := *c
	if f.Subject != nil {
		p.On = f.Subject.Number
	}
	return &p
}

// toyMerge merges, once; it reads facts that have to be fetched.
type toyMerge struct {
	Method string `toml:"method" short:"true" enum:"merge squash rebase" required:"true"`
}

func (m *toyMerge) Check(*Report) {}

func (m *toyMerge) Plan(f *Facts) Action {
	if f.Subject.State != "open" {
		return nil
	}
	return m
}

// toyGate shows gates.
type toyGate struct{ GateState }

func (g *toyGate) Check(*Report)              {}
func (g *toyGate) Plan(*Facts) Action         { return nil }
func (g *toyGate) Publish(s GateState) Action { return &toyGate{s} }

var toyKinds = []Kind{
	{Name: "gate", Needs: map[string]string{"checks": "write"}, On: []string{"pull_request"}, Reads: []string{"subject.head_sha"},
		New: func() Action { return new(toyGate) }},
	{Name: "label", Needs: map[string]string{"issues": "write"}, On: []string{"issue", "pull_request", "discussion"}, Reads: []string{"subject.labels"},
		New: func() Action { return new(toyLabel) }},
	{Name: "remove_label", Needs: map[string]string{"issues": "write"}, On: []string{"issue", "pull_request"}, Reads: []string{"subject.labels"},
		New: func() Action { return new(toyUnlabel) }},
	{Name: "comment", Needs: map[string]string{"issues": "read", "pull_requests": "write"}, New: func() Action { return new(toyComment) }},
	{Name: "merge", Merges: true, Needs: map[string]string{"contents": "write"}, On: []string{"pull_request"}, Reads: []string{"subject.state", "subject.mergeable"},
		New: func() Action { return new(toyMerge) }},
}
