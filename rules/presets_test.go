package rules

import (
	"encoding/json"
	"fmt"
	"testing"

	"bellhop/rules/syntax"

	"github.com/google/go-cmp/cmp"
)

const presetFile = `# A comment.
version = 1.5
[labels]
docs    = "docs/**"
"a\"b'" = { files = ["src/**", 'c\d'], unless = { label = "x" }, if = '''
pr.title != "a\\b" &&
pr.title != 'c'
''', why = "so", mode = "observe" }
huge    = { lines = ">5000" }
"{{"    = { draft = false }

[size]
XS = "<10"
S  = "10..49"
M  = 50
L  = "51.."
ignore = "**/*.lock"

[welcome]
comment = { body = """
Welcome,
{{ pr.author }}!
""", to = ["a", "b"] }

[[rule]]
name = "either"
[[rule.when]]
label = "bug"
[[rule.when]]
author = ["x", "y"]
[[rule.then]]
comment = [{ body = "one\ttab" }, { body = "two\u0000" }]
[[rule.then]]
label = "z"
[rule.else]
label = "not z"

[other]
since = 2026-01-02T03:04:05
[[other.deep]]
"k.1" = {}
`

// TestExpand holds that what Expand writes decides and plans the same as what it was made of, and expands to itself.
func TestExpand(t *testing.T) {
	leave := Options{Leave: []string{"version", "other"}}
	before, problems := Compile("f", []byte(presetFile), toyKinds, leave)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	out, problems := Expand("f", []byte(presetFile))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	after, problems := Compile("f", out, toyKinds, leave)
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, out)
	}
	if again, _ := Expand("f", out); cmp.Diff(plainFile(t, out), plainFile(t, again)) != "" {
		t.Errorf("expanding twice changes the file:\n%s", cmp.Diff(string(out), string(again)))
	}
	for i, f := range samples() {
		if diff := cmp.Diff(decided(before.Evaluate(f)), decided(after.Evaluate(f))); diff != "" {
			t.Errorf("facts %d: %s\n%s", i, diff, out)
		}
	}
	was, is := plainFile(t, []byte(presetFile)), plainFile(t, out)
	if diff := cmp.Diff(fmt.Sprint(was["version"], was["other"]), fmt.Sprint(is["version"], is["other"])); diff != "" {
		t.Error(diff)
	}
}

// plainFile is a file as plain values.
func plainFile(t *testing.T, src []byte) map[string]any {
	t.Helper()
	f, problems := syntax.Parse("f", src)
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, src)
	}
	return f.Root.Plain().(map[string]any)
}

// samples are facts on which rules are compared.
func samples() []*Facts {
	out := []*Facts{issue("opened"), pull("opened"), whole(), push("docs/a.md")}
	for _, lines := range []int64{0, 9, 10, 49, 50, 51, 6000} {
		out = append(out, whole(func(f *Facts) {
			f.Subject.Files = []File{{Path: "docs/x", Additions: lines}, {Path: "a.lock", Deletions: 1000}}
			f.Subject.Additions, f.Subject.Deletions = lines, 1000
			f.Memory.Put = []Put{{"size/S", "label", "S"}}
			f.Subject.Labels = append(f.Subject.Labels, "S")
		}))
	}
	return out
}

// decided is what was decided and planned, without how the lines are written.
func decided(r Result) string {
	for i := range r.Decisions {
		r.Decisions[i].Terms = nil
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A size counts without the files to ignore, and the label of the size before is taken off.
func TestSizes(t *testing.T) {
	s := mustCompile(t, "[size]\nS = '..10'\nL = '11..'\nignore = ['**/*.lock']\n")
	f := whole(func(f *Facts) {
		f.Subject.Files = []File{{Path: "x", Additions: 6, Deletions: 5}, {Path: "d/a.lock", Additions: 1000}}
		f.Subject.Labels = []string{"S"}
		f.Memory.Put = []Put{{"size/S", "label", "S"}}
	})
	r := s.Evaluate(f)
	if len(r.Steps) != 2 || !r.Steps[0].Undo || string(r.Steps[1].Args) != `{"Names":["L"]}` {
		t.Errorf("%+v", r.Steps)
	}
	if seen := r.Decisions[1].Terms[0].Seen; seen != "11" {
		t.Errorf("seen %q", seen)
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(presetFile)
	for _, p := range presets {
		f.Add(p.Example)
	}
	f.Fuzz(func(t *testing.T, src string) {
		_, before := Compile("f", []byte(src), toyKinds, Options{})
		out, problems := Expand("f", []byte(src))
		checkPlaces(t, src, problems)
		if len(before) > 0 || len(problems) > 0 {
			return
		}
		if _, after := Compile("f", out, toyKinds, Options{}); len(after) > 0 {
			t.Errorf("%v\n%s\n---\n%s", after, src, out)
		}
	})
}
