package actions

import (
	"context"
	"fmt"
	"slices"

	"bellhop/githubapp"
	"bellhop/rules"
)

var unassignKind = rules.Kind{
	Name:    "unassign",
	Summary: "Take assignees off.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request"},
	Reads:   []string{"subject.assignees"},
	New:     func() rules.Action { return new(Unassign) },
	Example: `[[rule]]
name = "Back into the pool"
on   = "issues.labeled"
when.label = "up-for-grabs"
then.unassign = "*"
`,
}

// Unassign removes assignees. It is harmless twice by nature.
type Unassign struct {
	Users []string "toml:\"users\" doc:\"Logins, with or without @; `*` is everyone.\" short:\"true\" required:\"true\""
}

// Check reports lists that cannot be meant.
func (a *Unassign) Check(r *rules.Report) {
	checkNames(r, "users", a.Users, "user")
	checkNoTeams(r, "users", a.Users)
}

// Plan returns those who are assigned.
func (a *Unassign) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil {
		return nil
	}
	users := within(logins(a.Users), f.Subject.Assignees)
	if slices.Contains(a.Users, "*") {
		users = slices.Clone(f.Subject.Assignees)
	}
	if len(users) == 0 {
		return nil
	}
	return &Unassign{Users: users}
}

// Do removes the assignees.
func (a *Unassign) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if _, _, err := gh.Issues.RemoveAssignees(ctx, t.Owner, t.Name, t.Number, a.Users); err != nil {
		return Done{}, fmt.Errorf("remove assignees: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
