package rules

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"
)

// globMatches tells whether a glob matches a whole text, and whether the glob is good.
func globMatches(t testing.TB, pattern, text string) (matches, good bool) {
	g, err := globRegexp(pattern)
	if err != nil {
		return false, false
	}
	re, err := regexp.Compile(wholly([]string{g}, false))
	if err != nil {
		t.Fatalf("%q became %q: %v", pattern, g, err)
	}
	return re.MatchString(text), true
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "a", true}, {"*", "", true}, {"*", "a/b", false}, {"**", "a/b", true}, {"**", "", true},
		{"docs/**", "docs/a", true}, {"docs/**", "docs/a/b", true}, {"docs/**", "docs", true}, {"docs/**", "docsx", false}, {"docs/**", "x/docs/a", false},
		{"**/docs/**", "x/docs/a", true}, {"**/docs/**", "docs/a", true}, {"a/**/b", "a/b", true}, {"a/**/b", "a/x/y/b", true}, {"a/**/b", "ab", false},
		{"**/*.go", "a.go", true}, {"**/*.go", "x/y/a.go", true}, {"*.go", "x/a.go", false}, {"**.go", "x/a.go", true},
		{"?", "a", true}, {"?", "é", true}, {"?", "/", false}, {"?", "", false},
		{"a.c", "abc", false}, {"a+b", "a+b", true}, {"(a)", "(a)", true},
		{"{a,b}", "a", true}, {"{a,b}", "b", true}, {"{a,b}", "a,b", false}, {"{a,}", "", true}, {"x{a,{b,c}d}y", "xcdy", true}, {"x{a,{b,c}d}y", "xcy", false},
		{"src/{a/**,b}", "src/a/x/y", true}, {"src/{a/**,b}", "src/b", true}, {"{**/,}a", "x/a", true},
		{"dependabot[bot]", "dependabot[bot]", true}, {"dependabot[bot]", "dependabotb", false}, {"renovate*[bot]", "renovate-x[bot]", true},
		{`\*`, "*", true}, {`\*`, "a", false}, {`\{a\}`, "{a}", true}, {`a\\b`, `a\b`, true}, {"a,b", "a,b", true},
		{"a\nb", "a\nb", true}, {"*", "a\nb", true},
	} {
		if got, good := globMatches(t, tt.pattern, tt.text); !good || got != tt.want {
			t.Errorf("%q on %q: got %v (good %v), want %v", tt.pattern, tt.text, got, good, tt.want)
		}
	}
	for _, bad := range []string{"", "{", "a{b", "}", "a}b", `a\`, "{{{{{a}}}}}", strings.Repeat("a", 501), "{a,b", "{a}}"} {
		if _, err := globRegexp(bad); err == nil {
			t.Errorf("%q is good", bad)
		}
	}
}

// TestGlobAgainstDoublestar holds our globs against another library's. They differ by decision in these:
//   - brackets are plain characters here, since they stand in names of bots;
//   - ** beside other characters (a**b, **.go) matches slashes too, as in GitHub's own filters;
//   - ** as the whole of an alternative in braces reaches beyond its segment here, since braces are alternatives of the whole;
//   - what is empty or begins or ends in a slash, which no path, branch or label is, may match here where an empty ** is left over;
//   - a trailing /** behind a wildcard matches the folder itself here, as it does behind a name in both;
//   - * before an empty alternative (a*{,b}) may match nothing here;
//   - * and ? match bytes that are no UTF-8 text here.
func TestGlobAgainstDoublestar(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "b", "/", "*", "?", "/**/", "{a,b}", "{a/b,c}", "{,a}", "{*,b}c", ".", "é"})
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(piece, 1, 6).Draw(t, "pattern"), "")
		if rapid.Bool().Draw(t, "leading") {
			pattern = "**/" + pattern
		}
		if rapid.Bool().Draw(t, "trailing") {
			pattern += "/**"
		}
		text := rapid.StringMatching(`[abcé./]{0,6}`).Draw(t, "text")
		if strings.Contains(pattern, "***") || strings.Contains(pattern, "**{") || strings.Contains(pattern, "}**") || strings.Contains(pattern, "//") ||
			text == "" || strings.Contains(text, "//") || strings.HasPrefix(text, "/") || strings.HasSuffix(text, "/") || strings.HasPrefix(pattern, "/") || strings.HasSuffix(pattern, "/") ||
			besides.MatchString(pattern) || strings.HasSuffix(pattern, "*/**") || strings.HasSuffix(pattern, "}/**") || strings.Contains(pattern, "*{,") || strings.Contains(pattern, "{,a}") && strings.Contains(pattern, "**") {
			t.Skip("decided")
		}
		want, err := doublestar.Match(pattern, text)
		if err != nil {
			t.Skip("bad for the other")
		}
		g, err := globRegexp(pattern)
		if err != nil {
			t.Fatalf("%q: %v", pattern, err)
		}
		if got := regexp.MustCompile(wholly([]string{g}, false)).MatchString(text); got != want {
			t.Fatalf("%q (%s) on %q: got %v, doublestar says %v", pattern, g, text, got, want)
		}
	})
}

// besides finds a ** that is not a whole segment.
var besides = regexp.MustCompile(`[^/]\*\*|\*\*[^/]`)

func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"docs/**", "{a,{b,c}}", `\{`, "**/*.go", "a?b[c]", "é*", "\xab"} {
		f.Add(seed, "docs/a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		g, err := globRegexp(pattern)
		if err != nil {
			return
		}
		if len(g) > 10*len(pattern)+20 {
			t.Errorf("%q became %d bytes", pattern, len(g))
		}
		globMatches(t, pattern, text)
		// Without anything special a glob matches itself and nothing else.
		if !strings.ContainsAny(pattern, `*?{}\,`) {
			if is, _ := globMatches(t, pattern, pattern); !is {
				t.Errorf("%q does not match itself", pattern)
			}
			if is, _ := globMatches(t, pattern, text); is != (pattern == text) {
				t.Errorf("%q on %q: %v", pattern, text, is)
			}
		}
	})
}
