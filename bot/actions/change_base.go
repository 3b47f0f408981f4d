package actions

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var changeBaseKind = rules.Kind{
	Name:    "change_base",
	Summary: "Change the base branch of the pull request.",
	Needs:   map[string]string{"pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.base", "subject.state"},
	New:     func() rules.Action { return new(ChangeBase) },
	Example: `[[rule]]
name = "Features go to the next release"
on   = "pull_request.opened"
when.base  = "main"
when.title = "feat*"
then.change_base = "next"
`,
}

// ChangeBase changes the base of an open pull request. It is done only while the base is the one that was decided on: what
// somebody chose meanwhile stays, and it is harmless twice.
type ChangeBase struct {
	Branch string `toml:"branch" doc:"The new base branch; it must be there." short:"true" required:"true"`

	Seen string // the base that was decided on
}

// Check reports what cannot be a branch.
func (c *ChangeBase) Check(r *rules.Report) { checkNames(r, "branch", []string{c.Branch}, "branch") }

// Plan returns nil when the base is as it should be, or the pull request is closed.
func (c *ChangeBase) Plan(f *rules.Facts) rules.Action {
	branch := strings.TrimSpace(c.Branch)
	if f.Subject == nil || f.Subject.State != "open" || branch == "" || branch == f.Subject.Base {
		return nil
	}
	return &ChangeBase{Branch: branch, Seen: f.Subject.Base}
}

// Do changes the base.
func (c *ChangeBase) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	var now struct{ Base struct{ Ref string } }
	if err := ask(ctx, gh, t, http.MethodGet, subjectPath(t), nil, &now); err != nil {
		return Done{}, fmt.Errorf("get the base: %w", err)
	}
	switch now.Base.Ref {
	case c.Branch:
		return Done{URL: page(gh, t), Skipped: "the base is that branch already"}, nil
	case c.Seen:
		return editText(ctx, gh, t, map[string]string{"base": c.Branch})
	}
	return Done{URL: page(gh, t), Skipped: "the base was changed after the rule was decided"}, nil
}
