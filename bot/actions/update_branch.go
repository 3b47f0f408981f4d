package actions

import (
	"context"
	"fmt"
	"net/http"

	"bellhop/githubapp"
	"bellhop/rules"
)

var updateBranchKind = rules.Kind{
	Name:    "update_branch",
	Summary: "Merge the base branch into the pull request's branch.",
	Needs:   map[string]string{"contents": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head_sha"},
	New:     func() rules.Action { return new(UpdateBranch) },
	Example: `[[rule]]
name = "Keep release pull requests up to date"
on   = "pull_request.labeled"
when.label = "update"
then.update_branch = true
`,
}

// UpdateBranch brings the head branch up to date. GitHub does so only while the branch is at the commit that was decided on,
// and the update itself moves it.
type UpdateBranch struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.update_branch = true`.\" short:\"true\" default:\"true\""

	HeadSHA string // the commit that the branch is at
}

// Check reports an action that is written down but not wanted.
func (u *UpdateBranch) Check(r *rules.Report) { checkYes(r, u.Yes) }

func checkYes(r *rules.Report, yes bool) {
	if !yes {
		r.Problem("yes", "false does nothing", "Leave the action out.")
	}
}

// Plan returns the update, or nil when the pull request is closed.
func (u *UpdateBranch) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil
	}
	return &UpdateBranch{Yes: true, HeadSHA: f.Subject.HeadSHA}
}

// Do updates the branch. Of GitHub's 422 the two that mean "not needed any more" are passed over; a conflict is an error.
func (u *UpdateBranch) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	var body struct {
		Expected string `json:"expected_head_sha,omitempty"`
	}
	body.Expected = u.HeadSHA
	err := accepted(ask(ctx, gh, t, "PUT", fmt.Sprintf("pulls/%d/update-branch", t.Number), body, nil))
	switch {
	case githubapp.Answered(err, http.StatusUnprocessableEntity, "no new commits"):
		return Done{URL: page(gh, t), Skipped: "the branch is up to date"}, nil
	case githubapp.Answered(err, http.StatusUnprocessableEntity, "expected head sha"):
		return Done{URL: page(gh, t), Skipped: "the branch moved after the rule was decided"}, nil
	case err != nil:
		return Done{}, fmt.Errorf("update branch: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
