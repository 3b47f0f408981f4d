package rules

import (
	"strings"
	"unicode"
)

// call is one command as it stands in a text: a line "/name words" or "@bot name words".
type call struct {
	name  string // as written
	words string // what follows the name on its line, without white space at both ends
	line  int    // of the text, from 0
}

// maxCalls is how many commands of one text are heard.
const maxCalls = 20

// callsIn finds the commands that a text gives to the bot: each line that begins with /name or with @bot name, outside of code,
// quotes and HTML comments. It reads Markdown by its blocks (https://github.github.com/gfm/): fences, indented code, spans of
// code that run over several lines of a paragraph. A line that follows a quote counts as the writer's own, although Markdown
// draws it into the quote: people who answer mean it so.
func callsIn(text, bot string) []call {
	if len(text) > maxText {
		text = text[:maxText]
	}
	var out []call
	m := markdown{rest: text}
	n := -1
	for line := range strings.Lines(text) {
		n++
		m.rest = m.rest[len(line):]
		line = strings.TrimRight(line, "\r\n")
		if !m.prose(line) {
			continue
		}
		c, ok := callIn(line, bot)
		if !ok {
			continue
		}
		c.line = n
		if out = append(out, c); len(out) == maxCalls {
			break
		}
	}
	return out
}

// callIn reads one line.
func callIn(line, bot string) (call, bool) {
	line = strings.TrimSpace(line)
	rest, ok := strings.CutPrefix(line, "/")
	if !ok {
		if bot == "" || len(line) <= len(bot) || !strings.EqualFold(line[:1+len(bot)], "@"+bot) {
			return call{}, false
		}
		after := strings.TrimPrefix(line[1+len(bot):], "[bot]")
		rest = strings.TrimLeft(after, ",: \t")
		if rest == after { // @bellhopper is someone else
			return call{}, false
		}
		rest = strings.TrimPrefix(rest, "/")
	}
	name := rest
	if i := strings.IndexFunc(rest, unicode.IsSpace); i >= 0 {
		name = rest[:i]
	}
	return call{name: name, words: strings.TrimSpace(rest[len(name):])}, name != ""
}

// markdown is a reader of Markdown that knows where a line begins in prose.
type markdown struct {
	fence   string // what opened the block of code that the lines are in
	comment bool   // an HTML comment is open
	html    string // the end of the HTML element that is open and shows code
	ticks   int    // length of the run of backquotes that opened a span in this paragraph
	rest    string // what follows the line
}

// prose tells whether a line begins in prose, and moves behind it.
func (m *markdown) prose(line string) bool {
	trimmed := strings.TrimSpace(line)
	switch {
	case m.fence != "":
		if strings.HasPrefix(trimmed, m.fence) && strings.Trim(trimmed, m.fence[:1]) == "" {
			m.fence = ""
		}
		return false
	case m.comment || m.html != "":
		m.inline(line)
		return false
	case trimmed == "":
		m.ticks = 0
		return false
	case strings.HasPrefix(line, "    "), strings.HasPrefix(strings.TrimLeft(line, " "), "\t"), strings.HasPrefix(trimmed, ">"):
		return false
	}
	if fence := fenceOf(trimmed); fence != "" {
		m.fence, m.ticks = fence, 0
		return false
	}
	inside := m.ticks > 0
	m.inline(line)
	return !inside
}

// fenceOf is the run of characters that opens a block of code, or "".
func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, c))
		if n >= 3 && !(c == "`" && strings.Contains(line[n:], "`")) {
			return line[:n]
		}
	}
	return ""
}

// codeElements are the HTML elements whose content is code.
var codeElements = []string{"pre", "code", "script", "style", "textarea"}

// inline follows spans of code, HTML comments and elements along a line.
func (m *markdown) inline(line string) {
	for i := 0; i < len(line); {
		rest := line[i:]
		switch {
		case m.comment:
			end := strings.Index(rest, "-->")
			if end < 0 {
				return
			}
			m.comment = false
			i += end + len("-->")
		case m.html != "":
			end := strings.Index(strings.ToLower(rest), m.html)
			if end < 0 {
				return
			}
			i += end + len(m.html)
			m.html = ""
		case rest[0] == '`':
			n := len(rest) - len(strings.TrimLeft(rest, "`"))
			i += n
			if m.ticks == n {
				m.ticks = 0
			} else if m.ticks == 0 && m.closes(line[i:], n) {
				m.ticks = n
			}
		case m.ticks > 0:
			i++
		case rest[0] == '\\':
			i += 2
		case strings.HasPrefix(rest, "<!--"):
			m.comment = true
			i += len("<!--")
		case rest[0] == '<':
			for _, name := range codeElements {
				if opens(rest, name) {
					m.html = "</" + name
				}
			}
			i++
		default:
			i++
		}
	}
}

// maxSpan is how far ahead the end of a span of code is looked for, in bytes.
const maxSpan = 4096

// closes tells whether a run of n backquotes follows in the paragraph. One that nothing closes means itself.
func (m *markdown) closes(line string, n int) bool {
	if hasRun(line[:min(len(line), maxSpan)], n) {
		return true
	}
	for next := range strings.Lines(m.rest[:min(len(m.rest), maxSpan)]) {
		if strings.TrimSpace(next) == "" {
			return false
		}
		if hasRun(next, n) {
			return true
		}
	}
	return false
}

// hasRun tells whether a run of exactly n backquotes is in a line.
func hasRun(line string, n int) bool {
	for {
		i := strings.IndexByte(line, '`')
		if i < 0 {
			return false
		}
		line = line[i:]
		run := len(line) - len(strings.TrimLeft(line, "`"))
		if run == n {
			return true
		}
		line = line[run:]
	}
}

// opens tells whether a text begins with the start tag of an element.
func opens(text, name string) bool {
	if len(text) < len(name)+2 || !strings.EqualFold(text[1:1+len(name)], name) {
		return false
	}
	return strings.ContainsRune("> \t/", rune(text[1+len(name)]))
}
