package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var labelKind = rules.Kind{
	Name:    "label",
	Summary: "Keep labels on the issue, pull request or discussion while the rule holds, and take them off again after.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request", "discussion"},
	Reads:   []string{"subject.labels"},
	New:     func() rules.Action { return new(Label) },
	Example: `[[rule]]
name = "Documentation"
when.files = "docs/**"
then.label = "docs"
`,
}

// Label keeps labels on a subject. Only labels that the bot itself put there are taken off again. It is harmless twice by
// nature. A label that the repository lacks is made, as GitHub does when one is added.
type Label struct {
	Names       []string `toml:"names" doc:"Labels to keep while the rule holds." short:"true" required:"true"`
	Group       string   "toml:\"group\" doc:\"Labels of which there is one at a time, such as `size/*`: the others of them that the bot put there are taken off.\""
	Color       string   `toml:"color" doc:"Colour of a label that the repository lacks, as #d73a4a; grey when empty."`
	Description string   `toml:"description" doc:"Description of a label that the repository lacks, 100 characters at the most."`

	Drop   []string // labels of the group to take off
	NodeID string   // of a discussion; else empty
}

// Check reports names that cannot be labels.
func (l *Label) Check(r *rules.Report) {
	checkLabels(r, l.Names)
	checkGroup(r, l.Group, l.Names)
	checkNewLabel(r, l.Color, l.Description)
}

// Plan returns the labels that are not there yet, and those of the group that the bot put there.
func (l *Label) Plan(f *rules.Facts) rules.Action {
	missing, node := missingLabels(f, l.Names)
	drop := within(othersOf(f, l.Group, l.Names), putHere(f))
	if len(missing)+len(drop) == 0 {
		return nil
	}
	return &Label{Names: missing, Color: l.Color, Description: l.Description, Drop: drop, NodeID: node}
}

// Keys are the labels.
func (l *Label) Keys() []string { return l.Names }

// Undo takes off those of the labels that are still there.
func (l *Label) Undo(f *rules.Facts, keys []string) rules.Action {
	return removal(f, keys)
}

// Show shows the labels, and the others of the group no more.
func (l *Label) Show(f *rules.Facts) { showLabels(f, l.Names, l.Drop) }

// Do adds the labels and takes the others of the group off.
func (l *Label) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	return (&AddLabel{Names: l.Names, Color: l.Color, Description: l.Description, Drop: l.Drop, NodeID: l.NodeID}).Do(ctx, gh, t)
}

// maxLabel is the most characters in the name of a label.
const maxLabel = 50

func tooLong(limit int) string { return fmt.Sprintf("too long: GitHub takes %d characters", limit) }

func checkLabels(r *rules.Report, names []string) {
	checkLabelsOf(r, "names", names)
}

// checkLabelsOf reports names in a field that cannot be labels.
func checkLabelsOf(r *rules.Report, field string, names []string) {
	checkNames(r, field, names, "label")
	for _, s := range names {
		checkLength(r, field, s, maxLabel, "")
	}
}

// missingLabels returns which of the labels f's subject lacks, and its node ID when it is a discussion.
func missingLabels(f *rules.Facts, names []string) (missing []string, discussion string) {
	if f.Subject == nil {
		return nil, ""
	}
	return without(names, f.Subject.Labels), discussionID(f)
}

// discussionID is the node ID of f's subject when that is a discussion: GitHub has discussions in GraphQL only.
func discussionID(f *rules.Facts) string {
	if f.Subject == nil || f.Subject.Kind != "discussion" {
		return ""
	}
	return f.Subject.NodeID
}

// addLabels adds labels, and returns which of others the subject has by then; of a discussion GitHub does not tell, and all are.
func addLabels(ctx context.Context, gh *githubapp.Client, t rules.Target, names []string, discussion string, others []string) (d Done, there []string, err error) {
	if discussion != "" {
		d, err = labelDiscussion(ctx, gh, t, names, discussion)
		return d, others, err
	}
	labels, _, err := gh.Issues.AddLabelsToIssue(ctx, t.Owner, t.Name, t.Number, names)
	if err != nil {
		return Done{}, nil, fmt.Errorf("add labels: %w", err)
	}
	var now []string
	for _, l := range labels {
		now = append(now, l.GetName())
	}
	return Done{URL: page(gh, t)}, within(others, now), nil
}

func labelDiscussion(ctx context.Context, gh *githubapp.Client, t rules.Target, names []string, discussion string) (Done, error) {
	known, err := labelIDs(ctx, gh, t, names)
	if err != nil {
		return Done{}, err
	}
	var ids []string
	for _, name := range names {
		id := known[name]
		if id == "" {
			if id, err = createLabel(ctx, gh, t, name); err != nil {
				return Done{}, err
			}
		}
		ids = append(ids, id)
	}
	const add = `mutation($subject: ID!, $labels: [ID!]!) {
		addLabelsToLabelable(input: {labelableId: $subject, labelIds: $labels}) { clientMutationId }
	}`
	if err := gh.Query(ctx, add, map[string]any{"subject": discussion, "labels": ids}, nil); err != nil {
		return Done{}, fmt.Errorf("add labels: %w", err)
	}
	return Done{URL: page(gh, t)}, nil
}

// labelIDs looks up the node IDs of the repository's labels. A label that it lacks is not in the answer.
func labelIDs(ctx context.Context, gh *githubapp.Client, t rules.Target, names []string) (map[string]string, error) {
	var params, fields strings.Builder
	vars := map[string]any{"owner": t.Owner, "name": t.Name}
	for i, name := range names {
		fmt.Fprintf(&params, ", $l%d: String!", i)
		fmt.Fprintf(&fields, " l%d: label(name: $l%d) { id }", i, i)
		vars[fmt.Sprintf("l%d", i)] = name
	}
	query := fmt.Sprintf("query($owner: String!, $name: String!%s) { repository(owner: $owner, name: $name) {%s } }", &params, &fields)
	var answer struct {
		Repository map[string]*struct{ ID string }
	}
	if err := gh.Query(ctx, query, vars, &answer); err != nil {
		return nil, fmt.Errorf("look up labels: %w", err)
	}
	ids := map[string]string{}
	for i, name := range names {
		if l := answer.Repository[fmt.Sprintf("l%d", i)]; l != nil {
			ids[name] = l.ID
		}
	}
	return ids, nil
}

// createLabel makes a label, in the colour that GitHub gives a label made while adding it to an issue, and returns its node ID.
func createLabel(ctx context.Context, gh *githubapp.Client, t rules.Target, name string) (string, error) {
	var made struct {
		NodeID string `json:"node_id"`
	}
	body := map[string]string{"name": name, "color": grey}
	if err := ask(ctx, gh, t, "POST", "labels", body, &made); err != nil {
		return "", fmt.Errorf("create label %q: %w", name, err)
	}
	return made.NodeID, nil
}
