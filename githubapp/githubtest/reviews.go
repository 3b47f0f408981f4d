package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

type review struct {
	id        int64
	node      string
	issue     *issue
	author    *user
	state     string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING
	body      string
	commit    string
	submitted time.Time
	minimized string
	reactions []*reaction
}

// thread is a conversation at a line of a pull request.
type thread struct {
	id         int64
	node       string
	issue      *issue
	path       string
	line       int
	comments   []*reviewComment
	resolved   bool
	resolvedBy *user
}

type reviewComment struct {
	id        int64
	node      string
	thread    *thread
	review    *review
	author    *user
	body      string
	commit    string
	hunk      string
	replyTo   int64
	created   time.Time
	updated   time.Time
	reactions []*reaction
	minimized string
}

var reviewRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/reviews", "pull_requests:read", (*call).listReviews},
	{"POST", "/repos/{owner}/{repo}/pulls/{number}/reviews", "pull_requests:write", (*call).createReview},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/reviews/{id}", "pull_requests:read", (*call).getReview},
	{"PUT", "/repos/{owner}/{repo}/pulls/{number}/reviews/{id}", "pull_requests:write", (*call).editReview},
	{"DELETE", "/repos/{owner}/{repo}/pulls/{number}/reviews/{id}", "pull_requests:write", (*call).deleteReview},
	{"POST", "/repos/{owner}/{repo}/pulls/{number}/reviews/{id}/events", "pull_requests:write", (*call).submitReview},
	{"PUT", "/repos/{owner}/{repo}/pulls/{number}/reviews/{id}/dismissals", "pull_requests:write", (*call).dismissReview},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "pull_requests:read", (*call).listReviewers},
	{"POST", "/repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "pull_requests:write", (*call).addReviewers},
	{"DELETE", "/repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "pull_requests:write", (*call).removeReviewers},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/comments", "pull_requests:read", (*call).listReviewComments},
	{"POST", "/repos/{owner}/{repo}/pulls/{number}/comments", "pull_requests:write", (*call).createReviewComment},
	{"POST", "/repos/{owner}/{repo}/pulls/{number}/comments/{id}/replies", "pull_requests:write", (*call).replyReviewComment},
	{"GET", "/repos/{owner}/{repo}/pulls/comments/{id}", "pull_requests:read", (*call).getReviewComment},
	{"PATCH", "/repos/{owner}/{repo}/pulls/comments/{id}", "pull_requests:write", (*call).editReviewComment},
	{"DELETE", "/repos/{owner}/{repo}/pulls/comments/{id}", "pull_requests:write", (*call).deleteReviewComment},
}

func (s *Server) reviewJSON(v *review) object {
	page, pull := s.issuePage(v.issue), v.issue.repo.url(s, "/pulls/%d", v.issue.number)
	o := object{
		"id": v.id, "node_id": v.node, "user": s.userJSON(v.author), "body": v.body, "state": v.state,
		"html_url":         fmt.Sprintf("%s#pullrequestreview-%d", page, v.id),
		"pull_request_url": pull, "author_association": s.association(v.issue.repo, v.author), "commit_id": v.commit,
		"_links": object{"html": object{"href": fmt.Sprintf("%s#pullrequestreview-%d", page, v.id)},
			"pull_request": object{"href": pull}},
	}
	if !v.submitted.IsZero() {
		o["submitted_at"] = when(v.submitted)
	}
	return o
}

// emitReview sends pull_request_review, where the state is in lower case and the pull request lacks its counts.
func (s *Server) emitReview(v *review, action string, who *user) {
	body := s.reviewJSON(v)
	body["state"] = strings.ToLower(v.state)
	body["body"] = orNull(v.body)
	s.emit(v.issue.repo, "pull_request_review", action, who, object{"review": body, "pull_request": s.pullBrief(v.issue)})
}

func unprocessableList(text string) *problem {
	p := problemf(http.StatusUnprocessableEntity, "Unprocessable Entity")
	p.errors = []any{text}
	return p
}

