package rules

import "time"

// Facts is everything that rules may read about one delivery: the table of facts. Each field tagged `var` is a variable of
// the expression language, each field of its struct tagged `fact` one fact of it; the tag `doc` is the text of the reference.
//
// A nil pointer means that the delivery has no such thing (an issue has no pull request); an expression that needs it does
// not hold there. A fact that exists but was not read yet is *missing*: it is never taken for its zero value. The tag `in`
// says where a fact comes from:
//
//	in:""       with its record: known as soon as the record exists
//	in:"issue"  in every payload that carries the issue, pull request or discussion itself
//	in:"pr"     in payloads that carry the whole pull request, not just its issue half
//	in:"fetch"  never in a payload: it is looked up when a rule needs it
//
// Learn marks facts as known. The tag `by` names the events that can change a fact; a rule without `on` hears those.
// A fact of a pull request that any push to its base can change has `push` among them; the tag `base` names the files there
// that change it, where only these do. (What a pull request changes is compared with where it left its base, which a push to
// the base does not move.)
// The tag `of` says which kinds of subject have it ("issue pr discussion"); without the tag all have it.
//
// Facts is filled by one goroutine; evaluation only reads it.
type Facts struct {
	Bot        string         `var:"bot" doc:"Name of the bot on GitHub, without [bot], as people write it after an @."`
	Now        time.Time      `var:"now" doc:"The time of this evaluation."`
	Event      map[string]any `var:"event" doc:"The whole payload as GitHub sent it."`
	Delivery   Delivery       `var:"delivery" doc:"The delivery that rang."`
	Repository *Repository    `var:"repo" doc:"The repository."`
	Sender     *Sender        `var:"sender" doc:"Who caused the delivery."`
	Subject    *Subject       `var:"subject" doc:"The issue, pull request or discussion; also as issue, pr or discussion, by its kind."`
	Comment    *Comment       `var:"comment" doc:"The comment of an issue_comment, pull_request_review_comment, commit_comment or discussion_comment event."`
	Review     *Review        `var:"review" doc:"The review of a pull_request_review event."`
	Thread     *Thread        `var:"thread" doc:"The thread of a pull_request_review_thread event."`
	Push       *Push          `var:"push" doc:"The push of a push event."`
	Ref        *Ref           `var:"ref" doc:"The branch or tag of a create or delete event."`
	Command    *Command       `var:"command" doc:"The command that was given, in a [[command]]."`
	Check      *CheckResult   `var:"check" doc:"The check run, check suite or commit status of such an event."`
	Run        *WorkflowRun   `var:"workflow_run" doc:"The workflow run of a workflow_run event."`
	MergeGroup *MergeGroup    `var:"merge_group" doc:"The merge group of a merge_group event."`
	Release    *Release       `var:"release" doc:"The release of a release event."`
	Deployment *Deployment    `var:"deployment" doc:"The deployment of a deployment or deployment_status event."`
	Teams      Rosters        `var:"team" doc:"The members of a team or an organisation, by its name: pr.author in team[\"@acme/backend\"], or team[\"@acme\"]."`

	Installation *Installation `var:"installation" doc:"The installation of an installation or installation_repositories event."`
	Freeze       Freeze        `var:"freeze" doc:"The freeze in force, if there is one."`

	// Memory is what the bot itself did on this subject. Rules cannot read it yet; the engine plans by it.
	Memory Memory

	// Left names the rules that are not decided on this delivery, because a newer one tells them more; see Set.Leave.
	Left map[string]bool

	// Past is what was decided on this subject before, the newest first, for /explain. It is asked for by AsksPast.
	Past []Past

	// Brake is what the repository has used up; nil for nothing.
	Brake *Brake

	blank   bool              // nothing is known but which records there are: see possible
	known   map[string]bool   // "subject.files" → known
	waiting map[string]string // "subject.mergeable" → why GitHub cannot tell yet

	forRequired []Check // what RequiredState was summed up from
}

