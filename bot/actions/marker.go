package actions

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"bellhop/rules"
)

// maxBody is the most characters that GitHub takes as the text of a comment, a review or an issue.
const maxBody = 65_536

// marker is a hidden line that names the step of t, the same each time that the step is tried. It stands at the very
// beginning of what the bot writes: there nothing that was inserted from outside can forge it, and no open code block shows it.
func marker(t rules.Target) string {
	return fmt.Sprintf("<!-- bellhop %s %d %s -->", hidden(t.Delivery), t.Step, hidden(t.Rule))
}

// hidden makes text fit for an HTML comment: it ends neither the comment nor the line, and different texts stay different.
func hidden(text string) string {
	return hiding.Replace(text)
}

var hiding = strings.NewReplacer("%", "%25", "--", "-%2D", "\n", "%0A", "\r", "%0D")

// mark puts a marker before text and cuts what GitHub would not take.
func mark(marker, text string) string {
	return marker + "\n" + cut(text, maxBody-utf8.RuneCountInString(marker)-1)
}

// marked tells whether body begins with the marker.
func marked(body, marker string) bool { return strings.HasPrefix(body, marker) }

const cutNote = "\n\n*The rest was cut off: GitHub takes no longer text.*"

// cut shortens text to limit characters, the note that it did so included.
func cut(text string, limit int) string {
	return shorten(text, limit, cutNote)
}

// shorten cuts text to limit characters, of which end are the last when something was cut.
func shorten(text string, limit int, end string) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	keep := limit - utf8.RuneCountInString(end)
	n := 0
	for i := range text {
		if n == keep {
			return text[:i] + end
		}
		n++
	}
	return text
}
