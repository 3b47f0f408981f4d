package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Kind is the type of a node.
type Kind int

// The types of TOML. All dates and times are one.
const (
	Table Kind = iota + 1
	List
	String
	Integer
	Float
	Bool
	Time
)

// String is the type in words, with its article.
func (k Kind) String() string {
	switch k {
	case Table:
		return "a table"
	case List:
		return "a list"
	case String:
		return "a string"
	case Integer:
		return "a whole number"
	case Float:
		return "a number"
	case Bool:
		return "true or false"
	case Time:
		return "a date or time"
	}
	return "nothing"
}

// Node is one value of a file. Methods of a nil *Node answer as for nothing.
type Node struct {
	Kind    Kind
	Key     string  // the key that it stands under; of a list's item, the key of the list
	KeySpan Span    // where that key is written; of a [[table]], the name in its header
	Span    Span    // where the value is written; of a table made by a header or a dotted key, its KeySpan
	Value   any     // of a plain value: string, int64, float64, bool or time.Time
	Entries []*Node // of a table, in the order of the file
	Items   []*Node // of a list

	index   map[string]*Node // of a table: Entries by key
	offsets []int            // of a string: where in the file each byte of Value, and its end, stands
	header  bool             // a table that was opened by [header], [[header]] or {}
}

// Get returns the entry of a table with this key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	return n.index[key]
}

// add puts e into a table.
func (n *Node) add(e *Node) {
	if n.index == nil {
		n.index = map[string]*Node{}
	}
	n.index[e.Key] = e
	n.Entries = append(n.Entries, e)
}

