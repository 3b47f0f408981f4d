package bot

import (
	"context"
	"sync"
	"time"

	"bellhop/bot/store"
)

const (
	// headsFresh is how long an answer is believed without a word from GitHub: the webhook that says otherwise may be lost.
	headsFresh = 15 * time.Minute
	// dispatchTime is how long a visit waits for the dispatcher to come to it. It is a little behind when much comes in.
	dispatchTime = 2 * time.Second
	// maxHeads is how many answers are remembered.
	maxHeads = 1000
)

// heads remembers for a while which open pull requests have a commit as their head, so that a commit with forty checks is asked
// for once. What is known of a repository is dropped when the dispatcher sees that one of its pull requests came, went or moved;
// and it counts only for visits that the dispatcher has seen, since only then has it seen all that was received before them.
type heads struct {
	now func() time.Time

	mu    sync.Mutex
	seen  int64           // the newest visit that was dispatched
	more  chan struct{}   // closed when there is a newer one; nil while nobody waits
	moved map[int64]int64 // repository → the newest visit in which a pull request came, went or moved
	known map[headOf]headFound
}

type headOf struct {
	repository int64
	sha        string
}

type headFound struct {
	pulls []int
	at    time.Time
	moved int64 // moved of its repository when it was asked for
}

func newHeads(now func() time.Time) *heads {
	return &heads{now: now, moved: map[int64]int64{}, known: map[headOf]headFound{}}
}

// see takes note of a visit that is dispatched, in the order of their IDs or again from the start.
func (h *heads) see(v store.Visit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.ID > h.seen {
		h.seen = v.ID
		if h.more != nil {
			close(h.more)
			h.more = nil
		}
	}
	if v.Event != "pull_request" {
		return
	}
	switch v.Activity {
	case "opened", "reopened", "closed", "synchronize", "edited":
		h.moved[v.RepositoryID] = max(h.moved[v.RepositoryID], v.ID)
	}
}

// dispatched waits until a visit was dispatched, and all before it.
func (h *heads) dispatched(ctx context.Context, visit int64) {
	ctx, cancel := context.WithTimeout(ctx, dispatchTime)
	defer cancel()
	for {
		h.mu.Lock()
		if h.seen >= visit {
			h.mu.Unlock()
			return
		}
		if h.more == nil {
			h.more = make(chan struct{})
		}
		more := h.more
		h.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

// find returns what is known of a commit; else keep, which is to be told what was found.
func (h *heads) find(ctx context.Context, of headOf, visit int64) (pulls []int, ok bool, keep func(pulls []int)) {
	h.dispatched(ctx, visit)
	h.mu.Lock()
	defer h.mu.Unlock()
	moved, now := h.moved[of.repository], h.now()
	if k, found := h.known[of]; found && visit <= h.seen && k.moved == moved && now.Sub(k.at) < headsFresh {
		return k.pulls, true, nil
	}
	return nil, false, func(pulls []int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.known) >= maxHeads {
			clear(h.known)
		}
		h.known[of] = headFound{pulls, now, moved}
	}
}
