package syntax

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Decode fills the struct that into points to from a table and reports every key and value that does not fit. what is how
// messages call the table, such as "server" or "then.comment"; "" for the file itself. Keys in leave are passed over: someone
// else reads them. A nil table changes nothing but is held against required keys and defaults as an empty one.
//
// A field is read when it has the tag `toml:"key"`; keys are compared exactly. Other tags:
//
//	required:"true"  the key must be there
//	default:"text"   its value when it is not: as it would be written, lists with commas
//	enum:"a b c"     the strings allowed; "" where the list holds a pair of quotes
//	short:"true"     a plain value or list in place of the whole table sets this field
//
// Types: string, bool, all integers, float64, time.Time, time.Duration (a string: "90s", "30m", "1h30m", "14d", "2w"), what
// implements encoding.TextUnmarshaler (from a string or a whole number), slices of these (one value is a list of one), structs
// and pointers to them (a table; a struct gets its defaults and is asked for its required keys when the table is not there, a
// pointer stays nil), slices of structs (a list of tables), maps by string, *Node (the value as it stands), any.
// Embedded structs count as part of theirs. A field with a mistake keeps the value that it had.
func (f *File) Decode(table *Node, what string, into any, leave ...string) []Diagnostic {
	d := decoder{f: f}
	v := reflect.ValueOf(into).Elem()
	if f.Root == nil && table == nil {
		return nil // the file is not TOML; that was said already
	}
	if table == nil {
		table = &Node{Kind: Table}
	}
	d.structure(table, what, v, leave)
	return d.problems
}

// Keys lists the keys that Decode reads into a struct, in its order. v is the struct or a pointer to it.
func Keys(v any) []string {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var keys []string
	for _, f := range fields(t) {
		keys = append(keys, f.Tag.Get("toml"))
	}
	return keys
}

type decoder struct {
	f        *File
	problems []Diagnostic
}

// maxProblems is how many problems one Decode reports.
const maxProblems = 100

func (d *decoder) problem(at Span, message, mend string) {
	if len(d.problems) == maxProblems {
		return
	}
	d.problems = append(d.problems, d.f.Problem(at, message, mend))
}

// fields lists the fields of a struct type that have a key, those of embedded structs among them.
func fields(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("toml"); key != "" && key != "-" && f.IsExported() {
			out = append(out, f)
		}
	}
	return out
}

// join names a key of what.
func join(what, key string) string {
	if what == "" {
		return key
	}
	return what + "." + key
}

// structure decodes a table, or the plain value that stands for it.
func (d *decoder) structure(n *Node, what string, v reflect.Value, leave []string) {
	fs := fields(v.Type())
	if n.Kind != Table {
		short, ok := shortField(fs)
		if !ok {
			d.mismatch(n, what, "a table", "")
			return
		}
		for _, f := range fs {
			if f.Name != short.Name {
				d.absent(n, what, v, f)
			}
		}
		d.field(n, what, v, short)
		return
	}
	keys := make([]string, len(fs))
	for i, f := range fs {
		keys[i] = f.Tag.Get("toml")
		if e := n.Get(keys[i]); e != nil {
			d.field(e, join(what, keys[i]), v, f)
		} else {
			d.absent(n, what, v, f)
		}
	}
	for _, e := range n.Entries {
		if slices.Contains(keys, e.Key) || slices.Contains(leave, e.Key) {
			continue
		}
		if d.unknown(e, what, slices.Concat(keys, leave)); len(d.problems) == maxProblems {
			return
		}
	}
}

