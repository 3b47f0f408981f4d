package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var closeKind = rules.Kind{
	Name:    "close",
	Summary: "Close the issue, pull request or discussion.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.state"},
	New:     func() rules.Action { return new(Close) },
	Example: `[[rule]]
name = "Questions go to the forum"
on   = "issues.labeled"
when.label = "question"
then.comment = "Questions are answered in the discussions. Please ask there."
then.close   = "not_planned"
`,
}

// Close closes. It is harmless twice by nature.
type Close struct {
	Reason string "toml:\"reason\" doc:\"Why an issue is closed: `completed` or `not_planned`; a discussion is then resolved or outdated. A pull request has no reason.\" short:\"true\" enum:\"completed not_planned\" default:\"completed\""

	NodeID string // of a discussion; else empty
}

// Check has nothing to report.
func (c *Close) Check(*rules.Report) {}

// Plan returns nil for what is closed or merged.
func (c *Close) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil
	}
	return &Close{Reason: c.Reason, NodeID: discussionID(f)}
}

// Do closes.
func (c *Close) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if c.NodeID != "" {
		return c.discussion(ctx, gh, t)
	}
	err := setState(ctx, gh, t, "closed", c.Reason)
	if err != nil {
		return Done{}, fmt.Errorf("close: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}

// setState opens or closes an issue, with a reason, or a pull request, without.
func setState(ctx context.Context, gh *githubapp.Client, t rules.Target, state, reason string) error {
	body := map[string]string{"state": state}
	if t.Kind == "pull_request" {
		return ask(ctx, gh, t, "PATCH", fmt.Sprintf("pulls/%d", t.Number), body, nil)
	}
	if reason != "" {
		body["state_reason"] = reason
	}
	return ask(ctx, gh, t, "PATCH", fmt.Sprintf("issues/%d", t.Number), body, nil)
}

func (c *Close) discussion(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	const mutation = `mutation($id: ID!, $reason: DiscussionCloseReason) {
		closeDiscussion(input: {discussionId: $id, reason: $reason}) { clientMutationId }
	}`
	reason := "RESOLVED"
	if c.Reason == "not_planned" {
		reason = "OUTDATED"
	}
	if err := gh.Query(ctx, mutation, map[string]any{"id": c.NodeID, "reason": reason}, nil); err != nil {
		return Done{}, fmt.Errorf("close: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
