package contract

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

var update = flag.Bool("update", false, "write the extracts anew")

// The versions of the npm packages that the extracts are made from.
const (
	openapiVersion = "23.0.2"
	schemaVersion  = "15.25.0" // gqlparser refuses 15.26.0 and 15.26.1, which define a field twice
)

// wanted are the paths of the extract: these and what lies below those that end in /. {repo} at the start is one repository's.
var wanted = []string{
	"/app", "/app/", "/apps/{app_slug}", "/app-manifests/",
	"/installation/", "/meta", "/rate_limit", "/user", "/search/issues", "/search/code", "/search/commits", "/search/repositories",
	"/users/{username}", "/users/{username}/installation", "/users/{username}/orgs",
	"/orgs/{org}", "/orgs/{org}/installation", "/orgs/{org}/members", "/orgs/{org}/members/{username}",
	"/orgs/{org}/memberships/{username}", "/orgs/{org}/public_members/{username}", "/orgs/{org}/repos",
	"/orgs/{org}/teams", "/orgs/{org}/teams/", "/orgs/{org}/properties/schema",
	"/repos/{owner}/{repo}",
	"{repo}/actions/artifacts", "{repo}/actions/artifacts/", "{repo}/actions/jobs/", "{repo}/actions/runs", "{repo}/actions/runs/",
	"{repo}/actions/workflows", "{repo}/actions/workflows/",
	"{repo}/assignees", "{repo}/assignees/", "{repo}/branches", "{repo}/branches/",
	"{repo}/check-runs", "{repo}/check-runs/", "{repo}/check-suites", "{repo}/check-suites/", "{repo}/codeowners/errors",
	"{repo}/collaborators", "{repo}/collaborators/", "{repo}/comments", "{repo}/comments/", "{repo}/commits", "{repo}/commits/",
	"{repo}/compare/", "{repo}/contents/", "{repo}/contributors",
	"{repo}/deployments", "{repo}/deployments/", "{repo}/dispatches", "{repo}/environments", "{repo}/environments/{environment_name}",
	"{repo}/forks", "{repo}/git/", "{repo}/installation",
	"{repo}/issues", "{repo}/issues/", "{repo}/labels", "{repo}/labels/", "{repo}/languages", "{repo}/merge-upstream", "{repo}/merges",
	"{repo}/milestones", "{repo}/milestones/", "{repo}/properties/values", "{repo}/pulls", "{repo}/pulls/", "{repo}/readme",
	"{repo}/releases", "{repo}/releases/", "{repo}/rules/", "{repo}/rulesets", "{repo}/rulesets/{ruleset_id}",
	"{repo}/statuses/", "{repo}/tags", "{repo}/teams", "{repo}/topics",
}

