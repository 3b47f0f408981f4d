package rules

import (
	"regexp"
	"strings"
	"unicode"
)

// maxInserted is how many characters one template inserts at the most.
const maxInserted = 4000

// zeroWidth stands between characters that GitHub would take for a mention, a reference or a link. It is not seen.
const zeroWidth = "\u200b"

// oneLine makes one line of plain text: white space of any kind becomes a single space, control and direction characters go.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, unicode.Is(unicode.Bidi_Control, r), r >= 0xE0000 && r <= 0xE007F:
			return -1
		}
		return r
	}, text)
	clean = strings.Join(strings.Fields(clean), " ")
	if runes := []rune(clean); len(runes) > maxInserted {
		clean = string(runes[:maxInserted-1]) + "…"
	}
	return clean
}

var (
	reference = regexp.MustCompile(`(?i)\b(gh-)(\d)`)
	listMark  = regexp.MustCompile(`^(\d+)([.)])`)
	www       = regexp.MustCompile(`(?i)\b(www)\.`)
)

// inert makes of any text what GitHub's Markdown shows as that text and nothing else, wherever in a line it is inserted: one
// line, no mention, no reference, no link, no HTML, no formatting, no command to another bot. A backquote becomes a character
// that looks like one, since in code nothing can take its meaning.
//
// GitHub looks for mentions and references in the text that Markdown has made, so a backslash before @ would not stop them:
// a character of no width does.
func inert(text string) string {
	text = oneLine(text)
	text = reference.ReplaceAllString(text, "${1}"+zeroWidth+"${2}")
	text = www.ReplaceAllString(text, "${1}"+zeroWidth+".")
	text = strings.ReplaceAll(text, "://", ":"+zeroWidth+"//")
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '`':
			b.WriteRune('ˋ')
		case '@', '#':
			if i == 0 && r == '#' {
				b.WriteByte('\\') // no heading
			}
			b.WriteRune(r)
			b.WriteString(zeroWidth)
		case '\\', '*', '[', ']', '~', '|', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '_':
			if !betweenWords(runes, i) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case '-', '+', '=', '/', ':':
			if i == 0 {
				b.WriteByte('\\') // no list, no underline, no table, no command
			}
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return listMark.ReplaceAllString(b.String(), `${1}\${2}`)
}

// betweenWords tells whether the character at i stands between two letters or digits, where an underscore formats nothing.
func betweenWords(runes []rune, i int) bool {
	word := func(j int) bool {
		return j >= 0 && j < len(runes) && (unicode.IsLetter(runes[j]) || unicode.IsDigit(runes[j]))
	}
	return word(i-1) && word(i+1)
}
