package imports_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules/imports"
	"bellhop/rules/syntax"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write the rules that testdata expects")

func check(src []byte) []syntax.Diagnostic { return bot.CheckFile("imported", src, false, actions.All) }

// sample is a source of testdata.
type sample struct {
	name string
	kind *imports.Kind
	src  []byte
}

// samples reads the sources of testdata: of NAME.txtar, kinds are called by the beginning of the name.
func samples(tb testing.TB) []sample {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	var out []sample
	for _, f := range files {
		a, err := txtar.ParseFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(f), ".txtar")
		kind := imports.Named(strings.TrimRight(base, "0123456789"))
		if kind == nil {
			tb.Fatalf("%s: no such kind", f)
		}
		for _, part := range a.Files {
			if !strings.HasPrefix(part.Name, "want ") {
				out = append(out, sample{part.Name, kind, part.Data})
			}
		}
	}
	return out
}

// TestImport holds what each source becomes against testdata.
func TestImport(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			kind := imports.Named(strings.TrimRight(strings.TrimSuffix(filepath.Base(f), ".txtar"), "0123456789"))
			want := map[string]string{}
			out := &txtar.Archive{Comment: a.Comment}
			for _, part := range a.Files {
				if name, ok := strings.CutPrefix(part.Name, "want "); ok {
					want[name] = string(part.Data)
				}
			}
			for _, part := range a.Files {
				if strings.HasPrefix(part.Name, "want ") {
					continue
				}
				r, err := imports.Import([]imports.File{{Kind: kind, Name: part.Name, Src: part.Data}}, check)
				if err != nil {
					t.Fatal(err)
				}
				got := fmt.Sprintf("# %d of %d, %d in part\n%s", r.Carried, r.Source, r.Partly, r.Rules)
				out.Files = append(out.Files, part, txtar.File{Name: "want " + part.Name, Data: []byte(got)})
				if d := cmp.Diff(want[part.Name], got); d != "" && !*update {
					t.Errorf("%s: -want +got\n%s", part.Name, d)
				}
			}
			if *update {
				if err := os.WriteFile(f, txtar.Format(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// outcome imports a changed source and tells all that came out, without lines.
func outcome(t *testing.T, s sample, root *yaml.Node) (text string, notes []imports.Note) {
	t.Helper()
	src, err := yaml.Dump(root)
	if err != nil {
		t.Fatal(err)
	}
	r, err := imports.Import([]imports.File{{Kind: s.kind, Name: s.name, Src: src}}, func([]byte) []syntax.Diagnostic { return nil })
	if err != nil {
		return err.Error(), nil
	}
	rules, _, _ := bytes.Cut(r.Rules, []byte("\n# Not "))
	text = string(rules)
	for _, n := range r.Notes {
		text += n.What + ": " + n.Why + "\n"
	}
	return text, r.Notes
}

// each visits the nodes of a document.
func each(n *yaml.Node, path string, visit func(n *yaml.Node, path string)) {
	visit(n, path)
	switch n.Kind {
	case yaml.DocumentNode:
		each(n.Content[0], path, visit)
	case yaml.SequenceNode:
		for i, c := range n.Content {
			each(c, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			each(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."), visit)
		}
	}
}

// covered tells whether a note speaks of a path or of what it is in.
func covered(notes []imports.Note, path string) bool {
	for _, n := range notes {
		if rest, ok := strings.CutPrefix(path, n.What); ok && n.What != "" && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// A key that nobody knows is told wherever it stands, or is the name of something there.
func TestUnknownKeysAreTold(t *testing.T) {
	for _, s := range samples(t) {
		if strings.HasSuffix(s.name, ".toml") {
			continue
		}
		var doc yaml.Node
		if err := yaml.Load(s.src, &doc); err != nil {
			t.Fatal(err)
		}
		each(&doc, "", func(n *yaml.Node, path string) {
			if n.Kind != yaml.MappingNode {
				return
			}
			before := n.Content
			n.Content = append(append([]*yaml.Node{}, before...), &yaml.Node{Kind: yaml.ScalarNode, Value: "zz-unknown"}, &yaml.Node{Kind: yaml.ScalarNode, Value: "zz-value"})
			text, notes := outcome(t, s, &doc)
			if !strings.Contains(text, "zz-unknown") && !covered(notes, path) {
				t.Errorf("%s %s: a key that nobody knows is passed over", s.kind.Name, path)
			}
			n.Content = before
		})
	}
}

// A value that is read changes what comes out when it changes; another is told.
func TestEachValueCounts(t *testing.T) {
	for _, s := range samples(t) {
		if strings.HasSuffix(s.name, ".toml") {
			continue
		}
		var doc yaml.Node
		if err := yaml.Load(s.src, &doc); err != nil {
			t.Fatal(err)
		}
		text, notes := outcome(t, s, &doc)
		each(&doc, "", func(n *yaml.Node, path string) {
			if n.Kind != yaml.ScalarNode || covered(notes, path) {
				return
			}
			was, tag, style := n.Value, n.Tag, n.Style
			n.Value, n.Tag, n.Style = "zz^7", "!!str", yaml.DoubleQuotedStyle
			if changed, _ := outcome(t, s, &doc); changed == text {
				t.Errorf("%s %s: %q changes nothing, and no note tells", s.kind.Name, path, was)
			}
			n.Value, n.Tag, n.Style = was, tag, style
		})
	}
}

// The same holds for the options of TOML.
func TestEachOptionCounts(t *testing.T) {
	run := func(s sample, src string) *imports.Result {
		r, err := imports.Import([]imports.File{{Kind: s.kind, Name: s.name, Src: []byte(src)}}, check)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, s := range samples(t) {
		if !strings.HasSuffix(s.name, ".toml") {
			continue
		}
		before := run(s, string(s.src))
		lines := strings.Split(string(s.src), "\n")
		for i, line := range lines {
			key, _, ok := strings.Cut(line, " = ")
			told := func(n imports.Note) bool { return n.Line == i+1 }
			if !ok || slices.ContainsFunc(before.Notes, told) {
				continue
			}
			for _, changed := range []string{key + ` = "zz^7"`, "zz-unknown = 7"} {
				after := run(s, strings.Join(slices.Concat(lines[:i], []string{changed}, lines[i+1:]), "\n"))
				if bytes.Equal(before.Rules, after.Rules) || strings.HasPrefix(changed, "zz") && !slices.ContainsFunc(after.Notes, told) {
					t.Errorf("%s:%d: %q may be %q", s.name, i+1, line, changed)
				}
			}
		}
	}
}

// Bad YAML, aliases that stand for very much, and aliases of themselves are no source.
func TestRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'i'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", i-1), 9), ","))
	}
	for name, src := range map[string]string{
		"no YAML":  "a: [",
		"twice":    "a: x\na: y\n",
		"two":      "a: x\n---\na: y\n",
		"bomb":     bomb,
		"itself":   "a: &a\n  - *a\n",
		"deep":     strings.Repeat("[", 2000),
		"large":    strings.Repeat("a", imports.MaxSize+1),
		"complex":  "? [a]\n: b\n",
		"bad link": "a:\n  <<: [x]\n",
	} {
		if r, err := imports.Import([]imports.File{{Kind: imports.Named("labeler"), Name: "labeler.yml", Src: []byte(src)}}, check); err == nil {
			t.Errorf("%s: %s", name, r.Rules)
		}
	}
}

// A source with more than a rule file has room for becomes a file all the same, and the rest is told.
func TestTooMany(t *testing.T) {
	var labels, rules strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&labels, "label%d: [\"src/%d/**\"]\n", i, i)
	}
	rules.WriteString("pull_request_rules:\n")
	for i := range 400 {
		fmt.Fprintf(&rules, "- name: r%d\n  conditions: [base=main, head=x, title=y, author=z, label=a, milestone=b]\n  actions: {label: {add: [x%d]}}\n", i, i)
	}
	for kind, src := range map[string]string{"labeler": labels.String(), "mergify": rules.String()} {
		r, err := imports.Import([]imports.File{{Kind: imports.Named(kind), Name: kind, Src: []byte(src)}}, check)
		if err != nil {
			t.Fatalf("%.300s", err)
		}
		if r.Carried == 0 || r.Carried+len(r.Notes) != r.Source {
			t.Errorf("%s: %d of %d, %d notes", kind, r.Carried, r.Source, len(r.Notes))
		}
	}
}

// The kind is seen from the name, or from what is written.
func TestGuess(t *testing.T) {
	for _, k := range imports.Kinds {
		if k.Name == "stale" {
			continue
		}
		if got, err := imports.Guess("/somewhere/"+k.File, []byte("x: y")); err != nil || got.Name != k.Name {
			t.Errorf("%s: %v", k.File, err)
		}
	}
	for _, s := range samples(t) {
		if strings.HasSuffix(s.name, ".toml") || s.name == "issues.yml" || s.kind.Name == "labeler" && strings.Contains(string(s.src), "sdk:") {
			continue
		}
		if got, err := imports.Guess("config.yaml", s.src); err != nil || got.Name != s.kind.Name {
			t.Errorf("%s of %s: %v", s.name, s.kind.Name, err)
		}
	}
	for name, src := range map[string]string{"config.toml": "a = 1", "config.yml": "a: b", "c.yml": "a: ["} {
		if k, err := imports.Guess(name, []byte(src)); err == nil {
			t.Errorf("%s: %s", name, k.Name)
		}
	}
}

// FuzzImport asks that whatever is imported is a good rule file, and that notes stand in the source.
func FuzzImport(f *testing.F) {
	for _, s := range samples(f) {
		for i := range imports.Kinds {
			if imports.Kinds[i].Name == s.kind.Name {
				f.Add(uint8(i), string(s.src))
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, src string) {
		k := &imports.Kinds[int(kind)%len(imports.Kinds)]
		r, err := imports.Import([]imports.File{{Kind: k, Name: "source", Src: []byte(src)}}, check)
		if err != nil {
			if strings.Contains(err.Error(), "mistake of Bellhop") {
				t.Fatal(err)
			}
			return
		}
		lines := strings.Count(src, "\n") + 1
		for _, n := range r.Notes {
			if n.Line < 0 || n.Line > lines {
				t.Errorf("%s stands on no line of %d", n, lines)
			}
		}
	})
}
