package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Example is one webhook payload that GitHub publishes.
type Example struct {
	Event  string // such as pull_request
	Action string // the activity, such as opened; "" where the event has none
	Name   string // of a subtest: event, activity and number, unique
	Body   []byte // JSON
}

// Examples returns the payloads of npm's @octokit/webhooks-examples for github.com: 329 of 58 events in version 7.6.1. It skips
// the test when the package is not there, as Module does.
func Examples(t testing.TB) []Example {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Module(t, "@octokit/webhooks-examples"), "api.github.com", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	examples, err := parseExamples(data)
	if err != nil {
		t.Fatal(err)
	}
	return examples
}

// Module returns the folder of an npm package: below the folder that BELLHOP_NPM names, or below node_modules at the root of
// the project. A package that is not there skips the test; with BELLHOP_TEST_ALL=1 it fails it.
func Module(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(modules(t), filepath.FromSlash(name))
	if _, err := os.Stat(filepath.Join(dir, "package.json")); err != nil {
		missing(t, "npm package %s is not installed (run npm ci, or set BELLHOP_NPM to a node_modules folder)", name)
	}
	return dir
}

// Need returns the path of a program, such as node. One that is not installed skips the test; with BELLHOP_TEST_ALL=1 it fails
// it.
func Need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, "program %s is not installed", program)
	}
	return path
}

func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("BELLHOP_TEST_ALL") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// modules is the node_modules folder: BELLHOP_NPM, which may be relative to the root of the project, or node_modules there.
func modules(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("BELLHOP_NPM")
	if dir == "" {
		dir = "node_modules"
	}
	if filepath.IsAbs(dir) {
		return dir
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, dir)
		}
		parent := filepath.Dir(root)
		if parent == root {
			t.Fatal("no go.mod above the working directory")
		}
		root = parent
	}
}

// parseExamples reads index.json: a list of events, each with its examples.
func parseExamples(data []byte) ([]Example, error) {
	var events []struct {
		Name     string
		Examples []json.RawMessage
	}
	if err := json.Unmarshal(data, &events); err != nil {
		return nil, err
	}
	var examples []Example
	for _, event := range events {
		for i, body := range event.Examples {
			var payload struct {
				Action string `json:"action"`
			}
			if err := json.Unmarshal(body, &payload); err != nil {
				return nil, fmt.Errorf("%s example %d: %w", event.Name, i, err)
			}
			name := fmt.Sprintf("%s.%s.%d", event.Name, payload.Action, i)
			if payload.Action == "" {
				name = fmt.Sprintf("%s.%d", event.Name, i)
			}
			examples = append(examples, Example{Event: event.Name, Action: payload.Action, Name: name, Body: body})
		}
	}
	return examples, nil
}
