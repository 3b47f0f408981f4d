package bot

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bellhop/bot/store"
)

const (
	// retentionInterval is how often it is looked for what is old.
	retentionInterval = time.Hour
	// retentionBatch is how many deliveries leave in one transaction, which those who keep deliveries wait for.
	retentionBatch = 100
	// retentionShare is how many times as long as a batch took the next one waits: ingest has the disk most of the time.
	retentionShare = 4
	// retentionRest is how long it waits at least.
	retentionRest = 20 * time.Millisecond
)

// RedeliveryTime is how long GitHub can be asked to send a delivery again: 3 days, and 7 on Enterprise Server. What the bot
// keeps of deliveries it keeps at least so long: by their GUIDs it knows those that come again.
// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
// https://docs.github.com/en/enterprise-server@3.17/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
const RedeliveryTime = 7 * 24 * time.Hour

// Keep says how long what has ended is kept. 0 is for ever.
type Keep struct {
	Done   time.Duration // deliveries that are done, with their decisions and steps; and what is remembered of subjects that ended
	Dead   time.Duration // those that were given up
	Bodies time.Duration // payloads of deliveries that are done
}

// RetentionOptions say what leaves from where.
type RetentionOptions struct {
	Store store.Expiry
	Keep  Keep
	Now   func() time.Time // time.Now when nil
	Log   *slog.Logger     // slog.Default when nil
}

// Retention lets old deliveries, decisions, steps and memory leave the store, a little at a time. The space that they leave is
// used again: the file stays as large as it was when most was in it.
type Retention struct {
	o    RetentionOptions
	last time.Time // when the clock was looked at
}

// NewRetention returns a retention that does nothing before Run.
func NewRetention(o RetentionOptions) *Retention {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Retention{o: o}
}

// Run makes a pass at once and then every hour, until ctx ends, and returns nil. What a pass could not do the next one does.
func (r *Retention) Run(ctx context.Context) error {
	for {
		if r.steady() {
			gone, err := r.Pass(ctx)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				r.o.Log.Error("retention paused", "err", err)
			case gone != Gone{}:
				r.o.Log.Info("retention", "deliveries", gone.Deliveries, "bodies", gone.Bodies, "subjects", gone.Subjects)
			}
		} else {
			r.o.Log.Warn("the clock was set forward: nothing leaves the store before it says so for an hour", "now", r.last)
		}
		if !sleep(ctx, retentionInterval) {
			return nil
		}
	}
}

// steady tells whether the clock went on since the last time as clocks do. One that was set forward, by mistake perhaps, is
// believed when it still says so an hour later. One that was set back does no harm: nothing leaves until it has caught up.
func (r *Retention) steady() bool {
	last := r.last
	r.last = r.o.Now().Round(0) // the time that the clock shows; what has passed since is another question
	return last.IsZero() || r.last.Sub(last) < 2*retentionInterval
}

// Gone is how much a pass took away.
type Gone struct{ Deliveries, Bodies, Subjects int }

// Pass takes away what is old by now, with pauses between batches.
func (r *Retention) Pass(ctx context.Context) (gone Gone, err error) {
	now, keep, s := r.o.Now(), r.o.Keep, r.o.Store
	done, dead, bodies := before(now, keep.Done), before(now, keep.Dead), before(now, keep.Bodies)
	gone.Deliveries, err = inBatches(ctx, func(after int64) (store.Expired, error) {
		return s.ExpireDeliveries(ctx, done, dead, after, retentionBatch)
	})
	if err != nil {
		return gone, fmt.Errorf("expire deliveries: %w", err)
	}
	gone.Bodies, err = inBatches(ctx, func(after int64) (store.Expired, error) {
		return s.ExpireBodies(ctx, bodies, after, retentionBatch)
	})
	if err != nil {
		return gone, fmt.Errorf("expire bodies: %w", err)
	}
	if done.IsZero() {
		return gone, nil
	}
	gone.Subjects, err = inBatches(ctx, func(int64) (store.Expired, error) {
		n, err := s.ExpireMemory(ctx, done, retentionBatch)
		return store.Expired{Gone: n, Next: int64(n)}, err // until there is none
	})
	if err != nil {
		return gone, fmt.Errorf("expire memory: %w", err)
	}
	return gone, nil
}

// before is the time before which things are older than keep; zero when they are kept for ever.
func before(now time.Time, keep time.Duration) time.Time {
	if keep == 0 {
		return time.Time{}
	}
	return now.Add(-keep)
}

// inBatches calls take until nothing follows, with pauses after those that took something.
func inBatches(ctx context.Context, take func(after int64) (store.Expired, error)) (gone int, err error) {
	for after := int64(0); ; {
		start := time.Now()
		e, err := take(after)
		gone += e.Gone
		if err != nil || e.Next == 0 {
			return gone, err
		}
		after = e.Next
		if e.Gone > 0 && !sleep(ctx, max(retentionRest, retentionShare*time.Since(start))) {
			return gone, ctx.Err()
		}
	}
}

// sleep waits for d, and is false when ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
