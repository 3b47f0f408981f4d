package rules

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestLeave has each rule heard by a newer delivery, and tells which of them are left to it.
func TestLeave(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "state"
when.label = "x"
then.label = "y"
[[rule]]
name = "family"
on = "pull_request"
then.comment = "x"
[[rule]]
name = "moment"
on = ["pull_request", "pull_request.labeled"]
then.comment = "x"
[[rule]]
name = "sender"
on = "pull_request"
when.sender = "ann"
then.comment = "x"
[[rule]]
name = "told"
on = "pull_request"
then.comment = "{{ delivery.label }}"
[[rule]]
name = "for"
on = "pull_request"
when.label = "x"
for = "10m"
then.comment = "x"
[[rule]]
name = "deaf"
on = "issues"
then.comment = "x"
[[rule]]
name = "off"
on = "pull_request"
mode = "off"
then.comment = "x"
[[command]]
name = "hello"
then.comment = "x"
`)
	all := func(string) bool { return true }
	for _, tt := range []struct {
		name  string
		f     func(f *Facts)
		newer func(rule string) bool
		want  string
	}{
		{"labeled", func(*Facts) {}, all, "family state"},
		{"edited", func(f *Facts) { f.Delivery.Activity = "edited" }, all, "family moment state"},
		{"the subject is not shown", func(f *Facts) { f.known = nil }, all, "family for state"},
		{"by the bot itself", func(f *Facts) { f.Delivery.Self = true }, all, ""},
		{"nothing newer", func(*Facts) {}, func(string) bool { return false }, ""},
		{"one is heard", func(*Facts) {}, func(rule string) bool { return rule == "family" || rule == "deaf" }, "family"},
	} {
		f := spoken("pull_request", "ann", "", "")
		f.Delivery = Delivery{Event: "pull_request", Activity: "labeled", Label: "x"}
		f.Comment = nil
		tt.f(f)
		f.Left = s.Leave(f, tt.newer)
		if got := strings.Join(slices.Sorted(maps.Keys(f.Left)), " "); got != tt.want {
			t.Errorf("%s: left %s, want %s", tt.name, got, tt.want)
		}
		for _, d := range s.Evaluate(f).Decisions {
			if f.Left[d.Rule] {
				t.Errorf("%s: %s was left and decided", tt.name, d.Rule)
			}
		}
	}

	f := spoken("pull_request", "ann", "", "")
	f.Delivery, f.Comment = Delivery{Event: "pull_request", Activity: "synchronize"}, nil
	if got, want := s.Heard(f), []string{"family", "moment", "sender", "told", "for"}; !slices.Equal(slices.DeleteFunc(got, func(n string) bool { return n == "state" }), want) {
		t.Errorf("heard: %v", got)
	}
	var none *Set
	if none.Heard(f) != nil || none.Leave(f, all) != nil {
		t.Error("a set without rules hears something")
	}
}

// TestLeaveGates leaves gates that share a check run together, and never one that somebody asks for once more.
func TestLeaveGates(t *testing.T) {
	s := mustCompile(t, `
[gates]
combine = "all"
[[rule]]
name = "a"
require.title = "x"
[[rule]]
name = "b"
require.draft = false
[[rule]]
name = "own"
gate = "own"
require.draft = false
`)
	f := spoken("pull_request", "ann", "", "")
	f.Delivery, f.Comment = Delivery{Event: "pull_request", Activity: "edited"}, nil
	left := func(newer ...string) string {
		return strings.Join(slices.Sorted(maps.Keys(s.Leave(f, func(rule string) bool { return slices.Contains(newer, rule) }))), " ")
	}
	if got := left("a", "b", "own"); got != "a b own" {
		t.Errorf("left %s", got)
	}
	if got := left("a", "own"); got != "own" {
		t.Errorf("a timer rings for one of two that share a check run: left %s", got)
	}
	f.Delivery, f.Check = Delivery{Event: "check_run", Activity: "rerequested"}, &CheckResult{App: "bellhop", Name: "own"}
	if got := left("a", "b", "own"); got != "a b" {
		t.Errorf("asked for once more: left %s", got)
	}
}
