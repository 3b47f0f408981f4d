package actions

import (
	"context"
	"fmt"
	"net/http"

	"bellhop/githubapp"
	"bellhop/rules"
)

var removeLabelKind = rules.Kind{
	Name:    "remove_label",
	Summary: "Take labels off, whoever put them on.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.labels"},
	New:     func() rules.Action { return new(RemoveLabel) },
	Example: `[[rule]]
name = "The author answered"
on   = "issue_comment.created"
if   = 'comment.author == issue.author'
then.remove_label = "needs-info"
`,
}

// RemoveLabel takes labels off. It is harmless twice by nature: a label that is not there is GitHub's 404, and success here.
type RemoveLabel struct {
	Names []string `toml:"names" doc:"Labels to take off, with * for any part." short:"true" required:"true"`

	NodeID string // of a discussion; else empty
}

// Check reports names that cannot be labels.
func (l *RemoveLabel) Check(r *rules.Report) { checkLabels(r, l.Names) }

// Plan returns the labels that are there.
func (l *RemoveLabel) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil {
		return nil
	}
	var names []string
	for _, name := range l.Names {
		if isWildcard(name) {
			names = append(names, fitting([]string{name}, f.Subject.Labels)...)
		} else {
			names = append(names, name)
		}
	}
	return removal(f, names)
}

// removal takes those of the labels off that are there; a * in them is no more than that. It is nil when there is none.
func removal(f *rules.Facts, names []string) rules.Action {
	if f.Subject == nil {
		return nil
	}
	there := within(names, f.Subject.Labels)
	if len(there) == 0 {
		return nil
	}
	return &RemoveLabel{Names: there, NodeID: discussionID(f)}
}

// Show shows none of the labels.
func (l *RemoveLabel) Show(f *rules.Facts) { showLabels(f, nil, l.Names) }

// Do takes the labels off, one request each: GitHub has no other way that leaves the other labels alone.
func (l *RemoveLabel) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if l.NodeID != "" {
		return l.fromDiscussion(ctx, gh, t)
	}
	for _, name := range l.Names {
		// go-github does not escape the name: "area/ci?" would be another request.
		err := ask(ctx, gh, t, "DELETE", fmt.Sprintf("issues/%d/labels/%s", t.Number, segment(name)), nil, nil)
		if err != nil && !githubapp.Answered(err, http.StatusNotFound, "label does not exist") {
			return Done{}, fmt.Errorf("remove label %q: %w", name, err)
		}
	}
	return Done{URL: page(gh, t)}, nil
}

func (l *RemoveLabel) fromDiscussion(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	known, err := labelIDs(ctx, gh, t, l.Names)
	if err != nil {
		return Done{}, err
	}
	var ids []string
	for _, name := range l.Names {
		if id := known[name]; id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return Done{URL: page(gh, t), Skipped: "the repository has no such label"}, nil
	}
	const remove = `mutation($subject: ID!, $labels: [ID!]!) {
		removeLabelsFromLabelable(input: {labelableId: $subject, labelIds: $labels}) { clientMutationId }
	}`
	if err := gh.Query(ctx, remove, map[string]any{"subject": l.NodeID, "labels": ids}, nil); err != nil {
		return Done{}, fmt.Errorf("remove labels: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}
