package actions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

var hideCommentsKind = rules.Kind{
	Name:    "hide_comments",
	Summary: "Hide the bot's own earlier comments, as GitHub folds them away with a reason.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request"},
	New:     func() rules.Action { return new(HideComments) },
	Example: `[[rule]]
name = "Forget what was said about old commits"
on   = "pull_request.synchronize"
then.hide_comments = "outdated"
`,
}

// HideComments hides comments that rules wrote with then.comment before this delivery, the newest 100 of the conversation at
// the most. A sticky comment is never hidden: it is kept up to date. It is harmless twice by comparison.
type HideComments struct {
	Reason string   `toml:"reason" doc:"Why; GitHub shows it." short:"true" enum:"outdated resolved duplicate off-topic" default:"outdated"`
	Rules  []string "toml:\"rules\" doc:\"Only comments of these rules, by name, with * for any part; those of all rules when left out.\""

	Before time.Time // what was written later stays
}

// Check reports rules without a name.
func (h *HideComments) Check(r *rules.Report) {
	if len(h.Rules) > 0 {
		checkNames(r, "rules", h.Rules, "rule")
	}
}

// Plan returns the action. Which comments there are is known to GitHub alone.
func (h *HideComments) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil {
		return nil
	}
	return &HideComments{Reason: h.Reason, Rules: h.Rules, Before: f.Now.UTC()}
}

// Do hides.
func (h *HideComments) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	comments, err := lastComments(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	const hide = `mutation($id: ID!, $reason: ReportedContentClassifiers!) {
		minimizeComment(input: {subjectId: $id, classifier: $reason}) { clientMutationId }
	}`
	reason := strings.ToUpper(strings.ReplaceAll(h.Reason, "-", "_"))
	d := Done{URL: page(gh, t), Skipped: "there is no comment to hide"}
	for _, c := range comments {
		if !c.Mine || c.Hidden || c.Created.After(h.Before) || !h.means(c.Body, t) {
			continue
		}
		if err := gh.Query(ctx, hide, map[string]any{"id": c.ID, "reason": reason}, nil); err != nil {
			return Done{}, fmt.Errorf("hide comment: %w", err)
		}
		d.Skipped = ""
	}
	return d, nil
}

// means tells whether a text is a comment of one of the rules that is not of this very delivery.
func (h *HideComments) means(body string, t rules.Target) bool {
	line, _, _ := strings.Cut(body, "\n")
	text, marked := strings.CutPrefix(line, "<!-- bellhop ")
	delivery, text, _ := strings.Cut(text, " ")
	step, rule, _ := strings.Cut(text, " ")
	// A sticky comment has that word where others name a delivery.
	if _, err := strconv.Atoi(step); !marked || err != nil || delivery == "sticky" || delivery == hidden(t.Delivery) {
		return false
	}
	rule = strings.TrimSuffix(strings.TrimSuffix(rule, "\r"), " -->")
	for _, name := range h.Rules {
		if fits(hidden(name), rule) {
			return true
		}
	}
	return len(h.Rules) == 0
}

// spokenComment is a comment as GraphQL tells it.
type spokenComment struct {
	ID      string
	Body    string
	Created time.Time `json:"createdAt"`
	Hidden  bool      `json:"isMinimized"`
	Mine    bool      `json:"viewerDidAuthor"`
}

func lastComments(ctx context.Context, gh *githubapp.Client, t rules.Target) ([]spokenComment, error) {
	field := "issue"
	if t.Kind == "pull_request" {
		field = "pullRequest"
	}
	query := fmt.Sprintf(`query($owner: String!, $name: String!, $number: Int!) {
		repository(owner: $owner, name: $name) { subject: %s(number: $number) {
			comments(last: 100) { nodes { id body createdAt isMinimized viewerDidAuthor } }
		} }
	}`, field)
	var answer struct {
		Repository struct {
			Subject struct {
				Comments struct{ Nodes []spokenComment }
			}
		}
	}
	if err := gh.Query(ctx, query, map[string]any{"owner": t.Owner, "name": t.Name, "number": t.Number}, &answer); err != nil {
		return nil, fmt.Errorf("list comments: %w", err)
	}
	return answer.Repository.Subject.Comments.Nodes, nil
}
