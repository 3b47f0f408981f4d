package githubtest

import (
	"fmt"
	"slices"
	"time"
)

type discussion struct {
	id         int64
	node       string
	repo       *repo
	number     int
	title      string
	body       string
	category   string
	author     *user
	state      string // open or closed
	reason     string // resolved, outdated or duplicate
	locked     bool
	labels     []*label
	comments   []*discussionComment
	answer     *discussionComment
	answeredBy *user
	answeredAt time.Time
	reactions  []*reaction
	created    time.Time
	updated    time.Time
	closed     time.Time
}

type discussionComment struct {
	id         int64
	node       string
	discussion *discussion
	parent     *discussionComment
	author     *user
	body       string
	created    time.Time
	updated    time.Time
	reactions  []*reaction
	minimized  string
}

func (r *repo) discussion(number int) *discussion {
	for _, d := range r.discussions {
		if d.number == number {
			return d
		}
	}
	return nil
}

func (s *Server) discussionJSON(d *discussion) object {
	page := d.repo.web(s, "/discussions/%d", d.number)
	o := object{
		"repository_url": d.repo.url(s, ""), "category": object{
			"id": bases["category"] + int64(len(d.category)), "node_id": nodeID("DIC",
				int64(len(d.category))), "repository_id": d.repo.id, "emoji": ":speech_balloon:",
			"name": d.category, "description": "", "created_at": when(d.repo.created), "updated_at": when(d.repo.created), "slug": d.category,
			"is_answerable": d.category == "Q&A",
		},
		"answer_html_url": nil, "answer_chosen_at": when(d.answeredAt), "answer_chosen_by": s.userJSON(d.answeredBy), "html_url": page, "id": d.id,
		"node_id": d.node, "number": d.number, "title": d.title, "user": s.userJSON(d.author),
		"labels": each(d.labels, func(l *label) object {
			return s.labelJSON(d.repo,
				l)
		}), "state": d.state, "state_reason": orNull(d.reason),
		"locked": d.locked, "comments": len(d.comments), "created_at": when(d.created), "updated_at": when(d.updated),
		"author_association": s.association(d.repo, d.author), "active_lock_reason": nil, "body": d.body,
		"reactions": s.reactionSummary(d.reactions, d.repo.url(s, "/discussions/%d", d.number)), "timeline_url": d.repo.url(s,
			"/discussions/%d/timeline", d.number),
	}
	if d.answer != nil {
		o["answer_html_url"] = fmt.Sprintf("%s#discussioncomment-%d", page, d.answer.id)
	}
	return o
}

func (s *Server) discussionCommentJSON(k *discussionComment) object {
	d := k.discussion
	children := 0
	for _, other := range d.comments {
		if other.parent == k {
			children++
		}
	}
	o := object{
		"id": k.id, "node_id": k.node, "html_url": d.repo.web(s, "/discussions/%d#discussioncomment-%d", d.number,
			k.id), "parent_id": nil,
		"child_comment_count": children, "repository_url": d.repo.full(), "discussion_id": d.id,
		"author_association": s.association(d.repo,
			k.author), "user": s.userJSON(k.author), "created_at": when(k.created), "updated_at": when(k.updated),
		"body": k.body, "reactions": s.reactionSummary(k.reactions, d.repo.url(s, "/discussions/%d/comments/%d", d.number, k.id)),
	}
	if k.parent != nil {
		o["parent_id"] = k.parent.id
	}
	return o
}

func (s *Server) emitDiscussion(d *discussion, action string, who *user, extra object) {
	body := object{"discussion": s.discussionJSON(d)}
	for k, v := range extra {
		body[k] = v
	}
	s.emit(d.repo, "discussion", action, who, body)
}

func (s *Server) openDiscussion(r *repo, who *user, category, title, body string) (*discussion, error) {
	if err := checkTitle("Discussion", title, body); err != nil {
		return nil, err
	}
	d := &discussion{
		id: s.id("discussion"), repo: r, number: r.next, title: title, body: body, category: orDefault(category,
			"General"), author: who,
		state: "open", created: s.Now(), updated: s.Now(),
	}
	r.next++
	d.node = s.node("D", d.id, d)
	r.discussions = append(r.discussions, d)
	s.emitDiscussion(d, "created", who, nil)
	return d, nil
}

func (s *Server) commentDiscussion(d *discussion, who *user, body string, parent *discussionComment) (*discussionComment, error) {
	if err := checkBody("DiscussionComment", body); err != nil {
		return nil, err
	}
	k := &discussionComment{id: s.id("discussion comment"), discussion: d, parent: parent, author: who, body: body,
		created: s.Now(), updated: s.Now()}
	k.node = s.node("DC", k.id, k)
	d.comments, d.updated = append(d.comments, k), s.Now()
	s.emit(d.repo, "discussion_comment", "created", who, object{"discussion": s.discussionJSON(d),
		"comment": s.discussionCommentJSON(k)})
	return k, nil
}

func (s *Server) answerDiscussion(k *discussionComment, who *user) {
	d := k.discussion
	d.answer, d.answeredBy, d.answeredAt, d.updated = k, who, s.Now(), s.Now()
	s.emitDiscussion(d, "answered", who, object{"answer": s.discussionCommentJSON(k)})
}

func (s *Server) closeDiscussion(d *discussion, who *user, reason string) {
	if d.state == "closed" {
		return
	}
	d.state, d.reason, d.closed, d.updated = "closed", orDefault(reason, "resolved"), s.Now(), s.Now()
	s.emitDiscussion(d, "closed", who, nil)
}

func (s *Server) reopenDiscussion(d *discussion, who *user) {
	if d.state == "open" {
		return
	}
	d.state, d.reason, d.closed, d.updated = "open", "reopened", time.Time{}, s.Now()
	s.emitDiscussion(d, "reopened", who, nil)
}

func (s *Server) lockDiscussion(d *discussion, who *user, locked bool) {
	if d.locked == locked {
		return
	}
	d.locked, d.updated = locked, s.Now()
	action := "unlocked"
	if locked {
		action = "locked"
	}
	s.emitDiscussion(d, action, who, nil)
}

func (s *Server) labelDiscussion(d *discussion, l *label, who *user) {
	if !slices.Contains(d.labels, l) {
		d.labels, d.updated = append(d.labels, l), s.Now()
		s.emitDiscussion(d, "labeled", who, object{"label": s.labelJSON(d.repo, l)})
	}
}

func (s *Server) unlabelDiscussion(d *discussion, l *label, who *user) {
	if slices.Contains(d.labels, l) {
		d.labels, d.updated = without(d.labels, l), s.Now()
		s.emitDiscussion(d, "unlabeled", who, object{"label": s.labelJSON(d.repo, l)})
	}
}
