package rules

import (
	"slices"
	"strings"
	"sync"
)

// eventTable lists GitHub's events with their activities, one event a line. A line ending in * takes any activity, since people
// choose it. The names are facts taken from the MIT-licensed packages @octokit/openapi-webhooks 12.1.0 and
// @octokit/webhooks-examples 7.6.1 (Copyright (c) Octokit contributors); a test compares.
const eventTable = `
branch_protection_configuration: disabled enabled
branch_protection_rule: created deleted edited
check_run: completed created requested_action rerequested
check_suite: completed requested rerequested
code_scanning_alert: appeared_in_branch closed_by_user created fixed reopened reopened_by_user
commit_comment: created
create:
custom_property: created deleted promote_to_enterprise updated
custom_property_values: updated
delete:
dependabot_alert: auto_dismissed auto_reopened created dismissed fixed reintroduced reopened
deploy_key: created deleted
deployment: created
deployment_protection_rule: requested
deployment_review: approved rejected requested
deployment_status: created
discussion: answered category_changed closed created deleted edited labeled locked pinned reopened transferred unanswered unlabeled unlocked unpinned
discussion_comment: created deleted edited
fork:
github_app_authorization: revoked
gollum:
installation: created deleted new_permissions_accepted suspend unsuspend
installation_repositories: added removed
installation_target: renamed
issue_comment: created deleted edited
issue_dependencies: blocked_by_added blocked_by_removed blocking_added blocking_removed
issues: assigned closed deleted demilestoned edited labeled locked milestoned opened pinned reopened transferred typed unassigned unlabeled unlocked unpinned untyped
label: created deleted edited
marketplace_purchase: cancelled changed pending_change pending_change_cancelled purchased
member: added edited removed
membership: added removed
merge_group: checks_requested destroyed
meta: deleted
milestone: closed created deleted edited opened
org_block: blocked unblocked
organization: deleted member_added member_invited member_removed renamed
package: published updated
page_build:
personal_access_token_request: approved cancelled created denied
ping:
project: closed created deleted edited reopened
project_card: converted created deleted edited moved
project_column: created deleted edited moved
projects_v2: closed created deleted edited reopened
projects_v2_item: archived converted created deleted edited reordered restored
projects_v2_status_update: created deleted edited
public:
pull_request: assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned dequeued edited enqueued labeled locked milestoned opened ready_for_review reopened review_request_removed review_requested synchronize unassigned unlabeled unlocked
pull_request_review: dismissed edited submitted
pull_request_review_comment: created deleted edited
pull_request_review_thread: resolved unresolved
push:
registry_package: published updated
release: created deleted edited prereleased published released unpublished
repository: archived created deleted edited privatized publicized renamed transferred unarchived
repository_advisory: published reported
repository_dispatch: *
repository_import:
repository_ruleset: created deleted edited
repository_vulnerability_alert: create dismiss reopen resolve
secret_scanning_alert: assigned created publicly_leaked reopened resolved unassigned validated
secret_scanning_alert_location: created
secret_scanning_scan: completed
security_advisory: performed published updated withdrawn
security_and_analysis:
sponsorship: cancelled created edited pending_cancellation pending_tier_change tier_changed
star: created deleted
status:
sub_issues: parent_issue_added parent_issue_removed sub_issue_added sub_issue_removed
team: added_to_repository created deleted edited removed_from_repository
team_add:
watch: started
workflow_dispatch:
workflow_job: completed in_progress queued waiting
workflow_run: completed in_progress requested
`

// events is eventTable by event.
var events = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(eventTable)) {
		name, activities, _ := strings.Cut(line, ":")
		out[name] = strings.Fields(activities)
	}
	return out
})

// Events lists GitHub's events with their activities; an event whose activities people choose has "*" for them.
func Events() map[string][]string {
	out := map[string][]string{}
	for name, activities := range events() {
		out[name] = slices.Clone(activities)
	}
	return out
}

// subjectsOf lists the kinds of subject that deliveries of an event are about; "repository" for none.
func subjectsOf(event string) []string {
	switch event {
	case "issues", "sub_issues", "issue_dependencies":
		return []string{"issue"}
	case "issue_comment":
		return []string{"issue", "pull_request"}
	case "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread":
		return []string{"pull_request"}
	case "discussion", "discussion_comment":
		return []string{"discussion"}
	case "check_run", "check_suite", "status", "workflow_run", "workflow_job", "push", "deployment", "deployment_status":
		return []string{"pull_request", "repository"}
	case scheduleEvent:
		return []string{"issue", "pull_request", "repository"}
	}
	return []string{"repository"}
}

// recordsOf lists the variables that deliveries of an event have beside the subject.
func recordsOf(event string) []string {
	switch event {
	case "issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment":
		return []string{"comment"}
	case "pull_request_review":
		return []string{"review"}
	case "pull_request_review_thread":
		return []string{"thread"}
	case "push":
		return []string{"push"}
	case "create", "delete":
		return []string{"ref"}
	case "check_run", "check_suite", "status":
		return []string{"check"}
	case "workflow_run":
		return []string{"workflow_run"}
	case "merge_group":
		return []string{"merge_group"}
	case "installation", "installation_repositories":
		return []string{"installation"}
	case "release":
		return []string{"release"}
	case "deployment", "deployment_status":
		return []string{"deployment"}
	}
	return nil
}

// bells lists, for a rule without `on`, what it hears for each record that it reads.
var bells = map[string][]string{
	"comment":      {"issue_comment.created", "pull_request_review_comment.created", "discussion_comment.created", "commit_comment.created"},
	"review":       {"pull_request_review"},
	"thread":       {"pull_request_review_thread"},
	"push":         {"push"},
	"ref":          {"create", "delete"},
	"check":        {"check_run", "check_suite", "status"},
	"workflow_run": {"workflow_run"},
	"merge_group":  {"merge_group"},
	"installation": {"installation", "installation_repositories"},
	"release":      {"release.published"},
	"deployment":   {"deployment", "deployment_status"},
}

// openings lists, for a rule without `on`, what it hears of each kind of subject that it can hold for, whatever it reads.
var openings = map[string][]string{
	"issue":        {"issues.opened", "issues.reopened", "issues.edited"},
	"pull_request": {"pull_request.opened", "pull_request.reopened", "pull_request.edited", "pull_request.synchronize", "pull_request.ready_for_review"},
	"discussion":   {"discussion.created", "discussion.reopened", "discussion.edited"},
}

// states are the events that, named without an activity, are about the state of something rather than about a moment.
var states = []string{"pull_request", "issues", "discussion", "check_run", "check_suite", "status", "workflow_run", "pull_request_review"}
