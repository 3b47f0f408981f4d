package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var editTitleKind = rules.Kind{
	Name:    "edit_title",
	Summary: "Change the title of the issue or pull request.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request"},
	Reads:   []string{"subject.title"},
	New:     func() rules.Action { return new(EditTitle) },
	Example: `[[rule]]
name = "Name the release branch"
on   = "pull_request.opened"
when.base = "release/*"
then.edit_title = "[{{ pr.base }}] {{ pr.title }}"
`,
}

// EditTitle changes a title. It is done only while the title is the one that was decided on: what somebody wrote meanwhile
// stays, and it is harmless twice.
type EditTitle struct {
	Title string `toml:"title" doc:"The new title, 256 characters at the most." short:"true" required:"true"`

	Seen string // the title that was decided on
}

// Check reports what GitHub would not take.
func (e *EditTitle) Check(r *rules.Report) {
	checkText(r, "title", e.Title)
	checkLength(r, "title", e.Title, maxTitle, "")
}

// Plan returns nil when the title is as it should be, or came out empty.
func (e *EditTitle) Plan(f *rules.Facts) rules.Action {
	title := shorten(strings.TrimSpace(e.Title), maxTitle, "…")
	if f.Subject == nil || title == "" || title == f.Subject.Title {
		return nil
	}
	return &EditTitle{Title: title, Seen: f.Subject.Title}
}

// Do changes the title.
func (e *EditTitle) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	now, err := readText(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	switch now.Title {
	case e.Title:
		return Done{URL: page(gh, t), Skipped: "the title says so already"}, nil
	case e.Seen:
		return editText(ctx, gh, t, map[string]string{"title": e.Title})
	}
	return Done{URL: page(gh, t), Skipped: "the title was changed after the rule was decided"}, nil
}

// subjectText is what people wrote as an issue or pull request.
type subjectText struct{ Title, Body string }

func readText(ctx context.Context, gh *githubapp.Client, t rules.Target) (*subjectText, error) {
	text := new(subjectText)
	if err := ask(ctx, gh, t, "GET", subjectPath(t), nil, text); err != nil {
		return nil, fmt.Errorf("get title and description: %w", err)
	}
	return text, nil
}

func editText(ctx context.Context, gh *githubapp.Client, t rules.Target, body map[string]string) (Done, error) {
	if err := ask(ctx, gh, t, "PATCH", subjectPath(t), body, nil); err != nil {
		return Done{}, fmt.Errorf("edit: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}

func subjectPath(t rules.Target) string {
	if t.Kind == "pull_request" {
		return fmt.Sprintf("pulls/%d", t.Number)
	}
	return fmt.Sprintf("issues/%d", t.Number)
}
