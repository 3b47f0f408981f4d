package actions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bellhop/rules"
)

// paused evaluates rules on an issue with these labels, on which somebody comments, and lists the steps and notes. Puts of the
// steps go over into memory, as the store does it.
func paused(t *testing.T, src string, memory *rules.Memory, comment string, labels ...string) (steps []string, notes map[string]string, again bool) {
	t.Helper()
	set, problems := rules.Compile("bot.toml", []byte(src), All, rules.Options{})
	for _, p := range problems {
		t.Fatal(p)
	}
	f := &rules.Facts{Now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), Delivery: rules.Delivery{ID: "d", Event: "issue_comment", Activity: "created"},
		Event: map[string]any{}, Repository: &rules.Repository{ID: 1, Owner: "acme", Name: "app"}, Sender: &rules.Sender{Login: "dan", Permission: "admin"},
		Subject: &rules.Subject{Kind: "issue", Number: 7, Labels: labels, State: "open"}, Comment: &rules.Comment{Author: "dan", Body: comment}, Memory: *memory}
	f.Learn("subject.labels", "subject.state", "sender.permission", "comment.body", "comment.author")
	r := set.Evaluate(f)
	if len(r.Missing) > 0 {
		t.Fatalf("missing %v", r.Missing)
	}
	*memory = r.Memory
	for _, s := range r.Steps {
		if s.Fallback {
			continue
		}
		steps = append(steps, s.Kind)
		for _, p := range s.Put {
			memory.Put = slices.DeleteFunc(memory.Put, func(q rules.Put) bool { return p == q })
			if !s.Undo {
				memory.Put = append(memory.Put, p)
			}
		}
	}
	notes = map[string]string{}
	for _, d := range r.Decisions {
		notes[d.Rule] = d.Note
	}
	return steps, notes, slices.ContainsFunc(r.Wakes, func(w rules.Wake) bool { return w.Kind == rules.WakeAgain && w.At.Equal(f.Now) })
}

const twoPauses = `
[[rule]]
name = "a"
on = "issue_comment.created"
then.react = "eyes"
[[rule]]
name = "one"
on = ["issues", "issue_comment"]
when.label = "one"
then.pause = true
[[rule]]
name = "two"
on = ["issues", "issue_comment"]
when.label = "two"
then.pause = true
[[rule]]
name = "law"
locked = true
on = "issue_comment.created"
then.react = "heart"
[commands]
pause = true
label = true
`

// TestPauseIsHandedOver: of two rules that pause, the pause ends with the last.
func TestPauseIsHandedOver(t *testing.T) {
	var memory rules.Memory
	for i, tt := range []struct {
		labels, comment, steps string
		by                     string
		again                  bool
	}{
		{"", "x", "react react", "", false},
		{"one", "x", "react pause", `paused by the rule "one"`, false},
		{"one two", "x", "react", `paused by the rule "one"`, false},
		{"two", "x", "react", `paused by the rule "one"`, false},
		{"two", "/resume", "react react comment", `paused by the rule "two"`, false},
		{"", "x", "react resume", `paused by the rule "two"`, true},
		{"", "/pause\n/label x", "react react pause react react comment", "1 action", false},
		{"", "/pause", "react react", "paused by dan since 2026-01-05 09:00 UTC", false},
		{"one", "x", "react pause", "paused by dan since", false},
		{"", "x", "react resume", "paused by dan since", true},
		{"", "/resume\n/label x", "resume add_label react react", "paused by dan since", true},
		{"", "x", "react react", "", false},
	} {
		steps, notes, again := paused(t, twoPauses, &memory, tt.comment, strings.Fields(tt.labels)...)
		slices.Sort(steps)
		want := strings.Fields(tt.steps)
		slices.Sort(want)
		got := notes["a"]
		if !slices.Equal(steps, want) || again != tt.again || !strings.HasPrefix(got, tt.by) {
			t.Errorf("%d: %v, want %v; %q, want %q; again %t", i, steps, want, got, tt.by, again)
		}
	}
}

// TestPauseOfNoRule: a pause whose rule is gone, or only observes, holds nothing back.
func TestPauseOfNoRule(t *testing.T) {
	for _, rule := range []string{"one", "gone"} {
		memory := rules.Memory{Put: []rules.Put{{Rule: rule, Kind: "pause", Key: rules.PauseKept}}}
		_, notes, _ := paused(t, strings.Replace(twoPauses, "then.pause", "mode = 'observe'\nthen.pause", 1), &memory, "x", "one")
		if note := notes["a"]; note != "1 action" || len(memory.Put) != 0 {
			t.Errorf("%s: %s, %v", rule, note, memory.Put)
		}
	}
}
