package actions

import (
	"slices"
	"strings"

	"bellhop/rules"
)

// GitHub compares logins and names of labels without regard to case.

func has(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// without returns what is in want and not in have: each once, in the order of want. Empty names, which a template may give,
// are left out.
func without(want, have []string) []string {
	var out []string
	for _, s := range want {
		if s = strings.TrimSpace(s); s != "" && !has(have, s) && !has(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// within returns what is in both, as want and in its order.
func within(want, have []string) []string {
	return slices.DeleteFunc(without(want, nil), func(s string) bool { return !has(have, s) })
}

// logins takes the @ off names that were written as people mention each other.
func logins(names []string) []string {
	out := make([]string, len(names))
	for i, s := range names {
		out[i] = strings.TrimPrefix(strings.TrimSpace(s), "@")
	}
	return out
}

// isTemplate tells that a text is complete only once its templates are rendered, so that little can be said about it before.
func isTemplate(text string) bool { return strings.Contains(text, "{{") }

// checkNames reports a list of names that is empty or holds an empty name.
func checkNames(r *rules.Report, field string, names []string, what string) {
	if len(names) == 0 {
		r.Problem(field, "no "+what+" is named", "")
	}
	for _, s := range names {
		if strings.TrimSpace(s) == "" {
			r.Problem(field, "the name of a "+what+" is empty", "")
			return
		}
	}
}

// checkLength reports a text that is longer than GitHub takes, where that can be seen before templates are rendered.
func checkLength(r *rules.Report, field, text string, limit int, mend string) {
	if !isTemplate(text) && len([]rune(text)) > limit {
		r.Problem(field, tooLong(limit), mend)
	}
}

// checkNoTeams reports a team among users.
func checkNoTeams(r *rules.Report, field string, users []string) {
	for _, s := range users {
		if !isTemplate(s) && strings.Contains(s, "/") {
			r.Problem(field, s+" is a team", "Name people.")
		}
	}
}

// listed joins names for people: "a, b and c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
