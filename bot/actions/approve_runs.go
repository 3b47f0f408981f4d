package actions

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"bellhop/githubapp"
	"bellhop/rules"
)

var approveRunsKind = rules.Kind{
	Name:    "approve_runs",
	Summary: "Let the workflow runs of a pull request from a fork begin, which GitHub holds until somebody approves them.",
	Needs:   map[string]string{"actions": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head_sha"},
	New:     func() rules.Action { return new(ApproveRuns) },
	Example: `[[rule]]
name = "Test what a maintainer has looked at"
on   = "issue_comment.created"
when.command    = "ok-to-test"
when.permission = "write"
then.approve_runs = true
`,
}

// ApproveRuns approves the runs of the commit that was decided on and no other, so that what is pushed meanwhile is never run
// unseen. A run that was approved does not wait any more: it is harmless twice by nature.
type ApproveRuns struct {
	Yes       bool     "toml:\"yes\" doc:\"Always true: `then.approve_runs = true`.\" short:\"true\" default:\"true\""
	Workflows []string "toml:\"workflows\" doc:\"Only runs of these workflows, by name or by file as `ci.yml`, with * for any part; all when left out.\""

	HeadSHA string // the commit whose runs are approved
}

// Check reports an action that is written down but not wanted, and workflows without a name.
func (a *ApproveRuns) Check(r *rules.Report) {
	checkYes(r, a.Yes)
	if len(a.Workflows) > 0 {
		checkNames(r, "workflows", a.Workflows, "workflow")
	}
}

// Plan names the commit, or returns nil when the pull request is closed.
func (a *ApproveRuns) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" || f.Subject.HeadSHA == "" {
		return nil
	}
	return &ApproveRuns{Yes: true, Workflows: a.Workflows, HeadSHA: f.Subject.HeadSHA}
}

// Do approves. Such a run is completed, as action_required.
// https://docs.github.com/en/actions/how-tos/manage-workflow-runs/approve-runs-from-forks
func (a *ApproveRuns) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	runs, err := listRuns(ctx, gh, t, "actions/runs", url.Values{"head_sha": {a.HeadSHA}, "status": {"action_required"}})
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: "no run waits for approval"}
	for _, run := range runs {
		if run.Conclusion != "action_required" || !run.isOf(a.Workflows) {
			continue
		}
		err := ask(ctx, gh, t, "POST", fmt.Sprintf("actions/runs/%d/approve", run.ID), nil, nil)
		if githubapp.Answered(err, http.StatusForbidden, "not from a fork") {
			continue
		}
		if err != nil {
			return Done{}, fmt.Errorf("approve workflow run %d: %w", run.ID, err)
		}
		if d.Skipped != "" {
			d = Done{URL: run.URL}
		}
	}
	return d, nil
}
