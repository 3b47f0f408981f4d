package actions

import (
	"context"
	"fmt"

	"bellhop/githubapp"
	"bellhop/rules"
)

var gateKind = rules.Kind{
	Name:    "gate",
	Summary: "Show a gate as a check run. No rule writes it: each rule with `require` has it.",
	Needs:   map[string]string{"checks": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.head_sha"},
	New:     func() rules.Action { return new(Gate) },
	Example: `[[rule]]
name = "Two approvals"
why  = "Four eyes see more than two."
when.base = "main"
require.approvals = ">=2"
`,
}

// Gate shows what became of a gate on a commit. The check run is found by its name and left alone when it says the same.
//
// A gate that is not about a pull request is shown as skipped rather than not at all: a required check that is never made
// blocks a pull request for good, and one that is skipped lets it pass.
// https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
type Gate struct {
	Name    string
	HeadSHA string
	Result  rules.GateResult
	Title   string
	Summary string
	Again   bool // somebody asked for it once more
}

// Check has nothing to report: no rule writes this action.
func (g *Gate) Check(*rules.Report) {}

// Plan plans nothing: the engine plans a gate by Publish.
func (g *Gate) Plan(*rules.Facts) rules.Action { return nil }

// Publish is the check run that says s.
func (g *Gate) Publish(s rules.GateState) rules.Action {
	return &Gate{Name: s.Name, HeadSHA: s.SHA, Result: s.Result, Title: s.Title, Summary: s.Summary, Again: s.Again}
}

// gateConclusions are the results in GitHub's words. What cannot be decided does not pass.
var gateConclusions = map[rules.GateResult]string{
	rules.GatePass: "success", rules.GateFail: "failure", rules.GateError: "failure", rules.GateWait: "pending", rules.GateOutside: "skipped",
}

// Do makes or changes the check run. One that is completed and is to wait again is made anew, because the newest of a name
// counts. One that was asked for once more is told anew even if it says the same: GitHub shows its suite as running until then.
// https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
func (g *Gate) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	conclusion, known := gateConclusions[g.Result]
	if !known {
		return Done{}, fmt.Errorf("a gate has no result %q", g.Result)
	}
	found, err := findCheckRun(ctx, gh, t, g.HeadSHA, g.Name)
	if err != nil {
		return Done{}, err
	}
	want := (&Check{Name: g.Name, Conclusion: conclusion, Title: g.Title, Summary: g.Summary}).run(t)
	switch {
	case found != nil && found.says(want) && !g.Again:
		// It is done, not skipped: what it says is to be remembered, and a gate's check run is nobody else's.
		return Done{URL: found.URL}, nil
	case found == nil || found.Status == "completed" && want.Status != "completed":
		want.HeadSHA = g.HeadSHA
		return sendCheckRun(ctx, gh, t, "POST", "check-runs", want)
	}
	return sendCheckRun(ctx, gh, t, "PATCH", fmt.Sprintf("check-runs/%d", found.ID), want)
}