// At follows a dotted path of keys from a table, or returns the last node there is on it, so that a diagnostic has a place.
// It is nil for a nil table only.
func (n *Node) At(path string) *Node {
	for key := range strings.SplitSeq(path, ".") {
		next := n.Get(key)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Text is the value of a string, or "".
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	s, _ := n.Value.(string)
	return s
}

// Within returns where the bytes from..to of a string's value are written in the file, whatever quotes and escapes it has.
func (n *Node) Within(from, to int) Span {
	if n == nil || len(n.offsets) == 0 {
		if n == nil {
			return Span{}
		}
		return n.Span
	}
	last := len(n.offsets) - 1
	from = min(max(from, 0), last)
	to = min(max(to, from), last)
	return Span{n.offsets[from], n.offsets[to]}
}

// builder makes the tree of a file.
type builder struct {
	f     *File
	p     unstable.Parser
	root  *Node
	twice []Diagnostic
}

// tree builds the tree of f and reports keys that are written twice. With filled it takes the values from what the TOML
// library decoded; without, it is only there to find places.
func (f *File) tree(filled bool, values map[string]any) (*Node, []Diagnostic) {
	b := &builder{f: f, root: &Node{Kind: Table, header: true}}
	b.p.Reset(f.src)
	at := b.root
	for b.p.NextExpression() {
		switch e := b.p.Expression(); e.Kind {
		case unstable.Table:
			at = b.header(e, false)
		case unstable.ArrayTable:
			at = b.header(e, true)
		case unstable.KeyValue:
			b.pair(at, e)
		}
	}
	err := b.p.Error()
	switch {
	case err != nil && !filled:
		return nil, nil // the other parser knows better what is wrong
	case err != nil: // the two do not agree: a file of which half has no place must not pass for a short one
		at := Span{}
		var p *unstable.ParserError
		if errors.As(err, &p) && len(p.Highlight) > 0 {
			at = span(b.p.Range(p.Highlight))
		}
		return nil, []Diagnostic{f.Problem(at, "this is not TOML: "+plain(err.Error()), "")}
	case filled:
		b.fill(b.root, values)
	}
	return b.root, b.twice
}

func span(r unstable.Range) Span { return Span{int(r.Offset), int(r.Offset + r.Length)} }

// header opens the table of a [header] or [[header]].
func (b *builder) header(e *unstable.Node, array bool) *Node {
	t := b.root
	for it := e.Key(); it.Next(); {
		k := it.Node()
		name, at := string(k.Data), span(k.Raw)
		if !it.IsLast() {
			t = b.child(t, name, at)
			continue
		}
		if array {
			return b.item(t, name, at)
		}
		old := t.Get(name)
		if old != nil && (old.Kind != Table || old.header) {
			b.repeated(old, name, at)
			return &Node{Kind: Table}
		}
		t = b.child(t, name, at)
		t.header = true
		t.KeySpan, t.Span = at, at
	}
	return t
}

// item adds a table to the list of tables called name.
func (b *builder) item(t *Node, name string, at Span) *Node {
	list := t.Get(name)
	if list == nil {
		list = &Node{Kind: List, Key: name, KeySpan: at, Span: at}
		t.add(list)
	} else if list.Kind != List {
		b.repeated(list, name, at)
		return &Node{Kind: Table}
	}
	n := &Node{Kind: Table, Key: name, KeySpan: at, Span: at, header: true}
	list.Items = append(list.Items, n)
	return n
}

// child returns the table called name in t, which it makes if need be; of a list of tables, its last.
func (b *builder) child(t *Node, name string, at Span) *Node {
	n := t.Get(name)
	if n == nil {
		n = &Node{Kind: Table, Key: name, KeySpan: at, Span: at}
		t.add(n)
		return n
	}
	if n.Kind == List && len(n.Items) > 0 && n.Items[len(n.Items)-1].Kind == Table {
		return n.Items[len(n.Items)-1]
	}
	if n.Kind != Table {
		b.repeated(n, name, at)
		return &Node{Kind: Table}
	}
	return n
}

func (b *builder) repeated(old *Node, name string, at Span) {
	line, _ := b.f.Position(old.KeySpan.Start)
	b.twice = append(b.twice, b.f.Problem(at, fmt.Sprintf("%s is written twice, first on line %d", name, line), "Keep one of them."))
}

// pair adds a `key = value` to the table t.
func (b *builder) pair(t *Node, e *unstable.Node) {
	var name string
	var at Span
	for it := e.Key(); it.Next(); {
		k := it.Node()
		name, at = string(k.Data), span(k.Raw)
		if !it.IsLast() {
			t = b.child(t, name, at)
		}
	}
	n := b.value(e.Value(), b.after(at.End, span(e.Raw)))
	n.Key, n.KeySpan = name, at
	if old := t.Get(name); old != nil {
		b.repeated(old, name, at)
		return
	}
	t.add(n)
}

// after is where the value of a pair is written whose key ends at offset key.
func (b *builder) after(key int, pair Span) Span {
	rest := b.f.src[key:max(pair.End, key)]
	i := bytes.IndexByte(rest, '=') + 1
	for i < len(rest) && (rest[i] == ' ' || rest[i] == '\t') {
		i++
	}
	return Span{key + i, pair.End}
}

// value makes the node of a value; around is where it or what holds it is written, for values that the parser gives no
// range of their own.
func (b *builder) value(v *unstable.Node, around Span) *Node {
	n := &Node{Span: around}
	switch v.Kind {
	case unstable.Array:
		n.Kind = List
		for it := v.Children(); it.Next(); {
			if it.Node().Kind != unstable.Comment {
				n.Items = append(n.Items, b.value(it.Node(), around))
			}
		}
	case unstable.InlineTable:
		n.Kind, n.header = Table, true
		if open := span(v.Raw); open.Start > around.Start {
			n.Span = open
		}
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				b.pair(n, it.Node())
			}
		}
	case unstable.String:
		n.Kind, n.Span = String, span(v.Raw)
		n.Value = string(v.Data)
	case unstable.Integer:
		n.Kind, n.Span = Integer, span(v.Raw)
	case unstable.Float:
		n.Kind, n.Span = Float, span(v.Raw)
	case unstable.Bool:
		n.Kind, n.Span = Bool, span(v.Raw)
	default:
		n.Kind, n.Span = Time, span(v.Raw)
	}
	return n
}

// fill gives the nodes the values that the TOML library decoded.
func (b *builder) fill(n *Node, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range n.Entries {
			b.fill(e, v[e.Key])
		}
	case []map[string]any:
		for i, item := range n.Items {
			if i < len(v) {
				b.fill(item, v[i])
			}
		}
	case []any:
		for i, item := range n.Items {
			item.Key, item.KeySpan = n.Key, n.KeySpan
			if i < len(v) {
				b.fill(item, v[i])
			}
		}
	case string:
		n.Kind, n.Value = String, v
		n.offsets = offsets(b.f.src, n.Span, v)
	case int64:
		n.Kind, n.Value = Integer, v
	case float64:
		n.Kind, n.Value = Float, v
	case bool:
		n.Kind, n.Value = Bool, v
	case time.Time:
		n.Kind, n.Value = Time, v
	}
}
