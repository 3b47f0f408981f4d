package githubtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text makes a set of files out of "path=content" words.
func (g *gitStore) text(words ...string) files {
	f := files{}
	for _, w := range words {
		path, content, _ := strings.Cut(w, "=")
		f[path] = entry{"100644", g.putBlob([]byte(content))}
	}
	return f
}

// TestObjectNames holds SHAs against what Git itself prints (git hash-object, write-tree, commit-tree).
func TestObjectNames(t *testing.T) {
	g := newGitStore()
	if got := g.putBlob([]byte("hello\n")); got != "ce013625030ba8dba906f756967f9e9ca394464a" {
		t.Errorf("blob %s", got)
	}
	if got := g.putTree(files{}); got != "4b825dc642cb6eb9a060e54bf8d69288fbee4904" {
		t.Errorf("empty tree %s", got)
	}
	// A directory "a" sorts after the file "a.b", as its name counts as "a/".
	f := files{"a/x": {"100644", g.putBlob([]byte("hello\n"))}, "a.b": {"100755", g.putBlob([]byte("hello\n"))}}
	if got := g.putTree(f); got != treeByGit {
		t.Errorf("tree %s, want %s", got, treeByGit)
	}
	by := signature{name: "A U Thor", email: "a@example.com"}
	by.when = by.when.AddDate(1969, 0, 0) // 1970
	if got := g.putCommit(f, nil, by, by, "Message\n").sha; got != commitByGit {
		t.Errorf("commit %s, want %s", got, commitByGit)
	}
	back := files{}
	g.flatten(treeByGit, "", back)
	if diff := cmp.Diff(f, back, cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
}

func TestMerge3(t *testing.T) {
	g := newGitStore()
	for _, tc := range []struct {
		name               string
		base, ours, theirs string
		want, conflicts    string
	}{
		{"nothing", "a=1", "a=1", "a=1", "a=1", ""},
		{"they change", "a=1", "a=1", "a=2", "a=2", ""},
		{"we change", "a=1", "a=2", "a=1", "a=2", ""},
		{"both the same", "a=1", "a=2", "a=2", "a=2", ""},
		{"both differ", "a=1", "a=2", "a=3", "a=2", "a"},
		{"they add", "a=1", "a=1", "a=1 b=1", "a=1 b=1", ""},
		{"both add alike", "", "b=1", "b=1", "b=1", ""},
		{"both add differently", "", "b=1", "b=2", "b=1", "b"},
		{"they delete", "a=1 b=1", "a=1 b=1", "a=1", "a=1", ""},
		{"they delete, we change", "a=1", "a=2", "", "a=2", "a"},
		{"we delete, they change", "a=1", "", "a=2", "", "a"},
		{"both delete", "a=1", "", "", "", ""},
		{"different files", "a=1 b=1", "a=2 b=1", "a=1 b=2", "a=2 b=2", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, conflicts := merge3(g.text(strings.Fields(tc.base)...), g.text(strings.Fields(tc.ours)...),
				g.text(strings.Fields(tc.theirs)...))
			if want := g.text(strings.Fields(tc.want)...); !maps.Equal(got, want) {
				t.Errorf("merged %v, want %v", got, want)
			}
			if strings.Join(conflicts, " ") != tc.conflicts {
				t.Errorf("conflicts %v, want %q", conflicts, tc.conflicts)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	g := newGitStore()
	by := signature{name: "n", email: "e"}
	put := func(message string, parents ...string) string {
		return g.putCommit(files{}, parents, by, by, message).sha
	}
	root := put("root")
	a1 := put("a1", root)
	a2 := put("a2", a1)
	b1 := put("b1", root)
	m := put("merge", a1, b1)
	b2 := put("b2", b1)
	lone := put("lone")
	for _, tc := range []struct{ name, a, b, want string }{
		{"fork", a2, b2, root}, {"same", a1, a1, a1}, {"ancestor", a2, root, root}, {"after a merge", m, b2,
			b1}, {"after a merge, other side", m, a2, a1}, {"unrelated", a1, lone, ""},
	} {
		if got := g.mergeBase(tc.a, tc.b); got != tc.want {
			t.Errorf("%s: merge base %s, want %s", tc.name, got, tc.want)
		}
	}
	names := each(g.between(root, m), func(c *commit) string { return c.message })
	if !slices.Equal(names, []string{"a1", "b1", "merge"}) {
		t.Errorf("between: %v", names)
	}
}

func TestDiffFiles(t *testing.T) {
	g := newGitStore()
	before := files{"gone": {"100644", g.putBlob([]byte("x\n"))}, "moved": {"100644", g.putBlob([]byte("long enough\n"))},
		"kept":    {"100644", g.putBlob([]byte("k\n"))},
		"changed": {"100644", g.putBlob([]byte("1\n2\n3\n"))}, "image": {"100644", g.putBlob([]byte("\x00\x01"))}}
	after := files{"kept": before["kept"], "moved/here": before["moved"], "changed": {"100644",
		g.putBlob([]byte("1\ntwo\n3\n4\n"))}, "new": {"100644", g.putBlob(nil)},
		"image": {"100644", g.putBlob([]byte("\x00\x02"))}}
	var got []string
	for _, f := range g.diffFiles(before, after) {
		got = append(got, strings.TrimSpace(strings.Join([]string{f.status, f.previous, f.path},
			" "))+" +"+itoa(int64(f.additions))+" -"+itoa(int64(f.deletions)))
	}
	want := []string{"modified  changed +2 -1", "removed  gone +0 -1", "modified  image +0 -0",
		"renamed moved moved/here +0 -0", "added  new +0 -0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPatch(t *testing.T) {
	numbers := func(from, to int) (out []string) {
		for i := from; i <= to; i++ {
			out = append(out, itoa(int64(i)))
		}
		return out
	}
	for _, tc := range []struct {
		name string
		a, b []string
		want string
	}{
		{"nothing", numbers(1, 5), numbers(1, 5), ""},
		{"new file", nil, numbers(1, 2), "@@ -0,0 +1,2 @@\n+1\n+2"},
		{"gone file", numbers(1, 2), nil, "@@ -1,2 +0,0 @@\n-1\n-2"},
		{"one line", numbers(1, 1), []string{"x"}, "@@ -1 +1 @@\n-1\n+x"},
		{"middle", numbers(1, 9), append(append(numbers(1, 4), "x"), numbers(6, 9)...),
			"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8"},
		{"near changes share a hunk", numbers(1, 10), append([]string{"x"}, append(numbers(2, 7), "y", "9", "10")...),
			"@@ -1,10 +1,10 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n 9\n 10"},
		{"far changes do not", numbers(1, 12), append([]string{"x"}, append(numbers(2, 11), "y")...),
			"@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -9,4 +9,4 @@\n 9\n 10\n 11\n-12\n+y"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := patch(diffLines(tc.a, tc.b)); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// FuzzDiffLines: keeping and adding gives b, keeping and removing gives a, and no change is told twice.
func FuzzDiffLines(f *testing.F) {
	f.Add("a\nb\nc", "a\nc\nd")
	f.Add("", "x")
	f.Add("a\na\na", "a")
	f.Fuzz(func(t *testing.T, a, b string) {
		la, lb := lines([]byte(a)), lines([]byte(b))
		var backA, backB []string
		for _, e := range diffLines(la, lb) {
			if e.op != '+' {
				backA = append(backA, e.text)
			}
			if e.op != '-' {
				backB = append(backB, e.text)
			}
		}
		if !slices.Equal(la, backA) || !slices.Equal(lb, backB) {
			t.Errorf("%q to %q: walked %q to %q", la, lb, backA, backB)
		}
		patch(diffLines(la, lb))
	})
}

func FuzzRoutes(f *testing.F) {
	f.Add("/repos/a/b/issues/1/labels/kind%2Fbug")
	f.Add("/repos/a/b/commits/refs/heads/x/check-runs")
	f.Add("/%zz//{owner}/")
	f.Fuzz(func(t *testing.T, path string) {
		for _, method := range []string{"GET", "POST", "PATCH"} {
			RouteOf(method, path)
		}
	})
}

func TestRoutes(t *testing.T) {
	for _, tc := range []struct{ method, path, want string }{
		{"GET", "/repos/a/b/issues/comments", "GET /repos/{owner}/{repo}/issues/comments"},
		{"GET", "/repos/a/b/issues/7", "GET /repos/{owner}/{repo}/issues/{number}"},
		{"DELETE", "/repos/a/b/issues/7/labels/kind%2Fbug", "DELETE /repos/{owner}/{repo}/issues/{number}/labels/{name+}"},
		{"GET", "/repos/a/b/commits/feature/x/check-runs", "GET /repos/{owner}/{repo}/commits/{ref+}/check-runs"},
		{"GET", "/repos/a/b/commits/feature/x", "GET /repos/{owner}/{repo}/commits/{ref+}"},
		{"GET", "/repos/a/b/branches/feature/x/protection", "GET /repos/{owner}/{repo}/branches/{branch+}/protection"},
		{"GET", "/repos/a/b/releases/latest", "GET /repos/{owner}/{repo}/releases/latest"},
		{"GET", "/repos/a/b/contents/.github/bot.toml", "GET /repos/{owner}/{repo}/contents/{path+}"},
		{"POST", "/repos/a/b/issues/7", ""},
		{"GET", "/repos/a", ""},
	} {
		if got := RouteOf(tc.method, tc.path); got != tc.want {
			t.Errorf("%s %s reaches %q, want %q", tc.method, tc.path, got, tc.want)
		}
	}
}

const (
	treeByGit   = "cdfbf0eed909b4ec5850553b8d3ea1aa60ceaa6b"
	commitByGit = "2eb7b099fde9c6bb9b6133bb23ba5ea743cd5b9e"
)
