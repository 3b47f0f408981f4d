package githubtest

import "time"

type milestone struct {
	id          int64
	node        string
	number      int
	title       string
	description string
	state       string
	creator     *user
	created     time.Time
	updated     time.Time
	due         time.Time
}

var milestoneRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/milestones", "issues:read|pull_requests:read", (*call).listMilestones},
	{"POST", "/repos/{owner}/{repo}/milestones", "issues:write|pull_requests:write", (*call).createMilestone},
	{"GET", "/repos/{owner}/{repo}/milestones/{number}", "issues:read|pull_requests:read", (*call).getMilestone},
	{"PATCH", "/repos/{owner}/{repo}/milestones/{number}", "issues:write|pull_requests:write", (*call).editMilestone},
}

func (r *repo) milestone(number int) *milestone {
	for _, m := range r.milestones {
		if m.number == number {
			return m
		}
	}
	return nil
}

func (s *Server) milestoneJSON(r *repo, m *milestone) any {
	if m == nil {
		return nil
	}
	open, closed := 0, 0
	for _, i := range r.issues {
		switch {
		case i.milestone != m:
		case i.state == "open":
			open++
		default:
			closed++
		}
	}
	url := r.url(s, "/milestones/%d", m.number)
	var closedAt time.Time
	if m.state == "closed" {
		closedAt = m.updated
	}
	return object{
		"url": url, "html_url": r.web(s, "/milestone/%d", m.number), "labels_url": url + "/labels", "id": m.id, "node_id": m.node,
		"number": m.number, "title": m.title, "description": orNull(m.description), "creator": s.userJSON(m.creator), "open_issues": open,
		"closed_issues": closed, "state": m.state, "created_at": when(m.created), "updated_at": when(m.updated), "due_on": when(m.due),
		"closed_at": when(closedAt),
	}
}

func (s *Server) newMilestone(r *repo, who *user, title, description string) (*milestone, error) {
	if title == "" {
		return nil, invalid("Milestone", "title", "missing_field", "")
	}
	for _, m := range r.milestones {
		if m.title == title {
			return nil, invalid("Milestone", "title", "already_exists", "")
		}
	}
	m := &milestone{
		id: s.id("milestone"), number: len(r.milestones) + 1, title: title, description: description, state: "open", creator: who,
		created: s.Now(), updated: s.Now(),
	}
	m.node = s.node("MI", m.id, m)
	r.milestones = append(r.milestones, m)
	s.emit(r, "milestone", "created", who, object{"milestone": s.milestoneJSON(r, m)})
	return m, nil
}

// setMilestone puts i into m, or takes it out when m is nil.
func (s *Server) setMilestone(i *issue, m *milestone, who *user) {
	old := i.milestone
	if old == m {
		return
	}
	i.milestone, i.updated = m, s.Now()
	if old != nil {
		s.emitSubject(i, "demilestoned", who, object{"milestone": s.milestoneJSON(i.repo, old)})
	}
	if m != nil {
		s.emitSubject(i, "milestoned", who, object{"milestone": s.milestoneJSON(i.repo, m)})
	}
}

func (c *call) listMilestones() answer {
	var list []*milestone
	for _, m := range c.repo.milestones {
		if state := c.query.Get("state"); state == "all" || m.state == orDefault(state, "open") {
			list = append(list, m)
		}
	}
	return ok(each(page(c, list), func(m *milestone) any { return c.s.milestoneJSON(c.repo, m) }))
}

func (c *call) createMilestone() answer {
	var in struct {
		Title, State, Description string
		DueOn                     string `json:"due_on"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	m, err := c.s.newMilestone(c.repo, c.who, in.Title, in.Description)
	if err != nil {
		return failed(err)
	}
	m.due, _ = parseTime(in.DueOn)
	return created(c.s.milestoneJSON(c.repo, m))
}

func (c *call) getMilestone() answer {
	m := c.repo.milestone(int(c.number("number")))
	if m == nil {
		return notFound().answer()
	}
	return ok(c.s.milestoneJSON(c.repo, m))
}

func (c *call) editMilestone() answer {
	m := c.repo.milestone(int(c.number("number")))
	if m == nil {
		return notFound().answer()
	}
	in := struct{ Title, State, Description string }{m.title, m.state, m.description}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.State != "open" && in.State != "closed" {
		return invalid("Milestone", "state", "invalid", "").answer()
	}
	action := "edited"
	switch {
	case in.State == "closed" && m.state == "open":
		action = "closed"
	case in.State == "open" && m.state == "closed":
		action = "opened"
	}
	m.title, m.state, m.description, m.updated = in.Title, in.State, in.Description, c.s.Now()
	c.s.emit(c.repo, "milestone", action, c.who, object{"milestone": c.s.milestoneJSON(c.repo, m), "changes": object{}})
	return ok(c.s.milestoneJSON(c.repo, m))
}
