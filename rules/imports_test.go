package rules

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports holds that rules know neither GitHub's client nor the bot.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "bellhop/rules", "bellhop/rules/syntax").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(out)) {
		pkg = strings.TrimSpace(pkg)
		switch {
		case pkg == "bellhop/rules", strings.HasPrefix(pkg, "bellhop/rules/"):
		case strings.HasPrefix(pkg, "bellhop"), strings.Contains(pkg, "go-github"), pkg == "net/http", pkg == "database/sql":
			t.Errorf("rules import %s", pkg)
		}
	}
}
