package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

// groupPatience is how long a merge group waits for a gate that has no answer yet. After an hour GitHub's queue, unless it is
// set otherwise, takes the pull request out, and the gate says what it waits for.
const groupPatience = time.Hour

// groupGates decides the gates for a merge group whose checks are asked for; for other deliveries it has nothing to say.
func (h *Host) groupGates(ctx context.Context, gh *githubapp.Client, f *rules.Facts, set *rules.Set) (rules.Result, error) {
	if f.MergeGroup == nil || f.Delivery.Event != "merge_group" || f.Delivery.Activity != "checks_requested" {
		return rules.Result{}, nil
	}
	of := *f
	if n := queuedPullRequest(f.MergeGroup.Ref); n != 0 {
		of.Subject = &rules.Subject{Kind: "pull_request", Number: n}
	}
	result := set.EvaluateGroup(&of)
	for len(result.Missing) > 0 {
		looked := result.Missing
		if err := learn(ctx, gh, &of, looked); err != nil {
			return rules.Result{}, err
		}
		if result = set.EvaluateGroup(&of); slices.Equal(looked, result.Missing) {
			return rules.Result{}, hopeless{fmt.Sprintf("internal error: %v stay unknown after they were looked up", looked)}
		}
	}
	for _, d := range result.Decisions {
		if d.Outcome == rules.Waiting && f.Now.Sub(f.Delivery.Received) < groupPatience {
			return rules.Result{}, notYet{fmt.Sprintf("gate %q %s", d.Rule, d.Note)}
		}
	}
	return result, nil
}

// queuedPullRequest is the pull request that a merge group adds to the queue, or 0. GitHub documents the beginning of the ref's
// name, and puts the base branch, the number and the commit that the group starts from into the rest:
//
//	refs/heads/gh-readonly-queue/main/pr-7-6dcb09b5b57875f334f61aebed695e2e4193db5e
//
// https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
func queuedPullRequest(ref string) int64 {
	name, ok := strings.CutPrefix(ref, "refs/heads/gh-readonly-queue/")
	if !ok {
		return 0
	}
	last := name[strings.LastIndex(name, "/")+1:]
	number, _, _ := strings.Cut(strings.TrimPrefix(last, "pr-"), "-")
	n, err := strconv.ParseInt(number, 10, 53)
	if err != nil || n < 1 || !strings.HasPrefix(last, "pr-") {
		return 0
	}
	return n
}
