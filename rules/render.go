package rules

import (
	"reflect"
	"strings"
)

// cloneAction copies an action so that nothing of the copy is shared with it.
func cloneAction(a Action) Action {
	v := reflect.ValueOf(a)
	c := reflect.New(v.Type().Elem())
	copyInto(c.Elem(), v.Elem())
	return c.Interface().(Action)
}

func copyInto(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Struct:
		to.Set(from)
		for i := range from.NumField() {
			if to.Field(i).CanSet() {
				copyInto(to.Field(i), from.Field(i))
			}
		}
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			copyInto(to.Index(i), from.Index(i))
		}
	case reflect.Map:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
		for _, k := range from.MapKeys() {
			v := reflect.New(from.Type().Elem()).Elem()
			copyInto(v, from.MapIndex(k))
			to.SetMapIndex(k, v)
		}
	case reflect.Pointer:
		if from.IsNil() {
			return
		}
		to.Set(reflect.New(from.Type().Elem()))
		copyInto(to.Elem(), from.Elem())
	default:
		to.Set(from)
	}
}

// rendering fills the templates of one action in.
type rendering struct {
	templates map[string]*template // by their text
	a         *activation
	verdict   verdict
}

// structure fills in the fields that a rule file writes.
func (r *rendering) structure(v reflect.Value) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Tag.Get("toml") != "" && f.IsExported() {
			r.value(v.FieldByIndex(f.Index), f.Tag.Get("text") == "markdown")
		}
	}
}

func (r *rendering) value(v reflect.Value, markdown bool) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text(v.String(), markdown))
	case reflect.Struct:
		r.structure(v)
	case reflect.Pointer:
		if !v.IsNil() {
			r.value(v.Elem(), markdown)
		}
	case reflect.Slice:
		if list, ok := v.Addr().Interface().(*[]string); ok {
			*list = r.list(*list, markdown)
			return
		}
		for i := range v.Len() {
			r.value(v.Index(i), markdown)
		}
	case reflect.Map:
		if m, ok := v.Interface().(map[string]string); ok {
			for k, text := range m {
				m[k] = r.text(text, markdown)
			}
		}
	}
}

// text fills in one text.
func (r *rendering) text(text string, markdown bool) string {
	t := r.templates[text]
	if t == nil {
		return text
	}
	out, v := t.render(r.a, markdown)
	r.verdict = conjunction([]verdict{r.verdict, v}, func(v verdict) verdict { return v })
	if !markdown {
		out = strings.TrimSpace(out)
	}
	return out
}

// list fills in a list: a template that comes to a list is its items, one that comes to nothing is left out.
func (r *rendering) list(list []string, markdown bool) []string {
	var out []string
	for _, text := range list {
		t := r.templates[text]
		if t == nil {
			out = append(out, text)
			continue
		}
		if items, ok := t.list(r.a); ok {
			out = append(out, items...)
		} else if s := r.text(text, markdown); s != "" {
			out = append(out, s)
		}
	}
	return out
}