// Delivery names the webhook request.
type Delivery struct {
	ID       string    `fact:"id" doc:"GitHub's GUID of the delivery."`
	Event    string    `fact:"event" doc:"The event, such as issues."`
	Activity string    `fact:"activity" doc:"What happened, such as opened; empty where the event has none."`
	Received time.Time `fact:"received" doc:"When it was received."`
	// Label is the label of a labeled or unlabeled activity.
	Label string `fact:"label" doc:"The label that a labeled or unlabeled activity is about."`
	// Self tells that the bot itself caused the delivery.
	Self bool `fact:"self" doc:"Whether the bot itself caused it."`
}

// Repository is the repository of the delivery.
type Repository struct {
	ID            int64    `fact:"id" doc:"GitHub's number of the repository."`
	Owner         string   `fact:"owner" doc:"The account that owns it."`
	Name          string   `fact:"name" doc:"Its name without the owner."`
	FullName      string   `fact:"full_name" doc:"owner/name."`
	Private       bool     `fact:"private" doc:"Whether it is private."`
	Visibility    string   `fact:"visibility" doc:"public, private or internal."`
	Fork          bool     `fact:"fork" doc:"Whether it is a fork."`
	Archived      bool     `fact:"archived" doc:"Whether it is archived."`
	DefaultBranch string   `fact:"default_branch" doc:"Its default branch."`
	Language      string   `fact:"language" doc:"Its main language; empty when GitHub sees none."`
	Topics        []string `fact:"topics" doc:"Its topics."`
}

// Sender is the user who caused the delivery.
type Sender struct {
	Login      string `fact:"login" doc:"Login of the user; a GitHub App's ends in [bot]."`
	Bot        bool   `fact:"bot" doc:"Whether it is a bot."`
	Permission string `fact:"permission" in:"fetch" doc:"Permission in the repository: none, read, triage, write, maintain or admin."`
}

