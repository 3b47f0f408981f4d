package actions

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bellhop/rules"
)

func mustTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestMarker(t *testing.T) {
	for _, row := range []struct {
		target rules.Target
		want   string
	}{
		{rules.Target{Delivery: "72d3162e", Rule: "Welcome"}, "<!-- bellhop 72d3162e 0 Welcome -->"},
		{rules.Target{Delivery: "72d3162e", Rule: "a-b", Step: 3}, "<!-- bellhop 72d3162e 3 a-b -->"},
		{rules.Target{Delivery: "d", Rule: "x --> y"}, "<!-- bellhop d 0 x -%2D> y -->"},
		{rules.Target{Delivery: "d", Rule: "---\n100%"}, "<!-- bellhop d 0 -%2D-%0A100%25 -->"},
	} {
		if got := marker(row.target); got != row.want {
			t.Errorf("marker(%+v) = %q, want %q", row.target, got, row.want)
		}
	}
}

func TestMark(t *testing.T) {
	m := marker(rules.Target{Delivery: "d", Rule: "r"})
	for _, text := range []string{"", "short", strings.Repeat("é", maxBody), strings.Repeat("x", 3*maxBody)} {
		got := mark(m, text)
		if !marked(got, m) || !utf8.ValidString(got) {
			t.Errorf("mark of %d characters is not marked or broken", len(text))
		}
		n := utf8.RuneCountInString(got)
		if n > maxBody {
			t.Errorf("%d characters are more than GitHub takes", n)
		}
		if isCut := strings.HasSuffix(got, cutNote); isCut != (utf8.RuneCountInString(text) > maxBody-len(m)-1) {
			t.Errorf("mark of %d characters: cut is %v", utf8.RuneCountInString(text), isCut)
		}
	}
}

func FuzzMarker(f *testing.F) {
	f.Add("72d3162e", "Welcome", 0)
	f.Add("d", "--> <!-- \r\n--", 1)
	f.Add("d 1 r", "r", 1)
	f.Fuzz(func(t *testing.T, delivery, rule string, step int) {
		m := marker(rules.Target{Delivery: delivery, Rule: rule, Step: step})
		inner := strings.TrimSuffix(strings.TrimPrefix(m, "<!--"), "-->")
		if strings.Contains(inner, "--") || strings.ContainsAny(m, "\r\n") {
			t.Errorf("the comment or its line ends early: %q", m)
		}
		if other := marker(rules.Target{Delivery: delivery, Rule: rule + "x", Step: step}); marked(mark(other, ""), m) {
			t.Errorf("%q passes for %q", other, m)
		}
	})
}

func TestShorten(t *testing.T) {
	for _, row := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 5, ""},
		{"12345", 5, "12345"},
		{"123456", 5, "1234…"},
		{"äöüßé", 5, "äöüßé"},
		{"äöüßéx", 5, "äöüß…"},
	} {
		if got := shorten(row.text, row.limit, "…"); got != row.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", row.text, row.limit, got, row.want)
		}
	}
}
