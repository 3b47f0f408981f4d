package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"bellhop/bot"
	"bellhop/bot/actions"
)

// TestNoFalseAlarms holds that nothing is said about rules that are meant: the everyday rules, every example of the reference,
// every rule file of the scripts.
func TestNoFalseAlarms(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"bot.toml.example", filepath.Join("testdata", "everyday.toml")} {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(src)
	}
	for _, topic := range topics() {
		files["reference: "+topic.name] = topic.example
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		if filepath.Base(script) == "lint.txtar" {
			continue // plays warnings
		}
		archive, err := txtar.ParseFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".toml") {
				files[filepath.Base(script)+": "+f.Name] = string(f.Data)
			}
		}
	}
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for name, src := range files {
		for _, d := range bot.LintFile(name, []byte(src), false, actions.All, now) {
			t.Errorf("%s", d)
		}
	}
	t.Logf("%d files", len(files))
}
