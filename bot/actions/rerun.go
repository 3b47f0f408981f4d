package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

var rerunKind = rules.Kind{
	Name:    "rerun",
	Summary: "Run workflow runs of the newest commit again, or the one that the delivery is about.",
	Needs:   map[string]string{"actions": "write"},
	On:      []string{"pull_request", "repository"},
	Reads:   []string{"subject.head_sha"},
	New:     func() rules.Action { return new(Rerun) },
	Example: `[[rule]]
name = "Second chance for the nightly build"
on   = "workflow_run.completed"
if   = 'workflow_run.name == "nightly" && workflow_run.conclusion == "failure"'
then.rerun = "failed"
`,
}

// Rerun runs workflow runs again: the run of a workflow_run event, else, of each workflow, the newest run on the newest commit.
// A run that goes on, and one that was begun again since the rule was decided, is left alone: the first is known by its status,
// the second by its attempt (of the event's run) or by the time that the attempt began.
type Rerun struct {
	Jobs     string "toml:\"jobs\" doc:\"`failed` jobs and what depends on them, or `all`.\" short:\"true\" enum:\"failed all\" default:\"failed\""
	Attempts int    `toml:"attempts" doc:"A run that had so many attempts, the first included, is left alone." default:"3"`

	RunID   int64     // the run of the event; else 0
	Attempt int       // of that run, as seen
	HeadSHA string    // else the commit whose runs are meant
	Before  time.Time // and only attempts that began before
}

// maxAttempts is how often GitHub runs one run: https://docs.github.com/actions/managing-workflow-runs/re-running-workflows-and-jobs
const maxAttempts = 51

// Check reports a number of attempts that allows none, or that GitHub does not.
func (a *Rerun) Check(r *rules.Report) {
	if a.Attempts < 2 || a.Attempts > maxAttempts {
		r.Problem("attempts", fmt.Sprintf("%d is no number of attempts: the first counts, and GitHub allows %d", a.Attempts, maxAttempts), "Write 2 or more.")
	}
}

// Plan finds what to run again.
func (a *Rerun) Plan(f *rules.Facts) rules.Action {
	p := &Rerun{Jobs: a.Jobs, Attempts: a.Attempts}
	if run := f.Run; run != nil {
		p.RunID, p.Attempt = run.ID, int(run.Attempt)
		if run.Conclusion == "" || a.spares(run.Conclusion, p.Attempt) {
			return nil
		}
		return p
	}
	p.HeadSHA, p.Before = headSHA(f), f.Delivery.Received.UTC()
	if p.HeadSHA == "" {
		return nil
	}
	if p.Before.IsZero() { // nobody received it: an evaluation of the bot's own
		p.Before = f.Now.UTC()
	}
	return p
}

// spares tells whether a run that ended so is left alone.
func (a *Rerun) spares(conclusion string, attempt int) bool {
	return attempt >= a.Attempts || a.Jobs == "failed" && !slices.Contains(failures, conclusion)
}

// failures are the conclusions of runs with jobs that GitHub counts as failed.
var failures = []string{"failure", "cancelled", "timed_out", "startup_failure"}

// Do starts new attempts.
func (a *Rerun) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if a.RunID == 0 {
		return a.commit(ctx, gh, t)
	}
	var run workflowRun
	if err := ask(ctx, gh, t, "GET", fmt.Sprintf("actions/runs/%d", a.RunID), nil, &run); err != nil {
		return Done{}, fmt.Errorf("get workflow run: %w", err)
	}
	if run.Attempt > a.Attempt || run.Status != "completed" {
		return Done{URL: run.URL, Skipped: "it was run again already"}, nil
	}
	err := a.again(ctx, gh, t, run)
	if no := (refusal("")); errors.As(err, &no) {
		return Done{URL: run.URL, Skipped: string(no)}, nil
	}
	return Done{URL: run.URL}, err
}

// commit runs what ran on the commit.
func (a *Rerun) commit(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	runs, err := listRuns(ctx, gh, t, "actions/runs", url.Values{"head_sha": {a.HeadSHA}})
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: "no run of the newest commit is to be run again"}
	started := false
	for _, run := range newestRuns(runs) {
		if run.Status != "completed" || run.Started.After(a.Before) || a.spares(run.Conclusion, run.Attempt) {
			continue
		}
		err := a.again(ctx, gh, t, run)
		if no := (refusal("")); errors.As(err, &no) {
			if !started {
				d.Skipped = string(no)
			}
			continue
		}
		if err != nil {
			return Done{}, err
		}
		if !started {
			started, d = true, Done{URL: run.URL}
		}
	}
	return d, nil
}

// newestRuns keeps the newest run of each workflow and event.
func newestRuns(runs []workflowRun) []workflowRun {
	type key struct {
		workflow int64
		event    string
	}
	newest := map[key]int64{}
	for _, r := range runs {
		k := key{r.WorkflowID, r.Event}
		newest[k] = max(newest[k], r.ID)
	}
	var out []workflowRun
	for _, r := range runs {
		if newest[key{r.WorkflowID, r.Event}] == r.ID {
			out = append(out, r)
		}
	}
	return out
}

// refusal is GitHub's reason why a run cannot be run again, however often it is tried.
type refusal string

func (r refusal) Error() string { return string(r) }

// again starts a new attempt. GitHub refuses with 403 what goes on ("This workflow is already running") and what is too old
// ("Unable to retry this workflow run because it was created over a month ago").
func (a *Rerun) again(ctx context.Context, gh *githubapp.Client, t rules.Target, run workflowRun) error {
	what := "rerun"
	if a.Jobs == "failed" {
		what = "rerun-failed-jobs"
	}
	err := ask(ctx, gh, t, "POST", fmt.Sprintf("actions/runs/%d/%s", run.ID, what), nil, nil)
	if githubapp.Answered(err, http.StatusForbidden, "already running", "unable to retry", "cannot be retried", "cannot be rerun") {
		return refusal(saying(err))
	}
	if err != nil {
		return fmt.Errorf("run workflow run %d again: %w", run.ID, err)
	}
	return nil
}
