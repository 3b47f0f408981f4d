package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a test that remembers how it was ended, instead of ending.
type told struct {
	testing.TB
	skipped, failed string
}

func (t *told) Helper() {}

func (t *told) Skipf(format string, _ ...any) {
	t.skipped = format
	panic(t)
}

func (t *told) Fatalf(format string, _ ...any) {
	t.failed = format
	panic(t)
}

func try(t *testing.T, f func(testing.TB)) *told {
	t.Helper()
	end := &told{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(end) {
				panic(r)
			}
		}()
		f(end)
	}()
	return end
}

// What is not installed skips a test and says so; where everything has to be tested it fails it.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("BELLHOP_NPM", dir)
	uses := map[string]func(testing.TB){
		"@octokit/none": func(t testing.TB) { Module(t, "@octokit/none") },
		"examples":      func(t testing.TB) { Examples(t) },
		"program":       func(t testing.TB) { Need(t, "no-such-program-anywhere") },
	}
	for name, use := range uses {
		t.Setenv("BELLHOP_TEST_ALL", "")
		if end := try(t, use); !strings.Contains(end.skipped, "is not installed") || end.failed != "" {
			t.Errorf("%s: skipped %q, failed %q", name, end.skipped, end.failed)
		}
		t.Setenv("BELLHOP_TEST_ALL", "1")
		if end := try(t, use); !strings.Contains(end.failed, "is not installed") || end.skipped != "" {
			t.Errorf("%s with BELLHOP_TEST_ALL: skipped %q, failed %q", name, end.skipped, end.failed)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "@octokit", "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "@octokit", "none", "package.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := Module(t, "@octokit/none"), filepath.Join(dir, "@octokit", "none"); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
	if got := Need(t, "go"); got == "" {
		t.Error("go is not found")
	}
}

// A folder that is not absolute is meant from the root of the project.
func TestModulesBelowRoot(t *testing.T) {
	for set, want := range map[string]string{"": "node_modules", "some/where": "some/where"} {
		t.Setenv("BELLHOP_NPM", set)
		got := modules(t)
		root := strings.TrimSuffix(got, string(filepath.Separator)+filepath.FromSlash(want))
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil || root == got {
			t.Errorf("%q: %s", set, got)
		}
	}
}
