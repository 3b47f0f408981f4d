package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

var staleKind = rules.Kind{
	Name:    "stale",
	Summary: "Mark the issue or pull request as stale while the rule holds, unmark it when somebody acts, and close it when nobody does for some time more.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request"},
	Reads:   []string{"subject.labels", "subject.state"},
	New:     func() rules.Action { return new(Stale) },
	Example: `[[rule]]
name = "Stale issues"
when.kind    = "issue"
when.idle    = ">60d"
unless.label = ["pinned", "security"]
then.stale   = { label = "stale", close_after = "14d" }
`,
}

// Stale marks a subject by a label and closes it later. The label is kept: it is taken off when the rule stops holding, if the
// bot put it there. The time until it is closed counts from the mark. Marking and closing are harmless twice by nature, their
// comments by a marker.
type Stale struct {
	Label        string `toml:"label" doc:"The label that marks it." short:"true" default:"stale"`
	CloseAfter   string `toml:"close_after" doc:"How long after the mark it is closed, such as 14d; never when left out."`
	Comment      string `toml:"comment" doc:"What to say when it is marked, in Markdown." text:"markdown"`
	CloseComment string `toml:"close_comment" doc:"What to say when it is closed, in Markdown." text:"markdown"`
	Reason       string "toml:\"reason\" doc:\"Why an issue is closed: `not_planned` or `completed`. A pull request has no reason.\" enum:\"not_planned completed\" default:\"not_planned\""

	Close bool      // it was marked long enough ago
	Since time.Time // the comment is not older
}

// Check reports a label that cannot be one and a time that is none.
func (s *Stale) Check(r *rules.Report) {
	checkNames(r, "label", []string{s.Label}, "label")
	checkLength(r, "label", s.Label, maxLabel, "")
	if s.CloseAfter == "" {
		if s.CloseComment != "" {
			r.Problem("close_comment", "it is never closed", `Say when: close_after = "14d".`)
		}
		return
	}
	if d, err := syntax.Duration(s.CloseAfter); err != nil || d < time.Hour {
		r.Problem("close_after", fmt.Sprintf("%q is no time to wait before it is closed", s.CloseAfter), `Write an hour at the least, such as "14d" or "2w".`)
	}
}

// Plan is PlanAt for a rule that has just begun to hold.
func (s *Stale) Plan(f *rules.Facts) rules.Action {
	a, _ := s.PlanAt(f, f.Now)
	return a
}

// PlanAt marks what is open and not marked, and closes what was marked long enough ago.
func (s *Stale) PlanAt(f *rules.Facts, since time.Time) (rules.Action, time.Time) {
	if f.Subject == nil || f.Subject.State != "open" {
		return nil, time.Time{}
	}
	wait, err := syntax.Duration(s.CloseAfter)
	closes := err == nil && s.CloseAfter != ""
	step := &Stale{Label: s.Label, Comment: s.Comment, CloseComment: s.CloseComment, Reason: s.Reason, Since: plannedAt(f)}
	if missing, _ := missingLabels(f, []string{s.Label}); len(missing) > 0 {
		if !closes {
			return step, time.Time{}
		}
		return step, f.Now.Add(wait)
	}
	switch at := since.Add(wait); {
	case !closes:
		return nil, time.Time{}
	case f.Now.Before(at):
		return nil, at
	}
	step.Close = true
	return step, time.Time{}
}

// Keys is the label; of a plan to close, which puts none, there are none.
func (s *Stale) Keys() []string {
	if s.Close {
		return nil
	}
	return []string{s.Label}
}

// Undo takes the label off.
func (s *Stale) Undo(f *rules.Facts, keys []string) rules.Action {
	return (&RemoveLabel{Names: keys}).Plan(f)
}

// Show shows the mark.
func (s *Stale) Show(f *rules.Facts) {
	if !s.Close {
		showLabels(f, []string{s.Label}, nil)
	}
}

// Do marks, or closes. What is said comes first, so that it is read before the end.
func (s *Stale) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	text := s.Comment
	if s.Close {
		text = s.CloseComment
	}
	if strings.TrimSpace(text) != "" {
		if _, err := (&Comment{Body: text, Since: s.Since}).Do(ctx, gh, t); err != nil {
			return Done{}, err
		}
	}
	if s.Close {
		return (&Close{Reason: s.Reason}).Do(ctx, gh, t)
	}
	return (&AddLabel{Names: []string{s.Label}}).Do(ctx, gh, t)
}
