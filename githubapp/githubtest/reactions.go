package githubtest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

type reaction struct {
	id      int64
	node    string
	user    *user
	content string // as REST names it: +1, -1, laugh, confused, heart, hooray, rocket or eyes
	created time.Time
}

// reactionNames maps the contents of REST to those of GraphQL.
var reactionNames = map[string]string{
	"+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "confused": "CONFUSED", "heart": "HEART", "hooray": "HOORAY",
	"rocket": "ROCKET", "eyes": "EYES",
}

// react adds a reaction to list, once for each person and content; it returns the one that was there otherwise.
func (s *Server) react(list *[]*reaction, who *user, content string) (r *reaction, isNew bool, err error) {
	if reactionNames[content] == "" {
		return nil, false, invalid("Reaction", "content", "invalid", "")
	}
	for _, old := range *list {
		if old.user == who && old.content == content {
			return old, false, nil
		}
	}
	r = &reaction{id: s.id("reaction"), user: who, content: content, created: s.Now()}
	r.node = s.node("REA", r.id, r)
	*list = append(*list, r)
	return r, true, nil
}

func (s *Server) reactionJSON(r *reaction) object {
	return object{"id": r.id, "node_id": r.node, "user": s.userJSON(r.user), "content": r.content, "created_at": when(r.created)}
}

func (s *Server) reactionSummary(list []*reaction, url string) object {
	o := object{"url": url + "/reactions", "total_count": len(list)}
	for content := range reactionNames {
		o[content] = 0
	}
	for _, r := range list {
		o[r.content] = o[r.content].(int) + 1
	}
	return o
}

var reactionRoutes = slices.Concat(
	reactionsAt("/repos/{owner}/{repo}/issues/{number}/reactions", "issues:%|pull_requests:%", (*call).issueReactions),
	reactionsAt("/repos/{owner}/{repo}/issues/comments/{id}/reactions", "issues:%|pull_requests:%", (*call).commentReactions),
	reactionsAt("/repos/{owner}/{repo}/pulls/comments/{id}/reactions", "pull_requests:%", (*call).reviewCommentReactions),
	reactionsAt("/repos/{owner}/{repo}/comments/{id}/reactions", "contents:%", (*call).commitCommentReactions),
)

// reactionsAt is the three endpoints of the reactions that find yields.
func reactionsAt(path, needs string, find func(*call) (*[]*reaction, *problem)) []route {
	read, write := withLevel(needs, "read"), withLevel(needs, "write")
	return []route{
		{"GET", path, read, func(c *call) answer { return c.listReactions(find) }},
		{"POST", path, write, func(c *call) answer { return c.createReaction(find) }},
		{"DELETE", path + "/{reaction}", write, func(c *call) answer { return c.deleteReaction(find) }},
	}
}

func withLevel(needs, level string) string {
	out := ""
	for _, r := range needs {
		if r == '%' {
			out += level
		} else {
			out += string(r)
		}
	}
	return out
}

func (c *call) issueReactions() (*[]*reaction, *problem) {
	i, p := c.issue()
	if p != nil {
		return nil, p
	}
	return &i.reactions, nil
}

func (c *call) commentReactions() (*[]*reaction, *problem) {
	k, p := c.theComment()
	if p != nil {
		return nil, p
	}
	return &k.reactions, nil
}

func (c *call) reviewCommentReactions() (*[]*reaction, *problem) {
	if k := c.repo.reviewComment(c.number("id")); k != nil {
		return &k.reactions, nil
	}
	return nil, notFound()
}

func (c *call) commitCommentReactions() (*[]*reaction, *problem) {
	for _, k := range c.repo.comments {
		if k.id == c.number("id") {
			return &k.reactions, nil
		}
	}
	return nil, notFound()
}

func (c *call) listReactions(find func(*call) (*[]*reaction, *problem)) answer {
	list, p := find(c)
	if p != nil {
		return p.answer()
	}
	only := c.query.Get("content")
	wanted := slices.DeleteFunc(slices.Clone(*list), func(r *reaction) bool { return only != "" && r.content != only })
	return ok(each(page(c, wanted), c.s.reactionJSON))
}

func (c *call) createReaction(find func(*call) (*[]*reaction, *problem)) answer {
	list, p := find(c)
	if p != nil {
		return p.answer()
	}
	var in struct{ Content string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	r, isNew, err := c.s.react(list, c.who, in.Content)
	if err != nil {
		return failed(err)
	}
	if isNew {
		return created(c.s.reactionJSON(r))
	}
	return ok(c.s.reactionJSON(r))
}

func (c *call) deleteReaction(find func(*call) (*[]*reaction, *problem)) answer {
	list, p := find(c)
	if p != nil {
		return p.answer()
	}
	id := c.number("reaction")
	for _, r := range *list {
		if r.id != id {
			continue
		}
		if r.user != c.who {
			return problemf(http.StatusForbidden, "Must be the author of the reaction.").answer()
		}
		*list = without(*list, r)
		return noContent()
	}
	return notFound().answer()
}