// review states a verdict: APPROVE, REQUEST_CHANGES, COMMENT, or "" for one that is still to be submitted.
func (s *Server) review(i *issue, who *user, event, body, sha string, hasComments bool) (*review, error) {
	if err := checkVerdict(i, who, event, body, hasComments); err != nil {
		return nil, err
	}
	if sha == "" {
		sha = i.pull.headSHA
	}
	if s.git.commits[sha] == nil {
		return nil, unprocessable("The commit_id is not part of the pull request")
	}
	v := &review{id: s.id("review"), issue: i, author: who, body: body, commit: sha, state: "PENDING"}
	v.node = s.node("PRR", v.id, v)
	i.pull.reviews = append(i.pull.reviews, v)
	if event != "" {
		s.submit(v, event, who)
	}
	return v, nil
}

func checkVerdict(i *issue, who *user, event, body string, hasComments bool) error {
	switch event {
	case "APPROVE":
		if i.author == who {
			return unprocessableList("Can not approve your own pull request")
		}
	case "REQUEST_CHANGES":
		if i.author == who {
			return unprocessableList("Can not request changes on your own pull request")
		}
		if body == "" {
			return unprocessableList("Review comments is empty and body is blank")
		}
	case "COMMENT":
		if body == "" && !hasComments {
			return unprocessableList("Review comments is empty and body is blank")
		}
	case "":
	default:
		return invalid("PullRequestReview", "event", "invalid", "")
	}
	if len([]rune(body)) > maxText {
		return invalid("PullRequestReview", "body", "custom", "body is too long (maximum is 65536 characters)")
	}
	return nil
}

var verdicts = map[string]string{"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}

// submit makes a review public. Whoever was asked for a review has given it now.
func (s *Server) submit(v *review, event string, who *user) {
	v.state, v.submitted = verdicts[event], s.Now()
	i := v.issue
	i.updated = s.Now()
	i.pull.reviewers = without(i.pull.reviewers, who)
	s.emitReview(v, "submitted", who)
	s.tryAutoMerge(i)
}

// opinions is the last verdict of each reviewer: approved, changes requested or dismissed.
func (s *Server) opinions(p *pull, writersOnly bool) []*review {
	var out []*review
	for _, v := range p.reviews {
		switch v.state {
		case "APPROVED", "CHANGES_REQUESTED", "DISMISSED":
		default:
			continue
		}
		if writersOnly && s.roleOf(p.issue.repo, v.author) < roleWrite {
			continue
		}
		out = slices.DeleteFunc(out, func(o *review) bool { return o.author == v.author })
		out = append(out, v)
	}
	return out
}

// reviewDecision is APPROVED, CHANGES_REQUESTED or REVIEW_REQUIRED where the base demands reviews, else "".
func (s *Server) reviewDecision(p *pull) string {
	need := p.issue.repo.protections[p.baseRef].Approvals
	if need == 0 {
		return ""
	}
	approvals := 0
	for _, v := range s.opinions(p, true) {
		switch v.state {
		case "CHANGES_REQUESTED":
			return "CHANGES_REQUESTED"
		case "APPROVED":
			approvals++
		}
	}
	if approvals >= need {
		return "APPROVED"
	}
	return "REVIEW_REQUIRED"
}

func (c *call) listReviews() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	list := slices.DeleteFunc(slices.Clone(i.pull.reviews),
		func(v *review) bool { return v.state == "PENDING" && v.author != c.who })
	return ok(each(page(c, list), c.s.reviewJSON))
}

type draftComment struct {
	Path, Body, Side string
	Line, Position   int
}

func (c *call) createReview() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in struct {
		CommitID    string `json:"commit_id"`
		Body, Event string
		Comments    []draftComment
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	for _, d := range in.Comments {
		if err := c.s.checkLine(i, d.Path, d.Body); err != nil {
			return failed(err)
		}
	}
	v, err := c.s.review(i, c.who, in.Event, in.Body, in.CommitID, len(in.Comments) > 0)
	if err != nil {
		return failed(err)
	}
	for _, d := range in.Comments {
		c.s.reviewComment(i, v, c.who, d.Path, max(d.Line, d.Position), d.Body)
	}
	return ok(c.s.reviewJSON(v))
}

