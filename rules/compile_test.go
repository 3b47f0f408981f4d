package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"bellhop/rules/syntax"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzCompile holds every file against three truths: no panic; a diagnostic points inside the file; and what compiled evaluates
// twice to the same.
func FuzzCompile(f *testing.F) {
	archive, err := txtar.ParseFile(mistakes)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		if strings.HasSuffix(file.Name, ".toml") {
			f.Add(string(file.Data))
		}
	}
	for _, m := range matchers {
		f.Add("[[rule]]\nname = 'r'\n" + m.example + "\nthen.label = '{{ pr.title }}'\nelse.comment = 'x'\n")
		_, line, _ := strings.Cut(m.example, ".")
		f.Add("[gates]\ncombine = 'all'\n[[rule]]\nname = 'r'\nrequire." + line + "\n[[rule]]\nname = 's'\n[[rule.require]]\n" + line + "\n")
	}
	pr, is := whole(), issue("opened", comment("/retest"))
	group := pull("checks_requested", func(f *Facts) { f.Delivery.Event, f.MergeGroup = "merge_group", &MergeGroup{SHA: "g"} })
	f.Fuzz(func(t *testing.T, src string) {
		s, problems := Compile("f", []byte(src), toyKinds, Options{})
		checkPlaces(t, src, problems)
		for _, f := range []*Facts{pr, is, {}, group} {
			s.EvaluateGroup(f)
			one, two := s.Evaluate(f), s.Evaluate(f)
			if diff := cmp.Diff(one, two); diff != "" {
				t.Errorf("%s", diff)
			}
		}
	})
}

// checkPlaces holds that diagnostics point into the file.
func checkPlaces(t *testing.T, src string, problems []syntax.Diagnostic) {
	t.Helper()
	lines := strings.Split(src, "\n")
	for _, p := range problems {
		if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.EndCol <= p.Col || p.Col > utf8.RuneCountInString(lines[p.Line-1])+1 || p.Message == "" {
			t.Errorf("%d:%d-%d is not in the file: %s", p.Line, p.Col, p.EndCol, p.Message)
		}
	}
}

// FuzzExpression holds that the text of an expression only ever leads to an expression or to flaws inside it.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		`pr.titel == "x"`, `pr.files.exists(f, f.path.matches('a(b'))`, `size(pr.labels) > 0 && !pr.draft`, `issue.age > duration("30d")`, "a.\n b.c", `"é" + 'x' + r"\d"`,
		`now.getHours("x") > 3`, `event.a["b"].c[3]`, `{1: 2}[1]`, `bellhop.pr{}`, `[1, 2].map(x, x > 1, x)`, `'''a'''`, `pr.x.y.z(1)(2)`, `has(pr.x)`, `true ? 1 : "x"`, `b"x"`, `.pr.draft`,
	} {
		f.Add(seed)
	}
	facts := whole()
	f.Fuzz(func(t *testing.T, text string) {
		x, flaws := compileWritten(text, boolType)
		if (x == nil) != (len(flaws) > 0) {
			t.Errorf("%q: %v, %v", text, x, flaws)
		}
		for _, fl := range flaws {
			if fl.from < 0 || fl.to > len(text) || fl.from > fl.to || fl.message == "" {
				t.Errorf("%q: %+v", text, fl)
			}
		}
		if x != nil {
			x.eval(newActivation(facts))
			x.eval(newActivation(&Facts{}))
		}
	})
}

func TestDiagnosticJSON(t *testing.T) {
	_, problems := Compile("bot.toml", []byte("[[rule]]\nname = 'r'\nwhen.auther = 'x'\nthen.comment = 'x'\n"), toyKinds, Options{})
	got, err := json.Marshal(problems)
	want := `[{"file":"bot.toml","line":3,"col":6,"end_col":12,"rule":"r","message":"when has no key auther","mend":"Did you mean author?"}]`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// TestLimits holds that a file cannot be expensive to compile.
func TestLimits(t *testing.T) {
	many := strings.Repeat("[[rule]]\nname='a'\nthen.comment='x'\n", maxRules+1)
	if _, problems := Compile("f", []byte(many), toyKinds, Options{}); len(problems) != 1 || !strings.Contains(problems[0].Message, "more than 500 rules") {
		t.Errorf("%v", problems)
	}
	var b strings.Builder
	b.WriteString("[[rule]]\nname = 'a'\nthen.comment = 'x'\n")
	for range maxTerms + 10 {
		b.WriteString("[[rule.when]]\ndraft=true\n")
	}
	if _, problems := Compile("f", []byte(b.String()), toyKinds, Options{}); len(problems) != 1 || !strings.Contains(problems[0].Message, "more than 2000 conditions") {
		t.Errorf("%v", problems)
	}
	b.Reset()
	b.WriteString("[[rule]]\nname = 'a'\nthen = [\n")
	for range maxActs + 1 {
		b.WriteString("{comment = 'x'},\n")
	}
	if _, problems := Compile("f", []byte(b.String()+"]\n"), toyKinds, Options{}); len(problems) != 1 || !strings.Contains(problems[0].Message, "more than 50 actions") {
		t.Errorf("%v", problems)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		var sets []*Set
		for layer := range (n + maxRules - 1) / maxRules {
			var src strings.Builder
			for i := range min(n, maxRules) {
				fmt.Fprintf(&src, "[[rule]]\nname = \"r%d\"\nwhen.base = \"main\"\nwhen.label = [\"bug\", \"area/%d\"]\nunless.draft = true\nif = 'pr.additions + pr.deletions > %d'\nthen.label = \"x%d\"\n", i, i, i, i)
			}
			s, problems := Compile("f", []byte(src.String()), toyKinds, Options{Layer: fmt.Sprint(layer)})
			if problems != nil {
				b.Fatal(problems[0])
			}
			sets = append(sets, s)
		}
		s, f := Merge(sets...), whole()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Evaluate(f)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	src := []byte("[[rule]]\nname = \"r\"\nwhen.base = \"main\"\nwhen.label = [\"bug\", \"area/*\"]\nunless.draft = true\nif = 'pr.additions + pr.deletions > 3'\nthen.label = \"x\"\n")
	b.ReportAllocs()
	for b.Loop() {
		Compile("f", src, toyKinds, Options{})
	}
}
