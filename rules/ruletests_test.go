package rules

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"bellhop/rules/syntax"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

const ruleTests = "testdata/tests.txtar"

// TestRuleTests holds what tests of rules come to against what is wanted, letter by letter.
func TestRuleTests(t *testing.T) {
	archive, err := txtar.ParseFile(ruleTests)
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
		set := mustCompile(t, string(f.Data))
		tests, problems := ReadTests(f.Name, f.Data, toyKinds)
		var b strings.Builder
		for _, tt := range tests {
			problems = append(problems, set.Fit(tt)...)
			result := set.Test(tt)
			if result.Passed() {
				fmt.Fprintf(&b, "ok %s\n", result.Name)
				continue
			}
			fmt.Fprintf(&b, "FAIL %s\n%s\n", result.Name, result)
		}
		for _, p := range problems {
			t.Error(p.String())
		}
		if diff := cmp.Diff(wants[name], b.String()); diff != "" && !*update {
			t.Errorf("%s: %s", name, diff)
		}
		out = append(out, f, txtar.File{Name: name + ".want", Data: []byte(b.String())})
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile(ruleTests, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTestFacts holds the keys of [[test]] against the variables of the language, and its plain values against their facts.
func TestTestFacts(t *testing.T) {
	have := map[string]bool{}
	for _, key := range syntax.Keys(testFacts{}) {
		have[key] = true
	}
	for _, v := range schema().vars {
		told := have[v.name]
		delete(have, v.name)
		for _, name := range untold {
			told = told || name == v.name
		}
		if !told {
			t.Errorf("a test cannot say %s", v.name)
		}
	}
	for key := range have {
		t.Errorf("there is no variable %s", key)
	}
	for name, fact := range plainFacts {
		if rec := schema().records[typePrefix+name]; rec == nil || rec.names[fact] == nil {
			t.Errorf("there is no fact %s of %s", fact, name)
		}
	}
}

// TestAllFactsKnown tells that a test knows all facts of its subject: nothing is left to be looked up.
func TestAllFactsKnown(t *testing.T) {
	for _, short := range []string{"pr", "issue", "discussion"} {
		tests, problems := ReadTests("f", []byte("[[test]]\nname = 'x'\nexpect = []\n"+short+" = {}\n"), toyKinds)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, fact := range schema().names[short].rec.facts {
			// Where no check is required, and where none is there, is known too.
			if !tests[0].facts.Known(fact.path()) {
				t.Errorf("%s of %s is not known", fact.path(), short)
			}
		}
		if f := tests[0].facts; reflect.ValueOf(f.Subject.CreatedAt).IsZero() {
			t.Error("it was never opened")
		}
	}
}

// TestRecord records the facts of tests, as if a delivery had brought them: what was recorded reads as a test that passes, does what
// the rules did, and says what the rules read.
func TestRecord(t *testing.T) {
	archive, err := txtar.ParseFile(ruleTests)
	if err != nil {
		t.Fatal(err)
	}
	recorded := 0
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, ".toml") {
			continue
		}
		set := mustCompile(t, string(f.Data))
		tests, _ := ReadTests(f.Name, f.Data, toyKinds)
		for _, tt := range tests {
			if tt.on.clock != nil || tt.on.event == timerEvent || len(tt.before) > 0 || len(tt.facts.waiting) > 0 || tt.Name == "by the payload" || len(tt.facts.Teams.members) > 0 {
				continue // what a payload does not have
			}
			text, err := set.Record(tt.facts, "recorded")
			if err != nil {
				t.Errorf("%s, %s: %v", f.Name, tt.Name, err)
				continue
			}
			again, problems := ReadTests("recorded_test.toml", []byte(text), toyKinds)
			if len(problems) > 0 || len(set.Fit(again[0])) > 0 {
				t.Errorf("%s, %s: %v in\n%s", f.Name, tt.Name, problems, text)
				continue
			}
			tt.only, tt.lines = nil, nil
			was, is := set.Test(tt), set.Test(again[0])
			if diff := cmp.Diff(was.Did, is.Did); diff != "" || len(is.Failures) > 0 && !strings.Contains(is.Failures[0].Got, "the test does not say") {
				t.Errorf("%s, %s: %s\n%s\n%s", f.Name, tt.Name, diff, is, text)
			}
			recorded++
		}
	}
	if recorded < 20 {
		t.Errorf("only %d were recorded", recorded)
	}
}

// FuzzReadTests reads and runs whatever there is.
func FuzzReadTests(f *testing.F) {
	for _, path := range []string{ruleTests, mistakes} {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.Contains(string(file.Data), "[[test]]") {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		set, _ := Compile("f", src, toyKinds, Options{})
		tests, _ := ReadTests("f", src, toyKinds)
		for _, tt := range tests {
			set.Fit(tt)
			_ = set.Test(tt).String()
			_, _ = set.Record(tt.facts, "recorded")
		}
	})
}
