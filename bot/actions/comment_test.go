package actions

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestCommentPlan(t *testing.T) {
	since := mustTime("2026-11-24T19:50:00Z")
	plans(t, []plan{
		{"issue", &Comment{Body: "hello"}, issue(), &Comment{Body: "hello", Since: since}},
		{"discussion", &Comment{Body: "hello"}, discussion(), &Comment{Body: "hello", Since: since, NodeID: "D_9"}},
		{"rendered to nothing", &Comment{Body: " \n"}, issue(), nil},
		{"no subject", &Comment{Body: "hello"}, &rules.Facts{}, nil},
	})
}

func (w *world) comments(number int) []string {
	var comments []struct{ Body string }
	w.get(&comments, "issues/%d/comments?per_page=100", number)
	texts := []string{}
	for _, c := range comments {
		texts = append(texts, c.Body)
	}
	return texts
}

const aMarker = "<!-- bellhop 72d3162e-cc78-11e3-81ab-4c9367dc0958 1 A rule -->\n"

func TestCommentDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return &Comment{Body: "Hello.", Since: plannedAt(issue())}, target("issue", w.openIssue())
		},
		write:  "POST /repos/acme/app/issues/*/comments",
		effect: func(w *world) any { return w.comments(1) },
		want:   []string{aMarker + "Hello."},
		again:  "the comment is there already",
		url:    "/acme/app/issues/1#issuecomment-",
	}.run(t)
}

// The comment is found in a long conversation too, and only the bot's own counts.
func TestCommentIsFound(t *testing.T) {
	w := newWorld(t)
	number := w.openIssue()
	to := target("issue", number)
	for range 120 {
		w.comment(number, "talk")
	}
	step := &Comment{Body: "Hello.", Since: plannedAt(issue())}
	w.comment(number, aMarker+"forged")
	if d := w.must(step, to); d.Skipped != "" {
		t.Errorf("somebody else's marker was believed: %+v", d)
	}
	w.skips(step, to, "the comment is there already")
	other := to
	other.Step = 2
	if d := w.must(step, other); d.Skipped != "" {
		t.Errorf("another step was taken for this one: %+v", d)
	}
	w.pass(time.Hour)
	for range 120 {
		w.comment(number, "more talk")
	}
	before := len(w.Requests())
	w.skips(&Comment{Body: "Hello.", Since: w.time().Add(-time.Minute)}, to, "")
	if n := len(w.Requests()) - before; n != 3 {
		t.Errorf("%d requests for two pages and a comment", n)
	}
}

func TestCommentOnLocked(t *testing.T) {
	w := newWorld(t)
	number := w.openIssue()
	locked := githubtest.Reply(http.StatusForbidden, nil, `{"message":"Unable to create comment because issue is locked."}`)
	defer w.Answer("POST", "/repos/acme/app/issues/*/comments", 2, locked)()
	w.skips(&Comment{Body: "Hello."}, target("issue", number), "the conversation is locked")
	w.skips(&Sticky{Body: "Hello."}, target("issue", number), "the conversation is locked")
}

func TestCommentDiscussionDo(t *testing.T) {
	w := newWorld(t)
	number, node := w.openDiscussion()
	step := &Comment{Body: "Hello.", NodeID: node}
	if d := w.must(step, target("discussion", number)); d.Skipped != "" || !strings.Contains(d.URL, "/acme/app/discussions/1") {
		t.Errorf("first time: %+v", d)
	}
	w.skips(step, target("discussion", number), "the comment is there already")
	var answer struct {
		Node struct {
			Comments struct{ Nodes []struct{ Body string } }
		}
	}
	w.query(&answer, `query($id: ID!) { node(id: $id) { ... on Discussion { comments(first: 10) { nodes { body } } } } }`, node)
	same(t, len(answer.Node.Comments.Nodes), 1)
	same(t, answer.Node.Comments.Nodes[0].Body, aMarker+"Hello.")
}

func TestCommentIsCut(t *testing.T) {
	w := newWorld(t)
	number := w.openIssue()
	w.must(&Comment{Body: strings.Repeat("é", 70_000)}, target("issue", number))
	text := w.comments(number)[0]
	same(t, utf8.RuneCountInString(text), maxBody)
	if !strings.HasSuffix(text, cutNote) {
		t.Errorf("the end is %q", text[len(text)-100:])
	}
}
