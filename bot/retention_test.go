package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bellhop/bot/store"
)

// expiring is a store.Expiry that notes when a pass begins, and for which times.
type expiring struct {
	mu     sync.Mutex
	now    func() time.Time
	passes []time.Time // of the clock
	done   []time.Time
	err    error
}

func (e *expiring) ExpireDeliveries(_ context.Context, done, dead time.Time, after int64, _ int) (store.Expired, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if after == 0 {
		e.passes, e.done = append(e.passes, e.now()), append(e.done, done)
	}
	if after < 300 {
		return store.Expired{Gone: 100, Next: after + 100}, e.err
	}
	return store.Expired{}, e.err
}

// seen is what was noted so far.
func (e *expiring) seen() (passes, done []time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.passes), slices.Clone(e.done)
}

func (e *expiring) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

func (e *expiring) ExpireBodies(context.Context, time.Time, int64, int) (store.Expired, error) {
	return store.Expired{}, nil
}
func (e *expiring) End(context.Context, time.Time, ...string) error { return nil }
func (e *expiring) Reopen(context.Context, ...string) error         { return nil }
func (e *expiring) ExpireMemory(context.Context, time.Time, int) (int, error) {
	return 0, nil
}

// TestRetentionClock sets the clock forward and back under a retention that runs.
func TestRetentionClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var offset atomic.Int64
		begin := time.Now()
		clock := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		e := &expiring{now: func() time.Time { return time.Now() }}
		r := NewRetention(RetentionOptions{Store: e, Keep: Keep{Done: 30 * 24 * time.Hour}, Now: clock, Log: slog.New(slog.DiscardHandler)})
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		hours := func(n time.Duration) { time.Sleep(n*time.Hour + time.Minute); synctest.Wait() }

		hours(0)
		passes, _ := e.seen()
		if len(passes) != 1 {
			t.Fatalf("%d passes at start, want 1", len(passes))
		}
		if took := time.Since(begin); took < 3*retentionRest {
			t.Errorf("the batches of a pass took %s: they are not spaced out", took)
		}
		hours(1)
		if passes, _ = e.seen(); len(passes) != 2 {
			t.Fatalf("%d passes after an hour, want 2", len(passes))
		}
		const year = int64(365 * 24 * time.Hour)
		offset.Store(year) // ahead
		hours(1)
		if passes, _ = e.seen(); len(passes) != 2 {
			t.Errorf("a clock that jumped is believed at once")
		}
		offset.Store(0) // a mistake
		hours(1)
		if _, done := e.seen(); len(done) != 3 || done[2].After(begin) {
			t.Errorf("passes for %v: the mistake was believed", done)
		}
		offset.Store(year) // this time it stays so
		hours(1)
		hours(1)
		if _, done := e.seen(); len(done) != 4 || done[3].Before(begin) {
			t.Errorf("passes for %v: a clock that stays ahead is not believed", done)
		}
		e.fail(errors.New("the disk is full"))
		hours(1)
		e.fail(nil)
		hours(1)
		if passes, _ = e.seen(); len(passes) != 6 {
			t.Errorf("%d passes: a failure ended it", len(passes))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestKeepSettings(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name, storage string
		want          Keep
	}{
		{"defaults", "", Keep{Done: 30 * day, Dead: 90 * day, Bodies: 7 * day}},
		{"for ever", "keep = 'forever'\nkeep_bodies = 'forever'", Keep{}},
		{"bodies leave with their deliveries", "keep = '7d'\nkeep_bodies = 'forever'", Keep{Done: 7 * day, Dead: 90 * day, Bodies: 7 * day}},
		{"bodies of a day", "keep_bodies = '24h'", Keep{Done: 30 * day, Dead: 90 * day, Bodies: day}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := load(folder(t, map[string]string{"bot.toml": least + "\n[storage]\n" + tt.storage}), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if s.Keep != tt.want {
				t.Errorf("got %+v, want %+v", s.Keep, tt.want)
			}
		})
	}
}

// TestEndOf tells which visits end their subject.
func TestEndOf(t *testing.T) {
	for _, tt := range []struct {
		event, activity, subject string
		want                     lifetime
	}{
		{"issues", "closed", "12#7", over},
		{"issues", "transferred", "12#7", over},
		{"issues", "reopened", "12#7", open},
		{"pull_request", "closed", "12#7", over},
		{"pull_request", "synchronize", "12#7", goesOn},
		{"discussion", "deleted", "12#7", over},
		{"discussion", "answered", "12#7", goesOn},
		{"issue_comment", "deleted", "12#7", goesOn},
		{"check_run", "completed", "12!6dcb09b", brief},
		{"check_run", "completed", "12#7", goesOn},
		{"merge_group", "checks_requested", "12@refs/heads/gh-readonly-queue/main/pr-1", brief},
		{"delete", "", "12@refs/heads/feature", over},
		{"create", "", "12@refs/heads/feature", open},
		{"push", "", "12@refs/heads/feature", goesOn},
		{"milestone", "closed", "12", goesOn},
		{"issues", "closed", "", goesOn},
	} {
		if got := endOf(store.Visit{Event: tt.event, Activity: tt.activity, Subject: tt.subject}); got != tt.want {
			t.Errorf("%s.%s on %s: %d, want %d", tt.event, tt.activity, tt.subject, got, tt.want)
		}
	}
}
