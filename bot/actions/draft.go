package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var draftKind = rules.Kind{
	Name:    "draft",
	Summary: "Keep the pull request a draft while the rule holds, and mark it as ready for review after.",
	Needs:   map[string]string{"contents": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.draft"},
	New:     func() rules.Action { return new(Draft) },
	Example: `[[rule]]
name = "Work in progress"
when.title_has = "WIP"
then.draft = true
`,
}

// Draft keeps a pull request a draft. Only what the bot itself made a draft is marked as ready again. It is harmless twice by
// comparison.
type Draft struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.draft = true`.\" short:\"true\" default:\"true\""
}

// Check reports an action that is written down but not wanted.
func (a *Draft) Check(r *rules.Report) { checkYes(r, a.Yes) }

// Plan returns nil for a draft and for what is closed or merged.
func (a *Draft) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" || f.Subject.Draft {
		return nil
	}
	return &Draft{Yes: true}
}

// Keys is one key: a pull request is a draft or it is not.
func (a *Draft) Keys() []string { return []string{"draft"} }

// Undo marks the draft as ready.
func (a *Draft) Undo(f *rules.Facts, keys []string) rules.Action { return new(Ready).Plan(f) }

// Show shows a draft.
func (a *Draft) Show(f *rules.Facts) { f.Subject.Draft = true }

// Do makes it a draft.
func (a *Draft) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return setDraft(ctx, gh, t, true)
}

// setDraft makes a pull request a draft or marks it as ready. An App needs to write contents for it, as people need write
// access to do so: https://github.com/cli/cli/discussions/6924
func setDraft(ctx context.Context, gh *githubapp.Client, t rules.Target, draft bool) (Done, error) {
	pr, err := readPullState(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: pr.unfit("")}
	field, already := "markPullRequestReadyForReview", "it is ready already"
	if draft {
		field, already = "convertPullRequestToDraft", "it is a draft already"
	}
	if d.Skipped == "" && pr.Draft == draft {
		d.Skipped = already
	}
	if d.Skipped != "" {
		return d, nil
	}
	mutation := fmt.Sprintf(`mutation($id: ID!) { %s(input: {pullRequestId: $id}) { clientMutationId } }`, field)
	if err := gh.Query(ctx, mutation, map[string]any{"id": pr.ID}, nil); err != nil {
		return Done{}, fmt.Errorf("change draft: %w", err)
	}
	return d, nil
}
