package rules

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const reapplied1 = `
[[rule]]
name = "label"
when.title = "docs*"
then.label = "docs"
[[rule]]
name = "moment"
on = "issues.opened"
then.comment = "Hello."
[[rule]]
name = "off"
mode = "off"
when.title = "x"
then.comment = "x"
[[rule]]
name = "merge"
when.label = "ready"
then.merge = "squash"
[[rule]]
name = "core"
when.author = "people:core"
then.comment = "x"
[[command]]
name = "c"
then.comment = "x"
[people]
core = ["alice"]
`

func TestChanged(t *testing.T) {
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, before, after string
		want                Reapply
		gone                []string
	}{
		{"all is new", "", reapplied1, Reapply{Rules: []string{"label", "merge", "core"}, New: []string{"label", "merge", "core"}, Since: at}, nil},
		{"nothing changed", reapplied1, reapplied1, Reapply{}, nil},
		{"laid out otherwise", "[[rule]]\nname = 'a'\nwhen.title = 'x'\nthen.label = 'y'\n", "# Why.\n[[rule]]\nthen = { label = \"y\" } # that\nname = \"a\"\n[rule.when]\ntitle = \"x\"\n", Reapply{}, nil},
		{"a rule changed", "[[rule]]\nname = 'a'\nwhen.title = 'x'\nthen.label = 'y'\n", "[[rule]]\nname = 'a'\nwhen.title = 'x'\nthen.label = 'z'\n", Reapply{Rules: []string{"a"}, New: []string{"a"}, Changed: []string{"a"}, Since: at}, nil},
		{"a group of people", reapplied1, reapplied1 + "\nmore = ['bob']\n", Reapply{Rules: []string{"core"}, New: []string{"core"}, Changed: []string{"core"}, Since: at}, nil},
		{"a freeze comes", reapplied1, reapplied1 + "[[freeze]]\nname = 'f'\nfrom = 2026-01-01\n", Reapply{Rules: []string{"merge"}, Since: at}, nil},
		{"a freeze goes", reapplied1 + "[[freeze]]\nname = 'f'\nfrom = 2026-01-01\n", reapplied1, Reapply{Rules: []string{"merge"}, Since: at}, nil},
		{"rules go", reapplied1, "[[rule]]\nname = 'merge'\nwhen.label = 'ready'\nthen.merge = 'squash'\n", Reapply{}, []string{"core", "label", "moment", "off"}},
		{"a gate goes", "[[rule]]\nname = 'g'\nrequire.title = 'x'\n", "", Reapply{Retire: true, Since: at}, []string{"g"}},
		{"a preset changed", "[labels]\ndocs = 'docs/**'\nweb = 'web/**'\n", "[labels]\ndocs = ['docs/**', '*.md']\nweb = 'web/**'\n", Reapply{Rules: []string{"labels/docs"}, New: []string{"labels/docs"}, Changed: []string{"labels/docs"}, Since: at}, nil},
		{"gates are combined", "[[rule]]\nname = 'g'\nrequire.title = 'x'\n", "[gates]\ncombine = 'all'\n[[rule]]\nname = 'g'\nrequire.title = 'x'\n", Reapply{Rules: []string{"g"}, New: []string{"g"}, Changed: []string{"g"}, Since: at}, nil},
	} {
		look, gone := mustCompile(t, tt.after).Changed(mustCompile(t, tt.before).Prints(), at)
		if diff := cmp.Diff(tt.want, look); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.gone, gone); diff != "" {
			t.Errorf("%s, gone: %s", tt.name, diff)
		}
	}
	a, b := mustCompile(t, reapplied1), mustCompile(t, reapplied1+"[[freeze]]\nname = 'f'\nfrom = 2026-01-01\n")
	if a.Fingerprint() != mustCompile(t, reapplied1).Fingerprint() || a.Fingerprint() == b.Fingerprint() || (*Set)(nil).Fingerprint() != "" {
		t.Error("fingerprints of sets")
	}
}