// TestExtracts makes the extracts anew from the npm packages and compares them with those that are committed.
func TestExtracts(t *testing.T) {
	t.Run("openapi", func(t *testing.T) {
		dir := Module(t, "@octokit/openapi")
		wantVersion(t, dir, openapiVersion)
		data, err := os.ReadFile(filepath.Join(dir, "generated", "api.github.com.json"))
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := extractOpenAPI(data)
		if err != nil {
			t.Fatal(err)
		}
		compareExtract(t, "openapi.json", fresh, openapiExtract, func(b []byte) ([]byte, error) { return b, nil })
	})
	t.Run("graphql", func(t *testing.T) {
		dir := Module(t, "@octokit/graphql-schema")
		wantVersion(t, dir, schemaVersion)
		data, err := os.ReadFile(filepath.Join(dir, "schema.graphql"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := extractSchema(string(data))
		if err != nil {
			t.Fatal(err)
		}
		var fresh bytes.Buffer
		z, _ := gzip.NewWriterLevel(&fresh, gzip.BestCompression)
		z.Write(text)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		// What is packed counts: two versions of Go may pack it differently.
		compareExtract(t, "schema.graphql.gz", fresh.Bytes(), schemaExtract, unpack)
	})
}

func compareExtract(t *testing.T, name string, fresh, committed []byte, read func([]byte) ([]byte, error)) {
	t.Helper()
	a, err := read(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := read(committed); err == nil && bytes.Equal(a, b) {
		return
	}
	if !*update {
		t.Fatalf("extract/%s is not what its npm package gives; run this test with -update", name)
	}
	if err := os.WriteFile(filepath.Join("extract", name), fresh, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("extract/%s written: %d bytes", name, len(fresh))
}

func unpack(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func wantVersion(t *testing.T, dir, want string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Version string }
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if p.Version != want {
		t.Fatalf("%s is version %s; the extract is made from %s", filepath.Base(dir), p.Version, want)
	}
}

// extractOpenAPI keeps of GitHub's description what requests are checked with: paths, methods, parameters, bodies and their types.
func extractOpenAPI(data []byte) ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	paths := map[string]any{}
	for path, item := range doc["paths"].(map[string]any) {
		if isWanted(path) {
			paths[path] = trimItem(item.(map[string]any))
		}
	}
	used := map[string]any{}
	collectRefs(doc, paths, used)
	return layOut(paths, used)
}

func isWanted(path string) bool {
	for _, w := range wanted {
		if strings.HasPrefix(w, "{repo}") {
			w = "/repos/{owner}/" + w
		}
		if path == w || (strings.HasSuffix(w, "/") && strings.HasPrefix(path, w)) {
			return true
		}
	}
	return false
}

func trimItem(item map[string]any) map[string]any {
	out := map[string]any{}
	for method, v := range item {
		op := v.(map[string]any)
		kept := map[string]any{
			"operationId": op["operationId"],
			"responses":   map[string]any{"default": map[string]any{"description": ""}},
		}
		for _, key := range []string{"parameters", "requestBody"} {
			if op[key] != nil {
				kept[key] = trim(op[key])
			}
		}
		if github, ok := op["x-github"].(map[string]any); ok && github["enabledForGitHubApps"] == false {
			kept["x-github"] = map[string]any{"enabledForGitHubApps": false}
		}
		out[method] = kept
	}
	return out
}

// prose are the members of the description that are text for people, or hints for other programs.
var prose = []string{"description", "summary", "title", "example", "examples", "default", "deprecated", "externalDocs", "readOnly"}

// trim takes the prose out of a parameter, a body or a schema. Members called like prose are kept where names are the user's:
// in properties.
func trim(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = trim(e)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, e := range v {
			switch {
			case key == "properties":
				names := map[string]any{}
				for name, schema := range e.(map[string]any) {
					names[name] = trim(schema)
				}
				out[key] = names
			case key == "enum" || key == "required":
				out[key] = e
			case slices.Contains(prose, key), strings.HasPrefix(key, "x-") && key != "x-multi-segment":
			default:
				out[key] = trim(e)
			}
		}
		return out
	default:
		return v
	}
}

// collectRefs adds to used what v refers to, by its path such as components/schemas/simple-user.
func collectRefs(doc map[string]any, v any, used map[string]any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			collectRefs(doc, e, used)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			path := strings.TrimPrefix(ref, "#/")
			if used[path] == nil {
				part := any(doc)
				for _, name := range strings.Split(path, "/") {
					part = part.(map[string]any)[name]
				}
				used[path] = trim(part)
				collectRefs(doc, used[path], used)
			}
			return
		}
		for _, e := range v {
			collectRefs(doc, e, used)
		}
	}
}

// layOut writes one path or component a line, so that a new version of the description shows as a readable difference.
func layOut(paths, used map[string]any) ([]byte, error) {
	components := map[string]map[string]any{}
	for path, v := range used {
		parts := strings.SplitN(path, "/", 3)
		if len(parts) != 3 || parts[0] != "components" {
			return nil, fmt.Errorf("reference to %s", path)
		}
		if components[parts[1]] == nil {
			components[parts[1]] = map[string]any{}
		}
		components[parts[1]][parts[2]] = v
	}
	var b bytes.Buffer
	b.WriteString("{\n\"openapi\": \"3.0.3\",\n\"info\": {\"title\": \"GitHub REST API, extract of requests\", \"version\": \"" + openapiVersion + "\"},\n\"paths\": ")
	writeLines(&b, paths)
	b.WriteString(",\n\"components\": {\n")
	for i, kind := range slices.Sorted(maps.Keys(components)) {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "%q: ", kind)
		writeLines(&b, components[kind])
	}
	b.WriteString("\n}\n}\n")
	return b.Bytes(), nil
}

func writeLines(b *bytes.Buffer, members map[string]any) {
	b.WriteString("{\n")
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			b.WriteString(",\n")
		}
		line, err := json.Marshal(members[name])
		if err != nil {
			panic(err) // it came from JSON
		}
		fmt.Fprintf(b, "%q: %s", name, line)
	}
	b.WriteString("\n}")
}

// extractSchema keeps the types, fields, arguments and enum values of GitHub's schema, without descriptions and directives.
func extractSchema(text string) ([]byte, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: text})
	if err != nil {
		return nil, err
	}
	doc.Directives = nil
	for _, def := range doc.Definitions {
		def.Directives = nil
		for _, f := range def.Fields {
			f.Directives = nil
			for _, a := range f.Arguments {
				a.Directives = nil
			}
		}
		for _, e := range def.EnumValues {
			e.Directives = nil
		}
	}
	var b bytes.Buffer
	formatter.NewFormatter(&b, formatter.WithoutDescription(), formatter.WithIndent(" ")).FormatSchemaDocument(doc)
	return b.Bytes(), nil
}
