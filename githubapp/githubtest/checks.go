package githubtest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

type checkSuite struct {
	id      int64
	node    string
	repo    *repo
	app     *app
	sha     string
	branch  string // "" for a commit of a fork
	before  string
	created time.Time
	updated time.Time
	done    string // conclusion of the last completed event, so that it is sent once
}

type checkRun struct {
	id          int64
	node        string
	suite       *checkSuite
	name        string
	status      string // queued, in_progress, completed, waiting, requested or pending
	conclusion  string
	externalID  string
	details     string
	title       string
	summary     string
	text        string
	annotations []annotation
	actions     []checkAction
	started     time.Time
	completed   time.Time
}

type annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"`
	Message     string `json:"message"`
	Title       string `json:"title"`
	RawDetails  string `json:"raw_details"`
}

type checkAction struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

var checkRoutes = []route{
	{"POST", "/repos/{owner}/{repo}/check-runs", "checks:write", (*call).createCheckRun},
	{"GET", "/repos/{owner}/{repo}/check-runs/{id}", "checks:read", (*call).getCheckRun},
	{"PATCH", "/repos/{owner}/{repo}/check-runs/{id}", "checks:write", (*call).updateCheckRun},
	{"GET", "/repos/{owner}/{repo}/check-runs/{id}/annotations", "checks:read", (*call).listAnnotations},
	{"POST", "/repos/{owner}/{repo}/check-runs/{id}/rerequest", "checks:write", (*call).rerequestCheckRun},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}/check-runs", "checks:read", (*call).listCheckRuns},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}/check-suites", "checks:read", (*call).listCheckSuites},
	{"GET", "/repos/{owner}/{repo}/check-suites/{id}", "checks:read", (*call).getCheckSuite},
	{"GET", "/repos/{owner}/{repo}/check-suites/{id}/check-runs", "checks:read", (*call).listSuiteRuns},
	{"POST", "/repos/{owner}/{repo}/check-suites/{id}/rerequest", "checks:write", (*call).rerequestSuite},
}

// suite is the check suite of an App for a commit, made when new.
func (s *Server) suite(r *repo, a *app, sha string) *checkSuite {
	for _, u := range r.suites {
		if u.app == a && u.sha == sha {
			return u
		}
	}
	u := &checkSuite{id: s.id("check suite"), repo: r, app: a, sha: sha, before: zeroSHA, created: s.Now(), updated: s.Now()}
	u.node = s.node("CS", u.id, u)
	for _, ref := range r.refsUnder("refs/heads/") {
		if r.refs[ref] == sha {
			u.branch = strings.TrimPrefix(ref, "refs/heads/")
			break
		}
	}
	r.suites = append(r.suites, u)
	return u
}

// pushSuites makes the check suites that GitHub makes by itself on a push, for each installed App that may write checks,
// and tells those Apps. https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks
func (s *Server) pushSuites(r *repo, branch, before, sha string, who *user) {
	for _, i := range s.installs {
		if !i.includes(r) || levels[i.permissions["checks"]] < levels["write"] {
			continue
		}
		u := s.suite(r, i.app, sha)
		u.branch = branch
		if before != "" {
			u.before = before
		}
		s.emitTo(i, r, "check_suite", "requested", who, object{"check_suite": s.suiteJSON(u)})
	}
}

func (u *checkSuite) runs() []*checkRun {
	var out []*checkRun
	for _, k := range u.repo.checks {
		if k.suite == u {
			out = append(out, k)
		}
	}
	return out
}

// state is the suite's status and conclusion, from its newest runs.
func (u *checkSuite) state() (status, conclusion string) {
	runs := latestRuns(u.runs())
	if len(runs) == 0 {
		return "queued", ""
	}
	// The worst conclusion wins.
	order := []string{"success", "neutral", "skipped", "stale", "cancelled", "action_required", "timed_out", "startup_failure",
		"failure"}
	worst := -1
	started := false
	for _, k := range runs {
		started = started || k.status != "queued"
		if k.status != "completed" {
			status = "queued"
			continue
		}
		worst = max(worst, slices.Index(order, k.conclusion))
	}
	switch {
	case status == "" && worst >= 0:
		return "completed", order[worst]
	case started:
		return "in_progress", ""
	}
	return "queued", ""
}

