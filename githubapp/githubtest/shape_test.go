package githubtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
)

// npm finds a file of GitHub's published descriptions (npm packages of @octokit). Without them the test is skipped, or fails
// when BELLHOP_TEST_ALL=1.
func npm(t *testing.T, path ...string) string {
	t.Helper()
	root := os.Getenv("BELLHOP_NPM")
	if root == "" {
		root = "../../node_modules"
	}
	file := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("BELLHOP_TEST_ALL") == "1" {
			t.Fatalf("%v: install the npm packages of the test descriptions and point BELLHOP_NPM at node_modules", err)
		}
		t.Skipf("GitHub's descriptions are not here: %v", err)
	}
	return file
}

// description is an OpenAPI document as plain JSON; just enough of JSON Schema to hold our answers against it.
type description map[string]any

var (
	descriptionsMu sync.Mutex
	descriptions   = map[string]description{}
)

func describe(t *testing.T, path ...string) description {
	t.Helper()
	file := npm(t, path...)
	descriptionsMu.Lock()
	defer descriptionsMu.Unlock()
	if d := descriptions[file]; d != nil {
		return d
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	descriptions[file] = d
	return d
}

func (d description) at(path ...string) map[string]any {
	var v any = map[string]any(d)
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	m, _ := v.(map[string]any)
	return d.follow(m)
}

func (d description) follow(s map[string]any) map[string]any {
	for s["$ref"] != nil {
		s = d.at(strings.Split(strings.TrimPrefix(s["$ref"].(string), "#/"), "/")...)
	}
	return s
}

// problems lists how v differs from schema.
func (d description) problems(schema map[string]any, v any, at string) []string {
	schema = d.follow(schema)
	if v == nil {
		if schema["nullable"] == true || allows(schema["type"],
			"null") || schema["type"] == nil && len(d.alternatives(schema)) == 0 {
			return nil
		}
	}
	if enum, is := schema["enum"].([]any); is && !slices.Contains(enum, v) {
		return []string{fmt.Sprintf("%s: %v is none of %v", at, v, enum)}
	}
	if alternatives := d.alternatives(schema); len(alternatives) > 0 {
		return d.closest(alternatives, v, at)
	}
	var out []string
	for _, part := range list(schema["allOf"]) {
		out = append(out, d.problems(part.(map[string]any), v, at)...)
	}
	if kind := kindOf(v); schema["type"] != nil && !allows(schema["type"], kind) {
		return append(out, fmt.Sprintf("%s: %s, want %v", at, kind, schema["type"]))
	}
	switch v := v.(type) {
	case map[string]any:
		out = append(out, d.object(schema, v, at)...)
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, e := range v {
			if items != nil {
				out = append(out, d.problems(items, e, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	}
	return out
}

func list(v any) []any { l, _ := v.([]any); return l }

func (d description) alternatives(schema map[string]any) []any {
	return append(slices.Clone(list(schema["oneOf"])), list(schema["anyOf"])...)
}

func (d description) closest(alternatives []any, v any, at string) []string {
	var best []string
	for i, a := range alternatives {
		p := d.problems(a.(map[string]any), v, at)
		if len(p) == 0 {
			return nil
		}
		if i == 0 || len(p) < len(best) {
			best = p
		}
	}
	return best
}

func (d description) object(schema, v map[string]any, at string) []string {
	var out []string
	for _, name := range list(schema["required"]) {
		if _, has := v[name.(string)]; !has {
			out = append(out, fmt.Sprintf("%s.%s is missing", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range v {
		if p, is := properties[name].(map[string]any); is {
			out = append(out, d.problems(p, value, at+"."+name)...)
		}
	}
	sort.Strings(out)
	return out
}

func allows(types any, kind string) bool {
	switch t := types.(type) {
	case string:
		return t == kind || t == "number" && kind == "integer"
	case []any:
		return slices.ContainsFunc(t, func(e any) bool { return allows(e, kind) })
	}
	return false
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
