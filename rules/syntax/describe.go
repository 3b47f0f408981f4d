package syntax

import (
	"reflect"
	"strings"
)

// Field is one key that Decode reads into a struct, as its tags describe it: for references and schemas.
type Field struct {
	Key      string
	Doc      string       // tag doc
	Type     reflect.Type // of the Go field
	Form     string       // tag form: how a value is written that is decoded as it stands (*Node)
	Example  string       // tag example: a line of a file
	Enum     []string     // the strings allowed; "" for one that may be empty
	Default  string       // as it would be written
	Required bool
	Short    bool   // a plain value in place of the whole table sets it
	Any      string // tag any: of the fields with the same text at least one must be there
}

// MaxDepth is how deep lists, tables and dotted keys may be nested.
const MaxDepth = maxDepth

// Fields describes what Decode reads into a struct type, in its order. A type that is no struct has no fields.
func Fields(t reflect.Type) []Field {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var out []Field
	for _, f := range fields(t) {
		tag := f.Tag
		d := Field{
			Key: tag.Get("toml"), Doc: tag.Get("doc"), Type: f.Type, Form: tag.Get("form"), Example: tag.Get("example"),
			Enum: strings.Fields(tag.Get("enum")), Default: tag.Get("default"),
			Required: tag.Get("required") == "true", Short: tag.Get("short") == "true",
			Any: tag.Get("any"),
		}
		for i, word := range d.Enum {
			if word == `""` {
				d.Enum[i] = ""
			}
		}
		out = append(out, d)
	}
	return out
}