// Subject is an issue, a pull request or a discussion.
type Subject struct {
	Kind   string `fact:"kind" doc:"issue, pull_request or discussion."`
	Number int64  `fact:"number" doc:"Its number."`

	Title       string        `fact:"title" in:"issue" by:"issues.edited pull_request.edited discussion.edited" doc:"Its title."`
	Body        string        `fact:"body" in:"issue" by:"issues.edited pull_request.edited discussion.edited" doc:"Its description."`
	Author      string        `fact:"author" in:"issue" doc:"Login of its author."`
	AuthorBot   bool          `fact:"author_bot" in:"issue" doc:"Whether its author is a bot."`
	Association string        `fact:"association" in:"issue" doc:"What its author is to the repository: owner, member, collaborator, contributor, first_time_contributor, first_timer, mannequin or none."`
	State       string        `fact:"state" in:"issue" by:"issues pull_request discussion" doc:"open, closed, or (a pull request) merged."`
	StateReason string        `fact:"state_reason" in:"issue" of:"issue" by:"issues" doc:"Why an issue was closed: completed, not_planned, duplicate or reopened; else empty."`
	Locked      bool          `fact:"locked" in:"issue" by:"issues pull_request discussion" doc:"Whether its conversation is locked."`
	Labels      []string      `fact:"labels" in:"issue" by:"issues.labeled issues.unlabeled pull_request.labeled pull_request.unlabeled discussion.labeled discussion.unlabeled" doc:"Names of its labels."`
	Assignees   []string      `fact:"assignees" in:"issue" of:"issue pr" by:"issues.assigned issues.unassigned pull_request.assigned pull_request.unassigned" doc:"Logins of its assignees."`
	Milestone   string        `fact:"milestone" in:"issue" of:"issue pr" by:"issues.milestoned issues.demilestoned pull_request.milestoned pull_request.demilestoned" doc:"Title of its milestone; empty when it has none."`
	Comments    int64         `fact:"comments" in:"issue" by:"issue_comment discussion_comment" doc:"Number of comments."`
	CreatedAt   time.Time     `fact:"created_at" in:"issue" doc:"When it was opened."`
	UpdatedAt   time.Time     `fact:"updated_at" in:"issue" doc:"When anything on it changed last."`
	Age         time.Duration `fact:"age" in:"issue" doc:"How long ago it was opened."`

	Draft        bool     `fact:"draft" in:"pr" of:"pr" by:"pull_request.converted_to_draft pull_request.ready_for_review" doc:"Whether it is a draft."`
	Base         string   `fact:"base" in:"pr" of:"pr" by:"pull_request.edited" doc:"The branch that it is to be merged into."`
	Head         string   `fact:"head" in:"pr" of:"pr" doc:"The branch that it comes from."`
	HeadSHA      string   `fact:"head_sha" in:"pr" of:"pr" by:"pull_request.synchronize" doc:"The newest commit of its head branch."`
	HeadRepo     string   `fact:"head_repo" in:"pr" of:"pr" doc:"owner/name of the repository that its head branch is in; empty when that is gone."`
	FromFork     bool     `fact:"from_fork" in:"pr" of:"pr" doc:"Whether its head branch is in another repository."`
	Merged       bool     `fact:"merged" in:"pr" of:"pr" by:"pull_request.closed" doc:"Whether it was merged."`
	MergeSHA     string   `fact:"merge_sha" in:"pr" of:"pr" by:"pull_request.closed" doc:"The commit that merged it; empty before."`
	MergedBy     string   `fact:"merged_by" in:"pr" of:"pr" by:"pull_request.closed" doc:"Who merged it; empty before."`
	Reviewers    []string `fact:"reviewers" in:"pr" of:"pr" by:"pull_request.review_requested pull_request.review_request_removed pull_request_review" doc:"Logins, and @org/team for teams, whose review was asked for and is still to come."`
	AutoMerge    bool     `fact:"auto_merge" in:"pr" of:"pr" by:"pull_request.auto_merge_enabled pull_request.auto_merge_disabled" doc:"Whether GitHub's own auto-merge is on."`
	Additions    int64    `fact:"additions" in:"pr" of:"pr" by:"pull_request.synchronize pull_request.edited" doc:"Lines added."`
	Deletions    int64    `fact:"deletions" in:"pr" of:"pr" by:"pull_request.synchronize pull_request.edited" doc:"Lines removed."`
	ChangedFiles int64    `fact:"changed_files" in:"pr" of:"pr" by:"pull_request.synchronize pull_request.edited" doc:"Number of files changed."`
	CommitCount  int64    `fact:"commit_count" in:"pr" of:"pr" by:"pull_request.synchronize" doc:"Number of commits."`

	Files          []File   `fact:"files" in:"fetch" of:"pr" base:".gitattributes" by:"pull_request.synchronize pull_request.edited" doc:"The files changed. Waits where there are more than 3,000, which GitHub does not list."`
	Commits        []Commit `fact:"commits" in:"fetch" of:"pr" by:"pull_request.synchronize" doc:"Its commits, the oldest first. Waits where there are more than 250, which GitHub does not list."`
	Reviews        []Review `fact:"reviews" in:"fetch" of:"pr" by:"pull_request_review" doc:"The last review of each person that is approved, changes_requested or dismissed."`
	Approvals      int64    `fact:"approvals" in:"fetch" of:"pr" by:"pull_request_review" doc:"How many people with write permission approve it as their last word."`
	ReviewDecision string   `fact:"review_decision" in:"fetch" of:"pr" by:"pull_request_review" doc:"approved, changes_requested, review_required, or empty where no review is required."`
	Checks         []Check  `fact:"checks" in:"fetch" of:"pr" by:"check_run check_suite status workflow_run" doc:"Check runs and commit statuses on the newest commit. Gates are among them, pending until they are decided; to a gate itself only the checks of others count."`
	ChecksState    string   `fact:"checks_state" in:"fetch" of:"pr" by:"check_run check_suite status workflow_run" doc:"green (all are success, neutral or skipped), red (one is not) or none. Waits while a check is pending and none is red."`
	Mergeable      bool     `fact:"mergeable" in:"fetch" of:"pr" by:"pull_request.synchronize push" doc:"Whether it merges without conflict. Waits while GitHub works it out."`

	Idle       time.Duration `fact:"idle" in:"fetch" of:"issue pr" by:"issues issue_comment pull_request pull_request_review pull_request_review_comment" doc:"How long ago a person last did anything on it; bots do not count."`
	AuthorIdle time.Duration `fact:"author_idle" in:"fetch" of:"issue pr" by:"issues issue_comment pull_request pull_request_review pull_request_review_comment" doc:"How long ago its author last did anything on it."`

	MilestoneDue time.Time `fact:"milestone_due" in:"issue" of:"issue pr" by:"issues.milestoned issues.demilestoned pull_request.milestoned pull_request.demilestoned" doc:"When its milestone is due; year 1 when it has none or that has no date."`
	ClosedAt     time.Time `fact:"closed_at" in:"issue" by:"issues.closed issues.reopened pull_request.closed pull_request.reopened discussion.closed discussion.reopened" doc:"When it was closed or merged; year 1 while it is open."`
	MergedAt     time.Time `fact:"merged_at" in:"pr" of:"pr" by:"pull_request.closed" doc:"When it was merged; year 1 before."`

	ReadyAt time.Time `fact:"ready_at" in:"fetch" of:"pr" by:"pull_request.ready_for_review pull_request.converted_to_draft" doc:"When it became ready for review: when it was opened, if it never was a draft; year 1 while it is one."`

	MergeCommits int64    `fact:"merge_commits" in:"fetch" of:"pr" by:"pull_request.synchronize" doc:"How many of its commits have more than one parent."`
	NotSignedOff []string `fact:"not_signed_off" in:"fetch" of:"pr" by:"pull_request.synchronize" doc:"SHAs of its commits without a Signed-off-by line of their author, merges and commits of bots aside."`
	Unverified   []string `fact:"unverified" in:"fetch" of:"pr" by:"pull_request.synchronize" doc:"SHAs of its commits whose signature GitHub does not verify, or that have none."`
	Behind       int64    `fact:"behind" in:"fetch" of:"pr" by:"pull_request.synchronize pull_request.edited push" doc:"How many commits of its base it does not contain."`

	Approvers          []string `fact:"approvers" in:"fetch" of:"pr" by:"pull_request_review" doc:"Logins of those with write permission who approve it as their last word."`
	ApproversOnHead    []string `fact:"approvers_on_head" in:"fetch" of:"pr" by:"pull_request_review pull_request.synchronize" doc:"Of the approvers, those who approve the newest commit."`
	ApprovalsOnHead    int64    `fact:"approvals_on_head" in:"fetch" of:"pr" by:"pull_request_review pull_request.synchronize" doc:"How many people with write permission approve the newest commit as their last word."`
	ChangesRequestedBy []string `fact:"changes_requested_by" in:"fetch" of:"pr" by:"pull_request_review" doc:"Logins of those who ask for changes as their last word."`
	CommentedBy        []string `fact:"commented_by" in:"fetch" of:"pr" by:"pull_request_review" doc:"Logins of those who left a review that only comments, of the newest 100 such reviews."`
	UnresolvedThreads  int64    `fact:"unresolved_threads" in:"fetch" of:"pr" by:"pull_request_review_thread pull_request_review_comment pull_request_review" doc:"How many threads of review comments are not resolved. Waits where there are more than 1,000 threads."`

	Closes         []Linked `fact:"closes" in:"fetch" of:"pr" by:"pull_request.edited" doc:"The issues that it closes when it is merged, 100 at the most."`
	RequiredChecks []string `fact:"required_checks" in:"fetch" of:"pr" by:"check_run check_suite status workflow_run" doc:"Names of the checks that its base demands, by branch protection and rulesets."`
	RequiredState  string   `fact:"required_state" in:"fetch" of:"pr" by:"check_run check_suite status workflow_run" doc:"green (all required checks are success, neutral or skipped), red (one is not) or none (none is required). Waits while one is pending or has not reported."`
	Owners         []Owned  `fact:"owners" in:"fetch" of:"pr" base:"CODEOWNERS" by:"pull_request.synchronize pull_request.edited" doc:"The changed files that have owners, by CODEOWNERS of its base."`

	Update       string   `fact:"update" in:"pr" of:"pr" by:"pull_request.edited" doc:"How far a pull request of Dependabot or Renovate takes its dependencies, by the largest step: patch, minor or major; unknown where the versions do not tell, empty for any other pull request."`
	Ecosystem    string   `fact:"ecosystem" in:"pr" of:"pr" doc:"The package manager of an update, as Dependabot's branch names it: npm, gomod, pip, github-actions and so on; else empty."`
	Dependencies []string `fact:"dependencies" in:"pr" of:"pr" by:"pull_request.edited" doc:"Names of what it updates, 200 at the most."`
	Updates      []Update `fact:"updates" in:"pr" of:"pr" by:"pull_request.edited" doc:"What it updates, 200 at the most."`

	// NodeID is what GraphQL calls it. Not a fact of the language.
	NodeID string
}

