package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bellhop/bot"
	"bellhop/bot/actions"
)

// golden holds a generated file against its text, or writes it.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(old), text); diff != "" {
		t.Errorf("%s differs (-there +wanted); write it with: go test . -run %s -update\n%s", path, t.Name(), diff)
	}
}

// TestReference holds rules/REFERENCE.md against the code.
func TestReference(t *testing.T) {
	golden(t, filepath.Join("rules", "REFERENCE.md"), reference())
}

// Every rule file in the reference has no mistakes, and every topic has an example that has none.
func TestReferenceExamples(t *testing.T) {
	for _, b := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(reference(), -1) {
		for _, d := range bot.CheckFile("REFERENCE.md", []byte(b[1]), false, actions.All) {
			t.Error(d.String())
		}
	}
	for _, topic := range topics() {
		src := topicRule(topic)
		if src == "" {
			continue
		}
		for _, d := range bot.CheckFile(topic.name, []byte(src), false, actions.All) {
			t.Errorf("%s: %s", topic.name, d.String())
		}
	}
}

// topicRule is a rule file that shows the example of a topic; "" where that is no part of one.
func topicRule(t topic) string {
	switch {
	case t.group == groupFunctions:
		example, result, _ := strings.Cut(t.example, " is ")
		return "[[rule]]\nname = \"x\"\nif = '''(" + example + ") == (" + result + ")'''\nthen.dispatch.event = \"x\"\n"
	case t.example == "", strings.HasPrefix(t.example, "["), strings.HasPrefix(t.example, "extends"):
		return t.example
	}
	src := "[[rule]]\nname = \"x\"\n" + t.example + "\n"
	if !strings.HasPrefix(t.example, "then.") && !strings.HasPrefix(t.example, "else.") {
		src += "then.dispatch.event = \"x\"\n"
	}
	return src
}

func TestHelp(t *testing.T) {
	for _, tt := range []struct {
		name string
		want int
		out  []string
	}{
		{"label", 0, []string{"Matcher: when.label", "Action: then.label", "issues: write", "names", `then.label = "docs"`}},
		{"then.merge", 0, []string{"then.merge", "merge, squash or rebase", "pull requests"}},
		{"pr.files", 0, []string{"Fact: pr.files", "looked up when a rule needs it", "pull_request.synchronize", "path"}},
		{"pull_request", 0, []string{"Event: on = \"pull_request\"", "merged", "pull_request.merged"}},
		{"issues.opened", 0, []string{"on = \"issues\""}},
		{"permission", 0, []string{"when.permission", "sender.permission"}},
		{"glob", 0, []string{"glob(text, pattern)", "docs/**"}},
		{"exists", 0, []string{"list.exists"}},
		{"unless", 0, []string{"a table of matchers", `unless.label = "on hold"`}},
		{"rule", 0, []string{"[[rule]]", "mode", "live, observe or off"}},
		{"LABEL", 0, []string{"then.label"}},
		{"lable", 2, []string{"nothing is called lable", "Did you mean label?"}},
		{"head_sha", 2, []string{"Did you mean subject.head_sha", "pr.head_sha"}},
		{"xyzzyplugh", 2, []string{"bellhop help"}},
	} {
		code, out, errs := bellhop("help", tt.name)
		if code != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, code, tt.want)
		}
		for _, part := range tt.out {
			if !strings.Contains(out+errs, part) {
				t.Errorf("%s: %q is missing in\n%s%s", tt.name, part, out, errs)
			}
		}
	}
	code, out, _ := bellhop("help", "--markdown")
	if code != 0 || out != reference() {
		t.Error("help --markdown is not the reference")
	}
}

// The listing names every topic, and what is explained fits on a terminal.
func TestHelpFits(t *testing.T) {
	_, out, _ := bellhop("help")
	for _, topic := range topics() {
		name := topic.name
		if i := strings.Index(name, "."); topic.group == groupFacts && i > 0 {
			name = name[i:]
		}
		if !strings.Contains(out, name) {
			t.Errorf("%s is not listed", topic.name)
		}
		if topic.summary == "" {
			t.Errorf("%s has no summary", topic.name)
		}
		var text strings.Builder
		topic.example = ""
		newPrinter(&text).topic(topic)
		for line := range strings.Lines(text.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s: a line of %d characters: %s", topic.name, n, line)
			}
		}
	}
	for line := range strings.Lines(out) {
		if utf8.RuneCountInString(line) > 81 {
			t.Errorf("too long: %s", line)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours where there is no terminal")
	}
}
