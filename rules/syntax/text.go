package syntax

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// offsets tells where each byte of a string's value is written in src, and where the byte after its last one is; raw is the
// range of the string with its quotes. It is nil when the text does not read as value, which would be a mistake here.
func offsets(src []byte, raw Span, value string) []int {
	body, at, multi := unquoted(src[raw.Start:raw.End])
	at += raw.Start
	escaped := src[raw.Start] == '"'
	var out []int
	var text []byte
	put := func(s []byte, start int, each bool) {
		for i := range s {
			if !each {
				out = append(out, start)
				continue
			}
			out = append(out, start+i)
		}
		text = append(text, s...)
	}
	for i := 0; i < len(body); {
		switch {
		case escaped && body[i] == '\\':
			s, n := escape(body[i:])
			put(s, at+i, false)
			i += n
		case multi && body[i] == '\r' && i+1 < len(body) && body[i+1] == '\n' && !keepsCR(value, len(text)):
			i++
		default:
			put(body[i:i+1], at+i, true)
			i++
		}
	}
	if string(text) != value {
		return nil
	}
	return append(out, at+len(body))
}

// keepsCR tells whether value has a carriage return at i: the TOML library may keep or drop it before a line feed.
func keepsCR(value string, i int) bool { return i < len(value) && value[i] == '\r' }

// unquoted returns what is between the quotes of raw, where that begins, and whether it may span lines.
func unquoted(raw []byte) (body []byte, start int, multi bool) {
	n := 1
	if len(raw) >= 6 && (bytes.HasPrefix(raw, []byte(`"""`)) || bytes.HasPrefix(raw, []byte(`'''`))) {
		n, multi = 3, true
	}
	if len(raw) < 2*n {
		return nil, 0, false
	}
	body = raw[n : len(raw)-n]
	start = n
	if multi {
		for _, lead := range []string{"\r\n", "\n"} {
			if bytes.HasPrefix(body, []byte(lead)) {
				return body[len(lead):], start + len(lead), true
			}
		}
	}
	return body, start, multi
}

// escape reads one escape sequence of a basic string: what it stands for, and how long it is.
func escape(s []byte) (value []byte, n int) {
	if len(s) < 2 {
		return nil, len(s)
	}
	digits := 0
	switch s[1] {
	case 'b':
		return []byte{'\b'}, 2
	case 't':
		return []byte{'\t'}, 2
	case 'n':
		return []byte{'\n'}, 2
	case 'f':
		return []byte{'\f'}, 2
	case 'r':
		return []byte{'\r'}, 2
	case 'e':
		return []byte{0x1b}, 2
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	case ' ', '\t', '\r', '\n':
		n = 1
		for n < len(s) && bytes.IndexByte([]byte(" \t\r\n"), s[n]) >= 0 {
			n++
		}
		return nil, n
	default:
		return s[1:2], 2
	}
	if len(s) < 2+digits {
		return nil, len(s)
	}
	r, err := strconv.ParseUint(string(s[2:2+digits]), 16, 32)
	if err != nil {
		return nil, 2 + digits
	}
	return utf8.AppendRune(nil, rune(r)), 2 + digits
}
