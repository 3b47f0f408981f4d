package githubtest

import (
	"slices"
	"strings"
)

// rollupOf is what is on a commit, null when nothing is.
func (x *execution) rollupOf(r *repo, sha string) any {
	if err := x.needs("checks:read|statuses:read"); err != nil {
		return err
	}
	if x.s.rollup(r, sha) == "" {
		return nil
	}
	return rollup{r, sha}
}

func checkTypes(t map[string]fields) {
	t["StatusCheckRollup"] = fields{
		"id":     is(func(v rollup) any { return nodeID("SCR", v.repo.id) + "_" + v.sha }),
		"state":  on("", "", func(x *execution, v rollup, _ args) any { return x.s.rollup(v.repo, v.sha) }),
		"commit": on("Commit", "", func(x *execution, v rollup, _ args) any { return x.commitOrNil(v.repo, v.sha) }),
		"contexts": on("StatusCheckRollupContext*", paging, func(_ *execution, v rollup, a args) any {
			var list []any
			for _, k := range v.repo.checksOf(v.sha) {
				list = append(list, k)
			}
			for _, s := range v.repo.statusesOf(v.sha) {
				list = append(list, s)
			}
			return connect(a, list)
		}),
	}
	t["Status"] = fields{
		"state": on("", "", func(x *execution, v rollup, _ args) any {
			state := ""
			for _, s := range v.repo.statusesOf(v.sha) {
				state = worse(state, strings.ToUpper(s.state))
			}
			return state
		}),
		"contexts": on("StatusContext[]", "", func(_ *execution, v rollup, _ args) any {
			return v.repo.statusesOf(v.sha)
		}),
	}
	t["StatusContext"] = fields{
		"id": is(func(v *status) any { return v.node }), "context": is(func(v *status) any { return v.context }),
		"state": is(func(v *status) any { return strings.ToUpper(v.state) }), "description": is(func(v *status) any { return orNull(v.description) }),
		"targetUrl": is(func(v *status) any { return orNull(v.target) }), "createdAt": is(func(v *status) any { return when(v.created) }),
		"creator": on("Actor", "", func(_ *execution, v *status, _ args) any { return v.creator }),
		"isRequired": on("", "pullRequestId pullRequestNumber", func(_ *execution, v *status, a args) any {
			return isRequired(v.repo, a, v.context)
		}),
	}
	t["CheckRun"] = fields{
		"id": is(func(v *checkRun) any { return v.node }), "databaseId": is(func(v *checkRun) any { return v.id }),
		"name": is(func(v *checkRun) any { return v.name }), "status": is(func(v *checkRun) any { return strings.ToUpper(v.status) }),
		"conclusion": is(func(v *checkRun) any { return orNull(strings.ToUpper(v.conclusion)) }),
		"startedAt":  is(func(v *checkRun) any { return when(v.started) }), "completedAt": is(func(v *checkRun) any { return when(v.completed) }),
		"externalId": is(func(v *checkRun) any { return orNull(v.externalID) }), "title": is(func(v *checkRun) any { return orNull(v.title) }),
		"summary": is(func(v *checkRun) any { return orNull(v.summary) }), "text": is(func(v *checkRun) any { return orNull(v.text) }),
		"detailsUrl": on("", "", func(x *execution, v *checkRun, _ args) any { return x.s.checkRunJSON(v)["details_url"] }),
		"url":        on("", "", func(x *execution, v *checkRun, _ args) any { return x.s.checkRunJSON(v)["html_url"] }),
		"permalink":  on("", "", func(x *execution, v *checkRun, _ args) any { return x.s.checkRunJSON(v)["html_url"] }),
		"checkSuite": on("CheckSuite", "", func(_ *execution, v *checkRun, _ args) any { return v.suite }),
		"isRequired": on("", "pullRequestId pullRequestNumber", func(_ *execution, v *checkRun, a args) any {
			return isRequired(v.suite.repo, a, v.name)
		}),
	}
	t["CheckSuite"] = fields{
		"id": is(func(v *checkSuite) any { return v.node }), "databaseId": is(func(v *checkSuite) any { return v.id }),
		"status":     is(func(v *checkSuite) any { state, _ := v.state(); return strings.ToUpper(state) }),
		"conclusion": is(func(v *checkSuite) any { _, c := v.state(); return orNull(strings.ToUpper(c)) }),
		"app":        on("App", "", func(_ *execution, v *checkSuite, _ args) any { return v.app }),
		"workflowRun": on("WorkflowRun", "", func(_ *execution, v *checkSuite, _ args) any {
			for _, w := range slices.Backward(v.repo.workflowRuns) {
				if w.suite == v {
					return w
				}
			}
			return nil
		}),
		"commit": on("Commit", "", func(x *execution, v *checkSuite, _ args) any { return x.commitOrNil(v.repo, v.sha) }),
		"checkRuns": on("CheckRun*", "filterBy"+paging, func(_ *execution, v *checkSuite, a args) any {
			filter, _ := a["filterBy"].(map[string]any)
			return connect(a, slices.DeleteFunc(latestRuns(v.runs()), func(k *checkRun) bool {
				return filter["checkName"] != nil && filter["checkName"] != k.name
			}))
		}),
	}
	t["WorkflowRun"] = fields{
		"id": is(func(v *workflowRun) any { return v.node }), "databaseId": is(func(v *workflowRun) any { return v.id }),
		"runNumber": is(func(v *workflowRun) any { return v.number }), "event": is(func(v *workflowRun) any { return v.event }),
		"workflow": on("Workflow", "", func(_ *execution, v *workflowRun, _ args) any { return v.workflow }),
		"url":      on("", "", func(x *execution, v *workflowRun, _ args) any { return x.s.runJSON(v)["html_url"] }),
	}
	t["Workflow"] = fields{
		"id": is(func(v *workflow) any { return v.node }), "databaseId": is(func(v *workflow) any { return v.id }), "name": is(func(v *workflow) any { return v.spec.Name }),
	}
}

// isRequired tells whether the base of the pull request in a demands a check.
func isRequired(r *repo, a args, name string) any {
	i := r.issue(a.number("pullRequestNumber"))
	if id := a.text("pullRequestId"); id != "" {
		for _, other := range r.issues {
			if other.pull != nil && other.pull.node == id {
				i = other
			}
		}
	}
	if i == nil || i.pull == nil {
		return &gqlError{Message: "A pull request ID or pull request number is required."}
	}
	return slices.Contains(r.protections[i.pull.baseRef].Checks, name)
}