func shortField(fs []reflect.StructField) (reflect.StructField, bool) {
	for _, f := range fs {
		if f.Tag.Get("short") == "true" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func (d *decoder) unknown(e *Node, what string, keys []string) {
	message := fmt.Sprintf("%s has no key %s", what, e.Key)
	if what == "" {
		message = fmt.Sprintf("the file has no key %s", e.Key)
		if e.header || e.Kind == List && len(e.Items) > 0 && e.Items[0].header {
			message = fmt.Sprintf("the file has no table %s", e.Key)
		}
	}
	d.problem(e.KeySpan, message, Suggest(e.Key, keys))
}

// absent sets the default of a field whose key is not there, or asks for the key.
func (d *decoder) absent(n *Node, what string, v reflect.Value, f reflect.StructField) {
	key := f.Tag.Get("toml")
	if f.Tag.Get("required") == "true" {
		if misspelt(n, key, v.Type()) {
			return // it is told as an unknown key
		}
		at := n.KeySpan
		if n.Key == "" {
			at = n.Span
		}
		if what == "" {
			what = "the file"
		}
		d.problem(at, fmt.Sprintf("%s lacks %s", what, key), "")
		return
	}
	if text, ok := f.Tag.Lookup("default"); ok {
		if err := setText(v.FieldByIndex(f.Index), text); err != nil {
			panic(fmt.Sprintf("syntax: default of %s.%s: %v", v.Type(), f.Name, err))
		}
		return
	}
	// The defaults of a table that is not there are those of its own fields.
	if field := v.FieldByIndex(f.Index); f.Type.Kind() == reflect.Struct && !isLeaf(field) {
		d.structure(&Node{Kind: Table, Key: n.Key, KeySpan: n.KeySpan, Span: n.Span}, join(what, key), field, nil)
	}
}

// misspelt tells whether an unknown key of a table was probably meant as key.
func misspelt(n *Node, key string, t reflect.Type) bool {
	var keys []string
	for _, f := range fields(t) {
		keys = append(keys, f.Tag.Get("toml"))
	}
	return slices.ContainsFunc(n.Entries[:min(len(n.Entries), maxProblems)], func(e *Node) bool {
		return !slices.Contains(keys, e.Key) && Nearest(e.Key, keys) == key
	})
}

// field decodes one value into a field and holds it against the field's tags.
func (d *decoder) field(n *Node, what string, v reflect.Value, f reflect.StructField) {
	before := len(d.problems)
	into := v.FieldByIndex(f.Index)
	d.value(n, what, into)
	if enum := f.Tag.Get("enum"); enum != "" && len(d.problems) == before {
		d.enum(n, what, strings.Fields(enum))
	}
}

// enum holds a string, or each string of a list, against the allowed ones.
func (d *decoder) enum(n *Node, what string, allowed []string) {
	if n.Kind == List {
		for _, item := range n.Items {
			d.enum(item, what, allowed)
		}
		return
	}
	text := n.Text()
	if n.Kind != String || slices.Contains(allowed, text) || text == "" && slices.Contains(allowed, `""`) {
		return
	}
	mend := ""
	if near := Nearest(text, allowed); near != "" {
		mend = fmt.Sprintf("Did you mean %q?", near)
	}
	d.problem(n.Span, fmt.Sprintf("%s must be %s, not %q", what, either(allowed), text), mend)
}

// either lists words as "a, b or c".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func (d *decoder) mismatch(n *Node, what, want, mend string) {
	d.problem(n.Span, fmt.Sprintf("%s must be %s, not %s", what, want, n.Describe()), mend)
}

// Describe is the type of a node in words, or its value when that is true or false.
func (n *Node) Describe() string {
	if n.Kind == Bool {
		return fmt.Sprint(n.Value)
	}
	return n.Kind.String()
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	nodeType     = reflect.TypeFor[*Node]()
)

// isLeaf tells whether a value is written as one plain value although its Go type is a struct.
func isLeaf(v reflect.Value) bool {
	return v.Type() == timeType || unmarshaler(v) != nil
}

func unmarshaler(v reflect.Value) encoding.TextUnmarshaler {
	if v.Kind() == reflect.Pointer || !v.CanAddr() {
		return nil
	}
	u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
	return u
}

// value decodes one value.
func (d *decoder) value(n *Node, what string, v reflect.Value) {
	switch {
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(n))
	case v.Type() == timeType:
		if t, ok := n.Value.(time.Time); ok {
			v.Set(reflect.ValueOf(t))
		} else {
			d.mismatch(n, what, "a date and time", "")
		}
	case v.Type() == durationType:
		d.duration(n, what, v)
	case unmarshaler(v) != nil:
		d.text(n, what, v)
	case v.Kind() == reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			p.Elem().Set(v.Elem())
		}
		d.value(n, what, p.Elem())
		v.Set(p)
	case v.Kind() == reflect.Struct:
		d.structure(n, what, v, nil)
	case v.Kind() == reflect.Slice:
		d.slice(n, what, v)
	case v.Kind() == reflect.Map:
		d.table(n, what, v)
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf(n.Plain()))
	default:
		d.plain(n, what, v)
	}
}

