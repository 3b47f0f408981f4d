package rules

import (
	"strings"
	"testing"
	"time"
)

// day is a time that tests count from: a Monday.
var day = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// aged is an issue that was opened some time before day plus now.
func aged(now time.Duration, change ...func(*Facts)) *Facts {
	f := issue("opened", change...)
	f.Now = day.Add(now)
	f.Subject.CreatedAt, f.Subject.UpdatedAt = day, day
	f.Subject.Age = now
	f.Learn("subject.created_at", "subject.updated_at", "subject.age")
	return f
}

func TestWake(t *testing.T) {
	const d = 24 * time.Hour
	for _, tt := range []struct {
		rule    string
		now     time.Duration
		outcome Outcome
		wake    time.Duration // after day; 0 for none
	}{
		{`when.age = ">30d"`, d, False, 30*d + justAfter},
		{`when.age = ">=30d"`, d, False, 30 * d},
		{`when.age = "<30d"`, d, True, 30 * d},
		{`when.age = "<=30d"`, d, True, 30*d + justAfter},
		{`when.age = ">30d"`, 31 * d, True, 0},
		{`when.age = "7d..14d"`, d, False, 7 * d},
		{`when.age = "7d..14d"`, 8 * d, True, 14*d + justAfter},
		{`unless.age = "<2d"`, d, False, 2 * d},
		{`when.age = ">30d"` + "\n" + `when.author = "nobody"`, d, False, 0},
		{`when.author = "nobody"` + "\n" + `when.age = ">30d"`, d, False, 0},
		{"[[rule.when]]\nauthor = 'nobody'\n[[rule.when]]\nage = '>3d'", d, False, 3*d + justAfter},
		{`when.since_update = ">2d"`, d, False, 2*d + justAfter},
		{`when.created = ">=2026-01-06"`, d, False, 0},
		{`when.created = "2026-01-05"`, d, True, 0},
		{`when.created = 2026-01-05`, d, True, 0},
		{`when.created = "..2026-01-04"`, d, False, 0},
		{`when.time = "Tue 10:00-11:00"`, d, False, 25 * time.Hour},
		{`when.time = "Tue 09:00-11:00"`, d, True, 26 * time.Hour},
		{`if = 'now > timestamp("2026-01-07T09:00:00Z")'`, d, False, 2*d + justAfter},
		{`if = 'now - subject.created_at >= duration("2d")'`, d, False, 2 * d},
		{`if = 'duration("2d") <= subject.age && subject.title != ""'`, d, False, 2 * d},
		{`if = 'now > issue.created_at + duration("2d")'`, d, False, 2*d + justAfter},
		{`if = 'now < issue.created_at - duration("2d")'`, d, False, 0},
		{`if = '!during(now, "Sat,Sun")'`, d, True, 5*d - 9*time.Hour},
		{`on = "issues.opened"` + "\n" + `when.age = ">30d"`, d, False, 0},
		{`on = "issues"` + "\n" + `when.age = ">30d"`, d, False, 30*d + justAfter},
	} {
		r := mustCompile(t, "[[rule]]\nname = 'r'\nthen.comment = 'x'\n"+tt.rule).Evaluate(aged(tt.now))
		var want []Wake
		if tt.wake != 0 {
			want = []Wake{{"r", WakeState, day.Add(tt.wake)}}
		}
		if len(r.Decisions) != 1 || r.Decisions[0].Outcome != tt.outcome || len(r.Wakes) != len(want) || len(want) > 0 && r.Wakes[0] != want[0] {
			t.Errorf("%s after %s: %+v, want %s and %v", tt.rule, tt.now, r, tt.outcome, want)
		}
	}
}

// story evaluates a rule again and again, on facts that change, and remembers.
func story(t *testing.T, rule string, steps []chapter) {
	t.Helper()
	s := mustCompile(t, "[[rule]]\nname = 'r'\n"+rule)
	var m Memory
	for i, c := range steps {
		f := aged(c.at, c.change)
		f.Memory = m
		r := s.Evaluate(f)
		if len(r.Missing) > 0 || len(r.Decisions) != 1 {
			t.Fatalf("%s, %d: %+v", rule, i, r)
		}
		m = r.Memory
		wake := time.Duration(0)
		if len(r.Wakes) > 0 {
			wake = r.Wakes[0].At.Sub(day)
		}
		d := r.Decisions[0]
		if d.Outcome != c.outcome || len(r.Steps) != c.steps || wake != c.wake || !strings.Contains(d.Note, c.note) {
			t.Errorf("%s, %d: %s (%s), %d steps, wake %s; want %s (%s), %d, %s", rule, i, d.Outcome, d.Note, len(r.Steps), wake, c.outcome, c.note, c.steps, c.wake)
		}
	}
}

