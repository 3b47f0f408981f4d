package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/common/types"
)

// Variable is one variable of the expression language, for the reference.
type Variable struct {
	Name  string `json:"name"`
	Doc   string `json:"doc"`
	Type  string `json:"type"`            // in words
	Facts []Fact `json:"facts,omitempty"` // of a record
}

// Fact is one fact of a record, for the reference.
type Fact struct {
	Name  string   `json:"name"`
	Doc   string   `json:"doc"`
	Type  string   `json:"type"`            // in words
	In    string   `json:"in,omitempty"`    // where it comes from, see Facts
	By    []string `json:"by,omitempty"`    // events that can change it
	Of    []string `json:"of,omitempty"`    // kinds of subject that have it: issue, pr, discussion; all when empty
	Facts []Fact   `json:"facts,omitempty"` // of the items of a list
}

// Schema lists all variables with their facts, in the order of the struct Facts; subject is followed by pr, issue and
// discussion, which are views of it.
func Schema() []Variable {
	s := schema()
	out := make([]Variable, 0, len(s.vars))
	for _, v := range s.vars {
		d := Variable{Name: v.name, Doc: v.doc, Type: words(v.typ)}
		if v.rec != nil {
			d.Facts = v.rec.describe()
		}
		out = append(out, d)
	}
	return out
}

func (r *record) describe() []Fact {
	out := make([]Fact, 0, len(r.facts))
	for _, f := range r.facts {
		d := Fact{Name: f.name, Doc: f.doc, Type: words(f.typ), In: f.in, By: f.by, Of: f.of}
		if f.items != nil {
			d.Facts = f.items.describe()
		}
		out = append(out, d)
	}
	return out
}

// variable is one variable of the language.
type variable struct {
	name, doc string
	index     int // field of Facts
	typ       *types.Type
	rec       *record // nil when it is a plain value
	pointer   bool    // a delivery may lack it
}

// record is one struct of the schema as the language sees it. Several records may be views of one Go struct.
type record struct {
	name  string // of its type in the language
	trail string // variable that its facts are named by: "subject" for pr; "" for items of lists
	words string // one of it, in words: "a pull request"
	kind  string // of subject that it is a view of; "" when any
	facts []*fact
	names map[string]*fact
}

// fact is one field of a record.
type fact struct {
	name, doc string
	index     int
	typ       *types.Type
	items     *record // what a list of records holds
	in        string
	by, of    []string
	base      []string // files of the base that it is told by
	rec       string   // trail of its record
}

func (f *fact) path() string { return f.rec + "." + f.name }

// shorts are the names of the kinds of subject in tags and as variables.
var shorts = map[string]string{"issue": "issue", "pr": "pull_request", "discussion": "discussion"}

// has tells whether subjects of this kind have the fact.
func (f *fact) has(kind string) bool {
	return len(f.of) == 0 || slices.ContainsFunc(f.of, func(short string) bool { return shorts[short] == kind })
}

// tables is the schema as reflection finds it in Facts.
type tables struct {
	vars    []*variable
	names   map[string]*variable
	records map[string]*record // by the name of their type
}

// schema reads the tags of Facts once.
var schema = sync.OnceValue(func() *tables {
	s := &tables{names: map[string]*variable{}, records: map[string]*record{}}
	t := reflect.TypeFor[Facts]()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("var")
		if name == "" {
			continue
		}
		v := &variable{name: name, doc: f.Tag.Get("doc"), index: i}
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			ft, v.pointer = ft.Elem(), true
		}
		switch {
		case ft.Kind() == reflect.Map:
			v.typ = types.DynType
		case ft == reflect.TypeFor[Rosters]():
			v.typ = types.NewMapType(types.StringType, types.NewListType(types.StringType))
		case ft.Kind() == reflect.Struct && ft != reflect.TypeFor[time.Time]():
			v.rec = s.record(ft, name, name, "")
			v.typ = types.NewObjectType(v.rec.name)
		default:
			v.typ = plainType(ft)
		}
		s.add(v)
		if name == "subject" {
			for _, short := range []string{"pr", "issue", "discussion"} {
				rec := s.record(ft, short, "subject", shorts[short])
				s.add(&variable{name: short, doc: viewDocs[short], index: i, rec: rec, typ: types.NewObjectType(rec.name), pointer: true})
			}
		}
	}
	return s
})

var viewDocs = map[string]string{
	"pr":         "The pull request, where the subject is one.",
	"issue":      "The issue, where the subject is one.",
	"discussion": "The discussion, where the subject is one.",
}

func (s *tables) add(v *variable) {
	s.vars = append(s.vars, v)
	s.names[v.name] = v
}

// typePrefix keeps the names of types apart from those of variables.
const (
	typePrefix = "bellhop."
	itemPrefix = "item." // of what lists hold
)

// record makes the record of a struct type under a name, or returns the one there is.
func (s *tables) record(t reflect.Type, name, trail, kind string) *record {
	if r := s.records[typePrefix+name]; r != nil {
		return r
	}
	r := &record{name: typePrefix + name, trail: trail, words: recordWords(name), kind: kind, names: map[string]*fact{}}
	s.records[r.name] = r
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		f := &fact{name: tag.Get("fact"), doc: tag.Get("doc"), index: i, in: tag.Get("in"), rec: trail}
		if f.name == "" {
			continue
		}
		f.by, f.of, f.base = strings.Fields(tag.Get("by")), strings.Fields(tag.Get("of")), strings.Fields(tag.Get("base"))
		if kind != "" && !f.has(kind) {
			continue
		}
		ft := t.Field(i).Type
		if ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct {
			f.items = s.record(ft.Elem(), itemPrefix+strings.ToLower(ft.Elem().Name()), "", "")
			f.typ = types.NewListType(types.NewObjectType(f.items.name))
		} else {
			f.typ = plainType(ft)
		}
		r.facts = append(r.facts, f)
		r.names[f.name] = f
	}
	return r
}

// plainType is the type in the language of a plain Go type.
func plainType(t reflect.Type) *types.Type {
	switch t {
	case reflect.TypeFor[string]():
		return types.StringType
	case reflect.TypeFor[bool]():
		return types.BoolType
	case reflect.TypeFor[int64]():
		return types.IntType
	case reflect.TypeFor[time.Time]():
		return types.TimestampType
	case reflect.TypeFor[time.Duration]():
		return types.DurationType
	case reflect.TypeFor[arguments]():
		return types.NewObjectType(argumentsType)
	case reflect.TypeFor[[]string]():
		return types.NewListType(types.StringType)
	}
	panic(fmt.Sprintf("rules: a fact cannot have the type %s", t))
}

// factNames lists the facts of a record.
func (r *record) factNames() []string {
	names := make([]string, len(r.facts))
	for i, f := range r.facts {
		names[i] = f.name
	}
	return names
}

// variableNames lists all variables.
func (s *tables) variableNames() []string {
	names := make([]string, len(s.vars))
	for i, v := range s.vars {
		names[i] = v.name
	}
	return names
}

// fact finds a fact by its path; pr.x, issue.x and discussion.x are subject.x.
func (s *tables) fact(path string) *fact {
	name, of, _ := strings.Cut(path, ".")
	v := s.names[name]
	if v == nil || v.rec == nil {
		return nil
	}
	return v.rec.names[of]
}
