package actions

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bellhop/rules"
)

// Every kind that a file of this folder declares is in All, in a file that bears its name.
func TestAllListsEveryKind(t *testing.T) {
	var declared, listed []string
	for file, f := range sources(t) {
		for _, name := range kindVariables(f) {
			declared = append(declared, name)
			kind := file[:len(file)-len(".go")]
			if want := camel(kind) + "Kind"; name != want {
				t.Errorf("%s declares %s, want %s", file, name, want)
			}
		}
		if file == "actions.go" {
			listed = elements(f, "All")
		}
	}
	slices.Sort(declared)
	sorted := slices.Sorted(slices.Values(listed))
	if diff := cmp.Diff(declared, sorted); diff != "" {
		t.Errorf("kinds in files (-), in All (+):\n%s", diff)
	}
	if len(All) != len(listed) {
		t.Errorf("All has %d kinds, its text %d", len(All), len(listed))
	}
	for i, k := range All {
		if want := listed[i]; camel(k.Name)+"Kind" != want {
			t.Errorf("All[%d] is %q, want the name of %s", i, k.Name, want)
		}
	}
}

// sources parses the files of this folder that are no tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	return files
}

// kindVariables lists the package variables that are a rules.Kind literal.
func kindVariables(f *ast.File) []string {
	var out []string
	eachVariable(f, func(name string, value *ast.CompositeLit) {
		if s, ok := value.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Kind" {
			out = append(out, name)
		}
	})
	return out
}

// elements lists the names in the literal of a package variable.
func elements(f *ast.File, variable string) []string {
	var out []string
	eachVariable(f, func(name string, value *ast.CompositeLit) {
		if name != variable {
			return
		}
		for _, e := range value.Elts {
			out = append(out, e.(*ast.Ident).Name)
		}
	})
	return out
}

func eachVariable(f *ast.File, visit func(name string, value *ast.CompositeLit)) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			for i, name := range v.Names {
				if i < len(v.Values) {
					if lit, ok := v.Values[i].(*ast.CompositeLit); ok {
						visit(name.Name, lit)
					}
				}
			}
		}
	}
}

// camel is update_branch as updateBranch.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return strings.Join(parts, "")
}

// What the engine and the reference rely on is there in every kind.
func TestKindsAreComplete(t *testing.T) {
	subjects := []string{"issue", "pull_request", "discussion", "repository"}
	levels := []string{"read", "write", "admin"}
	for _, k := range All {
		t.Run(k.Name, func(t *testing.T) {
			a := k.New()
			if _, ok := a.(Doer); !ok {
				t.Errorf("%T has no Do", a)
			}
			if !strings.HasSuffix(k.Summary, ".") || k.Example == "" || len(k.On) == 0 {
				t.Errorf("summary, example, permissions or subjects are missing: %+v", k)
			}
			if _, silent := a.(rules.Pauser); silent == (len(k.Needs) > 0) {
				t.Errorf("permissions are missing, or nothing is done at GitHub: %v", k.Needs)
			}
			if written := "then." + k.Name; !strings.Contains(k.Example, written) && !k.Publishes() {
				t.Errorf("the example does not show %s:\n%s", k.Name, k.Example)
			}
			for _, s := range k.On {
				if !slices.Contains(subjects, s) {
					t.Errorf("no such subject: %s", s)
				}
			}
			for permission, level := range k.Needs {
				if !slices.Contains(levels, level) {
					t.Errorf("no such level: %s: %s", permission, level)
				}
			}
			for _, fact := range k.Reads {
				if !isSubjectFact(fact) {
					t.Errorf("no such fact: %s", fact)
				}
			}
			checkFields(t, reflect.TypeOf(a).Elem())
		})
	}
}

func isSubjectFact(name string) bool {
	name, ok := strings.CutPrefix(name, "subject.")
	for _, f := range reflect.VisibleFields(reflect.TypeFor[rules.Subject]()) {
		if ok && f.Tag.Get("fact") == name {
			return true
		}
	}
	return false
}

// checkFields finds fields that a stored plan would lose, and keys without text in the reference.
func checkFields(t *testing.T, s reflect.Type) {
	t.Helper()
	short := 0
	for _, f := range reflect.VisibleFields(s) {
		if !f.IsExported() {
			t.Errorf("%s.%s is not stored with the plan", s.Name(), f.Name)
		}
		if f.Tag.Get("toml") != "" && !strings.HasSuffix(f.Tag.Get("doc"), ".") {
			t.Errorf("%s.%s has no doc", s.Name(), f.Name)
		}
		if f.Tag.Get("short") == "true" {
			short++
		}
	}
	if short > 1 {
		t.Errorf("%s has %d short fields", s.Name(), short)
	}
}

// plan is one row of a table for Plan. A nil want means that there is nothing to do.
type plan struct {
	name   string
	action rules.Action
	facts  *rules.Facts
	want   rules.Action
}

// plans runs a table. It also sees to it that Plan leaves its receiver alone and that a plan survives being stored.
func plans(t *testing.T, table []plan) {
	t.Helper()
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			before := stored(t, row.action)
			got := row.action.Plan(row.facts)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if after := stored(t, row.action); after != before {
				t.Errorf("Plan changed its receiver from %s to %s", before, after)
			}
			if got == nil {
				return
			}
			again := reflect.New(reflect.TypeOf(got).Elem()).Interface()
			if err := json.Unmarshal([]byte(stored(t, got)), again); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("plan (-made +read from disk):\n%s", diff)
			}
		})
	}
}

func stored(t *testing.T, a rules.Action) string {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// now is the time of all facts in tables.
var now = mustTime("2026-11-24T20:00:00Z")

// issue, pullRequestFacts and discussion are facts about an open subject of acme/app, changed by edits.
func issue(edits ...func(*rules.Facts)) *rules.Facts {
	return about(&rules.Subject{Kind: "issue", Number: 7, State: "open", Author: "alice", NodeID: "I_7"}, edits)
}

func pr(edits ...func(*rules.Facts)) *rules.Facts {
	return about(&rules.Subject{
		Kind: "pull_request", Number: 8, State: "open", Author: "alice", NodeID: "PR_8",
		Base: "main", Head: "topic", HeadSHA: sha, HeadRepo: "acme/app",
	}, edits)
}

func discussion(edits ...func(*rules.Facts)) *rules.Facts {
	return about(&rules.Subject{Kind: "discussion", Number: 9, State: "open", Author: "alice", NodeID: "D_9"}, edits)
}

func about(s *rules.Subject, edits []func(*rules.Facts)) *rules.Facts {
	f := &rules.Facts{
		Now:        now,
		Delivery:   rules.Delivery{ID: "guid", Received: now},
		Repository: &rules.Repository{Owner: "acme", Name: "app", FullName: "acme/app", DefaultBranch: "main"},
		Subject:    s,
	}
	for _, e := range edits {
		e(f)
	}
	return f
}

// closed closes the subject.
func closed(f *rules.Facts) { f.Subject.State = "closed" }

const sha = "1111111111111111111111111111111111111111"

// same compares what two functions gave.
func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
