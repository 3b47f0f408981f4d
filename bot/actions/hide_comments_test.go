package actions

import (
	"testing"
	"time"

	"bellhop/rules"
)

func TestHideCommentsPlan(t *testing.T) {
	plans(t, []plan{
		{"issue", &HideComments{Reason: "outdated"}, issue(), &HideComments{Reason: "outdated", Before: now}},
	})
}

// commented lets rules of the bot comment, and carol, and returns the target of a later delivery.
func (w *world) commented() rules.Target {
	to := target("issue", w.openIssue())
	for _, rule := range []string{"Size", "Style -- all", "Size again"} {
		earlier := to
		earlier.Delivery, earlier.Rule = "earlier", rule
		w.must(&Comment{Body: rule, Since: now.Add(-time.Hour)}, earlier)
	}
	w.must(&Comment{Body: "now", Since: now.Add(-time.Hour)}, to)
	w.must(&Sticky{Body: "sticky", Key: "7 Size"}, to)
	w.comment(to.Number, marker(to)+"\nforged")
	return to
}

func (w *world) hiddenComments() any {
	seen, _ := w.Issue("acme/app", 1)
	out := []string{}
	for _, c := range seen.Comments {
		out = append(out, c.Minimized)
	}
	return out
}

func TestHideCommentsDo(t *testing.T) {
	w := newWorld(t)
	to := w.commented()
	w.skips(&HideComments{Reason: "off-topic", Rules: []string{"style -- *"}, Before: w.time()}, to, "")
	same(t, w.hiddenComments(), any([]string{"", "OFF_TOPIC", "", "", "", ""}))
	step := &HideComments{Reason: "outdated", Before: w.time()}
	w.skips(step, to, "")
	w.skips(step, to, "there is no comment to hide")
	same(t, w.hiddenComments(), any([]string{"OUTDATED", "OFF_TOPIC", "OUTDATED", "", "", ""}))
}

// What the bot wrote after the rule was decided stays.
func TestHideCommentsLeavesNewOnes(t *testing.T) {
	w := newWorld(t)
	step := &HideComments{Reason: "outdated", Before: w.time()}
	w.pass(time.Minute)
	to := w.commented()
	w.skips(step, to, "there is no comment to hide")
	to = target("pull_request", w.openPull())
	w.skips(step, to, "there is no comment to hide")
}
