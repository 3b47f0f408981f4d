package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var dequeueKind = rules.Kind{
	Name:    "dequeue",
	Summary: "Take the pull request out of GitHub's merge queue.",
	Needs:   map[string]string{"contents": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state"},
	New:     func() rules.Action { return new(Dequeue) },
	Example: `[[rule]]
name = "On hold"
on   = "pull_request.labeled"
when.label = "on hold"
then.dequeue = true
`,
}

// Dequeue takes a pull request out of the queue. What is not in the queue is success.
type Dequeue struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.dequeue = true`.\" short:\"true\" default:\"true\""
}

// Check reports an action that is written down but not wanted.
func (q *Dequeue) Check(r *rules.Report) { checkYes(r, q.Yes) }

// Plan returns nil for what is closed or merged. Whether the rest is in the queue is known to GitHub alone.
func (q *Dequeue) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil
	}
	return &Dequeue{Yes: true}
}

// Do takes it out. The input of the mutation is the ID of the pull request, not of its entry in the queue.
// https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest
func (q *Dequeue) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	pr, err := readPullState(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: pr.unfit("")}
	if d.Skipped == "" && !pr.Queued {
		d.Skipped = "it is not in the merge queue"
	}
	if d.Skipped != "" {
		return d, nil
	}
	const mutation = `mutation($id: ID!) { dequeuePullRequest(input: {id: $id}) { clientMutationId } }`
	if err := gh.Query(ctx, mutation, map[string]any{"id": pr.ID}, nil); err != nil {
		return Done{}, fmt.Errorf("dequeue: %w", err)
	}
	return d, nil
}
