package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// issue is an issue, or the issue half of a pull request.
type issue struct {
	id         int64
	node       string
	repo       *repo
	number     int
	title      string
	body       string
	author     *user
	state      string // open or closed
	reason     string // completed, not_planned, duplicate or reopened
	labels     []*label
	assignees  []*user
	milestone  *milestone
	locked     bool
	lockReason string
	comments   []*comment
	reactions  []*reaction
	created    time.Time
	updated    time.Time
	closed     time.Time
	closedBy   *user
	relation   string // association of a pull request's author, told when it was opened
	pull       *pull
	timeline   []timelineEvent
	edited     time.Time // when its description was edited last; zero for never
	editor     *user
}

// maxText bounds titles and bodies, in characters.
// https://docs.github.com/en/rest/issues/comments (65,536 for bodies; titles 256)
const (
	maxText  = 65_536
	maxTitle = 256
)

func (s *Server) newIssue(r *repo, title, body string, who *user) *issue {
	i := &issue{
		id: s.id("issue"), repo: r, number: r.next, title: title, body: body, author: who, state: "open", created: s.Now(), updated: s.Now(),
	}
	i.node = s.node("I", i.id, i)
	r.next++
	r.issues = append(r.issues, i)
	return i
}

func checkTitle(resource, title, body string) error {
	switch {
	case strings.TrimSpace(title) == "":
		return invalid(resource, "title", "missing_field", "")
	case len([]rune(title)) > maxTitle:
		return invalid(resource, "title", "custom", "title is too long (maximum is 256 characters)")
	case len([]rune(body)) > maxText:
		return invalid(resource, "body", "custom", "body is too long (maximum is 65536 characters)")
	}
	return nil
}

// openIssue opens an issue with labels and assignees in place; each of them sends its webhook too, as on GitHub.
func (s *Server) openIssue(r *repo, who *user, title, body string, labels, assignees []string, m *milestone) (*issue, error) {
	if err := checkTitle("Issue", title, body); err != nil {
		return nil, err
	}
	people, err := s.assignable(r, assignees)
	if err != nil {
		return nil, err
	}
	i := s.newIssue(r, title, body, who)
	i.milestone = m
	s.emitSubject(i, "opened", who, nil)
	if err := s.addLabels(i, labels, who); err != nil {
		return nil, err
	}
	s.assign(i, people, who)
	return i, nil
}

func (r *repo) issue(number int) *issue {
	k, found := slices.BinarySearchFunc(r.issues, number, func(i *issue, n int) int { return i.number - n })
	if !found {
		return nil
	}
	return r.issues[k]
}

var issueRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/issues", "issues:read|pull_requests:read", (*call).listIssues},
	{"POST", "/repos/{owner}/{repo}/issues", "issues:write", (*call).createIssue},
	{"GET", "/repos/{owner}/{repo}/issues/{number}", "issues:read|pull_requests:read", (*call).getIssue},
	{"PATCH", "/repos/{owner}/{repo}/issues/{number}", "issues:write|pull_requests:write", (*call).editIssue},
	{"POST", "/repos/{owner}/{repo}/issues/{number}/assignees", "issues:write|pull_requests:write", (*call).addAssignees},
	{"DELETE", "/repos/{owner}/{repo}/issues/{number}/assignees", "issues:write|pull_requests:write", (*call).removeAssignees},
	{"GET", "/repos/{owner}/{repo}/assignees", "issues:read|pull_requests:read|metadata:read", (*call).listAssignees},
	{"GET", "/repos/{owner}/{repo}/assignees/{login}", "metadata:read", (*call).checkAssignee},
	{"PUT", "/repos/{owner}/{repo}/issues/{number}/lock", "issues:write|pull_requests:write", (*call).lock},
	{"DELETE", "/repos/{owner}/{repo}/issues/{number}/lock", "issues:write|pull_requests:write", (*call).unlock},
}

// issue is the issue or pull request of the path, when the token may see it: permission for pull requests alone shows no issues.
func (c *call) issue() (*issue, *problem) {
	i := c.repo.issue(int(c.number("number")))
	if i == nil {
		return nil, notFound()
	}
	if i.pull == nil && c.via == "pull_requests" {
		return nil, forbidden()
	}
	return i, nil
}

func (s *Server) issueURL(i *issue) string { return i.repo.url(s, "/issues/%d", i.number) }

func (s *Server) issuePage(i *issue) string {
	if i.pull != nil {
		return i.repo.web(s, "/pull/%d", i.number)
	}
	return i.repo.web(s, "/issues/%d", i.number)
}

