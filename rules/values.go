package rules

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// absent is the error of an expression that needs what its delivery does not have. It makes a condition false, not broken.
type absent struct{ why string }

func (e absent) Error() string { return e.why }

// object is a record as a value of the language. It knows the Facts that it is from, so that a fact which was not read yet is
// unknown by whatever name it is reached, and never taken for its zero value.
type object struct {
	rec    *record
	v      reflect.Value // the struct; invalid when the delivery lacks it
	of     *Facts        // nil for items of lists: all their facts are known
	lacks  string        // why the delivery lacks it
	values []ref.Val     // facts read before, by their place in the record
}

// get reads one fact.
func (o *object) get(f *fact) (ref.Val, error) {
	if o.lacks != "" {
		return nil, absent{o.lacks}
	}
	if o.of != nil {
		if v, err := o.of.state(f); v != nil || err != nil {
			return v, err
		}
	}
	if o.values == nil {
		o.values = make([]ref.Val, o.v.NumField())
	}
	if o.values[f.index] == nil {
		o.values[f.index] = value(f, o.v.Field(f.index))
	}
	return o.values[f.index], nil
}

// state is the unknown that stands for a fact that is not known, or nil.
func (f *Facts) state(fact *fact) (ref.Val, error) {
	if fact.rec == "subject" && !fact.has(f.Subject.Kind) {
		return nil, absent{f.absence(fact)}
	}
	path := fact.path()
	if f.blank && path != "subject.kind" || fact.in != "" && !f.known[path] {
		return types.NewUnknown(0, types.QualifyAttribute(types.NewAttributeTrail(fact.rec), fact.name)), nil
	}
	return nil, nil
}

// value turns the field of a fact into a value of the language.
func value(f *fact, v reflect.Value) ref.Val {
	switch x := v.Interface().(type) {
	case string:
		return types.String(x)
	case bool:
		return types.Bool(x)
	case int64:
		return types.Int(x)
	case time.Time:
		return types.Timestamp{Time: x}
	case time.Duration:
		return types.Duration{Duration: x}
	case []string:
		return types.NewStringList(types.DefaultTypeAdapter, x)
	case arguments:
		return x.object()
	}
	items := make([]ref.Val, v.Len())
	for i := range items {
		items[i] = &object{rec: f.items, v: v.Index(i)}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, items)
}

// ConvertToNative is refused: a record is for reading facts.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no %s", o.rec.words, t)
}

// ConvertToType knows only the type of the type.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return types.NewObjectType(o.rec.name)
	}
	return types.NewErr("%s cannot be turned into %s", o.rec.words, t.TypeName())
}

// Equal tells whether two values are the same record.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	if !ok || o.lacks != "" || p.lacks != "" || !o.v.IsValid() || !p.v.IsValid() {
		return types.False
	}
	if o.of != nil || p.of != nil {
		return types.Bool(o.of == p.of && o.rec.trail == p.rec.trail)
	}
	return types.Bool(o.v.Type() == p.v.Type() && reflect.DeepEqual(o.v.Interface(), p.v.Interface()))
}

// Type is the type of the record.
func (o *object) Type() ref.Type {
	return types.NewObjectType(o.rec.name, traits.IndexerType|traits.FieldTesterType)
}

// Value is the object itself: the provider reads facts from it.
func (o *object) Value() any { return o }

// Get reads a fact by its name where the type was not known when the expression was checked.
func (o *object) Get(index ref.Val) ref.Val {
	f := o.named(index)
	if f == nil {
		return types.NewErr("%s has no fact named %v", bare(o.rec.words), index)
	}
	v, err := o.get(f)
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}

// IsSet tells whether there is a fact of that name and the delivery has it.
func (o *object) IsSet(field ref.Val) ref.Val {
	f := o.named(field)
	return types.Bool(f != nil && o.isSet(f))
}

func (o *object) isSet(f *fact) bool {
	return o.lacks == "" && (o.of == nil || o.of.absence(f) == "")
}

func (o *object) named(index ref.Val) *fact {
	name, _ := index.Value().(string)
	return o.rec.names[name]
}

// activation gives the variables of one delivery to expressions.
type activation struct {
	values map[string]any
	facts  *Facts
}

func newActivation(f *Facts) *activation {
	s := schema()
	a := &activation{facts: f, values: make(map[string]any, len(s.vars))}
	all := reflect.ValueOf(f).Elem()
	for _, v := range s.vars {
		field := all.Field(v.index)
		switch {
		case v.rec == nil && f.blank:
			a.values[v.name] = types.NewUnknown(0, types.NewAttributeTrail(v.name))
		case v.rec == nil && field.Type() == reflect.TypeFor[Rosters]():
			a.values[v.name] = &f.Teams
		case v.rec == nil && field.Kind() == reflect.Map:
			a.values[v.name] = types.DefaultTypeAdapter.NativeToValue(field.Interface())
		case v.rec == nil:
			a.values[v.name] = value(nil, field)
		default:
			o := &object{rec: v.rec, of: f, lacks: f.lacks(v)}
			if o.lacks == "" {
				if v.pointer {
					field = field.Elem()
				}
				o.v = field
			}
			a.values[v.name] = o
		}
	}
	return a
}

// ResolveName is a method of cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	v, ok := a.values[name]
	return v, ok
}

// Parent is a method of cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// provider tells the checker the types of records and their facts. It remembers what the checker did not find, for messages.
type provider struct {
	types.Provider
	missed map[string]*record // fact that was asked for → record that lacks it
	params *params            // of the command that an expression is compiled for; nil outside of commands
}

// record finds a record by the name of its type.
func (p *provider) record(name string) *record {
	if name == argumentsType && p.params != nil {
		return p.params.record
	}
	return schema().records[name]
}

// FindStructType is a method of types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if r := p.record(name); r != nil {
		return types.NewTypeTypeWithParam(types.NewObjectType(r.name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames is a method of types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if r := p.record(name); r != nil {
		return r.factNames(), true
	}
	return nil, false
}

// FindStructFieldType is a method of types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	r := p.record(name)
	if r == nil {
		return nil, false
	}
	f := r.names[field]
	if f == nil {
		p.missed[field] = r
		return nil, false
	}
	return &types.FieldType{
		Type:  f.typ,
		IsSet: func(target any) bool { o, ok := target.(*object); return ok && o.isSet(f) },
		GetFrom: func(target any) (any, error) {
			switch o := target.(type) {
			case *object:
				return o.get(f)
			case *types.Unknown:
				return o, nil
			}
			return nil, fmt.Errorf("%T has no fact %s", target, f.name)
		},
	}, true
}

// NewValue is a method of types.Provider. The language does not make records.
func (p *provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("%s cannot be made by an expression", name)
}
