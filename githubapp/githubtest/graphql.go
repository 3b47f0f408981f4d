package githubtest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// maxTokens bounds a GraphQL document, maxDepth the nesting of its selections, maxFields the selections after its fragments are
// written out, and maxNodes the objects of the answer.
const (
	maxTokens = 20_000
	maxDepth  = 30
	maxFields = 50_000
	maxNodes  = 500_000 // https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
)

// document is a parsed GraphQL request.
type document struct {
	operation *ast.OperationDefinition
	fragments ast.FragmentDefinitionList
	variables map[string]any
}

func parseGraphQL(body []byte) (*document, error) {
	var in struct {
		Query         string
		OperationName string
		Variables     map[string]any
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("problems parsing JSON: %w", err)
	}
	if in.Query == "" {
		return nil, &gqlError{Message: "A query attribute must be specified and must be a string."}
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: in.Query}, maxTokens)
	if err != nil {
		return nil, &gqlError{Message: "Parse error: " + err.Error()}
	}
	op := doc.Operations.ForName(in.OperationName)
	if op == nil {
		return nil, &gqlError{Message: "An operation name is required"}
	}
	return &document{operation: op, fragments: doc.Fragments, variables: in.Variables}, nil
}

// fieldName is the name of a selected field, "" for a fragment.
func fieldName(s ast.Selection) string {
	if f, isField := s.(*ast.Field); isField {
		return f.Name
	}
	return ""
}

// field is one field of a type. Its type is the name of an object type; with "*" after it a connection of it, with "[]" a
// list; "" is a scalar.
type field struct {
	typ  string
	args []string
	get  func(x *execution, v any, a args) any // an error as value nulls the field
}

// fields of one type by name.
type fields map[string]field

// on is a field of values of type T.
func on[T any](typ, arguments string, get func(x *execution, v T, a args) any) field {
	return field{typ, strings.Fields(arguments), func(x *execution, v any, a args) any { return get(x, v.(T), a) }}
}

// is is a field without arguments that needs nothing but the value.
func is[T any](get func(v T) any) field {
	return field{"", nil, func(_ *execution, v any, _ args) any { return get(v.(T)) }}
}

// paging are the arguments of connections.
const paging = " first last after before"

type args map[string]any

func (a args) text(name string) string {
	s, _ := a[name].(string)
	return s
}

func (a args) number(name string) int {
	switch n := a[name].(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	}
	return 0
}

func (a args) list(name string) []string {
	var out []string
	switch v := a[name].(type) {
	case []any:
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
	case string: // GraphQL takes one value for a list of one
		out = []string{v}
	}
	return out
}

// gqlError is one entry of "errors".
type gqlError struct {
	Type       string   `json:"type,omitempty"`
	Path       []any    `json:"path,omitempty"`
	Extensions object   `json:"extensions,omitempty"`
	Locations  []object `json:"locations,omitempty"`
	Message    string   `json:"message"`
}

func (e *gqlError) Error() string { return e.Message }

// execution is one GraphQL request under way.
type execution struct {
	*call
	doc    *document
	errors []*gqlError
	fields int // checked so far
	nodes  int // answered so far
}

func (c *call) graphql() answer {
	if c.r.Method != http.MethodPost {
		return notFound().answer()
	}
	doc, err := parseGraphQL(c.body)
	if err != nil {
		return ok(object{"errors": []object{{"message": err.Error()}}})
	}
	x := &execution{call: c, doc: doc}
	root := "Query"
	if doc.operation.Operation == ast.Mutation {
		root = "Mutation"
	}
	x.checkVariables()
	x.check(root, doc.operation.SelectionSet, []any{string(doc.operation.Operation)}, 0)
	if len(x.errors) > 0 {
		return ok(object{"errors": x.errors})
	}
	data := x.object(root, nil, doc.operation.SelectionSet, nil)
	out := object{"data": data}
	if len(x.errors) > 0 {
		out["errors"] = x.errors
	}
	return ok(out)
}

