package githubtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

type label struct {
	id          int64
	node        string
	repo        *repo
	name        string
	color       string
	description string
	isDefault   bool
}

func (s *Server) addLabel(r *repo, name, color, description string) *label {
	l := &label{id: s.id("label"), repo: r, name: name, color: color, description: description}
	l.node = s.node("LA", l.id, l)
	r.labels = append(r.labels, l)
	return l
}

// label finds a label by its name, whatever the case.
func (r *repo) label(name string) *label {
	for _, l := range r.labels {
		if strings.EqualFold(l.name, name) {
			return l
		}
	}
	return nil
}

func (s *Server) labelJSON(r *repo, l *label) object {
	return object{
		"id": l.id, "node_id": l.node, "url": r.url(s, "/labels/") + url.PathEscape(l.name), "name": l.name, "color": l.color,
		"default": l.isDefault, "description": orNull(l.description),
	}
}

// A label's name may hold slashes, and clients send them escaped or not: GitHub takes both.
var labelRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/labels", "issues:read|pull_requests:read", (*call).listRepoLabels},
	{"POST", "/repos/{owner}/{repo}/labels", "issues:write|pull_requests:write", (*call).createLabel},
	{"GET", "/repos/{owner}/{repo}/labels/{name+}", "issues:read|pull_requests:read", (*call).getLabel},
	{"PATCH", "/repos/{owner}/{repo}/labels/{name+}", "issues:write|pull_requests:write", (*call).editLabel},
	{"DELETE", "/repos/{owner}/{repo}/labels/{name+}", "issues:write|pull_requests:write", (*call).deleteLabel},
	{"GET", "/repos/{owner}/{repo}/issues/{number}/labels", "issues:read|pull_requests:read", (*call).listIssueLabels},
	{"POST", "/repos/{owner}/{repo}/issues/{number}/labels", "issues:write|pull_requests:write", (*call).addIssueLabels},
	{"PUT", "/repos/{owner}/{repo}/issues/{number}/labels", "issues:write|pull_requests:write", (*call).setIssueLabels},
	{"DELETE", "/repos/{owner}/{repo}/issues/{number}/labels", "issues:write|pull_requests:write", (*call).removeIssueLabels},
	{"DELETE", "/repos/{owner}/{repo}/issues/{number}/labels/{name+}", "issues:write|pull_requests:write",
		(*call).removeIssueLabel},
}

func (c *call) listRepoLabels() answer {
	return ok(each(page(c, c.repo.labels), func(l *label) object { return c.s.labelJSON(c.repo, l) }))
}

var hexColor = regexp.MustCompile(`^[0-9a-fA-F]{6}$`)

func (c *call) createLabel() answer {
	var in struct{ Name, Color, Description string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.Color == "" {
		in.Color = "ededed"
	}
	if err := checkLabel(c.repo, in.Name, in.Color, in.Description, nil); err != nil {
		return failed(err)
	}
	l := c.s.addLabel(c.repo, in.Name, in.Color, in.Description)
	c.s.emit(c.repo, "label", "created", c.who, object{"label": c.s.labelJSON(c.repo, l)})
	return created(c.s.labelJSON(c.repo, l))
}

// checkLabel says what is wrong with a new or changed label; self is the label that is changed.
func checkLabel(r *repo, name, color, description string, self *label) error {
	switch {
	case name == "":
		return invalid("Label", "name", "missing_field", "")
	case len([]rune(name)) > 50:
		return invalid("Label", "name", "invalid", "name is too long (maximum is 50 characters)")
	case !hexColor.MatchString(color):
		return invalid("Label", "color", "invalid", "")
	case len([]rune(description)) > 100:
		return invalid("Label", "description", "invalid", "description is too long (maximum is 100 characters)")
	}
	if other := r.label(name); other != nil && other != self {
		return invalid("Label", "name", "already_exists", "")
	}
	return nil
}

func (c *call) getLabel() answer {
	l := c.repo.label(c.vars["name"])
	if l == nil {
		return notFound().answer()
	}
	return ok(c.s.labelJSON(c.repo, l))
}

func (c *call) editLabel() answer {
	l := c.repo.label(c.vars["name"])
	if l == nil {
		return notFound().answer()
	}
	in := struct {
		NewName            string `json:"new_name"`
		Color, Description string
	}{NewName: l.name, Color: l.color, Description: l.description}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	name := in.NewName
	if err := checkLabel(c.repo, name, in.Color, in.Description, l); err != nil {
		return failed(err)
	}
	changes := object{}
	if name != l.name {
		changes["name"] = object{"from": l.name}
	}
	if in.Color != l.color {
		changes["color"] = object{"from": l.color}
	}
	if in.Description != l.description {
		changes["description"] = object{"from": l.description}
	}
	l.name, l.color, l.description = name, in.Color, in.Description
	c.s.emit(c.repo, "label", "edited", c.who, object{"label": c.s.labelJSON(c.repo, l), "changes": changes})
	return ok(c.s.labelJSON(c.repo, l))
}

func (c *call) deleteLabel() answer {
	l := c.repo.label(c.vars["name"])
	if l == nil {
		return notFound().answer()
	}
	c.repo.labels = without(c.repo.labels, l)
	for _, i := range c.repo.issues {
		i.labels = without(i.labels, l)
	}
	c.s.emit(c.repo, "label", "deleted", c.who, object{"label": c.s.labelJSON(c.repo, l)})
	return noContent()
}

func (c *call) issueLabels(i *issue) answer {
	return ok(each(page(c, i.labels), func(l *label) object { return c.s.labelJSON(c.repo, l) }))
}

func (c *call) listIssueLabels() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	return c.issueLabels(i)
}

