package syntax_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bellhop/rules/syntax"

	"github.com/google/go-cmp/cmp"
)

// size is a byte size such as "25MB".
type size int64

func (s *size) UnmarshalText(text []byte) error {
	var n int64
	var unit string
	if _, err := fmt.Sscanf(string(text), "%d%s", &n, &unit); err != nil || unit != "MB" {
		return fmt.Errorf("%q is no size", text)
	}
	*s = size(n << 20)
	return nil
}

type server struct {
	Listen  string        `toml:"listen" default:"127.0.0.1:8080"`
	Proxies []string      `toml:"trusted_proxies" default:"127.0.0.1/32, ::1/128"`
	MaxBody size          `toml:"max_body" default:"25MB"`
	Keep    time.Duration `toml:"keep" default:"14d"`
	Debug   bool          `toml:"debug"`
	Workers int           `toml:"workers" default:"4"`
	Ratio   float64       `toml:"ratio"`
	Since   time.Time     `toml:"since"`
	Port    uint16        `toml:"port"`
}

type common struct {
	Name string `toml:"name" required:"true"`
}

type hook struct {
	common
	Method string            `toml:"method" enum:"merge squash rebase"`
	Labels []string          `toml:"labels" short:"true" enum:"a b"`
	With   map[string]string `toml:"with"`
	Raw    *syntax.Node      `toml:"raw"`
	Any    any               `toml:"any"`
	Unread string
}

type body struct {
	Text string `toml:"body" short:"true" required:"true"`
	Once bool   `toml:"once" default:"true"`
}

type settings struct {
	Server server  `toml:"server"`
	Hooks  []hook  `toml:"hook"`
	Body   *body   `toml:"say"`
	Sizes  []size  `toml:"sizes"`
	Deep   *server `toml:"deep"`
}

func decode(t *testing.T, src string, leave ...string) (settings, []string) {
	t.Helper()
	var s settings
	f, problems := syntax.Parse("f.toml", []byte(src))
	problems = append(problems, f.Decode(f.Root, "", &s, leave...)...)
	var texts []string
	for _, p := range syntax.Sort(problems) {
		texts = append(texts, strings.TrimSpace(fmt.Sprintf("%d:%d-%d %s | %s", p.Line, p.Col, p.EndCol, p.Message, p.Mend)))
	}
	return s, texts
}

func TestDecode(t *testing.T) {
	got, problems := decode(t, `
say = "hello"
sizes = ["1MB", "2MB"]
[server]
listen = 'unix:/x'
trusted_proxies = "10.0.0.0/8"
max_body = "3MB"
keep = "1h30m"
debug = true
ratio = 2
since = 2026-12-18T18:00:00Z
port = 80
[[hook]]
name = "one"
labels = ["a", "b"]
with = { n = 3, t = "x", y = true }
raw = [1]
any = { k = [1.5, "x"] }
[[hook]]
name = "two"
method = "squash"
[[rule]]
anything = "goes"
`, "rule")
	if problems != nil {
		t.Fatal(problems)
	}
	if got.Hooks[0].Raw.Kind != syntax.List {
		t.Errorf("raw = %v", got.Hooks[0].Raw)
	}
	got.Hooks[0].Raw = nil
	want := settings{
		Server: server{
			Listen: "unix:/x", Proxies: []string{"10.0.0.0/8"}, MaxBody: 3 << 20, Keep: 90 * time.Minute, Debug: true,
			Workers: 4, Ratio: 2, Since: time.Date(2026, 12, 18, 18, 0, 0, 0, time.UTC), Port: 80,
		},
		Hooks: []hook{
			{common: common{"one"}, Labels: []string{"a", "b"}, With: map[string]string{"n": "3", "t": "x", "y": "true"},
				Any: map[string]any{"k": []any{1.5, "x"}}},
			{common: common{"two"}, Method: "squash"},
		},
		Body:  &body{Text: "hello", Once: true},
		Sizes: []size{1 << 20, 2 << 20},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(hook{})); d != "" {
		t.Error(d)
	}
}

func TestDefaults(t *testing.T) {
	got, problems := decode(t, "")
	want := server{Listen: "127.0.0.1:8080", Proxies: []string{"127.0.0.1/32", "::1/128"}, MaxBody: 25 << 20, Keep: 14 * 24 * time.Hour, Workers: 4}
	if d := cmp.Diff(want, got.Server); d != "" || problems != nil {
		t.Error(d, problems)
	}
}

