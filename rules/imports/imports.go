// Package imports reads the configurations of other bots and writes them as rules of Bellhop.
//
// Nothing of a source gets lost in silence. The tree of a source (node) remembers what an importer has read; what it has not
// read is listed in the end like what it has read and could not carry over, each with its line and the reason. A rule that
// lost one of its conditions would do more than it did, and a gate more would pass: such a rule observes.
//
// One file is one kind of source: a row of Kinds and a function from the tree of the source to rules.
package imports

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// Kind is a kind of source.
type Kind struct {
	Name string // as it is given on the command line
	File string // where it usually stands
	Doc  string

	toml  bool
	looks func(root *node) bool // whether a file that is called something else is one
	read  func(in *source)
}

// Kinds is the table of kinds.
var Kinds = []Kind{
	{"labeler", ".github/labeler.yml", "labels of actions/labeler, of version 4 or 5 and later", false, looksLikeLabeler, labeler},
	{"stale", ".github/workflows/stale.yml", "the workflow of actions/stale", false, looksLikeStale, stale},
	{"mergify", ".mergify.yml", "Mergify", false, hasKey("pull_request_rules", "queue_rules", "merge_protections"), mergify},
	{"kodiak", ".kodiak.toml", "Kodiak", true, nil, kodiak},
	{"policy-bot", ".policy.yml", "policy-bot", false, hasKey("approval_rules"), policyBot},
	{"bulldozer", ".bulldozer.yml", "bulldozer", false, looksLikeBulldozer, bulldozer},
	{"mergeable", ".github/mergeable.yml", "Mergeable", false, hasKey("mergeable"), mergeable},
	{"auto-assign", ".github/auto_assign.yml", "auto-assign", false, hasKey("addReviewers", "addAssignees"), autoAssign},
	{"autolabeler", ".github/release-drafter.yml", "the autolabeler of release-drafter", false, hasKey("autolabeler", "change-template", "name-template"), autolabeler},
}

// Names lists the names of the kinds.
func Names() []string {
	var out []string
	for _, k := range Kinds {
		out = append(out, k.Name)
	}
	return out
}

// Note is something of a source that no rule says.
type Note struct {
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"` // the path of keys
	Why  string `json:"why"`
	Lost bool   `json:"lost"` // whether it was wanted; else it is not needed, or carried over with a difference
}

func (n Note) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", n.File, n.Line, n.What, n.Why)
}

// Result is what became of a source.
type Result struct {
	Rules   []byte // a rule file, with the notes as comments at its end
	Notes   []Note // in the order of the file
	Source  int    // how many rules the source has, as its bot counts them
	Carried int    // how many of them are rules now that do all that they did
	Partly  int    // how many are rules that do a part of it, or observe
}

// MaxSize is the size of the largest source that is read.
const MaxSize = 256 << 10

// Guess finds the kind of a source by the name of its file, or else by its keys. The error says that there is none.
func Guess(name string, src []byte) (*Kind, error) {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	stem := func(name string) string {
		return strings.NewReplacer(".yaml", "", ".yml", "", ".toml", "", "_", "-").Replace(strings.TrimPrefix(name, "."))
	}
	for i, k := range Kinds {
		if k.Name != "stale" && stem(path.Base(k.File)) == stem(base) {
			return &Kinds[i], nil
		}
	}
	if strings.HasSuffix(base, ".toml") {
		return nil, fmt.Errorf("%s: which bot's it is cannot be seen; the kinds are %s", name, strings.Join(Names(), ", "))
	}
	root, err := readYAML(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i, k := range Kinds {
		if k.looks != nil && k.looks(root) {
			return &Kinds[i], nil
		}
	}
	return nil, fmt.Errorf("%s: which bot's it is cannot be seen; the kinds are %s", name, strings.Join(Names(), ", "))
}

// Named is the kind of a name, or nil.
func Named(name string) *Kind {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return &Kinds[i]
}

// File is a file to import. Notes call it by its name.
type File struct {
	Kind *Kind
	Name string
	Src  []byte
}

// Import reads files that belong together, such as those of policy-bot and bulldozer, into one rule file, in which no two rules
// have one name. check finds the mistakes of a rule file; a rule that has one, because what it names cannot be named so, is lost
// with a note. The error says that a file is none of its kind, or that what came out is no rule file, which is a mistake here.
func Import(files []File, check func(src []byte) []syntax.Diagnostic) (*Result, error) {
	var all []*source
	for _, f := range files {
		in, err := read(f.Kind, f.Name, f.Src)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	return write(all, check)
}

func read(k *Kind, name string, src []byte) (*source, error) {
	if len(src) > MaxSize {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, MaxSize)
	}
	parse := readYAML
	if k.toml {
		parse = readTOML
	}
	root, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	in := &source{kind: k, file: name, root: root, noted: map[Note]bool{}}
	root.own(in)
	if root.kind != mapping {
		root.lose("this is no configuration of " + k.Name)
	} else {
		k.read(in)
	}
	for _, r := range in.begun {
		if !slices.ContainsFunc(in.rules, func(made *rule) bool { return made.part == r.part }) && r.of != root {
			r.of.lose("nothing of it could be carried over")
		}
	}
	in.unread(root)
	return in, nil
}

// source is one file while it is imported.
type source struct {
	kind  *Kind
	file  string
	root  *node
	notes []Note
	noted map[Note]bool
	rules []*rule
	count int // rules of the source
	begun []*rule
}

// next begins a rule of the source, which stands at n, and returns a rule of Bellhop to be made of it.
func (in *source) next(n *node, name string) *rule {
	in.count++
	r := &rule{of: n, part: in.count, name: name}
	in.begun = append(in.begun, r)
	return r
}

// also is another rule made of the same rule of the source.
func (r *rule) also(name string) *rule { return &rule{of: r.of, part: r.part, name: name} }

// add takes a rule into the result. A rule that does nothing is none.
func (in *source) add(r *rule) {
	if len(r.then) == 0 && len(r.otherwise) == 0 && !r.gate && r.label == "" && !r.counted {
		return
	}
	in.rules = append(in.rules, r)
}

// hasKey tells whether the root of a file has one of the keys.
func hasKey(keys ...string) func(*node) bool {
	return func(root *node) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return root.peek(key) != nil })
	}
}

// tomlProblem is the first mistake of a TOML file in one line.
func tomlProblem(found []syntax.Diagnostic) error {
	return fmt.Errorf("line %d: %s", found[0].Line, found[0].Message)
}
