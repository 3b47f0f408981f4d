package syntax

import "time"

// NewTable makes a table that no file holds, for what a shorter form stands for. at is where the shorter form is written, and
// where diagnostics about the table point.
func NewTable(key string, at Span, entries ...*Node) *Node {
	n := &Node{Kind: Table, Key: key, KeySpan: at, Span: at, header: true}
	for _, e := range entries {
		n.add(e)
	}
	return n
}

// NewString makes a string that no file holds, as NewTable does a table.
func NewString(key, text string, at Span) *Node {
	return &Node{Kind: String, Key: key, KeySpan: at, Span: at, Value: text}
}

// NewList makes a list of items, whose keys become that of the list.
func NewList(key string, at Span, items ...*Node) *Node {
	n := &Node{Kind: List, Key: key, KeySpan: at, Span: at}
	for _, item := range items {
		n.Items = append(n.Items, item.As(key))
	}
	return n
}

// NewBool makes true or false.
func NewBool(key string, value bool, at Span) *Node {
	return &Node{Kind: Bool, Key: key, KeySpan: at, Span: at, Value: value}
}

// As is the same value under another key. It keeps its place in the file.
func (n *Node) As(key string) *Node {
	as := *n
	as.Key = key
	return &as
}

// Put adds an entry to a table that NewTable made. A key that is there already stays.
func (n *Node) Put(e *Node) {
	if n.Get(e.Key) == nil {
		n.add(e)
	}
}

// NewInteger makes a whole number.
func NewInteger(key string, value int64, at Span) *Node {
	return &Node{Kind: Integer, Key: key, KeySpan: at, Span: at, Value: value}
}

// NewTime makes a time, which is printed in UTC and to the second.
func NewTime(key string, value time.Time) *Node {
	return &Node{Kind: Time, Key: key, Value: value}
}
