package actions

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

// maxReviewPages bounds the look through a pull request's reviews, which GitHub lists oldest first, 100 to a page.
const maxReviewPages = 25

// submitReview writes a review of the commit sha, unless the bot's own review with the step's marker is there already. GitHub
// does not let the author of a pull request approve it or ask for changes; the bot passes over its own.
func submitReview(ctx context.Context, gh *githubapp.Client, t rules.Target, event, sha, text string) (Done, error) {
	found, err := findReview(ctx, gh, t, marker(t))
	if err != nil {
		return Done{}, err
	}
	if found != nil {
		return Done{URL: found.GetHTMLURL(), Skipped: "the review is there already"}, nil
	}
	body := mark(marker(t), text)
	review := &github.PullRequestReviewRequest{Event: &event, Body: &body}
	if sha != "" {
		review.CommitID = &sha
	}
	made, _, err := gh.PullRequests.CreateReview(ctx, t.Owner, t.Name, t.Number, review)
	if githubapp.Answered(err, http.StatusUnprocessableEntity, "your own pull request") {
		return Done{URL: page(gh, t), Skipped: "GitHub lets nobody judge their own pull request, and this is the bot's"}, nil
	}
	if err != nil {
		return Done{}, fmt.Errorf("create review: %w", err)
	}
	return Done{URL: made.GetHTMLURL()}, nil
}

func findReview(ctx context.Context, gh *githubapp.Client, t rules.Target, marker string) (*github.PullRequestReview, error) {
	me, err := gh.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("who am I: %w", err)
	}
	o := &github.ListOptions{PerPage: pageSize}
	for range maxReviewPages {
		reviews, answer, err := gh.PullRequests.ListReviews(ctx, t.Owner, t.Name, t.Number, o)
		if err != nil {
			return nil, fmt.Errorf("list reviews: %w", err)
		}
		for _, r := range reviews {
			if strings.EqualFold(r.GetUser().GetLogin(), me.Login) && marked(r.GetBody(), marker) {
				return r, nil
			}
		}
		if answer.NextPage == 0 {
			break
		}
		o.Page = answer.NextPage
	}
	return nil, nil
}
