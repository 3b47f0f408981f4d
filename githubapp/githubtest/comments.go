package githubtest

import (
	"slices"
	"strings"
	"time"
)

// comment is a comment on an issue, a pull request's conversation, or a commit.
type comment struct {
	id        int64
	node      string
	issue     *issue
	repo      *repo
	commit    string // of a commit comment
	path      string
	author    *user
	body      string
	created   time.Time
	updated   time.Time
	reactions []*reaction
	minimized string // why it is hidden: OUTDATED and others; "" when it shows
}

var commentRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/issues/comments", "issues:read|pull_requests:read", (*call).listRepoComments},
	{"GET", "/repos/{owner}/{repo}/issues/comments/{id}", "issues:read|pull_requests:read", (*call).getComment},
	{"PATCH", "/repos/{owner}/{repo}/issues/comments/{id}", "issues:write|pull_requests:write", (*call).editComment},
	{"DELETE", "/repos/{owner}/{repo}/issues/comments/{id}", "issues:write|pull_requests:write", (*call).deleteComment},
	{"GET", "/repos/{owner}/{repo}/issues/{number}/comments", "issues:read|pull_requests:read", (*call).listComments},
	{"POST", "/repos/{owner}/{repo}/issues/{number}/comments", "issues:write|pull_requests:write", (*call).createComment},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}/comments", "contents:read", (*call).listCommitComments},
	{"POST", "/repos/{owner}/{repo}/commits/{ref+}/comments", "contents:write", (*call).createCommitComment},
}

func (s *Server) commentJSON(k *comment) object {
	url := k.repo.url(s, "/issues/comments/%d", k.id)
	o := object{
		"url": url, "html_url": s.commentPage(k), "issue_url": s.issueURL(k.issue), "id": k.id, "node_id": k.node,
		"user": s.userJSON(k.author), "created_at": when(k.created), "updated_at": when(k.updated),
		"author_association": s.association(k.repo, k.author), "body": k.body, "reactions": s.reactionSummary(k.reactions, url),
		"performed_via_github_app": nil,
	}
	if k.author.app != nil {
		o["performed_via_github_app"] = s.appJSON(k.author.app)
	}
	return o
}

func (s *Server) commentPage(k *comment) string {
	return s.issuePage(k.issue) + "#issuecomment-" + itoa(k.id)
}

func checkBody(resource, body string) error {
	switch {
	case strings.TrimSpace(body) == "":
		return invalid(resource, "data", "unprocessable", "Body cannot be blank")
	case len([]rune(body)) > maxText:
		return invalid(resource, "data", "unprocessable", "Body is too long (maximum is 65536 characters)")
	}
	return nil
}

func (s *Server) comment(i *issue, who *user, body string) (*comment, error) {
	if err := checkBody("IssueComment", body); err != nil {
		return nil, err
	}
	if err := s.checkUnlocked(i, who); err != nil {
		return nil, err
	}
	k := &comment{id: s.id("comment"), issue: i, repo: i.repo, author: who, body: body, created: s.Now(), updated: s.Now()}
	k.node = s.node("IC", k.id, k)
	i.comments, i.updated = append(i.comments, k), s.Now()
	s.emitComment(k, "created", who, nil)
	return k, nil
}

func (s *Server) emitComment(k *comment, action string, who *user, changes object) {
	body := object{"issue": s.issueJSON(k.issue), "comment": s.commentJSON(k)}
	if changes != nil {
		body["changes"] = changes
	}
	s.emit(k.repo, "issue_comment", action, who, body)
}

func (s *Server) rewrite(k *comment, who *user, body string) error {
	if err := checkBody("IssueComment", body); err != nil {
		return err
	}
	if body == k.body {
		return nil
	}
	changes := object{"body": object{"from": k.body}}
	k.body, k.updated = body, s.Now()
	s.emitComment(k, "edited", who, changes)
	return nil
}

