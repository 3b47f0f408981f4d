package actions

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bellhop/rules"
)

func TestNames(t *testing.T) {
	for _, row := range []struct{ want, have, without, within []string }{
		{[]string{"a", "b"}, nil, []string{"a", "b"}, nil},
		{[]string{"a", "B", "b"}, []string{"A"}, []string{"B"}, []string{"a"}},
		{[]string{" ", "", " c "}, []string{"b", "C"}, nil, []string{"c"}},
	} {
		if diff := cmp.Diff(row.without, without(row.want, row.have)); diff != "" {
			t.Errorf("without(%q, %q):\n%s", row.want, row.have, diff)
		}
		got := within(row.want, row.have)
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(row.within, got); diff != "" {
			t.Errorf("within(%q, %q):\n%s", row.want, row.have, diff)
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "org/team"}, logins([]string{"@a", " b ", "@org/team"})); diff != "" {
		t.Error(diff)
	}
	for n, want := range []string{"", "a", "a and b", "a, b and c"} {
		if got := listed([]string{"a", "b", "c"}[:n]); got != want {
			t.Errorf("listed = %q, want %q", got, want)
		}
	}
}

func TestSite(t *testing.T) {
	for api, want := range map[string]string{
		"https://api.github.com/":         "https://github.com/",
		"https://api.acme.ghe.com/":       "https://acme.ghe.com/",
		"https://github.example/api/v3/":  "https://github.example/",
		"https://host/prefix/api/v3/":     "https://host/prefix/",
		"http://127.0.0.1:4701/":          "http://127.0.0.1:4701/",
		"https://api.notgithub.example/":  "https://api.notgithub.example/",
		"https://api.github.com.example/": "https://api.github.com.example/",
	} {
		u, err := url.Parse(api)
		if err != nil {
			t.Fatal(err)
		}
		if got := site(u); got != want {
			t.Errorf("site(%s) = %s, want %s", api, got, want)
		}
	}
}

func TestSegments(t *testing.T) {
	for ref, want := range map[string]string{"main": "main", "feature/a#1": "feature/a%231", "a b%?": "a%20b%25%3F"} {
		if got := segments(ref); got != want {
			t.Errorf("segments(%q) = %q, want %q", ref, got, want)
		}
	}
}

func TestSegment(t *testing.T) {
	for name, want := range map[string]string{"bug": "bug", "area/ci?": "area%2Fci%3F", "good first issue": "good%20first%20issue", "..": "%2E%2E", "v1..2": "v1..2"} {
		if got := segment(name); got != want {
			t.Errorf("segment(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestHeadSHA(t *testing.T) {
	for name, row := range map[string]struct {
		facts *rules.Facts
		want  string
	}{
		"pull request":   {pr(), sha},
		"issue":          {issue(), ""},
		"push":           {&rules.Facts{Push: &rules.Push{HeadSHA: "a"}}, "a"},
		"deleted branch": {&rules.Facts{Push: &rules.Push{HeadSHA: "a", Deleted: true}}, ""},
		"merge group":    {&rules.Facts{MergeGroup: &rules.MergeGroup{SHA: "b"}}, "b"},
		"check":          {&rules.Facts{Check: &rules.CheckResult{SHA: "c"}}, "c"},
		"workflow run":   {&rules.Facts{Run: &rules.WorkflowRun{SHA: "d"}}, "d"},
		"deployment":     {&rules.Facts{Deployment: &rules.Deployment{SHA: "e"}}, "e"},
		"check of a pull request": {pr(func(f *rules.Facts) {
			f.Check = &rules.CheckResult{SHA: "old"}
		}), sha},
		"nothing": {&rules.Facts{}, ""},
	} {
		if got := headSHA(row.facts); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
