package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

var milestoneKind = rules.Kind{
	Name:    "milestone",
	Summary: "Put the issue or pull request into a milestone, or take it out.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request"},
	Reads:   []string{"subject.milestone"},
	New:     func() rules.Action { return new(Milestone) },
	Example: `[[rule]]
name = "What is merged goes out with the next release"
when.state = "merged"
when.base  = "main"
then.milestone = "next"
`,
}

// Milestone sets the milestone. It is harmless twice by nature. A milestone that the repository lacks is not made: whoever
// names one that is closed or misspelt is told so.
type Milestone struct {
	Title string "toml:\"title\" doc:\"Title of an open milestone; `next` is the open one that is due next, for what has no milestone yet; `none` takes it out of its milestone.\" short:\"true\" required:\"true\""

	Planned time.Time // what was due before is not next
}

// Check reports a milestone without a title.
func (m *Milestone) Check(r *rules.Report) { checkText(r, "title", m.Title) }

// Plan returns nil for what is in the milestone, and, where the next one is wanted, for what is in any.
func (m *Milestone) Plan(f *rules.Facts) rules.Action {
	title := strings.TrimSpace(m.Title)
	if f.Subject == nil || title == "" {
		return nil
	}
	now := f.Subject.Milestone
	switch {
	case title == "none" && now == "", title == "next" && now != "", title == now:
		return nil
	}
	return &Milestone{Title: title, Planned: f.Now.UTC()}
}

// Do sets the milestone, or takes it away.
func (m *Milestone) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	var body struct {
		Milestone *int `json:"milestone"`
	}
	d := Done{URL: page(gh, t)}
	if m.Title != "none" {
		number, why, err := m.find(ctx, gh, t)
		if err != nil {
			return Done{}, err
		}
		if why != "" {
			d.Skipped = why
			return d, nil
		}
		body.Milestone = &number
	}
	if err := ask(ctx, gh, t, "PATCH", fmt.Sprintf("issues/%d", t.Number), body, nil); err != nil {
		return Done{}, fmt.Errorf("set milestone: %w", err)
	}
	return d, nil
}

// find looks for the milestone among the 100 that are due first. Titles differ at GitHub by more than case; where none is the
// same, one that differs by case alone is taken.
func (m *Milestone) find(ctx context.Context, gh *githubapp.Client, t rules.Target) (number int, why string, err error) {
	var open []struct {
		Number int
		Title  string
		Due    time.Time `json:"due_on"`
	}
	if err := ask(ctx, gh, t, "GET", "milestones?state=open&sort=due_on&direction=asc&per_page=100", nil, &open); err != nil {
		return 0, "", fmt.Errorf("list milestones: %w", err)
	}
	if m.Title == "next" {
		var first time.Time
		for _, o := range open {
			// GitHub keeps the day alone, as a time of that day.
			if !o.Due.IsZero() && !o.Due.Before(m.Planned.AddDate(0, 0, -1)) && (number == 0 || o.Due.Before(first)) {
				number, first = o.Number, o.Due
			}
		}
		if number == 0 {
			return 0, "no open milestone is due", nil
		}
		return number, "", nil
	}
	for _, o := range open {
		if o.Title == m.Title {
			return o.Number, "", nil
		}
		if strings.EqualFold(o.Title, m.Title) {
			number = o.Number
		}
	}
	if number == 0 {
		return 0, fmt.Sprintf("the repository has no open milestone %q", m.Title), nil
	}
	return number, "", nil
}
