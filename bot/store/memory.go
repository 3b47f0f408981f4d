package store

import (
	"context"
	"database/sql"
	"fmt"

	"bellhop/rules"
)

func (s *sqliteStore) Memory(ctx context.Context, subject string) (rules.Memory, error) {
	var m rules.Memory
	err := s.query(ctx, selectMemory, func(r *sql.Rows) error {
		var p rules.Put
		var holds int
		if err := r.Scan(&p.Rule, &p.Kind, &p.Key, &holds); err != nil {
			return err
		}
		if holds < 0 {
			m.Put = append(m.Put, p)
			return nil
		}
		if m.Held == nil {
			m.Held = map[string]bool{}
		}
		m.Held[p.Rule] = holds == 1
		return nil
	}, subject)
	if err != nil {
		return rules.Memory{}, fmt.Errorf("memory of %s: %w", subject, err)
	}
	err = s.query(ctx, selectTimes, func(r *sql.Rows) error {
		var rule, head string
		var since, fired int64
		if err := r.Scan(&rule, &since, &fired, &head); err != nil {
			return err
		}
		if m.Times == nil {
			m.Times = map[string]rules.Times{}
		}
		m.Times[rule] = rules.Times{Since: fromMicro(since), Fired: fromMicro(fired), Head: head}
		return nil
	}, subject)
	if err != nil {
		return rules.Memory{}, fmt.Errorf("times of %s: %w", subject, err)
	}
	err = s.query(ctx, selectActs, func(r *sql.Rows) error {
		var rule string
		var a rules.Acts
		var since, until int64
		if err := r.Scan(&rule, &a.Text, &since, &a.Count, &until); err != nil {
			return err
		}
		if m.Acts == nil {
			m.Acts = map[string]rules.Acts{}
		}
		a.Since, a.Until = fromMicro(since), fromMicro(until)
		m.Acts[rule] = a
		return nil
	}, subject)
	if err != nil {
		return rules.Memory{}, fmt.Errorf("acts of rules on %s: %w", subject, err)
	}
	return m, nil
}

// rememberTimes notes the times of rules on subject. Times that say nothing take no row.
func (b *batch) rememberTimes(subject string, times map[string]rules.Times) error {
	for rule, t := range times {
		err := b.run(forgetTimes, subject, rule)
		if err == nil && t != (rules.Times{}) {
			err = b.run(saveTimes, subject, rule, toMicro(t.Since), toMicro(t.Fired), t.Head)
		}
		if err != nil {
			return fmt.Errorf("remember the times of rule %q on %s: %w", rule, subject, err)
		}
	}
	return nil
}

// remember notes that puts were put on subject, or taken back.
func (b *batch) remember(subject string, puts []rules.Put, undo bool) error {
	query := insertPut
	if undo {
		query = deletePut
	}
	for _, p := range puts {
		if err := b.run(query, subject, p.Rule, p.Kind, p.Key); err != nil {
			return fmt.Errorf("remember %s %q on %s: %w", p.Kind, p.Key, subject, err)
		}
	}
	return nil
}

func (s *sqliteStore) ForgetPut(ctx context.Context, subject, kind, key string) error {
	return s.writer.do(ctx, func(b *batch) error { return b.run(forgetPuts, subject, kind, key) })
}
