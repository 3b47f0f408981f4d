package syntax

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest returns the name that was probably meant by word, or "" when none is near. Among names that are equally near it
// takes the first in the alphabet.
func Nearest(word string, names []string) string {
	best, bestCost := "", 1<<30
	names = slices.Sorted(slices.Values(names))
	for _, name := range names {
		if cost := distance(fold(word), fold(name)); cost < bestCost {
			best, bestCost = name, cost
		}
	}
	if bestCost <= allowed(word) {
		return best
	}
	for _, name := range names { // a whole word of it: review for reviewers, files for only_files
		if w, n := fold(word), fold(name); len(w) >= 4 && (strings.HasPrefix(n, w) || strings.HasSuffix(n, w) || len(n) >= 4 && strings.HasPrefix(w, n)) {
			return name
		}
	}
	return ""
}

// Misspelt is Nearest for words that people write in prose: only a name that word has become by a slip of the fingers counts,
// none of which word is a part.
func Misspelt(word string, names []string) string {
	near := Nearest(word, names)
	if near == "" || distance(fold(word), fold(near)) > allowed(word) {
		return ""
	}
	return near
}

// allowed is how many edits a misspelling of word may have.
func allowed(word string) int {
	switch n := len(word); {
	case n <= 2:
		return 0
	case n <= 5:
		return 1
	case n <= 8:
		return 2
	default:
		return 3
	}
}

func fold(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ReplaceAll(strings.ToLower(s), "-", "_")
}

// distance counts the edits from a to b: one letter more, less, other, or two letters swapped.
func distance(a, b string) int {
	before, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev = prev, row
	}
	return prev[len(b)]
}

// Suggest is how to mend an unknown name: the nearest of names, or, when none is near, what there is to choose from.
func Suggest(word string, names []string) string {
	if near := Nearest(word, names); near != "" {
		return fmt.Sprintf("Did you mean %s?", near)
	}
	if len(names) == 0 {
		return ""
	}
	names = slices.Sorted(slices.Values(names))
	if len(names) > 40 {
		return ""
	}
	return "There is: " + strings.Join(names, ", ") + "."
}
