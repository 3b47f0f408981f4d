package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/githubapp/githubtest"
	"bellhop/rules/syntax"
)

// example is bot.toml.example with a secret in place of the dots, and with what stands behind a # when all is set.
func example(t *testing.T, all bool) string {
	t.Helper()
	src, err := os.ReadFile("bot.toml.example")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(src), `["..."]`, `["hush hush"]`, 1)
	if all {
		text = regexp.MustCompile(`(?m)^#(\w+ = )`).ReplaceAllString(text, "$1")
	}
	return text
}

func TestExampleLoads(t *testing.T) {
	for _, all := range []bool{false, true} {
		dir := t.TempDir()
		for name, text := range map[string]string{"bot.toml": example(t, all), "app.pem": string(githubtest.Key()), "webhook.secret": "hush"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		settings, err := bot.LoadSettings(bot.Sources{Path: filepath.Join(dir, "bot.toml"), Getenv: func(string) string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		set, err := settings.Rules(actions.All)
		if err != nil {
			t.Fatal(err)
		}
		if set == nil {
			t.Error("no rules")
		}
	}
}

// The example shows every setting once, with its default where it has one, and names its variable.
func TestExampleShowsEachSetting(t *testing.T) {
	text := example(t, true)
	f, found := syntax.Parse("bot.toml.example", []byte(text))
	if len(found) > 0 {
		t.Fatal(found)
	}
	for _, s := range bot.SettingsList() {
		n := f.Root.At(s.Key)
		if !strings.HasSuffix(s.Key, "."+n.Key) {
			t.Errorf("%s is not shown", s.Key)
			continue
		}
		if s.Default != "" && !strings.Contains(f.Slice(n.Span)+"]", s.Default) {
			t.Errorf("%s: %s is shown, the default is %s", s.Key, f.Slice(n.Span), s.Default)
		}
		if !regexp.MustCompile(`#.*\b` + s.Env + `\b`).MatchString(text) {
			t.Errorf("%s is not named", s.Env)
		}
	}
}

// The sample rules show every action once, and do nothing.
func TestExampleShowsEachAction(t *testing.T) {
	f, _ := syntax.Parse("bot.toml.example", []byte(example(t, false)))
	times := map[string]int{}
	for _, rule := range f.Root.Get("rule").Items {
		if rule.Get("mode").Text() != "observe" {
			t.Errorf("rule %q is not harmless", rule.Get("name").Text())
		}
		if rule.Get("require") != nil {
			times["gate"]++
		}
		if then := rule.Get("then"); then != nil {
			for _, action := range then.Entries {
				times[action.Key]++
			}
		}
	}
	for _, kind := range actions.All {
		if times[kind.Name] != 1 {
			t.Errorf("%s is shown %d times", kind.Name, times[kind.Name])
		}
	}
}

// The README names every setting, with its variable and default.
func TestREADMEShowsEachSetting(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range bot.SettingsList() {
		row := "| `" + s.Key + "` | `" + s.Env + "` | "
		if s.Default != "" {
			row += "`" + s.Default + "` "
		}
		if !strings.Contains(string(readme), row+"|\n") {
			t.Errorf("README.md lacks the line\n%s|", row)
		}
	}
}

// Every rule file in the README has no mistakes.
func TestREADMERules(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(blocks) == 0 {
		t.Error("README.md shows no rules")
	}
	for _, b := range blocks {
		for _, d := range bot.CheckFile("README.md", b[1], false, actions.All) {
			t.Error(d.String())
		}
	}
}

// The twelve everyday rules have no mistakes, and fit in sixty lines beside comments and empty ones.
func TestEverydayRules(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "everyday.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range bot.CheckFile("everyday.toml", src, false, actions.All) {
		t.Error(d.String())
	}
	lines := 0
	for line := range strings.Lines(string(src)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines++
		}
	}
	if lines > 60 {
		t.Errorf("%d lines", lines)
	}
}
