package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WorkflowSpec is a workflow of GitHub Actions that a repository has.
type WorkflowSpec struct {
	Name     string   // "CI"
	Path     string   // ".github/workflows/ci.yml"
	Dispatch bool     // whether it has a workflow_dispatch trigger
	Events   []string // types of repository_dispatch that start it
	RunName  string   // its run-name, in which ${{ inputs.NAME }} and ${{ github.event.client_payload.NAME }} are filled in
	Jobs     []string
}

type workflow struct {
	id      int64
	node    string
	spec    WorkflowSpec
	created time.Time
}

type workflowRun struct {
	id         int64
	node       string
	title      string // "" for the commit's subject
	repo       *repo
	workflow   *workflow
	suite      *checkSuite
	number     int
	attempt    int
	event      string
	branch     string
	sha        string
	headRepo   *repo
	actor      *user
	status     string // queued, in_progress, completed, waiting, requested or pending
	conclusion string
	created    time.Time
	started    time.Time
	updated    time.Time
	jobs       []*job
}

type job struct {
	id         int64
	node       string
	name       string
	status     string
	conclusion string
	started    time.Time
	completed  time.Time
}

// AddWorkflow gives a repository one more workflow.
func (s *Server) AddWorkflow(repository string, spec WorkflowSpec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addWorkflow(s.mustRepo(repository), spec)
}

func (s *Server) addWorkflow(r *repo, spec WorkflowSpec) *workflow {
	w := &workflow{id: s.id("workflow"), spec: spec, created: s.Now()}
	w.node = s.node("W", w.id, w)
	r.workflows = append(r.workflows, w)
	return w
}

// workflow finds a workflow by number, file name or path.
func (r *repo) workflow(key string) *workflow {
	for _, w := range r.workflows {
		if key == itoa(w.id) || key == w.spec.Path || key == w.spec.Name || strings.HasSuffix(w.spec.Path, "/"+key) {
			return w
		}
	}
	return nil
}

var workflowRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/actions/workflows", "actions:read", (*call).listWorkflows},
	{"GET", "/repos/{owner}/{repo}/actions/workflows/{workflow}", "actions:read", (*call).getWorkflow},
	{"POST", "/repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches", "actions:write", (*call).dispatchWorkflow},
	{"GET", "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs", "actions:read", (*call).listRuns},
	{"GET", "/repos/{owner}/{repo}/actions/runs", "actions:read", (*call).listRuns},
	{"GET", "/repos/{owner}/{repo}/actions/runs/{id}", "actions:read", (*call).getRun},
	{"GET", "/repos/{owner}/{repo}/actions/runs/{id}/jobs", "actions:read", (*call).listJobs},
	{"GET", "/repos/{owner}/{repo}/actions/jobs/{id}", "actions:read", (*call).getJob},
	{"POST", "/repos/{owner}/{repo}/actions/jobs/{id}/rerun", "actions:write", (*call).rerunJob},
	{"POST", "/repos/{owner}/{repo}/actions/runs/{id}/rerun", "actions:write", (*call).rerunRun},
	{"POST", "/repos/{owner}/{repo}/actions/runs/{id}/rerun-failed-jobs", "actions:write", (*call).rerunFailed},
	{"POST", "/repos/{owner}/{repo}/actions/runs/{id}/cancel", "actions:write", (*call).cancelRun},
	{"POST", "/repos/{owner}/{repo}/actions/runs/{id}/force-cancel", "actions:write", (*call).cancelRun},
	{"POST", "/repos/{owner}/{repo}/actions/runs/{id}/approve", "actions:write", (*call).approveRun},
}

func (s *Server) workflowJSON(r *repo, w *workflow) object {
	return object{
		"id": w.id, "node_id": w.node, "name": w.spec.Name, "path": w.spec.Path, "state": "active", "created_at": when(w.created),
		"updated_at": when(w.created), "url": r.url(s, "/actions/workflows/%d", w.id),
		"html_url":  r.web(s, "/blob/%s/%s", r.defaultBranch, w.spec.Path),
		"badge_url": r.web(s, "/workflows/%s/badge.svg", w.spec.Name),
	}
}

