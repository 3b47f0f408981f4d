package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bellhop/rules/syntax"
)

// TestBreaker plays a rule that fires at each comment: how often it does something in an hour, when it is tried again, and what
// lets it begin anew.
func TestBreaker(t *testing.T) {
	const text = "[[rule]]\nname = 'r'\non = 'issue_comment.created'\nthen.comment = 'x'\n"
	set := mustCompile(t, text)
	now, memory := day, Memory{}
	play := func() (did bool, r Result) {
		f := issue("created")
		f.Delivery.Event, f.Comment, f.Now, f.Memory = "issue_comment", &Comment{}, now, memory
		f.Sender = &Sender{Login: "robot", Bot: true}
		r = set.Evaluate(f)
		memory = r.Memory
		return len(r.Steps) > 0, r
	}
	many := func(n int) (did int) {
		for range n {
			if ok, _ := play(); ok {
				did++
			}
		}
		return did
	}
	if n := many(breakerActs); n != breakerActs {
		t.Fatalf("%d of %d were done", n, breakerActs)
	}
	did, r := play()
	if did || fmt.Sprint(r.Stopped) != "[r]" || r.Decisions[0].Outcome != Waiting || !strings.HasPrefix(r.Decisions[0].Note, "stopped: ") || len(r.Wakes) > 0 {
		t.Fatalf("not stopped: %+v", r)
	}
	if _, r = play(); len(r.Stopped) > 0 || len(r.Steps) > 0 {
		t.Errorf("it is stopped once: %+v", r)
	}
	now = now.Add(breakerSpan)
	if n := many(5); n != 1 {
		t.Errorf("%d tries after an hour, want 1", n)
	}
	now = now.Add(2 * breakerSpan)
	if n := many(1); n != 1 {
		t.Errorf("no try after the next hour")
	}
	now = now.Add(breakerSpan)
	if n := many(2 * breakerActs); n != breakerActs {
		t.Errorf("%d after a quiet hour, want %d", n, breakerActs)
	}
	set = mustCompile(t, "\n# another place\n"+text)
	if n := many(1); n != 0 {
		t.Error("another place in the file is no other text")
	}
	set = mustCompile(t, strings.Replace(text, "'x'", "'y'", 1))
	if n := many(2 * breakerActs); n != breakerActs {
		t.Errorf("%d with another text, want %d", n, breakerActs)
	}
}

// TestBreakerSpares: what observes, what people set off, and commands are not counted.
func TestBreakerSpares(t *testing.T) {
	set := mustCompile(t, "[[rule]]\nname = 'people'\non = 'issues.opened'\nthen.comment = 'x'\n[[rule]]\nname = 'r'\nmode = 'observe'\non = 'issues.opened'\nthen.comment = 'x'\n[[command]]\nname = 'c'\nwho = 'anyone'\nthen.comment = 'x'")
	memory := Memory{}
	for range 2 * breakerActs {
		f := issue("opened")
		f.Memory = memory
		f.Subject.Body, f.Subject.Author = "/c", f.Sender.Login
		f.Learn("subject.body", "subject.author", "subject.association")
		memory = set.Evaluate(f).Memory
	}
	if len(memory.Acts) > 0 {
		t.Errorf("%v", memory.Acts)
	}
}

