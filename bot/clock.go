package bot

import (
	"context"
	"fmt"
	"time"
)

const (
	// maxPutOff is further ahead than any visit is put off. One that is was put off by a clock that was wrong.
	maxPutOff = 24 * time.Hour
	// maxDrift is how much a clock may go back without being set: corrections of seconds are usual.
	maxDrift = time.Minute
)

// setBack tells whether the clock was set back since before.
func setBack(before, now time.Time) bool {
	// What the clock shows counts, not what has passed since.
	return now.Round(0).Before(before.Round(0).Add(-maxDrift))
}

// mindClock undoes what a clock that was ahead has left behind. What was put off to a time that no visit is put off to is
// looked at now. Where it shows that the clock was set back since before, the next times of schedules are reckoned anew.
//
// A clock that jumps forward needs nothing: what is due by it is done, each schedule once.
func (h *Host) mindClock(ctx context.Context, before, now time.Time) error {
	if setBack(before, now) {
		h.log.Warn("the clock was set back", "from", before, "to", now)
		h.scheduled.Clear()
		if err := h.resume(ctx); err != nil {
			return fmt.Errorf("book schedules: %w", err)
		}
	}
	far := now.Add(maxPutOff)
	if due, err := h.store.NextDue(ctx, far); err != nil || due.IsZero() {
		return err
	}
	n, err := h.store.Recall(ctx, now, far)
	if err != nil {
		return err
	}
	h.log.Warn("visits were put off by a clock that was ahead", "visits", n)
	return nil
}