// Update is one dependency that a pull request of Dependabot or Renovate updates.
type Update struct {
	Name string `fact:"name" doc:"Name of the dependency."`
	Type string `fact:"type" doc:"patch, minor, major, or unknown where the versions do not tell."`
	From string `fact:"from" doc:"The version before."`
	To   string `fact:"to" doc:"The version after."`
}

// File is one changed file.
type File struct {
	Path      string `fact:"path" doc:"Path from the root of the repository."`
	Status    string `fact:"status" doc:"added, modified, removed, renamed, copied or changed."`
	Additions int64  `fact:"additions" doc:"Lines added."`
	Deletions int64  `fact:"deletions" doc:"Lines removed."`
	Generated bool   `fact:"generated" doc:"Whether nobody wrote it: a lock file, a dependency kept in the repository, generated code, or what .gitattributes of the base marks as linguist-generated. Known of a pull request's files."`
}

// Linked is an issue that a pull request closes.
type Linked struct {
	Number    int64    `fact:"number" doc:"Its number."`
	Repo      string   `fact:"repo" doc:"owner/name of its repository."`
	Title     string   `fact:"title" doc:"Its title."`
	State     string   `fact:"state" doc:"open or closed."`
	Labels    []string `fact:"labels" doc:"Names of its labels, 50 at the most."`
	Milestone string   `fact:"milestone" doc:"Title of its milestone; empty when it has none."`
	Assignees []string `fact:"assignees" doc:"Logins of its assignees."`
}

