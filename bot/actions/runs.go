package actions

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

// workflowRun is what is needed of a run of GitHub Actions.
type workflowRun struct {
	ID         int64
	Title      string `json:"display_title"`
	Event      string
	Status     string
	Conclusion string
	WorkflowID int64  `json:"workflow_id"`
	Branch     string `json:"head_branch"`
	SHA        string `json:"head_sha"`
	Attempt    int    `json:"run_attempt"`
	URL        string `json:"html_url"`
	Actor      struct{ Login string }
	Name       string // of the workflow
	Path       string // of the workflow's file
	HeadRepo   struct {
		FullName string `json:"full_name"`
	} `json:"head_repository"`
	Created time.Time `json:"created_at"`
	// Started is when the newest attempt began; GitHub sets it anew with each.
	Started time.Time `json:"run_started_at"`
}

// listRuns returns the newest 100 workflow runs that query selects, newest first. path is "actions/runs" or that of a workflow.
func listRuns(ctx context.Context, gh *githubapp.Client, t rules.Target, path string, query url.Values) ([]workflowRun, error) {
	query.Set("per_page", "100")
	query.Set("exclude_pull_requests", "true")
	var answer struct {
		Runs []workflowRun `json:"workflow_runs"`
	}
	if err := ask(ctx, gh, t, "GET", path+"?"+query.Encode(), nil, &answer); err != nil {
		return nil, fmt.Errorf("list workflow runs: %w", err)
	}
	return answer.Runs, nil
}

// isOf tells whether a run is of one of the workflows, named by name, by file or by path, with * for any part; all are meant by none.
func (r workflowRun) isOf(workflows []string) bool {
	// A reusable or a required workflow's path may end in @ref.
	path, _, _ := strings.Cut(r.Path, "@")
	file := path[strings.LastIndex(path, "/")+1:]
	return len(workflows) == 0 || fitsAny(workflows, r.Name) || fitsAny(workflows, file) || fitsAny(workflows, path)
}
