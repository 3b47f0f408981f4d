package actions

import (
	"slices"
	"strings"
)

// isWildcard tells that a name stands for all names that it fits: it holds a *, for any part.
func isWildcard(name string) bool { return strings.Contains(name, "*") }

// fits tells whether a name is what a pattern with * for any part stands for, without regard to case. A pattern without * is a name.
func fits(pattern, name string) bool {
	pattern, name = strings.ToLower(strings.TrimSpace(pattern)), strings.ToLower(name)
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, first) || !strings.HasSuffix(name[len(first):], last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name = after
	}
	return true
}

// fitsAny tells whether a name fits one of the patterns.
func fitsAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, name) })
}

// fitting returns the names that fit one of the patterns, in their order.
func fitting(patterns, names []string) []string {
	var out []string
	for _, name := range names {
		if fitsAny(patterns, name) {
			out = append(out, name)
		}
	}
	return out
}