type chapter struct {
	at      time.Duration
	change  func(*Facts)
	outcome Outcome
	steps   int
	wake    time.Duration
	note    string
}

func TestTiming(t *testing.T) {
	const m, h, d = time.Minute, time.Hour, 24 * time.Hour
	labels := func(names ...string) func(*Facts) { return func(f *Facts) { f.Subject.Labels = names } }
	with, without := labels("bug"), labels()
	story(t, "when.label = 'bug'\nfor = '10m'\nthen.comment = 'x'", []chapter{
		{0, with, Waiting, 0, 10 * m, "holds since 2026-01-05 09:00 UTC, and has to for 10m"},
		{5 * m, without, False, 0, 0, ""},
		{6 * m, with, Waiting, 0, 16 * m, ""},
		{16 * m, with, True, 1, 0, "1 action"},
		{17 * m, with, True, 0, 0, "held before"},
	})
	story(t, "when.label = 'bug'\ncooldown = '1d'\nthen.comment = 'x'", []chapter{
		{0, with, True, 1, 0, ""},
		{h, without, False, 0, 0, ""},
		{2 * h, with, Waiting, 0, d, "cools down until 2026-01-06 09:00 UTC"},
		{d, with, True, 1, 0, ""},
	})
	story(t, "on = 'issues.opened'\ncooldown = '1d'\nthen.comment = 'x'", []chapter{
		{0, with, True, 1, 0, ""},
		{2 * h, with, Waiting, 0, 0, "cools down"},
		{d, with, True, 1, 0, ""},
	})
	story(t, "when.label = 'bug'\nrepeat = '7d'\nthen.comment = 'x'", []chapter{
		{0, with, True, 1, 7 * d, ""},
		{d, with, True, 0, 7 * d, "held before"},
		{7 * d, with, True, 1, 14 * d, ""},
		{8 * d, without, False, 0, 0, ""},
	})
	ring := func(kind string) func(*Facts) {
		return func(f *Facts) {
			f.Subject.Labels = []string{"bug"}
			f.Delivery.Event, f.Delivery.Activity = "timer", ""
			f.Event = map[string]any{"timer": map[string]any{"rule": "r", "kind": kind}}
		}
	}
	story(t, "on = 'issues.opened'\nwhen.label = 'bug'\nafter = '3d'\nthen.comment = 'x'", []chapter{
		{0, with, Waiting, 0, 3 * d, "acts at 2026-01-08 09:00 UTC if it holds then too"},
		{d, without, False, 0, 0, ""},
		{3 * d, ring(WakeMoment), True, 1, 0, ""},
	})
	story(t, "when.label = 'bug'\nfor = '3d'\nthen.comment = 'x'", []chapter{
		{0, with, Waiting, 0, 3 * d, ""},
		{3 * d, ring(WakeState), True, 1, 0, ""},
	})
	if s := mustCompile(t, "[[rule]]\nname = 'other'\nthen.comment = 'x'"); len(s.Evaluate(aged(0, ring(WakeState))).Decisions) != 0 {
		t.Error("a timer of one rule is heard by another")
	}
}

func TestRepeatPush(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = 'r'\nwhen.label = 'bug'\nrepeat = 'push'\nthen.comment = 'x'")
	var m Memory
	for i, tt := range []struct {
		head  string
		steps int
	}{{"a", 1}, {"a", 0}, {"b", 1}, {"b", 0}} {
		f := pull("synchronize", func(f *Facts) { f.Subject.HeadSHA, f.Subject.Labels = tt.head, []string{"bug"} })
		f.Memory = m
		r := s.Evaluate(f)
		if len(r.Steps) != tt.steps {
			t.Errorf("%d: %d steps, want %d", i, len(r.Steps), tt.steps)
		}
		m = r.Memory
	}
	f := &Facts{Delivery: Delivery{Event: "check_run"}, Repository: &Repository{}, Subject: &Subject{Kind: "pull_request", Labels: []string{"bug"}}, Memory: m}
	f.Learn("subject.labels")
	f.Delivery = Delivery{Event: "pull_request", Activity: "labeled"}
	if r := s.Evaluate(f); len(r.Missing) != 1 || r.Missing[0] != "subject.head_sha" {
		t.Errorf("%+v", r.Missing)
	}
}

