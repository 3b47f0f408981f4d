package bot

import (
	"context"
	"slices"
	"testing"
	"time"

	"bellhop/bot/store"
)

func TestHeads(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	h := newHeads(func() time.Time { return now })
	see := func(id int64, event, activity string) {
		h.see(store.Visit{ID: id, RepositoryID: 7, Event: event, Activity: activity})
	}
	of := headOf{7, "abc"}
	known := func(what string, visit int64, want bool) {
		t.Helper()
		pulls, ok, keep := h.find(t.Context(), of, visit)
		if ok != want || ok && !slices.Equal(pulls, []int{5}) {
			t.Errorf("%s: known %v %v, want %v", what, pulls, ok, want)
		}
		if !ok {
			keep([]int{5})
		}
	}
	see(1, "check_run", "created")
	known("at first", 1, false)
	known("after", 1, true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, _ := h.find(ended, of, 2); ok {
		t.Error("known before it was dispatched")
	}
	found := make(chan bool)
	go func() {
		_, ok, _ := h.find(t.Context(), of, 2)
		found <- ok
	}()
	see(2, "pull_request", "labeled")
	if !<-found {
		t.Error("not known once it was dispatched")
	}
	known("labeled", 2, true)
	see(3, "pull_request", "synchronize")
	known("moved", 3, false)
	known("moved before", 3, true)
	h.see(store.Visit{ID: 4, RepositoryID: 8, Event: "pull_request", Activity: "opened"})
	known("moved elsewhere", 4, true)
	now = now.Add(headsFresh)
	known("old", 4, false)

	// A pull request that comes while GitHub is asked may be missing in the answer.
	now = now.Add(headsFresh)
	_, _, keep := h.find(t.Context(), of, 4)
	see(5, "pull_request", "opened")
	keep(nil)
	known("asked before it came", 5, false)

	for i := range maxHeads + 1 {
		_, _, keep := h.find(t.Context(), headOf{int64(i), "x"}, 5)
		keep(nil)
	}
	if len(h.known) > maxHeads {
		t.Errorf("%d are remembered", len(h.known))
	}
}