func (s *Server) issueJSON(i *issue) object {
	url := s.issueURL(i)
	var assignee any
	if len(i.assignees) > 0 {
		assignee = s.userJSON(i.assignees[0])
	}
	o := object{
		"url": url, "repository_url": i.repo.url(s, ""), "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
		"events_url": url + "/events", "html_url": s.issuePage(i), "id": i.id, "node_id": i.node, "number": i.number, "title": i.title,
		"user": s.userJSON(i.author), "labels": each(i.labels, func(l *label) object { return s.labelJSON(i.repo, l) }),
		"state": i.state, "locked": i.locked, "assignee": assignee, "assignees": s.usersJSON(i.assignees),
		"milestone": s.milestoneJSON(i.repo,
			i.milestone), "comments": len(i.comments), "created_at": when(i.created), "updated_at": when(i.updated),
		"closed_at": when(i.closed), "author_association": s.relation(i), "active_lock_reason": orNull(i.lockReason), "body": orNull(i.body),
		"reactions": s.reactionSummary(i.reactions, url), "timeline_url": url + "/timeline", "performed_via_github_app": nil,
		"state_reason": orNull(i.reason), "closed_by": s.userJSON(i.closedBy),
	}
	if i.author.app != nil {
		o["performed_via_github_app"] = s.appJSON(i.author.app)
	}
	if p := i.pull; p != nil {
		o["draft"] = p.draft
		o["pull_request"] = object{
			"url": i.repo.url(s, "/pulls/%d", i.number), "html_url": s.issuePage(i), "diff_url": s.issuePage(i) + ".diff",
			"patch_url": s.issuePage(i) + ".patch", "merged_at": when(p.mergedAt),
		}
	}
	return o
}

// relation is what the author is to the repository.
func (s *Server) relation(i *issue) string {
	if now := s.association(i.repo, i.author); now != "NONE" || i.relation == "" {
		return now
	}
	return i.relation
}

func (c *call) listIssues() answer {
	list := slices.Clone(c.repo.issues)
	list = slices.DeleteFunc(list, func(i *issue) bool { return !c.wantedIssue(i) })
	c.sortIssues(list)
	return ok(each(page(c, list), c.s.issueJSON))
}

func (c *call) wantedIssue(i *issue) bool {
	q := c.query
	if state := q.Get("state"); state != "all" && i.state != orDefault(state, "open") {
		return false
	}
	if i.pull == nil && c.via == "pull_requests" {
		return false
	}
	if names := q.Get("labels"); names != "" {
		for name := range strings.SplitSeq(names, ",") {
			if !i.has(name) {
				return false
			}
		}
	}
	if who := q.Get("creator"); who != "" && !strings.EqualFold(who, i.author.login) {
		return false
	}
	if who := q.Get("assignee"); who != "" && who != "*" && who != "none" && !slices.ContainsFunc(i.assignees,
		func(u *user) bool { return u.login == who }) {
		return false
	}
	if who := q.Get("assignee"); who == "*" && len(i.assignees) == 0 || who == "none" && len(i.assignees) > 0 {
		return false
	}
	switch m := q.Get("milestone"); {
	case m == "" || m == "*" && i.milestone != nil || m == "none" && i.milestone == nil:
	case i.milestone == nil || strconv.Itoa(i.milestone.number) != m:
		return false
	}
	since, err := parseTime(q.Get("since"))
	return err != nil || !i.updated.Before(since)
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (c *call) sortIssues(list []*issue) {
	by := func(a, b *issue) int { return a.number - b.number }
	switch c.query.Get("sort") {
	case "updated":
		by = func(a, b *issue) int { return a.updated.Compare(b.updated) }
	case "comments":
		by = func(a, b *issue) int { return len(a.comments) - len(b.comments) }
	}
	slices.SortStableFunc(list, by)
	if c.query.Get("direction") != "asc" {
		slices.Reverse(list)
	}
}

// has tells whether i carries the label, whatever the case.
func (i *issue) has(name string) bool {
	return slices.ContainsFunc(i.labels, func(l *label) bool { return strings.EqualFold(l.name, name) })
}

func (c *call) createIssue() answer {
	var in struct {
		Title     any `json:"title"` // GitHub takes a number too
		Body      string
		Labels    json.RawMessage
		Assignees []string
		Assignee  string
		Milestone *int
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	var names []string
	if in.Labels != nil {
		var p *problem
		if names, p = c.labelNames(); p != nil {
			return p.answer()
		}
	}
	if in.Assignee != "" {
		in.Assignees = append(in.Assignees, in.Assignee)
	}
	var m *milestone
	if in.Milestone != nil {
		if m = c.repo.milestone(*in.Milestone); m == nil {
			return invalid("Issue", "milestone", "invalid", "").answer()
		}
	}
	if in.Title == nil {
		in.Title = ""
	}
	i, err := c.s.openIssue(c.repo, c.who, fmt.Sprint(in.Title), in.Body, names, in.Assignees, m)
	if err != nil {
		return failed(err)
	}
	return created(c.s.issueJSON(i))
}

func (c *call) getIssue() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	return ok(c.s.issueJSON(i))
}

// issueEdit is what PATCH may change; a member that is absent is left alone.
type issueEdit struct {
	Title       *string
	Body        *string
	State       *string
	StateReason *string `json:"state_reason"`
	Labels      json.RawMessage
	Assignees   *[]string
	Milestone   json.RawMessage
}

func (c *call) editIssue() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	var in issueEdit
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	var names []string
	if in.Labels != nil {
		if names, p = c.labelNames(); p != nil {
			return p.answer()
		}
	}
	if err := c.s.checkEdit(i, in); err != nil {
		return failed(err)
	}
	if err := c.s.edit(i, in.Title, in.Body, c.who); err != nil {
		return failed(err)
	}
	if in.Labels != nil {
		if err := c.s.setLabels(i, names, c.who); err != nil {
			return failed(err)
		}
	}
	if in.Assignees != nil {
		people, _ := c.s.assignable(i.repo, *in.Assignees)
		c.s.setAssignees(i, people, c.who)
	}
	if in.Milestone != nil {
		var n int
		json.Unmarshal(in.Milestone, &n)
		c.s.setMilestone(i, i.repo.milestone(n), c.who)
	}
	if in.State != nil {
		reason := ""
		if in.StateReason != nil {
			reason = *in.StateReason
		}
		if err := c.s.setState(i, *in.State, reason, c.who); err != nil {
			return failed(err)
		}
	}
	return ok(c.s.issueJSON(i))
}

