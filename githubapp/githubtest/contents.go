package githubtest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

var contentRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/contents", "contents:read", (*call).getContents},
	{"GET", "/repos/{owner}/{repo}/contents/{path+}", "contents:read", (*call).getContents},
	{"PUT", "/repos/{owner}/{repo}/contents/{path+}", "contents:write", (*call).putContents},
	{"DELETE", "/repos/{owner}/{repo}/contents/{path+}", "contents:write", (*call).deleteContents},
	{"GET", "/repos/{owner}/{repo}/readme", "contents:read", (*call).getReadme},
}

func (c *call) getContents() answer {
	at := c.s.resolve(c.repo, c.query.Get("ref"))
	if at == nil {
		return problemf(http.StatusNotFound, "No commit found for the ref %s", c.query.Get("ref")).answer()
	}
	name := strings.Trim(path.Clean("/"+c.vars["path"]), "/")
	if e, isFile := at.files[name]; isFile {
		return c.fileAnswer(name, e)
	}
	list := c.directory(at, name)
	if len(list) == 0 && name != "" {
		return notFound().answer()
	}
	return ok(list)
}

func (c *call) getReadme() answer {
	c.vars["path"] = "README.md"
	return c.getContents()
}

// wantsRaw tells whether the client asked for the file itself.
func (c *call) wantsRaw() bool {
	for a := range strings.SplitSeq(c.r.Header.Get("Accept"), ",") {
		a, _, _ = strings.Cut(strings.TrimSpace(a), ";")
		if a == "application/vnd.github.raw" || a == "application/vnd.github.v3.raw" || a == "application/vnd.github.raw+json" {
			return true
		}
	}
	return false
}

func (c *call) fileAnswer(name string, e entry) answer {
	content := c.s.git.blobs[e.sha]
	if c.wantsRaw() {
		return answer{status: http.StatusOK, raw: notNil(content),
			header: http.Header{"Content-Type": {"application/vnd.github.raw; charset=utf-8"}}}
	}
	o := c.contentJSON(name, "file", e.sha, len(content))
	o["content"], o["encoding"] = wrapBase64(content), "base64"
	if len(content) > 1<<20 {
		o["content"], o["encoding"] = "", "none" // GitHub sends no content beyond 1 MB
	}
	return ok(o)
}

// wrapBase64 breaks lines after 60 characters, as GitHub does.
func wrapBase64(content []byte) string {
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(content)), 60) {
		b.Write(chunk)
		b.WriteByte('\n')
	}
	return b.String()
}

func (c *call) contentJSON(name, kind, sha string, size int) object {
	ref := c.query.Get("ref")
	if ref == "" {
		ref = c.repo.defaultBranch
	}
	escaped := (&url.URL{Path: name}).EscapedPath()
	self := c.repo.url(c.s, "/contents/") + escaped + "?ref=" + url.QueryEscape(ref)
	gitKind, webKind, download := "blobs", "blob", any("https://raw.githubusercontent.com/"+c.repo.full()+"/"+ref+"/"+escaped)
	if kind == "dir" {
		gitKind, webKind, download = "trees", "tree", nil
	}
	git := c.repo.url(c.s, "/git/%s/%s", gitKind, sha)
	html := c.repo.web(c.s, "/%s/%s/", webKind, ref) + escaped
	return object{
		"name": path.Base(name), "path": name, "sha": sha, "size": size, "type": kind, "url": self, "html_url": html, "git_url": git,
		"download_url": download, "_links": object{"self": self, "git": git, "html": html},
	}
}

func (c *call) directory(at *commit, name string) []object {
	tree := at.tree
	if name != "" {
		for part := range strings.SplitSeq(name, "/") {
			i := slices.IndexFunc(c.s.git.trees[tree], func(e treeEntry) bool { return e.name == part && e.kind == "tree" })
			if i < 0 {
				return nil
			}
			tree = c.s.git.trees[tree][i].sha
		}
	}
	return each(c.s.git.trees[tree], func(e treeEntry) object {
		kind := "file"
		if e.kind == "tree" {
			kind = "dir"
		}
		return c.contentJSON(path.Join(name, e.name), kind, e.sha, len(c.s.git.blobs[e.sha]))
	})
}

type contentChange struct {
	Message   string  `json:"message"`
	Content   *string `json:"content"`
	SHA       string  `json:"sha"`
	Branch    string  `json:"branch"`
	Author    *person `json:"author"`
	Committer *person `json:"committer"`
}

type person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Date  string `json:"date"`
}

func (c *call) putContents() answer    { return c.changeContents(false) }
func (c *call) deleteContents() answer { return c.changeContents(true) }

// changeContents commits one file. A file that exists needs its blob's SHA, as a proof of knowing what is replaced.
func (c *call) changeContents(remove bool) answer {
	var in contentChange
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.Message == "" || !remove && in.Content == nil || remove && in.SHA == "" {
		return unprocessable("Invalid request.\n\nmessage, and content or sha, weren't supplied.").answer()
	}
	if in.Branch == "" {
		in.Branch = c.repo.defaultBranch
	}
	at := c.s.git.commits[c.repo.branch(in.Branch)]
	if at == nil {
		return problemf(http.StatusNotFound, "Branch %s not found", in.Branch).answer()
	}
	name := c.vars["path"]
	old, exists := at.files[name]
	switch {
	case remove && !exists:
		return notFound().answer()
	case exists && in.SHA == "":
		return unprocessable("Invalid request.\n\n\"sha\" wasn't supplied.").answer()
	case exists && in.SHA != old.sha:
		return problemf(http.StatusConflict, "%s does not match %s", name, in.SHA).answer()
	}
	f := maps.Clone(at.files)
	delete(f, name)
	if !remove {
		content, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(*in.Content, "\n", ""))
		if err != nil {
			return unprocessable("content is not valid Base64").answer()
		}
		mode := "100644"
		if exists {
			mode = old.mode
		}
		f[name] = entry{mode, c.s.git.putBlob(content)}
	}
	author := c.signature(in.Author)
	made := c.s.git.putCommit(f, []string{at.sha}, author, c.signature(in.Committer), in.Message)
	c.s.moveRef(c.repo, "refs/heads/"+in.Branch, made.sha, c.who)
	if remove {
		return ok(object{"content": nil, "commit": c.s.gitCommitJSON(c.repo, made)})
	}
	out := object{"content": c.contentJSON(name, "file", f[name].sha, len(c.s.git.blobs[f[name].sha])),
		"commit": c.s.gitCommitJSON(c.repo, made)}
	if exists {
		return ok(out)
	}
	return created(out)
}

// signature is the person given, or the bot.
func (c *call) signature(p *person) signature {
	by := c.s.sign(c.who)
	if p == nil {
		return by
	}
	by.name, by.email, by.user = p.Name, p.Email, nil
	for _, u := range c.s.users {
		if strings.EqualFold(p.Email, fmt.Sprintf("%d+%s@users.noreply.github.com", u.id, u.login)) {
			by.user = u
		}
	}
	if t, err := parseTime(p.Date); err == nil {
		by.when = t
	}
	return by
}
