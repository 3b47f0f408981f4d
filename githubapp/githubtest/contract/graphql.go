package contract

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

//go:embed extract/schema.graphql.gz
var schemaExtract []byte

var graphqlSchema = sync.OnceValues(func() (*ast.Schema, error) {
	z, err := gzip.NewReader(bytes.NewReader(schemaExtract))
	if err != nil {
		return nil, fmt.Errorf("unpack GitHub's schema: %w", err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpack GitHub's schema: %w", err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	if err != nil {
		return nil, fmt.Errorf("load GitHub's schema: %w", err)
	}
	return schema, nil
})

// CheckQuery tells what GitHub's schema says against a GraphQL document and its variables, or nil.
func CheckQuery(query string, variables map[string]any) error {
	schema, err := graphqlSchema()
	if err != nil {
		return err
	}
	doc, errs := gqlparser.LoadQueryWithRules(schema, query, rules.NewDefaultRules())
	if len(errs) > 0 {
		return fmt.Errorf("GraphQL: %w", errs)
	}
	if len(doc.Operations) != 1 {
		return fmt.Errorf("GraphQL: the document holds %d operations; GitHub would have to be told which one", len(doc.Operations))
	}
	op := doc.Operations[0]
	for name := range variables {
		if op.VariableDefinitions.ForName(name) == nil {
			return fmt.Errorf("GraphQL: variable $%s is not declared by the query", name)
		}
	}
	values, err := validator.VariableValues(schema, op, variables)
	if err != nil {
		return fmt.Errorf("GraphQL: %w", err)
	}
	for _, v := range op.VariableDefinitions {
		if err := checkValue(schema, v.Type, values[v.Variable], "$"+v.Variable); err != nil {
			return fmt.Errorf("GraphQL: %w", err)
		}
	}
	return nil
}

func checkGraphQL(r *http.Request, body []byte) error {
	if r.Method != http.MethodPost {
		return fmt.Errorf("GraphQL is asked with POST, not %s", r.Method)
	}
	var request struct {
		Query         string         `json:"query"`
		Variables     map[string]any `json:"variables"`
		OperationName *string        `json:"operationName"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(&request); err != nil {
		return fmt.Errorf("GraphQL request: %w", err)
	}
	if request.Query == "" {
		return errors.New("GraphQL request: no query")
	}
	return CheckQuery(request.Query, request.Variables)
}

// checkValue finds wrong enum values in variables: the validator lets them pass.
func checkValue(schema *ast.Schema, t *ast.Type, v any, at string) error {
	if v == nil {
		return nil // the validator has looked whether null is allowed
	}
	if t.Elem != nil {
		list, ok := v.([]any)
		if !ok {
			return checkValue(schema, t.Elem, v, at) // GraphQL makes a list of one
		}
		for i, e := range list {
			if err := checkValue(schema, t.Elem, e, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	def := schema.Types[t.NamedType]
	if def == nil {
		return nil
	}
	switch def.Kind {
	case ast.Enum:
		name, _ := v.(string)
		if def.EnumValues.ForName(name) == nil {
			return fmt.Errorf("%s: %v is no %s: %v", at, v, def.Name, enumNames(def))
		}
	case ast.InputObject:
		fields, _ := v.(map[string]any)
		for _, f := range def.Fields {
			if err := checkValue(schema, f.Type, fields[f.Name], at+"."+f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func enumNames(def *ast.Definition) []string {
	var names []string
	for _, e := range def.EnumValues {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}