func (c *call) theReview() (*review, *problem) {
	i, p := c.pull()
	if p != nil {
		return nil, p
	}
	for _, v := range i.pull.reviews {
		if v.id == c.number("id") {
			return v, nil
		}
	}
	return nil, notFound()
}

func (c *call) getReview() answer {
	v, p := c.theReview()
	if p != nil {
		return p.answer()
	}
	return ok(c.s.reviewJSON(v))
}

func (c *call) editReview() answer {
	v, p := c.theReview()
	if p != nil {
		return p.answer()
	}
	var in struct{ Body string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if v.author != c.who {
		return forbidden().answer()
	}
	v.body = in.Body
	c.s.emitReview(v, "edited", c.who)
	return ok(c.s.reviewJSON(v))
}

func (c *call) deleteReview() answer {
	v, p := c.theReview()
	if p != nil {
		return p.answer()
	}
	if v.state != "PENDING" {
		return unprocessableList("Can not delete a non-pending pull request review").answer()
	}
	v.issue.pull.reviews = without(v.issue.pull.reviews, v)
	return ok(c.s.reviewJSON(v))
}

func (c *call) submitReview() answer {
	v, p := c.theReview()
	if p != nil {
		return p.answer()
	}
	var in struct{ Body, Event string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if v.state != "PENDING" || v.author != c.who || in.Event == "" {
		return unprocessableList("Can not submit this review").answer()
	}
	if err := checkVerdict(v.issue, c.who, in.Event, in.Body, true); err != nil {
		return failed(err)
	}
	if in.Body != "" {
		v.body = in.Body
	}
	c.s.submit(v, in.Event, c.who)
	return ok(c.s.reviewJSON(v))
}

func (c *call) dismissReview() answer {
	v, p := c.theReview()
	if p != nil {
		return p.answer()
	}
	var in struct{ Message, Event string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.Message == "" {
		return unprocessable("Invalid request.\n\n\"message\" wasn't supplied.").answer()
	}
	if err := c.s.dismiss(v, c.who); err != nil {
		return failed(err)
	}
	return ok(c.s.reviewJSON(v))
}

func (s *Server) dismiss(v *review, who *user) error {
	if v.state != "APPROVED" && v.state != "CHANGES_REQUESTED" {
		return unprocessableList("Can not dismiss a " + strings.ToLower(v.state) + " pull request review")
	}
	v.state = "DISMISSED"
	s.emitReview(v, "dismissed", who)
	return nil
}

func (c *call) listReviewers() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	return ok(object{"users": c.s.usersJSON(i.pull.reviewers), "teams": each(i.pull.teamReviewers, c.s.teamJSON)})
}

type reviewersIn struct {
	Reviewers     []string
	TeamReviewers []string `json:"team_reviewers"`
}

func (c *call) addReviewers() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in reviewersIn
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if err := c.s.requestReviews(i, in.Reviewers, in.TeamReviewers, c.who); err != nil {
		return failed(err)
	}
	return created(c.s.pullBrief(i))
}

// requestReviews asks people and teams. If one of them cannot be asked, none is.
func (s *Server) requestReviews(i *issue, logins, slugs []string, who *user) error {
	stranger := unprocessable("Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the %s repository.", i.repo.full())
	var people []*user
	var teams []*team
	for _, login := range logins {
		u := s.findUser(login)
		switch {
		case u != nil && u == i.author:
			return unprocessable("Review cannot be requested from pull request author.")
		case u == nil || u.kind != "User" || !s.explicitRole(i.repo, u):
			return stranger
		}
		people = append(people, u)
	}
	for _, slug := range slugs {
		t := i.repo.owner.team(slug)
		if t == nil || t.repos[i.repo] == roleNone {
			return stranger
		}
		teams = append(teams, t)
	}
	p := i.pull
	for _, u := range people {
		if !slices.Contains(p.reviewers, u) {
			p.reviewers, i.updated = append(p.reviewers, u), s.Now()
			s.emitPull(i, "review_requested", who, object{"requested_reviewer": s.userJSON(u)})
		}
	}
	for _, t := range teams {
		if !slices.Contains(p.teamReviewers, t) {
			p.teamReviewers, i.updated = append(p.teamReviewers, t), s.Now()
			s.emitPull(i, "review_requested", who, object{"requested_team": s.teamJSON(t)})
		}
	}
	return nil
}

func (c *call) removeReviewers() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in reviewersIn
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	for _, login := range in.Reviewers {
		if u := c.s.findUser(login); u != nil && slices.Contains(i.pull.reviewers, u) {
			i.pull.reviewers = without(i.pull.reviewers, u)
			c.s.emitPull(i, "review_request_removed", c.who, object{"requested_reviewer": c.s.userJSON(u)})
		}
	}
	for _, slug := range in.TeamReviewers {
		if t := i.repo.owner.team(slug); t != nil && slices.Contains(i.pull.teamReviewers, t) {
			i.pull.teamReviewers = without(i.pull.teamReviewers, t)
			c.s.emitPull(i, "review_request_removed", c.who, object{"requested_team": c.s.teamJSON(t)})
		}
	}
	return ok(c.s.pullBrief(i))
}