// Owned is a changed file that has owners.
type Owned struct {
	Path   string   `fact:"path" doc:"Path from the root of the repository."`
	Owners []string `fact:"owners" doc:"Its owners: logins, @org/team for teams, and e-mail addresses as they stand in the file."`
}

// Commit is one commit.
type Commit struct {
	SHA     string `fact:"sha" doc:"Its SHA."`
	Message string `fact:"message" doc:"Its whole message."`
	Author  string `fact:"author" doc:"Login of its author; empty when GitHub knows none."`
}

// Check is the result of a check run or a commit status.
type Check struct {
	Name       string `fact:"name" doc:"Name of the check run, or context of the status."`
	App        string `fact:"app" doc:"Slug of the app that made it; empty for a commit status."`
	Conclusion string `fact:"conclusion" doc:"success, failure, neutral, cancelled, skipped, timed_out, action_required, stale, startup_failure or error; empty while it is not completed."`
}

// Comment is one comment.
type Comment struct {
	ID          int64  `fact:"id" doc:"GitHub's number of the comment."`
	Body        string `fact:"body" doc:"Its text."`
	Author      string `fact:"author" doc:"Login of its author."`
	AuthorBot   bool   `fact:"author_bot" doc:"Whether its author is a bot."`
	Association string `fact:"association" doc:"What its author is to the repository, as for a subject."`
	Path        string `fact:"path" doc:"The file that a review comment is on; else empty."`
	// NodeID is what GraphQL calls it. Review tells that it is a comment on a line of a pull request. Not facts.
	NodeID string
	Review bool
}

