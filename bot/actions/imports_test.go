package actions

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Actions know rules and GitHub, and nothing of the bot that does them.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	allowed := []string{"bellhop/bot/actions", "bellhop/githubapp", "bellhop/rules", "bellhop/rules/syntax"}
	for _, name := range strings.Fields(string(out)) {
		if strings.HasPrefix(name, "bellhop") && !slices.Contains(allowed, name) {
			t.Errorf("imports %s", name)
		}
	}
}
