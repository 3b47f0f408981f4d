package actions

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

var commentKind = rules.Kind{
	Name:    "comment",
	Summary: "Write a comment.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	New:     func() rules.Action { return new(Comment) },
	Example: `[[rule]]
name = "Welcome"
on   = "pull_request.opened"
when.association = "first_time_contributor"
then.comment = "Welcome, {{ pr.author }}! A maintainer looks at this within two days."
`,
}

// Comment writes one comment. It carries a marker and is looked up before it is written.
type Comment struct {
	Body string `toml:"body" doc:"What to say, in Markdown. It is cut at 65,536 characters, visibly." short:"true" required:"true" text:"markdown"`

	NodeID string    // of a discussion; else empty
	Since  time.Time // the comment is not older
}

// Check reports a comment that says nothing.
func (c *Comment) Check(r *rules.Report) { checkText(r, "body", c.Body) }

// checkText reports a text that is empty.
func checkText(r *rules.Report, field, text string) {
	if strings.TrimSpace(text) == "" {
		r.Problem(field, "the text is empty", "")
	}
}

// Plan returns the comment, or nil when its text came out empty.
func (c *Comment) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || strings.TrimSpace(c.Body) == "" {
		return nil
	}
	return &Comment{Body: c.Body, NodeID: discussionID(f), Since: plannedAt(f)}
}

// Do writes the comment. A conversation that is locked for the bot too is passed over.
func (c *Comment) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if c.NodeID != "" {
		return c.onDiscussion(ctx, gh, t)
	}
	found, err := findComment(ctx, gh, t, c.Since, marker(t))
	if err != nil {
		return Done{}, err
	}
	if found != nil {
		return Done{URL: found.GetHTMLURL(), Skipped: "the comment is there already"}, nil
	}
	text := mark(marker(t), c.Body)
	made, _, err := gh.Issues.CreateComment(ctx, t.Owner, t.Name, t.Number, &github.IssueComment{Body: &text})
	if isLocked(err) {
		return Done{URL: page(gh, t), Skipped: "the conversation is locked"}, nil
	}
	if err != nil {
		return Done{}, fmt.Errorf("create comment: %w", err)
	}
	return Done{URL: made.GetHTMLURL()}, nil
}

// isLocked tells that a comment was refused because the conversation is locked: "Unable to create comment because issue is locked."
func isLocked(err error) bool { return githubapp.Answered(err, http.StatusForbidden, "is locked") }

func (c *Comment) onDiscussion(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	const newest = `query($id: ID!) {
		node(id: $id) { ... on Discussion { comments(last: 100) { nodes { body url viewerDidAuthor } } } }
	}`
	var answer struct {
		Node struct {
			Comments struct {
				Nodes []struct {
					Body, URL       string
					ViewerDidAuthor bool
				}
			}
		}
	}
	if err := gh.Query(ctx, newest, map[string]any{"id": c.NodeID}, &answer); err != nil {
		return Done{}, fmt.Errorf("list comments: %w", err)
	}
	for _, n := range answer.Node.Comments.Nodes {
		if n.ViewerDidAuthor && marked(n.Body, marker(t)) {
			return Done{URL: n.URL, Skipped: "the comment is there already"}, nil
		}
	}
	const add = `mutation($id: ID!, $body: String!) {
		addDiscussionComment(input: {discussionId: $id, body: $body}) { comment { url } }
	}`
	var made struct {
		AddDiscussionComment struct{ Comment struct{ URL string } }
	}
	if err := gh.Query(ctx, add, map[string]any{"id": c.NodeID, "body": mark(marker(t), c.Body)}, &made); err != nil {
		return Done{}, fmt.Errorf("create comment: %w", err)
	}
	return Done{URL: made.AddDiscussionComment.Comment.URL}, nil
}
