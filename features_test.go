package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	featureRow    = regexp.MustCompile(`^([A-Z]\d+) (P\d) (.+)$`)
	scriptRows    = regexp.MustCompile(`^# ((?:[A-Z]\d+ )*[A-Z]\d+): `)
	testRows      = regexp.MustCompile(`(?m)^// Features: ((?:[A-Z]\d+ )*[A-Z]\d+)\.\n(?://.*\n)*func (Test\w+)\(`)
	featuresIntro = `# Which features are played by which test

<!-- Made by: go test . -run TestFeatures -update -->

A script of testdata/script names the rows that it plays in its first line, a test in Go in a line "Features: ..." of its
comment. features.txt has the rows.
`
)

// TestFeatures holds testdata/FEATURES.md, which tells what tests play each row of testdata/features.txt, against the tests: a
// row that loses its test, and a test that plays another row, shows here.
func TestFeatures(t *testing.T) {
	rows, played := features(t), played(t)
	var b strings.Builder
	b.WriteString(featuresIntro)
	var bare []string
	count := 0
	b.WriteString("\n| row | | feature | tests |\n|---|---|---|---|\n")
	for _, r := range rows {
		tests := played[r.number]
		if len(tests) > 0 || r.priority == "P0" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.number, r.priority, r.name, strings.Join(tests, ", "))
		}
		switch {
		case r.priority != "P0":
		case len(tests) > 0:
			count++
		default:
			bare = append(bare, r.number)
		}
		delete(played, r.number)
	}
	fmt.Fprintf(&b, "\n%d rows of P0 are played, %d are not.\n", count, len(bare))
	for number, tests := range played {
		t.Errorf("%v play %s, which features.txt does not have", tests, number)
	}
	golden(t, filepath.Join("testdata", "FEATURES.md"), b.String())
	t.Logf("not played yet: %s", strings.Join(bare, " "))
}

// feature is a row of features.txt.
type feature struct{ number, priority, name string }

func features(t *testing.T) []feature {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "features.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []feature
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := featureRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("features.txt: %q is no row", line)
		}
		out = append(out, feature{m[1], m[2], m[3]})
	}
	return out
}

// played lists for each row the scripts and tests that play it.
func played(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	note := func(rows, test string) {
		for row := range strings.FieldsSeq(rows) {
			if !slices.Contains(out[row], test) {
				out[row] = append(out[row], test)
			}
		}
	}
	for _, pattern := range []string{filepath.Join("testdata", "script", "*.txtar"), "*_test.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if m := scriptRows.FindSubmatch(src); m != nil {
				note(string(m[1]), strings.TrimSuffix(filepath.Base(path), ".txtar"))
			}
			for _, m := range testRows.FindAllSubmatch(src, -1) {
				note(string(m[1]), string(m[2]))
			}
		}
	}
	return out
}
