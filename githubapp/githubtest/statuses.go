package githubtest

import (
	"slices"
	"strings"
	"time"
)

// status is a commit status.
type status struct {
	id          int64
	node        string
	repo        *repo
	sha         string
	state       string // error, failure, pending or success
	context     string
	description string
	target      string
	creator     *user
	created     time.Time
}

var statusRoutes = []route{
	{"POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses:write", (*call).createStatus},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}/statuses", "statuses:read", (*call).listStatuses},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}/status", "statuses:read", (*call).combinedStatus},
}

// statusesOf is the newest status of each context on a commit, oldest first.
func (r *repo) statusesOf(sha string) []*status {
	var out []*status
	for _, t := range r.statuses {
		if t.sha == sha {
			out = slices.DeleteFunc(out, func(o *status) bool { return strings.EqualFold(o.context, t.context) })
			out = append(out, t)
		}
	}
	return out
}

func (s *Server) statusJSON(r *repo, t *status) object {
	return object{
		"url": r.url(s, "/statuses/%s", t.sha), "avatar_url": "", "id": t.id, "node_id": t.node, "state": t.state,
		"description": orNull(t.description), "target_url": orNull(t.target), "context": t.context, "created_at": when(t.created),
		"updated_at": when(t.created), "creator": s.userJSON(t.creator),
	}
}

// maxStatuses bounds the statuses of one commit and context.
// https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
const maxStatuses = 1000

func (s *Server) setStatus(r *repo, who *user, sha, state, context, description, target string) (*status, error) {
	switch state {
	case "error", "failure", "pending", "success":
	default:
		return nil, invalid("Status", "state", "invalid", "")
	}
	at := s.git.commits[sha]
	if at == nil {
		return nil, unprocessable("No commit found for SHA: %s", sha)
	}
	context = orDefault(context, "default")
	count := 0
	for _, t := range r.statuses {
		if t.sha == sha && t.context == context {
			count++
		}
	}
	if len([]rune(description)) > 140 {
		return nil, invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	if count >= maxStatuses {
		return nil, invalid("Status", "", "custom", "This SHA and context has reached the maximum number of statuses.")
	}
	t := &status{id: s.id("status"), repo: r, sha: sha, state: state, context: context, description: description,
		target: target, creator: who, created: s.Now()}
	t.node = s.node("SC", t.id, t)
	r.statuses = append(r.statuses, t)
	branches := []object{}
	for _, ref := range r.refsUnder("refs/heads/") {
		if name := strings.TrimPrefix(ref, "refs/heads/"); s.git.ancestors(r.refs[ref])[sha] && len(branches) < 10 {
			branches = append(branches, s.branchBrief(r, name))
		}
	}
	s.emit(r, "status", "", who, object{
		"id": t.id, "sha": sha, "name": r.full(), "avatar_url": nil, "target_url": orNull(target), "context": context,
		"description": orNull(description), "state": state, "commit": s.commitJSON(r, at), "branches": branches,
		"created_at": when(t.created), "updated_at": when(t.created),
	})
	s.signal(r, sha)
	return t, nil
}

func (c *call) createStatus() answer {
	var in struct {
		State, Context, Description string
		TargetURL                   string `json:"target_url"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	t, err := c.s.setStatus(c.repo, c.who, c.vars["sha"], in.State, in.Context, in.Description, in.TargetURL)
	if err != nil {
		return failed(err)
	}
	return created(c.s.statusJSON(c.repo, t))
}

func (c *call) listStatuses() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return notFound().answer()
	}
	var list []*status
	for _, t := range slices.Backward(c.repo.statuses) {
		if t.sha == at.sha {
			list = append(list, t)
		}
	}
	return ok(each(page(c, list), func(t *status) object { return c.s.statusJSON(c.repo, t) }))
}

// combinedStatus is pending where there are no statuses, as on GitHub.
func (c *call) combinedStatus() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return notFound().answer()
	}
	list, state := c.repo.statusesOf(at.sha), "pending"
	if len(list) > 0 {
		state = "success"
	}
	for _, t := range list {
		switch t.state {
		case "failure", "error":
			state = "failure"
		case "pending":
			if state == "success" {
				state = "pending"
			}
		}
	}
	return ok(object{
		"state": state, "sha": at.sha, "total_count": len(list), "repository": c.s.repoBrief(c.repo),
		"statuses":   each(page(c, list), func(t *status) object { return c.s.statusJSON(c.repo, t) }),
		"commit_url": c.repo.url(c.s, "/commits/%s", at.sha), "url": c.repo.url(c.s, "/commits/%s/status", at.sha),
	})
}