// latestRuns keeps the newest run of each name in each suite.
func latestRuns(list []*checkRun) []*checkRun {
	var out []*checkRun
	for _, k := range list {
		out = slices.DeleteFunc(out, func(o *checkRun) bool { return o.suite == k.suite && o.name == k.name })
		out = append(out, k)
	}
	return out
}

// checksOf is the newest check runs on a commit.
func (r *repo) checksOf(sha string) []*checkRun {
	var out []*checkRun
	for _, k := range r.checks {
		if k.suite.sha == sha {
			out = append(out, k)
		}
	}
	return latestRuns(out)
}

func rollupOfRun(k *checkRun) string {
	if k.status != "completed" {
		return "PENDING"
	}
	switch k.conclusion {
	case "success", "neutral", "skipped":
		return "SUCCESS"
	case "stale":
		return "PENDING"
	}
	return "FAILURE"
}

// checkState is the state of the check run or status of one name on a commit, "" when there is none.
func (s *Server) checkState(r *repo, sha, name string) string {
	state := ""
	for _, k := range r.checksOf(sha) {
		if k.name == name {
			state = worse(state, rollupOfRun(k))
		}
	}
	for _, t := range r.statusesOf(sha) {
		if t.context == name {
			state = worse(state, strings.ToUpper(t.state))
		}
	}
	return state
}

// rollup is the state of everything on a commit, "" when there is nothing.
func (s *Server) rollup(r *repo, sha string) string {
	state := ""
	for _, k := range r.checksOf(sha) {
		state = worse(state, rollupOfRun(k))
	}
	for _, t := range r.statusesOf(sha) {
		state = worse(state, strings.ToUpper(t.state))
	}
	return state
}

