package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// schemaFile writes what `bellhop schema` prints into a file.
func schemaFile(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := bellhop(append([]string{"schema"}, args...)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return tempFile(t, "bot.schema.json", out)
}

// validator compiles the schema, and holds it against the schema of schemas on the way.
func validator(t *testing.T, args ...string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaFile(t, args...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds a TOML file against a schema.
func validate(t *testing.T, s *jsonschema.Schema, src string) error {
	t.Helper()
	f, found := syntax.Parse("bot.toml", []byte(src))
	if f.Root == nil {
		t.Fatal(found)
	}
	text, err := json.Marshal(f.Root.Plain())
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// TestForms finds a definition for each form of keys.
func TestForms(t *testing.T) {
	definitions := fileSchema(false)["definitions"].(schema)
	for form := range rules.KeyForms() {
		if definitions[form] == nil {
			t.Errorf("no definition of %s", form)
		}
	}
}

// goodFiles are rule files without mistakes: the examples of all topics, of the reference, of the README and of the scripts.
func goodFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, topic := range topics() {
		if src := topicRule(topic); src != "" {
			files[topic.group+" "+topic.name] = src
		}
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(reference()+string(readme), -1) {
		files[b[1]] = b[1]
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if f.Name == "rules.toml" {
				files[path] = string(f.Data)
			}
		}
	}
	return files
}

// TestSchema holds good files and mistakes of shape against the schema.
// Features: G14.
func TestSchema(t *testing.T) {
	s := validator(t)
	for name, src := range goodFiles(t) {
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, src := range badShapes(t) {
		if validate(t, s, src) == nil {
			t.Errorf("nothing is wrong with\n%s", src)
		}
	}
}

// shapes are the mistakes of rules/testdata/mistakes.txtar that show in the shape of a file.
var shapes = strings.Fields(`unknown-table rule-as-table unknown-rule-key wrong-case no-name no-then unknown-event event-alias
	bare-activity unknown-activity unknown-matcher if-type unknown-action action-key action-type action-enum mode unless-twice`)

func badShapes(t *testing.T) []string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("rules", "testdata", "mistakes.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var out, names []string
	for _, f := range a.Files {
		if name, ok := strings.CutSuffix(f.Name, ".toml"); ok && slices.Contains(shapes, name) {
			out, names = append(out, string(f.Data)), append(names, name)
		}
	}
	for _, name := range shapes {
		if !slices.Contains(names, name) {
			t.Errorf("mistakes.txtar has no %s", name)
		}
	}
	for _, line := range []string{
		`when.files = "/docs/**"`, `when.files = []`, `when.files = 3`, `when.draft = "false"`, `when.lines = "10...49"`, `when.lines = 1.5`,
		`when.age = "30 days"`, `when.state = "opened"`, `when.state = ["open", "shut"]`, `when.permission = "writer"`, `when = []`, `unless = "x"`,
		`when.label = ""`, `on = []`, `on = 3`, `why = 3`, `self = "yes"`, `then.lock = "heated"`, `then.check = { name = "x" }`, `then.check = "x"`,
		`then.check = [{ name = "x", conclusion = "success" }, { name = "y" }]`, `then.rerun = { attempts = "3" }`, `then.delete_branch = "yes"`,
		`then.comment = { body = "x", bdoy = "y" }`, `then.assign = [3]`, `then.dispatch = { event = "x", payload = "y" }`, `then = []`,
	} {
		then := "then.add_label = \"x\"\n"
		if strings.HasPrefix(line, "then") {
			then = ""
		}
		out = append(out, "[[rule]]\nname = \"x\"\n"+line+"\n"+then)
	}
	return out
}

func TestSchemaOfTheOperator(t *testing.T) {
	s := validator(t, "--host")
	if err := validate(t, s, example(t, true)); err != nil {
		t.Error(err)
	}
	for _, src := range []string{"[server]\nlisten = 8080\n", "[servre]\n", "[github]\napp_id = \"7\"\n", "[server]\nlistn = \"x\"\n", "[[rule]]\nname = \"x\"\n"} {
		if validate(t, s, src) == nil {
			t.Errorf("nothing is wrong with\n%s", src)
		}
	}
	if validate(t, validator(t), "[server]\nlisten = \"127.0.0.1:1\"\n") == nil {
		t.Error("a repository's file may have settings")
	}
}

// TestEditors has npm's @taplo/cli, the linter in the TOML support of editors, lint files by the schemas as they do. One run takes
// some seconds.
func TestEditors(t *testing.T) {
	node := contract.Need(t, "node")
	taplo := filepath.Join(contract.Module(t, "@taplo/cli"), "dist", "cli.js")
	dir := t.TempDir()
	var good strings.Builder
	for _, b := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(reference(), -1) {
		good.WriteString(b[1] + "\n")
	}
	for name, text := range map[string]string{
		"good.toml":     good.String(),
		"host.toml":     example(t, true),
		"bad-host.toml": "[server]\nlistn = \"127.0.0.1:1\"\n",
		"bad.toml":      "[[rule]]\nname = \"x\"\nwhen.files = \"docs/**\"\nwhen.lable = \"x\"\nthen.label = \"x\"\nthen.merge = \"squish\"\n",
		"taplo.conf": fmt.Sprintf("[[rule]]\ninclude = [\"**/good.toml\", \"**/bad.toml\"]\n[rule.schema]\nurl = \"file://%s\"\n"+
			"[[rule]]\ninclude = [\"**/*host.toml\"]\n[rule.schema]\nurl = \"file://%s\"\n", schemaFile(t), schemaFile(t, "--host")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, taplo, "lint", "--config", "taplo.conf", "good.toml", "host.toml", "bad.toml", "bad-host.toml")
	cmd.Dir, cmd.WaitDelay, cmd.Env = dir, time.Second, append(os.Environ(), "NO_COLOR=1")
	text, err := cmd.CombinedOutput()
	out := string(text)
	for _, part := range []string{"found files total=4", "bad.toml:4:", "lable", "bad.toml:6:", "squish", "bad-host.toml:2:", "listn"} {
		if err == nil || !strings.Contains(out, part) {
			t.Errorf("%q is missing, %v", part, err)
		}
	}
	if strings.Contains(out, "good.toml:") || strings.Contains(out, "/host.toml:") || strings.Count(out, "invalid file") != 2 || t.Failed() {
		t.Errorf("taplo says otherwise:\n%s", out)
	}
}
