package rules

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestInert(t *testing.T) {
	const z = zeroWidth
	for text, want := range map[string]string{
		"Add a bell":                    "Add a bell",
		"@octocat and @acme/team":       "@" + z + "octocat and @" + z + "acme/team",
		"fixes #1, acme/app#2, GH-3":    "fixes #" + z + "1, acme/app#" + z + "2, GH-" + z + "3",
		"&commat;octocat":               "&amp;commat;octocat",
		"<!-- marker --><b>":            "&lt;!-- marker --&gt;&lt;b&gt;",
		"[x](http://a.b) ![y](z)":       `\[x\](http:` + z + `//a.b) !\[y\](z)`,
		"https://github.com/o/r/pull/1": "https:" + z + "//github.com/o/r/pull/1",
		"www.example.org":               "www" + z + ".example.org",
		"a@b.example":                   "a@" + z + "b.example",
		"`code` ```fence":               "ˋcodeˋ ˋˋˋfence",
		"**bold** _it_ snake_case ~x~":  `\*\*bold\*\* \_it\_ snake_case \~x\~`,
		"one\r\n\n  two\t three":        "one two three",
		"# heading":                     `\#` + z + ` heading`,
		"- item":                        `\- item`,
		"+ item":                        `\+ item`,
		"1. item":                       `1\. item`,
		"12) item":                      `12\) item`,
		"> quote":                       "&gt; quote",
		"/merge":                        `\/merge`,
		"===":                           `\===`,
		"a | b":                         `a \| b`,
		"$x$":                           `\$x\$`,
		`\`:                             `\\`,
		"    indented":                  "indented",
		"a\x00b\x1b[2J\u202eevil\u2066": `ab\[2Jevil`,
		"":                              "",
	} {
		if got := inert(text); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	if n := len([]rune(inert(strings.Repeat("x", 10000)))); n != maxInserted {
		t.Errorf("%d characters", n)
	}
}

var (
	mention  = regexp.MustCompile(`@[\pL\pN]`)
	number   = regexp.MustCompile(`#\d|(?i)\bgh-\d`)
	linked   = regexp.MustCompile(`(?i)://|\bwww\.`)
	unmasked = regexp.MustCompile(`(^|[^\\])(\\\\)*[*\[\]~|$]`)
)

// FuzzInert holds that nothing of a text can act, and that all that can be seen of it is still there.
func FuzzInert(f *testing.F) {
	for _, seed := range []string{"@a #1 GH-2 <b> [x](y) `c` **d** _e_ www.f http://g", "1. x", "&#64;a", "\\@a", "a\n> b", "\u2028@x", "GH-\u200b1", "@\u200ba", "\\\\*", "w\x00ww.a", ":\x00//"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := inert(text)
		if strings.ContainsAny(got, "\n\r\t<>`") || mention.MatchString(got) || number.MatchString(got) || linked.MatchString(got) || unmasked.MatchString(got) {
			t.Errorf("%q became %q", text, got)
		}
		if strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q has control characters", got)
		}
		if entities := strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(got, "&amp;", ""), "&lt;", ""), "&gt;", ""); strings.Contains(entities, "&") {
			t.Errorf("%q became %q", text, got)
		}
		if got != "" && strings.ContainsRune("#-+=/:>*", rune(got[0])) {
			t.Errorf("%q begins a block: %q", text, got)
		}
		// What is seen: without the escapes it is the line that came in.
		plain := regexp.MustCompile(`\\(.)`).ReplaceAllString(got, "$1")
		plain = strings.ReplaceAll(html.UnescapeString(strings.ReplaceAll(plain, "ˋ", "`")), zeroWidth, "")
		if want := strings.ReplaceAll(strings.ReplaceAll(oneLine(text), zeroWidth, ""), "ˋ", "`"); plain != want {
			t.Errorf("%q shows %q, want %q", text, plain, want)
		}
	})
}
