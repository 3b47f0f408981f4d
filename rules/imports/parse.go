package imports

import (
	"errors"
	"fmt"
	"strconv"

	"bellhop/rules/syntax"

	"go.yaml.in/yaml/v4"
)

// Limits of a source: its values with every alias written out, and tables within tables. YAML's own limits come first.
const (
	maxNodes = 50_000
	maxDepth = 40
)

// readYAML reads a YAML file with one document.
func readYAML(src []byte) (*node, error) {
	var doc yaml.Node
	if err := yaml.Load(src, &doc); err != nil {
		return nil, err
	}
	r := &yamlReader{made: map[*yaml.Node]*node{}, sizes: map[*node]int{}}
	root, err := r.node(&doc, "", "", 0)
	if err != nil {
		return nil, err
	}
	if r.size(root) > maxNodes {
		return nil, fmt.Errorf("more than %d values, with what its aliases stand for", maxNodes)
	}
	return root, nil
}

// yamlReader turns the nodes of the YAML library into ours. An alias becomes the node that it names, and << is resolved.
type yamlReader struct {
	made  map[*yaml.Node]*node
	open  map[*yaml.Node]bool
	sizes map[*node]int
}

func (r *yamlReader) node(y *yaml.Node, key, path string, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errors.New("too many tables within tables")
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return &node{marks: new(marks)}, nil
		}
		return r.node(y.Content[0], key, path, depth)
	case yaml.AliasNode:
		if r.open[y.Alias] {
			return nil, fmt.Errorf("line %d: the alias %s stands in what it names", y.Line, y.Value)
		}
		target, err := r.node(y.Alias, key, path, depth)
		if err != nil || target.key == key {
			return target, err
		}
		renamed := *target // where it stands decides what it is called
		renamed.key = key
		r.sizes[&renamed] = r.size(target)
		return &renamed, nil
	}
	if n := r.made[y]; n != nil {
		return n, nil
	}
	n := &node{key: key, line: y.Line, path: path, value: y.Value, marks: new(marks)}
	if r.open == nil {
		r.open = map[*yaml.Node]bool{}
	}
	r.open[y] = true
	defer delete(r.open, y)
	switch y.Kind {
	case yaml.ScalarNode:
		n.kind = scalar
		if y.ShortTag() == "!!null" {
			n.kind, n.value = null, ""
		}
	case yaml.SequenceNode:
		n.kind = sequence
		for i, item := range y.Content {
			child, err := r.node(item, key, path+"["+strconv.Itoa(i)+"]", depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
		}
	case yaml.MappingNode:
		n.kind = mapping
		if err := r.mapping(n, y, depth); err != nil {
			return nil, err
		}
	}
	r.made[y] = n
	return n, nil
}

func (r *yamlReader) mapping(n *node, y *yaml.Node, depth int) error {
	var merged []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key that is no text", k.Line)
		}
		if k.Value == "<<" && k.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
			merged = append(merged, v)
			continue
		}
		path := k.Value
		if n.path != "" {
			path = n.path + "." + k.Value
		}
		child, err := r.node(v, k.Value, path, depth+1)
		if err != nil {
			return err
		}
		if v.Kind != yaml.AliasNode {
			child.line = k.Line
		}
		if n.peek(k.Value) != nil {
			return fmt.Errorf("line %d: %s stands there twice", k.Line, path)
		}
		n.items = append(n.items, child)
	}
	for _, v := range merged {
		if err := r.merge(n, v, depth); err != nil {
			return err
		}
	}
	return nil
}

// merge puts the entries of a table, or of the tables of a list, into n as << does: what n has of its own stays.
func (r *yamlReader) merge(n *node, v *yaml.Node, depth int) error {
	from, err := r.node(v, n.key, n.path, depth+1)
	if err != nil {
		return err
	}
	tables := from.items
	if from.kind == mapping {
		tables = []*node{from}
	}
	for _, t := range tables {
		if t.kind != mapping {
			return fmt.Errorf("line %d: << names no table", v.Line)
		}
		for _, e := range t.items {
			if n.peek(e.key) == nil {
				n.items = append(n.items, e)
			}
		}
	}
	return nil
}

// size counts the values of a tree with what aliases stand for, up to the limit.
func (r *yamlReader) size(n *node) int {
	if s, ok := r.sizes[n]; ok {
		return s
	}
	total := 1
	for _, item := range n.items {
		total = min(total+r.size(item), maxNodes+1)
	}
	r.sizes[n] = total
	return total
}

// readTOML reads a TOML file.
func readTOML(src []byte) (*node, error) {
	file, found := syntax.Parse("", src)
	if file.Root == nil {
		return nil, tomlProblem(found)
	}
	var convert func(t *syntax.Node, path string) *node
	convert = func(t *syntax.Node, path string) *node {
		line, _ := file.Position(t.KeySpan.Start)
		n := &node{key: t.Key, line: line, path: path, marks: new(marks)}
		switch t.Kind {
		case syntax.Table:
			n.kind = mapping
			for _, e := range t.Entries {
				inner := e.Key
				if path != "" {
					inner = path + "." + e.Key
				}
				n.items = append(n.items, convert(e, inner))
			}
		case syntax.List:
			n.kind = sequence
			for i, e := range t.Items {
				n.items = append(n.items, convert(e, path+"["+strconv.Itoa(i)+"]"))
			}
		default:
			n.kind, n.value = scalar, fmt.Sprint(t.Value)
		}
		return n
	}
	return convert(file.Root, ""), nil
}
