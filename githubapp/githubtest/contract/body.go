package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkBody finds what the schema of a body does not forbid and GitHub ignores or refuses.
func checkBody(op *openapi3.Operation, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if op.RequestBody == nil {
		if string(bytes.TrimSpace(body)) == "{}" {
			return nil
		}
		return fmt.Errorf("%s takes no body", op.OperationID)
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if err := checkFields(media.Schema, v, "body"); err != nil {
		return err
	}
	if fields, ok := v.(map[string]any); ok {
		return checkWords(op, fields)
	}
	return nil
}

// checkFields finds members that no alternative of a schema names.
func checkFields(schema *openapi3.SchemaRef, v any, at string) error {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			items := alternatives(schema, func(s *openapi3.Schema) *openapi3.SchemaRef { return s.Items })
			if err := checkAny(items, e, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		known := map[string][]*openapi3.SchemaRef{}
		if open := gather(schema, known); open {
			return nil
		}
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if known[name] == nil {
				return fmt.Errorf("%s: unknown field %q; GitHub ignores it and knows %s", at, name, strings.Join(sortedNames(known), ", "))
			}
			if err := checkAny(known[name], v[name], at+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAny is nil when one of the schemas finds nothing.
func checkAny(schemas []*openapi3.SchemaRef, v any, at string) (err error) {
	for _, s := range schemas {
		if err = checkFields(s, v, at); err == nil {
			return nil
		}
	}
	return err
}

// alternatives collects part of a schema and of all that it is put together from.
func alternatives(ref *openapi3.SchemaRef, part func(*openapi3.Schema) *openapi3.SchemaRef) []*openapi3.SchemaRef {
	var found []*openapi3.SchemaRef
	if p := part(ref.Value); p != nil {
		found = append(found, p)
	}
	for _, refs := range []openapi3.SchemaRefs{ref.Value.OneOf, ref.Value.AnyOf, ref.Value.AllOf} {
		for _, r := range refs {
			found = append(found, alternatives(r, part)...)
		}
	}
	return found
}

// gather collects the properties of a schema and of all that it is put together from. It tells whether other members are
// welcome too: where the schema says so, or names none at all and is an object of the caller's own.
func gather(ref *openapi3.SchemaRef, known map[string][]*openapi3.SchemaRef) (open bool) {
	s := ref.Value
	if extra := s.AdditionalProperties; extra.Schema != nil || (extra.Has != nil && *extra.Has) {
		return true
	}
	for name, p := range s.Properties {
		known[name] = append(known[name], p)
	}
	parts := slices.Concat(s.OneOf, s.AnyOf, s.AllOf)
	for _, r := range parts {
		if isBareRequired(r.Value) {
			continue
		}
		open = gather(r, known) || open
	}
	return open || (len(parts) == 0 && len(s.Properties) == 0 && (s.Type == nil || s.Type.Is("object")))
}

// isBareRequired tells a schema that only demands members, such as {"required": ["title"]} in an anyOf.
func isBareRequired(s *openapi3.Schema) bool {
	return len(s.Required) > 0 && s.Type == nil && len(s.Properties) == 0 && len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) == 0
}

func sortedNames(m map[string][]*openapi3.SchemaRef) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
