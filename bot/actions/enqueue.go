package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var enqueueKind = rules.Kind{
	Name:    "enqueue",
	Summary: "Put the pull request into GitHub's merge queue.",
	Merges:  true,
	Needs:   map[string]string{"contents": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.draft", "subject.head_sha"},
	New:     func() rules.Action { return new(Enqueue) },
	Example: `[[rule]]
name = "Queue what is approved"
when.label     = "ready to merge"
when.approvals = ">=2"
then.enqueue = true
`,
}

// Enqueue puts the commit that was decided on into the queue, and no other. What is in the queue already is success. GitHub
// refuses where the base branch has no merge queue; that is an error.
type Enqueue struct {
	Yes  bool "toml:\"yes\" doc:\"Always true: `then.enqueue = true`.\" short:\"true\" default:\"true\""
	Jump bool `toml:"jump" doc:"Whether it goes to the front of the queue."`

	HeadSHA string // the commit to queue
}

// Check reports an action that is written down but not wanted.
func (e *Enqueue) Check(r *rules.Report) { checkYes(r, e.Yes) }

// Plan returns nil for a draft and for what is closed or merged.
func (e *Enqueue) Plan(f *rules.Facts) rules.Action {
	s := f.Subject
	if s == nil || s.State != "open" || s.Draft {
		return nil
	}
	return &Enqueue{Yes: true, Jump: e.Jump, HeadSHA: s.HeadSHA}
}

// Do queues.
func (e *Enqueue) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	pr, err := readPullState(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: pr.unfit(e.HeadSHA)}
	if d.Skipped == "" && pr.Queued {
		d.Skipped = "it is in the merge queue already"
	}
	if d.Skipped != "" {
		return d, nil
	}
	const mutation = `mutation($id: ID!, $commit: GitObjectID!, $jump: Boolean) {
		enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $commit, jump: $jump}) { clientMutationId }
	}`
	vars := map[string]any{"id": pr.ID, "commit": pr.HeadSHA, "jump": e.Jump}
	if err := gh.Query(ctx, mutation, vars, nil); err != nil {
		return Done{}, fmt.Errorf("enqueue: %w", err)
	}
	return d, nil
}
