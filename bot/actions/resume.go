package actions

import (
	"context"

	"bellhop/githubapp"
	"bellhop/rules"
)

var resumeKind = rules.Kind{
	Name:    "resume",
	Summary: "End a pause of the bot on the issue, pull request or discussion, unless a rule that still holds keeps it. Rules about state look again at once.",
	On:      []string{"issue", "pull_request", "discussion"},
	New:     func() rules.Action { return new(Resume) },
	Example: `[[command]]
name = "carry-on"
why  = "Let the bot go on here."
who  = "triage"
then.resume = true
`,
}

// Resume ends pauses. Nothing is done at GitHub, so it is harmless twice.
type Resume struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.resume = true`.\" short:\"true\" default:\"true\""
}

// Check reports an action that is written down but not wanted.
func (r *Resume) Check(report *rules.Report) { checkYes(report, r.Yes) }

// Plan is always a step: the engine leaves it out where there is no pause to end.
func (r *Resume) Plan(*rules.Facts) rules.Action { return &Resume{Yes: true} }

// Pauses is false.
func (r *Resume) Pauses() bool { return false }

// Do has nothing to do at GitHub.
func (r *Resume) Do(_ context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return Done{URL: page(gh, t)}, nil
}
