package bot

import (
	"context"
	"fmt"
	"time"

	"bellhop/bot/queue"
	"bellhop/bot/store"
)

const (
	// batch is how many visits the dispatcher takes at once.
	batch = 1000
	// sweep is how often it looks at everything that waits, from the start: whatever fell out of the queue is found again.
	sweep = time.Minute
	// readAgain is how long it waits when the store cannot be read.
	readAgain = time.Second
	// workAgain is how long it waits before it sweeps when a worker met a store that could not be written or read.
	workAgain = 5 * time.Second
)

// dispatch tails the store for visits that may be done and wakes their subjects. A visit that no rule listens to ends here:
// most deliveries do, at the cost of a map look-up.
func (h *Host) dispatch(ctx context.Context) error {
	var (
		after int64     // the last visit seen in this sweep
		swept time.Time // when this sweep began
		next  time.Time // when the next one begins
	)
	for {
		changed := h.store.Changed() // before looking, so that no write is missed
		if at := h.now().Add(workAgain); h.stumbled.Swap(false) && at.Before(next) {
			next = at
		}
		var err error
		if now := h.now(); !now.Before(next) || setBack(swept, now) {
			err = h.mindClock(ctx, swept, now)
			after, swept, next = 0, now, now.Add(sweep)
		}
		last := after
		if err == nil {
			err = h.ring(ctx)
		}
		if err == nil {
			last, err = h.dispatchBatch(ctx, after)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := readAgain
		if err != nil {
			h.log.Error("dispatching paused", "err", err)
		} else if next = h.nextSweep(ctx, swept, next); last > after {
			after = last
			continue
		} else {
			wait = next.Sub(h.now())
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-h.poked:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// nextSweep is the earlier of next and the time at which a visit that was put off comes due: it may stand before what was
// seen last. It looks at all that comes due after the sweep under way began, not after now, which may be later already.
func (h *Host) nextSweep(ctx context.Context, swept, next time.Time) time.Time {
	due, err := h.store.NextDue(ctx, swept)
	if err == nil && !due.IsZero() && due.Before(next) {
		next = due
	}
	if due, err = h.store.NextTimer(ctx); err == nil && !due.IsZero() && due.Before(next) {
		next = due
	}
	return next
}

// dispatchBatch handles the visits above after and returns the last one's ID, or after when there are none.
func (h *Host) dispatchBatch(ctx context.Context, after int64) (int64, error) {
	visits, err := h.store.Due(ctx, h.now(), after, batch)
	if err != nil {
		return after, fmt.Errorf("list what is due: %w", err)
	}
	if err := h.noteEnds(ctx, visits); err != nil {
		return 0, err
	}
	var unheard []int64
	var jobs []queue.Job
	for _, v := range visits {
		h.rosters.hear(v.Installation, v.Event)
		h.heads.see(v)
		if h.unheard(v) {
			unheard = append(unheard, v.ID)
		} else {
			jobs = append(jobs, queue.Job{Subject: v.Subject, Installation: v.Installation})
		}
		after = v.ID
	}
	if len(jobs) > 0 {
		if err := h.queue.Wake(ctx, jobs); err != nil {
			return 0, fmt.Errorf("wake: %w", err)
		}
	}
	if len(unheard) > 0 {
		if err := h.store.Finish(ctx, store.Done, "", unheard...); err != nil {
			return 0, fmt.Errorf("finish what no rule hears: %w", err)
		}
	}
	return after, nil
}

// unheard tells whether v can end without a look at its delivery. The bot itself listens to pushes and changed repositories,
// which may change the rules, to labels that people put or take, and to its installations.
func (h *Host) unheard(v store.Visit) bool {
	if v.Planned || v.Attempts > 0 {
		return false
	}
	switch v.Event {
	case "push", "repository", "installation", "installation_repositories", reapplyEvent:
		return false
	}
	if v.Activity == "labeled" || v.Activity == "unlabeled" {
		return false
	}
	return !h.configs.hears(v.RepositoryID, v.Event, v.Activity)
}
