package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var assignKind = rules.Kind{
	Name:    "assign",
	Summary: "Assign people.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request"},
	Reads:   []string{"subject.assignees"},
	New:     func() rules.Action { return new(Assign) },
	Example: `[[rule]]
name = "Security issues have an owner"
when.label = "security"
then.assign = ["octocat", "hubot"]
`,
}

// Assign adds assignees. It is harmless twice by nature.
type Assign struct {
	Users []string `toml:"users" doc:"Logins, with or without @; ten at the most." short:"true" required:"true"`
}

// Check reports lists that GitHub does not take.
func (a *Assign) Check(r *rules.Report) { checkAssignees(r, "users", a.Users) }

// maxAssignees is GitHub's bound for an issue or pull request.
const maxAssignees = 10

func checkAssignees(r *rules.Report, field string, users []string) {
	checkNames(r, field, users, "user")
	checkNoTeams(r, field, users)
	if len(users) > maxAssignees {
		r.Problem(field, fmt.Sprintf("%d users: GitHub takes %d assignees", len(users), maxAssignees), "")
	}
}

// Plan returns those who are not assigned yet.
func (a *Assign) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil {
		return nil
	}
	users := without(logins(a.Users), f.Subject.Assignees)
	if len(users) == 0 {
		return nil
	}
	return &Assign{Users: users}
}

// Do assigns. GitHub passes over, silently, who has no access to the repository; where that is everyone, it is said here.
func (a *Assign) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	issue, _, err := gh.Issues.AddAssignees(ctx, t.Owner, t.Name, t.Number, a.Users)
	if err != nil {
		return Done{}, fmt.Errorf("add assignees: %w", err)
	}
	var now []string
	for _, u := range issue.Assignees {
		now = append(now, u.GetLogin())
	}
	d := Done{URL: page(gh, t)}
	if len(within(a.Users, now)) == 0 {
		d.Skipped = fmt.Sprintf("GitHub did not assign %s: they need access to the repository", listed(a.Users))
	}
	return d, nil
}
