package rules

import (
	"strings"
	"testing"
)

func TestStack(t *testing.T) {
	file := func(name, layer string, rules ...string) *Set {
		src := ""
		for _, r := range rules {
			title, rest, _ := strings.Cut(r, " ")
			src += "[[rule]]\nname = '" + title + "'\non = 'issues.opened'\n" + rest + "\n"
		}
		s, problems := Compile(name, []byte(src), toyKinds, Options{Layer: layer})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return s
	}
	host := file("host", "host", "a then.label='1'", "b locked=true\nthen.label='1'")
	account := file("account", "org", "a then.label='2'", "c then.label='2'", "d locked=true\nthen.label='2'")
	one := file("one", "", "c mode='off'", "d then.label='3'", "e then.label='3'")
	two := file("two", "", "b then.label='4'", "e then.label='4'", "f then.label='4'")
	s, problems := Stack([]*Set{host}, []*Set{nil, account}, []*Set{one, two})
	var names []string
	for _, r := range s.Rules() {
		names = append(names, r.Name+":"+r.Mode)
	}
	if got, want := strings.Join(names, " "), "host/b:live org/a:live org/d:live c:off e:live f:live"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.Error())
	}
	want := `one:5:3: rule "d": the rule org/d is locked: no other may take its place
two:1:3: rule "b": the rule host/b is locked: no other may take its place
two:5:3: rule "e": another rule has this name, in one`
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if s, problems := Stack(); s.Len() != 0 || problems != nil {
		t.Error("an empty stack is not empty")
	}
}
