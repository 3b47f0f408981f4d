package actions

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

var mergeKind = rules.Kind{
	Name:    "merge",
	Summary: "Merge the pull request.",
	Needs:   map[string]string{"contents": "write", "pull_requests": "read"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.draft", "subject.head_sha", "subject.title", "subject.body"},
	Merges:  true,
	New:     func() rules.Action { return new(Merge) },
	Example: `[[rule]]
name = "Merge Dependabot updates"
when.author = "dependabot[bot]"
when.checks = "green"
then.merge = "squash"
`,
}

// Merge merges the commit that was decided on. GitHub refuses to merge another, so that what is pushed meanwhile is never
// merged unseen, and a pull request that is merged already is success.
type Merge struct {
	Method string "toml:\"method\" doc:\"How: `merge` makes a merge commit, `squash` one commit of all, `rebase` puts the commits on top.\" short:\"true\" enum:\"merge squash rebase\" default:\"merge\""
	Title  string `toml:"title" doc:"First line of the commit message; GitHub's own when empty."`
	Body   string `toml:"body" doc:"The rest of the commit message; GitHub's own when empty."`

	Message  string   "toml:\"message\" doc:\"Where title and body come from that are not written here: from `github`, as the repository is set up, or from the `pull_request`: its title with its number, and its description without HTML comments.\" enum:\"github pull_request\" default:\"github\""
	Cut      string   "toml:\"cut\" doc:\"Leaves out of the description the first line that begins so, such as `---`, and all after it.\""
	Trailers []string "toml:\"trailers\" doc:\"Lines at the end of the message, such as `Reviewed-by: octocat`.\""

	HeadSHA string // the commit to merge
}

// Check reports a message where GitHub makes no commit to put it in.
func (m *Merge) Check(r *rules.Report) {
	checkTrailers(r, m.Trailers)
	own := m.Message == "pull_request"
	if m.Method == "rebase" {
		for field, written := range map[string]bool{"title": m.Title != "", "body": m.Body != "", "message": own, "trailers": len(m.Trailers) > 0} {
			if written {
				r.Problem(field, "a rebase keeps the messages of the commits", `Leave it out, or write method = "squash".`)
			}
		}
		return
	}
	if len(m.Trailers) > 0 && m.Body == "" && !own {
		r.Problem("trailers", "GitHub's own message takes none", `Write message = "pull_request", or a body.`)
	}
	if m.Cut != "" && !own {
		r.Problem("cut", "only the description of the pull request is cut", `Write message = "pull_request".`)
	}
}

// Plan returns the merge, or nil for a draft and for what is closed or merged.
func (m *Merge) Plan(f *rules.Facts) rules.Action {
	s := f.Subject
	if s == nil || s.State != "open" || s.Draft {
		return nil
	}
	p := &Merge{Method: m.Method, Title: m.Title, Body: m.Body, HeadSHA: s.HeadSHA}
	if m.Message == "pull_request" {
		title, body := ownMessage(f, m.Cut)
		p.Title, p.Body = cmp.Or(p.Title, title), cmp.Or(p.Body, body)
	}
	p.Body = withTrailers(p.Body, m.Trailers)
	return p
}

// refusals of a merge that may only mean that it is done, or that something else was pushed.
var refusals = []int{http.StatusMethodNotAllowed, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusNotFound}

// Do merges. What branch protection forbids, a conflict, and a method that the repository does not allow are errors: GitHub
// may think otherwise in a moment, and if not, people should know.
func (m *Merge) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	body := struct {
		Title   string `json:"commit_title,omitempty"`
		Message string `json:"commit_message,omitempty"`
		Method  string `json:"merge_method"`
		SHA     string `json:"sha,omitempty"`
	}{m.Title, m.Body, m.Method, m.HeadSHA}
	err := ask(ctx, gh, t, "PUT", fmt.Sprintf("pulls/%d/merge", t.Number), body, nil)
	for _, status := range refusals {
		if githubapp.Answered(err, status) {
			return m.refused(ctx, gh, t, err)
		}
	}
	if err != nil {
		return Done{}, fmt.Errorf("merge: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}

// refused finds out why GitHub did not merge.
func (m *Merge) refused(ctx context.Context, gh *githubapp.Client, t rules.Target, because error) (Done, error) {
	pr, err := pullRequest(ctx, gh, t)
	if err != nil {
		return Done{}, fmt.Errorf("merge: %w", because)
	}
	switch {
	case pr.Merged:
		return Done{URL: page(gh, t), Skipped: "it is merged already"}, nil
	case pr.State == "closed":
		return Done{URL: page(gh, t), Skipped: "it was closed meanwhile"}, nil
	case m.HeadSHA != "" && pr.Head.SHA != m.HeadSHA:
		return Done{URL: page(gh, t), Skipped: "something was pushed after the rule was decided"}, nil
	}
	return Done{}, fmt.Errorf("merge: %w", because)
}

// pull is what is needed of a pull request.
type pull struct {
	Number int
	State  string
	Merged bool
	Head   struct{ SHA string }
	Closed time.Time `json:"closed_at"` // zero while it is open
	URL    string    `json:"html_url"`
	Body   string
}

func pullRequest(ctx context.Context, gh *githubapp.Client, t rules.Target) (*pull, error) {
	p := new(pull)
	if err := ask(ctx, gh, t, "GET", fmt.Sprintf("pulls/%d", t.Number), nil, p); err != nil {
		return nil, fmt.Errorf("get pull request: %w", err)
	}
	return p, nil
}
