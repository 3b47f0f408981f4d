package actions

import (
	"context"

	"bellhop/githubapp"
	"bellhop/rules"
)

var readyKind = rules.Kind{
	Name:    "ready",
	Summary: "Keep the pull request ready for review while the rule holds, and make it a draft again after.",
	Needs:   map[string]string{"contents": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.draft"},
	New:     func() rules.Action { return new(Ready) },
	Example: `[[rule]]
name = "Green is ready"
when.head   = "renovate/*"
when.checks = "green"
then.ready = true
`,
}

// Ready keeps a pull request ready for review. Only what the bot itself marked as ready is made a draft again. It is harmless
// twice by comparison.
type Ready struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.ready = true`.\" short:\"true\" default:\"true\""
}

// Check reports an action that is written down but not wanted.
func (a *Ready) Check(r *rules.Report) { checkYes(r, a.Yes) }

// Plan returns nil for what is no draft, and for what is closed or merged.
func (a *Ready) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" || !f.Subject.Draft {
		return nil
	}
	return &Ready{Yes: true}
}

// Keys is one key: a pull request is ready or it is not.
func (a *Ready) Keys() []string { return []string{"ready"} }

// Undo makes it a draft.
func (a *Ready) Undo(f *rules.Facts, keys []string) rules.Action { return new(Draft).Plan(f) }

// Show shows no draft.
func (a *Ready) Show(f *rules.Facts) { f.Subject.Draft = false }

// Do marks it as ready.
func (a *Ready) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return setDraft(ctx, gh, t, false)
}
