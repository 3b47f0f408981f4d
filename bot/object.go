package bot

import (
	"strings"
	"time"
)

// object reads a decoded JSON object leniently: a member that is absent or of another type reads as its zero value. GitHub's
// payloads change over the years, and a rule that does not need what changed must not suffer from it. All methods bear nil.
type object map[string]any

func (o object) has(key string) bool { _, ok := o[key]; return ok }

func (o object) str(key string) string { s, _ := o[key].(string); return s }

// word is an upper- or lower-case enumeration value as rules write it.
func (o object) word(key string) string { return strings.ToLower(o.str(key)) }

func (o object) num(key string) int64 {
	f, _ := o[key].(float64)
	if !(f > -1<<53 && f < 1<<53) {
		return 0 // JSON numbers beyond that are not exact, and GitHub has no such number
	}
	return int64(f)
}

func (o object) flag(key string) bool { b, _ := o[key].(bool); return b }

func (o object) time(key string) time.Time {
	t, _ := time.Parse(time.RFC3339, o.str(key))
	return t
}

func (o object) obj(path ...string) object {
	for _, key := range path {
		m, _ := o[key].(map[string]any)
		o = m
	}
	return o
}

func (o object) objects(key string) []object {
	list, _ := o[key].([]any)
	out := make([]object, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (o object) strs(key string) []string {
	list, _ := o[key].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// pluck collects one string member of each object.
func pluck(list []object, key string) []string {
	out := make([]string, 0, len(list))
	for _, o := range list {
		out = append(out, o.str(key))
	}
	return out
}