func (s *Server) reviewCommentJSON(k *reviewComment) object {
	i := k.thread.issue
	url, page := i.repo.url(s, "/pulls/comments/%d", k.id), fmt.Sprintf("%s#discussion_r%d", s.issuePage(i), k.id)
	pull := i.repo.url(s, "/pulls/%d", i.number)
	o := object{
		"url": url, "pull_request_review_id": k.review.id, "id": k.id, "node_id": k.node, "diff_hunk": k.hunk, "path": k.thread.path,
		"position": k.thread.line, "original_position": k.thread.line, "commit_id": k.commit, "original_commit_id": k.commit,
		"user": s.userJSON(k.author), "body": k.body, "created_at": when(k.created), "updated_at": when(k.updated), "html_url": page,
		"pull_request_url": pull, "author_association": s.association(i.repo,
			k.author), "reactions": s.reactionSummary(k.reactions, url),
		"_links":     object{"self": object{"href": url}, "html": object{"href": page}, "pull_request": object{"href": pull}},
		"start_line": nil, "original_start_line": nil, "start_side": nil, "line": k.thread.line, "original_line": k.thread.line,
		"side": "RIGHT", "subject_type": "line",
	}
	if k.replyTo != 0 {
		o["in_reply_to_id"] = k.replyTo
	}
	return o
}

func (s *Server) checkLine(i *issue, path, body string) error {
	if err := checkBody("PullRequestReviewComment", body); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.pullFiles(i.pull), func(f fileChange) bool { return f.path == path }) {
		return invalid("PullRequestReviewComment", "path", "invalid", "")
	}
	return nil
}

// reviewComment starts a thread at a line; v is the review that it belongs to, a new one of its own when nil.
func (s *Server) reviewComment(i *issue, v *review, who *user, path string, line int, body string) (*reviewComment, error) {
	if err := s.checkLine(i, path, body); err != nil {
		return nil, err
	}
	t := &thread{id: s.id("thread"), issue: i, path: path, line: line}
	t.node = s.node("PRRT", t.id, t)
	i.pull.threads = append(i.pull.threads, t)
	return s.addToThread(t, v, who, body, 0)
}