func (x *execution) fail(e *gqlError, at *ast.Position, path []any) {
	e.Path = slices.Clone(path)
	if at != nil {
		e.Locations = []object{{"line": at.Line, "column": at.Column}}
	}
	x.errors = append(x.errors, e)
}

// checkVariables demands a value for each variable whose type is not null.
func (x *execution) checkVariables() {
	for _, v := range x.doc.operation.VariableDefinitions {
		value, given := x.doc.variables[v.Variable]
		if !given && v.DefaultValue != nil {
			if x.doc.variables == nil {
				x.doc.variables = map[string]any{}
			}
			x.doc.variables[v.Variable], _ = v.DefaultValue.Value(nil)
			continue
		}
		if v.Type.NonNull && value == nil {
			x.fail(&gqlError{Message: fmt.Sprintf("Variable $%s of type %s was provided invalid value", v.Variable, v.Type)},
				v.Position, nil)
		}
	}
}

// check finds fields, arguments and types that do not exist, before anything is done.
func (x *execution) check(typ string, set ast.SelectionSet, path []any, depth int) {
	if depth > maxDepth {
		x.fail(&gqlError{Message: "Query is nested too deep"}, nil, path)
		return
	}
	for _, s := range set {
		if x.fields++; x.fields > maxFields {
			if x.fields == maxFields+1 {
				x.fail(&gqlError{Message: "Query is too large"}, nil, path)
			}
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			x.checkField(typ, s, path, depth)
		case *ast.InlineFragment:
			on := s.TypeCondition
			if on == "" {
				on = typ
			}
			x.checkFragment(on, s.SelectionSet, s.Position, path, depth)
		case *ast.FragmentSpread:
			f := x.doc.fragments.ForName(s.Name)
			if f == nil {
				x.fail(&gqlError{Message: fmt.Sprintf("Fragment %s was used, but not defined", s.Name)}, s.Position, path)
				continue
			}
			x.checkFragment(f.TypeCondition, f.SelectionSet, s.Position, path, depth)
		}
	}
}

func (x *execution) checkFragment(typ string, set ast.SelectionSet, at *ast.Position, path []any, depth int) {
	if fieldsOf(typ) == nil {
		x.fail(&gqlError{
			Message:    fmt.Sprintf("No such type %s, so it can't be a fragment condition", typ),
			Extensions: object{"code": "undefinedType", "typeName": typ},
		}, at, path)
		return
	}
	x.check(typ, set, path, depth+1)
}

func (x *execution) checkField(typ string, f *ast.Field, path []any, depth int) {
	path = append(slices.Clone(path), f.Alias)
	if f.Name == "__typename" {
		return
	}
	def, exists := fieldsOf(typ)[f.Name]
	if !exists {
		x.fail(&gqlError{
			Message:    fmt.Sprintf("Field '%s' doesn't exist on type '%s'", f.Name, typ),
			Extensions: object{"code": "undefinedField", "typeName": typ, "fieldName": f.Name},
		}, f.Position, path)
		return
	}
	for _, a := range f.Arguments {
		if !slices.Contains(def.args, a.Name) {
			x.fail(&gqlError{
				Message:    fmt.Sprintf("Field '%s' doesn't accept argument '%s'", f.Name, a.Name),
				Extensions: object{"code": "argumentNotAccepted", "name": f.Name, "typeName": "Field", "argumentName": a.Name},
			}, a.Position, path)
		}
	}
	x.checkSelection(def, f, path, depth)
}

func (x *execution) checkSelection(def field, f *ast.Field, path []any, depth int) {
	switch {
	case def.typ == "" && len(f.SelectionSet) > 0:
		x.fail(&gqlError{Message: fmt.Sprintf("Selections can't be made on scalars (field '%s' has selections)", f.Name)},
			f.Position, path)
	case def.typ != "" && len(f.SelectionSet) == 0:
		x.fail(&gqlError{Message: fmt.Sprintf("Field must have selections (field '%s' returns %s but has no selections)",
			f.Name, def.typ)}, f.Position, path)
	case def.typ != "":
		x.check(strings.TrimSuffix(def.typ, "[]"), f.SelectionSet, path, depth+1)
	}
}

