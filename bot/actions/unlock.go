package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var unlockKind = rules.Kind{
	Name:    "unlock",
	Summary: "Unlock the conversation.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.locked"},
	New:     func() rules.Action { return new(Unlock) },
	Example: `[[rule]]
name = "What is reopened is talked about"
on   = ["issues.reopened", "pull_request.reopened"]
then.unlock = true
`,
}

// Unlock unlocks a conversation. It is harmless twice by nature.
type Unlock struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.unlock = true`.\" short:\"true\" default:\"true\""

	NodeID string // of a discussion; else empty
}

// Check reports an action that is written down but not wanted.
func (u *Unlock) Check(r *rules.Report) { checkYes(r, u.Yes) }

// Plan returns nil where the conversation is not locked.
func (u *Unlock) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || !f.Subject.Locked {
		return nil
	}
	return &Unlock{Yes: true, NodeID: discussionID(f)}
}

// Do unlocks.
func (u *Unlock) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	var err error
	if u.NodeID == "" {
		err = ask(ctx, gh, t, "DELETE", fmt.Sprintf("issues/%d/lock", t.Number), nil, nil)
	} else {
		const mutation = `mutation($id: ID!) { unlockLockable(input: {lockableId: $id}) { clientMutationId } }`
		err = gh.Query(ctx, mutation, map[string]any{"id": u.NodeID}, nil)
	}
	if err != nil {
		return Done{}, fmt.Errorf("unlock: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