// labelNames reads the body: an array of names, or an object with such an array (of names or objects) in "labels".
func (c *call) labelNames() ([]string, *problem) {
	raw := json.RawMessage(c.body)
	var wrapped struct {
		Labels json.RawMessage `json:"labels"`
	}
	if json.Unmarshal(c.body, &wrapped) == nil && wrapped.Labels != nil {
		raw = wrapped.Labels
	}
	var list []any
	if len(c.body) > 0 && json.Unmarshal(raw, &list) != nil {
		return nil, problemf(http.StatusBadRequest, "Problems parsing JSON")
	}
	var names []string
	for _, v := range list {
		if o, isObject := v.(object); isObject {
			v = o["name"]
		}
		name, isText := v.(string)
		if !isText || strings.TrimSpace(name) == "" {
			return nil, invalid("Label", "name", "missing_field", "")
		}
		names = append(names, name)
	}
	return names, nil
}

func (c *call) addIssueLabels() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	names, p := c.labelNames()
	if p != nil {
		return p.answer()
	}
	if err := c.s.addLabels(i, names, c.who); err != nil {
		return failed(err)
	}
	return c.issueLabels(i)
}

func (c *call) setIssueLabels() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	names, p := c.labelNames()
	if p != nil {
		return p.answer()
	}
	if err := c.s.setLabels(i, names, c.who); err != nil {
		return failed(err)
	}
	return c.issueLabels(i)
}

func (c *call) removeIssueLabels() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	c.s.setLabels(i, nil, c.who)
	return noContent()
}

func (c *call) removeIssueLabel() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	if err := c.s.removeLabel(i, c.vars["name"], c.who); err != nil {
		return failed(err)
	}
	return c.issueLabels(i)
}

// addLabels puts labels on i. A label that the repository lacks is made, as GitHub does for whoever may label.
func (s *Server) addLabels(i *issue, names []string, who *user) error {
	for _, name := range names {
		if l := i.repo.label(name); l == nil {
			if err := checkLabel(i.repo, name, "ededed", "", nil); err != nil {
				return err
			}
		}
	}
	for _, name := range names {
		l := i.repo.label(name)
		if l == nil {
			l = s.addLabel(i.repo, name, "ededed", "")
			s.emit(i.repo, "label", "created", who, object{"label": s.labelJSON(i.repo, l)})
		}
		if slices.Contains(i.labels, l) {
			continue
		}
		i.labels, i.updated = append(i.labels, l), s.Now()
		s.emitSubject(i, "labeled", who, object{"label": s.labelJSON(i.repo, l)})
	}
	return nil
}

func (s *Server) removeLabel(i *issue, name string, who *user) error {
	l := i.repo.label(name)
	if l == nil || !slices.Contains(i.labels, l) {
		return problemf(http.StatusNotFound, "Label does not exist")
	}
	i.labels, i.updated = without(i.labels, l), s.Now()
	s.emitSubject(i, "unlabeled", who, object{"label": s.labelJSON(i.repo, l)})
	return nil
}

func (s *Server) setLabels(i *issue, names []string, who *user) error {
	for _, l := range slices.Clone(i.labels) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, l.name) }) {
			s.removeLabel(i, l.name, who)
		}
	}
	return s.addLabels(i, names, who)
}