func worse(a, b string) string {
	order := []string{"", "SUCCESS", "EXPECTED", "PENDING", "FAILURE", "ERROR"}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// checkPulls is the pull requests that check payloads name: open ones of the same repository with this head. Heads in forks
// are left out, as GitHub leaves them out.
func (s *Server) checkPulls(r *repo, sha string) []object {
	list := []object{}
	for _, i := range r.issues {
		if p := i.pull; p != nil && i.state == "open" && p.headSHA == sha && p.headRepo == r {
			brief := object{"id": r.id, "url": r.url(s, ""), "name": r.name}
			list = append(list, object{
				"url": r.url(s, "/pulls/%d", i.number), "id": p.id, "number": i.number,
				"head": object{"ref": p.headRef, "sha": p.headSHA, "repo": brief}, "base": object{"ref": p.baseRef,
					"sha": p.base(), "repo": brief},
			})
		}
	}
	return list
}

func (s *Server) suiteJSON(u *checkSuite) object {
	status, conclusion := u.state()
	o := object{
		"id": u.id, "node_id": u.node, "head_branch": orNull(u.branch), "head_sha": u.sha, "status": status, "conclusion": orNull(conclusion),
		"url": u.repo.url(s, "/check-suites/%d",
			u.id), "before": u.before, "after": u.sha, "pull_requests": s.checkPulls(u.repo, u.sha),
		"app": s.appJSON(u.app), "created_at": when(u.created), "updated_at": when(u.updated), "rerequestable": true, "runs_rerequestable": true,
		"latest_check_runs_count": len(latestRuns(u.runs())), "check_runs_url": u.repo.url(s, "/check-suites/%d/check-runs", u.id),
	}
	if c := s.git.commits[u.sha]; c != nil {
		o["head_commit"] = s.simpleCommit(c)
	}
	return o
}

func (s *Server) checkRunJSON(k *checkRun) object {
	r := k.suite.repo
	url := r.url(s, "/check-runs/%d", k.id)
	details := k.details
	if details == "" {
		details = s.web("apps/" + k.suite.app.slug)
	}
	return object{
		"id": k.id, "node_id": k.node, "head_sha": k.suite.sha, "external_id": k.externalID, "url": url, "html_url": r.web(s,
			"/runs/%d", k.id),
		"details_url": details, "status": k.status, "conclusion": orNull(k.conclusion), "started_at": when(k.started),
		"completed_at": when(k.completed), "name": k.name, "check_suite": object{"id": k.suite.id}, "app": s.appJSON(k.suite.app),
		"pull_requests": s.checkPulls(r, k.suite.sha), "output": object{
			"title": orNull(k.title), "summary": orNull(k.summary), "text": orNull(k.text), "annotations_count": len(k.annotations),
			"annotations_url": url + "/annotations",
		},
	}
}

// emitRun sends check_run with the whole suite inside. Every App that may read checks hears of it; only its own App hears of
// rerequested and requested_action. https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
func (s *Server) emitRun(k *checkRun, action string, who *user, extra object) {
	run := s.checkRunJSON(k)
	suite := s.suiteJSON(k.suite)
	delete(suite, "head_commit")
	delete(suite, "latest_check_runs_count")
	delete(suite, "check_runs_url")
	run["check_suite"] = suite
	body := object{"check_run": run}
	for n, v := range extra {
		body[n] = v
	}
	for _, i := range s.installs {
		if !i.includes(k.suite.repo) || levels[i.permissions["checks"]] == 0 {
			continue
		}
		if private := action == "rerequested" || action == "requested_action"; private && i.app != k.suite.app {
			continue
		}
		s.emitTo(i, k.suite.repo, "check_run", action, who, body)
	}
}

// checkIn is what a check run is made or changed with; a member that is absent is left alone.
type checkIn struct {
	Name        *string
	HeadSHA     string `json:"head_sha"`
	Status      *string
	Conclusion  *string
	ExternalID  *string    `json:"external_id"`
	DetailsURL  *string    `json:"details_url"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Output      *struct {
		Title       *string
		Summary     *string
		Text        *string
		Annotations []annotation
	}
	Actions []checkAction
}

// check holds the input against the rules that GitHub states for check runs.
func (in *checkIn) check(isNew bool) *problem {
	one := func(v *string, of ...string) bool { return v == nil || slices.Contains(of, *v) }
	switch {
	case isNew && (in.Name == nil || *in.Name == ""):
		return unprocessable("Invalid request.\n\n\"name\" wasn't supplied.")
	case isNew && in.HeadSHA == "":
		return unprocessable("Invalid request.\n\n\"head_sha\" wasn't supplied.")
	case !one(in.Status, "queued", "in_progress", "completed", "waiting", "requested", "pending"):
		return invalid("CheckRun", "status", "invalid", "")
	case !one(in.Conclusion, "action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"):
		return invalid("CheckRun", "conclusion", "invalid", "")
	case in.Status != nil && *in.Status == "completed" && in.Conclusion == nil:
		return invalid("CheckRun", "conclusion", "missing_field", "")
	case len(in.Actions) > 3:
		return invalid("CheckRun", "actions", "invalid", "No more than 3 actions are allowed.")
	}
	for _, a := range in.Actions {
		if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 || a.Label == "" || a.Identifier == "" {
			return invalid("CheckRun", "actions", "invalid",
				"label is limited to 20, description to 40, identifier to 20 characters")
		}
	}
	return in.checkOutput()
}

func (in *checkIn) checkOutput() *problem {
	o := in.Output
	if o == nil {
		return nil
	}
	switch {
	case o.Summary == nil:
		return unprocessable("Invalid request.\n\n\"summary\" wasn't supplied.")
	case len(*o.Summary) > maxText-1 || o.Text != nil && len(*o.Text) > maxText-1:
		return unprocessable("Invalid request.\n\nOnly 65535 characters are allowed.")
	case len(o.Annotations) > 50:
		return unprocessable("Invalid request.\n\nNo more than 50 annotations are allowed.")
	}
	for _, a := range o.Annotations {
		switch a.Level {
		case "notice", "warning", "failure":
		default:
			return invalid("CheckAnnotation", "annotation_level", "invalid", "")
		}
		switch {
		case a.Path == "" || a.StartLine < 1 || a.EndLine < a.StartLine || a.Message == "":
			return invalid("CheckAnnotation", "path", "missing_field", "path, start_line, end_line and message are needed")
		case (a.StartColumn != nil || a.EndColumn != nil) && a.StartLine != a.EndLine:
			return invalid("CheckAnnotation", "start_column", "invalid", "columns are for annotations of one line")
		}
	}
	return nil
}

// apply changes k. Annotations add to those there are, as on GitHub.
func (in *checkIn) apply(s *Server, k *checkRun) {
	set := func(to *string, v *string) {
		if v != nil {
			*to = *v
		}
	}
	set(&k.name, in.Name)
	set(&k.status, in.Status)
	set(&k.externalID, in.ExternalID)
	set(&k.details, in.DetailsURL)
	if in.StartedAt != nil {
		k.started = in.StartedAt.UTC()
	}
	if in.Conclusion != nil {
		// A conclusion completes the run, whatever the status says.
		k.conclusion, k.status = *in.Conclusion, "completed"
	}
	if k.status == "completed" && k.completed.IsZero() {
		k.completed = s.Now()
	}
	if k.status != "completed" {
		k.conclusion, k.completed = "", time.Time{}
	}
	if in.CompletedAt != nil {
		k.completed = in.CompletedAt.UTC()
	}
	if o := in.Output; o != nil {
		set(&k.title, o.Title)
		set(&k.summary, o.Summary)
		set(&k.text, o.Text)
		k.annotations = append(k.annotations, o.Annotations...)
	}
	if in.Actions != nil {
		k.actions = in.Actions
	}
}

// startRun makes a check run of an App.
func (s *Server) startRun(r *repo, a *app, who *user, in checkIn) (*checkRun, error) {
	if p := in.check(true); p != nil {
		return nil, p
	}
	if s.git.commits[in.HeadSHA] == nil {
		return nil, unprocessable("No commit found for SHA: %s", in.HeadSHA)
	}
	k := &checkRun{id: s.id("check run"), suite: s.suite(r, a, in.HeadSHA), status: "queued", started: s.Now()}
	k.node = s.node("CR", k.id, k)
	in.apply(s, k)
	r.checks = append(r.checks, k)
	s.emitRun(k, "created", who, nil)
	s.runChanged(k, who, k.status == "completed")
	return k, nil
}

// runChanged does what follows from a run's new state: completed events of run and suite, merges that waited for it.
func (s *Server) runChanged(k *checkRun, who *user, completed bool) {
	k.suite.updated = s.Now()
	if completed {
		s.emitRun(k, "completed", who, nil)
	}
	status, conclusion := k.suite.state()
	if status != "completed" {
		k.suite.done = ""
	} else if k.suite.done == "" {
		k.suite.done = conclusion
		for _, i := range s.installs {
			if i.includes(k.suite.repo) && levels[i.permissions["checks"]] > 0 {
				s.emitTo(i, k.suite.repo, "check_suite", "completed", who, object{"check_suite": s.suiteJSON(k.suite)})
			}
		}
	}
	s.signal(k.suite.repo, k.suite.sha)
}

// signal tries what waits for checks on a commit.
func (s *Server) signal(r *repo, sha string) {
	for _, i := range r.issues {
		if i.pull != nil && i.state == "open" && i.pull.headSHA == sha {
			s.tryAutoMerge(i)
		}
	}
	for _, g := range slices.Clone(r.groups) {
		if g.sha == sha {
			s.tryGroup(g)
		}
	}
}

func (c *call) createCheckRun() answer {
	var in checkIn
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	k, err := c.s.startRun(c.repo, c.app, c.who, in)
	if err != nil {
		return failed(err)
	}
	return created(c.s.checkRunJSON(k))
}

func (r *repo) checkRun(id int64) *checkRun {
	for _, k := range r.checks {
		if k.id == id {
			return k
		}
	}
	return nil
}

func (c *call) getCheckRun() answer {
	k := c.repo.checkRun(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	return ok(c.s.checkRunJSON(k))
}

func (c *call) updateCheckRun() answer {
	k := c.repo.checkRun(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	if k.suite.app != c.app {
		return problemf(403, "Invalid app_id `%d` - check run can only be modified by the GitHub App that created it.",
			c.app.id).answer()
	}
	var in checkIn
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if err := c.s.changeRun(k, c.who, in); err != nil {
		return failed(err)
	}
	return ok(c.s.checkRunJSON(k))
}

func (s *Server) changeRun(k *checkRun, who *user, in checkIn) error {
	if p := in.check(false); p != nil {
		return p
	}
	before := k.status
	in.apply(s, k)
	s.runChanged(k, who, k.status == "completed" && before != "completed")
	return nil
}

func (c *call) listAnnotations() answer {
	k := c.repo.checkRun(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	return ok(each(page(c, k.annotations), func(a annotation) object {
		var o object
		json.Unmarshal(mustJSON(a), &o)
		o["blob_href"] = c.repo.web(c.s, "/blob/%s/%s", k.suite.sha, a.Path)
		return o
	}))
}

func (c *call) rerequestCheckRun() answer {
	k := c.repo.checkRun(c.number("id"))
	if k == nil {
		return notFound().answer()
	}
	c.s.rerequest(k, c.who)
	return created(object{})
}

func (s *Server) rerequest(k *checkRun, who *user) {
	k.status, k.conclusion, k.completed, k.suite.done = "queued", "", time.Time{}, ""
	s.emitRun(k, "rerequested", who, nil)
}

func (c *call) runList(list []*checkRun) answer {
	list = slices.DeleteFunc(list, func(k *checkRun) bool {
		name, status := c.query.Get("check_name"), c.query.Get("status")
		id := c.query.Get("app_id")
		return name != "" && k.name != name || status != "" && k.status != status || id != "" && id != itoa(k.suite.app.id)
	})
	if c.query.Get("filter") != "all" {
		list = latestRuns(list)
	}
	return ok(object{"total_count": len(list), "check_runs": each(page(c, list), c.s.checkRunJSON)})
}

func (c *call) listCheckRuns() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return unprocessable("No commit found for SHA: %s", c.vars["ref"]).answer()
	}
	var list []*checkRun
	for _, k := range c.repo.checks {
		if k.suite.sha == at.sha {
			list = append(list, k)
		}
	}
	return c.runList(list)
}

func (c *call) listCheckSuites() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return unprocessable("No commit found for SHA: %s", c.vars["ref"]).answer()
	}
	var list []*checkSuite
	for _, u := range c.repo.suites {
		id := c.query.Get("app_id")
		if u.sha == at.sha && (id == "" || id == itoa(u.app.id)) {
			list = append(list, u)
		}
	}
	return ok(object{"total_count": len(list), "check_suites": each(page(c, list), c.suiteAnswer)})
}

func (c *call) suiteAnswer(u *checkSuite) object {
	o := c.s.suiteJSON(u)
	o["repository"] = c.s.repoBrief(c.repo)
	return o
}

func (c *call) theSuite() *checkSuite {
	for _, u := range c.repo.suites {
		if u.id == c.number("id") {
			return u
		}
	}
	return nil
}

func (c *call) getCheckSuite() answer {
	u := c.theSuite()
	if u == nil {
		return notFound().answer()
	}
	return ok(c.suiteAnswer(u))
}

func (c *call) listSuiteRuns() answer {
	u := c.theSuite()
	if u == nil {
		return notFound().answer()
	}
	return c.runList(u.runs())
}

func (c *call) rerequestSuite() answer {
	u := c.theSuite()
	if u == nil {
		return notFound().answer()
	}
	u.done = ""
	if i := c.s.installationOf(u.app, u.repo); i != nil {
		c.s.emitTo(i, u.repo, "check_suite", "rerequested", c.who, object{"check_suite": c.s.suiteJSON(u)})
	}
	return created(object{})
}
