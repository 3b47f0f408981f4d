package rules

import (
	"slices"
	"strings"
)

// Matcher is one key of `when` and `unless`, for the reference.
type Matcher struct {
	Key     string   `json:"key"`
	Doc     string   `json:"doc"`
	Values  string   `json:"values"`  // what may be written, in words
	Example string   `json:"example"` // as it stands in a rule
	Reads   []string `json:"reads"`   // facts; of several the one that the delivery has

	Form  ValueForm `json:"-"`
	Words []string  `json:"-"` // the words allowed, where its form takes listed ones
}

// matcher is one row of the table of matchers: what it is held against, and how.
type matcher struct {
	key, doc, example string
	form              form
	over              []over
	words             []string // the values allowed, for forms that take words
}

// over is the expression that a matcher is held against. A row with several takes the first whose record the delivery has,
// among those that the rule's `on` can bring.
type over struct {
	record string // variable that must be there; "" for the last resort
	expr   string
}

// of is the usual row's over.
func of(expr string) []over { return []over{{"", expr}} }

// matchers is the table of matchers.
var matchers = []matcher{
	{"author", "Who opened it.", `when.author = ["dependabot[bot]", "renovate*", "@acme/backend"]`, person, of("subject.author"), nil},
	{"bot", "Whether a bot opened it.", `unless.bot = true`, yesNo, of("subject.author_bot"), nil},
	{"association", "What its author is to the repository.", `when.association = ["member", "owner"]`, oneWord, of("subject.association"),
		[]string{"owner", "member", "collaborator", "contributor", "first_time_contributor", "first_timer", "mannequin", "none"}},
	{"first_time", "Whether it is its author's first contribution.", `when.first_time = true`, yesNo,
		of(`subject.association in ["first_timer", "first_time_contributor"]`), nil},
	{"sender", "Who caused the delivery.", `unless.sender = "octocat"`, person, of("sender.login"), nil},
	{"by_author", "Whether its author caused the delivery.", `when.by_author = true`, yesNo, of("(sender.login == subject.author)"), nil},
	{"permission", "What the sender may do in the repository: at least this, or in a range.", `when.permission = "write"`, level, of("sender.permission"),
		[]string{"none", "read", "triage", "write", "maintain", "admin"}},

	{"kind", "What it is.", `when.kind = "issue"`, oneWord, of("subject.kind"), []string{"issue", "pull_request", "discussion"}},
	{"number", "Its number.", `when.number = "1000.."`, count, of("subject.number"), nil},
	{"state", "Whether it is open. A merged pull request is merged, not closed.", `when.state = "open"`, oneWord, of("subject.state"), []string{"open", "closed", "merged"}},
	{"reason", "Why an issue was closed.", `when.reason = "not_planned"`, oneWord, of("issue.state_reason"), []string{"completed", "not_planned", "duplicate", "reopened"}},
	{"draft", "Whether it is a draft.", `when.draft = false`, yesNo, of("pr.draft"), nil},
	{"locked", "Whether its conversation is locked.", `unless.locked = true`, yesNo, of("subject.locked"), nil},
	{"merged", "Whether it was merged.", `when.merged = true`, yesNo, of("pr.merged"), nil},
	{"mergeable", "Whether it merges without conflict. Waits while GitHub works it out.", `when.mergeable = false`, yesNo, of("pr.mergeable"), nil},
	{"conflict", "Whether it conflicts with its base. Waits while GitHub works it out.", `when.conflict = true`, yesNo, of("(!pr.mergeable)"), nil},
	{"behind", "How many commits of its base it does not contain.", `when.behind = ">0"`, count, of("pr.behind"), nil},
	{"merged_by", "Who merged it.", `when.merged_by = "@acme/release"`, person, of("pr.merged_by"), nil},
	{"from_fork", "Whether its branch is in another repository.", `when.from_fork = true`, yesNo, of("pr.from_fork"), nil},
	{"auto_merge", "Whether GitHub's own auto-merge is on.", `when.auto_merge = true`, yesNo, of("pr.auto_merge"), nil},

	{"update", "How far Dependabot or Renovate takes its dependencies. A group counts as its largest step.", `when.update = "patch"`, oneWord, of("pr.update"), []string{"patch", "minor", "major", "unknown"}},
	{"dependency", "One of the dependencies that Dependabot or Renovate updates.", `when.dependency = ["lodash", "@types/**"]`, anyPath, of("pr.dependencies"), nil},
	{"ecosystem", "The package manager of a Dependabot update.", `when.ecosystem = "npm"`, names, of("pr.ecosystem"), nil},

	{"base", "The branch that it is to be merged into.", `when.base = "release/*"`, branches, []over{{"merge_group", "merge_group.base"}, {"", "pr.base"}}, nil},
	{"head", "The branch that it comes from.", `when.head = "dependabot/**"`, branches, of("pr.head"), nil},
	{"head_repo", "owner/name of the repository that its branch is in.", `when.head_repo = "acme/*"`, names, of("pr.head_repo"), nil},
	{"label", "One of its labels.", `when.label = ["bug", "area/*"]`, anyName, of("subject.labels"), nil},
	{"labels", "How many labels it has.", `when.labels = 0`, count, of("size(subject.labels)"), nil},
	{"assignee", "One of its assignees.", `when.assignee = "octocat"`, anyPerson, of("subject.assignees"), nil},
	{"assignees", "How many assignees it has.", `when.assignees = 0`, count, of("size(subject.assignees)"), nil},
	{"milestone", "The title of its milestone; * for any.", `when.milestone = "v2*"`, nameThere, of("subject.milestone"), nil},
	{"milestone_due", "How long it is until its milestone is due. One without a date is never due.", `when.milestone_due = "<7d"`, until, of("subject.milestone_due"), nil},
	{"comments", "How many comments it has.", `when.comments = ">20"`, count, of("subject.comments"), nil},
	{"age", "How long ago it was opened.", `when.age = ">30d"`, span, of("subject.age"), nil},
	{"since_update", "How long ago anything on it changed.", `when.since_update = ">14d"`, ago, of("subject.updated_at"), nil},
	{"since_close", "How long ago it was closed or merged.", `when.since_close = ">30d"`, ago, of("subject.closed_at"), nil},
	{"since_merge", "How long ago it was merged.", `when.since_merge = "<1d"`, ago, of("pr.merged_at"), nil},
	{"since_ready", "How long ago it became ready for review: since it was opened, if it never was a draft.", `when.since_ready = ">2d"`, ago, of("pr.ready_at"), nil},

	{"idle", "How long ago a person last did anything on it: wrote, edited, pushed, reviewed, reopened, labelled. What bots do does not count.", `when.idle = ">60d"`, span, of("subject.idle"), nil},
	{"author_idle", "How long ago its author last did anything on it.", `when.author_idle = ">14d"`, span, of("subject.author_idle"), nil},
	{"created", "The day on which it was opened, in UTC.", `when.created = ">=2026-01-01"`, date, of("subject.created_at"), nil},
	{"frozen", "Whether a freeze is in force for it.", `when.frozen = true`, yesNo, of("freeze.active"), nil},
	{"time", "When it is looked at: a window of the week with its time zone.", `when.time = "Mon-Fri 09:00-17:00 Europe/Berlin"`, weekly, of("now"), nil},

	{"title", "Its whole title.", `when.title = ["WIP", "*[skip ci]"]`, names, of("subject.title"), nil},
	{"title_has", "A part of its title, in upper or lower case.", `when.title_has = ["wip", "do not merge"]`, part, of("subject.title"), nil},
	{"title_begins", "What its title begins with, in upper or lower case.", `when.title_begins = "[RFC]"`, beginning, of("subject.title"), nil},
	{"title_matches", "A regular expression that matches in its title.", `when.title_matches = '^(feat|fix)(\(.+\))?: '`, expressionOf, of("subject.title"), nil},
	{"body_has", "A part of its description, in upper or lower case; <!-- comments --> are passed over.", `when.body_has = "breaking change"`, part, of("subject.body.without_comments()"), nil},
	{"body_matches", "A regular expression that matches in its description; <!-- comments --> are passed over.", `when.body_matches = '(?i)fixes #\d+'`, expressionOf, of("subject.body.without_comments()"), nil},
	{"body_length", "How many characters its description has, comments and white space at its ends aside.", `when.body_length = "<30"`, count, of("size(subject.body.without_comments().trim())"), nil},
	{"body_section", "A section of its description, by its heading, that has text.", `unless.body_section = "Test plan"`, sections, of("subject.body"), nil},
	{"unchecked", "How many task boxes in its description are not ticked.", `when.unchecked = 0`, count, of("subject.body.unchecked()"), nil},
	{"linked_issues", "How many issues it closes when it is merged.", `when.linked_issues = 0`, count, of("size(pr.closes)"), nil},

	{"files", "A file that is changed: one is enough.", `when.files = "docs/**"`, anyFile, []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"only_files", "What all changed files match; and there are some.", `when.only_files = ["docs/**", "*.md"]`, allFiles, []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"no_files", "What no changed file matches.", `when.no_files = "vendor/**"`, noFiles, []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"added_files", "A file that is added: one is enough.", `when.added_files = "migrations/**"`, filesThatAre("added"), []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"modified_files", "A file that is modified: one is enough.", `when.modified_files = "migrations/**"`, filesThatAre("modified"), []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"removed_files", "A file that is removed: one is enough.", `when.removed_files = "migrations/**"`, filesThatAre("removed"), []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"renamed_files", "A file that is renamed, by its new path: one is enough.", `when.renamed_files = "api/**"`, filesThatAre("renamed"), of("pr.files"), nil},
	{"changes_config", "Whether it changes the rules of this repository.", `when.changes_config = true`, yesNo, of(`pr.files.exists(x, x.path.matches("^\\.github/bot(\\.toml$|/)"))`), nil},
	{"size", "How many lines are added and removed in files that people write: lock files and generated files do not count, nor what .gitattributes of the base marks as linguist-generated.",
		`when.size = { lines = "250..", ignore = ["testdata/**"] }`, size, of("pr.files"), nil},
	{"owner", "An owner of a changed file, as CODEOWNERS of the base writes it without the @ of a login.", `when.owner = "@acme/backend"`, anyOwner, of("pr.owners"), nil},
	{"changed_files", "How many files are changed.", `when.changed_files = ">100"`, count, of("pr.changed_files"), nil},
	{"lines", "How many lines are added and removed.", `when.lines = "10..49"`, lineCount, of("(pr.additions + pr.deletions)"), nil},
	{"commits", "How many commits it has.", `when.commits = ">1"`, count, of("pr.commit_count"), nil},
	{"commits_match", "A regular expression that matches in the message of a commit: one is enough.", `when.commits_match = '(?m)^BREAKING CHANGE:'`, anyMatches, []over{{"push", "push.commits.map(x, x.message)"}, {"", "pr.commits.map(x, x.message)"}}, nil},
	{"all_commits_match", "A regular expression that matches in the message of each commit.", `when.all_commits_match = '^(feat|fix|docs|chore)(\(.+\))?!?: '`, allMatch, []over{{"push", "push.commits.map(x, x.message)"}, {"", "pr.commits.map(x, x.message)"}}, nil},
	{"commit_author", "The author of a commit: one is enough.", `when.commit_author = "@acme/backend"`, anyPerson, []over{{"push", "push.commits.map(x, x.author)"}, {"", "pr.commits.map(x, x.author)"}}, nil},
	{"only_commit_author", "The authors of all commits.", `when.only_commit_author = "dependabot[bot]"`, allPeople, []over{{"push", "push.commits.map(x, x.author)"}, {"", "pr.commits.map(x, x.author)"}}, nil},
	{"signed_off", "Whether each commit has a Signed-off-by line of its author (DCO). Merges and commits of bots need none.", `when.signed_off = false`, noneThere, of("pr.not_signed_off"), nil},
	{"verified", "Whether GitHub verifies the signature of each commit.", `when.verified = true`, noneThere, of("pr.unverified"), nil},
	{"merge_commits", "How many of its commits are merges.", `when.merge_commits = ">0"`, count, of("pr.merge_commits"), nil},

	{"checks", "What its checks say together: green, red, none, or pending while some are not completed and none is red; finished when none is pending; required when those that its base demands are green.", `when.checks = "green"`, checks, of("pr.checks_state"),
		[]string{"green", "red", "pending", "none", "finished", "required"}},
	{"check_green", "Checks that must be there and green, by name. Waits while one has not reported.", `when.check_green = ["build*", "@github-actions/lint"]`, greenChecks, of("pr.checks"), nil},
	{"check_red", "A check that ended badly, by name: one is enough.", `when.check_red = "build*"`, anyCheck("x.conclusion in " + redConclusions), of("pr.checks"), nil},
	{"check_pending", "A check that is not completed, by name: one is enough.", `when.check_pending = "deploy"`, anyCheck(`x.conclusion == ""`), of("pr.checks"), nil},
	{"check_is", "How checks ended, by name.", `when.check_is = { build = "cancelled", "lint*" = ["failure", "missing"] }`, checkResults, of("pr.checks"), nil},
	{"approvals", "How many people with write permission approve it.", `when.approvals = ">=2"`, count, of("pr.approvals"), nil},
	{"approvals_on_head", "How many people with write permission approve its newest commit. A push starts it anew.", `when.approvals_on_head = ">=2"`, count, of("pr.approvals_on_head"), nil},
	{"approved_by", "Who approves it: people with write permission alone count.", `when.approved_by = { "@acme/backend" = 2, alice = 1 }`, approvers, of("pr.approvers"), nil},
	{"approved_by_on_head", "Who approves its newest commit, as approved_by.", `when.approved_by_on_head = "@acme/backend"`, approvers, of("pr.approvers_on_head"), nil},
	{"owners", "Whether the code owners of the changed files approve. Files without owners ask nobody, and who opened it need not approve.", `when.owners = "each >= 1"`, owners, of("pr.owners"), nil},
	{"changes_requested_by", "Who asks for changes as their last word.", `unless.changes_requested_by = "*"`, anyPerson, of("pr.changes_requested_by"), nil},
	{"commented_by", "Who left a review that only comments.", `when.commented_by = "@acme/backend"`, anyPerson, of("pr.commented_by"), nil},
	{"unresolved_threads", "How many threads of review comments are not resolved.", `when.unresolved_threads = 0`, count, of("pr.unresolved_threads"), nil},
	{"reviewer", "Somebody whose review was asked for and is still to come; a team as @org/team.", `when.reviewer = "@acme/backend"`, anyName, of("pr.reviewers"), nil},
	{"reviewers", "From how many a review was asked for that is still to come.", `unless.reviewers = ">0"`, count, of("size(pr.reviewers)"), nil},
	{"review_decision", "What GitHub says of its reviews.", `when.review_decision = "approved"`, oneWord, of("pr.review_decision"), []string{"approved", "changes_requested", "review_required"}},

	{"command", "A command that the comment gives at the beginning of a line, as /name or @bot name. Quotes and code are passed over.", `when.command = "retest"`, commands, of("comment.body"), nil},
	{"comment_has", "A part of the comment, in upper or lower case.", `when.comment_has = "thank you"`, part, of("comment.body"), nil},
	{"comment_matches", "A regular expression that matches in the comment.", `when.comment_matches = '(?i)\bping\b'`, expressionOf, of("comment.body"), nil},
	{"commenter", "Who wrote the comment.", `when.commenter = "octocat"`, person, of("comment.author"), nil},
	{"review", "What the review says.", `when.review = "changes_requested"`, oneWord, of("review.state"), []string{"approved", "changes_requested", "commented", "dismissed"}},

	{"branch", "The branch that was pushed, created or deleted, or that the check or workflow ran on.", `when.branch = "main"`, branches,
		[]over{{"push", "push.branch"}, {"ref", "ref.branch"}, {"workflow_run", "workflow_run.branch"}, {"check", "check.branch"}}, nil},
	{"tag", "The tag that was pushed, created, deleted or released.", `when.tag = "v*"`, branches,
		[]over{{"push", "push.tag"}, {"ref", "ref.tag"}, {"release", "release.tag"}}, nil},
	{"check", "Name of the check run, or context of the commit status.", `when.check = "build*"`, names, of("check.name"), nil},
	{"workflow", "Name of the workflow.", `when.workflow = "CI"`, names, of("workflow_run.name"), nil},
	{"conclusion", "How the check or workflow ended.", `when.conclusion = ["failure", "timed_out"]`, oneWord,
		[]over{{"workflow_run", "workflow_run.conclusion"}, {"check", "check.conclusion"}},
		[]string{"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure", "error"}},
	{"environment", "The environment of the deployment.", `when.environment = "production"`, names, of("deployment.environment"), nil},
	{"deployment", "The state of the deployment.", `when.deployment = "success"`, oneWord, of("deployment.state"),
		[]string{"success", "failure", "error", "inactive", "in_progress", "queued", "pending"}},
	{"repo", "owner/name of the repository.", `when.repo = "acme/*"`, names, of("repo.full_name"), nil},
	{"visibility", "Who may see the repository.", `when.visibility = "public"`, oneWord, of("repo.visibility"), []string{"public", "private", "internal"}},
	{"topic", "A topic of the repository.", `when.topic = "library"`, anyName, of("repo.topics"), nil},
	{"language", "The main language of the repository.", `when.language = "Go"`, names, of("repo.language"), nil},
	{"event", "The event of the delivery.", `when.event = "push"`, names, of("delivery.event"), nil},
	{"activity", "The activity of the delivery.", `when.activity = "opened"`, names, of("delivery.activity"), nil},
}