// Command is one command that somebody gave. Evaluate makes it of the text of a comment.
type Command struct {
	Name        string    `fact:"name" doc:"Its name, without the slash, whatever alias was written."`
	By          string    `fact:"by" doc:"Login of who gave it."`
	Association string    `fact:"association" doc:"What they are to the repository, as for a subject; none where GitHub does not say."`
	Args        arguments `fact:"args" doc:"Its arguments, by the names that the command gives them; one that was not given is empty, 0 or false."`
}

// Review is one review of a pull request.
type Review struct {
	ID          int64  `fact:"id" doc:"GitHub's number of the review."`
	Author      string `fact:"author" doc:"Login of the reviewer."`
	State       string `fact:"state" doc:"approved, changes_requested, commented or dismissed."`
	Body        string `fact:"body" doc:"Its text."`
	SHA         string `fact:"sha" doc:"The commit that was reviewed."`
	Association string `fact:"association" doc:"What the reviewer is to the repository, as for a subject."`
	// NodeID is what GraphQL calls it. Not a fact of the language.
	NodeID string
}

// Thread is a thread of review comments.
type Thread struct {
	Path     string `fact:"path" doc:"The file that it is on."`
	Resolved bool   `fact:"resolved" doc:"Whether it is resolved."`
}

// Push is a push to a branch or a tag.
type Push struct {
	Ref      string   `fact:"ref" doc:"The whole ref, such as refs/heads/main."`
	Branch   string   `fact:"branch" doc:"The branch; empty for a tag."`
	Tag      string   `fact:"tag" doc:"The tag; empty for a branch."`
	Before   string   `fact:"before" doc:"The commit before; zeros when the ref is new."`
	After    string   `fact:"after" doc:"The commit after; zeros when the ref was deleted."`
	Created  bool     `fact:"created" doc:"Whether the ref is new."`
	Deleted  bool     `fact:"deleted" doc:"Whether the ref was deleted."`
	Forced   bool     `fact:"forced" doc:"Whether history was rewritten."`
	Commits  []Commit `fact:"commits" doc:"Its commits, 2,048 at the most."`
	Files    []File   `fact:"files" doc:"The files that its commits name, with status added, modified or removed."`
	Message  string   `fact:"message" doc:"The message of the newest commit."`
	HeadSHA  string   `fact:"head_sha" doc:"The newest commit; empty when the ref was deleted."`
	PushedBy string   `fact:"pushed_by" doc:"Name of the pusher."`
}

// Ref is a branch or tag that was created or deleted.
type Ref struct {
	Name   string `fact:"name" doc:"Its name."`
	Branch string `fact:"branch" doc:"Its name when it is a branch, else empty."`
	Tag    string `fact:"tag" doc:"Its name when it is a tag, else empty."`
}

// CheckResult is what a check_run, check_suite or status event is about.
type CheckResult struct {
	Name       string `fact:"name" doc:"Name of the check run, or context of the status; empty for a suite."`
	App        string `fact:"app" doc:"Slug of the app; empty for a status."`
	Status     string `fact:"status" doc:"queued, in_progress or completed."`
	Conclusion string `fact:"conclusion" doc:"As for the checks of a pull request; empty while it is not completed."`
	SHA        string `fact:"sha" doc:"The commit."`
	Branch     string `fact:"branch" doc:"The branch, where GitHub names one."`
}

