package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bellhop/rules"
)

func (s *sqliteStore) WritePlan(ctx context.Context, p Plan) error {
	decisions, err := encode(p.Decisions)
	if err != nil {
		return fmt.Errorf("write plan of visit %d: decision %w", p.Visit, err)
	}
	steps, err := encode(p.Steps)
	if err != nil {
		return fmt.Errorf("write plan of visit %d: step %w", p.Visit, err)
	}
	held, puts, at := maps.Clone(p.Memory.Held), slices.Clone(p.Memory.Put), toMicro(p.At)
	times, decided, wakes := maps.Clone(p.Memory.Times), rulesOf(p.Decisions), cloneTimers(p.Wakes)
	p.Decisions, p.Steps, p.Wakes = nil, nil, nil // the caller's
	return s.writer.do(ctx, func(b *batch) error {
		if changed, err := b.changeVisit(p.Visit, planVisit); err != nil || !changed {
			return err
		}
		for _, d := range decisions {
			if err := b.run(insertDecision, p.Visit, p.Subject, d, p.APICalls, p.Config, at); err != nil {
				return fmt.Errorf("write decision of visit %d: %w", p.Visit, err)
			}
		}
		for i, step := range steps {
			if err := b.run(insertStep, p.Visit, i, step, at); err != nil {
				return fmt.Errorf("write step %d of visit %d: %w", i, p.Visit, err)
			}
		}
		for rule, holds := range held {
			if err := b.run(saveHeld, p.Subject, rule, holds); err != nil {
				return fmt.Errorf("remember rule %q: %w", rule, err)
			}
		}
		if err := b.rememberTimes(p.Subject, times); err != nil {
			return err
		}
		if err := b.wake(p.Subject, decided, wakes); err != nil {
			return err
		}
		if err := b.run(forgetAllPuts, p.Subject); err != nil {
			return fmt.Errorf("forget what was put on %s: %w", p.Subject, err)
		}
		return b.remember(p.Subject, puts, false)
	})
}

// rulesOf names the rules that decisions are about.
func rulesOf(decisions []rules.Decision) []string {
	names := make([]string, len(decisions))
	for i, d := range decisions {
		names[i] = d.Rule
	}
	return names
}

// encode returns the JSON of each of list. It is done before the writer is asked: there everybody waits.
func encode[T any](list []T) ([]string, error) {
	texts := make([]string, len(list))
	for i, v := range list {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
		texts[i] = string(text)
	}
	return texts, nil
}

func (s *sqliteStore) Steps(ctx context.Context, visit int64) ([]Step, error) {
	list, err := s.steps(ctx, selectSteps, visit)
	if err != nil {
		return nil, fmt.Errorf("steps of visit %d: %w", visit, err)
	}
	return list, nil
}

func (s *sqliteStore) Did(ctx context.Context, subject string, since time.Time) ([]Step, error) {
	list, err := s.steps(ctx, selectDid, subject, MaxDid, toMicro(since))
	if err != nil {
		return nil, fmt.Errorf("steps done on %s: %w", subject, err)
	}
	return list, nil
}

func (s *sqliteStore) steps(ctx context.Context, query string, args ...any) ([]Step, error) {
	var list []Step
	err := s.query(ctx, query, func(r *sql.Rows) error {
		var t Step
		var text []byte
		var at int64
		if err := r.Scan(&t.ID, &t.Visit, &t.Seq, &text, &t.State, &t.Attempts, &t.URL, &t.Reason, &at); err != nil {
			return err
		}
		t.At = fromMicro(at)
		list = append(list, t)
		return json.Unmarshal(text, &list[len(list)-1].Step)
	}, args...)
	return list, err
}

func (s *sqliteStore) StepTried(ctx context.Context, step int64) error {
	return s.writer.do(ctx, func(b *batch) error {
		_, err := b.changeStep(step, tryStep)
		return err
	})
}

func (s *sqliteStore) FinishStep(ctx context.Context, subject string, t Step, r StepResult) error {
	if r.State != Done && r.State != Dead && r.State != Skipped {
		return fmt.Errorf("finish step %d: %q is not an end", t.ID, r.State)
	}
	id, rule, undo, puts := t.ID, t.Step.Rule, t.Step.Undo, append([]rules.Put(nil), t.Step.Put...)
	return s.writer.do(ctx, func(b *batch) error {
		changed, err := b.changeStep(id, finishStep, r.State, r.URL, r.Reason, toMicro(r.At))
		switch {
		case err != nil || !changed || r.State == Skipped && !undo:
			return err
		case r.State == Dead:
			return errors.Join(b.run(forgetHeld, subject, rule), b.run(forgetTimes, subject, rule))
		}
		return b.remember(subject, puts, undo)
	})
}

// changeStep is changeVisit for a step.
func (b *batch) changeStep(id int64, update string, args ...any) (changed bool, err error) {
	if changed, err = b.change(stepThere, id, update, args...); err != nil {
		return false, fmt.Errorf("change step %d: %w", id, err)
	}
	return changed, nil
}

func (s *sqliteStore) Decisions(ctx context.Context, subject string, n int) ([]Decision, error) {
	var list []Decision
	err := s.query(ctx, selectDecisions, func(r *sql.Rows) error {
		var d Decision
		var text []byte
		var at int64
		if err := r.Scan(&d.Visit, &d.Delivery, &d.Subject, &text, &d.APICalls, &d.Config, &at); err != nil {
			return err
		}
		d.At = fromMicro(at)
		list = append(list, d)
		return json.Unmarshal(text, &list[len(list)-1].Decision)
	}, subject, limit(n, 100))
	if err != nil {
		return nil, fmt.Errorf("decisions on %s: %w", subject, err)
	}
	return list, nil
}