// fieldsOf is the fields of a type; those of a connection are made up from its name.
func fieldsOf(typ string) fields {
	if of, isConnection := strings.CutSuffix(typ, "*"); isConnection {
		return fields{
			"nodes":      on(of+"[]", "", func(_ *execution, v connection, _ args) any { return v.nodes }),
			"edges":      on(of+"Edge[]", "", func(_ *execution, v connection, _ args) any { return v.edges() }),
			"pageInfo":   on("PageInfo", "", func(_ *execution, v connection, _ args) any { return v }),
			"totalCount": is(func(v connection) any { return v.total }),
		}
	}
	if of, isEdge := strings.CutSuffix(typ, "Edge"); isEdge {
		return fields{
			"node":   on(of, "", func(_ *execution, v edge, _ args) any { return v.node }),
			"cursor": is(func(v edge) any { return cursor(v.at) }),
		}
	}
	return types()[typ]
}

// connection is one page of a list.
type connection struct {
	nodes []any
	from  int // index of the first
	total int
}

type edge struct {
	node any
	at   int
}

func (c connection) edges() []any {
	out := []any{}
	for i, n := range c.nodes {
		out = append(out, edge{n, c.from + i})
	}
	return out
}

func cursor(i int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "cursor:v2:%d", i+1))
}

func uncursor(text string) (int, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	n, err2 := strconv.Atoi(strings.TrimPrefix(string(b), "cursor:v2:"))
	return n - 1, err == nil && err2 == nil
}

// connect cuts a page out of list by first/after or last/before. GitHub demands one of first and last, of 100 at the most.
// https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
func connect[T any](a args, list []T) any {
	first, last := a["first"] != nil, a["last"] != nil
	size := a.number("first") + a.number("last")
	switch {
	case !first && !last:
		return &gqlError{Type: "MISSING_PAGINATION_BOUNDARIES",
			Message: "You must provide a `first` or `last` value to properly paginate the connection."}
	case size > 100:
		return &gqlError{Type: "EXCESSIVE_PAGINATION",
			Message: fmt.Sprintf("Requesting %d records on the connection exceeds the `first` limit of 100 records.", size)}
	case size < 0:
		return &gqlError{Type: "ARGUMENT_LIMIT", Message: "`first` and `last` must not be negative."}
	}
	from, to := 0, len(list)
	for name, bound := range map[string]*int{"after": &from, "before": &to} {
		if text := a.text(name); text != "" {
			at, good := uncursor(text)
			if !good || at >= len(list) {
				return &gqlError{Type: "INVALID_CURSOR_ARGUMENTS",
					Message: fmt.Sprintf("`%s` does not appear to be a valid cursor.", text)}
			}
			*bound = at
			if name == "after" {
				*bound = at + 1
			}
		}
	}
	from = min(from, to)
	if last {
		from = max(from, to-size)
	} else {
		to = min(to, from+size)
	}
	c := connection{from: from, total: len(list), nodes: []any{}}
	for _, v := range list[from:to] {
		c.nodes = append(c.nodes, v)
	}
	return c
}

// object answers a selection on v, an object of type typ.
func (x *execution) object(typ string, v any, set ast.SelectionSet, path []any) object {
	out := object{}
	if x.nodes++; x.nodes > maxNodes {
		if x.nodes == maxNodes+1 {
			x.fail(&gqlError{Type: "MAX_NODE_LIMIT_EXCEEDED", Message: "This query requests more than 500,000 nodes."}, nil, path)
		}
		return out
	}
	x.collect(out, typ, v, set, path)
	return out
}

