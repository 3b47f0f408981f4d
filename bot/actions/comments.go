package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

// slack is how much GitHub's clock may be behind ours when something is looked up that was made after it was planned.
const slack = 10 * time.Minute

// plannedAt is the time before which nothing of a step that is planned now can exist on GitHub.
func plannedAt(f *rules.Facts) time.Time { return f.Now.Add(-slack).UTC().Truncate(time.Second) }

// Bounds of looking through comments, 100 at a time. GitHub ends a conversation at 2,500.
const (
	pageSize        = 100
	maxCommentPages = 25
)

// findComment returns the bot's own comment on t that begins with the marker, or nil. since, unless zero, leaves out comments
// that were last changed before it, which makes the search one request however long the conversation is.
func findComment(ctx context.Context, gh *githubapp.Client, t rules.Target, since time.Time, marker string) (*github.IssueComment, error) {
	me, err := gh.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("who am I: %w", err)
	}
	o := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: pageSize}}
	if !since.IsZero() {
		o.Since = &since
	}
	for range maxCommentPages {
		comments, answer, err := gh.Issues.ListComments(ctx, t.Owner, t.Name, t.Number, o)
		if err != nil {
			return nil, fmt.Errorf("list comments: %w", err)
		}
		for _, c := range comments {
			if strings.EqualFold(c.GetUser().GetLogin(), me.Login) && marked(c.GetBody(), marker) {
				return c, nil
			}
		}
		if answer.NextPage == 0 {
			break
		}
		o.Page = answer.NextPage
	}
	return nil, nil
}
