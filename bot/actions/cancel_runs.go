package actions

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

var cancelRunsKind = rules.Kind{
	Name:    "cancel_runs",
	Summary: "Cancel workflow runs that nobody needs any more.",
	Needs:   map[string]string{"actions": "write", "pull_requests": "read"},
	On:      []string{"pull_request", "repository"},
	Reads:   []string{"subject.head", "subject.head_repo"},
	New:     func() rules.Action { return new(CancelRuns) },
	Example: `[[rule]]
name = "Old commits need no tests"
on   = "pull_request.synchronize"
then.cancel_runs = "superseded"

[[rule]]
name = "Closed pull requests need no tests"
on   = "pull_request.closed"
then.cancel_runs = { which = "all", workflows = ["ci.yml", "e2e-*"] }
`,
}

// CancelRuns cancels runs on the head branch of the pull request, or on the branch of the push or the workflow run that the
// delivery is about. A run that was begun after the delivery is left alone, and so is one that has ended: therefore it is
// harmless twice by nature. It looks at the newest 100 runs of the branch.
type CancelRuns struct {
	Which      string   "toml:\"which\" doc:\"`superseded`: runs of a commit that is not the newest any more while a newer one is there; `all`: every run of the branch.\" short:\"true\" enum:\"superseded all\" default:\"superseded\""
	Workflows  []string "toml:\"workflows\" doc:\"Only runs of these workflows, by name or by file as `ci.yml`, with * for any part; all when left out.\""
	Events     []string "toml:\"events\" doc:\"Only runs that these events began.\" default:\"push, pull_request, pull_request_target\""
	ForceAfter string   "toml:\"force_after\" doc:\"A run that still goes on this long after it was superseded, or its pull request closed, is stopped by force the next time that the rule looks: `10m`. Never when empty.\""

	Branch  string
	Repo    string    // that the branch is in, "owner/name"; empty where RunID tells it
	RunID   int64     // the run that the delivery is about; else 0
	Planned time.Time // runs that began later are left alone
}

// Check reports what can never be.
func (c *CancelRuns) Check(r *rules.Report) {
	if len(c.Workflows) > 0 {
		checkNames(r, "workflows", c.Workflows, "workflow")
	}
	checkNames(r, "events", c.Events, "event")
	if c.ForceAfter == "" {
		return
	}
	if d, err := time.ParseDuration(c.ForceAfter); err != nil || d < time.Minute {
		r.Problem("force_after", fmt.Sprintf("%q is no length of time of a minute or more", c.ForceAfter), `Write a number with its unit, such as "10m" or "1h".`)
	}
}

// Plan finds the branch, or returns nil where the delivery is about none.
func (c *CancelRuns) Plan(f *rules.Facts) rules.Action {
	p := &CancelRuns{Which: c.Which, Workflows: c.Workflows, Events: c.Events, ForceAfter: c.ForceAfter, Planned: f.Delivery.Received.UTC()}
	if p.Planned.IsZero() { // nobody received it: an evaluation of the bot's own
		p.Planned = f.Now.UTC()
	}
	switch {
	case f.Subject != nil:
		p.Branch, p.Repo = f.Subject.Head, f.Subject.HeadRepo
		if p.Repo == "" { // the fork is gone, and GitHub does not tell its runs from others
			return nil
		}
	case f.Run != nil:
		p.Branch, p.RunID = f.Run.Branch, f.Run.ID
	case f.Push != nil && f.Repository != nil:
		p.Branch, p.Repo = f.Push.Branch, f.Repository.FullName
	}
	if p.Branch == "" {
		return nil
	}
	return p
}

// Do cancels.
func (c *CancelRuns) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	runs, err := c.runs(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	head, closed, err := c.head(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: "no run is to be cancelled"}
	for _, run := range runs {
		needless, since := c.needless(run, runs, head, closed)
		if !needless || run.Status == "completed" || run.Created.After(c.Planned) || !run.isOf(c.Workflows) {
			continue
		}
		stopped, err := c.cancel(ctx, gh, t, run, c.forces(since))
		if err != nil {
			return Done{}, err
		}
		if stopped && d.Skipped != "" {
			d = Done{URL: run.URL}
		}
	}
	return d, nil
}

// runs are those on the branch that the events began, newest first.
func (c *CancelRuns) runs(ctx context.Context, gh *githubapp.Client, t rules.Target) ([]workflowRun, error) {
	repo := c.Repo
	if c.RunID != 0 {
		var run workflowRun
		if err := ask(ctx, gh, t, "GET", fmt.Sprintf("actions/runs/%d", c.RunID), nil, &run); err != nil {
			return nil, fmt.Errorf("get workflow run: %w", err)
		}
		repo = run.HeadRepo.FullName
	}
	runs, err := listRuns(ctx, gh, t, "actions/runs", url.Values{"branch": {c.Branch}})
	return slices.DeleteFunc(runs, func(r workflowRun) bool {
		// A fork's branch may have the same name.
		return !has([]string{repo}, r.HeadRepo.FullName) || !slices.Contains(c.Events, r.Event)
	}), err
}

// head is the newest commit of the pull request, and when it was closed; without a pull request there is neither.
func (c *CancelRuns) head(ctx context.Context, gh *githubapp.Client, t rules.Target) (sha string, closed time.Time, err error) {
	if t.Kind != "pull_request" {
		return "", time.Time{}, nil
	}
	pr, err := pullRequest(ctx, gh, t)
	if err != nil {
		return "", time.Time{}, err
	}
	return pr.Head.SHA, pr.Closed, nil
}

// needless tells whether a run is to be cancelled, and since when, as far as that is known.
func (c *CancelRuns) needless(run workflowRun, runs []workflowRun, head string, closed time.Time) (needless bool, since time.Time) {
	if c.Which == "all" {
		return true, closed
	}
	if run.SHA == head {
		return false, time.Time{}
	}
	// Whoever ran the old one again after the newer began wants it.
	for _, other := range runs {
		if other.WorkflowID == run.WorkflowID && other.Event == run.Event && other.ID > run.ID && other.SHA != run.SHA {
			return !run.Started.After(other.Created), other.Created
		}
	}
	return head != "", time.Time{}
}

// forces tells whether a run that should have ended at since is stopped by force.
func (c *CancelRuns) forces(since time.Time) bool {
	after, err := time.ParseDuration(c.ForceAfter)
	return err == nil && !since.IsZero() && c.Planned.Sub(since) >= after
}

// cancel stops a run. GitHub answers 409 for one that ended meanwhile. A run that is being cancelled is not told from one that
// goes on; asked again, GitHub does the same.
// https://docs.github.com/en/rest/actions/workflow-runs#force-cancel-a-workflow-run
func (c *CancelRuns) cancel(ctx context.Context, gh *githubapp.Client, t rules.Target, run workflowRun, force bool) (bool, error) {
	what := "cancel"
	if force {
		what = "force-cancel"
	}
	err := accepted(ask(ctx, gh, t, "POST", fmt.Sprintf("actions/runs/%d/%s", run.ID, what), nil, nil))
	if githubapp.Answered(err, http.StatusConflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cancel workflow run %d: %w", run.ID, err)
	}
	return true, nil
}
