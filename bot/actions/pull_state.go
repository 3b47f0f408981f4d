package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

// pullState is what GraphQL alone tells and changes of a pull request: drafts, auto-merge and the merge queue.
type pullState struct {
	ID      string
	State   string // OPEN, CLOSED or MERGED
	Draft   bool   `json:"isDraft"`
	HeadSHA string `json:"headRefOid"`
	Queued  bool   `json:"isInMergeQueue"`
	Auto    *struct {
		By struct{ Login string } `json:"enabledBy"`
	} `json:"autoMergeRequest"`
}

func readPullState(ctx context.Context, gh *githubapp.Client, t rules.Target) (*pullState, error) {
	const query = `query($owner: String!, $name: String!, $number: Int!) {
		repository(owner: $owner, name: $name) { pullRequest(number: $number) {
			id state isDraft headRefOid isInMergeQueue autoMergeRequest { enabledBy { login } }
		} }
	}`
	var answer struct {
		Repository struct {
			PullRequest *pullState
		}
	}
	if err := gh.Query(ctx, query, map[string]any{"owner": t.Owner, "name": t.Name, "number": t.Number}, &answer); err != nil {
		return nil, fmt.Errorf("get pull request: %w", err)
	}
	if answer.Repository.PullRequest == nil {
		return nil, errors.New("get pull request: the answer holds none")
	}
	return answer.Repository.PullRequest, nil
}

// unfit says why a pull request is no longer the one that was decided on, or "". A commit of "" is any.
func (p *pullState) unfit(commit string) string {
	switch {
	case p.State == "MERGED":
		return "it is merged already"
	case p.State != "OPEN":
		return "it was closed meanwhile"
	case commit != "" && p.HeadSHA != commit:
		return "something was pushed after the rule was decided"
	}
	return ""
}

// isMe tells whether a login is the bot's. GraphQL calls an App by its slug, REST by its slug and [bot].
func isMe(me githubapp.Identity, login string) bool {
	return strings.EqualFold(strings.TrimSuffix(login, "[bot]"), strings.TrimSuffix(me.Login, "[bot]"))
}

// problem tells whether err is GraphQL's list of problems and one of them holds one of the words.
func problem(err error, words ...string) bool {
	var list *githubapp.QueryError
	if !errors.As(err, &list) {
		return false
	}
	for _, p := range list.Problems {
		for _, w := range words {
			if strings.Contains(strings.ToLower(p.Message), w) {
				return true
			}
		}
	}
	return false
}
