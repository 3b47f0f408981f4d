package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var reopenKind = rules.Kind{
	Name:    "reopen",
	Summary: "Reopen the issue, pull request or discussion.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.state"},
	New:     func() rules.Action { return new(Reopen) },
	Example: `[[rule]]
name = "Not solved after all"
on   = "issue_comment.created"
when.state = "closed"
when.command = "reopen"
then.reopen = true
`,
}

// Reopen reopens what is closed. It is harmless twice by nature. GitHub does not reopen a pull request whose branch is gone;
// that is an error.
type Reopen struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.reopen = true`.\" short:\"true\" default:\"true\""

	NodeID string // of a discussion; else empty
}

// Check reports an action that is written down but not wanted.
func (o *Reopen) Check(r *rules.Report) { checkYes(r, o.Yes) }

// Plan returns nil for what is open, and for what is merged and so stays closed.
func (o *Reopen) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "closed" {
		return nil
	}
	return &Reopen{Yes: true, NodeID: discussionID(f)}
}

// Do reopens.
func (o *Reopen) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	var err error
	if o.NodeID == "" {
		err = setState(ctx, gh, t, "open", "")
	} else {
		const mutation = `mutation($id: ID!) { reopenDiscussion(input: {discussionId: $id}) { clientMutationId } }`
		err = gh.Query(ctx, mutation, map[string]any{"id": o.NodeID}, nil)
	}
	if err != nil {
		return Done{}, fmt.Errorf("reopen: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
