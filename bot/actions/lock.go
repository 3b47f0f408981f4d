package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var lockKind = rules.Kind{
	Name:    "lock",
	Summary: "Lock the conversation, so that only people with write access can go on.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.locked"},
	New:     func() rules.Action { return new(Lock) },
	Example: `[[rule]]
name = "Spam"
on   = "issues.labeled"
when.label = "spam"
then.close = "not_planned"
then.lock  = "spam"
`,
}

// Lock locks a conversation. It is harmless twice by nature.
type Lock struct {
	Reason string `toml:"reason" doc:"Why; GitHub shows it. None when empty." short:"true" enum:"off-topic too-heated resolved spam"`

	NodeID string // of a discussion; else empty
}

// Check has nothing to report.
func (l *Lock) Check(*rules.Report) {}

// Plan returns nil where the conversation is locked.
func (l *Lock) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.Locked {
		return nil
	}
	return &Lock{Reason: l.Reason, NodeID: discussionID(f)}
}

// Do locks.
func (l *Lock) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if l.NodeID != "" {
		return l.discussion(ctx, gh, t)
	}
	var body any
	if l.Reason != "" {
		// REST alone writes this reason in two words.
		body = map[string]string{"lock_reason": strings.ReplaceAll(l.Reason, "too-heated", "too heated")}
	}
	if err := ask(ctx, gh, t, "PUT", fmt.Sprintf("issues/%d/lock", t.Number), body, nil); err != nil {
		return Done{}, fmt.Errorf("lock: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}

func (l *Lock) discussion(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	const mutation = `mutation($id: ID!, $reason: LockReason) {
		lockLockable(input: {lockableId: $id, lockReason: $reason}) { clientMutationId }
	}`
	vars := map[string]any{"id": l.NodeID}
	if l.Reason != "" {
		vars["reason"] = strings.ToUpper(strings.ReplaceAll(l.Reason, "-", "_"))
	}
	if err := gh.Query(ctx, mutation, vars, nil); err != nil {
		return Done{}, fmt.Errorf("lock: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