func (s *Server) runJSON(w *workflowRun) object {
	r := w.repo
	url := r.url(s, "/actions/runs/%d", w.id)
	o := object{
		"id": w.id, "node_id": w.node, "name": w.workflow.spec.Name, "head_branch": w.branch, "head_sha": w.sha, "path": w.workflow.spec.Path,
		"display_title": cmp.Or(w.title, s.git.commits[w.sha].subject()), "run_number": w.number, "event": w.event, "status": w.status,
		"conclusion": orNull(w.conclusion), "workflow_id": w.workflow.id, "check_suite_id": w.suite.id, "check_suite_node_id": w.suite.node,
		"url": url, "html_url": r.web(s, "/actions/runs/%d", w.id), "pull_requests": s.checkPulls(r,
			w.sha), "created_at": when(w.created),
		"updated_at": when(w.updated), "actor": s.userJSON(w.actor), "run_attempt": w.attempt, "referenced_workflows": []any{},
		"run_started_at": when(w.started), "triggering_actor": s.userJSON(w.actor), "jobs_url": url + "/jobs", "logs_url": url + "/logs",
		"check_suite_url": r.url(s, "/check-suites/%d",
			w.suite.id), "artifacts_url": url + "/artifacts", "cancel_url": url + "/cancel",
		"rerun_url": url + "/rerun", "previous_attempt_url": nil, "workflow_url": r.url(s, "/actions/workflows/%d", w.workflow.id),
		"head_commit": s.simpleCommit(s.git.commits[w.sha]), "repository": s.repoBrief(r), "head_repository": nil,
	}
	if w.headRepo != nil {
		o["head_repository"] = s.repoBrief(w.headRepo)
	}
	if w.attempt > 1 {
		o["previous_attempt_url"] = url + "/attempts/" + strconv.Itoa(w.attempt-1)
	}
	return o
}

func (s *Server) jobJSON(w *workflowRun, j *job) object {
	return object{
		"id": j.id, "run_id": w.id, "workflow_name": w.workflow.spec.Name, "head_branch": w.branch, "run_url": w.repo.url(s,
			"/actions/runs/%d", w.id),
		"run_attempt": w.attempt, "node_id": j.node, "head_sha": w.sha, "url": w.repo.url(s, "/actions/jobs/%d", j.id),
		"html_url": w.repo.web(s, "/actions/runs/%d/job/%d", w.id, j.id), "status": j.status, "conclusion": orNull(j.conclusion),
		"created_at": when(w.started), "started_at": when(j.started), "completed_at": when(j.completed), "name": j.name, "steps": []any{},
		"check_run_url": w.repo.url(s, "/check-runs/%d",
			j.id), "labels": []string{"ubuntu-latest"}, "runner_id": 1, "runner_name": "GitHub Actions 1",
		"runner_group_id": 1, "runner_group_name": "GitHub Actions",
	}
}

func (s *Server) emitWorkflow(w *workflowRun, action string) {
	s.emit(w.repo, "workflow_run", action, w.actor, object{"workflow_run": s.runJSON(w), "workflow": s.workflowJSON(w.repo,
		w.workflow)})
}

func (s *Server) emitJob(w *workflowRun, j *job, action string) {
	s.emit(w.repo, "workflow_job", action, w.actor, object{"workflow_job": s.jobJSON(w, j)})
}

// startWorkflow starts a run of w for a commit. Its suite belongs to the App github-actions.
func (s *Server) startWorkflow(r *repo, w *workflow, event, branch, sha string, headRepo *repo, actor *user) *workflowRun {
	n := 1
	for _, old := range r.workflowRuns {
		if old.workflow == w {
			n++
		}
	}
	run := &workflowRun{
		id: s.id("workflow run"), repo: r, workflow: w, number: n, attempt: 1, event: event, branch: branch, sha: sha, headRepo: headRepo,
		actor: actor, status: "queued", created: s.Now(), started: s.Now(), updated: s.Now(),
		suite: s.suite(r, s.otherApp("github-actions"), sha),
	}
	run.node = s.node("WFR", run.id, run)
	names := w.spec.Jobs
	if len(names) == 0 {
		names = []string{"build"}
	}
	for _, name := range names {
		j := &job{id: s.id("job"), name: name, status: "queued", started: s.Now()}
		j.node = s.node("CR", j.id, j)
		run.jobs = append(run.jobs, j)
	}
	r.workflowRuns = append(r.workflowRuns, run)
	s.emitWorkflow(run, "requested")
	s.beginWorkflow(run)
	return run
}

