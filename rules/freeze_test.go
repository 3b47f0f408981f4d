package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const freezes = `
[[freeze]]
name = "Year end"
why  = "Nobody is there."
from = 2026-01-05T10:00:00
to   = 2026-01-07T09:00:00
zone = "Europe/Berlin"
allow.label = "hotfix"
[[freeze]]
name = "Weekend"
time = "Sat,Sun"
when.base = "main"
`

func TestFreeze(t *testing.T) {
	const merge = "[[rule]]\nname = 'm'\nwhen.label = ['ready', 'hotfix']\nthen.merge = 'squash'\n"
	s := mustCompile(t, merge+freezes)
	for _, tt := range []struct {
		at, label, base string
		outcome         Outcome
		steps           int
		note, wake      string
	}{
		{"2026-01-05T08:59:59Z", "ready", "main", True, 1, "1 action", ""},
		{"2026-01-05T09:00:00Z", "ready", "main", Waiting, 0, `held back by the freeze "Year end" until 2026-01-07 08:00 UTC: Nobody is there.`, "2026-01-07T08:00:00Z"},
		{"2026-01-05T09:00:00Z", "hotfix", "main", True, 1, "1 action", ""},
		{"2026-01-05T09:00:00Z", "other", "main", False, 0, "", ""},
		{"2026-01-07T08:00:00Z", "ready", "main", True, 1, "1 action", ""},
		{"2026-01-10T08:00:00Z", "ready", "main", Waiting, 0, `held back by the freeze "Weekend" until 2026-01-12 00:00 UTC`, "2026-01-12T00:00:00Z"},
		{"2026-01-10T08:00:00Z", "ready", "next", True, 1, "1 action", ""},
	} {
		f := pull("labeled", func(f *Facts) {
			f.Now = moment(t, tt.at)
			f.Subject.Labels, f.Subject.Base, f.Subject.State, f.Subject.Mergeable = []string{tt.label}, tt.base, "open", true
			f.Learn("subject.mergeable")
		})
		r := s.Evaluate(f)
		d, wake := r.Decisions[0], ""
		if len(r.Wakes) > 0 {
			wake = r.Wakes[0].At.Format(time.RFC3339)
		}
		if d.Outcome != tt.outcome || len(r.Steps) != tt.steps || d.Note != tt.note || wake != tt.wake {
			t.Errorf("%s %s %s: %s (%s), %d steps, %s", tt.at, tt.label, tt.base, d.Outcome, d.Note, len(r.Steps), wake)
		}
		if f.Freeze.Active {
			t.Error("the caller's facts were changed")
		}
	}
	// What a freeze asks for is fetched only where a rule cares.
	f := &Facts{Now: moment(t, "2026-01-05T09:00:00Z"), Delivery: Delivery{Event: "pull_request", Activity: "opened"}, Repository: &Repository{},
		Sender: &Sender{}, Subject: &Subject{Kind: "pull_request"}}
	if r := s.Evaluate(f); !cmp.Equal(r.Missing, []string{"subject.labels"}) {
		t.Errorf("missing %v", r.Missing)
	}
	if r := mustCompile(t, "[[rule]]\nname = 'c'\nthen.comment = 'x'\n"+freezes).Evaluate(f); len(r.Missing) != 0 || len(r.Steps) != 1 {
		t.Errorf("a rule that merges nothing is held up: %+v", r)
	}
	if r := mustCompile(t, "[[rule]]\nname = 'm'\nthen.merge = 'squash'\n"+freezes).Evaluate(f); !cmp.Equal(r.Missing, []string{"subject.labels"}) {
		t.Errorf("missing %v", r.Missing)
	}
	// Other layers are held back too.
	if n := len(Merge(mustCompile(t, freezes), mustCompile(t, merge)).freezes); n != 2 {
		t.Errorf("%d freezes after a merge", n)
	}
}

func TestFrozen(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = 'f'\nwhen.frozen = true\nthen.label = '{{ freeze.name }}'\n"+freezes)
	for at, want := range map[string]struct {
		outcome Outcome
		wake    string
	}{
		"2026-01-05T08:00:00Z": {False, "2026-01-05T09:00:00Z"},
		"2026-01-05T09:00:00Z": {True, "2026-01-07T08:00:00Z"},
		"2026-01-08T09:00:00Z": {False, "2026-01-10T00:00:00Z"},
	} {
		r := s.Evaluate(pull("opened", func(f *Facts) { f.Now = moment(t, at) }))
		if len(r.Decisions) != 1 || len(r.Wakes) != 1 || r.Decisions[0].Outcome != want.outcome || r.Wakes[0].At.Format(time.RFC3339) != want.wake {
			t.Errorf("%s: %+v", at, r)
		}
	}
}

func TestFreezeMistakes(t *testing.T) {
	for src, want := range map[string]string{
		"freeze = 1":                    "freeze is a list of tables",
		"[freeze]\nname = 'x'":          "freeze is a list of tables",
		"[[freeze]]\nfrom = 2026-01-01": "freeze lacks name",
		"[[freeze]]\nname = 'x'":        "the freeze has no time",
		"[[freeze]]\nname = 'x'\nfrom = 2026-01-02\nto = 2026-01-01":    "the freeze ends before it begins",
		"[[freeze]]\nname = 'x'\nfrom = '2026-01-02'":                   "from must be a date or a date with a time, not",
		"[[freeze]]\nname = 'x'\nfrom = 07:32:00":                       "from must be a date or a date with a time, not",
		"[[freeze]]\nname = 'x'\nfrom = 2026-01-02\nzone = 'Berlin'":    "there is no time zone Berlin",
		"[[freeze]]\nname = 'x'\nfrom = 2026-01-02\ntime = 'Sat'":       "a freeze has a time of the week, or from and to, not both",
		"[[freeze]]\nname = 'x'\ntime = 'Sax'":                          `"Sax" is no window of the week`,
		"[[freeze]]\nname = 'x'\nfrom = 2026-01-02\nallow.lable = 'y'":  "allow has no key lable",
		"[[freeze]]\nname = 'x'\nfrom = 2026-01-02\nwhen.frozen = true": "a freeze cannot depend on whether there is a freeze",
	} {
		_, problems := Compile("bot.toml", []byte(src), toyKinds, Options{})
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Message, want) {
			t.Errorf("%s: %v, want %s", src, problems, want)
		}
	}
	s := mustCompile(t, "[[freeze]]\nname = 'x'\nfrom = 2026-01-05T10:00:00+01:00\n[[freeze]]\nname = 'y'\nto = 2026-01-05\nzone = 'Europe/Berlin'")
	if got := s.freezes[0].from.Format(time.RFC3339) + " " + s.freezes[1].to.Format(time.RFC3339); got != "2026-01-05T09:00:00Z 2026-01-04T23:00:00Z" {
		t.Error(got)
	}
}
