package rules

import (
	"fmt"
	"strings"
	"testing"
)

// What is denied is a mistake at the action, in rules, presets and commands alike; a rule that is off does nothing, and may say it.
func TestDenied(t *testing.T) {
	const src = `[labels]
docs = "docs/**"

[[rule]]
name = "welcome"
then.comment = "Hello."

[[rule]]
name = "quiet"
mode = "off"
then.comment = "Hello."

[[rule]]
name = "else"
when.kind = "issue"
then.label = "x"
else.comment = "Gone."
`
	set, found := Compile("f", []byte(src), toyKinds, Options{Denied: []string{"comment"}})
	var got []string
	for _, d := range found {
		got = append(got, fmt.Sprintf("%d:%d %s: %s", d.Line, d.Col, d.Rule, d.Message))
	}
	want := []string{"6:6 welcome: the operator does not let rule files use comment here", "17:6 else: the operator does not let rule files use comment here"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	names := func(s *Set) (out []string) {
		for _, r := range s.Rules() {
			out = append(out, r.Name)
		}
		return out
	}
	if left := names(set); fmt.Sprint(left) != "[labels/docs quiet]" {
		t.Errorf("left: %v", left)
	}
	if _, found = Compile("f", []byte(src), toyKinds, Options{Denied: []string{"label"}}); len(found) != 2 || found[0].Line != 2 {
		t.Errorf("the preset: %v", found)
	}
	whole, _ := Compile("f", []byte(src), toyKinds, Options{})
	if left := names(whole.Without([]string{"comment"})); fmt.Sprint(left) != "[labels/docs quiet]" {
		t.Errorf("without: %v", left)
	}
	if whole.Without(nil) != whole || (*Set)(nil).Without([]string{"label"}) != nil {
		t.Error("nothing to leave out")
	}
}
