package actions

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

const maxLabelDescription = 100

var hexColour = regexp.MustCompile(`^#?[0-9a-fA-F]{6}$`)

func checkNewLabel(r *rules.Report, color, description string) {
	if color != "" && !isTemplate(color) && !hexColour.MatchString(color) {
		r.Problem("color", fmt.Sprintf("%q is no colour", color), `Write it as "#d73a4a".`)
	}
	checkLength(r, "description", description, maxLabelDescription, "")
}

// makeLabels makes those of the labels that the repository lacks.
func makeLabels(ctx context.Context, gh *githubapp.Client, t rules.Target, names []string, color, description string) error {
	if color == "" && description == "" {
		return nil // GitHub makes them when they are added
	}
	body := map[string]string{"color": strings.TrimPrefix(color, "#"), "description": description}
	if color == "" {
		body["color"] = grey
	}
	for _, name := range names {
		err := ask(ctx, gh, t, "GET", "labels/"+segment(name), nil, nil)
		if err == nil {
			continue
		}
		if !githubapp.Answered(err, http.StatusNotFound) {
			return fmt.Errorf("get label %q: %w", name, err)
		}
		body["name"] = name
		err = ask(ctx, gh, t, "POST", "labels", body, nil)
		if err != nil && !githubapp.Answered(err, http.StatusUnprocessableEntity, "already_exists") {
			return fmt.Errorf("create label %q: %w", name, err)
		}
	}
	return nil
}

// grey is the colour that GitHub gives a label that is made while it is added to an issue.
const grey = "ededed"

// checkGroup reports a group that is none, and several labels of one.
func checkGroup(r *rules.Report, group string, names []string) {
	switch {
	case group == "":
	case !isWildcard(group):
		r.Problem("group", fmt.Sprintf("%q is one label, not a group of them", group), `Write * for what differs: "size/*".`)
	case len(fitting([]string{group}, names)) > 1:
		r.Problem("names", "a group has one label at a time, and these are several of "+group, "")
	}
}

// othersOf are the labels of a group that f's subject has besides those named.
func othersOf(f *rules.Facts, group string, names []string) []string {
	if group == "" || f.Subject == nil {
		return nil
	}
	return without(fitting([]string{group}, f.Subject.Labels), names)
}

// putHere are the labels that the bot put on f's subject and nobody has touched since.
func putHere(f *rules.Facts) []string {
	var out []string
	for _, p := range f.Memory.Put {
		if p.Kind == "label" && !slices.Contains(out, p.Key) {
			out = append(out, p.Key)
		}
	}
	return out
}

// dropLabels takes labels off that are there.
func dropLabels(ctx context.Context, gh *githubapp.Client, t rules.Target, names []string, discussion string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := (&RemoveLabel{Names: names, NodeID: discussion}).Do(ctx, gh, t)
	return err
}

// showLabels has f show these labels on its subject, and others no more.
func showLabels(f *rules.Facts, put, taken []string) {
	s := f.Subject
	s.Labels = append(slices.Clone(s.Labels), without(put, s.Labels)...)
	s.Labels = without(s.Labels, taken)
}
