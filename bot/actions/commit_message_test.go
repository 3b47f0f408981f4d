package actions

import "testing"

func TestCleanText(t *testing.T) {
	for _, row := range []struct{ text, cut, want string }{
		{"What it does.\r\n\r\n<!-- Tell\r\nwhy. -->\r\n\r\nWhy.\r\n", "", "What it does.\n\nWhy."},
		{"One\n\n---\nRelease notes", "---", "One"},
		{"One\n\n## Checklist  \n- [ ] x", "## Check", "One"},
		{"One --- two", "---", "One --- two"},
		{"One <!-- a --> two <!-- b", "", "One  two"},
		{"", "---", ""},
	} {
		if got := cleanText(row.text, row.cut); got != row.want {
			t.Errorf("%q cut at %q:\n got %q\nwant %q", row.text, row.cut, got, row.want)
		}
	}
}

func TestWithTrailers(t *testing.T) {
	for _, row := range []struct {
		body     string
		trailers []string
		want     string
	}{
		{"Text: it is", nil, "Text: it is"},
		{"One line", []string{"Reviewed-by: bob", "Reviewed-by: bob"}, "One line\n\nReviewed-by: bob"},
		{"One\n\nSigned-off-by: alice", []string{"Reviewed-by: bob", "Signed-off-by: alice"}, "One\n\nSigned-off-by: alice\nReviewed-by: bob"},
		{"", []string{"Reviewed-by: bob", "Change: 7"}, "Reviewed-by: bob\nChange: 7"},
		{"One", []string{"Reviewed-by: ", ""}, "One"},
	} {
		if got := withTrailers(row.body, row.trailers); got != row.want {
			t.Errorf("%q with %q:\n got %q\nwant %q", row.body, row.trailers, got, row.want)
		}
	}
}
