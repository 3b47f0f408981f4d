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

// Review asks for reviews. It is harmless twice by nature: whose review is asked for already is not asked again. With a count
// it asks so many of the people, and of the members of the teams; to read who they are it needs the permission members: read,
// which Kind.Needs does not name, as people alone can be picked without it.
type Review struct {
	From  []string "toml:\"from\" doc:\"Logins, and teams as `@org/team`; the author is left out.\" short:\"true\" required:\"true\""
	Count int      `toml:"count" doc:"How many people to ask, with those who were asked before or have reviewed; members of a team are then asked by themselves. All of them, and teams as such, when left out."`
	Pick  string   "toml:\"pick\" doc:\"Whom, where there is a count: at `random`; `round-robin`, who was not asked for the longest time; `least-loaded`, who has the fewest open requests. Both are judged by the newest 100 pull requests of the repository.\" enum:\"random round-robin least-loaded\" default:\"random\""
}

// Check reports names that are neither logins nor teams.
func (a *Review) Check(r *rules.Report) {
	checkNames(r, "from", a.From, "reviewer")
	for _, s := range a.From {
		if org, team, ok := strings.Cut(s, "/"); ok && !isTemplate(s) && (strings.Trim(org, "@") == "" || team == "" || strings.Contains(team, "/")) {
			r.Problem("from", s+" is no team", "Write @org/team.")
		}
	}
	if a.Count < 0 {
		r.Problem("count", fmt.Sprintf("%d is no number of people", a.Count), "")
	}
}

// Plan returns those whose review is still to be asked for.
func (a *Review) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil
	}
	asked := append(logins(f.Subject.Reviewers), f.Subject.Author)
	if a.Count > 0 {
		from := without(logins(a.From), []string{f.Subject.Author})
		if len(from) == 0 || len(within(from, asked)) >= a.Count {
			return nil
		}
		return &Review{From: from, Count: a.Count, Pick: a.Pick}
	}
	from := without(logins(a.From), asked)
	if len(from) == 0 {
		return nil
	}
	return &Review{From: from}
}

// Do asks for the reviews. A team of another organisation is passed over, as GitHub knows teams by their slug alone.
func (a *Review) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if a.Count > 0 {
		picked, why, err := pickReviewers(ctx, gh, t, a)
		if err != nil || why != "" {
			return Done{URL: page(gh, t), Skipped: why}, err
		}
		return (&Review{From: picked}).Do(ctx, gh, t)
	}
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
