package syntax_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"bellhop/rules/syntax"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDiagnosticString(t *testing.T) {
	src := "# é\n\n\n\n\n\n\n\n\n\n\n\n\nif = 'issue.age_days > 30'\n\tx = 1\n"
	f, _ := syntax.Parse("bot.toml", []byte(src))
	d := f.Problem(f.Root.Get("if").Within(0, 14), "no fact named issue.age_days", `issue has age, a duration. Write: issue.age > duration("30d")`)
	d.Rule = "stale"
	want := `bot.toml:14:7: rule "stale": no fact named issue.age_days
   |
14 | if = 'issue.age_days > 30'
   |       ^^^^^^^^^^^^^^
   issue has age, a duration. Write: issue.age > duration("30d")`
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Error(diff)
	}
	d = f.Problem(f.Root.Get("x").Span, "no", "")
	if diff := cmp.Diff("bot.toml:15:6: no\n   |\n15 | \tx = 1\n   | \t    ^", d.String()); diff != "" {
		t.Error(diff)
	}
}

func TestDiagnosticOfALongLine(t *testing.T) {
	src := "x = '" + strings.Repeat("é", 300) + "\x1b'"
	f, _ := syntax.Parse("f", []byte(src[:len(src)-2]+"'"))
	d := f.Problem(f.Root.Get("x").Within(400, 404), "here", "")
	lines := strings.Split(d.String(), "\n")
	if n := utf8.RuneCountInString(lines[2]); n > 130 {
		t.Errorf("%d characters: %s", n, lines[2])
	}
	if !strings.HasSuffix(lines[3], "^^") || !strings.HasPrefix(lines[2], "1 | …") {
		t.Errorf("%s", d)
	}
}

func TestDiagnosticHidesControlCharacters(t *testing.T) {
	_, problems := syntax.Parse("f", []byte("x = \"\x1b[2J\""))
	if len(problems) != 1 || strings.ContainsRune(problems[0].String(), 0x1b) {
		t.Errorf("%q", problems)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"a = 1\nb = 2\na = 3\n[c]\n[d]\n[c]\n", "3:1-2 a is written twice, first on line 1 | Keep one of them.\n6:2-3 c is written twice, first on line 4 | Keep one of them."},
		{"a.b = 1\na.b.c = 2\n", "2:3-4 b is written twice, first on line 1 | Keep one of them."},
		{"x = {a=1, a=2}", "1:11-12 a is written twice, first on line 1 | Keep one of them."},
		{"a = \"x\nb = 2", "1:6-7 the string does not end on its line | Close it with its quote, or begin and end it with three quotes: ''' or \"\"\"."},
		{"name = \n", "1:6-7 expected a value |"},
		{"name = fix\n", "1:8-11 expected a value, found \"fix\" | A string needs quotes."},
		{"a == 1", "1:4-5 expected a value |"},
		{"a = 1 2", "1:7-8 expected the line to end here |"},
		{"[rule\nx=1", "1:5-6 expected ] after the name of the table |"},
		{"a = [1,\n", "1:7-8 the file ends in the middle of something |"},
		{"a = '''x\n", "1:8-9 the string does not end | Close it with the quotes that it begins with."},
		{"é = 1", "1:1-2 expected = after the key | A key with other characters than letters, digits, - and _ needs quotes."},
		{`a = "\d+"`, `1:6-8 the string has an unknown escape '\d' | Write the backslash twice, or put the string in single quotes, where it is a plain character.`},
		{"a = " + strings.Repeat("[", 40), "1:37-38 nested more than 32 levels deep |"},
		{strings.Repeat("a.", 40) + "b = 1", "1:66-67 nested more than 32 levels deep |"},
		{"\ufeffa = \n", "1:3-4 expected a value |"},
		{"x = '" + strings.Repeat("a", syntax.MaxSize) + "'", "1:1-2 the file has more than 256 KB | Split it."},
	} {
		if _, got := decode(t, tt.src); strings.Join(got, "\n") != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.src[:min(len(tt.src), 80)], strings.Join(got, "\n"), tt.want)
		}
	}
}