func (d *decoder) duration(n *Node, what string, v reflect.Value) {
	if n.Kind != String {
		d.mismatch(n, what, "a length of time", `Write a number with its unit in quotes, such as "30m", "12h" or "14d".`)
		return
	}
	t, err := Duration(n.Text())
	if err != nil {
		d.problem(n.Span, fmt.Sprintf("%s: %v", what, err), `Write a number with its unit, such as "30m", "12h", "14d" or "2w".`)
		return
	}
	v.SetInt(int64(t))
}

func (d *decoder) text(n *Node, what string, v reflect.Value) {
	text := n.Text()
	switch {
	case n.Kind == Integer:
		text = fmt.Sprint(n.Value)
	case n.Kind != String:
		d.mismatch(n, what, "a string", "")
		return
	}
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	if err := unmarshaler(v).UnmarshalText([]byte(text)); err != nil {
		v.Set(old)
		d.problem(n.Span, fmt.Sprintf("%s: %v", what, err), "")
	}
}

func (d *decoder) slice(n *Node, what string, v reflect.Value) {
	elem := v.Type().Elem()
	items := n.Items
	tables := elem.Kind() == reflect.Struct && !isLeaf(reflect.New(elem).Elem())
	switch {
	case n.Kind == List:
	case tables && n.Kind == Table:
		d.problem(n.KeySpan, fmt.Sprintf("%s is a list of tables", what), fmt.Sprintf("Write [[%s]].", what))
		return
	default:
		items = []*Node{n}
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	before := len(d.problems)
	for i, item := range items {
		if n.Kind == List && !tables && item.Kind != wanted(elem) && wanted(elem) != 0 {
			d.problem(item.Span, fmt.Sprintf("%s must hold %s only, not %s", what, plural(wanted(elem)), item.Describe()), "")
			continue
		}
		d.value(item, what, out.Index(i))
	}
	if len(d.problems) == before || tables {
		v.Set(out)
	}
}

// wanted is the kind of node that a plain Go type is written as; 0 where several are.
func wanted(t reflect.Type) Kind {
	switch {
	case t == durationType:
		return String
	case t.Kind() == reflect.String && !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return String
	case t.Kind() == reflect.Bool:
		return Bool
	}
	return 0
}

func plural(k Kind) string {
	if k == Bool {
		return "true and false"
	}
	return strings.TrimPrefix(k.String(), "a ") + "s"
}

// table decodes a table with any keys.
func (d *decoder) table(n *Node, what string, v reflect.Value) {
	if n.Kind != Table {
		d.mismatch(n, what, "a table", "")
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, e := range n.Entries {
		elem := reflect.New(v.Type().Elem()).Elem()
		if elem.Kind() == reflect.String && (e.Kind == Integer || e.Kind == Float || e.Kind == Bool) {
			elem.SetString(d.f.Slice(e.Span)) // inputs = { count = 3 } where all values are text anyhow
		} else {
			d.value(e, join(what, e.Key), elem)
		}
		out.SetMapIndex(reflect.ValueOf(e.Key).Convert(v.Type().Key()), elem)
	}
	v.Set(out)
}
