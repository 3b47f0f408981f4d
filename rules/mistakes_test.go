package rules

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"bellhop/rules/syntax"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what is wanted of the tests anew")

const mistakes = "testdata/mistakes.txtar"

// TestMistakes holds what is said about seeded mistakes against what is wanted, letter by letter.
func TestMistakes(t *testing.T) {
	archive, err := txtar.ParseFile(mistakes)
	if err != nil {
		t.Fatal(err)
	}
	wants := map[string]string{}
	for _, f := range archive.Files {
		if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
			wants[name] = string(f.Data)
		}
	}
	var out []txtar.File
	for _, f := range archive.Files {
		name, ok := strings.CutSuffix(f.Name, ".toml")
		if !ok {
			continue
		}
		set, problems := Compile(f.Name, f.Data, toyKinds, Options{})
		if IsTestFile(f.Name) {
			problems = nil
		}
		tests, more := ReadTests(f.Name, f.Data, toyKinds)
		problems = append(problems, more...)
		for _, t := range tests {
			problems = append(problems, set.Fit(t)...)
		}
		problems = syntax.Sort(problems)
		if len(problems) == 0 {
			t.Errorf("%s: nothing was found", name)
		}
		var texts []string
		lines := strings.Split(string(f.Data), "\n")
		for _, p := range problems {
			texts = append(texts, p.String()+"\n")
			if p.Line > len(lines) || p.EndCol-1 > utf8.RuneCountInString(lines[p.Line-1]) {
				t.Errorf("%s: %d:%d-%d is not in the file", name, p.Line, p.Col, p.EndCol)
			}
		}
		got := strings.Join(texts, "")
		if diff := cmp.Diff(wants[name], got); diff != "" && !*update {
			t.Errorf("%s: %s", name, diff)
		}
		out = append(out, f, txtar.File{Name: name + ".want", Data: []byte(got)})
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile(mistakes, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGoodRulesBesideBad tells that one broken rule does not take the others with it.
func TestGoodRulesBesideBad(t *testing.T) {
	s, problems := Compile("f", []byte("[[rule]]\nname = 'good'\nthen.comment = 'x'\n[[rule]]\nname = 'bad'\nthen.coment = 'x'\n"), toyKinds, Options{})
	if rules := s.Rules(); len(problems) != 1 || len(rules) != 1 || rules[0].Name != "good" {
		t.Errorf("%v %v", problems, rules)
	}
}