// beginWorkflow sets the jobs that are queued going, each with its check run.
func (s *Server) beginWorkflow(w *workflowRun) {
	w.status, w.conclusion, w.updated = "in_progress", "", s.Now()
	s.emitWorkflow(w, "in_progress")
	status := "in_progress"
	for _, j := range w.jobs {
		if j.status == "queued" {
			s.emitJob(w, j, "queued")
			j.status, j.conclusion, j.completed = "in_progress", "", time.Time{}
			s.startRun(w.repo, w.suite.app, w.actor, checkIn{Name: &j.name, HeadSHA: w.sha, Status: &status})
			s.emitJob(w, j, "in_progress")
		}
	}
}

// finishWorkflow ends every job that runs with conclusion.
func (s *Server) finishWorkflow(w *workflowRun, conclusion string) error {
	if w.status == "completed" {
		return unprocessable("run %d is completed", w.id)
	}
	for _, j := range w.jobs {
		if j.status == "completed" {
			continue
		}
		j.status, j.conclusion, j.completed = "completed", conclusion, s.Now()
		for _, k := range w.repo.checksOf(w.sha) {
			if k.suite == w.suite && k.name == j.name {
				if err := s.changeRun(k, w.actor, checkIn{Conclusion: &conclusion}); err != nil {
					return err
				}
			}
		}
		s.emitJob(w, j, "completed")
	}
	w.status, w.conclusion, w.updated = "completed", conclusion, s.Now()
	s.emitWorkflow(w, "completed")
	return nil
}

func (c *call) listWorkflows() answer {
	list := c.repo.workflows
	return ok(object{"total_count": len(list), "workflows": each(page(c, list),
		func(w *workflow) object { return c.s.workflowJSON(c.repo, w) })})
}

func (c *call) getWorkflow() answer {
	w := c.repo.workflow(c.vars["workflow"])
	if w == nil {
		return notFound().answer()
	}
	return ok(c.s.workflowJSON(c.repo, w))
}

