package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Expiry is the part of a Store that lets go of what is old. Each call does a little, so that others who write need not wait
// long; the caller goes on from where it ended, with pauses. What waits never leaves.
type Expiry interface {
	// ExpireDeliveries looks at deliveries with an ID above after, limit of them (100 when 0), and takes away those that are
	// done and were received before done, and those that are dead and were received before dead: with their bodies, visits,
	// decisions and steps. A zero time takes nothing away.
	ExpireDeliveries(ctx context.Context, done, dead time.Time, after int64, limit int) (Expired, error)
	// ExpireBodies does so with the bodies alone, of deliveries that are done. What is read of such a delivery has no Body.
	ExpireBodies(ctx context.Context, done time.Time, after int64, limit int) (Expired, error)
	// End notes that subjects have come to their end: closed, deleted. One that ended before keeps the earlier time.
	End(ctx context.Context, at time.Time, subjects ...string) error
	// Reopen takes that back.
	Reopen(ctx context.Context, subjects ...string) error
	// ExpireMemory forgets what is remembered of subjects that ended before a time, no more than limit of them (100 when 0),
	// and returns how many they were. A subject of which a delivery or a timer is left stays.
	ExpireMemory(ctx context.Context, before time.Time, limit int) (gone int, err error)
}

// Expired is what a call took away.
type Expired struct {
	Gone int
	// Next is the ID after which to go on; 0 when all that follows is too young.
	Next int64
}

func (s *sqliteStore) ExpireDeliveries(ctx context.Context, done, dead time.Time, after int64, n int) (Expired, error) {
	return s.expire(ctx, selectOld, expireDelivery, map[State]time.Time{Done: done, Dead: dead}, after, limit(n, 100), s.uncount)
}

func (s *sqliteStore) ExpireBodies(ctx context.Context, done time.Time, after int64, n int) (Expired, error) {
	return s.expire(ctx, selectOldBodies, expireBody, map[State]time.Time{Done: done}, after, limit(n, 100), func(int) {})
}

func (s *sqliteStore) uncount(gone int) { s.deliveries.Add(int64(-gone)) }

// expire looks for what is older than the time of its state, outside of the writer, and has the writer take it away unless it
// waits by then.
func (s *sqliteStore) expire(ctx context.Context, look, take string, before map[State]time.Time, after int64, n int, gone func(int)) (Expired, error) {
	// IDs grow as time does, but for a clock that was set: what was received after the newest was received with another clock,
	// and does not tell that all behind it is young.
	var newest int64
	if err := s.row(ctx, selectNewest, nil, &newest); err != nil {
		if notFound(err) == ErrNotFound {
			return Expired{}, nil
		}
		return Expired{}, fmt.Errorf("look for what is old: %w", err)
	}
	var (
		old         []int64
		last, seen  int64
		rows, young int
	)
	err := s.query(ctx, look, func(r *sql.Rows) error {
		var received int64
		var state State
		if err := r.Scan(&seen, &received, &state); err != nil {
			return err
		}
		rows, last = rows+1, seen
		if received < toMicro(before[state]) {
			old = append(old, seen)
		} else if received >= toMicro(latest(before)) && received <= newest {
			young++
		}
		return nil
	}, after, n)
	if err != nil {
		return Expired{}, fmt.Errorf("look for what is old: %w", err)
	}
	e := Expired{}
	if rows == n && young < n {
		e.Next = last
	}
	if len(old) == 0 {
		return e, nil
	}
	var taken int
	j := &write{ctx: ctx, done: make(chan struct{})}
	j.do = func(b *batch) error {
		taken = 0
		for _, id := range old {
			r, err := b.exec(take, id)
			if err != nil {
				return fmt.Errorf("take delivery %d away: %w", id, err)
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			taken += int(n)
		}
		return nil
	}
	j.after = func() { gone(taken) }
	if err := s.writer.send(j); err != nil {
		return Expired{}, err
	}
	if err := j.wait(); err != nil {
		return Expired{}, err
	}
	e.Gone = taken
	return e, nil
}

// latest is the last of times.
func latest(times map[State]time.Time) (last time.Time) {
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func (s *sqliteStore) End(ctx context.Context, at time.Time, subjects ...string) error {
	subjects = slices.Clone(subjects)
	return s.writer.do(ctx, func(b *batch) error {
		for _, subject := range subjects {
			if err := b.run(endSubject, subject, toMicro(at)); err != nil {
				return fmt.Errorf("note the end of %s: %w", subject, err)
			}
		}
		return nil
	})
}

func (s *sqliteStore) Reopen(ctx context.Context, subjects ...string) error {
	subjects = slices.Clone(subjects)
	return s.writer.do(ctx, func(b *batch) error {
		for _, subject := range subjects {
			if err := b.run(reviveSubject, subject); err != nil {
				return fmt.Errorf("note that %s is open again: %w", subject, err)
			}
		}
		return nil
	})
}

func (s *sqliteStore) ExpireMemory(ctx context.Context, before time.Time, n int) (int, error) {
	var subjects []string
	err := s.query(ctx, selectEnded, func(r *sql.Rows) error {
		var subject string
		err := r.Scan(&subject)
		subjects = append(subjects, subject)
		return err
	}, toMicro(before), limit(n, 100))
	if err != nil || len(subjects) == 0 {
		return 0, err
	}
	gone := 0
	err = s.writer.do(ctx, func(b *batch) error {
		gone = 0
		for _, subject := range subjects {
			forgotten, err := b.forgetEnded(subject, toMicro(before))
			if err != nil {
				return fmt.Errorf("forget %s: %w", subject, err)
			}
			if forgotten {
				gone++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return gone, nil
}

// forgetEnded forgets a subject, unless something was heard of it since it was found.
func (b *batch) forgetEnded(subject string, before int64) (bool, error) {
	r, err := b.exec(takeEnded, subject, before)
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	for _, q := range []string{forgetAllHeld, forgetAllPuts, forgetAllTimes} {
		if err := b.run(q, subject); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *sqliteStore) Writable(ctx context.Context) error {
	return s.writer.do(ctx, func(b *batch) error { return b.run(beat) })
}
