package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// vast is a pull request with as much text as GitHub allows, and a payload of a megabyte.
func vast() *Facts {
	f := whole()
	s := f.Subject
	s.Body = strings.Repeat("a", 65_000)
	s.Files, s.Commits = nil, nil
	for i := range 3000 {
		s.Files = append(s.Files, File{Path: fmt.Sprintf("src/some/where/deep/inside/file%04d.go", i), Status: "modified"})
	}
	for range 100 {
		s.Commits = append(s.Commits, Commit{Message: strings.Repeat("m", 10_000)})
	}
	var list []any
	for i := range 20_000 {
		list = append(list, map[string]any{"n": float64(i), "s": strings.Repeat("x", 40)})
	}
	f.Event = map[string]any{"list": list, "big": strings.Repeat("b", 1<<20)}
	return f
}

// TestHostile holds that expressions made to be expensive are refused when they are checked, or end: most by what they cost, in the
// same way each time, some by the time that they take. What they take is logged only, for it depends on the machine.
func TestHostile(t *testing.T) {
	equal := "[" + strings.TrimSuffix(strings.Repeat("event == event, ", 200), ", ") + "].all(x, x)"
	for name, text := range map[string]string{
		"loops in loops":           `pr.files.all(a, pr.files.all(b, a.path != b.path + "x"))`,
		"three loops":              `pr.files.all(a, pr.files.all(b, pr.files.all(c, a.path != c.path)))`,
		"list of lists":            `pr.files.map(a, pr.files.map(b, [a, b])).size() > 0`,
		"growing text":             `pr.files.map(f, pr.body + pr.body).size() > 0`,
		"replace":                  `pr.body.replace("a", pr.body).size() > 0`,
		"replace in a loop":        `pr.files.map(f, pr.body.replace("a", "bbbbbbbb")).size() > 0`,
		"split in a loop":          `pr.files.map(f, pr.body.split("")).size() > 0`,
		"split and join":           `pr.files.map(f, pr.body.split("").join("xxxxxxxx")).size() > 0`,
		"lower in a loop":          `pr.files.map(f, event.big.lower()).size() > 0`,
		"equal payloads":           `pr.files.all(f, event == event)`,
		"equal payloads, no loop":  equal,
		"contains in a loop":       `pr.files.all(f, !event.big.contains("bbbbbbbbbbbbbbbbbbbbbbbbbba"))`,
		"regexp on much text":      `event.big.matches("(a?){100}b{100}$")`,
		"regexp in a loop":         `pr.files.all(f, !f.path.matches("((s?r?c?/?){30}){20}zz$"))`,
		"regexp of the body":       `pr.body.matches("(a?){60}(a?){60}b")`,
		"regexp that is too large": `pr.title.matches("((a{0,100}){0,10}){0,100}")`,
		"regexp from the outside":  `pr.title.matches(pr.body)`,
		"payload in a loop":        `event.list.all(a, event.list.all(b, a.s != b.s + "x"))`,
		"brackets":                 strings.Repeat("(", 1900) + "true" + strings.Repeat(")", 1900),
		"nots":                     strings.Repeat("!", 3990) + "true",
		"lists":                    strings.Repeat("[", 1900) + strings.Repeat("]", 1900) + " == []",
		"long":                     strings.Repeat("true && ", 499) + "true",
		"too long":                 strings.Repeat("true && ", 600) + "true",
		"command in a loop":        `pr.files.exists(f, command(event.big, bot, ["x"]))`,
		"glob":                     `pr.files.all(f, !glob(f.path, "{*a*,*b*,*c*,*d*}{*a*,*b*,*c*,*d*}{*a*,*b*,*c*,*d*}{*a*,*b*,*c*,*d*}zz"))`,
		"time in a loop":           `pr.files.map(f, pr.files.map(g, now.getHours("Europe/Vienna"))).size() == 3`,
		"text of a number":         `pr.files.map(f, string(event.list.size()) + event.big).size() == 3`,
		"size of much text":        `pr.files.all(f, size(event.big) > 1)`,
		"bytes of much text":       `pr.files.all(f, bytes(event.big).size() > 0)`,
		"equal lists of records":   `pr.files.all(f, pr.files == pr.files)`,
		"regexp that branches":     `pr.files.all(a, pr.files.all(b, !a.path.matches("(s?r?c?/?){100}zz$")))`,
		"changed lines":            `pr.files.all(f, changed_lines(pr.files, "(s?r?c?/?){40}$") >= 0)`,
		"upper in a loop":          `pr.files.map(f, event.big.upper()).size() > 0`,
		"timestamps":               `pr.files.all(a, pr.files.all(b, timestamp("2026-01-01T00:00:00Z") > now || a.path != b.path + "x"))`,
		"glob in two loops":        `pr.files.all(a, pr.files.all(b, !glob(a.path, "{*a*,*b*,*c*,*d*}{*a*,*b*,*c*,*d*}zz")))`,
		"lists in two loops":       `pr.files.all(a, pr.files.all(b, [a.path, b.path, a.path, b.path].size() > 3))`,
		"exists_one":               `pr.files.exists_one(a, pr.files.exists_one(b, a.path == b.path))`,
		"in":                       `pr.files.all(f, !(f.path in event.list))`,
	} {
		x, flaws := compileWritten(text, boolType)
		if x == nil {
			t.Logf("%-26s refused: %s", name, flaws[0].message)
			continue
		}
		timed := slices.Contains([]string{"regexp that branches", "glob in two loops"}, name)
		x.loops = x.loops && timed // else no time limit: cost alone must end it
		a := newActivation(vast())
		start := time.Now()
		ans := x.eval(a)
		t.Logf("%-26s ended in %v: %v %v", name, time.Since(start).Round(time.Millisecond), ans.value, ans.err)
		switch {
		case slices.Contains([]string{"glob", "nots", "long"}, name): // as cheap as others
		case ans.err == nil:
			t.Errorf("%s was evaluated to its end", name)
		case timed && ans.err == errTime:
		case ans.err.Error() != "the expression costs too much" && ans.err.Error() != errLong.Error():
			t.Errorf("%s: %v", name, ans.err)
		}
	}
}

// TestTimeLimit holds that the time limit ends a loop that cost alone would not.
func TestTimeLimit(t *testing.T) {
	x, flaws := compile("pr.files.all(a, a.path != '')", boolType)
	if flaws != nil || !x.loops {
		t.Fatal(flaws, x)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := x.program.ContextEval(ctx, newActivation(vast()))
	if err == nil {
		t.Error("a loop went on after its time was over")
	}
}

// The time that counts is the thread's own.
func TestDeadline(t *testing.T) {
	ctx, stop := deadline(time.Millisecond)
	for ctx.Err() == nil { // or the test does not end
	}
	stop()
	ctx, stop = deadline(time.Hour)
	defer stop()
	if ctx.Err() != nil {
		t.Error("it was over at once")
	}
}