// TestPlaces finds the word HERE inside of values and asks for its place in the file.
func TestPlaces(t *testing.T) {
	for _, src := range []string{
		`a = 'xHEREx'`,
		`a = "xHEREx"`,
		`a = "é\"\t\\ \u00e9 HERE \x41"`,
		"a = '''\nline\n é HERE'''",
		"a = \"\"\"\nline\n \\\n   HERE\"\"\"",
		"a = \"\"\"\\\n  x \\t HERE\"\"\"",
		"a = '''\r\none\r\ntwo HERE\r\n'''",
		"a = \"\"\"\r\none\\u0041\r\ntwo HERE\r\n\"\"\"",
		"a = '''''HERE'''''",
		"a = \"\"\"\"HERE\"\"\"\"\"",
		"[[t]]\n[[t]]\na = { b = ['x', { c = \"éHERE\" }] }",
	} {
		f, problems := syntax.Parse("f", []byte(src))
		if problems != nil {
			t.Errorf("%q: %v", src, problems)
			continue
		}
		found := 0
		walk(f.Root, func(n *syntax.Node) {
			if i := strings.Index(n.Text(), "HERE"); i >= 0 {
				found++
				at := n.Within(i, i+4)
				if got := f.Slice(at); got != "HERE" {
					t.Errorf("%q: found %q", src, got)
				}
			}
		})
		if found != 1 {
			t.Errorf("%q: found %d times", src, found)
		}
	}
}

func walk(n *syntax.Node, visit func(*syntax.Node)) {
	visit(n)
	for _, e := range n.Entries {
		walk(e, visit)
	}
	for _, i := range n.Items {
		walk(i, visit)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"author", "approvals", "title", "title_has", "files", "only_files", "on", "if", "pull_request", "issues"}
	for word, want := range map[string]string{
		"autor": "author", "Author": "author", "approval": "approvals", "titel": "title", "titlehas": "title_has", "file": "files",
		"pull-request": "pull_request", "pull_requests": "pull_request", "xyzzy": "", "o": "", "fi": "", "": "", "issue": "issues",
		strings.Repeat("author", 1000): "author",
	} {
		if got := syntax.Nearest(word, names); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}

// oneKind makes one type of the two that the TOML library has for lists.
func oneKind(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = oneKind(v[k])
		}
	case []any:
		for i := range v {
			v[i] = oneKind(v[i])
		}
	case []map[string]any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = oneKind(v[i])
		}
		return out
	}
	return v
}

// FuzzParse holds every file against five truths: no panic; the tree is what the TOML library reads; places lie in the file; a value that stands at a place reads as the
// value; and decoding reports what it does not know.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a = 1\n[b.c]\nd = ['x', {e = 2}]\n[[f]]\ng.h = '''\nx'''\n[[f]]\n",
		"a = \"\"\"\\\n x\\u00e9\"\"\"\nb = 1979-05-27T07:32:00Z\nc = 07:32\n",
		"a = { b = 1,\n c = [[]], }\n\"q w\".'' = -1.5e3 # é\n",
		"[a]\n[a.b]\n[a]\nx = \"\\q\"", "x = \xff", "a.b = 1\n[a]\n[[a]]\n", "a = [{}, {}]\n[[a]]\n[a.b]", "\ufeffa = 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		file, problems := syntax.Parse("f", []byte(src))
		if (file.Root == nil) != (len(problems) > 0) {
			t.Fatalf("root %v, problems %v", file.Root != nil, problems)
		}
		if file.Root != nil {
			var want map[string]any
			if _, err := toml.Decode(strings.TrimPrefix(src, "\ufeff"), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(oneKind(want), file.Root.Plain(), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the tree is not what the TOML library read: %s", diff)
			}
			walk(file.Root, func(n *syntax.Node) {
				if n.Kind == 0 || n.Kind >= syntax.String && n.Value == nil {
					t.Errorf("%q is %v %v", n.Key, n.Kind, n.Value)
				}
				if n.Span.Start < 0 || n.Span.End > len(src) || n.Span.Start > n.Span.End {
					t.Errorf("%q stands at %v of %d", n.Key, n.Span, len(src))
				}
				if n.Kind == syntax.String && n.Text() != "" && n.Within(0, 1) == n.Span {
					t.Errorf("%q has no offsets", n.Text())
				}
			})
			var s settings
			problems = file.Decode(file.Root, "", &s)
		}
		lines := strings.Split(src, "\n")
		for _, p := range problems {
			_ = p.String()
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.EndCol <= p.Col || p.Col > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%d:%d-%d is not in the file: %s", p.Line, p.Col, p.EndCol, p.Message)
			}
		}
	})
}
