package imports

import (
	"strconv"
	"strings"
)

// nodeKind is what a node is.
type nodeKind int

const (
	null nodeKind = iota
	scalar
	sequence
	mapping
)

// node is a value of a source. The methods that read it mark it as read, and so do those that look for an entry with what they
// look in. They bear a nil node, which stands for what is not there.
type node struct {
	kind  nodeKind
	key   string // the key that it stands under; of an item, that of its list
	line  int
	path  string
	value string  // of a scalar
	items []*node // of a list or a table, in the order of the file

	in *source
	*marks
}

// marks are what has become of a node. All aliases of a node share them.
type marks struct {
	read bool
	told bool // a note speaks of it and of all in it
}

// own gives the tree to the source that collects its notes. A node that several aliases name is one node.
func (n *node) own(in *source) {
	if n.in != nil {
		return
	}
	n.in = in
	for _, item := range n.items {
		item.own(in)
	}
}

// peek finds an entry of a table without marking anything.
func (n *node) peek(key string) *node {
	if n == nil || n.kind != mapping {
		return nil
	}
	for _, e := range n.items {
		if e.key == key {
			return e
		}
	}
	return nil
}

// get finds an entry of a table, or nil. The first of several keys that is there is taken.
func (n *node) get(keys ...string) *node {
	if n == nil {
		return nil
	}
	if n.kind == mapping || n.kind == null {
		n.read = true
	}
	for _, key := range keys {
		if e := n.peek(key); e != nil {
			return e
		}
	}
	return nil
}

// has tells whether the node is there, and marks it alone, not what is in it.
func (n *node) has() bool {
	if n == nil {
		return false
	}
	n.read = true
	return true
}

// text is the value of a scalar; anything else is lost with a note.
func (n *node) text() string {
	switch {
	case n == nil:
		return ""
	case n.kind == scalar, n.kind == null:
		n.read = true
		return n.value
	}
	n.lose("a text is expected here")
	return ""
}

// texts is a scalar or a list of scalars.
func (n *node) texts() []string {
	var out []string
	for _, item := range n.list() {
		if s := item.text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// list is the items of a list, or the node itself where it is none. Nothing has no items.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	switch n.kind {
	case sequence:
		n.read = true
		return n.items
	case null:
		n.read = true
		return nil
	}
	return []*node{n}
}

// entries is the entries of a table.
func (n *node) entries() []*node {
	if n == nil || n.kind == null {
		return nil
	}
	if n.kind != mapping {
		n.lose("a table is expected here")
		return nil
	}
	n.read = true
	return n.items
}

// flag is a value that is true or false, or otherwise where it is not there.
func (n *node) flag(otherwise bool) bool {
	if n == nil {
		return otherwise
	}
	switch strings.ToLower(n.value) {
	case "true", "yes", "on":
		n.read = true
		return true
	case "false", "no", "off":
		n.read = true
		return false
	case "":
		if n.kind == null || n.kind == scalar {
			n.read = true
			return otherwise
		}
	}
	n.lose("neither true nor false")
	return otherwise
}

// number is a whole number, or otherwise.
func (n *node) number(otherwise int) int {
	if n == nil || n.kind == null || n.kind == scalar && n.value == "" {
		n.has()
		return otherwise
	}
	i, err := strconv.Atoi(strings.TrimSpace(n.value))
	if n.kind != scalar || err != nil || i < -1_000_000 || i > 1_000_000 {
		n.lose("no whole number that is usual here")
		return otherwise
	}
	n.read = true
	return i
}

// lose notes that the node, with all in it, could not be carried over.
func (n *node) lose(why string) { n.tell(why, true) }

// skip notes that the node is not needed.
func (n *node) skip(why string) { n.tell(why, false) }

// differ notes that the node is carried over with a difference.
func (n *node) differ(why string) {
	if n != nil {
		n.read = true
		n.note(why, false)
	}
}

func (n *node) tell(why string, lost bool) {
	if n == nil || n.told {
		return
	}
	n.told = true
	n.note(why, lost)
}

func (n *node) note(why string, lost bool) {
	note := Note{File: n.in.file, Line: n.line, What: n.path, Why: why, Lost: lost}
	if !n.in.noted[note] {
		n.in.noted[note] = true
		n.in.notes = append(n.in.notes, note)
	}
}

// unread notes what nobody has read.
func (in *source) unread(n *node) {
	seen := map[*node]bool{}
	var walk func(n *node)
	walk = func(n *node) {
		if n.told || seen[n] {
			return
		}
		seen[n] = true
		if !n.read {
			n.lose("Bellhop knows nothing like it")
			return
		}
		for _, item := range n.items {
			walk(item)
		}
	}
	walk(n)
}