// WorkflowRun is a run of GitHub Actions.
type WorkflowRun struct {
	ID         int64  `fact:"id" doc:"GitHub's number of the run."`
	Name       string `fact:"name" doc:"Name of the workflow."`
	Path       string `fact:"path" doc:"Path of the workflow's file."`
	Event      string `fact:"event" doc:"The event that started it."`
	Status     string `fact:"status" doc:"queued, in_progress, completed and others."`
	Conclusion string `fact:"conclusion" doc:"As for the checks of a pull request; empty while it is not completed."`
	Branch     string `fact:"branch" doc:"The head branch."`
	SHA        string `fact:"sha" doc:"The head commit."`
	Attempt    int64  `fact:"attempt" doc:"Which attempt this is, from 1."`
}

// MergeGroup is a group of GitHub's merge queue.
type MergeGroup struct {
	SHA    string `fact:"sha" doc:"The commit to check."`
	Ref    string `fact:"ref" doc:"The ref of the group."`
	Base   string `fact:"base" doc:"The branch that it is to be merged into."`
	Reason string `fact:"reason" doc:"Why it was destroyed; else empty."`
}

// Release is a release.
type Release struct {
	Tag        string `fact:"tag" doc:"Its tag."`
	Name       string `fact:"name" doc:"Its name."`
	Body       string `fact:"body" doc:"Its notes."`
	Author     string `fact:"author" doc:"Login of its author."`
	Draft      bool   `fact:"draft" doc:"Whether it is a draft."`
	Prerelease bool   `fact:"prerelease" doc:"Whether it is a pre-release."`
	Target     string `fact:"target" doc:"The branch or commit that it was made from."`
}

// Deployment is a deployment with its newest status.
type Deployment struct {
	ID          int64  `fact:"id" doc:"GitHub's number of the deployment."`
	Environment string `fact:"environment" doc:"The environment."`
	State       string `fact:"state" doc:"success, failure, error, inactive, in_progress, queued or pending; empty before the first status."`
	SHA         string `fact:"sha" doc:"The commit."`
	Ref         string `fact:"ref" doc:"The branch, tag or commit that was asked for."`
	Creator     string `fact:"creator" doc:"Login of who asked for it."`
}

// Installation is the App on one account, where that is what a delivery is about.
type Installation struct {
	ID        int64    `fact:"id" doc:"GitHub's number of the installation."`
	Account   string   `fact:"account" doc:"Login of the account that the App is installed on."`
	Selection string   `fact:"selection" doc:"all, or selected where the account chose repositories."`
	Suspended bool     `fact:"suspended" doc:"Whether it is suspended."`
	Added     []string `fact:"added" doc:"owner/name of the repositories that the App was given."`
	Removed   []string `fact:"removed" doc:"owner/name of the repositories that were taken from the App."`
}

// Memory is what the bot remembers of one subject from earlier evaluations.
type Memory struct {
	// Held tells for each rule whether it held when it was last decided. A rule that is not in it was never decided.
	Held map[string]bool
	// Put lists what kept actions did here and nobody has undone since, and what gates said last.
	Put []Put
	// Times has, for rules that need it, what the bot knows of them in time.
	Times map[string]Times
	// Acts has how often rules did something here lately.
	Acts map[string]Acts
}

// Acts is what is remembered of one rule on a subject so that it does not act there without end.
type Acts struct {
	Text  string    // digest of the rule's text; of another text nothing counts
	Since time.Time // when it was first counted
	Count int       // how often it did something since
	Until time.Time // it is stopped until then; zero where it is not
}

// Times is what is remembered of one rule on a subject for what takes time.
type Times struct {
	Since time.Time // when its condition began to hold; zero while it does not
	Fired time.Time // when it last did what it does once
	Head  string    // the newest commit then, of a pull request
}

// Put is one thing that a kept action put on a subject.
type Put struct {
	Rule string `json:"rule"`
	Kind string `json:"kind"` // name of the action, such as label
	Key  string `json:"key"`  // what it put, such as the label's name
}
