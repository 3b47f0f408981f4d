package githubtest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC(), err
}

var gitRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/git/ref/{ref+}", "contents:read", (*call).getRef},
	{"GET", "/repos/{owner}/{repo}/git/matching-refs/{ref+}", "contents:read", (*call).matchingRefs},
	{"POST", "/repos/{owner}/{repo}/git/refs", "contents:write", (*call).createRef},
	{"PATCH", "/repos/{owner}/{repo}/git/refs/{ref+}", "contents:write", (*call).updateRef},
	{"DELETE", "/repos/{owner}/{repo}/git/refs/{ref+}", "contents:write", (*call).deleteRef},
	{"GET", "/repos/{owner}/{repo}/git/commits/{sha}", "contents:read", (*call).getGitCommit},
	{"POST", "/repos/{owner}/{repo}/git/commits", "contents:write", (*call).createGitCommit},
	{"GET", "/repos/{owner}/{repo}/git/trees/{sha+}", "contents:read", (*call).getTree},
	{"POST", "/repos/{owner}/{repo}/git/trees", "contents:write", (*call).createTree},
	{"GET", "/repos/{owner}/{repo}/git/blobs/{sha}", "contents:read", (*call).getBlob},
	{"POST", "/repos/{owner}/{repo}/git/blobs", "contents:write", (*call).createBlob},
	{"GET", "/repos/{owner}/{repo}/git/tags/{sha}", "contents:read", (*call).getTagObject},
	{"POST", "/repos/{owner}/{repo}/git/tags", "contents:write", (*call).createTagObject},
	{"GET", "/repos/{owner}/{repo}/commits", "contents:read", (*call).listCommits},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}", "contents:read", (*call).getCommit},
	{"GET", "/repos/{owner}/{repo}/compare/{basehead+}", "contents:read", (*call).compare},
	{"POST", "/repos/{owner}/{repo}/merges", "contents:write", (*call).mergeBranches},
}

func (s *Server) refJSON(r *repo, ref string) object {
	sha, kind := r.refs[ref], "commit"
	url := r.url(s, "/git/commits/%s", sha)
	if s.git.tags[sha] != nil {
		kind, url = "tag", r.url(s, "/git/tags/%s", sha)
	}
	return object{
		"ref": ref, "node_id": nodeID("REF", r.id) + "_" + base64.RawURLEncoding.EncodeToString([]byte(ref)),
		"url": r.url(s, "/git/%s", ref), "object": object{"type": kind, "sha": sha, "url": url},
	}
}

func (c *call) getRef() answer {
	ref := "refs/" + c.vars["ref"]
	if _, has := c.repo.refs[ref]; !has {
		return notFound().answer()
	}
	return ok(c.s.refJSON(c.repo, ref))
}

func (c *call) matchingRefs() answer {
	return ok(each(page(c, c.repo.refsUnder("refs/"+c.vars["ref"])), func(ref string) object { return c.s.refJSON(c.repo, ref) }))
}

