package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

// lastPutQuery asks who put labels on an issue or pull request, the last time of each last.
// https://docs.github.com/en/graphql/reference/objects#labeledevent
const lastPutQuery = `query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { issueOrPullRequest(number: $number) {
	... on Issue { timelineItems(last: 100, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent { actor { login } label { name } } } } }
	... on PullRequest { timelineItems(last: 100, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent { actor { login } label { name } } } } }
} } }`

// putLast returns those of the labels that the bot itself was the last to put on t. What it remembers of its own labels may be
// older than what people did since: a delivery is under way, or was lost, or waits behind the one at hand. A label of which
// GitHub's timeline tells nothing any more is the bot's, as it remembers.
func putLast(ctx context.Context, gh *githubapp.Client, t rules.Target, names []string) ([]string, error) {
	me, err := gh.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask who the app is: %w", err)
	}
	var answer struct {
		Repository struct {
			Subject struct {
				Timeline struct {
					Nodes []struct {
						Actor struct{ Login string }
						Label struct{ Name string }
					}
				} `json:"timelineItems"`
			} `json:"issueOrPullRequest"`
		}
	}
	if err := gh.Query(ctx, lastPutQuery, map[string]any{"owner": t.Owner, "name": t.Name, "number": t.Number}, &answer); err != nil {
		return nil, fmt.Errorf("ask who put labels on: %w", err)
	}
	by := map[string]string{} // label → who put it on last
	for _, event := range answer.Repository.Subject.Timeline.Nodes {
		by[strings.ToLower(event.Label.Name)] = event.Actor.Login
	}
	var mine []string
	for _, name := range names {
		// GraphQL calls an app by its slug, without the [bot] of its login.
		if who, told := by[strings.ToLower(name)]; !told || strings.TrimSuffix(who, "[bot]") == me.Slug {
			mine = append(mine, name)
		}
	}
	return mine, nil
}
