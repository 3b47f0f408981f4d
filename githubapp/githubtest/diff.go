package githubtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// fileChange is one file of a comparison.
type fileChange struct {
	path      string
	previous  string // path before a rename
	status    string // added, modified, removed or renamed
	sha       string // of the blob after, or before when it was removed
	additions int
	deletions int
	patch     string // without headers; "" for a binary file or a pure rename
}

// diffFiles compares two sets of files, sorted by path. A file that moved without change is a rename.
func (g *gitStore) diffFiles(before, after files) []fileChange {
	var out []fileChange
	gone := map[string]string{} // blob → path that was removed
	for _, p := range paths(before, after) {
		was, had := before[p]
		now, has := after[p]
		switch {
		case was == now:
		case !has:
			gone[was.sha] = p
			out = append(out, g.change(p, "removed", was.sha, was.sha, ""))
		case !had:
			out = append(out, g.change(p, "added", now.sha, "", now.sha))
		default:
			out = append(out, g.change(p, "modified", now.sha, was.sha, now.sha))
		}
	}
	return renames(out, gone)
}

// renames joins an added file and a removed one of the same content.
func renames(list []fileChange, gone map[string]string) []fileChange {
	moved := map[string]bool{}
	for i, f := range list {
		if from := gone[f.sha]; f.status == "added" && from != "" && !moved[from] {
			moved[from] = true
			list[i] = fileChange{path: f.path, previous: from, status: "renamed", sha: f.sha}
		}
	}
	return slices.DeleteFunc(list, func(f fileChange) bool { return f.status == "removed" && moved[f.path] })
}

func (g *gitStore) change(path, status, sha, before, after string) fileChange {
	f := fileChange{path: path, status: status, sha: sha}
	a, b := g.blobs[before], g.blobs[after]
	if bytes.IndexByte(a, 0) >= 0 || bytes.IndexByte(b, 0) >= 0 {
		return f
	}
	edits := diffLines(lines(a), lines(b))
	for _, e := range edits {
		switch e.op {
		case '+':
			f.additions++
		case '-':
			f.deletions++
		}
	}
	f.patch = patch(edits)
	return f
}

func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// edit is one line: kept (' '), removed ('-') or added ('+').
type edit struct {
	op   byte
	text string
}

// maxTable bounds the table of diffLines; larger changes count as replaced whole between their equal ends.
const maxTable = 1 << 20

// diffLines finds a shortest way from a to b.
func diffLines(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(tail)
	out := append(head, diffMiddle(a, b)...)
	return append(out, tail...)
}

func diffMiddle(a, b []string) []edit {
	var out []edit
	if len(a)*len(b) <= maxTable {
		var rest []edit
		rest, a, b = longestCommon(a, b)
		out = rest
	}
	for _, l := range a {
		out = append(out, edit{'-', l})
	}
	for _, l := range b {
		out = append(out, edit{'+', l})
	}
	return out
}

// longestCommon walks the table of common subsequences until one side is used up; it returns what is left of the other.
func longestCommon(a, b []string) (out []edit, restA, restB []string) {
	width := len(b) + 1
	table := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i*width+j] = table[(i+1)*width+j+1] + 1
			} else {
				table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, edit{' ', a[i]})
			i, j = i+1, j+1
		case table[(i+1)*width+j] >= table[i*width+j+1]:
			out = append(out, edit{'-', a[i]})
			i++
		default:
			out = append(out, edit{'+', b[j]})
			j++
		}
	}
	return out, a[i:], b[j:]
}

// patch is the hunks of a unified diff with three lines around each change.
func patch(edits []edit) string {
	const context = 3
	var b strings.Builder
	oldLine, newLine := 1, 1
	for i := 0; i < len(edits); {
		next := slices.IndexFunc(edits[i:], func(e edit) bool { return e.op != ' ' })
		if next < 0 {
			break
		}
		from := max(i, i+next-context)
		oldLine, newLine = oldLine+from-i, newLine+from-i
		to := hunkEnd(edits, i+next, context)
		oldLine, newLine = writeHunk(&b, edits[from:to], oldLine, newLine)
		i = to
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// hunkEnd is where the hunk that has a change at i ends: after context lines that no further change interrupts.
func hunkEnd(edits []edit, i, context int) int {
	quiet := 0
	for ; i < len(edits); i++ {
		if edits[i].op != ' ' {
			quiet = 0
			continue
		}
		if quiet++; quiet > 2*context {
			return i - quiet + 1 + context
		}
	}
	return i - max(0, quiet-context)
}

func writeHunk(b *strings.Builder, hunk []edit, oldLine, newLine int) (int, int) {
	oldCount, newCount := 0, 0
	for _, e := range hunk {
		if e.op != '+' {
			oldCount++
		}
		if e.op != '-' {
			newCount++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", hunkRange(oldLine, oldCount), hunkRange(newLine, newCount))
	for _, e := range hunk {
		fmt.Fprintf(b, "%c%s\n", e.op, e.text)
	}
	return oldLine + oldCount, newLine + newCount
}

func hunkRange(line, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", line-1)
	case 1:
		return fmt.Sprint(line)
	}
	return fmt.Sprintf("%d,%d", line, count)
}
