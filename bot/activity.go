package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/bot/store"
	"bellhop/rules"
)

// What people do on an issue or pull request, as its timeline has it: the items with an actor, beside comments, reviews and
// commits. Being mentioned, referenced or subscribed is nothing that somebody did there.
// https://docs.github.com/en/graphql/reference/enums#issuetimelineitemsitemtype
const (
	issueActivity = "LABELED_EVENT UNLABELED_EVENT ASSIGNED_EVENT UNASSIGNED_EVENT MILESTONED_EVENT DEMILESTONED_EVENT RENAMED_TITLE_EVENT CLOSED_EVENT REOPENED_EVENT"
	pullActivity  = issueActivity + " READY_FOR_REVIEW_EVENT CONVERT_TO_DRAFT_EVENT REVIEW_REQUESTED_EVENT REVIEW_REQUEST_REMOVED_EVENT"
)

// activitySelection asks for who did something last: the newest 100 items, which holds more than people do between two looks.
func activitySelection(events string) string {
	const by = "{ login __typename }"
	types, items := []string{"ISSUE_COMMENT"}, []string{"... on IssueComment { author " + by + " createdAt lastEditedAt editor " + by + " }"}
	if events == pullActivity {
		types = append(types, "PULL_REQUEST_REVIEW", "PULL_REQUEST_COMMIT")
		items = append(items, "... on PullRequestReview { author "+by+" createdAt }", "... on PullRequestCommit { commit { committedDate author { name user { login } } } }")
	}
	for name := range strings.FieldsSeq(events) {
		types = append(types, name)
		typ := ""
		for word := range strings.SplitSeq(strings.ToLower(name), "_") {
			typ += strings.ToUpper(word[:1]) + word[1:]
		}
		items = append(items, "... on "+typ+" { actor "+by+" createdAt }")
	}
	return fmt.Sprintf("createdAt author %s lastEditedAt editor %s activity: timelineItems(last: 100, itemTypes: [%s]) { nodes { __typename %s } pageInfo { hasPreviousPage } }",
		by, by, strings.Join(types, ", "), strings.Join(items, " "))
}

// readActivity finds how long ago a person, and the author, last did anything.
func readActivity(f *rules.Facts, n object, _ []object) {
	author := loginOf(n.obj("author"))
	opened := n.time("createdAt")
	last, lastOfAuthor := opened, opened
	var oldest time.Time // of the list
	did := func(at time.Time, login string, person bool) {
		if person && at.After(last) {
			last = at
		}
		if login == author && at.After(lastOfAuthor) {
			lastOfAuthor = at
		}
		if !at.IsZero() && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	by := func(at time.Time, actor object) { did(at, loginOf(actor), actor.str("__typename") != "Bot") } // nobody: a deleted account
	if at := n.time("lastEditedAt"); !at.IsZero() {
		by(at, n.obj("editor"))
	}
	oldest = time.Time{}
	for _, item := range n.obj("activity").objects("nodes") {
		switch item.str("__typename") {
		case "PullRequestCommit":
			c := item.obj("commit")
			login := c.obj("author", "user").str("login")
			did(c.time("committedDate"), login, !strings.HasSuffix(c.obj("author").str("name"), "[bot]"))
		case "IssueComment", "PullRequestReview":
			by(item.time("createdAt"), item.obj("author"))
			if at := item.time("lastEditedAt"); !at.IsZero() {
				by(at, item.obj("editor"))
			}
		default:
			by(item.time("createdAt"), item.obj("actor"))
		}
	}
	// What came before the list is not known. Where nobody is in it, somebody may have been there just before.
	if n.obj("activity", "pageInfo").flag("hasPreviousPage") {
		if last.Before(oldest) {
			last = oldest
		}
		if lastOfAuthor.Before(oldest) {
			lastOfAuthor = oldest
		}
	}
	f.Subject.Idle, f.Subject.AuthorIdle = f.Now.Sub(last), f.Now.Sub(lastOfAuthor)
}

// doings are the events that say that their sender did something on their subject.
var doings = []string{"issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread"}

// learnActivity knows from a delivery that a person has just done something, so that nobody needs to ask.
func learnActivity(f *rules.Facts, d *store.Delivery) {
	if f.Subject == nil || f.Sender == nil || f.Sender.Bot || d.Received.IsZero() || !slices.Contains(doings, d.Event) {
		return
	}
	f.Subject.Idle = max(f.Now.Sub(d.Received), 0)
	f.Learn("subject.idle")
}
