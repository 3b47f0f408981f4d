package actions

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"bellhop/githubapp"
	"bellhop/rules"
)

var deleteBranchKind = rules.Kind{
	Name:    "delete_branch",
	Summary: "Delete the branch of a pull request that is merged or closed.",
	Needs:   map[string]string{"contents": "write", "pull_requests": "read"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head", "subject.head_sha", "subject.from_fork"},
	New:     func() rules.Action { return new(DeleteBranch) },
	Example: `[[rule]]
name = "Tidy up"
when.state = "merged"
then.delete_branch = true
`,
}

// DeleteBranch deletes the head branch. It never deletes the default branch, a protected one, one of a fork, one that an open
// pull request still comes from or goes to, or one that has moved since. A branch that is gone is success.
type DeleteBranch struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.delete_branch = true`.\" short:\"true\" default:\"true\""

	Branch  string
	HeadSHA string // where the branch ended when the rule was decided
}

// Check reports an action that is written down but not wanted.
func (d *DeleteBranch) Check(r *rules.Report) { checkYes(r, d.Yes) }

// Plan names the branch, or returns nil while the pull request is open and where the branch is not the repository's to delete.
func (d *DeleteBranch) Plan(f *rules.Facts) rules.Action {
	s := f.Subject
	if s == nil || s.Kind != "pull_request" || s.State == "open" || s.FromFork || s.Head == "" {
		return nil
	}
	if f.Repository == nil || s.Head == f.Repository.DefaultBranch {
		return nil
	}
	return &DeleteBranch{Yes: true, Branch: s.Head, HeadSHA: s.HeadSHA}
}

// Do deletes the branch.
func (d *DeleteBranch) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	why, err := d.mustStay(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	if why != "" {
		return Done{URL: page(gh, t), Skipped: why}, nil
	}
	_, err = gh.Git.DeleteRef(ctx, t.Owner, t.Name, "heads/"+d.Branch)
	if isGone(err) {
		return Done{URL: page(gh, t), Skipped: branchGone}, nil
	}
	if err != nil {
		return Done{}, fmt.Errorf("delete branch: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}

const branchGone = "the branch is gone already"

// isGone tells that a ref does not exist: 422 "Reference does not exist", and 404 where it is looked up.
func isGone(err error) bool {
	return githubapp.Answered(err, http.StatusUnprocessableEntity, "reference does not exist") || githubapp.Answered(err, http.StatusNotFound)
}

// mustStay says why the branch must not be deleted, or "".
func (d *DeleteBranch) mustStay(ctx context.Context, gh *githubapp.Client, t rules.Target) (string, error) {
	var branch struct {
		Commit    struct{ SHA string }
		Protected bool
	}
	err := ask(ctx, gh, t, "GET", "branches/"+segments(d.Branch), nil, &branch)
	switch {
	case isGone(err):
		return branchGone, nil
	case err != nil:
		return "", fmt.Errorf("get branch: %w", err)
	case branch.Protected:
		return "the branch is protected", nil
	case d.HeadSHA != "" && branch.Commit.SHA != d.HeadSHA:
		return "something was pushed to the branch since", nil
	}
	from, err := openPulls(ctx, gh, t, "head", t.Owner+":"+d.Branch)
	if err != nil || from != 0 {
		return inUse(from), err
	}
	onto, err := openPulls(ctx, gh, t, "base", d.Branch)
	return inUse(onto), err
}

func inUse(number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf("pull request #%d needs the branch", number)
}

// openPulls returns the number of an open pull request whose head ("owner:branch") or base is the branch, or 0. Deleting a
// branch closes the pull requests that go to it.
func openPulls(ctx context.Context, gh *githubapp.Client, t rules.Target, side, branch string) (int, error) {
	query := url.Values{"state": {"open"}, side: {branch}, "per_page": {"1"}}
	var found []pull
	if err := ask(ctx, gh, t, "GET", "pulls?"+query.Encode(), nil, &found); err != nil {
		return 0, fmt.Errorf("list pull requests: %w", err)
	}
	if len(found) == 0 {
		return 0, nil
	}
	return found[0].Number, nil
}
