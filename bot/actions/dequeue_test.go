package actions

import "testing"

func TestDequeuePlan(t *testing.T) {
	plans(t, []plan{
		{"open", &Dequeue{Yes: true}, pr(), &Dequeue{Yes: true}},
		{"closed", &Dequeue{Yes: true}, pr(closed), nil},
	})
}

func TestDequeueDo(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	to := target("pull_request", number)
	w.can(w.as("alice").UseMergeQueue(true))
	w.skips(&Dequeue{Yes: true}, to, "it is not in the merge queue")
	_, err := w.as("alice").Enqueue(number)
	w.can(err)
	w.skips(&Dequeue{Yes: true}, to, "")
	same(t, w.queued(number), false)
	w.skips(&Dequeue{Yes: true}, to, "it is not in the merge queue")
}
