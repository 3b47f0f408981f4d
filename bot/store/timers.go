package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Timer is something to look at later: a subject with a rule on it, or a schedule of a repository.
type Timer struct {
	Subject      string
	Rule         string
	Kind         string // what it is for; there is one timer for each subject, rule and kind
	Installation int64
	RepositoryID int64
	Repository   string // "owner/name"
	Due          time.Time
	Data         []byte // what its owner needs when it rings
}

// Wake is the kind of the timers that are booked with a plan: when to look at a rule again on its subject.
const Wake = "wake"

// Repository is a repository that the bot was heard of in.
type Repository struct {
	ID           int64
	Installation int64
	FullName     string
	Data         []byte // JSON, of its owner's making
}

// Timers is the part of a Store that keeps time.
type Timers interface {
	// Book books timers, all of them or none. One of the same subject, rule and kind is replaced.
	Book(ctx context.Context, timers ...Timer) error
	// Cancel takes a timer away. One that is not there is no error.
	Cancel(ctx context.Context, subject, rule, kind string) error
	// Ring keeps d, as Keep does, takes t away and books next, in one piece. Where t is gone, or was booked for another time
	// since it was read, nothing happens and rung is false. It waits for its turn as long as ctx allows.
	Ring(ctx context.Context, t Timer, d *Delivery, next ...Timer) (rung bool, err error)
	// DueTimers lists timers that are due at now, the longest overdue first; 100 of them when limit is 0.
	DueTimers(ctx context.Context, now time.Time, limit int) ([]Timer, error)
	// NextTimer is the earliest time for which a timer is booked; zero when there is none.
	NextTimer(ctx context.Context) (time.Time, error)
	// TimersOn lists the timers of a subject, by rule and kind.
	TimersOn(ctx context.Context, subject string) ([]Timer, error)

	// SaveRepository remembers a repository, or what is new of it.
	SaveRepository(ctx context.Context, r Repository) error
	// Repositories lists those that are remembered, by ID: with an ID above after, 100 of them when limit is 0.
	Repositories(ctx context.Context, after int64, limit int) ([]Repository, error)
	// ForgetRepositories forgets repositories with the timers in them; with no IDs all of an installation.
	ForgetRepositories(ctx context.Context, installation int64, ids ...int64) error
}

func (s *sqliteStore) Book(ctx context.Context, timers ...Timer) error {
	timers = cloneTimers(timers)
	return s.writer.do(ctx, func(b *batch) error { return b.book(timers) })
}

// cloneTimers copies timers for the writer, which may come to them when their caller is gone.
func cloneTimers(timers []Timer) []Timer {
	timers = slices.Clone(timers)
	for i := range timers {
		timers[i].Data = slices.Clone(timers[i].Data)
	}
	return timers
}

func (b *batch) book(timers []Timer) error {
	for _, t := range timers {
		if err := b.run(saveTimer, t.Subject, t.Rule, t.Kind, t.Installation, t.RepositoryID, t.Repository, toMicro(t.Due), t.Data); err != nil {
			return fmt.Errorf("book %s of rule %q on %s: %w", t.Kind, t.Rule, t.Subject, err)
		}
	}
	return nil
}

func (s *sqliteStore) Cancel(ctx context.Context, subject, rule, kind string) error {
	return s.writer.do(ctx, func(b *batch) error { return b.run(deleteTimer, subject, rule, kind) })
}

func (s *sqliteStore) Ring(ctx context.Context, t Timer, d *Delivery, next ...Timer) (bool, error) {
	if d.GUID == "" {
		return false, errors.New("ring: the delivery has no GUID")
	}
	body, err := s.press.pack(d.Body)
	if err != nil {
		return false, fmt.Errorf("ring %s: %w", d.GUID, err)
	}
	k := &keeping{d: *d, body: body}
	k.d.Body = nil
	next, rung := cloneTimers(next), false
	j := &write{ctx: ctx, done: make(chan struct{})}
	j.do = func(b *batch) error {
		r, err := b.exec(ringTimer, t.Subject, t.Rule, t.Kind, toMicro(t.Due))
		if err != nil {
			return fmt.Errorf("ring %s: %w", d.GUID, err)
		}
		n, err := r.RowsAffected()
		if rung = n > 0; err != nil || !rung {
			return err
		}
		return errors.Join(k.do(b), b.book(next))
	}
	j.after = func() {
		if rung {
			s.count(k.known)
		}
	}
	if err := s.writer.send(j); err != nil {
		return false, err
	}
	if err := j.wait(); err != nil {
		return false, err
	}
	d.ID = k.id
	return rung, nil
}

func (s *sqliteStore) DueTimers(ctx context.Context, now time.Time, n int) ([]Timer, error) {
	return s.timers(ctx, selectDueTimers, toMicro(now), limit(n, 100))
}

func (s *sqliteStore) TimersOn(ctx context.Context, subject string) ([]Timer, error) {
	return s.timers(ctx, selectTimersOn, subject)
}

func (s *sqliteStore) timers(ctx context.Context, query string, args ...any) ([]Timer, error) {
	var list []Timer
	err := s.query(ctx, query, func(r *sql.Rows) error {
		var t Timer
		var due int64
		err := r.Scan(&t.Subject, &t.Rule, &t.Kind, &t.Installation, &t.RepositoryID, &t.Repository, &due, &t.Data)
		t.Due = fromMicro(due)
		list = append(list, t)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("list timers: %w", err)
	}
	return list, nil
}

func (s *sqliteStore) NextTimer(ctx context.Context) (time.Time, error) {
	var due int64
	if err := s.row(ctx, selectNextTimer, nil, &due); err != nil {
		return time.Time{}, fmt.Errorf("next timer: %w", err)
	}
	return fromMicro(due), nil
}

func (s *sqliteStore) SaveRepository(ctx context.Context, r Repository) error {
	r.Data = slices.Clone(r.Data)
	return s.writer.do(ctx, func(b *batch) error {
		return b.run(saveRepository, r.ID, r.Installation, r.FullName, r.Data)
	})
}

func (s *sqliteStore) Repositories(ctx context.Context, after int64, n int) ([]Repository, error) {
	var list []Repository
	err := s.query(ctx, selectRepositories, func(r *sql.Rows) error {
		var repo Repository
		err := r.Scan(&repo.ID, &repo.Installation, &repo.FullName, &repo.Data)
		list = append(list, repo)
		return err
	}, after, limit(n, 100))
	if err != nil {
		return nil, fmt.Errorf("list repositories: %w", err)
	}
	return list, nil
}

func (s *sqliteStore) ForgetRepositories(ctx context.Context, installation int64, ids ...int64) error {
	ids = slices.Clone(ids)
	return s.writer.do(ctx, func(b *batch) error {
		if len(ids) == 0 {
			return errors.Join(b.run(forgetAllApplied, installation), b.run(forgetInstallation, installation), b.run(forgetTimersOf, installation))
		}
		for _, id := range ids {
			if err := errors.Join(b.run(forgetApplied, id), b.run(forgetRepository, id), b.run(forgetTimersIn, id)); err != nil {
				return fmt.Errorf("forget repository %d: %w", id, err)
			}
		}
		return nil
	})
}

// wake books the wakes of a plan in place of those that its rules had on the subject.
func (b *batch) wake(subject string, rules []string, wakes []Timer) error {
	for _, rule := range rules {
		if err := b.run(deleteTimer, subject, rule, Wake); err != nil {
			return fmt.Errorf("cancel what rule %q was to wake for on %s: %w", rule, subject, err)
		}
	}
	return b.book(wakes)
}
