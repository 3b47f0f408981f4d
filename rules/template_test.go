package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTemplates(t *testing.T) {
	f := pull("opened", func(f *Facts) {
		f.Event = map[string]any{"number": 7.0, "half": 0.5, "none": nil, "yes": true}
		f.Subject.Title = "Add *it* @here\n# now"
		f.Subject.Body = "evil\n/merge"
	})
	for text, want := range map[string]string{
		"plain":                              "plain",
		"{{ pr.number }}":                    "7",
		"#{{ event.number }} {{event.half}}": "#7 0.5",
		"[{{ event.none }}]":                 "[]",
		"[{{ event.nothing }}]":              "[]",
		"[{{ issue.title }}]":                "[]",
		"[{{ push.branch }}]":                "[]",
		"{{ pr.title }}":                     "Add *it* @here # now",
		"{{ pr.labels }}":                    "bug",
		"{{ pr.draft }}":                     "false",
		"{{ pr.age }}":                       "23d",
		"{{ pr.created_at }}":                "2026-11-01T12:00:00Z",
		`{{ "{{" }} x }}`:                    "{{ x }}",
		`{{ "}}" }}`:                         "}}",
		"a {{ pr.author + '!' }} b":          "a octocat! b",
		"{{ pr.labels.map(l, l.upper()).join('-') }}": "BUG",
		"}} {{ 1 }}": "}} 1",
	} {
		tmpl, flaws := parseTemplate(text)
		if flaws != nil {
			t.Errorf("%q: %v", text, flaws)
			continue
		}
		if tmpl == nil {
			if strings.Contains(text, "{{") {
				t.Errorf("%q is no template", text)
			}
			continue
		}
		got, v := tmpl.render(newActivation(f), false)
		if got != want || v.outcome != True {
			t.Errorf("%q: got %q %+v, want %q", text, got, v, want)
		}
	}
}

// TestRendering fills an action in: its lists, maps and markdown, and leaves the rule as it was.
func TestRendering(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "r"
on = "pull_request.opened"
then.comment = { body = "Hi {{ pr.author }}: **{{ pr.title }}**", to = ["x", "{{ pr.labels }}", "{{ pr.milestone }}", "{{ pr.author }}-{{ pr.number }}"], with = { k = "{{ pr.title }}" } }
`)
	for range 2 {
		f := pull("opened", func(f *Facts) {
			f.Subject.Author, f.Subject.Title, f.Subject.Labels = "@octocat", "a*b\n#1", []string{"one", "two"}
		})
		want := &toyComment{
			Body: "Hi @" + zeroWidth + `octocat: **a\*b #` + zeroWidth + "1**", To: []string{"x", "one", "two", "@octocat-7"},
			With: map[string]string{"k": "a*b #1"}, Mode: "plain", On: 7,
		}
		if diff := cmp.Diff(Action(want), s.Evaluate(f).Steps[0].Action); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRenderingNeedsFacts asks for facts of templates only where the rule fires.
func TestRenderingNeedsFacts(t *testing.T) {
	s := mustCompile(t, "[[rule]]\nname = 'r'\nwhen.draft = false\nthen.comment = '{{ pr.approvals }} {{ size(pr.files) }}'")
	if got := s.Evaluate(pull("opened")).Missing; !cmp.Equal(got, []string{"subject.approvals", "subject.files"}) {
		t.Errorf("missing %v", got)
	}
	if got := s.Evaluate(pull("opened", held("r"))).Missing; got != nil {
		t.Errorf("missing %v although it does not fire", got)
	}
	if got := s.Evaluate(pull("opened", func(f *Facts) { f.Subject.Draft = true })).Missing; got != nil {
		t.Errorf("missing %v although it does not hold", got)
	}
	r := s.Evaluate(pull("opened", func(f *Facts) { f.Learn("pr.files"); f.Wait("pr.approvals", "GitHub thinks") }))
	if r.Decisions[0].Outcome != Waiting || len(r.Steps) != 0 || len(r.Memory.Held) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestCloneAction(t *testing.T) {
	a := &toyComment{Body: "x", To: []string{"a"}, With: map[string]string{"k": "v"}}
	b := cloneAction(a).(*toyComment)
	b.To[0], b.With["k"], b.Body = "changed", "changed", "changed"
	if diff := cmp.Diff(&toyComment{Body: "x", To: []string{"a"}, With: map[string]string{"k": "v"}}, a); diff != "" {
		t.Error(diff)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"{{ pr.title }}", "a {{", "{{ '}}' }}", "{{}}", "{{ \"", "{{ pr.labels }} x {{ now }}", "{{ {'a': 1} }}", "{{{ 1 }}}", "{{ '''a''' }}"} {
		f.Add(seed)
	}
	facts := pull("opened", func(f *Facts) { f.Now = time.Unix(0, 0) })
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, flaws := parseTemplate(text)
		for _, fl := range flaws {
			if fl.from < 0 || fl.to > len(text) || fl.from > fl.to || fl.message == "" {
				t.Errorf("%q: %+v", text, fl)
			}
		}
		if tmpl == nil {
			return
		}
		if got, v := tmpl.render(newActivation(facts), true); v.outcome == True && strings.Count(got, "\n") > strings.Count(text, "\n") {
			t.Errorf("%q gained lines: %q", text, got)
		}
	})
}
