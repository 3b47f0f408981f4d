package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tempFile makes a file with text and returns its path.
func tempFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bellhop runs a command line in this process.
func bellhop(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

const goodRules = `[[rule]]
name = "Triage"
on   = "issues.opened"
then.add_label = "needs-triage"
`

// TestCheck runs bellhop check on files, without network.
// Features: G17.
func TestCheck(t *testing.T) {
	repository := tempFile(t, "bot.toml", goodRules)
	operator := tempFile(t, "bot.toml", "[github]\napp_id = 7\n\n"+goodRules)
	broken := tempFile(t, "bot.toml", strings.Replace(goodRules, "issues.opened", "issues.opend", 1))
	brokenOperator := tempFile(t, "bot.toml", "[server]\nlisten = \"x\"\n"+strings.Replace(goodRules, "add_label", "add_lable", 1))
	misplaced := tempFile(t, "bot.toml", goodRules+"[servre]\nlisten = \"127.0.0.1:1\"\n")
	extending := tempFile(t, "bot.toml", "extends = [\"acme/rules@v1\", \"acme/more@v1\"]\n"+goodRules)
	warned := tempFile(t, "bot.toml", goodRules+"when.state = \"closed\"\n")
	for _, tt := range []struct {
		name string
		args []string
		want int
		out  []string // parts of the output, in order
	}{
		{"a repository's file", []string{repository}, 0, []string{"no mistakes in 1 file"}},
		{"a warning", []string{warned}, 0, []string{"warning: rule \"Triage\": the rule never holds", "no mistakes and 1 warning in 1 file"}},
		{"a warning, strictly", []string{"--strict", warned}, 1, []string{"1 warning"}},
		{"a warning for machines", []string{"--json", warned}, 0, []string{`"warning": true`}},
		{"extended files", []string{extending}, 0, []string{"no mistakes in 1 file", "2 extended files not looked at"}},
		{"the operator extends nothing", []string{"--host", extending}, 1, []string{":1:1: the operator's file extends no other"}},
		{"an operator's file", []string{operator}, 0, []string{"no mistakes"}},
		{"both", []string{repository, operator}, 0, []string{"no mistakes in 2 files"}},
		{"a mistake", []string{broken}, 1, []string{broken + ":3:", "opend", "1 mistake in 1 file"}},
		{"settings and rules", []string{brokenOperator}, 1, []string{":2:10: server.listen", ":6:", "add_lable", "add_label", "2 mistakes"}},
		{"settings misspelt", []string{misplaced}, 1, []string{":5:2:", "servre"}},
		{"a repository's file as the operator's", []string{"--host", misplaced}, 1, []string{"Did you mean server?"}},
		{"no such file", []string{repository, "nowhere.toml"}, 2, nil},
		{"no file", nil, 2, nil},
		{"no such flag", []string{"--jsno", repository}, 2, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := bellhop(append([]string{"check"}, tt.args...)...)
			if code != tt.want {
				t.Errorf("exit code %d, want %d\n%s%s", code, tt.want, out, errs)
			}
			rest := out
			for _, part := range tt.out {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Fatalf("%q is not there, or not in its place:\n%s", part, out)
				}
				rest = after
			}
			if tt.want == 2 && errs == "" {
				t.Error("nothing says what is wrong")
			}
		})
	}
}

func TestCheckJSON(t *testing.T) {
	good := tempFile(t, "bot.toml", goodRules)
	if code, out, _ := bellhop("check", "--json", good); code != 0 || strings.TrimSpace(out) != "[]" {
		t.Errorf("exit code %d, %s", code, out)
	}
	broken := tempFile(t, "bot.toml", strings.Replace(goodRules, "issues.opened", "issues.opend", 1))
	code, out, _ := bellhop("check", "--json", good, broken)
	var found []struct {
		File          string
		Line, Col     int
		EndCol        int `json:"end_col"`
		Rule, Message string
		Mend          string
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if code != 1 || len(found) != 1 || found[0].File != broken || found[0].Line != 3 || found[0].Col < 8 || found[0].EndCol <= found[0].Col || found[0].Message == "" {
		t.Errorf("exit code %d, %+v", code, found)
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args string
		want int
		says string
	}{
		{"--help", 0, "serve"},
		{"serve --help", 0, "--config"},
		{"version", 0, "bellhop "},
		{"", 2, "--help"},
		{"serv", 2, "serve"},
		{"serve --log-level loud", 2, "log-level"},
		{"serve --config nowhere.toml", 1, "nowhere.toml"},
	} {
		code, out, errs := bellhop(strings.Fields(tt.args)...)
		if code != tt.want || !strings.Contains(out+errs, tt.says) {
			t.Errorf("bellhop %s: exit code %d, want %d\n%s%s", tt.args, code, tt.want, out, errs)
		}
	}
}