func TestDecodeProblems(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"[servr]\nx = 1", "1:2-7 the file has no table servr | Did you mean server?"},
		{"lisen = 1", "1:1-6 the file has no key lisen | There is: deep, hook, say, server, sizes."},
		{"[[hok]]\nx = 1", "1:3-6 the file has no table hok | Did you mean hook?"},
		{"[server]\nlisten = 1\nlissten = 'x'", "2:10-11 server.listen must be a string, not a whole number | Write it in quotes: \"1\".\n" +
			"3:1-8 server has no key lissten | Did you mean listen?"},
		{"[server]\nListen = 'x'", "2:1-7 server has no key Listen | Did you mean listen?"},
		{"server.debug = 'true'", "1:16-22 server.debug must be true or false, not a string | Leave out the quotes."},
		{"server.workers = '4'", "1:18-21 server.workers must be a whole number, not a string | Leave out the quotes."},
		{"server.workers = 4.5", "1:18-21 server.workers must be a whole number, not a number |"},
		{"server.port = 70000", "1:15-20 server.port is out of range: 70000 |"},
		{"server.keep = '14'", `1:15-19 server.keep: "14" is no length of time | Write a number with its unit, such as "30m", "12h", "14d" or "2w".`},
		{"server.keep = 14", `1:15-17 server.keep must be a length of time, not a whole number | Write a number with its unit in quotes, such as "30m", "12h" or "14d".`},
		{"server.max_body = '25XB'", `1:19-25 server.max_body: "25XB" is no size |`},
		{"server.max_body = true", `1:19-23 server.max_body must be a string, not true |`},
		{"server.trusted_proxies = ['x', 3]", "1:32-33 server.trusted_proxies must hold strings only, not a whole number |"},
		{"server.trusted_proxies = 3", "1:26-27 server.trusted_proxies must be a string, not a whole number | Write it in quotes: \"3\"."},
		{"server = 3", "1:10-11 server must be a table, not a whole number |"},
		{"[hook]\nname = 'x'", "1:2-6 hook is a list of tables | Write [[hook]]."},
		{"[[hook]]\nmethod = 'sqash'", "1:3-7 hook lacks name |\n2:10-17 hook.method must be merge, squash or rebase, not \"sqash\" | Did you mean \"squash\"?"},
		{"[[hook]]\nname = 'x'\nlabels = ['a', 'c']", "3:16-19 hook.labels must be a or b, not \"c\" |"},
		{"[[hook]]\nname = 'x'\n[[hook]]\nname = 3\n[hook.with]\nx = [1]", "4:8-9 hook.name must be a string, not a whole number | Write it in quotes: \"3\".\n" +
			"6:5-8 hook.with.x must be a string, not a list |"},
		{"say = { once = false }", "1:1-4 say lacks body |"},
		{"say = 3", "1:7-8 say must be a string, not a whole number | Write it in quotes: \"3\"."},
		{"# é\nsay = { body = 'é', onc = 1 }", "2:21-24 say has no key onc | Did you mean once?"},
		{"[deep]\nkeep = 'x'", "2:8-11 deep.keep: \"x\" is no length of time | Write a number with its unit, such as \"30m\", \"12h\", \"14d\" or \"2w\"."},
	} {
		if _, got := decode(t, tt.src); strings.Join(got, "\n") != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.src, strings.Join(got, "\n"), tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "1h30m": 90 * time.Minute, "14d": 14 * 24 * time.Hour, "2w": 14 * 24 * time.Hour,
		"1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond, "1d 12h": 36 * time.Hour, "0s": 0,
	} {
		if got, err := syntax.Duration(text); err != nil || got != want {
			t.Errorf("Duration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "14", "d", "14 days", "-3d", "1..5h", "3x", "999999999999w", "1h30"} {
		if got, err := syntax.Duration(text); err == nil {
			t.Errorf("Duration(%q) = %v, want an error", text, got)
		}
	}
}

func TestKeys(t *testing.T) {
	if d := cmp.Diff([]string{"name", "method", "labels", "with", "raw", "any"}, syntax.Keys(&hook{})); d != "" {
		t.Error(d)
	}
}
