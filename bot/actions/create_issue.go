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

var createIssueKind = rules.Kind{
	Name:    "create_issue",
	Summary: "Open an issue in the repository.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion", "repository"},
	New:     func() rules.Action { return new(CreateIssue) },
	Example: `[[rule]]
name = "Failed deployments become issues"
on   = "deployment_status.created"
if   = 'deployment.state == "failure"'
then.create_issue = { title = "Deployment to {{ deployment.environment }} failed", labels = "incident" }
`,
}

// CreateIssue opens one issue. It carries a marker and is looked up before it is opened.
type CreateIssue struct {
	Title     string   `toml:"title" doc:"Its title, 256 characters at the most." short:"true" required:"true"`
	Body      string   `toml:"body" doc:"Its description, in Markdown." text:"markdown"`
	Labels    []string `toml:"labels" doc:"Its labels; those that the repository lacks are made."`
	Assignees []string `toml:"assignees" doc:"Logins, with or without @; ten at the most."`

	Since time.Time // the issue is not older
}

// maxTitle is the most characters in a title.
const maxTitle = 256

// Check reports what GitHub would not take.
func (c *CreateIssue) Check(r *rules.Report) {
	checkText(r, "title", c.Title)
	checkLength(r, "title", c.Title, maxTitle, "Put the rest into body.")
	if len(c.Labels) > 0 {
		checkNames(r, "labels", c.Labels, "label")
	}
	for _, s := range c.Labels {
		checkLength(r, "labels", s, maxLabel, "")
	}
	if len(c.Assignees) > 0 {
		checkAssignees(r, "assignees", c.Assignees)
	}
}

// Plan returns the issue, or nil when its title came out empty.
func (c *CreateIssue) Plan(f *rules.Facts) rules.Action {
	title := strings.TrimSpace(c.Title)
	if title == "" {
		return nil
	}
	return &CreateIssue{
		Title: shorten(title, maxTitle, "…"), Body: c.Body, Since: plannedAt(f),
		Labels: without(c.Labels, nil), Assignees: without(logins(c.Assignees), nil),
	}
}

// Do opens the issue.
func (c *CreateIssue) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	found, err := c.find(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	if found != nil {
		return Done{URL: found.GetHTMLURL(), Skipped: "the issue is there already"}, nil
	}
	body := mark(marker(t), c.Body)
	issue := &github.IssueRequest{Title: &c.Title, Body: &body}
	if len(c.Labels) > 0 {
		issue.Labels = &c.Labels
	}
	if len(c.Assignees) > 0 {
		issue.Assignees = &c.Assignees
	}
	made, _, err := gh.Issues.Create(ctx, t.Owner, t.Name, issue)
	if err != nil {
		return Done{}, fmt.Errorf("create issue: %w", err)
	}
	return Done{URL: made.GetHTMLURL()}, nil
}

// maxIssuePages bounds the look through the issues that changed since, newest first, 100 to a page.
const maxIssuePages = 5

func (c *CreateIssue) find(ctx context.Context, gh *githubapp.Client, t rules.Target) (*github.Issue, error) {
	me, err := gh.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("who am I: %w", err)
	}
	o := &github.IssueListByRepoOptions{
		State: "all", Sort: "created", Direction: "desc", Since: c.Since, ListOptions: github.ListOptions{PerPage: pageSize},
	}
	for range maxIssuePages {
		issues, answer, err := gh.Issues.ListByRepo(ctx, t.Owner, t.Name, o)
		if err != nil {
			return nil, fmt.Errorf("list issues: %w", err)
		}
		for _, issue := range issues {
			if strings.EqualFold(issue.GetUser().GetLogin(), me.Login) && marked(issue.GetBody(), marker(t)) {
				return issue, nil
			}
		}
		if answer.NextPage == 0 {
			break
		}
		o.Page = answer.NextPage
	}
	return nil, nil
}
