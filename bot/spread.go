package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/go-github/v60/github"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// spread turns a visit about a commit into visits of the open pull requests whose head it is, so that rules about pull
// requests hear of their checks. It returns false when there are none: rules then see the commit alone.
//
// GitHub lists the pull requests of a check in its payload, but never those from forks, and a commit status lists none.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
func (h *Host) spread(ctx context.Context, gh *githubapp.Client, v store.Visit, f *rules.Facts) (bool, error) {
	sha := commitOf(f)
	if sha == "" {
		return false, nil
	}
	numbers := listedPullRequests(f)
	if len(numbers) == 0 {
		known, ok, keep := h.heads.find(ctx, headOf{f.Repository.ID, sha}, v.ID)
		if numbers = known; !ok {
			var err error
			if numbers, err = pullRequestsOf(ctx, gh, f.Repository, sha); err != nil {
				return false, err
			}
			keep(numbers)
		}
	}
	if len(numbers) == 0 {
		return false, nil
	}
	keys := make([]string, len(numbers))
	for i, n := range numbers {
		keys[i] = subject{repository: f.Repository.ID, number: n}.String()
	}
	if err := h.store.FanOut(ctx, v, keys); err != nil {
		return false, fmt.Errorf("fan out to %v: %w", keys, err)
	}
	return true, nil
}

// commitOf is the commit that a check or a commit status is about, as long as it was not told on a pull request; else "".
func commitOf(f *rules.Facts) string {
	switch {
	case f.Subject != nil || f.Repository == nil:
	case f.Check != nil && slices.Contains([]string{"check_run", "check_suite", "status"}, f.Delivery.Event):
		return f.Check.SHA
	case f.Run != nil && f.Delivery.Event == "workflow_run":
		return f.Run.SHA
	}
	return ""
}

// listedPullRequests are those that the payload names. A check of a branch also names pull requests of other repositories
// that the branch was sent to; they are not this repository's.
func listedPullRequests(f *rules.Facts) []int {
	var numbers []int
	for _, pr := range object(f.Event).obj(f.Delivery.Event).objects("pull_requests") {
		if pr.obj("base", "repo").num("id") == f.Repository.ID {
			numbers = append(numbers, int(pr.num("number")))
		}
	}
	return numbers
}

func pullRequestsOf(ctx context.Context, gh *githubapp.Client, repo *rules.Repository, sha string) ([]int, error) {
	list, _, err := gh.PullRequests.ListPullRequestsWithCommit(ctx, repo.Owner, repo.Name, sha, &github.ListOptions{PerPage: 100})
	if githubapp.Answered(err, http.StatusUnprocessableEntity, "no commit found") {
		return nil, nil // pushed away since
	}
	if err != nil {
		return nil, fmt.Errorf("find pull requests of %s: %w", sha, err)
	}
	var numbers []int
	for _, pr := range list {
		if pr.GetState() == "open" && pr.GetHead().GetSHA() == sha {
			numbers = append(numbers, pr.GetNumber())
		}
	}
	return numbers, nil
}
