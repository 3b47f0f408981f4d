package githubtest

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"
)

// zeroSHA stands for no commit in push payloads.
const zeroSHA = "0000000000000000000000000000000000000000"

// gitStore holds the Git objects of all repositories together, as GitHub does for a repository and its forks. Objects carry
// the SHAs that Git would give them.
type gitStore struct {
	blobs   map[string][]byte
	trees   map[string][]treeEntry
	commits map[string]*commit
	tags    map[string]*tagObject
	diffs   map[[2]string][]fileChange // by the SHAs of two commits
}

func newGitStore() gitStore {
	return gitStore{
		blobs: map[string][]byte{}, trees: map[string][]treeEntry{}, commits: map[string]*commit{}, tags: map[string]*tagObject{},
		diffs: map[[2]string][]fileChange{},
	}
}

// entry is a file in a commit.
type entry struct {
	mode string // 100644, 100755, 120000 or 160000
	sha  string
}

// tree is all files of a commit by path. It is never changed once a commit has it.
type files map[string]entry

type treeEntry struct {
	name string
	mode string
	kind string // blob, tree or commit
	sha  string
}

type commit struct {
	sha       string
	tree      string
	files     files
	parents   []string
	author    signature
	committer signature
	message   string
	order     int // of creation, for listing
}

type signature struct {
	name, email string
	user        *user // nil when GitHub knows no such user
	when        time.Time
}

type tagObject struct {
	sha, tag, message, object, kind string
	tagger                          signature
}

func gitSHA(kind string, body []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", kind, len(body))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func (g *gitStore) putBlob(content []byte) string {
	sha := gitSHA("blob", content)
	g.blobs[sha] = content
	return sha
}

// putTree stores the directories of f and returns the SHA of its root.
func (g *gitStore) putTree(f files) string {
	type dir struct {
		entries []treeEntry
		sub     map[string]files
	}
	d := dir{sub: map[string]files{}}
	for path, e := range f {
		name, rest, nested := strings.Cut(path, "/")
		if !nested {
			d.entries = append(d.entries, treeEntry{name, e.mode, entryKind(e.mode), e.sha})
			continue
		}
		if d.sub[name] == nil {
			d.sub[name] = files{}
		}
		d.sub[name][rest] = e
	}
	for name, sub := range d.sub {
		d.entries = append(d.entries, treeEntry{name, "040000", "tree", g.putTree(sub)})
	}
	sort.Slice(d.entries, func(i, j int) bool { return d.entries[i].sortKey() < d.entries[j].sortKey() })
	var b strings.Builder
	for _, e := range d.entries {
		raw, _ := hex.DecodeString(e.sha)
		fmt.Fprintf(&b, "%s %s\x00%s", strings.TrimPrefix(e.mode, "0"), e.name, raw)
	}
	sha := gitSHA("tree", []byte(b.String()))
	g.trees[sha] = d.entries
	return sha
}

func entryKind(mode string) string {
	if mode == "160000" {
		return "commit"
	}
	return "blob"
}

// sortKey is Git's order: a directory sorts as if its name ended in a slash.
func (e treeEntry) sortKey() string {
	if e.kind == "tree" {
		return e.name + "/"
	}
	return e.name
}

// flatten is all files under the tree sha.
func (g *gitStore) flatten(sha, prefix string, out files) {
	for _, e := range g.trees[sha] {
		if e.kind == "tree" {
			g.flatten(e.sha, prefix+e.name+"/", out)
			continue
		}
		out[prefix+e.name] = entry{e.mode, e.sha}
	}
}

// putCommit stores a commit of f on parents.
func (g *gitStore) putCommit(f files, parents []string, author, committer signature, message string) *commit {
	c := &commit{tree: g.putTree(f), files: f, parents: parents, author: author, committer: committer, message: message}
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", c.tree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s", author, committer, message)
	c.sha = gitSHA("commit", []byte(b.String()))
	if old := g.commits[c.sha]; old != nil {
		return old
	}
	c.order = len(g.commits)
	g.commits[c.sha] = c
	return c
}

func (s signature) String() string {
	return fmt.Sprintf("%s <%s> %d +0000", s.name, s.email, s.when.Unix())
}

// subject is the first line of a message.
func (c *commit) subject() string {
	line, _, _ := strings.Cut(c.message, "\n")
	return line
}

// ancestors is sha and everything it comes from.
func (g *gitStore) ancestors(sha string) map[string]bool {
	seen := map[string]bool{}
	todo := []string{sha}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		c := g.commits[next]
		if c == nil || seen[next] {
			continue
		}
		seen[next] = true
		todo = append(todo, c.parents...)
	}
	return seen
}

// mergeBase is the newest commit that both come from, or "".
func (g *gitStore) mergeBase(a, b string) string {
	of := g.ancestors(a)
	var best *commit
	for sha := range g.ancestors(b) {
		if c := g.commits[sha]; of[sha] && (best == nil || c.order > best.order) {
			best = c
		}
	}
	if best == nil {
		return ""
	}
	return best.sha
}

// between lists the commits that head has and base has not, oldest first.
func (g *gitStore) between(base, head string) []*commit {
	old := g.ancestors(base)
	var out []*commit
	for sha := range g.ancestors(head) {
		if !old[sha] {
			out = append(out, g.commits[sha])
		}
	}
	slices.SortFunc(out, func(a, b *commit) int { return a.order - b.order })
	return out
}

// merge3 merges two sides by file. Conflicts lists the paths that both changed differently since base.
func merge3(base, ours, theirs files) (merged files, conflicts []string) {
	merged = maps.Clone(ours)
	for _, path := range paths(base, theirs) {
		was, had := base[path]
		now, has := theirs[path]
		mine, have := ours[path]
		switch {
		case had == has && was == now: // they left it alone
		case have == has && mine == now: // both did the same
		case have == had && mine == was: // only they changed it
			if has {
				merged[path] = now
			} else {
				delete(merged, path)
			}
		default:
			conflicts = append(conflicts, path)
		}
	}
	return merged, conflicts
}

// paths is every path of the given file sets, sorted.
func paths(sets ...files) []string {
	all := map[string]bool{}
	for _, f := range sets {
		for p := range f {
			all[p] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// tryMerge merges head into base. It returns the merged files, or the paths in conflict.
func (g *gitStore) tryMerge(base, head string) (files, []string) {
	var ancestor files
	if sha := g.mergeBase(base, head); sha != "" {
		ancestor = g.commits[sha].files
	}
	return merge3(ancestor, g.commits[base].files, g.commits[head].files)
}

// changes lists what differs from commit a to commit b; a may be "" for nothing.
func (g *gitStore) changes(a, b string) []fileChange {
	key := [2]string{a, b}
	if list, known := g.diffs[key]; known {
		return list
	}
	var before, after files
	if c := g.commits[a]; c != nil {
		before = c.files
	}
	if c := g.commits[b]; c != nil {
		after = c.files
	}
	list := g.diffFiles(before, after)
	g.diffs[key] = list
	return list
}
