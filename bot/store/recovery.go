package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Recovered is the Source of a delivery that was not received, but asked for afterwards. Its Received is when GitHub sent it
// first, by this machine's clock.
const Recovered = "recovered"

// Recovery is the part of a Store that helps to find what was missed, and to try again what was given up.
type Recovery interface {
	// Unknown lists those of guids that no delivery here has, in their order.
	Unknown(ctx context.Context, guids []string) ([]string, error)
	// NewestOn is when the newest delivery was received that has a plan on a subject; zero when none has.
	NewestOn(ctx context.Context, subject string) (time.Time, error)
	// DecisionsOf lists the decisions of a visit, in order.
	DecisionsOf(ctx context.Context, visit int64) ([]Decision, error)
	// Revive makes dead visits of a delivery wait again, with no attempt counted, and with them dead or skipped steps of theirs.
	// held are rules that count again as ones that held, on the subject of the visit, unless they were decided meanwhile.
	// What is not dead stays as it is.
	Revive(ctx context.Context, again ...Revival) error

	// Mark returns what SaveMark kept under a name, or ErrNotFound.
	Mark(ctx context.Context, name string) ([]byte, error)
	// SaveMark keeps data under a name, in place of what was there.
	SaveMark(ctx context.Context, name string, data []byte) error
}

// Revival is a dead visit that is to be tried again.
type Revival struct {
	Visit   int64
	Subject string
	Steps   []int64  // dead or skipped ones that are to be done after all
	Held    []string // rules
}

func (s *sqliteStore) Unknown(ctx context.Context, guids []string) ([]string, error) {
	var unknown []string
	for _, guid := range guids {
		var id int64
		err := s.reads[selectKnown].QueryRowContext(ctx, guid).Scan(&id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			unknown = append(unknown, guid)
		case err != nil:
			return nil, fmt.Errorf("look for delivery %s: %w", guid, err)
		}
	}
	return unknown, nil
}

func (s *sqliteStore) NewestOn(ctx context.Context, subject string) (time.Time, error) {
	var at int64
	if err := s.reads[selectNewestOn].QueryRowContext(ctx, subject).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("newest delivery on %s: %w", subject, err)
	}
	return fromMicro(at), nil
}

func (s *sqliteStore) Revive(ctx context.Context, again ...Revival) error {
	again = slices.Clone(again)
	for i := range again {
		again[i].Steps, again[i].Held = slices.Clone(again[i].Steps), slices.Clone(again[i].Held)
	}
	return s.writer.do(ctx, func(b *batch) error {
		for _, r := range again {
			changed, err := b.changeVisit(r.Visit, reviveVisit)
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			for _, id := range r.Steps {
				if err := b.run(reviveStep, id, r.Visit); err != nil {
					return fmt.Errorf("revive step %d: %w", id, err)
				}
			}
			for _, rule := range r.Held {
				if err := b.run(holdAgain, r.Subject, rule); err != nil {
					return fmt.Errorf("revive rule %q: %w", rule, err)
				}
			}
		}
		return nil
	})
}

func (s *sqliteStore) Mark(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	if err := s.reads[selectMark].QueryRowContext(ctx, name).Scan(&data); err != nil {
		return nil, fmt.Errorf("mark %s: %w", name, notFound(err))
	}
	return data, nil
}

func (s *sqliteStore) SaveMark(ctx context.Context, name string, data []byte) error {
	data = slices.Clone(data)
	return s.writer.do(ctx, func(b *batch) error { return b.run(saveMark, name, data) })
}
