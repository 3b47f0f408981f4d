package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
)

// offset turns a place that CEL names, line from 1 and column from 0 in characters, into an offset in bytes.
func offset(text string, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	for ; column > 0 && at < len(text); column-- {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

// extent is where an expression is written, from its first to its last character as far as the parser tells.
func extent(text string, a *ast.AST, e ast.Expr) (from, to int) {
	from, to = len(text), 0
	info := a.SourceInfo()
	visit := func(e ast.Expr) {
		start := info.GetStartLocation(e.ID())
		if start.Line() < 1 {
			return
		}
		at := offset(text, start.Line(), start.Column())
		end := at + tokenLength(text[at:])
		switch e.Kind() {
		case ast.SelectKind: // its place is the dot
			if rest := text[at:]; strings.HasPrefix(rest, ".") {
				gap := len(rest) - len(strings.TrimLeft(rest[1:], " \t\r\n")) // with the dot
				end = at + gap + tokenLength(rest[gap:])
			}
		case ast.CallKind: // the place of a call is its (
			if strings.HasPrefix(text[at:], "(") {
				name := e.AsCall().FunctionName()
				if before := strings.TrimRight(text[:at], " \t"); strings.HasSuffix(before, name) {
					at = len(before) - len(name)
				}
				if close := closing(text, end-1); close > end {
					end = close
				}
			}
		}
		from, to = min(from, at), max(to, end)
	}
	ast.PreOrderVisit(e, ast.NewExprVisitor(visit))
	if from >= to {
		return 0, len(text)
	}
	return from, to
}

// closing is the offset after the bracket that closes the one at i, or 0. Strings are passed over.
func closing(text string, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			i += tokenLength(text[i:]) - 1
		}
	}
	return 0
}

// tokenLength is the length of the word, number, string or sign that a text begins with.
func tokenLength(text string) int {
	if text == "" {
		return 0
	}
	if c := text[0]; c == '"' || c == '\'' {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case c:
				return i + 1
			}
		}
		return len(text)
	}
	n := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	switch {
	case n < 0:
		return len(text)
	case n > 0:
		return n
	}
	for _, sign := range []string{"==", "!=", "<=", ">=", "&&", "||"} {
		if strings.HasPrefix(text, sign) {
			return 2
		}
	}
	_, n = utf8.DecodeRuneInString(text)
	return n
}