func TestOnBase(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "title"
when.title = "x"
then.label = "x"
[[rule]]
name = "conflict"
when.mergeable = false
then.label = "conflict"
[[rule]]
name = "behind"
require.if = "pr.behind == 0"
[[rule]]
name = "files"
when.files = "docs/**"
then.label = "docs"
[[rule]]
name = "moment"
on = "pull_request.opened"
when.mergeable = false
then.comment = "x"
`)
	for _, tt := range []struct {
		files []string
		all   bool
		want  []string
	}{
		{nil, false, []string{"conflict", "behind"}},
		{[]string{"a/.gitattributes"}, false, []string{"conflict", "behind", "files"}},
		{nil, true, []string{"conflict", "behind", "files"}},
	} {
		if diff := cmp.Diff(tt.want, s.OnBase(tt.files, tt.all).Rules); diff != "" {
			t.Errorf("%v: %s", tt.files, diff)
		}
	}
	if look := mustCompile(t, "[[rule]]\nname = 'a'\nwhen.title = 'x'\nthen.label = 'x'\n").OnBase(nil, true); !look.Empty() {
		t.Errorf("%v", look)
	}
}

// looking makes f a delivery that has rules look again.
func looking(t *testing.T, f *Facts, look Reapply) *Facts {
	t.Helper()
	text, err := json.Marshal(map[string]any{"reapply": look})
	if err != nil {
		t.Fatal(err)
	}
	f.Event = nil
	if err := json.Unmarshal(text, &f.Event); err != nil {
		t.Fatal(err)
	}
	f.Delivery.Event, f.Delivery.Activity = "reapply", "rules_changed"
	return f
}

// TestSettled: what a rule does once is not done on what was there before it, until it stops holding or there is another commit.
func TestSettled(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	at := func(memory Memory, head string, labels ...string) *Facts {
		return pull("labeled", func(f *Facts) {
			f.Now, f.Memory = now, memory
			f.Subject.HeadSHA, f.Subject.Labels, f.Subject.CreatedAt = head, labels, now.Add(-time.Hour)
		})
	}
	kinds := func(r Result) (out []string) {
		for _, s := range r.Steps {
			out = append(out, s.Kind)
		}
		return out
	}
	look := Reapply{Rules: []string{"r"}, New: []string{"r"}, Since: now}
	for _, extra := range []string{"", "cooldown = '1d'\n", "repeat = '7d'\n"} {
		s := mustCompile(t, "[[rule]]\nname = 'r'\nwhen.label = 'ready'\nthen.comment = 'x'\nthen.label = 'kept'\n"+extra)
		r := s.Evaluate(looking(t, at(Memory{}, "a", "ready"), look))
		if diff := cmp.Diff([]string{"label"}, kinds(r)); diff != "" || !r.Memory.Held["r"] || !r.Decisions[0].Settled {
			t.Fatalf("%q: %s %+v", extra, diff, r)
		}
		settled := r.Memory
		for _, tt := range []struct {
			name string
			f    *Facts
			want []string
		}{
			{"as before", at(settled, "a", "ready", "kept"), nil},
			{"another look", looking(t, at(settled, "a", "ready", "kept"), look), nil},
			{"another commit", at(settled, "b", "ready", "kept"), []string{"comment"}},
		} {
			if diff := cmp.Diff(tt.want, kinds(s.Evaluate(tt.f))); diff != "" {
				t.Errorf("%q, %s: %s", extra, tt.name, diff)
			}
		}
		for name, tt := range map[string]struct {
			look Reapply
			want []string
		}{
			"decided by it before":          {look, []string{"comment", "label"}},
			"decided by its text before":    {Reapply{Rules: look.Rules, New: look.New, Changed: look.New, Since: now}, []string{"label"}},
			"touched since the rule was in": {Reapply{Rules: look.Rules, New: look.New, Changed: look.New, Since: now.Add(-time.Minute)}, []string{"comment", "label"}},
		} {
			f := looking(t, at(Memory{Held: map[string]bool{"r": false}}, "a", "ready"), tt.look)
			f.Subject.UpdatedAt = now
			f.Learn("subject.updated_at")
			if diff := cmp.Diff(tt.want, kinds(s.Evaluate(f))); diff != "" {
				t.Errorf("%q, %s: %s", extra, name, diff)
			}
		}
		fired := s.Evaluate(at(settled, "b", "ready", "kept")).Memory
		if got := kinds(s.Evaluate(at(fired, "c", "ready", "kept"))); got != nil {
			t.Errorf("%q: it fired, and does with each commit: %v", extra, got)
		}
		off := s.Evaluate(at(settled, "a", "kept")).Memory
		if got := kinds(s.Evaluate(at(off, "a", "ready", "kept"))); len(got) != 1 {
			t.Errorf("%q: it began to hold anew: %v", extra, got)
		}
	}
	// A state that has to hold for a while does not fire after the while either.
	s := mustCompile(t, "[[rule]]\nname = 'r'\nwhen.label = 'ready'\nfor = '10m'\nthen.comment = 'x'\n")
	memory := s.Evaluate(looking(t, at(Memory{}, "a", "ready"), look)).Memory
	f := at(memory, "a", "ready")
	f.Now = now.Add(time.Hour)
	if got := kinds(s.Evaluate(f)); got != nil {
		t.Errorf("for: %v", got)
	}
	// What came after the rule, a rule that catches up, and one that did not change itself are as ever.
	s = mustCompile(t, "[[rule]]\nname = 'r'\nwhen.label = 'ready'\nthen.comment = 'x'\n")
	late := at(Memory{}, "a", "ready")
	late.Subject.CreatedAt = now.Add(time.Second)
	late.Learn("subject.created_at")
	for name, r := range map[string]Result{
		"later":    s.Evaluate(looking(t, late, look)),
		"backfill": mustCompile(t, "[[rule]]\nname = 'r'\nwhen.label = 'ready'\nthen.comment = 'x'\nbackfill = 7\n").Evaluate(looking(t, at(Memory{}, "a", "ready"), look)),
		"woken":    s.Evaluate(looking(t, at(Memory{}, "a", "ready"), Reapply{Rules: []string{"r"}})),
	} {
		if diff := cmp.Diff([]string{"comment"}, kinds(r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if r := s.Evaluate(looking(t, at(Memory{}, "a", "ready"), Reapply{Rules: []string{"other"}})); len(r.Decisions) > 0 {
		t.Errorf("another rule's: %v", r.Decisions)
	}
}

func TestReapplyAnd(t *testing.T) {
	early, late := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	got := Reapply{[]string{"b", "a"}, []string{"a"}, nil, late, false}.And(Reapply{[]string{"c", "a"}, nil, nil, early, true})
	if diff := cmp.Diff(Reapply{[]string{"a", "b", "c"}, []string{"a"}, nil, late, true}, got); diff != "" {
		t.Error(diff)
	}
}
