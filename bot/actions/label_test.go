package actions

import (
	"net/http"
	"strings"
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestLabelPlan(t *testing.T) {
	has := func(f *rules.Facts) { f.Subject.Labels = []string{"Docs", "bug"} }
	plans(t, []plan{
		{"what is missing", &Label{Names: []string{"docs", "size/S", "size/s"}}, issue(has), &Label{Names: []string{"size/S"}}},
		{"all there", &Label{Names: []string{"docs"}}, issue(has), nil},
		{"rendered to nothing", &Label{Names: []string{" "}}, issue(has), nil},
		{"pull request", &Label{Names: []string{"a"}}, pr(), &Label{Names: []string{"a"}}},
		{"discussion", &Label{Names: []string{"a"}}, discussion(), &Label{Names: []string{"a"}, NodeID: "D_9"}},
		{"no subject", &Label{Names: []string{"a"}}, &rules.Facts{}, nil},
	})
}

func TestLabelUndo(t *testing.T) {
	l := &Label{Names: []string{"docs"}}
	f := issue(func(f *rules.Facts) { f.Subject.Labels = []string{"Docs", "bug"} })
	same(t, l.Undo(f, []string{"docs", "gone"}), &RemoveLabel{Names: []string{"docs"}, Own: true})
	same(t, l.Undo(f, []string{"gone"}), nil)
	same(t, l.Keys(), []string{"docs"})
}

// Of a group only what the bot itself put there is taken off.
func TestLabelGroup(t *testing.T) {
	sized := func(f *rules.Facts) {
		f.Subject.Labels = []string{"size/S", "size/huge", "bug"}
		f.Memory.Put = []rules.Put{{Rule: "r", Kind: "label", Key: "Size/S"}, {Rule: "r", Kind: "sticky", Key: "size/huge"}, {Rule: "r", Kind: "label", Key: "bug"}}
	}
	plans(t, []plan{
		{"another", &Label{Names: []string{"size/M"}, Group: "size/*"}, pr(sized), &Label{Names: []string{"size/M"}, Drop: []string{"size/S"}}},
		{"the same", &Label{Names: []string{"size/s"}, Group: "size/*"}, pr(sized), nil},
		{"there already", &Label{Names: []string{"size/huge"}, Group: "size/*"}, pr(sized), &Label{Drop: []string{"size/S"}}},
	})
}

// A * in the name of a label that is taken back stands for itself.
func TestLabelUndoStar(t *testing.T) {
	f := issue(func(f *rules.Facts) { f.Subject.Labels = []string{"c*", "c++"} })
	same(t, new(Label).Undo(f, []string{"c*"}), &RemoveLabel{Names: []string{"c*"}, Own: true})
}

func TestLabelMakesLabels(t *testing.T) {
	w := newWorld(t)
	to := target("issue", w.openIssue())
	step := &Label{Names: []string{"bug", "new/one"}, Color: "#D73A4A", Description: "New"}
	w.must(step, to)
	w.must(step, to)
	same(t, w.labels(1), []string{"bug", "new/one"})
	var made struct{ Color, Description string }
	w.get(&made, "labels/new%%2Fone")
	same(t, made, struct{ Color, Description string }{"D73A4A", "New"})
	made.Description = ""
	w.get(&made, "labels/bug")
	if made.Description == "New" {
		t.Errorf("a label that was there was changed: %+v", made)
	}
	w.must(&AddLabel{Names: []string{"plain"}, Description: "Plain", Drop: []string{"new/one", "gone"}}, to)
	w.get(&made, "labels/plain")
	same(t, made, struct{ Color, Description string }{"ededed", "Plain"})
	same(t, w.labels(1), []string{"bug", "plain"})
	// Somebody else makes it between the look and the making.
	defer w.Answer("GET", "/repos/acme/app/labels/*", 1, githubtest.Reply(http.StatusNotFound, nil, `{"message":"Not Found"}`))()
	w.must(&Label{Names: []string{"plain"}, Color: "000000"}, to)
}

func (w *world) labels(number int) []string {
	var labels []struct{ Name string }
	w.get(&labels, "issues/%d/labels", number)
	names := []string{}
	for _, l := range labels {
		names = append(names, l.Name)
	}
	return names
}

func TestLabelDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return &Label{Names: []string{"bug", "made by adding"}}, target("issue", w.openIssue())
		},
		write:  "POST /repos/acme/app/issues/*/labels",
		effect: func(w *world) any { return w.labels(1) },
		want:   []string{"bug", "made by adding"},
		url:    "/acme/app/issues/1",
	}.run(t)
}

func TestLabelDiscussionDo(t *testing.T) {
	w := newWorld(t)
	number, node := w.openDiscussion()
	step := &Label{Names: []string{"bug", "new"}, NodeID: node}
	for range 2 {
		d := w.must(step, target("discussion", number))
		if !strings.HasSuffix(d.URL, "/acme/app/discussions/1") {
			t.Errorf("URL %s", d.URL)
		}
		same(t, w.discussionLabels(node), []string{"bug", "new"})
	}
	for _, want := range []string{"", "", ""} {
		w.skips(&RemoveLabel{Names: []string{"bug", "new"}, NodeID: node}, target("discussion", number), want)
		same(t, w.discussionLabels(node), []string{})
	}
	w.skips(&RemoveLabel{Names: []string{"unheard of"}, NodeID: node}, target("discussion", number), "the repository has no such label")
}

func (w *world) discussionLabels(node string) []string {
	var answer struct {
		Node struct {
			Labels struct{ Nodes []struct{ Name string } }
		}
	}
	w.query(&answer, `query($id: ID!) { node(id: $id) { ... on Discussion { labels(first: 10) { nodes { name } } } } }`, node)
	names := []string{}
	for _, l := range answer.Node.Labels.Nodes {
		names = append(names, l.Name)
	}
	return names
}

func TestLabelRefused(t *testing.T) {
	w := newWorld(t)
	w.refuses(&Label{Names: []string{"bug"}}, target("issue", 99), "add labels: ")
}