// TestBrake holds back what a rule does and what it looks up, and keeps moments and states apart.
func TestBrake(t *testing.T) {
	until := day.Add(time.Hour)
	full := &Brake{Actions: "all is spent", ActionsAt: until}
	blind := &Brake{Facts: "half is read", FactsAt: until}
	for _, tt := range []struct {
		rule  string
		brake *Brake
		note  string
		wake  string // kind
	}{
		{"on = 'issues.opened'\nthen.comment = 'x'", full, "all is spent, looked at again at 2026-01-05 10:00 UTC", "after d-1"},
		{"when.kind = 'issue'\nthen.comment = 'x'", full, "all is spent, looked at again at 2026-01-05 10:00 UTC", "wake"},
		{"when.kind = 'pull_request'\nthen.comment = 'x'\non = 'issues'", full, "", ""},
		{"when.kind = 'issue'\nwhen.title_has = 'no such'\nthen.comment = 'x'", full, "", ""},
		{"when.kind = 'issue'\nthen.comment = 'x'", blind, "1 action", ""},
		{"on = 'issues.opened'\nwhen.sender_permission = 'write'\nthen.comment = 'x'", blind, "half is read, looked at again at 2026-01-05 10:00 UTC", "after d-1"},
		{"when.kind = 'issue'\nwhen.sender_permission = 'write'\nthen.comment = 'x'", blind, "half is read, looked at again at 2026-01-05 10:00 UTC", "wake"},
	} {
		set, problems := Compile("bot.toml", []byte("[[rule]]\nname = 'r'\n"+tt.rule), toyKinds, Options{})
		if len(problems) > 0 {
			continue // it can never hold
		}
		f := issue("opened")
		f.Now, f.Delivery.ID, f.Brake = day, "d-1", tt.brake
		r := set.Evaluate(f)
		wake := ""
		if len(r.Wakes) > 0 {
			wake = r.Wakes[0].Kind
		}
		if len(r.Missing) > 0 || r.Decisions[0].Note != tt.note || wake != tt.wake || (len(r.Braked) > 0) != (wake != "") {
			t.Errorf("%s: %q, want %q; %q, want %q; missing %v, braked %v", tt.rule, r.Decisions[0].Note, tt.note, wake, tt.wake, r.Missing, r.Braked)
		}
		if wake != "" && (len(r.Steps) > 0 || r.Memory.Held["r"] || !r.Wakes[0].At.Equal(until)) {
			t.Errorf("%s: %+v", tt.rule, r)
		}
	}
}

// TestBounds: of several files the lowest limit counts.
func TestBounds(t *testing.T) {
	limited := func(layer string, n int) *Set {
		set, problems := Compile("bot.toml", fmt.Appendf(nil, "[limits]\nactions = %d\n[[rule]]\nname = 'r'\nthen.comment = 'x'\n", n), toyKinds, Options{Layer: layer})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return set
	}
	free := mustCompile(t, "[[rule]]\nname = 'free'\nthen.comment = 'x'\n")
	stack := func(sets ...*Set) *Set { s, _ := Stack(sets[:1], sets[1:]); return s }
	for i, tt := range []struct {
		set  *Set
		want int
	}{
		{nil, 0}, {free, 0}, {limited("", 7), 7}, {stack(limited("host", 9), limited("", 7)), 7}, {stack(limited("host", 7), limited("", 9)), 7},
		{stack(free, limited("", 9)), 9}, {Merge(limited("host", 7), free, nil), 7}, {stack(nil, nil), 0},
	} {
		if got := tt.set.Bounds().Actions; got != tt.want {
			t.Errorf("%d: %d, want %d", i, got, tt.want)
		}
	}
}

// FuzzPrint: a rule that stands elsewhere in its file has the same fingerprint, and one with another line has not.
func FuzzPrint(f *testing.F) {
	f.Add("name = 'a'\nthen.label = 'x'")
	f.Add("[[a]]\nb = [1, 2.5, {c = true}]\n[[a]]")
	f.Fuzz(func(t *testing.T, src string) {
		printOf := func(src string) string {
			file, problems := syntax.Parse("x", []byte(src))
			if len(problems) > 0 {
				return ""
			}
			return (&compiler{file: file}).printOf(file.Root)
		}
		here, moved, other := printOf(src), printOf("\n# moved\n"+src), printOf("other = 1\n"+src)
		if here != "" && moved != "" && here != moved {
			t.Fatalf("%q moved is another text", src)
		}
		if here != "" && here == other {
			t.Fatalf("%q with another line is the same text", src)
		}
	})
}
