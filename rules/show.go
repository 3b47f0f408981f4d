package rules

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// overs are the expressions that matchers are held against, compiled: there are as many as rows in the table.
var overs sync.Map // text → *expression

// seenBy shows what an expression came to.
func seenBy(text string, cached bool) func(*activation) string {
	var x *expression
	if v, ok := overs.Load(text); ok && cached {
		x = v.(*expression)
	} else if x, _ = compile(text, nil); x == nil {
		return func(*activation) string { return "" }
	} else if cached {
		overs.Store(text, x)
	}
	return func(a *activation) string {
		ans := x.eval(a)
		if ans.value == nil {
			return ""
		}
		return show(ans.value)
	}
}

// seenFacts shows the facts that an expression reads, those that are short.
func seenFacts(x *expression) func(*activation) string {
	return func(a *activation) string {
		var out []string
		for _, path := range x.reads {
			f := schema().fact(path)
			if f == nil || f.items != nil || len(out) == 6 {
				continue
			}
			name := f.rec
			if kind := a.kind(); name == "subject" && kind != "" {
				name = shortKind(kind)
			}
			o, ok := a.values[f.rec].(*object)
			if !ok {
				continue
			}
			v, err := o.get(f)
			if err != nil || types.IsUnknown(v) {
				continue
			}
			out = append(out, fmt.Sprintf("%s.%s = %s", name, f.name, show(v)))
		}
		return strings.Join(out, ", ")
	}
}

// kind is the kind of the delivery's subject; "" when it has none.
func (a *activation) kind() string {
	if a.facts.Subject == nil {
		return ""
	}
	return a.facts.Subject.Kind
}

// shortKind is the variable that is a view of a kind of subject.
func shortKind(kind string) string {
	for short, k := range shorts {
		if k == kind {
			return short
		}
	}
	return "subject"
}

// Limits of what an explanation shows.
const (
	maxShown      = 80 // characters of one text
	maxShownItems = 5
)

// show writes a value for an explanation.
func show(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return strconv.Quote(short(string(v), maxShown))
	case types.Timestamp:
		return v.Time.UTC().Format(time.RFC3339)
	case types.Duration:
		return spell(v.Duration)
	case types.Null:
		return "null"
	case *object:
		if v.rec.name == argumentsType {
			return v.showArguments()
		}
		return v.rec.words
	case interface {
		Get(ref.Val) ref.Val
		Size() ref.Val
	}:
		n, ok := v.Size().(types.Int)
		if _, list := v.(interface{ Add(ref.Val) ref.Val }); !ok || !list {
			return "a map"
		}
		var items []string
		for i := types.Int(0); i < min(n, maxShownItems); i++ {
			items = append(items, show(v.Get(i)))
		}
		if n > maxShownItems {
			items = append(items, fmt.Sprintf("and %d more", n-maxShownItems))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return short(fmt.Sprint(v.Value()), maxShown)
}

// spell writes a length of time as people say it: its two largest units.
func spell(d time.Duration) string {
	if d < 0 {
		return "-" + spell(-d)
	}
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	var out []string
	for _, u := range units {
		if n := d / u.size; n > 0 && len(out) < 2 {
			out = append(out, fmt.Sprintf("%d%s", n, u.name))
			d -= n * u.size
		} else if len(out) > 0 {
			break
		}
	}
	if len(out) == 0 {
		return "0s"
	}
	return strings.Join(out, " ")
}
