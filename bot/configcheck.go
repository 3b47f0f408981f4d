package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules/syntax"
)

// configCheck is the name of the check run that tells how a change of rule files was taken.
const configCheck = "bellhop config"

// tell makes the check run about changed rule files on the head of the default branch, and returns it.
func (c *configs) tell(ctx context.Context, gh *githubapp.Client, of configOf, files *configFiles) (*toldRun, error) {
	repo, head := of.repo, of.head
	if head == "" {
		sha, _, err := gh.Repositories.GetCommitSHA1(ctx, repo.Owner, repo.Name, "heads/"+repo.DefaultBranch, "")
		if err != nil {
			return nil, fmt.Errorf("find the head of %s: %w", repo.DefaultBranch, err)
		}
		head = sha
	}
	// The same files may be told about twice, after a crash in between: their blob SHAs find the first check run.
	runs, _, err := gh.Checks.ListCheckRunsForRef(ctx, repo.Owner, repo.Name, head, &github.ListCheckRunsOptions{CheckName: github.String(configCheck)})
	if err != nil {
		return nil, fmt.Errorf("list check runs: %w", err)
	}
	made := configRun(head, files)
	told := &toldRun{Title: made.Output.GetTitle(), Summary: made.Output.GetSummary()}
	for _, run := range runs.CheckRuns {
		if run.GetExternalID() == files.externalID() {
			told.ID = run.GetID()
			return told, nil
		}
	}
	run, _, err := gh.Checks.CreateCheckRun(ctx, repo.Owner, repo.Name, made)
	if err != nil {
		return nil, fmt.Errorf("create check run: %w", err)
	}
	told.ID = run.GetID()
	return told, nil
}

func (fs *configFiles) externalID() string {
	var shas []string
	for _, f := range fs.list {
		shas = append(shas, f.state.SHA)
	}
	for _, f := range fs.extended {
		sum := sha256.Sum256([]byte(f.state.SHA + "\n" + f.state.Problem))
		shas = append(shas, hex.EncodeToString(sum[:8]))
	}
	return "config:" + joinSHAs(shas...)
}

// names lists the files as people read them.
func (fs *configFiles) names() string {
	var out []string
	for _, f := range fs.all() {
		out = append(out, "`"+f.label()+"`")
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

// maxAnnotations is how many GitHub takes in one request. https://docs.github.com/en/rest/checks/runs#create-a-check-run
const maxAnnotations = 50

func configRun(head string, files *configFiles) github.CreateCheckRunOptions {
	var found []syntax.Diagnostic
	broken, good := false, false // a file does not compile; one with mistakes has a good state
	for _, f := range files.all() {
		found = append(found, f.told(f.found)...)
		broken = broken || f.missing || len(f.found) > 0 && f.state.GoodSHA != f.state.SHA
		good = good || len(f.found) > 0 && f.state.GoodSHA != ""
	}
	run := github.CreateCheckRunOptions{
		Name: configCheck, HeadSHA: head, ExternalID: github.String(files.externalID()),
		Status: github.String("completed"), Conclusion: github.String("success"),
	}
	title, summary := "The rules are in force", files.names()+" has no mistakes; its rules are in force from now on."
	if len(files.all()) > 1 {
		summary = files.names() + " have no mistakes; their rules are in force from now on."
	}
	switch {
	case len(files.list) == 0:
		title, summary = "No rules any more", "`"+ConfigPath+"` is gone, and its rules with it."
	case len(found) > 0:
		run.Conclusion = github.String("failure")
		title = fmt.Sprintf("%d mistakes", len(found))
		if len(found) == 1 {
			title = "1 mistake"
		}
		summary = "The last good file stays in force."
		switch {
		case !broken:
			summary = "These rules are left out; the others are in force."
		case len(files.extended) > 0:
			summary = "Of each file that cannot be had, or does not compile, the last good one stays in force; the other files are in force as they are."
		case len(files.list) > 1:
			summary = "Of each file that does not compile the last good one stays in force; the other files are in force as they are."
		case !good:
			summary = "There is no earlier good file, so no rule of this repository runs."
		}
	}
	for _, f := range files.all() {
		if len(f.warned) > 0 && len(found) == 0 {
			title = "The rules are in force, but see the warnings"
		}
	}
	if text := files.tests.summary(); text != "" && len(found) == 0 {
		summary += " " + text
		if len(files.tests.found) > 0 {
			run.Conclusion, title = github.String("failure"), files.tests.title()
		}
		found = files.tests.found
	}
	for _, f := range files.all() {
		found = append(found, f.told(f.warned)...)
	}
	run.Output = &github.CheckRunOutput{Title: &title}
	var left strings.Builder
	for i, d := range found {
		if i >= maxAnnotations {
			fmt.Fprintf(&left, "\n- %s, line %d: %s", d.File, d.Line, d.Message)
			continue
		}
		run.Output.Annotations = append(run.Output.Annotations, annotation(d))
	}
	summary += left.String()
	run.Output.Summary = &summary
	return run
}

func annotation(d syntax.Diagnostic) *github.CheckRunAnnotation {
	message := d.Message
	if d.Mend != "" {
		message += "\n" + d.Mend
	}
	a := &github.CheckRunAnnotation{
		Path: &d.File, StartLine: &d.Line, EndLine: &d.Line,
		AnnotationLevel: github.String("failure"), Message: &message,
	}
	if d.Warning {
		a.AnnotationLevel = github.String("warning")
	}
	if d.Rule != "" {
		a.Title = github.String("Rule " + d.Rule)
	}
	if d.Col > 0 && d.EndCol >= d.Col {
		a.StartColumn, a.EndColumn = &d.Col, &d.EndCol
	}
	return a
}