func (s *Server) addToThread(t *thread, v *review, who *user, body string, replyTo int64) (*reviewComment, error) {
	if err := checkBody("PullRequestReviewComment", body); err != nil {
		return nil, err
	}
	if v == nil {
		var err error
		if v, err = s.review(t.issue, who, "COMMENT", "", "", true); err != nil {
			return nil, err
		}
	}
	k := &reviewComment{
		id: s.id("review comment"), thread: t, review: v, author: who, body: body, commit: t.issue.pull.headSHA, replyTo: replyTo,
		created: s.Now(), updated: s.Now(), hunk: "@@ -1 +1 @@",
	}
	for _, f := range s.pullFiles(t.issue.pull) {
		if f.path == t.path && f.patch != "" {
			k.hunk = f.patch
		}
	}
	k.node = s.node("PRRC", k.id, k)
	t.comments = append(t.comments, k)
	s.emitReviewComment(k, "created", who, nil)
	return k, nil
}

func (s *Server) emitReviewComment(k *reviewComment, action string, who *user, changes object) {
	body := object{"comment": s.reviewCommentJSON(k), "pull_request": s.pullBrief(k.thread.issue)}
	if changes != nil {
		body["changes"] = changes
	}
	s.emit(k.thread.issue.repo, "pull_request_review_comment", action, who, body)
}

// resolve marks a thread as resolved or not.
func (s *Server) resolveThread(t *thread, resolved bool, who *user) {
	if t.resolved == resolved {
		return
	}
	t.resolved, t.resolvedBy = resolved, nil
	action := "unresolved"
	if resolved {
		action, t.resolvedBy = "resolved", who
	}
	s.emit(t.issue.repo, "pull_request_review_thread", action, who, object{
		"pull_request": s.pullBrief(t.issue), "thread": object{"node_id": t.node, "comments": each(t.comments,
			s.reviewCommentJSON)},
	})
}

func (r *repo) reviewComment(id int64) *reviewComment {
	for _, i := range r.issues {
		if i.pull == nil {
			continue
		}
		for _, t := range i.pull.threads {
			for _, k := range t.comments {
				if k.id == id {
					return k
				}
			}
		}
	}
	return nil
}

func (c *call) listReviewComments() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var list []*reviewComment
	for _, t := range i.pull.threads {
		list = append(list, t.comments...)
	}
	slices.SortFunc(list, func(a, b *reviewComment) int { return int(a.id - b.id) })
	return ok(each(page(c, list), c.s.reviewCommentJSON))
}

func (c *call) createReviewComment() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in struct {
		draftComment
		CommitID  string `json:"commit_id"`
		InReplyTo int64  `json:"in_reply_to"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.InReplyTo != 0 {
		return c.reply(in.InReplyTo, in.Body)
	}
	if in.CommitID == "" || c.s.git.commits[in.CommitID] == nil {
		return invalid("PullRequestReviewComment", "commit_id", "missing_field", "").answer()
	}
	k, err := c.s.reviewComment(i, nil, c.who, in.Path, max(in.Line, in.Position, 1), in.Body)
	if err != nil {
		return failed(err)
	}
	return created(c.s.reviewCommentJSON(k))
}

func (c *call) reply(to int64, body string) answer {
	first := c.repo.reviewComment(to)
	if first == nil {
		return notFound().answer()
	}
	k, err := c.s.addToThread(first.thread, nil, c.who, body, to)
	if err != nil {
		return failed(err)
	}
	return created(c.s.reviewCommentJSON(k))
}

func (c *call) replyReviewComment() answer {
	var in struct{ Body string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	return c.reply(c.number("id"), in.Body)
}

func (c *call) getReviewComment() answer {
	k := c.repo.reviewComment(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	return ok(c.s.reviewCommentJSON(k))
}

func (c *call) editReviewComment() answer {
	k := c.repo.reviewComment(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	var in struct{ Body string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if err := checkBody("PullRequestReviewComment", in.Body); err != nil {
		return failed(err)
	}
	changes := object{"body": object{"from": k.body}}
	k.body, k.updated = in.Body, c.s.Now()
	c.s.emitReviewComment(k, "edited", c.who, changes)
	return ok(c.s.reviewCommentJSON(k))
}

func (c *call) deleteReviewComment() answer {
	k := c.repo.reviewComment(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	k.thread.comments = without(k.thread.comments, k)
	c.s.emitReviewComment(k, "deleted", c.who, nil)
	return noContent()
}
