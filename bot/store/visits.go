package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

func (s *sqliteStore) Due(ctx context.Context, now time.Time, after int64, n int) ([]Visit, error) {
	return s.visits(ctx, selectDue, toMicro(now), after, limit(n, 100))
}

func (s *sqliteStore) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	var at int64
	if err := s.row(ctx, selectNextDue, []any{toMicro(now)}, &at); err != nil {
		return time.Time{}, fmt.Errorf("next due visit: %w", err)
	}
	return fromMicro(at), nil
}

func (s *sqliteStore) WaitingOn(ctx context.Context, subject string) ([]Visit, error) {
	return s.visits(ctx, selectWaiting, subject, MaxWaitingOn)
}

func (s *sqliteStore) VisitsOf(ctx context.Context, delivery int64) ([]Visit, error) {
	return s.visits(ctx, selectVisits, delivery)
}

func (s *sqliteStore) visits(ctx context.Context, query string, args ...any) ([]Visit, error) {
	var list []Visit
	err := s.query(ctx, query, func(r *sql.Rows) error {
		var v Visit
		var at, received int64
		err := r.Scan(&v.ID, &v.DeliveryID, &v.Subject, &v.Installation, &v.RepositoryID, &v.Event, &v.Activity, &v.State, &v.Attempts, &at, &v.Reason, &v.Planned, &received, &v.Source)
		v.NotBefore, v.Received = fromMicro(at), fromMicro(received)
		list = append(list, v)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("list visits: %w", err)
	}
	return list, nil
}

func (s *sqliteStore) FanOut(ctx context.Context, v Visit, subjects []string) error {
	if slices.Contains(subjects, v.Subject) {
		return fmt.Errorf("fan out visit %d: %s is its own subject", v.ID, v.Subject)
	}
	subjects = slices.Clone(subjects)
	return s.writer.do(ctx, func(b *batch) error {
		if changed, err := b.changeVisit(v.ID, finishVisit, Done, ""); err != nil || !changed {
			return err
		}
		for _, subject := range subjects {
			if err := b.run(insertVisit, v.DeliveryID, subject, v.Installation, v.RepositoryID); err != nil {
				return fmt.Errorf("fan out visit %d to %s: %w", v.ID, subject, err)
			}
		}
		return nil
	})
}

func (s *sqliteStore) Finish(ctx context.Context, state State, reason string, visits ...int64) error {
	if state != Done && state != Dead {
		return fmt.Errorf("finish visits: %q is not an end", state)
	}
	visits = slices.Clone(visits)
	return s.writer.do(ctx, func(b *batch) error {
		for _, id := range visits {
			if _, err := b.changeVisit(id, finishVisit, state, reason); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *sqliteStore) Retry(ctx context.Context, visit int64, at time.Time, reason string) error {
	return s.putOff(ctx, retryVisit, visit, at, reason)
}

func (s *sqliteStore) PutOff(ctx context.Context, visit int64, at time.Time, reason string) error {
	return s.putOff(ctx, putOffVisit, visit, at, reason)
}

func (s *sqliteStore) putOff(ctx context.Context, update string, visit int64, at time.Time, reason string) error {
	return s.writer.do(ctx, func(b *batch) error {
		_, err := b.changeVisit(visit, update, toMicro(at), reason)
		return err
	})
}

func (s *sqliteStore) Recall(ctx context.Context, now, far time.Time) (int, error) {
	var n int64
	err := s.writer.do(ctx, func(b *batch) error {
		r, err := b.exec(recallVisits, toMicro(now), toMicro(far))
		if err != nil {
			return fmt.Errorf("recall visits: %w", err)
		}
		n, err = r.RowsAffected()
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// changeVisit runs an update of a visit that waits, whose last parameter is its ID. It changes nothing when the visit ended.
func (b *batch) changeVisit(id int64, update string, args ...any) (changed bool, err error) {
	if changed, err = b.change(visitThere, id, update, args...); err != nil {
		return false, fmt.Errorf("change visit %d: %w", id, err)
	}
	return changed, nil
}
