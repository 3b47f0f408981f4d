package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var autoMergeKind = rules.Kind{
	Name:    "auto_merge",
	Summary: "Keep GitHub's own auto-merge on while the rule holds, and turn it off after.",
	Merges:  true,
	Needs:   map[string]string{"contents": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head_sha", "subject.auto_merge"},
	New:     func() rules.Action { return new(AutoMerge) },
	Example: `[[rule]]
name = "Merge when all that is required is there"
on   = "pull_request"
when.label = "automerge"
then.auto_merge = "squash"
`,
}

// AutoMerge keeps auto-merge on, which merges once the base branch's demands are met, or off. It turns off only what the bot
// itself turned on, except where it is written as "off". What is on already is left as it is, whoever turned it on.
//
// GitHub has auto-merge only for what something still holds back. A pull request that could be merged at once is passed over:
// nothing guards it, and merging it unasked would be another thing than waiting.
type AutoMerge struct {
	Method string "toml:\"method\" doc:\"How it is to be merged: `merge`, `squash` or `rebase`; `off` keeps auto-merge off, whoever turned it on.\" short:\"true\" enum:\"merge squash rebase off\" default:\"merge\""
	Title  string `toml:"title" doc:"First line of the commit message; GitHub's own when empty."`
	Body   string `toml:"body" doc:"The rest of the commit message; GitHub's own when empty."`

	HeadSHA string // the commit that was decided on; of what is turned on
	Own     bool   // of what is turned off: only if the bot turned it on
}

// Check reports a message where GitHub makes no commit to put it in.
func (a *AutoMerge) Check(r *rules.Report) {
	for field, text := range map[string]string{"title": a.Title, "body": a.Body} {
		switch {
		case text != "" && a.Method == "rebase":
			r.Problem(field, "a rebase keeps the messages of the commits", `Leave it out, or write method = "squash".`)
		case text != "" && a.Method == "off":
			r.Problem(field, "what is off makes no commit", "Leave it out.")
		}
	}
}

// Plan returns nil where auto-merge is as it should be, and for what is closed or merged.
func (a *AutoMerge) Plan(f *rules.Facts) rules.Action {
	s := f.Subject
	if s == nil || s.State != "open" || s.AutoMerge == (a.Method != "off") {
		return nil
	}
	if a.Method == "off" {
		return &AutoMerge{Method: "off"}
	}
	return &AutoMerge{Method: a.Method, Title: a.Title, Body: a.Body, HeadSHA: s.HeadSHA}
}

// Keys is one key for whatever method: a pull request has one auto-merge. What is kept off is not put there.
func (a *AutoMerge) Keys() []string {
	if a.Method == "off" {
		return nil
	}
	return []string{"auto-merge"}
}

// Undo turns auto-merge off.
func (a *AutoMerge) Undo(f *rules.Facts, keys []string) rules.Action {
	if len(keys) == 0 || f.Subject == nil || f.Subject.State != "open" || !f.Subject.AutoMerge {
		return nil
	}
	return &AutoMerge{Method: "off", Own: true}
}

// Show shows whether auto-merge is on.
func (a *AutoMerge) Show(f *rules.Facts) { f.Subject.AutoMerge = a.Method != "off" }

// Do turns auto-merge on or off.
func (a *AutoMerge) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	pr, err := readPullState(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: pr.unfit(a.HeadSHA)}
	if d.Skipped != "" {
		return d, nil
	}
	if a.Method == "off" {
		return a.off(ctx, gh, d, pr)
	}
	return a.on(ctx, gh, d, pr)
}

func (a *AutoMerge) on(ctx context.Context, gh *githubapp.Client, d Done, pr *pullState) (Done, error) {
	if pr.Auto != nil {
		d.Skipped = "auto-merge is on already"
		return d, nil
	}
	const enable = `mutation($in: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $in) { clientMutationId } }`
	in := map[string]any{"pullRequestId": pr.ID, "mergeMethod": strings.ToUpper(a.Method), "expectedHeadOid": pr.HeadSHA}
	for key, text := range map[string]string{"commitHeadline": a.Title, "commitBody": a.Body} {
		if text != "" {
			in[key] = text
		}
	}
	err := gh.Query(ctx, enable, map[string]any{"in": in}, nil)
	if problem(err, "is in clean status", "is in unstable status", "is in has_hooks status") {
		d.Skipped = "nothing that the base branch requires is missing, and then GitHub has no auto-merge"
		return d, nil
	}
	if err != nil {
		return Done{}, fmt.Errorf("enable auto-merge: %w", err)
	}
	return d, nil
}

func (a *AutoMerge) off(ctx context.Context, gh *githubapp.Client, d Done, pr *pullState) (Done, error) {
	if pr.Auto == nil {
		d.Skipped = "auto-merge is off already"
		return d, nil
	}
	if a.Own {
		me, err := gh.Identity(ctx)
		if err != nil {
			return Done{}, fmt.Errorf("who am I: %w", err)
		}
		if !isMe(me, pr.Auto.By.Login) {
			d.Skipped = pr.Auto.By.Login + " turned it on, not the bot"
			return d, nil
		}
	}
	const disable = `mutation($id: ID!) { disablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }`
	if err := gh.Query(ctx, disable, map[string]any{"id": pr.ID}, nil); err != nil {
		return Done{}, fmt.Errorf("disable auto-merge: %w", err)
	}
	return d, nil
}
