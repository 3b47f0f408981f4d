package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

// toldRun is the check run that told how a change of rule files was taken.
type toldRun struct {
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
}

// maxPreview is how many subjects a preview lists, and on how many it looks up what a rule reads beside what the list tells.
const maxPreview = 20

// preview tells on the check run of a change what it does on what is open already, before it is done. It returns the subjects
// without those on which a closer look found nothing to do.
func (h *Host) preview(ctx context.Context, gh *githubapp.Client, f *rules.Facts, set *rules.Set, r reapplying, all []*found) ([]*found, error) {
	looked := 0
	var left []*found
	for _, one := range all {
		if len(one.result.Missing) > 0 && looked < maxPreview {
			looked++
			if err := h.foresee(ctx, gh, set, one); err != nil {
				return nil, err
			}
			if idle(one.result, one.facts.Memory) {
				continue
			}
		}
		left = append(left, one)
	}
	text := previewText(set, r, left)
	if text == "" {
		return left, nil
	}
	options := github.UpdateCheckRunOptions{Name: configCheck, Output: &github.CheckRunOutput{Title: &r.Run.Title, Summary: &r.Run.Summary, Text: &text}}
	if _, _, err := gh.Checks.UpdateCheckRun(ctx, f.Repository.Owner, f.Repository.Name, r.Run.ID, options); err != nil {
		if verdict := judge(err, h.now()); verdict.Retry || verdict.Throttled {
			return nil, fmt.Errorf("tell what the change does: %w", err)
		}
		h.log.Warn("what a change of the rules does could not be told", "repo", f.Repository.FullName, "err", err)
	}
	return left, nil
}

// foresee looks up what the rules read on a subject, to know what they do there.
func (h *Host) foresee(ctx context.Context, gh *githubapp.Client, set *rules.Set, one *found) error {
	for len(one.result.Missing) > 0 {
		looked := one.result.Missing
		if err := h.learn(ctx, gh, one.facts, looked); err != nil {
			return err
		}
		if one.result = set.Evaluate(one.facts); slices.Equal(looked, one.result.Missing) {
			return nil // the visit says what is wrong with that
		}
	}
	return nil
}

// previewText is what a preview says; "" where nothing is done.
func previewText(set *rules.Set, r reapplying, all []*found) string {
	var lines, settled []string
	acts := 0
	for _, one := range all {
		for _, d := range one.result.Decisions {
			if d.Settled && !slices.Contains(settled, d.Rule) {
				settled = append(settled, d.Rule)
			}
		}
		what := foreseen(one.result)
		if what == "" {
			continue
		}
		if acts++; acts <= maxPreview {
			lines = append(lines, fmt.Sprintf("- #%d: %s", one.facts.Subject.Number, what))
		}
	}
	var b strings.Builder
	if acts > 0 {
		fmt.Fprintf(&b, "**On what is open already:** %s.\n\n%s\n", counted(acts, "issue or pull request is looked at again", "issues and pull requests are looked at again"), strings.Join(lines, "\n"))
		if acts > maxPreview {
			fmt.Fprintf(&b, "- and %d more\n", acts-maxPreview)
		}
		if acts > pace || slices.ContainsFunc(r.New, func(name string) bool { n := set.Backfill(name); return n > 0 && acts > n }) {
			b.WriteString("\nNot all at once: the rest follows in the hours to come.\n")
		}
	}
	if len(settled) > 0 {
		for i := range settled {
			settled[i] = codeOf(settled[i])
		}
		fmt.Fprintf(&b, "\nWhat is open already is left alone where it holds by %s. With `backfill = true` a rule catches up on that.\n", strings.Join(settled, ", "))
	}
	return strings.TrimSpace(b.String())
}

// foreseen is what is done on a subject, in a few words; "" for nothing.
func foreseen(r rules.Result) string {
	if len(r.Missing) > 0 {
		return "depends on " + strings.Join(r.Missing, ", ")
	}
	var out []string
	for _, s := range r.Steps {
		text := s.Kind
		var keys []string
		for _, p := range s.Put {
			if !strings.Contains(p.Key, " ") || s.Kind == p.Kind && s.Kind == "label" {
				keys = append(keys, codeOf(p.Key))
			}
		}
		if text += " " + strings.Join(keys, ", "); s.Undo {
			text = "take back " + text
		}
		out = append(out, strings.TrimSpace(text)+" ("+codeOf(s.Rule)+")")
	}
	return strings.Join(out, "; ")
}

// codeOf is a text as code in Markdown, whatever it holds.
func codeOf(text string) string { return "`" + strings.ReplaceAll(text, "`", "'") + "`" }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
