package actions

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var createPullRequestKind = rules.Kind{
	Name:    "create_pull_request",
	Summary: "Open a pull request from one branch of the repository to another.",
	Needs:   map[string]string{"contents": "read", "issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request", "discussion", "repository"},
	New:     func() rules.Action { return new(CreatePullRequest) },
	Example: `[[rule]]
name = "Bring releases back to main"
on   = "push"
when.branch = "release/*"
then.create_pull_request = { title = "Merge {{ push.branch }} back", head = "{{ push.branch }}", labels = "merge-back" }
`,
}

// CreatePullRequest opens one pull request. Where one is open from that head to that base, that is the one. It carries a
// marker and is looked up before it is opened, so that one that was merged meanwhile is not opened again.
type CreatePullRequest struct {
	Title  string   `toml:"title" doc:"Its title, 256 characters at the most." required:"true"`
	Head   string   `toml:"head" doc:"The branch of this repository to merge." required:"true"`
	Base   string   `toml:"base" doc:"The branch to merge it into; the default branch when empty."`
	Body   string   `toml:"body" doc:"Its description, in Markdown." text:"markdown"`
	Draft  bool     `toml:"draft" doc:"Whether it is a draft."`
	Labels []string `toml:"labels" doc:"Its labels; those that the repository lacks are made."`
}

// Check reports what GitHub would not take.
func (c *CreatePullRequest) Check(r *rules.Report) {
	checkText(r, "title", c.Title)
	checkText(r, "head", c.Head)
	checkLength(r, "title", c.Title, maxTitle, "Put the rest into body.")
	if c.Head != "" && c.Head == c.Base && !isTemplate(c.Head) {
		r.Problem("base", "a branch cannot be merged into itself", "")
	}
	if len(c.Labels) > 0 {
		checkLabelsOf(r, "labels", c.Labels)
	}
}

// Plan returns the pull request, or nil when its title or a branch came out empty, or both branches came out the same.
func (c *CreatePullRequest) Plan(f *rules.Facts) rules.Action {
	p := &CreatePullRequest{
		Title: shorten(strings.TrimSpace(c.Title), maxTitle, "…"), Head: strings.TrimSpace(c.Head), Base: strings.TrimSpace(c.Base),
		Body: c.Body, Draft: c.Draft, Labels: without(c.Labels, nil),
	}
	if p.Base == "" && f.Repository != nil {
		p.Base = f.Repository.DefaultBranch
	}
	if p.Title == "" || p.Head == "" || p.Base == "" || p.Head == p.Base {
		return nil
	}
	return p
}

// Do opens it.
func (c *CreatePullRequest) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	request := pullRequestText{Title: c.Title, Head: c.Head, Base: c.Base, Body: mark(marker(t), c.Body), Draft: c.Draft}
	pr, d, err := openOnce(ctx, gh, t, request, marker(t))
	if err != nil || pr == nil {
		return d, err
	}
	return d, labelOpened(ctx, gh, t, pr, c.Labels)
}

// pullRequestText is a pull request to open.
type pullRequestText struct {
	Title string `json:"title"`
	Head  string `json:"head"`
	Base  string `json:"base"`
	Body  string `json:"body"`
	Draft bool   `json:"draft,omitempty"`
}

// openOnce opens a pull request, unless there is one with the marker, open or closed, or an open one of the same branches. The
// pull request is nil when GitHub has nothing to open one for. Done.Skipped tells why none was opened.
func openOnce(ctx context.Context, gh *githubapp.Client, t rules.Target, request pullRequestText, marker string) (*pull, Done, error) {
	found, err := pullsBetween(ctx, gh, t, request.Head, request.Base)
	if err != nil {
		return nil, Done{}, err
	}
	for _, p := range found {
		if marked(p.Body, marker) {
			return &p, Done{URL: p.URL, Skipped: "the pull request is there already"}, nil
		}
	}
	for _, p := range found {
		if p.State == "open" {
			return nil, Done{URL: p.URL, Skipped: fmt.Sprintf("#%d is open from %s to %s", p.Number, request.Head, request.Base)}, nil
		}
	}
	made := new(pull)
	err = ask(ctx, gh, t, "POST", "pulls", request, made)
	if githubapp.Answered(err, http.StatusUnprocessableEntity, "no commits between") {
		return nil, Done{URL: page(gh, t), Skipped: fmt.Sprintf("%s has nothing that %s lacks", request.Head, request.Base)}, nil
	}
	if err != nil {
		return nil, Done{}, fmt.Errorf("create pull request: %w", err)
	}
	return made, Done{URL: made.URL}, nil
}

// pullsBetween lists the newest 100 pull requests from a branch of the repository to another, in whatever state.
func pullsBetween(ctx context.Context, gh *githubapp.Client, t rules.Target, head, base string) ([]pull, error) {
	query := url.Values{
		"state": {"all"}, "head": {t.Owner + ":" + head}, "base": {base}, "sort": {"created"}, "direction": {"desc"}, "per_page": {"100"},
	}
	var found []pull
	if err := ask(ctx, gh, t, "GET", "pulls?"+query.Encode(), nil, &found); err != nil {
		return nil, fmt.Errorf("list pull requests: %w", err)
	}
	return found, nil
}

// labelOpened labels a pull request that the bot opened; GitHub takes no labels when it is opened.
func labelOpened(ctx context.Context, gh *githubapp.Client, t rules.Target, pr *pull, labels []string) error {
	if len(labels) == 0 {
		return nil
	}
	if _, _, err := gh.Issues.AddLabelsToIssue(ctx, t.Owner, t.Name, pr.Number, labels); err != nil {
		return fmt.Errorf("add labels: %w", err)
	}
	return nil
}
