package githubtest

import (
	"net/http"
	"slices"
)

// The methods of this file are what machines do beside the App under test: CI services, GitHub Actions, deployments. The
// person of the visit is the sender of their webhooks.

// StartCheck starts a check run of another App (its slug, such as "ci") on a commit: a branch, tag, SHA or "#7" for the head of
// a pull request. It returns the run's number.
func (v Visit) StartCheck(app, ref, name string) (id int64, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		at, err := v.at(r, ref)
		if err != nil {
			return err
		}
		status := "in_progress"
		k, err := v.s.startRun(r, v.s.otherApp(app), who, checkIn{Name: &name, HeadSHA: at.sha, Status: &status})
		if err == nil {
			id = k.id
		}
		return err
	})
	return id, err
}

func (v Visit) onRun(id int64, deed func(k *checkRun, who *user) error) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		k := r.checkRun(id)
		if k == nil {
			return problemf(http.StatusNotFound, "no check run %d in %s", id, r.full())
		}
		return deed(k, who)
	})
}

// FinishCheck completes a check run with a conclusion, such as success or failure.
func (v Visit) FinishCheck(id int64, conclusion string) error {
	return v.onRun(id, func(k *checkRun, who *user) error { return v.s.changeRun(k, who, checkIn{Conclusion: &conclusion}) })
}

// Check starts and finishes a check run.
func (v Visit) Check(app, ref, name, conclusion string) error {
	id, err := v.StartCheck(app, ref, name)
	if err != nil {
		return err
	}
	return v.FinishCheck(id, conclusion)
}

// Rerequest presses Re-run on a check run, whichever App made it.
func (v Visit) Rerequest(id int64) error {
	return v.onRun(id, func(k *checkRun, who *user) error {
		v.s.rerequest(k, who)
		return nil
	})
}

// PressButton presses a button that an App offers on its check run.
func (v Visit) PressButton(id int64, identifier string) error {
	return v.onRun(id, func(k *checkRun, who *user) error {
		if !slices.ContainsFunc(k.actions, func(a checkAction) bool { return a.Identifier == identifier }) {
			return problemf(http.StatusNotFound, "check run %d has no button %q", id, identifier)
		}
		v.s.emitRun(k, "requested_action", who, object{"requested_action": object{"identifier": identifier}})
		return nil
	})
}

// SetStatus sets a commit status: error, failure, pending or success.
func (v Visit) SetStatus(ref, context, state, description string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		at, err := v.at(r, ref)
		if err == nil {
			_, err = v.s.setStatus(r, who, at.sha, state, context, description, "")
		}
		return err
	})
}

// StartWorkflow starts a run of a workflow (its name, file name or path) for a commit, as if by event, and returns the run's
// number. Ref is a branch, or "#7" for a pull request.
func (v Visit) StartWorkflow(workflow, event, ref string) (id int64, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		w := r.workflow(workflow)
		if w == nil {
			return problemf(http.StatusNotFound, "no workflow %q in %s", workflow, r.full())
		}
		at, err := v.at(r, ref)
		if err != nil {
			return err
		}
		branch, from := ref, r
		for _, i := range r.issues {
			if i.pull != nil && ref == "#"+itoa(int64(i.number)) {
				branch, from = i.pull.headRef, i.pull.headRepo
			}
		}
		id = v.s.startWorkflow(r, w, event, branch, at.sha, from, who).id
		return nil
	})
	return id, err
}

func (v Visit) onWorkflow(id int64, deed func(w *workflowRun, who *user) error) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		for _, w := range r.workflowRuns {
			if w.id == id {
				return deed(w, who)
			}
		}
		return problemf(http.StatusNotFound, "no workflow run %d in %s", id, r.full())
	})
}

// FinishWorkflow ends a run and all its jobs with a conclusion.
func (v Visit) FinishWorkflow(id int64, conclusion string) error {
	return v.onWorkflow(id, func(w *workflowRun, _ *user) error { return v.s.finishWorkflow(w, conclusion) })
}

// HoldWorkflow makes a run wait for a maintainer's approval, as those of first contributors do.
func (v Visit) HoldWorkflow(id int64) error {
	return v.onWorkflow(id, func(w *workflowRun, _ *user) error { return v.s.holdForApproval(w) })
}

// Deploy makes a deployment of a commit to an environment and returns its number.
func (v Visit) Deploy(ref, environment string) (id int64, err error) {
	err = v.do(roleWrite, func(r *repo, who *user) error {
		d, err := v.s.deploy(r, who, ref, "", environment, "", nil)
		if err == nil {
			id = d.id
		}
		return err
	})
	return id, err
}

// SetDeployment sets the state of a deployment, such as in_progress, success or failure.
func (v Visit) SetDeployment(id int64, state string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		for _, d := range r.deployments {
			if d.id == id {
				_, err := v.s.setDeployment(r, d, who, state, "")
				return err
			}
		}
		return problemf(http.StatusNotFound, "no deployment %d in %s", id, r.full())
	})
}
