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
	Names       []string `toml:"names" doc:"Labels to add." short:"true" required:"true"`
	Group       string   "toml:\"group\" doc:\"Labels of which there is one at a time, such as `state/*`: the others of them are taken off, whoever put them on.\""
	Color       string   `toml:"color" doc:"Colour of a label that the repository lacks, as #d73a4a; grey when empty."`
	Description string   `toml:"description" doc:"Description of a label that the repository lacks, 100 characters at the most."`

	Drop   []string // labels of the group to take off
	NodeID string   // of a discussion; else empty
}

// Check reports names that cannot be labels.
func (l *AddLabel) Check(r *rules.Report) {
	checkLabels(r, l.Names)
	checkGroup(r, l.Group, l.Names)
	checkNewLabel(r, l.Color, l.Description)
}

// Plan returns the labels that are not there yet, and the others of the group.
func (l *AddLabel) Plan(f *rules.Facts) rules.Action {
	missing, node := missingLabels(f, l.Names)
	drop := othersOf(f, l.Group, l.Names)
	if len(missing)+len(drop) == 0 {
		return nil
	}
	return &AddLabel{Names: missing, Color: l.Color, Description: l.Description, Drop: drop, NodeID: node}
}

// Show shows the labels, and the others of the group no more.
func (l *AddLabel) Show(f *rules.Facts) { showLabels(f, l.Names, l.Drop) }

// Do adds the labels, and takes the others of the group off once they are there.
func (l *AddLabel) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	d, drop := Done{URL: page(gh, t)}, l.Drop
	if len(l.Names) > 0 {
		if err := makeLabels(ctx, gh, t, l.Names, l.Color, l.Description); err != nil {
			return Done{}, err
		}
		var err error
		if d, drop, err = addLabels(ctx, gh, t, l.Names, l.NodeID, drop); err != nil {
			return Done{}, err
		}
	}
	return d, dropLabels(ctx, gh, t, drop, l.NodeID)
}