// collect adds the fields of set to out; fragments count when v is of their type.
func (x *execution) collect(out object, typ string, v any, set ast.SelectionSet, path []any) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if x.included(s.Directives) {
				x.field(out, typ, v, s, append(slices.Clone(path), s.Alias))
			}
		case *ast.InlineFragment:
			if x.included(s.Directives) && (s.TypeCondition == "" || isType(typ, s.TypeCondition)) {
				x.collect(out, typ, v, s.SelectionSet, path)
			}
		case *ast.FragmentSpread:
			if f := x.doc.fragments.ForName(s.Name); x.included(s.Directives) && isType(typ, f.TypeCondition) {
				x.collect(out, typ, v, f.SelectionSet, path)
			}
		}
	}
}

// included obeys @skip and @include.
func (x *execution) included(list ast.DirectiveList) bool {
	for _, d := range list {
		arg := d.Arguments.ForName("if")
		if arg == nil {
			continue
		}
		v, _ := arg.Value.Value(x.doc.variables)
		if on, _ := v.(bool); on == (d.Name == "skip") {
			return false
		}
	}
	return true
}

func (x *execution) field(out object, typ string, v any, f *ast.Field, path []any) {
	if f.Name == "__typename" {
		out[f.Alias] = strings.TrimSuffix(typ, "*")
		if strings.HasSuffix(typ, "*") {
			out[f.Alias] = strings.TrimSuffix(typ, "*") + "Connection"
		}
		return
	}
	def := fieldsOf(typ)[f.Name]
	a := args{}
	for _, given := range f.Arguments {
		// A broken number is the only error here; the parser has seen to that.
		a[given.Name], _ = given.Value.Value(x.doc.variables)
	}
	value := def.get(x, v, a)
	if err, isError := value.(error); isError {
		x.fail(asGraphQL(err), f.Position, path)
		out[f.Alias] = nil
		return
	}
	merged := x.value(def, value, f.SelectionSet, path)
	// One field may be selected twice, in fragments: the selections add up.
	if old, isObject := out[f.Alias].(object); isObject {
		if add, isObject := merged.(object); isObject {
			maps.Copy(old, add)
			return
		}
	}
	out[f.Alias] = merged
}

func (x *execution) value(def field, v any, set ast.SelectionSet, path []any) any {
	if isNil(v) {
		return nil
	}
	if def.typ == "" {
		return v
	}
	if of, isList := strings.CutSuffix(def.typ, "[]"); isList {
		out := []any{}
		list := reflect.ValueOf(v)
		for i := range list.Len() {
			out = append(out, x.value(field{typ: of}, list.Index(i).Interface(), set, append(slices.Clone(path), i)))
		}
		return out
	}
	return x.object(typeOf(def.typ, v), v, set, path)
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// asGraphQL turns a refusal into GraphQL's form.
func asGraphQL(err error) *gqlError {
	var g *gqlError
	if errors.As(err, &g) {
		copied := *g
		return &copied
	}
	var p *problem
	if !errors.As(err, &p) {
		return &gqlError{Type: "INTERNAL", Message: err.Error()}
	}
	e := &gqlError{Type: "UNPROCESSABLE", Message: p.message}
	switch p.status {
	case http.StatusNotFound:
		e.Type = "NOT_FOUND"
	case http.StatusForbidden:
		e.Type, e.Extensions = "FORBIDDEN", object{"saml_failure": false}
	}
	for _, detail := range p.errors {
		if o, isObject := detail.(object); isObject && o["message"] != nil {
			detail = o["message"]
		}
		if text, isText := detail.(string); isText {
			e.Message = text
		}
	}
	return e
}

func missing(format string, a ...any) error {
	return &gqlError{Type: "NOT_FOUND", Message: fmt.Sprintf(format, a...)}
}

// needs refuses a token that has none of the permissions ("pull_requests:read|issues:read").
func (x *execution) needs(alternatives string) error {
	for need := range strings.SplitSeq(alternatives, "|") {
		if name, level, _ := strings.Cut(need, ":"); x.token.may(name, level) {
			return nil
		}
	}
	return forbidden()
}
