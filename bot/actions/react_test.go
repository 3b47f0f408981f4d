package actions

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"bellhop/rules"
)

func TestReactPlan(t *testing.T) {
	comment := func(f *rules.Facts) { f.Comment = &rules.Comment{ID: 5, NodeID: "C_5"} }
	review := func(f *rules.Facts) { f.Comment = &rules.Comment{ID: 6, NodeID: "C_6", Review: true} }
	onCommit := &rules.Facts{}
	comment(onCommit)
	eyes := &React{Emoji: "eyes"}
	plans(t, []plan{
		{"issue", eyes, issue(), &React{Emoji: "eyes", On: "subject"}},
		{"comment", eyes, issue(comment), &React{Emoji: "eyes", On: "comment", CommentID: 5}},
		{"comment of a pull request", eyes, pr(comment), &React{Emoji: "eyes", On: "comment", CommentID: 5}},
		{"review comment", eyes, pr(review), &React{Emoji: "eyes", On: "review_comment", CommentID: 6}},
		{"commit comment", eyes, onCommit, &React{Emoji: "eyes", On: "commit_comment", CommentID: 5}},
		{"discussion", eyes, discussion(), &React{Emoji: "eyes", On: "node", NodeID: "D_9"}},
		{"discussion comment", eyes, discussion(comment), &React{Emoji: "eyes", On: "node", NodeID: "C_5"}},
		{"push", eyes, &rules.Facts{Push: &rules.Push{}}, nil},
	})
}

func TestReactDo(t *testing.T) {
	subject, comment := "issues/1/reactions", ""
	reactions := func(path *string) func(w *world) any {
		return func(w *world) any {
			var list []struct {
				Content string
				User    struct{ Login string }
			}
			w.get(&list, "%s", *path)
			texts := []string{}
			for _, r := range list {
				texts = append(texts, r.User.Login+" "+r.Content)
			}
			return texts
		}
	}
	t.Run("subject", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				return &React{Emoji: "+1", On: "subject"}, target("issue", w.openIssue())
			},
			write:  "POST /repos/acme/app/issues/*/reactions",
			effect: reactions(&subject),
			want:   []string{"bellhop[bot] +1"},
			url:    "/acme/app/issues/1",
		}.run(t)
	})
	t.Run("comment", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				number := w.openIssue()
				id := w.comment(number, "/retest")
				comment = fmt.Sprintf("issues/comments/%d/reactions", id)
				return &React{Emoji: "eyes", On: "comment", CommentID: id}, target("issue", number)
			},
			write:  "POST /repos/acme/app/issues/comments/*/reactions",
			effect: reactions(&comment),
			want:   []string{"bellhop[bot] eyes"},
			url:    "/acme/app/issues/1#issuecomment-",
		}.run(t)
	})
}

func TestReactToNode(t *testing.T) {
	w := newWorld(t)
	number, node := w.openDiscussion()
	for range 2 {
		w.must(&React{Emoji: "rocket", On: "node", NodeID: node}, target("discussion", number))
	}
	var answer struct {
		Node struct {
			Reactions struct {
				Nodes []struct{ Content string }
			}
		}
	}
	w.query(&answer, `query($id: ID!) { node(id: $id) { ... on Discussion { reactions(first: 10) { nodes { content } } } } }`, node)
	same(t, answer.Node.Reactions.Nodes, []struct{ Content string }{{"ROCKET"}})
}

func TestReactKnowsEveryEmoji(t *testing.T) {
	field, _ := reflect.TypeFor[React]().FieldByName("Emoji")
	for _, emoji := range strings.Fields(field.Tag.Get("enum")) {
		if contents[emoji] == "" {
			t.Errorf("%s has no name in GraphQL", emoji)
		}
	}
}
