package rules

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// trigger is one entry of what a rule hears.
type trigger struct {
	event    string
	activity string // "" for any
	merged   bool   // written pull_request.merged: closed, by a merge
	moment   bool   // each such delivery is a chance of its own to fire
	clock    *clock // of a schedule
}

func (t trigger) String() string {
	switch {
	case t.clock != nil:
		return t.clock.text
	case t.merged:
		return t.event + ".merged"
	case t.activity == "":
		return t.event
	}
	return t.event + "." + t.activity
}

// hears tells whether a trigger is about a delivery.
func (t trigger) hears(f *Facts) bool {
	d := f.Delivery
	if t.event != d.Event || t.activity != "" && t.activity != d.Activity {
		return false
	}
	if t.merged {
		pr, _ := f.Event["pull_request"].(map[string]any)
		return pr["merged"] == true || f.Subject != nil && f.Subject.Merged
	}
	return true
}

// aliases are names that people give to events.
var aliases = map[string]string{"pr": "pull_request", "pull": "pull_request", "comment": "issue_comment", "ci": "check_suite", "tag": "create", "branch": "create"}

// parseTrigger reads one entry of `on`. Its flaw is empty when it is good.
func parseTrigger(text string) (trigger, flaw) {
	whole := func(message, mend string) (trigger, flaw) {
		return trigger{}, flaw{0, len(text), message, mend}
	}
	if rest, ok := strings.CutPrefix(text, scheduleEvent); ok && (rest == "" || rest[0] == ' ') {
		c, message, mend := parseClock(rest)
		if message != "" {
			return whole(message, mend)
		}
		return trigger{event: scheduleEvent, moment: true, clock: c}, flaw{}
	}
	event, activity, dotted := strings.Cut(text, ".")
	activities, ok := events()[event]
	if !ok {
		return whole("there is no event "+event, mendEvent(event, activity, dotted))
	}
	t := trigger{event: event, activity: activity, moment: dotted || !slices.Contains(states, event)}
	switch {
	case !dotted, slices.Contains(activities, "*") && activity != "":
	case event == "pull_request" && activity == "merged":
		t.activity, t.merged = "closed", true
	case len(activities) == 0:
		return trigger{}, flaw{len(event), len(text), event + " has no activities", fmt.Sprintf("Write %q.", event)}
	case !slices.Contains(activities, activity):
		return trigger{}, flaw{len(event) + 1, len(text), fmt.Sprintf("%s has no activity %s", event, activity), syntax.Suggest(activity, activities)}
	}
	return t, flaw{}
}

// mendEvent tells which event was probably meant.
func mendEvent(event, activity string, dotted bool) string {
	near := aliases[strings.ToLower(event)]
	if near == "" {
		var names []string
		for name := range events() {
			names = append(names, name)
		}
		near = syntax.Nearest(event, names)
	}
	if near != "" {
		if dotted && slices.Contains(events()[near], activity) {
			near += "." + activity
		}
		return fmt.Sprintf("Did you mean %s?", near)
	}
	for _, family := range states {
		if slices.Contains(events()[family], event) {
			return fmt.Sprintf("Write the event first, such as %s.%s.", family, event)
		}
	}
	return "The events are those of GitHub's webhooks, such as pull_request.opened, issues or push."
}

// scene is a kind of delivery: what it is about and which records it has.
type scene struct {
	kind    string // of subject; "repository" for none
	records []string
}

// facts is a delivery of the scene of which nothing else is known.
func (s scene) facts() *Facts {
	f := &Facts{blank: true, Repository: &Repository{}, Sender: &Sender{}, Command: &Command{}}
	if s.kind != "repository" {
		f.Subject = &Subject{Kind: s.kind}
	}
	for _, r := range s.records {
		switch r {
		case "comment":
			f.Comment = &Comment{}
		case "review":
			f.Review = &Review{}
		case "thread":
			f.Thread = &Thread{}
		case "push":
			f.Push = &Push{}
		case "ref":
			f.Ref = &Ref{}
		case "check":
			f.Check = &CheckResult{}
		case "workflow_run":
			f.Run = &WorkflowRun{}
		case "merge_group":
			f.MergeGroup = &MergeGroup{}
		case "installation":
			f.Installation = &Installation{}
		case "release":
			f.Release = &Release{}
		case "deployment":
			f.Deployment = &Deployment{}
		}
	}
	return f
}

// possible tells whether a condition can hold in a scene; else, which line keeps it from that, and why if that is known.
func (c *condition) possible(s scene) (ok bool, line, why string) {
	var tr trace
	v := c.decide(newActivation(s.facts()), &tr)
	if v.outcome != False {
		return true, "", ""
	}
	for _, t := range tr.inOrder() {
		if t.Outcome == False {
			line = t.Text
		}
	}
	return false, line, v.why
}

// kindsOf lists the kinds of subject that a condition can hold for among deliveries of the triggers. Where there are none, mend
// tells what is in the way.
func (c *condition) kindsOf(triggers []trigger) (kinds []string, mend string) {
	var scenes []scene
	for _, t := range triggers {
		for _, kind := range subjectsOf(t.event) {
			scenes = append(scenes, scene{kind, recordsOf(t.event)})
		}
	}
	if len(triggers) == 0 {
		scenes = []scene{{kind: "issue"}, {kind: "pull_request"}, {kind: "discussion"}}
	}
	var lines []string
	for _, s := range scenes {
		ok, line, why := c.possible(s)
		switch {
		case ok && len(triggers) > 0:
			if !slices.Contains(kinds, s.kind) {
				kinds = append(kinds, s.kind)
			}
		case !slices.Contains(lines, line):
			lines = append(lines, line)
			if mend == "" && why != "" {
				mend = fmt.Sprintf("%s: %s.", line, why)
			}
		}
	}
	if len(lines) > 1 && len(triggers) == 0 {
		mend = fmt.Sprintf("These exclude each other: %s.", strings.Join(lines, "; "))
	}
	return kinds, mend
}

// infer finds what a rule without `on` hears: what can change a fact that it reads, what brings a record that it reads, and the
// first look at each kind of subject that it can hold for.
func (c *condition) infer(reads []string) []trigger {
	var out []trigger
	add := func(text string, moments bool) {
		t, _ := parseTrigger(text)
		t.moment = t.moment && moments
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	for _, record := range recordsRead(reads) {
		for _, bell := range bells[record] {
			add(bell, true)
		}
	}
	for _, kind := range []string{"issue", "pull_request", "discussion"} {
		if ok, _, _ := c.possible(scene{kind: kind}); !ok {
			continue
		}
		for _, opening := range openings[kind] {
			add(opening, false)
		}
		for _, path := range reads {
			f := schema().fact(path)
			if f == nil || !f.has(kind) {
				continue
			}
			for _, by := range f.by {
				event, _, _ := strings.Cut(by, ".")
				if slices.Contains(subjectsOf(event), kind) {
					add(by, false)
				}
			}
		}
	}
	return out
}

// recordsRead lists the records that facts belong to, of those that only some deliveries have.
func recordsRead(reads []string) []string {
	var out []string
	for _, path := range reads {
		record, _, _ := strings.Cut(path, ".")
		if bells[record] != nil && !slices.Contains(out, record) {
			out = append(out, record)
		}
	}
	return out
}
