package actions

import (
	"context"

	"bellhop/githubapp"
	"bellhop/rules"
)

var addLabelKind = rules.Kind{
	Name:    "add_label",
	Summary: "Add labels once, and leave them there.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.labels"},
	New:     func() rules.Action { return new(AddLabel) },
	Example: `[[rule]]
name = "Triage new issues"
on   = "issues.opened"
then.add_label = "needs-triage"
`,
}

// AddLabel adds labels that people may take off again. It is harmless twice by nature.
type AddLabel struct {
	Names []string `toml:"names" doc:"Labels to add." short:"true" required:"true"`

	NodeID string // of a discussion; else empty
}

// Check reports names that cannot be labels.
func (l *AddLabel) Check(r *rules.Report) { checkLabels(r, l.Names) }

// Plan returns the labels that are not there yet.
func (l *AddLabel) Plan(f *rules.Facts) rules.Action {
	missing, node := missingLabels(f, l.Names)
	if len(missing) == 0 {
		return nil
	}
	return &AddLabel{Names: missing, NodeID: node}
}

// Do adds the labels.
func (l *AddLabel) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return addLabels(ctx, gh, t, l.Names, l.NodeID)
}
