package actions

import (
	"testing"

	"bellhop/rules"
)

func TestEnqueuePlan(t *testing.T) {
	plans(t, []plan{
		{"open", &Enqueue{Yes: true, Jump: true}, pr(), &Enqueue{Yes: true, Jump: true, HeadSHA: sha}},
		{"draft", &Enqueue{Yes: true}, pr(func(f *rules.Facts) { f.Subject.Draft = true }), nil},
		{"closed", &Enqueue{Yes: true}, pr(closed), nil},
	})
}

func (w *world) queued(number int) bool {
	pr, _ := w.Issue("acme/app", number)
	return pr.Queued
}

func TestEnqueueDo(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	to := target("pull_request", number)
	step := &Enqueue{Yes: true, HeadSHA: w.head(number)}
	w.refuses(step, to, "enqueue: ") // no queue
	w.can(w.as("alice").UseMergeQueue(true))
	w.skips(step, to, "")
	w.skips(step, to, "it is in the merge queue already")
	same(t, w.queued(number), true)
	w.pushTo(topic, "more.txt")
	w.skips(step, to, "something was pushed after the rule was decided")
}
