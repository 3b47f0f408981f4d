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
	{"author", "Who opened it.", `when.author = ["dependabot[bot]", "renovate*"]`, names, of("subject.author"), nil},
	{"bot", "Whether a bot opened it.", `unless.bot = true`, yesNo, of("subject.author_bot"), nil},
	{"association", "What its author is to the repository.", `when.association = ["member", "owner"]`, oneWord, of("subject.association"),
		[]string{"owner", "member", "collaborator", "contributor", "first_time_contributor", "first_timer", "mannequin", "none"}},
	{"first_time", "Whether it is its author's first contribution.", `when.first_time = true`, yesNo,
		of(`subject.association in ["first_timer", "first_time_contributor"]`), nil},
	{"sender", "Who caused the delivery.", `unless.sender = "octocat"`, names, of("sender.login"), nil},
	{"permission", "What the sender may do in the repository: at least this, or in a range.", `when.permission = "write"`, level, of("sender.permission"),
		[]string{"none", "read", "triage", "write", "maintain", "admin"}},

	{"kind", "What it is.", `when.kind = "issue"`, oneWord, of("subject.kind"), []string{"issue", "pull_request", "discussion"}},
	{"state", "Whether it is open. A merged pull request is merged, not closed.", `when.state = "open"`, oneWord, of("subject.state"), []string{"open", "closed", "merged"}},
	{"reason", "Why an issue was closed.", `when.reason = "not_planned"`, oneWord, of("issue.state_reason"), []string{"completed", "not_planned", "duplicate", "reopened"}},
	{"draft", "Whether it is a draft.", `when.draft = false`, yesNo, of("pr.draft"), nil},
	{"locked", "Whether its conversation is locked.", `unless.locked = true`, yesNo, of("subject.locked"), nil},
	{"merged", "Whether it was merged.", `when.merged = true`, yesNo, of("pr.merged"), nil},
	{"mergeable", "Whether it merges without conflict. Waits while GitHub works it out.", `when.mergeable = false`, yesNo, of("pr.mergeable"), nil},
	{"from_fork", "Whether its branch is in another repository.", `when.from_fork = true`, yesNo, of("pr.from_fork"), nil},
	{"auto_merge", "Whether GitHub's own auto-merge is on.", `when.auto_merge = true`, yesNo, of("pr.auto_merge"), nil},

	{"base", "The branch that it is to be merged into.", `when.base = "release/*"`, branches, []over{{"merge_group", "merge_group.base"}, {"", "pr.base"}}, nil},
	{"head", "The branch that it comes from.", `when.head = "dependabot/**"`, branches, of("pr.head"), nil},
	{"label", "One of its labels.", `when.label = ["bug", "area/*"]`, anyName, of("subject.labels"), nil},
	{"labels", "How many labels it has.", `when.labels = 0`, count, of("size(subject.labels)"), nil},
	{"assignee", "One of its assignees.", `when.assignee = "octocat"`, anyName, of("subject.assignees"), nil},
	{"assignees", "How many assignees it has.", `when.assignees = 0`, count, of("size(subject.assignees)"), nil},
	{"milestone", "The title of its milestone.", `when.milestone = "v2*"`, names, of("subject.milestone"), nil},
	{"comments", "How many comments it has.", `when.comments = ">20"`, count, of("subject.comments"), nil},
	{"age", "How long ago it was opened.", `when.age = ">30d"`, span, of("subject.age"), nil},

	{"title_has", "A part of its title, in upper or lower case.", `when.title_has = ["wip", "do not merge"]`, part, of("subject.title"), nil},
	{"title_begins", "What its title begins with, in upper or lower case.", `when.title_begins = "[RFC]"`, beginning, of("subject.title"), nil},
	{"title_matches", "A regular expression that matches in its title.", `when.title_matches = '^(feat|fix)(\(.+\))?: '`, expressionOf, of("subject.title"), nil},
	{"body_has", "A part of its description, in upper or lower case.", `when.body_has = "breaking change"`, part, of("subject.body"), nil},
	{"body_matches", "A regular expression that matches in its description.", `when.body_matches = '(?i)fixes #\d+'`, expressionOf, of("subject.body"), nil},

	{"files", "A file that is changed: one is enough.", `when.files = "docs/**"`, anyFile, []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"only_files", "What all changed files match; and there are some.", `when.only_files = ["docs/**", "*.md"]`, allFiles, []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"no_files", "What no changed file matches.", `when.no_files = "vendor/**"`, noFiles, []over{{"push", "push.files"}, {"", "pr.files"}}, nil},
	{"changed_files", "How many files are changed.", `when.changed_files = ">100"`, count, of("pr.changed_files"), nil},
	{"lines", "How many lines are added and removed.", `when.lines = "10..49"`, count, of("(pr.additions + pr.deletions)"), nil},
	{"commits", "How many commits it has.", `when.commits = ">1"`, count, of("pr.commit_count"), nil},

	{"checks", "What its checks say together: green, red, none, or pending while some are not completed and none is red.", `when.checks = "green"`, checks, of("pr.checks_state"),
		[]string{"green", "red", "pending", "none"}},
	{"approvals", "How many people with write permission approve it.", `when.approvals = ">=2"`, count, of("pr.approvals"), nil},
	{"reviewers", "From how many a review was asked for that is still to come.", `unless.reviewers = ">0"`, count, of("size(pr.reviewers)"), nil},
	{"review_decision", "What GitHub says of its reviews.", `when.review_decision = "approved"`, oneWord, of("pr.review_decision"), []string{"approved", "changes_requested", "review_required"}},

	{"command", "The command that the comment gives on its first line, as /name or @bot name. Quotes and code are passed over.", `when.command = "retest"`, commands, of("comment.body"), nil},
	{"comment_has", "A part of the comment, in upper or lower case.", `when.comment_has = "thank you"`, part, of("comment.body"), nil},
	{"comment_matches", "A regular expression that matches in the comment.", `when.comment_matches = '(?i)\bping\b'`, expressionOf, of("comment.body"), nil},
	{"commenter", "Who wrote the comment.", `when.commenter = "octocat"`, names, of("comment.author"), nil},
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
