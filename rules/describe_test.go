package rules

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bellhop/rules/syntax"
)

// TestTables holds the description of tables against what Compile knows.
func TestTables(t *testing.T) {
	_, problems := Compile("f", []byte("zzzzzzzzzz = 1\n"), toyKinds, Options{})
	if len(problems) != 1 {
		t.Fatal(problems)
	}
	known := strings.Split(strings.TrimSuffix(strings.TrimPrefix(problems[0].Mend, "There is: "), "."), ", ")
	var described []string
	for _, table := range Tables() {
		described = append(described, table.Name)
		if table.Doc == "" || table.Example == "" {
			t.Errorf("%s has no doc or example", table.Name)
		}
		for _, f := range syntax.Fields(table.Type) {
			if !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s.%s has no doc", table.Name, f.Key)
			}
			if f.Type == reflect.TypeFor[*syntax.Node]() && keyForms[f.Form] == "" {
				t.Errorf("%s.%s has the form %q, which nobody knows", table.Name, f.Key, f.Form)
			}
		}
	}
	slices.Sort(described)
	if !slices.Equal(known, described) {
		t.Errorf("Compile knows %v, described are %v", known, described)
	}
}

// TestValueForms finds a row for the form of each matcher, and a pattern that takes what the row and the matchers show.
func TestValueForms(t *testing.T) {
	used := map[string]bool{}
	for _, m := range Matchers() {
		if m.Form.Name == "" {
			t.Errorf("%s: no row describes the form %q", m.Key, m.Form.Words)
		}
		used[m.Form.Name] = true
		if m.Form.Listed && len(m.Words) == 0 {
			t.Errorf("%s lists no words", m.Key)
		}
	}
	for _, f := range ValueForms() {
		if !used[f.Name] {
			t.Errorf("no matcher has the form %s", f.Name)
		}
		if f.Pattern == "" {
			continue
		}
		re := regexp.MustCompile(strings.ReplaceAll(f.Pattern, "%s", "none|read|triage|write|maintain|admin"))
		for _, e := range f.Examples {
			if strings.HasPrefix(e, "{") {
				continue // a table
			}
			for _, text := range regexp.MustCompile(`"[^"]*"|'[^']*'`).FindAllString(e, -1) {
				if !re.MatchString(text[1 : len(text)-1]) {
					t.Errorf("%s: %s does not match %s", f.Name, text, re)
				}
			}
		}
	}
}

// TestRangePatterns holds the patterns of ranges against the parser.
func TestRangePatterns(t *testing.T) {
	for _, form := range []struct {
		name string
		item func(string) (string, error)
	}{{"count", numberItem}, {"span", durationItem}} {
		i := slices.IndexFunc(formRows, func(f ValueForm) bool { return f.Name == form.name })
		re := regexp.MustCompile(formRows[i].Pattern)
		for _, text := range []string{"5", "=5", "==5", "!=5", ">=2", "> 2", "<=2", "..9", "250..", "10..49", "-3..3", "", "..", "a", ">", "1..b", ">=1..2", "1...2", "5.5",
			"30d", ">30d", "<2h", "7d..14d", "1h30m", "> 1h 30m", "..2w", "2w..", "30 days", "d", ">", "1d..x"} {
			_, err := parseRange(text, form.item)
			if got := re.MatchString(text); got != (err == nil) {
				t.Errorf("%s: %q matches: %v, and the parser says %v", form.name, text, got, err)
			}
		}
	}
}

func TestOperatorExamples(t *testing.T) {
	for _, o := range Operators() {
		x, flaws := compile("("+o.Example+") == ("+o.Result+")", boolType)
		if flaws != nil {
			t.Errorf("%s: %v", o.Write, flaws)
			continue
		}
		if ans := x.eval(newActivation(&Facts{})); ans.value == nil || ans.value.Value() != true {
			t.Errorf("%s is not %s: %+v", o.Example, o.Result, ans)
		}
	}
}

// TestTriggers finds a text for each event, and an example for each that brings a subject or a variable of its own.
func TestTriggers(t *testing.T) {
	for _, e := range Triggers() {
		if !strings.HasSuffix(e.Doc, ".") {
			t.Errorf("%s has no doc", e.Event)
		}
		if len(e.Variables) > 0 && e.Example == "" {
			t.Errorf("%s has no example", e.Event)
		}
		if e.Example != "" && !strings.Contains(e.Example, `"`+e.Event) {
			t.Errorf("%s is not in its example", e.Event)
		}
	}
	if len(eventTexts) != len(Events()) {
		t.Errorf("%d texts for %d events", len(eventTexts), len(Events()))
	}
}
