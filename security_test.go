package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bellhop/bot/actions"
	"bellhop/rules/syntax"
)

var (
	promiseRow = regexp.MustCompile("^\\| (.+) \\| ((?:`\\w+` ?)+)\\|$")
	testName   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// TestSecurityPromises holds that each promise of the README's security section names tests, and that they are there: functions, or
// scripts of testdata/script.
func TestSecurityPromises(t *testing.T) {
	known := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range testName.FindAllSubmatch(src, -1) {
			known[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	scripts, _ := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	for _, path := range scripts {
		known[strings.TrimSuffix(filepath.Base(path), ".txtar")] = true
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Security\n")
	section, _, _ = strings.Cut(section, "\n## ")
	promises := 0
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what is promised") {
			continue
		}
		m := promiseRow.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no test is named: %s", line)
			continue
		}
		promises++
		for name := range strings.FieldsSeq(m[2]) {
			if name = strings.Trim(name, "`"); !known[name] {
				t.Errorf("there is no %s, which is to hold: %s", name, m[1])
			}
		}
	}
	if promises < 10 {
		t.Errorf("%d promises were found", promises)
	}
}

// TestActionsStayInTheirRepository holds that no action can be told of another repository, of an address or of the host's files: what
// a rule file says is about the repository that it is of.
func TestActionsStayInTheirRepository(t *testing.T) {
	elsewhere := []string{"repo", "repos", "repository", "owner", "org", "installation", "url", "host", "server", "endpoint", "address", "command", "exec", "run", "include", "template_file", "app"}
	for _, kind := range actions.All {
		for _, f := range syntax.Fields(reflect.TypeOf(kind.New()).Elem()) {
			if slices.Contains(elsewhere, f.Key) {
				t.Errorf("%s has the key %s: if it cannot reach beyond the repository, say so here", kind.Name, f.Key)
			}
		}
	}
}
