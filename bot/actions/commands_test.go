package actions

import (
	"testing"

	"bellhop/rules"
)

// TestCommandPresets compiles each family of commands with the actions that there are.
func TestCommandPresets(t *testing.T) {
	there := map[string]bool{}
	for _, k := range All {
		there[k.Name] = true
	}
	for _, p := range rules.CommandPresets() {
		missing := false
		for _, need := range p.Needs {
			missing = missing || !there[need]
		}
		for _, src := range []string{p.Text, "[commands]\n" + p.Name + " = true\n", "[commands]\n" + p.Name + ".who = [\"author\", \"@octocat\"]\n"} {
			set, problems := rules.Compile(p.Name, []byte(src), All, rules.Options{})
			if missing {
				if len(problems) == 0 {
					t.Errorf("%s: compiles without %v", p.Name, p.Needs)
				}
				continue
			}
			for _, d := range problems {
				t.Errorf("%s:\n%s\n%s", p.Name, src, d)
			}
			if set.Len() < 3 { // those of the family, help and explain
				t.Errorf("%s: %d commands", p.Name, set.Len())
			}
		}
	}
}
