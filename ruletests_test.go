package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules"
)

// TestEverydayTests runs the tests of the twelve everyday rules, in both directions.
// Features: G19.
func TestEverydayTests(t *testing.T) {
	code, out, errs := bellhop("test", filepath.Join("testdata", "everyday.toml"))
	if code != 0 || !strings.HasSuffix(out, "tests passed\n") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}

// everydaySuite is the everyday rules with their tests.
func everydaySuite(t testing.TB) *bot.Suite {
	t.Helper()
	var files []bot.RuleFile
	for _, name := range bot.FilesBeside(filepath.Join("testdata", "everyday.toml")) {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, bot.RuleFile{Name: name, Source: src})
	}
	suite, found := bot.NewSuite(files, actions.All)
	for _, d := range found {
		t.Fatal(d.String())
	}
	return suite
}

// TestEverydayExplained finds in what is said of a test that failed the line that decided, with the value that it saw.
func TestEverydayExplained(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "everyday.toml"))
	if err != nil {
		t.Fatal(err)
	}
	const wrong = `[[test]]
name = "wrong"
rule = "Stale issues"
issue = { idle = "61d", labels = ["pinned"] }
because = "when.idle"
`
	suite, found := bot.NewSuite([]bot.RuleFile{{Name: "everyday.toml", Source: src}, {Name: "everyday_test.toml", Source: []byte(wrong)}}, actions.All)
	if len(found) > 0 {
		t.Fatal(found)
	}
	text := suite.Set.Test(suite.Tests[0]).String()
	for _, want := range []string{"decided by when.idle", `unless.label = ["pinned", "security"]: it is ["pinned"]`} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestHundredTests runs as many tests as a large file of rules has in less than a second.
func TestHundredTests(t *testing.T) {
	suite := everydaySuite(t)
	began := time.Now()
	for i := range 100 {
		if r := suite.Set.Test(suite.Tests[i%len(suite.Tests)]); !r.Passed() {
			t.Error(r.Name, r)
		}
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("100 tests took %s", d)
	}
}

// BenchmarkHundredTests reads and runs 100 tests of the everyday rules, from the files on.
func BenchmarkHundredTests(b *testing.B) {
	for b.Loop() {
		suite := everydaySuite(b)
		for i := range 100 {
			suite.Set.Test(suite.Tests[i%len(suite.Tests)])
		}
	}
}

// TestFilesBeside finds what belongs together.
func TestFilesBeside(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{".github/bot.toml", ".github/bot_test.toml", ".github/bot/a.toml", ".github/bot/a_test.toml", ".github/bot/z_test.toml",
		"other/x.toml", "other/x_test.toml", "other/y.toml"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := ".github/bot.toml .github/bot/a.toml .github/bot_test.toml .github/bot/a_test.toml .github/bot/z_test.toml"
	for name, want := range map[string]string{
		".github/bot.toml": all, ".github/bot/a.toml": all, ".github/bot_test.toml": all, ".github/bot/z_test.toml": all,
		"other/x.toml": "other/x.toml other/x_test.toml", "other/x_test.toml": "other/x.toml other/x_test.toml", "other/y.toml": "other/y.toml",
		"other/none.toml": "other/none.toml",
	} {
		var got []string
		for _, path := range bot.FilesBeside(filepath.Join(root, filepath.FromSlash(name))) {
			rel, _ := filepath.Rel(root, path)
			got = append(got, filepath.ToSlash(rel))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if !rules.IsTestFile("a/bot_test.toml") || rules.IsTestFile("a/test.toml") {
		t.Error("what a file of tests is called")
	}
}
