package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var reactKind = rules.Kind{
	Name:    "react",
	Summary: "React with an emoji to the comment or review that rang, or else to the issue, pull request or discussion itself.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request", "discussion", "repository"},
	New:     func() rules.Action { return new(React) },
	Example: `[[rule]]
name = "Seen"
on   = "issue_comment.created"
when.command = "retest"
then.react = "eyes"
`,
}

// React puts one emoji on a comment or subject. It is harmless twice by nature.
type React struct {
	Emoji string `toml:"emoji" doc:"The reaction." short:"true" required:"true" enum:"+1 -1 laugh confused heart hooray rocket eyes"`

	// On is what to react to: comment, review_comment, commit_comment or subject, or node for what only GraphQL reaches.
	On        string
	CommentID int64  // of a comment that is no node
	NodeID    string // of a node
}

// Check has nothing to report.
func (x *React) Check(*rules.Report) {}

// Plan finds what to react to.
func (x *React) Plan(f *rules.Facts) rules.Action {
	p := &React{Emoji: x.Emoji}
	switch c := f.Comment; {
	case c == nil && f.Review != nil && f.Review.NodeID != "":
		p.On, p.NodeID = "node", f.Review.NodeID
	case c == nil && f.Subject == nil:
		return nil
	case discussionID(f) != "" && c != nil:
		p.On, p.NodeID = "node", c.NodeID
	case discussionID(f) != "":
		p.On, p.NodeID = "node", discussionID(f)
	case c == nil:
		p.On = "subject"
	case c.Review:
		p.On, p.CommentID = "review_comment", c.ID
	case f.Subject == nil:
		p.On, p.CommentID = "commit_comment", c.ID
	default:
		p.On, p.CommentID = "comment", c.ID
	}
	return p
}

// Do reacts.
func (x *React) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if x.On == "node" {
		return x.toNode(ctx, gh, t)
	}
	var err error
	switch x.On {
	case "subject":
		_, _, err = gh.Reactions.CreateIssueReaction(ctx, t.Owner, t.Name, t.Number, x.Emoji)
	case "review_comment":
		_, _, err = gh.Reactions.CreatePullRequestCommentReaction(ctx, t.Owner, t.Name, x.CommentID, x.Emoji)
	case "commit_comment":
		_, _, err = gh.Reactions.CreateCommentReaction(ctx, t.Owner, t.Name, x.CommentID, x.Emoji)
	default:
		_, _, err = gh.Reactions.CreateIssueCommentReaction(ctx, t.Owner, t.Name, x.CommentID, x.Emoji)
	}
	if err != nil {
		return Done{}, fmt.Errorf("create reaction: %w", err)
	}
	return Done{URL: page(gh, t) + x.anchor()}, nil
}

// anchor is the end of the URL of a comment.
func (x *React) anchor() string {
	switch x.On {
	case "comment":
		return fmt.Sprintf("#issuecomment-%d", x.CommentID)
	case "review_comment":
		return fmt.Sprintf("#discussion_r%d", x.CommentID)
	}
	return ""
}

// contents are GraphQL's names of the emoji.
var contents = map[string]string{
	"+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "confused": "CONFUSED",
	"heart": "HEART", "hooray": "HOORAY", "rocket": "ROCKET", "eyes": "EYES",
}

func (x *React) toNode(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	const react = `mutation($id: ID!, $content: ReactionContent!) {
		addReaction(input: {subjectId: $id, content: $content}) { clientMutationId }
	}`
	if err := gh.Query(ctx, react, map[string]any{"id": x.NodeID, "content": contents[x.Emoji]}, nil); err != nil {
		return Done{}, fmt.Errorf("create reaction: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
