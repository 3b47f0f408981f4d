package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bellhop/rules"
)

// SpentSpan is how far back Spent tells what was done.
const SpentSpan = time.Hour

// Spending is how many actions were done in a repository in one minute.
type Spending struct {
	Minute  time.Time // its beginning
	Actions int
}

func (s *sqliteStore) Spent(ctx context.Context, repository int64, now time.Time) ([]Spending, error) {
	var list []Spending
	err := s.query(ctx, selectSpent, func(r *sql.Rows) error {
		var minute int64
		var p Spending
		err := r.Scan(&minute, &p.Actions)
		p.Minute = fromMicro(minute)
		list = append(list, p)
		return err
	}, repository, minuteOf(now.Add(-SpentSpan)))
	if err != nil {
		return nil, fmt.Errorf("actions spent in repository %d: %w", repository, err)
	}
	return list, nil
}

// minuteOf is the beginning of the minute that t is in.
func minuteOf(t time.Time) int64 { return toMicro(t.UTC().Truncate(time.Minute)) }

// spend counts the action of a step, and forgets those that are too old to count.
func (b *batch) spend(step int64, at time.Time) error {
	err := errors.Join(b.run(forgetSpent, step, minuteOf(at.Add(-SpentSpan))), b.run(spend, step, minuteOf(at)))
	if err != nil {
		return fmt.Errorf("count the action of step %d: %w", step, err)
	}
	return nil
}

// rememberActs notes how often rules did something on subject.
func (b *batch) rememberActs(subject string, acts map[string]rules.Acts) error {
	for rule, a := range acts {
		if err := b.run(saveActs, subject, rule, a.Text, toMicro(a.Since), a.Count, toMicro(a.Until)); err != nil {
			return fmt.Errorf("remember the acts of rule %q on %s: %w", rule, subject, err)
		}
	}
	return nil
}
