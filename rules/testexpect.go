package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"bellhop/rules/syntax"
)

// wants are the actions that a test expects.
type wants struct {
	all   []want
	given bool // expect was written: there is nothing but these
	none  []want
}

// want is one action that is expected, or expected not to be.
type want struct {
	text   string // as it is shown
	kind   *Kind
	action Action
	fields []reflect.StructField // those that were written
}

// wants reads a list of actions.
func (r *testReader) wants(n *syntax.Node) []want {
	if n == nil {
		return nil
	}
	items := []*syntax.Node{n}
	if n.Kind == syntax.List {
		items = n.Items
	}
	var out []want
	for _, item := range items {
		switch item.Kind {
		case syntax.String:
			out = append(out, r.wantText(item)...)
		case syntax.Table:
			for _, e := range item.Entries {
				out = append(out, r.want(e.KeySpan, e.Key, e)...)
			}
		default:
			r.problem(item.Span, fmt.Sprintf("%s must hold actions, not %s", n.Key, item.Describe()), `Write "label docs" or { label = "docs" }.`)
		}
	}
	return out
}

// wantText reads "ACTION" or "ACTION VALUE".
func (r *testReader) wantText(n *syntax.Node) []want {
	name, value, valued := strings.Cut(n.Text(), " ")
	at := n.Within(0, len(name))
	if !valued {
		if k := r.kind(at, name); k != nil {
			return []want{{text: name, kind: k}}
		}
		return nil
	}
	k := r.kind(at, name)
	if k == nil {
		return nil
	}
	value = strings.TrimSpace(value)
	span := n.Within(len(name)+1, len(n.Text()))
	return r.want(at, name, plainNode(k, value, span))
}

// plainNode is the plain value of an action, of the type that its short field has.
func plainNode(k *Kind, value string, at syntax.Span) *syntax.Node {
	node := syntax.NewString(k.Name, value, at)
	f, ok := shortOf(k)
	if !ok {
		return node
	}
	switch f.Type.Kind() {
	case reflect.Slice:
		var items []*syntax.Node
		for _, text := range strings.Split(value, ", ") {
			items = append(items, syntax.NewString(k.Name, text, at))
		}
		return syntax.NewList(k.Name, at, items...)
	case reflect.Bool:
		if b, err := strconv.ParseBool(value); err == nil {
			return syntax.NewBool(k.Name, b, at)
		}
	case reflect.Int, reflect.Int64:
		if i, err := strconv.ParseInt(value, 10, 64); err == nil {
			return syntax.NewInteger(k.Name, i, at)
		}
	}
	return node
}

// shortOf is the field that the plain value of an action sets.
func shortOf(k *Kind) (reflect.StructField, bool) {
	for _, f := range writtenFields(k) {
		if f.Tag.Get("short") == "true" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// writtenFields are the fields of an action that a rule file may write.
func writtenFields(k *Kind) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeOf(k.New()).Elem()), func(f reflect.StructField) bool {
		return f.Tag.Get("toml") == "" || !f.IsExported()
	})
}

// want reads an action as it is written under then; a list of tables is several.
func (r *testReader) want(at syntax.Span, name string, n *syntax.Node) []want {
	k := r.kind(at, name)
	if k == nil {
		return nil
	}
	values := []*syntax.Node{n}
	if n.Kind == syntax.List && len(n.Items) > 0 && !slices.ContainsFunc(n.Items, func(i *syntax.Node) bool { return i.Kind != syntax.Table }) {
		values = n.Items
	}
	var out []want
	for _, v := range values {
		w := want{kind: k, action: k.New()}
		r.problems = append(r.problems, r.file.Decode(v, name, w.action)...)
		for _, f := range writtenFields(k) {
			if v.Kind == syntax.Table && v.Get(f.Tag.Get("toml")) != nil || v.Kind != syntax.Table && f.Tag.Get("short") == "true" {
				w.fields = append(w.fields, f)
			}
		}
		w.text = actionText(k, w.action, w.fields)
		out = append(out, w)
	}
	return out
}

