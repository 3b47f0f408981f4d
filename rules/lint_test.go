package rules

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

const warnings = "testdata/warnings.txtar"

// TestWarnings holds what is said about rules that are hardly meant against what is wanted, letter by letter. A file without a
// wanted text is one about which nothing is to be said.
func TestWarnings(t *testing.T) {
	archive, err := txtar.ParseFile(warnings)
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
		set, problems := Compile(f.Name, f.Data, lintKinds, Options{})
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
		var texts []string
		for _, p := range set.Warnings(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)) {
			if !p.Warning || p.Line == 0 {
				t.Errorf("%s: %+v", name, p)
			}
			texts = append(texts, p.String()+"\n")
		}
		got := strings.Join(texts, "")
		if diff := cmp.Diff(wants[name], got); diff != "" && !*update {
			t.Errorf("%s: %s", name, diff)
		}
		out = append(out, f)
		if good := strings.HasPrefix(name, "good-"); good && got != "" {
			t.Errorf("%s: a false alarm: %s", name, got)
		} else if !good {
			out = append(out, txtar.File{Name: name + ".want", Data: []byte(got)})
			if got == "" {
				t.Errorf("%s: nothing was found", name)
			}
		}
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile(warnings, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// lintKinds are the toy kinds and those that lint knows by name.
var lintKinds = append([]Kind{
	{Name: "add_label", New: func() Action { return new(toyUnlabel) }},
	{Name: "close", New: func() Action { return new(toyMerge) }},
	{Name: "reopen", New: func() Action { return new(toyMerge) }},
	{Name: "create_issue", New: func() Action { return new(toyComment) }},
	{Name: "grouped", New: func() Action { return new(toyUnlabel) }},
}, toyKinds...)

// TestWarningsEnd holds that a file made to be expensive is not.
func TestWarningsEnd(t *testing.T) {
	var b strings.Builder
	for i := range maxRules {
		b.WriteString("[[rule]]\nname = 'r" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + "'\n")
		b.WriteString("then.label = 'x'\nthen.remove_label = '*'\n[[rule.when]]\nlabel = 'a{b,c}*'\n[[rule.when]]\ndraft = true\n")
	}
	set, problems := Compile("f", []byte(b.String()), lintKinds, Options{})
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	start := time.Now()
	if got := set.Warnings(start); len(got) == 0 || len(got) > maxWarnings {
		t.Errorf("%d warnings", len(got))
	}
	t.Log(time.Since(start))
}

func FuzzWarnings(f *testing.F) {
	archive, err := txtar.ParseFile(warnings)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(string(file.Data))
	}
	f.Fuzz(func(t *testing.T, src string) {
		set, _ := Compile("f", []byte(src), lintKinds, Options{})
		checkPlaces(t, src, set.Warnings(time.Time{}))
	})
}
