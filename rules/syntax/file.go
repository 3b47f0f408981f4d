package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// MaxSize is the size in bytes that a file may have.
const MaxSize = 256 << 10

// maxDepth is how deep lists, tables and dotted keys may be nested.
const maxDepth = 32

// File is a TOML file and the place of everything in it. It does not change after Parse.
type File struct {
	Name string // as diagnostics call it
	Root *Node  // its top-level table; nil when the file is not TOML

	src   []byte
	lines []int // offsets at which lines begin
}

// Span is a range of bytes in a file.
type Span struct{ Start, End int }

// Parse reads src. Its diagnostics are about the syntax of TOML alone: the first error, or all keys that are written twice.
func Parse(name string, src []byte) (*File, []Diagnostic) {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // a mark that some editors write and none shows
	f := &File{Name: name, src: src, lines: []int{0}}
	if len(src) > MaxSize {
		f.src = nil
		return f, []Diagnostic{f.Problem(Span{}, fmt.Sprintf("the file has more than %d KB", MaxSize>>10), "Split it.")}
	}
	for i, c := range src {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	if at, deep := tooDeep(src); deep {
		return f, []Diagnostic{f.Problem(Span{at, at + 1}, fmt.Sprintf("nested more than %d levels deep", maxDepth), "")}
	}
	// BurntSushi/toml decides what TOML is and what a value is worth; the tree adds the places.
	var values map[string]any
	_, err := toml.Decode(string(src), &values)
	root, problems := f.tree(err == nil, values)
	switch {
	case len(problems) > 0: // better told than by the library
		return f, Sort(problems)
	case err != nil:
		return f, []Diagnostic{f.syntaxError(err)}
	}
	f.Root = root
	return f, nil
}

// syntaxError turns the parser's error into a diagnostic.
func (f *File) syntaxError(err error) Diagnostic {
	var p toml.ParseError
	if !errors.As(err, &p) {
		return f.Problem(Span{}, plain(err.Error()), "")
	}
	at := min(max(p.Position.Start, 0), len(f.src))
	span := Span{at, min(at+max(p.Position.Len, 1), len(f.src))}
	message, mend := friendly(p.Message)
	// An unfinished line is found out at its line break, or at the start of the next: point at the end of the text before.
	if at == len(f.src) || f.src[at] == '\n' || strings.Contains(p.Message, `'\n'`) {
		end := len(bytes.TrimRight(f.src[:at], " \t\r\n"))
		span = Span{max(end-1, 0), end}
	}
	for span.Start+1 < span.End && (f.src[span.Start] == ' ' || f.src[span.Start] == '\t') {
		span.Start++
	}
	return f.Problem(span, message, mend)
}

// friendly rewrites the messages of the parser that a beginner meets.
func friendly(message string) (text, mend string) {
	has := func(s string) bool { return strings.Contains(message, s) }
	switch {
	case has("strings cannot contain newlines"):
		return "the string does not end on its line", `Close it with its quote, or begin and end it with three quotes: ''' or """.`
	case has("unexpected EOF; expected \"'''\"") || has(`unexpected EOF; expected '"""'`) || has("unexpected EOF; expected '\"'"):
		return "the string does not end", "Close it with the quotes that it begins with."
	case has("invalid escape in string"):
		return strings.Replace(message, "invalid escape in string", "the string has an unknown escape", 1), "Write the backslash twice, or put the string in single quotes, where it is a plain character."
	case has("expected value but found") && !has("'\\n'") && !has("'='"):
		return strings.Replace(strings.TrimSuffix(message, " instead"), "expected value but found", "expected a value, found", 1), "A string needs quotes."
	case has("expected value but found"):
		return "expected a value", ""
	case has("expected a top-level item to end with a newline"):
		return "expected the line to end here", ""
	case has("expected '.' or '='"):
		return "expected = after the key", "A key with other characters than letters, digits, - and _ needs quotes."
	case has("expected '.' or ']'"):
		return "expected ] after the name of the table", ""
	case has("unexpected EOF"):
		return "the file ends in the middle of something", ""
	}
	return plain(message), ""
}

func plain(message string) string {
	return strings.TrimRight(strings.TrimPrefix(message, "toml: "), ". ")
}

// tooDeep tells where brackets or dotted keys are nested more than maxDepth deep. It need not understand more of TOML than
// strings and comments: what it misjudges in a broken file, the parser refuses anyhow.
func tooDeep(src []byte) (at int, deep bool) {
	depth, dots := 0, 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '"', '\'':
			i = endOfString(src, i) - 1
		case '#':
			for i+1 < len(src) && src[i+1] != '\n' {
				i++
			}
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '.':
			dots++
		case '\n', '=', ',':
			dots = 0
		}
		if depth > maxDepth || dots > maxDepth {
			return i, true
		}
	}
	return 0, false
}

// endOfString returns the offset after the string whose opening quote is at i.
func endOfString(src []byte, i int) int {
	quote := src[i : i+1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(src[i:], triple) {
		quote = triple
	}
	for j := i + len(quote); j < len(src); j++ {
		switch {
		case src[j] == '\\' && quote[0] == '"':
			j++
		case bytes.HasPrefix(src[j:], quote):
			j += len(quote)
			for len(quote) == 3 && j < len(src) && src[j] == quote[0] { // """a""" may end in up to two more quotes
				j++
			}
			return j
		case src[j] == '\n' && len(quote) == 1:
			return j
		}
	}
	return len(src)
}

// Position turns an offset into a line and a column, both from 1; the column counts characters.
func (f *File) Position(offset int) (line, col int) {
	offset = min(max(offset, 0), len(f.src))
	i := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset }) - 1
	return i + 1, utf8.RuneCount(f.src[f.lines[i]:offset]) + 1
}

// Problem makes a diagnostic that points at a span of f. A span of several lines is underlined on its first.
func (f *File) Problem(at Span, message, mend string) Diagnostic {
	line, col := f.Position(at.Start)
	text := f.line(line)
	start := f.lines[line-1]
	end := min(max(at.End, at.Start+1), start+len(text))
	width := 1
	if end > at.Start {
		width = utf8.RuneCount(f.src[at.Start:end])
	}
	return Diagnostic{File: f.Name, Line: line, Col: col, EndCol: col + width, Message: message, Mend: mend, Source: string(text)}
}

// line is the text of line n, from 1, without its line break.
func (f *File) line(n int) []byte {
	end := len(f.src)
	if n < len(f.lines) {
		end = f.lines[n]
	}
	return bytes.TrimRight(f.src[f.lines[n-1]:end], "\r\n")
}

// Slice is the text of a span as it stands in the file.
func (f *File) Slice(at Span) string {
	return string(f.src[min(max(at.Start, 0), len(f.src)):min(max(at.End, at.Start, 0), len(f.src))])
}