func (c *call) createRef() answer {
	var in struct{ Ref, SHA string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	_, exists := c.repo.refs[in.Ref]
	switch {
	case strings.Count(in.Ref, "/") < 2 || !strings.HasPrefix(in.Ref, "refs/"):
		return unprocessable("Reference name must start with 'refs/' and have at least two slashes.").answer()
	case exists:
		return unprocessable("Reference already exists").answer()
	case c.s.git.commits[in.SHA] == nil && c.s.git.tags[in.SHA] == nil:
		return unprocessable("Object does not exist").answer()
	}
	c.s.moveRef(c.repo, in.Ref, in.SHA, c.who)
	return created(c.s.refJSON(c.repo, in.Ref))
}

func (c *call) updateRef() answer {
	var in struct {
		SHA   string
		Force bool
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	ref := "refs/" + c.vars["ref"]
	old, exists := c.repo.refs[ref]
	switch {
	case !exists:
		return unprocessable("Reference does not exist").answer()
	case c.s.git.commits[in.SHA] == nil:
		return unprocessable("Object does not exist").answer()
	case !in.Force && !c.s.git.ancestors(in.SHA)[old]:
		return unprocessable("Update is not a fast forward").answer()
	}
	c.s.moveRef(c.repo, ref, in.SHA, c.who)
	return ok(c.s.refJSON(c.repo, ref))
}

func (c *call) deleteRef() answer {
	ref := "refs/" + c.vars["ref"]
	if err := c.s.deleteRef(c.repo, ref, c.who); err != nil {
		return failed(err)
	}
	return noContent()
}

func (s *Server) deleteRef(r *repo, ref string, who *user) error {
	if _, exists := r.refs[ref]; !exists {
		return unprocessable("Reference does not exist")
	}
	if ref == "refs/heads/"+r.defaultBranch {
		return unprocessable("Cannot delete the default branch")
	}
	s.moveRef(r, ref, "", who)
	return nil
}

func gitPerson(by signature) object {
	return object{"name": by.name, "email": by.email, "date": when(by.when)}
}

// gitCommitJSON is a commit as the Git database tells it.
func (s *Server) gitCommitJSON(r *repo, c *commit) object {
	return object{
		"sha": c.sha, "node_id": commitNode(r, c), "url": r.url(s, "/git/commits/%s", c.sha), "html_url": r.web(s, "/commit/%s",
			c.sha),
		"author": gitPerson(c.author), "committer": gitPerson(c.committer), "message": c.message,
		"tree":         object{"sha": c.tree, "url": r.url(s, "/git/trees/%s", c.tree)},
		"parents":      s.parentsJSON(r, c),
		"verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
	}
}

func commitNode(r *repo, c *commit) string {
	return nodeID("C", r.id) + "_" + c.sha
}

func (s *Server) parentsJSON(r *repo, c *commit) []object {
	return each(c.parents, func(sha string) object {
		return object{"sha": sha, "url": r.url(s, "/commits/%s", sha), "html_url": r.web(s, "/commit/%s", sha)}
	})
}

// commitJSON is a commit as the repository tells it.
func (s *Server) commitJSON(r *repo, c *commit) object {
	return object{
		"sha": c.sha, "node_id": commitNode(r, c), "url": r.url(s, "/commits/%s", c.sha), "html_url": r.web(s, "/commit/%s", c.sha),
		"comments_url": r.url(s, "/commits/%s/comments",
			c.sha), "author": s.userJSON(c.author.user), "committer": s.userJSON(c.committer.user),
		"parents": s.parentsJSON(r, c),
		"commit": object{
			"author": gitPerson(c.author), "committer": gitPerson(c.committer), "message": c.message,
			"tree": object{"sha": c.tree, "url": r.url(s, "/git/trees/%s", c.tree)}, "url": r.url(s, "/git/commits/%s",
				c.sha), "comment_count": 0,
			"verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		},
	}
}

func (s *Server) fileJSON(r *repo, at string, f fileChange) object {
	o := object{
		"sha": f.sha, "filename": f.path, "status": f.status, "additions": f.additions, "deletions": f.deletions,
		"changes": f.additions + f.deletions, "blob_url": r.web(s, "/blob/%s/%s", at, f.path), "raw_url": r.web(s, "/raw/%s/%s",
			at, f.path),
		"contents_url": r.url(s, "/contents/%s?ref=%s", f.path, at),
	}
	if f.patch != "" {
		o["patch"] = f.patch
	}
	if f.previous != "" {
		o["previous_filename"] = f.previous
	}
	return o
}

// knownCommit finds a commit that r itself has, or one of its forks' pull requests brought in.
func (c *call) knownCommit(sha string) *commit { return c.s.git.commits[sha] }

func (c *call) getGitCommit() answer {
	k := c.knownCommit(c.vars["sha"])
	if k == nil {
		return notFound().answer()
	}
	return ok(c.s.gitCommitJSON(c.repo, k))
}

func (c *call) createGitCommit() answer {
	var in struct {
		Message   string
		Tree      string
		Parents   []string
		Author    *person
		Committer *person
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if _, exists := c.s.git.trees[in.Tree]; !exists {
		return unprocessable("Tree SHA does not exist").answer()
	}
	for _, p := range in.Parents {
		if c.s.git.commits[p] == nil {
			return unprocessable("Parent SHA does not exist or is not a commit object").answer()
		}
	}
	f := files{}
	c.s.git.flatten(in.Tree, "", f)
	author := c.signature(in.Author)
	committer := author
	if in.Committer != nil {
		committer = c.signature(in.Committer)
	}
	return created(c.s.gitCommitJSON(c.repo, c.s.git.putCommit(f, notNil(in.Parents), author, committer, in.Message)))
}

func (c *call) getTree() answer {
	sha := c.vars["sha"]
	if k := c.s.resolve(c.repo, sha); k != nil {
		sha = k.tree
	}
	if _, exists := c.s.git.trees[sha]; !exists {
		return notFound().answer()
	}
	list := []object{}
	c.treeEntries(sha, "", c.query.Get("recursive") != "", &list)
	return ok(object{"sha": sha, "url": c.repo.url(c.s, "/git/trees/%s", sha), "tree": list, "truncated": false})
}

func (c *call) treeEntries(sha, prefix string, recursive bool, out *[]object) {
	for _, e := range c.s.git.trees[sha] {
		o := object{"path": prefix + e.name, "mode": e.mode, "type": e.kind, "sha": e.sha, "url": c.repo.url(c.s, "/git/%ss/%s",
			e.kind, e.sha)}
		if e.kind == "blob" {
			o["size"] = len(c.s.git.blobs[e.sha])
		}
		*out = append(*out, o)
		if recursive && e.kind == "tree" {
			c.treeEntries(e.sha, prefix+e.name+"/", true, out)
		}
	}
}

func (c *call) createTree() answer {
	var in struct {
		Base string `json:"base_tree"`
		Tree []struct {
			Path    string
			Mode    string
			Type    string
			SHA     *string
			Content *string
		}
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	f := files{}
	if in.Base != "" {
		base := in.Base
		if k := c.s.git.commits[base]; k != nil {
			base = k.tree
		}
		if _, exists := c.s.git.trees[base]; !exists {
			return notFound().answer()
		}
		c.s.git.flatten(base, "", f)
	}
	for _, e := range in.Tree {
		switch {
		case e.Content != nil:
			f[e.Path] = entry{e.Mode, c.s.git.putBlob([]byte(*e.Content))}
		case e.SHA == nil:
			delete(f, e.Path)
		case e.Type == "tree":
			c.s.git.flatten(*e.SHA, e.Path+"/", f)
		default:
			if _, exists := c.s.git.blobs[*e.SHA]; !exists {
				return unprocessable("tree.sha %s is not a valid blob", *e.SHA).answer()
			}
			f[e.Path] = entry{e.Mode, *e.SHA}
		}
	}
	sha := c.s.git.putTree(f)
	list := []object{}
	c.treeEntries(sha, "", false, &list)
	return created(object{"sha": sha, "url": c.repo.url(c.s, "/git/trees/%s", sha), "tree": list, "truncated": false})
}

func (c *call) getBlob() answer {
	sha := c.vars["sha"]
	content, exists := c.s.git.blobs[sha]
	if !exists {
		return notFound().answer()
	}
	if c.wantsRaw() {
		return answer{status: http.StatusOK, raw: notNil(content),
			header: http.Header{"Content-Type": {"application/vnd.github.raw; charset=utf-8"}}}
	}
	return ok(object{"sha": sha, "node_id": nodeID("B", c.repo.id) + "_" + sha, "size": len(content), "url": c.repo.url(c.s,
		"/git/blobs/%s", sha),
		"content": wrapBase64(content), "encoding": "base64"})
}

func (c *call) createBlob() answer {
	var in struct{ Content, Encoding string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	content := []byte(in.Content)
	if in.Encoding == "base64" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(in.Content, "\n", "")); err != nil {
			return unprocessable("content is not valid Base64").answer()
		}
	}
	sha := c.s.git.putBlob(content)
	return created(object{"sha": sha, "url": c.repo.url(c.s, "/git/blobs/%s", sha)})
}

func (c *call) tagJSON(t *tagObject) object {
	return object{
		"sha": t.sha, "node_id": nodeID("TA",
			c.repo.id) + "_" + t.sha, "tag": t.tag, "message": t.message, "tagger": gitPerson(t.tagger),
		"url":    c.repo.url(c.s, "/git/tags/%s", t.sha),
		"object": object{"type": t.kind, "sha": t.object, "url": c.repo.url(c.s, "/git/%ss/%s", t.kind, t.object)},
	}
}

func (c *call) getTagObject() answer {
	t := c.s.git.tags[c.vars["sha"]]
	if t == nil {
		return notFound().answer()
	}
	return ok(c.tagJSON(t))
}

func (c *call) createTagObject() answer {
	var in struct {
		Tag, Message, Object, Type string
		Tagger                     *person
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.Tag == "" || c.s.git.commits[in.Object] == nil {
		return unprocessable("Object does not exist").answer()
	}
	t := &tagObject{tag: in.Tag, message: in.Message, object: in.Object, kind: in.Type, tagger: c.signature(in.Tagger)}
	text := fmt.Sprintf("object %s\ntype %s\ntag %s\ntagger %s\n\n%s", t.object, t.kind, t.tag, t.tagger, t.message)
	t.sha = gitSHA("tag", []byte(text))
	c.s.git.tags[t.sha] = t
	return created(c.tagJSON(t))
}

func (c *call) listCommits() answer {
	at := c.s.resolve(c.repo, c.query.Get("sha"))
	if at == nil {
		return notFound().answer()
	}
	list := c.s.git.between("", at.sha)
	slices.Reverse(list)
	if name := c.query.Get("path"); name != "" {
		list = slices.DeleteFunc(list, func(k *commit) bool { return !c.touches(k, name) })
	}
	if author := c.query.Get("author"); author != "" {
		list = slices.DeleteFunc(list, func(k *commit) bool {
			return k.author.email != author && (k.author.user == nil || !strings.EqualFold(k.author.user.login, author))
		})
	}
	if t, err := parseTime(c.query.Get("since")); err == nil {
		list = slices.DeleteFunc(list, func(k *commit) bool { return k.committer.when.Before(t) })
	}
	if t, err := parseTime(c.query.Get("until")); err == nil {
		list = slices.DeleteFunc(list, func(k *commit) bool { return k.committer.when.After(t) })
	}
	return ok(each(page(c, list), func(k *commit) object { return c.s.commitJSON(c.repo, k) }))
}

func (c *call) touches(k *commit, name string) bool {
	parent := ""
	if len(k.parents) > 0 {
		parent = k.parents[0]
	}
	return slices.ContainsFunc(c.s.git.changes(parent, k.sha), func(f fileChange) bool {
		return f.path == name || f.previous == name || strings.HasPrefix(f.path, name+"/")
	})
}

func (c *call) getCommit() answer {
	k := c.s.resolve(c.repo, c.vars["ref"])
	if k == nil {
		return unprocessable("No commit found for SHA: %s", c.vars["ref"]).answer()
	}
	if strings.Contains(c.r.Header.Get("Accept"), "vnd.github.sha") || strings.Contains(c.r.Header.Get("Accept"), ".sha") {
		return answer{status: http.StatusOK, raw: []byte(k.sha),
			header: http.Header{"Content-Type": {"application/vnd.github.sha; charset=utf-8"}}}
	}
	parent := ""
	if len(k.parents) > 0 {
		parent = k.parents[0]
	}
	list := c.s.git.changes(parent, k.sha)
	o := c.s.commitJSON(c.repo, k)
	o["files"] = each(page(c, list), func(f fileChange) object { return c.s.fileJSON(c.repo, k.sha, f) })
	added, removed := lineCounts(list)
	o["stats"] = object{"additions": added, "deletions": removed, "total": added + removed}
	return ok(o)
}

func lineCounts(list []fileChange) (added, removed int) {
	for _, f := range list {
		added, removed = added+f.additions, removed+f.deletions
	}
	return added, removed
}

// compare answers for base...head; either may be "owner:branch" of a fork.
func (c *call) compare() answer {
	baseName, headName, isRange := strings.Cut(c.vars["basehead"], "...")
	base, head := c.compareSide(baseName), c.compareSide(headName)
	if !isRange || base == nil || head == nil {
		return notFound().answer()
	}
	mergeBase := c.s.git.mergeBase(base.sha, head.sha)
	ahead, behind := c.s.git.between(base.sha, head.sha), c.s.git.between(head.sha, base.sha)
	status := "diverged"
	switch {
	case base == head:
		status = "identical"
	case len(behind) == 0:
		status = "ahead"
	case len(ahead) == 0:
		status = "behind"
	}
	o := object{
		"url": c.repo.url(c.s, "/compare/%s", c.vars["basehead"]), "html_url": c.repo.web(c.s, "/compare/%s", c.vars["basehead"]),
		"permalink_url": c.repo.web(c.s, "/compare/%s...%s", base.sha, head.sha), "diff_url": c.repo.web(c.s,
			"/compare/%s.diff", c.vars["basehead"]),
		"patch_url": c.repo.web(c.s, "/compare/%s.patch", c.vars["basehead"]), "base_commit": c.s.commitJSON(c.repo, base),
		"status": status, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"commits": each(page(c, ahead), func(k *commit) object { return c.s.commitJSON(c.repo, k) }),
	}
	if k := c.s.git.commits[mergeBase]; k != nil {
		o["merge_base_commit"] = c.s.commitJSON(c.repo, k)
	}
	// The files are on the first page alone, 300 at the most.
	// https://docs.github.com/en/rest/commits/commits#compare-two-commits
	list := c.s.git.changes(mergeBase, head.sha)
	if n := atLeastOne(c.query.Get("page"), 1); n > 1 {
		list = nil
	}
	o["files"] = each(list[:min(300, len(list))], func(f fileChange) object { return c.s.fileJSON(c.repo, head.sha, f) })
	return ok(o)
}

func (c *call) compareSide(name string) *commit {
	if owner, branch, isFork := strings.Cut(name, ":"); isFork {
		for _, r := range c.s.repos {
			if strings.EqualFold(r.owner.login, owner) && (r == c.repo || r.parent == c.repo || c.repo.parent == r) {
				return c.s.resolve(r, branch)
			}
		}
		return nil
	}
	return c.s.resolve(c.repo, name)
}

func (c *call) mergeBranches() answer {
	var in struct {
		Base    string `json:"base"`
		Head    string `json:"head"`
		Message string `json:"commit_message"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	base, head := c.s.git.commits[c.repo.branch(in.Base)], c.s.resolve(c.repo, in.Head)
	if base == nil {
		return problemf(http.StatusNotFound, "Base does not exist").answer()
	}
	if head == nil {
		return problemf(http.StatusNotFound, "Head does not exist").answer()
	}
	if c.s.git.ancestors(base.sha)[head.sha] {
		return noContent()
	}
	merged, conflicts := c.s.git.tryMerge(base.sha, head.sha)
	if len(conflicts) > 0 {
		return problemf(http.StatusConflict, "Merge conflict").answer()
	}
	if in.Message == "" {
		in.Message = fmt.Sprintf("Merge %s into %s", in.Head, in.Base)
	}
	by := c.s.sign(c.who)
	made := c.s.git.putCommit(maps.Clone(merged), []string{base.sha, head.sha}, by, by, in.Message)
	c.s.moveRef(c.repo, "refs/heads/"+in.Base, made.sha, c.who)
	return created(c.s.commitJSON(c.repo, made))
}
