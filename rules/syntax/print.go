package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Print writes the entries of a table as TOML 1.0 that reads as the same values. The keys of tables in it are dotted; tables
// deeper down and lists stand on one line.
func (f *File) Print(n *Node) string {
	var b strings.Builder
	for _, e := range n.Entries {
		f.printEntry(&b, "", e)
	}
	return b.String()
}

// printEntry writes a key with its value, or a table right below the one that is printed as several dotted keys.
func (f *File) printEntry(b *strings.Builder, prefix string, n *Node) {
	key := prefix + printKey(n.Key)
	if n.Kind == Table && len(n.Entries) > 0 && prefix == "" {
		for _, e := range n.Entries {
			f.printEntry(b, key+".", e)
		}
		return
	}
	fmt.Fprintf(b, "%s = %s\n", key, f.printValue(n))
}

// printValue writes a value on one line, or a text of several lines as such.
func (f *File) printValue(n *Node) string {
	switch n.Kind {
	case Table:
		parts := make([]string, len(n.Entries))
		for i, e := range n.Entries {
			parts[i] = printKey(e.Key) + " = " + f.printValue(e)
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case List:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = f.printValue(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case String:
		return printString(n.Text())
	case Integer, Bool:
		return fmt.Sprint(n.Value)
	}
	if at, ok := n.Value.(time.Time); ok && n.Span == (Span{}) { // no file holds it
		return at.UTC().Format("2006-01-02T15:04:05Z")
	}
	return f.Slice(n.Span) // times and fractions as they were written
}

// printKey writes a key, in quotes where it needs them.
func printKey(key string) string {
	bare := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
	if bare {
		return key
	}
	return basicString(key)
}

// printString writes a string in the quotes that need the fewest escapes.
func printString(s string) string {
	odd := func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n' || r == unicode.ReplacementChar
	}
	switch {
	case strings.ContainsFunc(s, odd):
	case strings.Contains(s, "\n"):
		if !strings.Contains(s, "'''") && !strings.HasSuffix(s, "'") {
			return "'''\n" + s + "'''"
		}
	case strings.ContainsAny(s, "\"\\\t") && !strings.Contains(s, "'"):
		return "'" + s + "'"
	}
	return basicString(s)
}

// basicString writes a string in double quotes.
func basicString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// PrintFile writes a whole file: plain keys first, then its tables, each list of tables item by item. What comment returns for
// a table stands above it.
func (f *File) PrintFile(root *Node, comment func(*Node) string) string {
	var head, tables strings.Builder
	section := func(open, close string, n *Node) {
		if tables.Len() > 0 {
			tables.WriteByte('\n')
		}
		if text := comment(n); text != "" {
			fmt.Fprintf(&tables, "# %s\n", strconv.Quote(text)[1:len(strconv.Quote(text))-1])
		}
		fmt.Fprintf(&tables, "%s%s%s\n%s", open, printKey(n.Key), close, f.Print(n))
	}
	for _, n := range root.Entries {
		switch {
		case n.Kind == Table:
			section("[", "]", n)
		case n.Kind == List && len(n.Items) > 0 && allTables(n.Items):
			for _, item := range n.Items {
				section("[[", "]]", item)
			}
		default:
			f.printEntry(&head, "", n)
		}
	}
	if head.Len() > 0 && tables.Len() > 0 {
		head.WriteByte('\n')
	}
	return head.String() + tables.String()
}

func allTables(items []*Node) bool {
	for _, item := range items {
		if item.Kind != Table {
			return false
		}
	}
	return true
}
