package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

type schemaCommand struct {
	Host bool `help:"For the operator's bot.toml instead of a repository's .github/bot.toml."`
}

// Run prints the JSON Schema of a rule file, for editors. It is draft 7, which all of them know.
func (c *schemaCommand) Run(to *console) error {
	e := json.NewEncoder(to.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(fileSchema(c.Host))
}

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// fileSchema is the schema of a repository's file or of the operator's. It takes what the compiler takes, words in capitals aside,
// and refuses what is wrong in its shape: unknown keys, wrong types, words that are not in a list. What a text means it cannot
// know.
func fileSchema(host bool) schema {
	properties := schema{}
	for _, t := range rules.Tables() {
		if t.IsKey() {
			if !host {
				properties[t.Name] = extendsSchema(t.Doc)
			}
			continue
		}
		table := schema{"type": "object"}
		if t.Type != nil {
			table = tableSchema(syntax.Fields(t.Type))
		}
		table["description"] = t.Doc
		if t.List {
			table = schema{"type": "array", "items": table, "description": t.Doc}
		}
		properties[t.Name] = table
	}
	title := "Rules of Bellhop, .github/bot.toml"
	if host {
		title = "Settings and rules of Bellhop, bot.toml"
		for _, t := range bot.SettingsTables() {
			table := tableSchema(syntax.Fields(t.Type))
			table["description"] = t.Doc
			properties[t.Name] = table
		}
	}
	return schema{
		"$schema": "http://json-schema.org/draft-07/schema#", "title": title,
		"type": "object", "additionalProperties": false, "properties": properties,
		"definitions": schema{
			"triggers": oneOrMore(ref("trigger")), "trigger": triggerSchema(),
			"matchers": orList(matchersSchema(), ref("matcher")), "matcher": matchersSchema(),
			"demands": orList(demandsSchema(), ref("demand")), "demand": demandsSchema(),
			"expression": schema{"type": "string", "minLength": 1},
			"texts":      oneOrMore(schema{"type": "string", "minLength": 1}), "value": schema{},
			"backfill": schema{"anyOf": []schema{{"type": "boolean"}, {"type": "integer", "minimum": 1, "maximum": 1000}}},
			"actions":  orList(actionsSchema(), ref("action")), "action": actionsSchema(),
			"facts": schema{}, "expected": expectedSchema(),
		},
	}
}

func ref(definition string) schema { return schema{"$ref": "#/definitions/" + definition} }

// extendsSchema is a file to extend, or a list of them.
func extendsSchema(doc string) schema {
	one := schema{"type": "string", "pattern": rules.ExtendPattern}
	return schema{"anyOf": []schema{one, {"type": "array", "items": one, "maxItems": rules.MaxExtends}}, "description": doc}
}

// oneOrMore is a plain value, or a list of such values.
func oneOrMore(one schema) schema {
	return schema{"anyOf": []schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// tableSchema is a table with these keys and no others.
func tableSchema(fields []syntax.Field) schema {
	properties, required := schema{}, []string{}
	var groups []string
	any := map[string][]schema{}
	for _, f := range fields {
		properties[f.Key] = fieldSchema(f)
		if f.Required {
			required = append(required, f.Key)
		}
		if f.Any != "" {
			if any[f.Any] == nil {
				groups = append(groups, f.Any)
			}
			any[f.Any] = append(any[f.Any], schema{"required": []string{f.Key}})
		}
	}
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	var all []schema
	for _, group := range groups {
		all = append(all, schema{"anyOf": any[group]})
	}
	if len(all) > 0 {
		s["allOf"] = all
	}
	return s
}

// fieldSchema is the value of a key.
func fieldSchema(f syntax.Field) schema {
	var s schema
	switch {
	case rules.KeyForms()[f.Form] != "":
		s = schema{"allOf": []schema{ref(f.Form)}} // beside $ref itself, draft 7 passes over all else
		if f.Form == "facts" {
			s = factsSchema(f.Key)
		}
	case f.Form != "":
		s = schema{}
	default:
		s = typeSchema(f.Type, f.Enum)
	}
	if f.Doc != "" {
		s["description"] = f.Doc
	}
	if f.Default != "" {
		s["default"] = defaultValue(f)
	}
	return s
}

// defaultValue is a default as JSON has it.
func defaultValue(f syntax.Field) any {
	switch f.Type.Kind() {
	case reflect.Bool:
		return f.Default == "true"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint64, reflect.Uint32:
		if n, err := strconv.ParseInt(f.Default, 10, 64); err == nil {
			return n
		}
	case reflect.Slice:
		var list []string
		for item := range strings.SplitSeq(f.Default, ",") {
			list = append(list, strings.TrimSpace(item))
		}
		return list
	}
	return f.Default
}

// length is how lengths of time are written.
const length = `^\s*([0-9.]+\s*(w|d|h|ms|m|s)\s*)+$`

// typeSchema is a Go type as syntax.Decode reads it from TOML.
func typeSchema(t reflect.Type, enum []string) schema {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return schema{"type": "string", "pattern": length}
	case t == reflect.TypeFor[time.Time]():
		return schema{} // TOML has a type for it, and JSON has none
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return schema{"type": []string{"string", "integer"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem(), enum)
	case reflect.String:
		if len(enum) > 0 {
			return schema{"type": "string", "enum": enum}
		}
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.Struct:
		return structSchema(t)
	case reflect.Slice:
		one := typeSchema(t.Elem(), enum)
		if typeText(t.Elem()) == "a table" {
			return schema{"type": "array", "items": one}
		}
		return schema{"anyOf": []schema{one, {"type": "array", "items": one}}}
	case reflect.Map:
		value := typeSchema(t.Elem(), enum)
		if t.Elem().Kind() == reflect.String && len(enum) == 0 {
			value = schema{"type": []string{"string", "number", "boolean"}}
		}
		return schema{"type": "object", "additionalProperties": value}
	case reflect.Interface:
		return schema{}
	}
	return schema{"type": "integer"}
}

// structSchema is a table, or the plain value that may stand for it.
func structSchema(t reflect.Type) schema {
	fields := syntax.Fields(t)
	table := tableSchema(fields)
	i := slices.IndexFunc(fields, func(f syntax.Field) bool { return f.Short })
	if i < 0 || slices.ContainsFunc(fields, func(f syntax.Field) bool { return f.Required && !f.Short }) {
		return table
	}
	short := fieldSchema(fields[i])
	return schema{"anyOf": []schema{short, table}}
}

func triggerSchema() schema {
	var names []string
	for _, t := range rules.Triggers() {
		names = append(names, t.Event)
		for _, activity := range append(slices.Clone(t.Activities), t.Aliases...) {
			if activity != "*" {
				names = append(names, t.Event+"."+activity)
			}
		}
	}
	all := []schema{{"enum": names}}
	for _, f := range rules.TriggerForms() {
		all = append(all, schema{"pattern": f.Pattern})
	}
	return schema{"type": "string", "anyOf": all}
}

func matchersSchema() schema {
	properties := schema{}
	for _, m := range rules.Matchers() {
		properties[m.Key] = matcherSchema(m)
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

// demandsSchema is what a gate demands: matchers, and an expression.
func demandsSchema() schema {
	s := matchersSchema()
	s["properties"].(schema)["if"] = ref("expression")
	return s
}

// matcherSchema is the value of a matcher; any where its form is not described.
func matcherSchema(m rules.Matcher) schema {
	var all []schema
	if m.Form.Bool {
		all = append(all, schema{"type": "boolean"})
	}
	if m.Form.Integer {
		all = append(all, schema{"type": "integer"})
	}
	if m.Form.Text {
		text := schema{"type": "string"}
		switch {
		case m.Form.Listed:
			text["enum"] = m.Words
		case m.Form.Pattern != "":
			text["pattern"] = strings.ReplaceAll(m.Form.Pattern, "%s", strings.Join(m.Words, "|"))
		}
		all = append(all, text)
		if m.Form.List {
			all = append(all, schema{"type": "array", "items": text, "minItems": 1})
		}
	}
	if m.Form.Table {
		all = append(all, schema{"type": "object"})
	}
	s := schema{}
	switch len(all) {
	case 0:
	case 1:
		s = all[0]
	default:
		s["anyOf"] = all
	}
	s["description"] = fmt.Sprintf("%s %s: %s", m.Doc, strings.ToUpper(m.Values[:1])+m.Values[1:], m.Example)
	return s
}

func actionsSchema() schema {
	properties := schema{}
	for _, k := range actions.All {
		if k.Publishes() {
			continue // a gate, which is written as require
		}
		s := actionSchema(syntax.Fields(reflect.TypeOf(k.New())))
		s["description"] = k.Summary
		properties[k.Name] = s
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties, "minProperties": 1}
}

// actionSchema is an action: a table, a list of tables, or in short one value.
func actionSchema(fields []syntax.Field) schema {
	table := tableSchema(fields)
	i := slices.IndexFunc(fields, func(f syntax.Field) bool { return f.Short })
	if i < 0 || slices.ContainsFunc(fields, func(f syntax.Field) bool { return f.Required && !f.Short }) {
		return orList(table, table)
	}
	switch f := fields[i]; {
	case len(f.Enum) == 0 && f.Type == reflect.TypeFor[string]():
		s := orList(table, table)
		s["type"] = []string{"string", "object", "array"}
		return s
	case len(f.Enum) == 0 && f.Type == reflect.TypeFor[[]string]():
		item := maps.Clone(table)
		item["type"] = []string{"string", "object"}
		s := orList(table, item)
		s["type"] = []string{"string", "object", "array"}
		return s
	case len(f.Enum) == 0 && f.Type == reflect.TypeFor[bool]():
		s := orList(table, table)
		s["type"] = []string{"boolean", "object", "array"}
		return s
	}
	return schema{"anyOf": []schema{fieldSchema(fields[i]), orList(table, table)}}
}

// orList is a table, or a list of items. It is one schema rather than a choice of two, so that a mistake is told at its place and
// not as "neither of these": what is said of tables and what is said of lists do not touch each other.
func orList(table, item schema) schema {
	s := maps.Clone(table)
	s["type"], s["items"], s["minItems"] = []string{"object", "array"}, item, 1
	return s
}
