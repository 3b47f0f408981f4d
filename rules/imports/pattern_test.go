package imports

import (
	"strings"
	"testing"
)

func TestMinimatch(t *testing.T) {
	for _, c := range []struct{ in, glob, re string }{
		{"docs/**", "docs/**", `^(?:docs/.*)$`},
		{"./*.md", "*.md", `^(?:[^/]*\.md)$`},
		{"src/**.ts", "src/*.ts", `^(?:src/[^/]*\.ts)$`}, // ** within a segment is *
		{"{a,b}/*", "{a,b}/*", `^(?:(?:a|b)/[^/]*)$`},
		{`\*.c`, `\*.c`, `^(?:\*\.c)$`},
		{"[ab]?.c", "", `^(?:[ab][^/]\.c)$`},
		{"*.@(c|h)", "", `^(?:[^/]*\.(?:c|h))$`},
		{"*.+(c)", "", `^(?:[^/]*\.(?:c)+)$`},
		{"*.(test|spec).ts", "*.(test|spec).ts", `^(?:[^/]*\.\(test\|spec\)\.ts)$`}, // no extended glob without its sign
		{"größe/**/*", "größe/**/*", `^(?:größe/(?:.*/)?[^/]*)$`},
	} {
		p, err := minimatch(c.in)
		if err != nil || p.glob != c.glob || p.re != c.re || p.not {
			t.Errorf("%s: %+v %v", c.in, p, err)
		}
	}
	if p, err := minimatch("!docs/**"); err != nil || !p.not || p.glob != "docs/**" {
		t.Errorf("%+v %v", p, err)
	}
	for _, bad := range []string{"", "docs/", "/docs", "#x", "!(a)", "x{1..3}", "@(a"} {
		if p, err := minimatch(bad); err == nil {
			t.Errorf("%s: %+v", bad, p)
		}
	}
}

func TestGlobsOf(t *testing.T) {
	for re, want := range map[string]string{
		"^main$":                     "main",
		"^(main|release/.*)$":        "main release/**",
		"^docs/":                     "docs/**",
		"^docs/.*\\.md$":             "docs/**/*.md",
		`\.go$`:                      "**/*.go",
		"wip":                        "**wip**",
		"^feat(ure)?/":               "feat/** feature/**",
		`(^|/)(NOTICE|CHANGES)\.md$`: "**/CHANGES.md **/NOTICE.md",
		"^src/[^/]*\\.c$":            "src/*.c",
		"^v[12]$":                    "v1 v2",
		`^a\*b$`:                     `a\*b`,
	} {
		if got, ok := globsOf(re); !ok || strings.Join(got, " ") != want {
			t.Errorf("%s: %q", re, got)
		}
	}
	for _, re := range []string{"(?i)main", `^\d+$`, "^[a-z]+$", "a{2,}", "^$", "(a|b)(c|d)(e|f)"} {
		if got, ok := globsOf(re); ok {
			t.Errorf("%s: %q", re, got)
		}
	}
}

func TestGitignore(t *testing.T) {
	for in, want := range map[string]string{"*.md": "**/*.md", "/LICENSE": "LICENSE LICENSE/**", "src": "**/src **/src/**", "site/": "**/site/**", "docs/**/*": "docs/**/*"} {
		list, err := gitignore(in)
		var got []string
		for _, p := range list {
			got = append(got, p.glob)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q %v", in, got, err)
		}
	}
}

func TestNegated(t *testing.T) {
	for in, want := range map[string]string{"a.b(c, d)": "!a.b(c, d)", "!a": "a", "a > 1": "a <= 1", "size(x) == 0": "size(x) != 0", "a == 1 || b == 2": "!(a == 1 || b == 2)",
		`a.b("x > y")`: `!a.b("x > y")`, "a in b": "!(a in b)"} {
		if got := negated(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
