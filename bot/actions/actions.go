// Package actions is the list of what the bot can do. One file holds all of one action: its TOML schema, its text in the
// reference, the permissions it needs, checking, planning and doing.
//
// An action is planned once and may be tried several times: GitHub fails, limits are reached, the machine dies between
// GitHub's answer and our record of it. So each Do may find its own work already done, and sees to it that it is not done
// twice. There are four ways, told by each action's comment:
//
//   - by nature: a label that is there already is added again without effect;
//   - by a marker: a comment, a review and an issue begin with a hidden line that names the step, and are looked up by it;
//   - by comparison: a check run, a commit status and a sticky comment are read first and left alone when they say it already;
//   - by expectation: a merge names the commit that was decided on, a rerun the attempt, and GitHub refuses another.
//
// GitHub has discussions in GraphQL only, and the permission discussions: write is theirs alone. Kind.Needs does not name it,
// so that nobody is asked for it who has no discussions: an App that hears discussion events has it.
//
// Plan copies all that Do needs out of the facts into exported fields without a `toml` tag, because a stored plan is all that
// is left after a restart.
package actions

import (
	"context"

	"bellhop/githubapp"
	"bellhop/rules"
)

// Doer is what every action of this package is besides a rules.Action.
type Doer interface {
	rules.Action
	// Do carries the action out on t. Doing it twice is the same as doing it once: what GitHub cannot take twice is looked up
	// first, by a marker that names t.Delivery, t.Rule and t.Step. An error is passed to githubapp.Judge.
	Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error)
}

// Done is what an action did.
type Done struct {
	URL     string // page on GitHub that shows it
	Skipped string // why there was nothing to do on GitHub; "" when there was
}

// All is every action there is, in the order of the reference. It is read, never changed.
var All = []rules.Kind{
	labelKind,
	addLabelKind,
	removeLabelKind,
	commentKind,
	stickyKind,
	reactKind,
	hideCommentsKind,
	editTitleKind,
	editBodyKind,
	milestoneKind,
	assignKind,
	unassignKind,
	reviewKind,
	approveKind,
	requestChangesKind,
	dismissReviewKind,
	draftKind,
	readyKind,
	mergeKind,
	autoMergeKind,
	enqueueKind,
	dequeueKind,
	updateBranchKind,
	changeBaseKind,
	deleteBranchKind,
	closeKind,
	reopenKind,
	lockKind,
	unlockKind,
	checkKind,
	statusKind,
	dispatchKind,
	rerunKind,
	cancelRunsKind,
	approveRunsKind,
	createIssueKind,
	staleKind,
	createPullRequestKind,
	backportKind,
	pauseKind,
	resumeKind,
	gateKind,
}
