package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var reviewKind = rules.Kind{
	Name:    "review",
	Summary: "Ask people and teams for their review.",
	Needs:   map[string]string{"pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.author", "subject.reviewers"},
	New:     func() rules.Action { return new(Review) },
	Example: `[[rule]]
name = "The backend team reviews its code"
when.draft = false
when.files = "server/**"
then.review = ["octocat", "@acme/backend"]
`,
}

// Review asks for reviews. It is harmless twice by nature: whose review is asked for already is not asked again.
type Review struct {
	From []string "toml:\"from\" doc:\"Logins, and teams as `@org/team`; the author is left out.\" short:\"true\" required:\"true\""
}

// Check reports names that are neither logins nor teams.
func (a *Review) Check(r *rules.Report) {
	checkNames(r, "from", a.From, "reviewer")
	for _, s := range a.From {
		if org, team, ok := strings.Cut(s, "/"); ok && !isTemplate(s) && (strings.Trim(org, "@") == "" || team == "" || strings.Contains(team, "/")) {
			r.Problem("from", s+" is no team", "Write @org/team.")
		}
	}
}

// Plan returns those whose review is still to be asked for.
func (a *Review) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil
	}
	asked := append(logins(f.Subject.Reviewers), f.Subject.Author)
	from := without(logins(a.From), asked)
	if len(from) == 0 {
		return nil
	}
	return &Review{From: from}
}

// Do asks for the reviews. A team of another organisation is passed over, as GitHub knows teams by their slug alone.
func (a *Review) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	var body struct {
		Reviewers []string `json:"reviewers,omitempty"`
		Teams     []string `json:"team_reviewers,omitempty"`
	}
	for _, s := range a.From {
		org, team, isTeam := strings.Cut(s, "/")
		switch {
		case !isTeam:
			body.Reviewers = append(body.Reviewers, s)
		case strings.EqualFold(org, t.Owner):
			body.Teams = append(body.Teams, team)
		}
	}
	if len(body.Reviewers)+len(body.Teams) == 0 {
		return Done{URL: page(gh, t), Skipped: fmt.Sprintf("%s: not of %s", listed(a.From), t.Owner)}, nil
	}
	if err := ask(ctx, gh, t, "POST", fmt.Sprintf("pulls/%d/requested_reviewers", t.Number), &body, nil); err != nil {
		return Done{}, fmt.Errorf("request reviews: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
