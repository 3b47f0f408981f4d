package actions

import (
	"context"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var requestChangesKind = rules.Kind{
	Name:    "request_changes",
	Summary: "Ask for changes to the pull request, which keeps it from being merged where reviews are required.",
	Needs:   map[string]string{"pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head_sha"},
	New:     func() rules.Action { return new(RequestChanges) },
	Example: `[[rule]]
name = "No vendored code"
when.files = "vendor/**"
then.request_changes = "Add the module to go.mod and leave vendor/ alone, please."
`,
}

// RequestChanges submits a review that asks for changes. It carries a marker and is looked up before it is submitted.
type RequestChanges struct {
	Body string `toml:"body" doc:"What to change, in Markdown." short:"true" required:"true" text:"markdown"`

	HeadSHA string // the commit
}

// Check reports a review that says nothing: GitHub wants to be told what to change.
func (a *RequestChanges) Check(r *rules.Report) { checkText(r, "body", a.Body) }

// Plan returns the review, or nil when the pull request is closed or the text came out empty.
func (a *RequestChanges) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" || strings.TrimSpace(a.Body) == "" {
		return nil
	}
	return &RequestChanges{Body: a.Body, HeadSHA: f.Subject.HeadSHA}
}

// Do asks for the changes.
func (a *RequestChanges) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return submitReview(ctx, gh, t, "REQUEST_CHANGES", a.HeadSHA, a.Body)
}