// checkEdit refuses a bad edit before any part of it is done.
func (s *Server) checkEdit(i *issue, in issueEdit) error {
	if in.State != nil && *in.State != "open" && *in.State != "closed" {
		return invalid("Issue", "state", "invalid", "")
	}
	if in.StateReason != nil {
		switch *in.StateReason {
		case "completed", "not_planned", "duplicate", "reopened", "":
		default:
			return invalid("Issue", "state_reason", "invalid", "")
		}
	}
	if in.Assignees != nil {
		if _, err := s.assignable(i.repo, *in.Assignees); err != nil {
			return err
		}
	}
	if in.Milestone != nil && string(in.Milestone) != "null" {
		var n int
		if json.Unmarshal(in.Milestone, &n) != nil || i.repo.milestone(n) == nil {
			return invalid("Issue", "milestone", "invalid", "")
		}
	}
	return nil
}

// edit changes title and body; nil leaves one alone.
func (s *Server) edit(i *issue, title, body *string, who *user) error {
	newTitle, newBody, changes := i.title, i.body, object{}
	if title != nil && *title != i.title {
		newTitle, changes["title"] = *title, object{"from": i.title}
	}
	if body != nil && *body != i.body {
		newBody, changes["body"] = *body, object{"from": i.body}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := checkTitle("Issue", newTitle, newBody); err != nil {
		return err
	}
	i.title, i.body, i.updated = newTitle, newBody, s.Now()
	s.emitSubject(i, "edited", who, object{"changes": changes})
	return nil
}

// setState closes or reopens i. A merged pull request cannot be reopened.
func (s *Server) setState(i *issue, state, reason string, who *user) error {
	if i.state == state {
		return nil
	}
	if i.pull != nil && i.pull.merged {
		return invalid("PullRequest", "state", "invalid", "state cannot be changed. The pull request has been merged.")
	}
	if i.pull != nil && state == "open" && i.pull.headRepo != nil && i.pull.headRepo.branch(i.pull.headRef) == "" {
		return invalid("PullRequest", "state", "invalid",
			"state cannot be changed. The "+i.pull.headRef+" branch has been deleted.")
	}
	i.state, i.updated = state, s.Now()
	action := "reopened"
	if state == "closed" {
		action, i.closed, i.closedBy, i.reason = "closed", s.Now(), who, orDefault(reason, "completed")
	} else {
		i.closed, i.closedBy, i.reason = time.Time{}, nil, "reopened"
	}
	if i.pull != nil {
		i.reason, i.pull.autoMerge = "", nil
	}
	s.emitSubject(i, action, who, nil)
	return nil
}

// assignable finds the people; one who cannot be assigned is refused as GitHub refuses it in issues.
func (s *Server) assignable(r *repo, logins []string) ([]*user, error) {
	var out []*user
	for _, login := range logins {
		u := s.findUser(login)
		if u == nil || !s.canBeAssigned(r, u) {
			p := invalid("Issue", "assignees", "invalid", "")
			p.errors[0].(object)["value"] = logins
			return nil, p
		}
		out = append(out, u)
	}
	return out, nil
}

func (s *Server) canBeAssigned(r *repo, u *user) bool {
	return u.kind != "Organization" && (s.explicitRole(r, u) || u.app != nil && s.installationOf(u.app, r) != nil)
}

// assign adds assignees; ten is the most that GitHub keeps.
func (s *Server) assign(i *issue, people []*user, who *user) {
	for _, u := range people {
		if slices.Contains(i.assignees, u) || len(i.assignees) >= 10 {
			continue
		}
		i.assignees, i.updated = append(i.assignees, u), s.Now()
		s.emitSubject(i, "assigned", who, object{"assignee": s.userJSON(u)})
	}
}

func (s *Server) unassign(i *issue, people []*user, who *user) {
	for _, u := range people {
		if !slices.Contains(i.assignees, u) {
			continue
		}
		i.assignees, i.updated = without(i.assignees, u), s.Now()
		s.emitSubject(i, "unassigned", who, object{"assignee": s.userJSON(u)})
	}
}

func (s *Server) setAssignees(i *issue, people []*user, who *user) {
	gone := slices.DeleteFunc(slices.Clone(i.assignees), func(u *user) bool { return slices.Contains(people, u) })
	s.unassign(i, gone, who)
	s.assign(i, people, who)
}

func (c *call) assigneesOf() ([]*user, *problem) {
	var in struct{ Assignees []string }
	if p := c.decode(&in); p != nil {
		return nil, p
	}
	var people []*user
	for _, login := range in.Assignees {
		// Here GitHub passes over people that cannot be assigned.
		// https://docs.github.com/en/rest/issues/assignees#add-assignees-to-an-issue
		if u := c.s.findUser(login); u != nil && c.s.canBeAssigned(c.repo, u) {
			people = append(people, u)
		}
	}
	return people, nil
}

func (c *call) addAssignees() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	people, p := c.assigneesOf()
	if p != nil {
		return p.answer()
	}
	c.s.assign(i, people, c.who)
	return created(c.s.issueJSON(i))
}

