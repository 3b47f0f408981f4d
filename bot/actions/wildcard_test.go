package actions

import "testing"

func TestFits(t *testing.T) {
	for _, row := range []struct {
		pattern, name string
		want          bool
	}{
		{"size/M", "SIZE/m", true},
		{"size/M", "size/ML", false},
		{"size/*", "size/XL", true},
		{"size/*", "size/", true},
		{"size/*", "asize/M", false},
		{"*/high", "priority/high", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "ac", false},
		{"*", "", true},
		{"**", "x", true},
	} {
		if got := fits(row.pattern, row.name); got != row.want {
			t.Errorf("fits(%q, %q) = %t", row.pattern, row.name, got)
		}
	}
}
