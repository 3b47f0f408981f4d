package actions

import (
	"context"

	"bellhop/githubapp"
	"bellhop/rules"
)

var approveKind = rules.Kind{
	Name:    "approve",
	Summary: "Approve the pull request.",
	Needs:   map[string]string{"pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head_sha"},
	New:     func() rules.Action { return new(Approve) },
	Example: `[[rule]]
name = "Approve documentation by maintainers"
when.permission = "maintain"
when.only_files = "docs/**"
then.approve = "Documentation only, by a maintainer."
`,
}

// Approve submits an approving review of the commit that was decided on. It carries a marker and is looked up before it is
// submitted. What is pushed later is not approved by it where the repository dismisses stale reviews.
type Approve struct {
	Body string `toml:"body" doc:"What to say, in Markdown; nothing when empty." short:"true" text:"markdown"`

	HeadSHA string // the commit
}

// Check has nothing to report.
func (a *Approve) Check(*rules.Report) {}

// Plan returns the approval, or nil when the pull request is closed.
func (a *Approve) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil
	}
	return &Approve{Body: a.Body, HeadSHA: f.Subject.HeadSHA}
}

// Do approves.
func (a *Approve) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return submitReview(ctx, gh, t, "APPROVE", a.HeadSHA, a.Body)
}
