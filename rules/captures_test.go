package rules

import (
	"strings"
	"testing"
)

func TestCaptures(t *testing.T) {
	labels := func(list ...string) func(*Facts) { return func(f *Facts) { f.Subject.Labels = list } }
	titled := func(title string) func(*Facts) { return func(f *Facts) { f.Subject.Title = title } }
	for _, tt := range []struct {
		name, lines, text string
		f                 *Facts
		want              string // the texts of the list; "-" where the rule does not hold
	}{
		{"one label", `when.label = "backport *"`, "{{ label.1 }}", pull("opened", labels("bug", "Backport v1")), "v1"},
		{"several labels", `when.label = "backport *"`, "{{ label.1 }}", pull("opened", labels("backport v2", "backport v1", "Backport v2")), "v2|v1"},
		{"text around", `when.label = "backport *"`, "to {{ label.1 }}!", pull("opened", labels("backport v2", "backport v1")), "to v2!|to v1!"},
		{"all of it", `when.label = "backport *"`, "{{ label.0 }}", pull("opened", labels("backport v1")), "backport v1"},
		{"second pattern", `when.label = ["port-*-to-*", "backport *"]`, "{{ label.1 }}", pull("opened", labels("backport v1")), "v1"},
		{"short of groups", `when.label = ["port-*-to-*", "backport *"]`, "{{ label.2 }}", pull("opened", labels("backport v1")), ""},
		{"branch", `when.head = "release/*/**"`, "{{ head.1 }} {{ head.2 }}", pull("opened", func(f *Facts) { f.Subject.Head = "release/1/a/b" }), "1 a/b"},
		{"braces", `when.base = "{main,v*}"`, "{{ base.1 }}", pull("opened", func(f *Facts) { f.Subject.Base = "v3" }), "v3"},
		{"numbered group", `when.title_matches = '^(\w+)\((\w+)\):'`, "{{ title.2 }}", pull("opened", titled("fix(api): it")), "api"},
		{"named group", `when.title_matches = ['(?P<ticket>[A-Z]+-\d+)', '#(?P<ticket>\d+)']`, "{{ title.ticket }}", pull("opened", titled("Mend #12")), "12"},
		{"inside a call", `when.title_matches = '(?P<t>[A-Z]+-\d+)'`, "{{ title.t.lower() + 'x' }}", pull("opened", titled("ABC-1")), "abc-1x"},
		{"not matched", "[[rule.when]]\nlabel = 'backport *'\n[[rule.when]]\ntitle_has = 'bell'", "{{ label.1 }}", pull("opened"), ""},
		{"in if", "when.head = 'v*'\nif = 'head.1 == pr.base'", "{{ head.1 }}", pull("opened", func(f *Facts) { f.Subject.Head, f.Subject.Base = "vmain", "main" }), "main"},
		{"in if, false", "when.head = 'v*'\nif = 'head.1 == pr.base'", "{{ head.1 }}", pull("opened", func(f *Facts) { f.Subject.Head = "v2" }), "-"},
		{"files", `when.files = "packages/*/**"`, "pkg: {{ files.1 }}", whole(func(f *Facts) {
			f.Subject.Files = []File{{Path: "packages/a/x"}, {Path: "README"}, {Path: "packages/b/y"}, {Path: "packages/a/z"}}
		}), "pkg: a|pkg: b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := "[[rule]]\nname = 'r'\nthen.comment = { body = 'x', to = \"" + tt.text + "\" }\n" + tt.lines + "\n"
			got := "-"
			for _, s := range mustCompile(t, src).Evaluate(tt.f).Steps {
				got = strings.Join(s.Action.(*toyComment).To, "|")
			}
			if want := tt.want; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A capture is looked up like the fact that it is of: a rule that captures of files needs the files.
func TestCaptureIsMissing(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = 'r'\non = 'pull_request'\nwhen.files = 'p/*/**'\nthen.comment = '{{ files.1 }}'\n")
	if r := s.Evaluate(pull("opened")); len(r.Missing) != 1 || r.Missing[0] != "subject.files" {
		t.Errorf("missing %v", r.Missing)
	}
}

func TestCaptureFlaws(t *testing.T) {
	for _, tt := range []struct{ lines, want string }{
		{"when.label = 'backport *'\nthen.comment = '{{ label.2 }}'", "5:20: rule \"r\": there is no label.2: when.label has 1 wildcard"},
		{"when.draft = true\nthen.comment = '{{ label.1 }}'", "5:20: rule \"r\": label.1 is what when.label captured, and the rule has no when.label"},
		{"unless.head = 'a*'\nthen.comment = '{{ head.1 }}'", "5:20: rule \"r\": head.1 is what when.head captured, and the rule has no when.head"},
		{"when.title_matches = '(a)'\nthen.comment = '{{ title.2 }}'", "5:20: rule \"r\": there is no title.2: when.title_matches has 1 group"},
		{"when.label = 'a*'\nif = 'pr.draft && label.1 == \"x\"'\nthen.comment = 'x'", "5:19: rule \"r\": cannot compare a list of strings with a string"},
		{"when.title_matches = '(?P<a>x)'\nthen.comment = '{{ title.b }}'", "5:20: rule \"r\": there is nothing named title"},
		{"when.head = 'a'\nif = 'head.1 == \"x\"'\nthen.comment = 'x'", "5:7: rule \"r\": there is no head.1: when.head has no wildcard"},
	} {
		_, problems := Compile("f", []byte("[[rule]]\nname = 'r'\non = 'pull_request'\n"+tt.lines+"\n"), toyKinds, Options{})
		if len(problems) == 0 || problems[0].Error() != "f:"+tt.want {
			t.Errorf("%s\ngot  %v\nwant f:%s", tt.lines, problems, tt.want)
		}
	}
}

func FuzzCaptures(f *testing.F) {
	for _, seed := range []string{"label.1", `"label.1" + head.0`, "// label.1\nhead.1", "x.label.1", "title.a.lower()", "[label.1][0]", "label.99999999999999999999", "label.1.2"} {
		f.Add(seed)
	}
	cs := captures{
		"label": {key: "label", over: "subject.labels", list: true, res: []string{"^a(.*)$"}, names: [][]string{{"", ""}}},
		"head":  {key: "head", over: "pr.head", res: []string{"^a(.*)$"}, names: [][]string{{"", ""}}},
		"title": {key: "title_matches", over: "subject.title", res: []string{"(x)"}, names: [][]string{{"", "a"}}},
	}
	facts := newActivation(pull("opened"))
	f.Fuzz(func(t *testing.T, text string) {
		x, flaws := cs.compile(text, nil, nil)
		for _, fl := range flaws {
			if fl.from < 0 || fl.to > len(text) || fl.from > fl.to || fl.message == "" {
				t.Errorf("%q: %+v", text, fl)
			}
		}
		if x != nil {
			x.eval(facts)
		}
	})
}
