package contract

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

//go:embed extract/openapi.json
var openapiExtract []byte

// Check tells what GitHub's description says against a request to the REST API or to GraphQL, or nil. body is the request's
// whole body; r.Body is not read. The path may stand below /api/v3 or /api, as on GitHub Enterprise Server. Check may be called
// concurrently; its first call takes a tenth of a second.
func Check(r *http.Request, body []byte) error {
	path := r.URL.EscapedPath()
	if path == "/graphql" || path == "/api/graphql" {
		return checkGraphQL(r, body)
	}
	for _, base := range []string{"/api/v3", "/api/uploads"} {
		if rest, found := strings.CutPrefix(path, base); found && strings.HasPrefix(rest, "/") {
			path = rest
			break
		}
	}
	d, err := description()
	if err != nil {
		return err
	}
	if err := d.check(r, path, body); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, path, err)
	}
	return nil
}

// rest is GitHub's description of its REST API.
type rest struct {
	doc    *openapi3.T
	routes []route // most specific first
}

// route is one path of the description.
type route struct {
	path  string
	item  *openapi3.PathItem
	exp   *regexp.Regexp
	names []string // of its parameters, in the order of exp's groups
}

var description = sync.OnceValues(func() (*rest, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapiExtract)
	if err != nil {
		return nil, fmt.Errorf("load GitHub's description: %w", err)
	}
	d := &rest{doc: doc}
	for path, item := range doc.Paths.Map() {
		d.routes = append(d.routes, newRoute(path, item))
	}
	// A literal segment goes before a parameter, one segment before several: /releases/latest is not a release called latest.
	sort.Slice(d.routes, func(i, j int) bool {
		a, b := rank(d.routes[i]), rank(d.routes[j])
		if a != b {
			return a > b
		}
		return d.routes[i].path < d.routes[j].path
	})
	return d, nil
})

var parameter = regexp.MustCompile(`\{([^}]+)\}`)

func newRoute(path string, item *openapi3.PathItem) route {
	several := map[string]bool{}
	for _, op := range item.Operations() {
		for _, p := range op.Parameters {
			if multi, _ := p.Value.Extensions["x-multi-segment"].(bool); multi {
				several[p.Value.Name] = true
			}
		}
	}
	r := route{path: path, item: item}
	var exp strings.Builder
	last := 0
	for _, m := range parameter.FindAllStringSubmatchIndex(path, -1) {
		name := path[m[2]:m[3]]
		exp.WriteString(regexp.QuoteMeta(path[last:m[0]]))
		if several[name] {
			exp.WriteString(`(.+)`)
		} else {
			exp.WriteString(`([^/]+)`)
		}
		r.names = append(r.names, name)
		last = m[1]
	}
	exp.WriteString(regexp.QuoteMeta(path[last:]))
	r.exp = regexp.MustCompile(`^` + exp.String() + `$`)
	return r
}

// rank is how much of a path is literal.
func rank(r route) int {
	return len(parameter.ReplaceAllString(r.path, "")) - 100*strings.Count(r.exp.String(), `(.+)`)
}

// find returns the operation of a request, and the values in its path.
func (d *rest) find(method, path string) (route, *openapi3.Operation, map[string]string, error) {
	var others []string
	for _, r := range d.routes {
		m := r.exp.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		op := r.item.GetOperation(method)
		if op == nil {
			for other := range r.item.Operations() {
				others = append(others, other)
			}
			continue
		}
		values := map[string]string{}
		for i, name := range r.names {
			value, err := url.PathUnescape(m[i+1])
			if err != nil {
				return route{}, nil, nil, fmt.Errorf("path parameter %s: %w", name, err)
			}
			values[name] = value
		}
		return r, op, values, nil
	}
	if others != nil {
		slices.Sort(others)
		return route{}, nil, nil, fmt.Errorf("GitHub has no such method here, only %s", strings.Join(slices.Compact(others), ", "))
	}
	return route{}, nil, nil, errors.New("GitHub has no such path (or the extract lacks it: see extract_test.go)")
}

func (d *rest) check(r *http.Request, path string, body []byte) error {
	route, op, values, err := d.find(r.Method, path)
	if err != nil {
		return err
	}
	if err := checkForApps(op, r); err != nil {
		return err
	}
	if err := checkQuery(op, r.URL.Query()); err != nil {
		return err
	}
	if emptyBodyAllowed(op, body) {
		return nil
	}
	// Ours come first: where a schema has alternatives, kin-openapi tells only that none of them fits.
	if err := checkBody(op, body); err != nil {
		return err
	}
	req := r.Clone(r.Context())
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request:    req,
		PathParams: values,
		Route:      &routers.Route{Spec: d.doc, Path: route.path, PathItem: route.item, Method: r.Method, Operation: op},
		Options: &openapi3filter.Options{
			AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
			SkipSettingDefaults: true, // else it writes into the request
		},
	})
	if err != nil && !falseAlarm(op, body) {
		return short(err)
	}
	return nil
}

// short keeps an error of kin-openapi to what went wrong: the rest of its text is the schema.
func short(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\nSchema:")
	return errors.New(text)
}

// checkForApps reads GitHub's mark of operations that installation tokens may not call. Those called apps/ are for the app's own
// token instead.
//
// Two marks are wrong: the pages of these operations list them for installation tokens with "Pull requests" write
// (https://docs.github.com/rest/pulls/pulls#update-a-pull-request-branch,
// https://docs.github.com/rest/pulls/comments#create-a-reply-for-a-review-comment).
func checkForApps(op *openapi3.Operation, r *http.Request) error {
	if op.OperationID == "pulls/update-branch" || op.OperationID == "pulls/create-reply-for-review-comment" {
		return nil
	}
	mark, _ := op.Extensions["x-github"].(map[string]any)
	if mark["enabledForGitHubApps"] != false {
		return nil
	}
	if !strings.HasPrefix(op.OperationID, "apps/") {
		return fmt.Errorf("%s is not for GitHub Apps", op.OperationID)
	}
	if strings.HasPrefix(r.Header.Get("Authorization"), "token ") {
		return fmt.Errorf("%s wants the app's own token, not an installation's", op.OperationID)
	}
	return nil
}

// emptyBodyAllowed knows the null that ghinstallation sends when it asks for a token without restrictions.
func emptyBodyAllowed(op *openapi3.Operation, body []byte) bool {
	return op.OperationID == "apps/create-installation-access-token" && strings.TrimSpace(string(body)) == "null"
}

// falseAlarm knows what GitHub takes although its schema does not say so: a bare list of names for the labels of an issue, which
// the text of that schema allows.
func falseAlarm(op *openapi3.Operation, body []byte) bool {
	if op.OperationID != "issues/add-labels" && op.OperationID != "issues/set-labels" {
		return false
	}
	var names []string
	return json.Unmarshal(body, &names) == nil && names != nil
}

// checkQuery finds misspelt parameters and the bounds that GitHub states in words only
// (https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api).
func checkQuery(op *openapi3.Operation, query url.Values) error {
	var known []string
	for _, p := range op.Parameters {
		if p.Value.In == openapi3.ParameterInQuery {
			known = append(known, p.Value.Name)
		}
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return fmt.Errorf("unknown query parameter %q; %s has %v", name, op.OperationID, known)
		}
	}
	for name, most := range map[string]int{"per_page": 100, "page": 1 << 31} {
		value := query.Get(name)
		if value == "" {
			continue
		}
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > most {
			return fmt.Errorf("query parameter %s=%s is not between 1 and %d", name, value, most)
		}
	}
	return nil
}
