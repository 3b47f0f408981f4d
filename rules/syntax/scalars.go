package syntax

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// plain decodes strings, booleans and numbers.
func (d *decoder) plain(n *Node, what string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if n.Kind == String {
			v.SetString(n.Text())
			return
		}
		mend := ""
		if n.Kind == Integer || n.Kind == Float || n.Kind == Bool {
			mend = fmt.Sprintf("Write it in quotes: %q.", d.f.Slice(n.Span))
		}
		d.mismatch(n, what, "a string", mend)
	case reflect.Bool:
		if b, ok := n.Value.(bool); ok {
			v.SetBool(b)
			return
		}
		mend := ""
		if t := n.Text(); t == "true" || t == "false" {
			mend = "Leave out the quotes."
		}
		d.mismatch(n, what, "true or false", mend)
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		i, ok := n.Value.(int64)
		switch {
		case !ok:
			d.mismatch(n, what, "a whole number", unquote(n))
		case v.OverflowInt(i):
			d.problem(n.Span, fmt.Sprintf("%s is out of range: %d", what, i), "")
		default:
			v.SetInt(i)
		}
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		i, ok := n.Value.(int64)
		switch {
		case !ok:
			d.mismatch(n, what, "a whole number", unquote(n))
		case i < 0 || v.OverflowUint(uint64(i)):
			d.problem(n.Span, fmt.Sprintf("%s is out of range: %d", what, i), "")
		default:
			v.SetUint(uint64(i))
		}
	case reflect.Float64:
		switch x := n.Value.(type) {
		case float64:
			v.SetFloat(x)
		case int64:
			v.SetFloat(float64(x))
		default:
			d.mismatch(n, what, "a number", unquote(n))
		}
	default:
		panic(fmt.Sprintf("syntax: %s: no way to decode into %s", what, v.Type()))
	}
}

// unquote is the mend for a number in quotes.
func unquote(n *Node) string {
	if _, err := strconv.ParseFloat(n.Text(), 64); err == nil {
		return "Leave out the quotes."
	}
	return ""
}

// Plain is the value as TOML libraries give it: map[string]any, []any, string, int64, float64, bool or time.Time.
func (n *Node) Plain() any {
	switch n.Kind {
	case Table:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = e.Plain()
		}
		return m
	case List:
		l := make([]any, len(n.Items))
		for i, item := range n.Items {
			l[i] = item.Plain()
		}
		return l
	}
	return n.Value
}

// setText sets a field from the text of its default.
func setText(v reflect.Value, text string) error {
	if u := unmarshaler(v); u != nil {
		return u.UnmarshalText([]byte(text))
	}
	if v.Type() == durationType {
		d, err := Duration(text)
		v.SetInt(int64(d))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
		return err
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		i, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(i)
		return err
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		v.SetFloat(x)
		return err
	case reflect.Slice:
		if text == "" {
			return nil
		}
		parts := strings.Split(text, ",")
		out := reflect.MakeSlice(v.Type(), len(parts), len(parts))
		for i, p := range parts {
			if err := setText(out.Index(i), strings.TrimSpace(p)); err != nil {
				return err
			}
		}
		v.Set(out)
	default:
		return fmt.Errorf("no default for a %s", v.Type())
	}
	return nil
}

// Duration reads a length of time: numbers with the units w, d, h, m, s and ms, as "14d", "2w" or "1h30m". A day has 24 hours.
func Duration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no length of time", text)
	units := map[string]float64{
		"w": float64(7 * 24 * time.Hour), "d": float64(24 * time.Hour), "h": float64(time.Hour),
		"m": float64(time.Minute), "s": float64(time.Second), "ms": float64(time.Millisecond),
	}
	rest := strings.ReplaceAll(text, " ", "")
	total, parts := 0.0, 0
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if i <= 0 {
			return 0, bad
		}
		j := i + strings.IndexFunc(rest[i:]+"0", func(r rune) bool { return r >= '0' && r <= '9' })
		x, err := strconv.ParseFloat(rest[:i], 64)
		unit, ok := units[rest[i:j]]
		if err != nil || !ok {
			return 0, bad
		}
		total += x * unit
		rest = rest[j:]
		parts++
	}
	if parts == 0 || total > math.MaxInt64/2 {
		return 0, bad
	}
	return time.Duration(math.Round(total)), nil
}