func (c *call) dispatchWorkflow() answer {
	w := c.repo.workflow(c.vars["workflow"])
	if w == nil {
		return notFound().answer()
	}
	var in struct {
		Ref    string
		Inputs object
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	at := c.s.resolve(c.repo, in.Ref)
	switch {
	case in.Ref == "":
		return unprocessable("Invalid request.\n\n\"ref\" wasn't supplied.").answer()
	case at == nil:
		return unprocessable("No ref found for: %s", in.Ref).answer()
	case !w.spec.Dispatch:
		return unprocessable("Workflow does not have 'workflow_dispatch' trigger").answer()
	case len(in.Inputs) > 25:
		return unprocessable("you may only define up to 25 inputs for a 'workflow_dispatch' event").answer()
	}
	if in.Inputs == nil {
		in.Inputs = object{}
	}
	branch := strings.TrimPrefix(in.Ref, "refs/heads/")
	c.s.emit(c.repo, "workflow_dispatch", "", c.who, object{"inputs": in.Inputs, "ref": "refs/heads/" + branch,
		"workflow": w.spec.Path})
	c.s.startWorkflow(c.repo, w, "workflow_dispatch", branch, at.sha, c.repo, c.who).title = w.spec.titleOf("inputs", in.Inputs)
	return noContent()
}

// titleOf is the title of a run that was started with values, which its run-name finds in the context; "" without a run-name.
func (w WorkflowSpec) titleOf(context string, values object) string {
	title := w.RunName
	for name, value := range values {
		title = strings.ReplaceAll(title, "${{ "+context+"."+name+" }}", fmt.Sprint(value))
	}
	return title
}

// startListening starts the workflows that listen to a repository_dispatch. Without a run-name such a run is called like the
// event's type.
func (c *call) startListening(eventType string, payload object) {
	sha := c.repo.refs["refs/heads/"+c.repo.defaultBranch]
	for _, w := range c.repo.workflows {
		if slices.Contains(w.spec.Events, eventType) {
			run := c.s.startWorkflow(c.repo, w, "repository_dispatch", c.repo.defaultBranch, sha, c.repo, c.who)
			run.title = cmp.Or(w.spec.titleOf("github.event.client_payload", payload), eventType)
		}
	}
}

func (c *call) listRuns() answer {
	var only *workflow
	if key := c.vars["workflow"]; key != "" {
		if only = c.repo.workflow(key); only == nil {
			return notFound().answer()
		}
	}
	var list []*workflowRun
	for _, w := range slices.Backward(c.repo.workflowRuns) {
		if (only == nil || w.workflow == only) && c.wantedRun(w) {
			list = append(list, w)
		}
	}
	return ok(object{"total_count": len(list), "workflow_runs": each(page(c, list), c.s.runJSON)})
}

func (c *call) wantedRun(w *workflowRun) bool {
	for key, value := range map[string]string{"branch": w.branch, "event": w.event, "head_sha": w.sha, "actor": w.actor.login,
		"check_suite_id": itoa(w.suite.id)} {
		if want := c.query.Get(key); want != "" && want != value {
			return false
		}
	}
	// The parameter status takes conclusions too.
	status := c.query.Get("status")
	return status == "" || status == w.status || status == w.conclusion
}

func (c *call) run() *workflowRun {
	for _, w := range c.repo.workflowRuns {
		if w.id == c.number("id") {
			return w
		}
	}
	return nil
}

func (c *call) getRun() answer {
	w := c.run()
	if w == nil {
		return notFound().answer()
	}
	return ok(c.s.runJSON(w))
}

func (c *call) listJobs() answer {
	w := c.run()
	if w == nil {
		return notFound().answer()
	}
	return ok(object{"total_count": len(w.jobs), "jobs": each(page(c, w.jobs), func(j *job) object { return c.s.jobJSON(w, j) })})
}

func (c *call) theJob() (*workflowRun, *job) {
	for _, w := range c.repo.workflowRuns {
		for _, j := range w.jobs {
			if j.id == c.number("id") {
				return w, j
			}
		}
	}
	return nil, nil
}

func (c *call) getJob() answer {
	w, j := c.theJob()
	if j == nil {
		return notFound().answer()
	}
	return ok(c.s.jobJSON(w, j))
}

func (c *call) rerunJob() answer {
	w, j := c.theJob()
	if j == nil {
		return notFound().answer()
	}
	return c.rerunJobs(w, func(other *job) bool { return other == j })
}

func (c *call) rerunRun() answer {
	w := c.run()
	if w == nil {
		return notFound().answer()
	}
	return c.rerunJobs(w, func(*job) bool { return true })
}

func (c *call) rerunFailed() answer {
	w := c.run()
	if w == nil {
		return notFound().answer()
	}
	return c.rerunJobs(w, func(j *job) bool { return !slices.Contains([]string{"success", "skipped", "neutral"}, j.conclusion) })
}

// rerunJobs starts another attempt of a completed run with the jobs that again picks.
func (c *call) rerunJobs(w *workflowRun, again func(*job) bool) answer {
	if w.status != "completed" {
		return problemf(http.StatusForbidden, "This workflow is already running").answer()
	}
	n := 0
	for _, j := range w.jobs {
		if again(j) {
			j.status, j.started, n = "queued", c.s.Now(), n+1
		}
	}
	if n == 0 {
		return problemf(http.StatusForbidden, "This workflow run has no failed jobs").answer()
	}
	w.attempt, w.actor, w.started, w.status, w.conclusion, w.updated = w.attempt+1, c.who, c.s.Now(), "queued", "", c.s.Now()
	c.s.emitWorkflow(w, "requested")
	c.s.beginWorkflow(w)
	return created(object{})
}

func (c *call) cancelRun() answer {
	w := c.run()
	if w == nil {
		return notFound().answer()
	}
	if w.status == "completed" {
		return problemf(http.StatusConflict, "Cannot cancel a workflow run that is completed.").answer()
	}
	if err := c.s.finishWorkflow(w, "cancelled"); err != nil {
		return failed(err)
	}
	return accepted(object{})
}

func (c *call) approveRun() answer {
	w := c.run()
	if w == nil {
		return notFound().answer()
	}
	if w.conclusion != "action_required" {
		return problemf(http.StatusForbidden, "This run is not from a fork pull request that needs approval").answer()
	}
	for _, j := range w.jobs {
		j.status = "queued"
	}
	c.s.beginWorkflow(w)
	return created(object{})
}

// holdForApproval is what GitHub does with a first contributor's run: it waits, completed as action_required.
func (s *Server) holdForApproval(w *workflowRun) error {
	if err := s.finishWorkflow(w, "action_required"); err != nil {
		return fmt.Errorf("hold for approval: %w", err)
	}
	return nil
}