// Matchers lists the keys of `when` and `unless`.
func Matchers() []Matcher {
	var out []Matcher
	for _, m := range matchers {
		d := Matcher{Key: m.key, Doc: m.doc, Values: m.form.words, Example: m.example, Form: formOf(m.form), Words: m.words}
		if len(m.words) > 0 {
			d.Values += ": " + strings.Join(m.words, ", ")
		}
		for _, o := range m.over {
			if x, _ := compile(o.expr, nil); x != nil {
				d.Reads = append(d.Reads, x.reads...)
			}
		}
		out = append(out, d)
	}
	return out
}

// matcherNamed finds a row by its key.
func matcherNamed(key string) *matcher {
	i := slices.IndexFunc(matchers, func(m matcher) bool { return m.key == key })
	if i < 0 {
		return nil
	}
	return &matchers[i]
}

func matcherKeys() []string {
	keys := make([]string, len(matchers))
	for i, m := range matchers {
		keys[i] = m.key
	}
	return keys
}

// subject is the expression that a row is held against in a rule whose `on` brings these records; with nil, in a rule without
// `on`, it is the last resort, or the first where there is none.
func (m *matcher) subject(records []string) string {
	expr := ""
	for _, o := range slices.Backward(m.over) {
		switch {
		case o.record == "":
			expr = o.expr
		case !slices.Contains(records, o.record):
		case expr == "":
			expr = o.expr
		default:
			first := schema().names[o.record].rec.facts[0].name
			expr = "(has(" + o.record + "." + first + ") ? " + o.expr + " : " + expr + ")"
		}
	}
	if expr == "" {
		expr = m.over[0].expr
	}
	return expr
}