func (s *Server) removeComment(k *comment, who *user) {
	k.issue.comments = without(k.issue.comments, k)
	s.emitComment(k, "deleted", who, nil)
}

// comment finds a comment on an issue or pull request of r.
func (r *repo) comment(id int64) *comment {
	for _, i := range r.issues {
		for _, k := range i.comments {
			if k.id == id {
				return k
			}
		}
	}
	return nil
}

func (c *call) listRepoComments() answer {
	var list []*comment
	for _, i := range c.repo.issues {
		list = append(list, i.comments...)
	}
	slices.SortFunc(list, func(a, b *comment) int { return int(a.id - b.id) })
	return c.commentList(list)
}

func (c *call) commentList(list []*comment) answer {
	if t, err := parseTime(c.query.Get("since")); err == nil {
		list = slices.DeleteFunc(slices.Clone(list), func(k *comment) bool { return k.updated.Before(t) })
	}
	if c.query.Get("sort") != "" && c.query.Get("direction") == "desc" {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return ok(each(page(c, list), c.s.commentJSON))
}

func (c *call) listComments() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	return c.commentList(i.comments)
}

func (c *call) createComment() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	var in struct{ Body string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	k, err := c.s.comment(i, c.who, in.Body)
	if err != nil {
		return failed(err)
	}
	return created(c.s.commentJSON(k))
}

// theComment is the comment of the path, held against what the token may see.
func (c *call) theComment() (*comment, *problem) {
	k := c.repo.comment(c.number("id"))
	if k == nil {
		return nil, notFound()
	}
	if k.issue.pull == nil && c.via == "pull_requests" {
		return nil, forbidden()
	}
	return k, nil
}

func (c *call) getComment() answer {
	k, p := c.theComment()
	if p != nil {
		return p.answer()
	}
	return ok(c.s.commentJSON(k))
}

func (c *call) editComment() answer {
	k, p := c.theComment()
	if p != nil {
		return p.answer()
	}
	var in struct{ Body string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if err := c.s.rewrite(k, c.who, in.Body); err != nil {
		return failed(err)
	}
	return ok(c.s.commentJSON(k))
}

func (c *call) deleteComment() answer {
	k, p := c.theComment()
	if p != nil {
		return p.answer()
	}
	c.s.removeComment(k, c.who)
	return noContent()
}

func (s *Server) commitCommentJSON(k *comment) object {
	url := k.repo.url(s, "/comments/%d", k.id)
	return object{
		"url": url, "html_url": k.repo.web(s, "/commit/%s#commitcomment-%d", k.commit, k.id), "id": k.id, "node_id": k.node,
		"user": s.userJSON(k.author), "position": nil, "line": nil, "path": orNull(k.path), "commit_id": k.commit, "created_at": when(k.created),
		"updated_at": when(k.updated), "author_association": s.association(k.repo, k.author), "body": k.body,
		"reactions": s.reactionSummary(k.reactions, url),
	}
}

func (s *Server) commentCommit(r *repo, sha string, who *user, body string) (*comment, error) {
	if err := checkBody("CommitComment", body); err != nil {
		return nil, err
	}
	k := &comment{id: s.id("commit comment"), repo: r, commit: sha, author: who, body: body, created: s.Now(), updated: s.Now()}
	k.node = s.node("CC", k.id, k)
	r.comments = append(r.comments, k)
	s.emit(r, "commit_comment", "created", who, object{"comment": s.commitCommentJSON(k)})
	return k, nil
}

func (c *call) listCommitComments() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return notFound().answer()
	}
	list := slices.DeleteFunc(slices.Clone(c.repo.comments), func(k *comment) bool { return k.commit != at.sha })
	return ok(each(page(c, list), c.s.commitCommentJSON))
}

func (c *call) createCommitComment() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return notFound().answer()
	}
	var in struct{ Body string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	k, err := c.s.commentCommit(c.repo, at.sha, c.who, in.Body)
	if err != nil {
		return failed(err)
	}
	return created(c.s.commitCommentJSON(k))
}
