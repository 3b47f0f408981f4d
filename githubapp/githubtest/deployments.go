package githubtest

import (
	"slices"
	"strings"
	"time"
)

type deployment struct {
	id          int64
	node        string
	sha         string
	ref         string
	task        string
	environment string
	description string
	payload     any
	creator     *user
	created     time.Time
	updated     time.Time
	statuses    []*deploymentStatus
}

type deploymentStatus struct {
	id          int64
	node        string
	state       string
	description string
	creator     *user
	created     time.Time
}

var deploymentRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/deployments", "deployments:read", (*call).listDeployments},
	{"POST", "/repos/{owner}/{repo}/deployments", "deployments:write", (*call).createDeployment},
	{"GET", "/repos/{owner}/{repo}/deployments/{id}", "deployments:read", (*call).getDeployment},
	{"GET", "/repos/{owner}/{repo}/deployments/{id}/statuses", "deployments:read", (*call).listDeploymentStatuses},
	{"POST", "/repos/{owner}/{repo}/deployments/{id}/statuses", "deployments:write", (*call).createDeploymentStatus},
}

func (s *Server) deploymentJSON(r *repo, d *deployment) object {
	url := r.url(s, "/deployments/%d", d.id)
	return object{
		"url": url, "id": d.id, "node_id": d.node, "task": d.task, "original_environment": d.environment, "environment": d.environment,
		"description": orNull(d.description), "created_at": when(d.created), "updated_at": when(d.updated), "statuses_url": url + "/statuses",
		"repository_url": r.url(s, ""), "creator": s.userJSON(d.creator), "sha": d.sha, "ref": d.ref, "payload": d.payload,
		"transient_environment": false, "production_environment": d.environment == "production", "performed_via_github_app": nil,
	}
}

func (s *Server) deploymentStatusJSON(r *repo, d *deployment, t *deploymentStatus) object {
	url := r.url(s, "/deployments/%d", d.id)
	return object{
		"url": url + "/statuses/" + itoa(t.id), "id": t.id, "node_id": t.node, "state": t.state, "creator": s.userJSON(t.creator),
		"description": t.description, "environment": d.environment, "target_url": "", "created_at": when(t.created), "updated_at": when(t.created),
		"deployment_url": url, "repository_url": r.url(s,
			""), "environment_url": "", "log_url": "", "performed_via_github_app": nil,
	}
}

func (s *Server) deploy(r *repo, who *user, ref, task, environment, description string, payload any) (*deployment, error) {
	at := s.resolve(r, ref)
	if ref == "" || at == nil {
		return nil, unprocessable("No ref found for: %s", ref)
	}
	if payload == nil {
		payload = object{}
	}
	d := &deployment{
		id: s.id("deployment"), sha: at.sha, ref: ref, task: orDefault(task, "deploy"), environment: orDefault(environment,
			"production"),
		description: description, payload: payload, creator: who, created: s.Now(), updated: s.Now(),
	}
	d.node = s.node("DE", d.id, d)
	r.deployments = append(r.deployments, d)
	s.emit(r, "deployment", "created", who, object{"deployment": s.deploymentJSON(r, d), "workflow": nil, "workflow_run": nil})
	return d, nil
}

func (s *Server) setDeployment(r *repo, d *deployment, who *user, state, description string) (*deploymentStatus, error) {
	if !slices.Contains(strings.Fields("error failure inactive in_progress queued pending success"), state) {
		return nil, invalid("DeploymentStatus", "state", "invalid", "")
	}
	t := &deploymentStatus{id: s.id("deployment status"), state: state, description: description, creator: who, created: s.Now()}
	t.node = s.node("DES", t.id, t)
	d.statuses, d.updated = append(d.statuses, t), s.Now()
	s.emit(r, "deployment_status", "created", who, object{
		"deployment_status": s.deploymentStatusJSON(r, d, t), "deployment": s.deploymentJSON(r,
			d), "check_run": nil, "workflow": nil, "workflow_run": nil,
	})
	return t, nil
}

func (c *call) listDeployments() answer {
	var list []*deployment
	for _, d := range slices.Backward(c.repo.deployments) {
		env, ref, sha := c.query.Get("environment"), c.query.Get("ref"), c.query.Get("sha")
		if (env == "" || env == d.environment) && (ref == "" || ref == d.ref) && (sha == "" || sha == d.sha) {
			list = append(list, d)
		}
	}
	return ok(each(page(c, list), func(d *deployment) object { return c.s.deploymentJSON(c.repo, d) }))
}

func (c *call) createDeployment() answer {
	var in struct {
		Ref, Task, Environment, Description string
		Payload                             any
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	d, err := c.s.deploy(c.repo, c.who, in.Ref, in.Task, in.Environment, in.Description, in.Payload)
	if err != nil {
		return failed(err)
	}
	return created(c.s.deploymentJSON(c.repo, d))
}

func (c *call) theDeployment() *deployment {
	for _, d := range c.repo.deployments {
		if d.id == c.number("id") {
			return d
		}
	}
	return nil
}

func (c *call) getDeployment() answer {
	d := c.theDeployment()
	if d == nil {
		return notFound().answer()
	}
	return ok(c.s.deploymentJSON(c.repo, d))
}

func (c *call) listDeploymentStatuses() answer {
	d := c.theDeployment()
	if d == nil {
		return notFound().answer()
	}
	list := slices.Clone(d.statuses)
	slices.Reverse(list)
	return ok(each(page(c, list), func(t *deploymentStatus) object { return c.s.deploymentStatusJSON(c.repo, d, t) }))
}

func (c *call) createDeploymentStatus() answer {
	d := c.theDeployment()
	if d == nil {
		return notFound().answer()
	}
	var in struct{ State, Description string }
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	t, err := c.s.setDeployment(c.repo, d, c.who, in.State, in.Description)
	if err != nil {
		return failed(err)
	}
	return created(c.s.deploymentStatusJSON(c.repo, d, t))
}
