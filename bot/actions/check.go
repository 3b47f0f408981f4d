package actions

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var checkKind = rules.Kind{
	Name:    "check",
	Summary: "Keep a check run on the newest commit while the rule holds.",
	Needs:   map[string]string{"checks": "write"},
	On:      []string{"pull_request", "repository"},
	Reads:   []string{"subject.head_sha"},
	New:     func() rules.Action { return new(Check) },
	Example: `[[rule]]
name = "Changelog"
when.files    = "src/**"
when.no_files = "CHANGELOG.md"
then.check = { name = "changelog", conclusion = "failure", title = "CHANGELOG.md has no entry" }
else.check = { name = "changelog", conclusion = "success", title = "CHANGELOG.md has an entry" }
`,
}

// Check keeps a check run of the bot on a commit. The run is found by its name and left alone when it says the same already.
//
// GitHub never deletes a check run. When the rule stops holding, one that stood in the way stands there no more (neutral), and
// one that let pass lets pass no more (cancelled).
type Check struct {
	Name       string "toml:\"name\" doc:\"Name of the check run, as in branch protection.\" required:\"true\""
	Conclusion string "toml:\"conclusion\" doc:\"How it ended; `pending` when it has not.\" required:\"true\" enum:\"success failure neutral pending cancelled skipped timed_out action_required\""
	Title      string `toml:"title" doc:"One line; the rule's name when empty."`
	Summary    string `toml:"summary" doc:"What to know, in Markdown." text:"markdown"`
	Text       string `toml:"text" doc:"Details, in Markdown." text:"markdown"`

	HeadSHA string   // the commit
	Remove  []string // names of check runs that apply no longer; the fields above HeadSHA are then empty
}

const noLonger = "The rule no longer applies."

// Check reports a name that is empty.
func (c *Check) Check(r *rules.Report) {
	if strings.TrimSpace(c.Name) == "" {
		r.Problem("name", "the name is empty", "")
	}
}

// Plan returns the check run as it should be, or nil where there is no commit. Whether it is so already is known to GitHub alone.
func (c *Check) Plan(f *rules.Facts) rules.Action {
	sha := headSHA(f)
	if sha == "" || strings.TrimSpace(c.Name) == "" {
		return nil
	}
	p := *c
	p.HeadSHA, p.Remove = sha, nil
	return &p
}

// Keys is the name of the check run.
func (c *Check) Keys() []string { return []string{c.Name} }

// Undo takes the say from the check runs that are on the newest commit; those of older ones do not matter any more.
func (c *Check) Undo(f *rules.Facts, keys []string) rules.Action {
	sha := headSHA(f)
	if sha == "" || len(keys) == 0 {
		return nil
	}
	return &Check{HeadSHA: sha, Remove: keys}
}

// Do makes or changes the check run.
func (c *Check) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if len(c.Remove) > 0 {
		return c.remove(ctx, gh, t)
	}
	found, err := findCheckRun(ctx, gh, t, c.HeadSHA, c.Name)
	if err != nil {
		return Done{}, err
	}
	want := c.run(t)
	if found == nil {
		want.HeadSHA = c.HeadSHA
		return sendCheckRun(ctx, gh, t, "POST", "check-runs", want)
	}
	if found.says(want) {
		return Done{URL: found.URL, Skipped: "the check run says so already"}, nil
	}
	return sendCheckRun(ctx, gh, t, "PATCH", fmt.Sprintf("check-runs/%d", found.ID), want)
}

func (c *Check) remove(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	d := Done{URL: page(gh, t), Skipped: "no such check run applies to the newest commit"}
	for _, name := range c.Remove {
		found, err := findCheckRun(ctx, gh, t, c.HeadSHA, name)
		if err != nil {
			return Done{}, err
		}
		if found == nil || found.Output.Title == noLonger {
			continue
		}
		want := (&Check{Name: name, Conclusion: found.withoutSay(), Title: noLonger}).run(t)
		if d, err = sendCheckRun(ctx, gh, t, "PATCH", fmt.Sprintf("check-runs/%d", found.ID), want); err != nil {
			return Done{}, err
		}
	}
	return d, nil
}

// checkRun is a check run as it is sent.
type checkRun struct {
	Name       string      `json:"name"`
	HeadSHA    string      `json:"head_sha,omitempty"`
	ExternalID string      `json:"external_id,omitempty"`
	Status     string      `json:"status"`
	Conclusion string      `json:"conclusion,omitempty"`
	Output     checkOutput `json:"output"`
}

type checkOutput struct {
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Text    string `json:"text,omitempty"`
}

// Bounds of a check run, in characters: GitHub's for summary and text, ours for the title, of which GitHub names none.
const (
	maxCheckTitle = 255
	maxCheckText  = 65_535
)

// run is the check run in GitHub's words. GitHub wants a title and a summary.
func (c *Check) run(t rules.Target) checkRun {
	title, summary := c.Title, c.Summary
	if title == "" {
		title = t.Rule
	}
	if summary == "" {
		summary = title
	}
	r := checkRun{Name: c.Name, ExternalID: t.Rule, Status: "completed", Conclusion: c.Conclusion, Output: checkOutput{
		Title: shorten(title, maxCheckTitle, "…"), Summary: cut(summary, maxCheckText), Text: cut(c.Text, maxCheckText),
	}}
	if c.Conclusion == "pending" {
		r.Status, r.Conclusion = "in_progress", ""
	}
	return r
}

// foundRun is a check run as GitHub tells it.
type foundRun struct {
	ID         int64
	URL        string `json:"html_url"`
	Status     string
	Conclusion string
	Output     checkOutput
}

// says tells whether the check run is as wanted.
func (r *foundRun) says(want checkRun) bool {
	return r.Status == want.Status && r.Conclusion == want.Conclusion && r.Output.Title == want.Output.Title &&
		sameText(r.Output.Summary, want.Output.Summary) && sameText(r.Output.Text, want.Output.Text)
}

// withoutSay is the conclusion that takes the say from a check run. To GitHub neutral and skipped let pass, as success does.
func (r *foundRun) withoutSay() string {
	switch r.Conclusion {
	case "success", "neutral", "skipped":
		return "cancelled"
	}
	return "neutral"
}

// findCheckRun returns the bot's newest check run of that name on a commit, or nil.
func findCheckRun(ctx context.Context, gh *githubapp.Client, t rules.Target, sha, name string) (*foundRun, error) {
	me, err := gh.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("who am I: %w", err)
	}
	query := url.Values{"check_name": {name}, "app_id": {fmt.Sprint(me.ID)}, "filter": {"latest"}}
	var answer struct {
		Runs []foundRun `json:"check_runs"`
	}
	if err := ask(ctx, gh, t, "GET", "commits/"+segments(sha)+"/check-runs?"+query.Encode(), nil, &answer); err != nil {
		return nil, fmt.Errorf("list check runs: %w", err)
	}
	var newest *foundRun
	for i := range answer.Runs {
		if r := &answer.Runs[i]; newest == nil || r.ID > newest.ID {
			newest = r
		}
	}
	return newest, nil
}

func sendCheckRun(ctx context.Context, gh *githubapp.Client, t rules.Target, method, path string, run checkRun) (Done, error) {
	var made foundRun
	if err := ask(ctx, gh, t, method, path, run, &made); err != nil {
		verb := "create"
		if method == "PATCH" {
			verb = "update"
		}
		return Done{}, fmt.Errorf("%s check run: %w", verb, err)
	}
	return Done{URL: made.URL}, nil
}