func TestTimingMistakes(t *testing.T) {
	for rule, want := range map[string]string{
		"on = 'issues.opened'\nfor = '1d'":         "for is how long a state holds, and on names moments only",
		"after = '1d'":                             "after is counted from a moment, and the rule is about state",
		"for = '0s'":                               "for must be longer than nothing, and ten years at the most",
		"cooldown = '5000d'":                       "cooldown must be longer than nothing, and ten years at the most",
		"repeat = 'pull'":                          `repeat cannot be "pull"`,
		"repeat = '5m'":                            "repeat must be an hour at least, and ten years at the most",
		"on = 'push'\nrepeat = 'push'":             "repeat is for a rule about state, and on names moments only",
		"on = 'schedule dayly'":                    `"dayly" is no schedule`,
		"when.time = 'Mon-Fri 9-17 Europe/Berlim'": "there is no time zone Europe/Berlim",
		"when.created = 'yesterday'":               `when.created must be a range of dates: "yesterday" is no date`,
		"if = 'during(now, repo.name)'":            "the window of during must be written out",
	} {
		_, problems := Compile("bot.toml", []byte("[[rule]]\nname = 'r'\n"+rule+"\nthen.comment = 'x'"), toyKinds, Options{})
		if len(problems) != 1 || problems[0].Message != want {
			t.Errorf("%s: %v, want %s", rule, problems, want)
		}
	}
}

func TestSchedules(t *testing.T) {
	for _, tt := range []struct {
		rule, subjects string
	}{
		{"then.comment = 'x'", ""},
		{"when.kind = 'issue'\nthen.comment = 'x'", "issue"},
		{"when.kind = 'issue'\nthen.comment = 'x'", "issue"},
		{"when.draft = true\nthen.label = 'x'", "pull_request"},
		{"then.label = 'x'", "issue pull_request"},
		{"then.merge = 'squash'", "pull_request"},
	} {
		s := mustCompile(t, "[[rule]]\nname = 'r'\non = 'schedule  daily 06:00'\n"+tt.rule)
		list := s.Schedules()
		if len(list) != 1 || strings.Join(list[0].Subjects, " ") != tt.subjects || list[0].On != "schedule daily 06:00" || list[0].Rule != "r" {
			t.Errorf("%s: %+v", tt.rule, list)
			continue
		}
		f := issue("")
		f.Delivery.Event = "schedule"
		f.Event = map[string]any{"schedule": map[string]any{"rule": "r", "on": list[0].On}}
		if strings.Contains(tt.subjects, "issue") != s.Listens(f) && tt.subjects != "" && !s.Listens(f) {
			t.Errorf("%s: not heard", tt.rule)
		}
		f.Event = map[string]any{"schedule": map[string]any{"rule": "r", "on": "schedule daily 07:00"}}
		if s.Listens(f) {
			t.Errorf("%s: hears another schedule", tt.rule)
		}
	}
	if s := mustCompile(t, "[[rule]]\nname = 'r'\non = 'schedule daily'\nmode = 'off'\nthen.label = 'x'"); len(s.Schedules()) != 0 {
		t.Error("a rule that is off has a schedule")
	}
}

// TestOnce lets a rule fall and rise: what it does once it does once ever, and what it keeps follows its condition.
func TestOnce(t *testing.T) {
	set := mustCompile(t, `[[rule]]
name = "r"
when.label = "urgent"
once = true
then.comment = "x"
then.label = "seen"
`)
	var memory Memory
	play := func(at time.Duration, mode string, labels ...string) string {
		t.Helper()
		f := aged(at)
		f.Delivery.Activity, f.Subject.Labels, f.Memory = "labeled", labels, memory
		f.Learn("subject.labels")
		set.rules[0].mode = mode
		r := set.Evaluate(f)
		memory = r.Memory
		var kinds []string
		for _, s := range append(r.Steps, r.Decisions[0].Would...) {
			kinds = append(kinds, s.Kind)
			if !s.Undo && mode == "live" {
				memory.Put = append(memory.Put, s.Put...)
			}
		}
		return strings.Join(kinds, " ") + ", " + r.Decisions[0].Note
	}
	for i, tt := range []struct {
		mode   string
		labels []string
		want   string
	}{
		{"observe", []string{"urgent"}, "comment label, observe only: 2 actions"},
		{"live", nil, ", "},
		{"live", []string{"urgent"}, "comment label, 2 actions"},
		{"live", []string{"urgent", "seen"}, ", done once, at 2026-01-05 11:00 UTC"},
		{"live", []string{"seen"}, "remove_label, 1 action"},
		{"live", []string{"urgent"}, "label, 1 action"},
	} {
		if got := play(time.Duration(i)*time.Hour, tt.mode, tt.labels...); got != tt.want {
			t.Errorf("%d: %s, want %s", i, got, tt.want)
		}
	}
}
