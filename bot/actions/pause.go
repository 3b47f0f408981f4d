package actions

import (
	"context"

	"bellhop/githubapp"
	"bellhop/rules"
)

var pauseKind = rules.Kind{
	Name:    "pause",
	Summary: "Pause the bot on the issue, pull request or discussion while the rule holds: no other rule does anything there. Check runs of gates stay right.",
	On:      []string{"issue", "pull_request", "discussion"},
	New:     func() rules.Action { return new(Pause) },
	Example: `[[rule]]
name = "Hands off"
when.label = "no-bot"
then.pause = true
`,
}

// Pause holds the bot back on a subject. Nothing is done at GitHub, so it is harmless twice; it begins when the step is recorded.
type Pause struct {
	Yes bool "toml:\"yes\" doc:\"Always true: `then.pause = true`.\" short:\"true\" default:\"true\""

	Key string // of a pause that goes on until it is ended; else empty
}

// Check reports an action that is written down but not wanted.
func (p *Pause) Check(r *rules.Report) { checkYes(r, p.Yes) }

// Plan returns a pause, of whoever gave the command where there is one. A pause that a rule keeps is planned once.
func (p *Pause) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil {
		return nil
	}
	for _, put := range f.Memory.Put {
		if put.Kind == pauseKind.Name && (put.Key == rules.PauseKept) == (f.Command == nil) {
			return nil
		}
	}
	if f.Command != nil {
		return &Pause{Yes: true, Key: rules.PauseKey(f.Command.By, f.Now)}
	}
	return &Pause{Yes: true}
}

// Keys is what is remembered of the pause.
func (p *Pause) Keys() []string {
	if p.Key != "" {
		return []string{p.Key}
	}
	return []string{rules.PauseKept}
}

// Undo ends it.
func (p *Pause) Undo(_ *rules.Facts, keys []string) rules.Action { return &Resume{Yes: true} }

// Pauses is true.
func (p *Pause) Pauses() bool { return true }

// Do has nothing to do at GitHub.
func (p *Pause) Do(_ context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return Done{URL: page(gh, t)}, nil
}