func (c *call) removeAssignees() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	people, p := c.assigneesOf()
	if p != nil {
		return p.answer()
	}
	c.s.unassign(i, people, c.who)
	return ok(c.s.issueJSON(i))
}

func (c *call) listAssignees() answer {
	var list []*user
	for _, u := range c.s.users {
		if u.kind == "User" && c.s.canBeAssigned(c.repo, u) {
			list = append(list, u)
		}
	}
	return ok(each(page(c, list), c.s.userJSON))
}

func (c *call) checkAssignee() answer {
	if u := c.s.findUser(c.vars["login"]); u != nil && c.s.canBeAssigned(c.repo, u) {
		return noContent()
	}
	return notFound().answer()
}

func (c *call) lock() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	var in struct {
		Reason string `json:"lock_reason"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if err := c.s.lock(i, in.Reason, c.who); err != nil {
		return failed(err)
	}
	return noContent()
}

func (c *call) unlock() answer {
	i, p := c.issue()
	if p != nil {
		return p.answer()
	}
	c.s.unlock(i, c.who)
	return noContent()
}

func (s *Server) lock(i *issue, reason string, who *user) error {
	switch reason {
	case "", "off-topic", "too heated", "resolved", "spam":
	default:
		return invalid("Issue", "lock_reason", "invalid", "")
	}
	if i.locked {
		return nil
	}
	i.locked, i.lockReason, i.updated = true, reason, s.Now()
	s.emitSubject(i, "locked", who, nil)
	return nil
}

func (s *Server) unlock(i *issue, who *user) {
	if !i.locked {
		return
	}
	i.locked, i.lockReason, i.updated = false, "", s.Now()
	s.emitSubject(i, "unlocked", who, nil)
}

// checkUnlocked refuses people without write permission on a locked conversation.
func (s *Server) checkUnlocked(i *issue, who *user) error {
	if i.locked && who.app == nil && s.roleOf(i.repo, who) < roleWrite {
		return problemf(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	return nil
}