// actionText is an action as a test writes it: its name and the value of its short field, or other fields by their names.
func actionText(k *Kind, a Action, fields []reflect.StructField) string {
	v := reflect.ValueOf(a).Elem()
	short, ok := shortOf(k)
	if ok && slices.ContainsFunc(fields, func(f reflect.StructField) bool { return f.Name == short.Name }) {
		text := fieldText(v.FieldByIndex(short.Index))
		var more []string
		for _, f := range fields {
			if f.Name != short.Name {
				more = append(more, f.Tag.Get("toml")+" = "+fieldText(v.FieldByIndex(f.Index)))
			}
		}
		if len(more) > 0 {
			text += " (" + strings.Join(more, ", ") + ")"
		}
		return strings.TrimSpace(k.Name + " " + text)
	}
	var all []string
	for _, f := range fields {
		all = append(all, f.Tag.Get("toml")+" = "+fieldText(v.FieldByIndex(f.Index)))
	}
	if len(all) == 0 {
		return k.Name
	}
	return k.Name + " (" + strings.Join(all, ", ") + ")"
}

// fieldText is the value of a field in one line.
func fieldText(v reflect.Value) string {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice:
		var items []string
		for i := range v.Len() {
			items = append(items, fieldText(v.Index(i)))
		}
		return strings.Join(items, ", ")
	case reflect.String:
		return strings.ReplaceAll(v.String(), "\n", `\n`)
	}
	return fmt.Sprint(v.Interface())
}

// stepText is a step as a test writes it: with its short field, or what else is set.
func stepText(kinds []Kind, s Step) string {
	k := kindNamed(kinds, s.Kind)
	if k == nil {
		return s.Kind
	}
	v := reflect.ValueOf(s.Action).Elem()
	if short, ok := shortOf(k); ok && !v.FieldByIndex(short.Index).IsZero() {
		return actionText(k, s.Action, []reflect.StructField{short})
	}
	var fields []reflect.StructField
	for _, f := range writtenFields(k) {
		if !v.FieldByIndex(f.Index).IsZero() && f.Tag.Get("default") != fieldText(v.FieldByIndex(f.Index)) {
			fields = append(fields, f)
		}
	}
	return actionText(k, s.Action, fields)
}

// matches tells whether a step is what is wanted: of that kind, and each field that was written has its value.
func (w want) matches(s Step) bool {
	if w.kind.Name != s.Kind || w.action == nil {
		return w.kind.Name == s.Kind
	}
	wanted, got := reflect.ValueOf(w.action).Elem(), reflect.ValueOf(s.Action).Elem()
	if wanted.Type() != got.Type() {
		return false
	}
	return !slices.ContainsFunc(w.fields, func(f reflect.StructField) bool {
		return !sameField(wanted.FieldByIndex(f.Index), got.FieldByIndex(f.Index))
	})
}

// sameField compares values. A wanted text that ends in ... is the beginning of one, and the @ of a mention does not count:
// actions name people without it.
func sameField(wanted, got reflect.Value) bool {
	switch wanted.Kind() {
	case reflect.String:
		text, found := strings.TrimPrefix(wanted.String(), "@"), strings.TrimPrefix(got.String(), "@")
		if start, open := strings.CutSuffix(text, "..."); open {
			return strings.HasPrefix(found, start)
		}
		return text == found
	case reflect.Slice:
		if wanted.Len() != got.Len() {
			return false
		}
		for i := range wanted.Len() {
			if !sameField(wanted.Index(i), got.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if wanted.Len() == 0 && got.Len() == 0 {
			return true
		}
	}
	return reflect.DeepEqual(wanted.Interface(), got.Interface())
}

// pair gives each wanted action a step of its own, as many as can be. It returns the places of what is left.
func pair(wanted []want, steps []Step) (missing, more []int) {
	stepOf, wantOf := make([]int, len(wanted)), make([]int, len(steps))
	for i := range stepOf {
		stepOf[i] = -1
	}
	for i := range wantOf {
		wantOf[i] = -1
	}
	var find func(w int, seen []bool) bool
	find = func(w int, seen []bool) bool {
		for i, s := range steps {
			if seen[i] || !wanted[w].matches(s) {
				continue
			}
			seen[i] = true
			if wantOf[i] < 0 || find(wantOf[i], seen) {
				wantOf[i], stepOf[w] = w, i
				return true
			}
		}
		return false
	}
	for w := range wanted {
		if !find(w, make([]bool, len(steps))) {
			missing = append(missing, w)
		}
	}
	for i, w := range wantOf {
		if w < 0 {
			more = append(more, i)
		}
	}
	return missing, more
}
