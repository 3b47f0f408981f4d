package bot

import (
	"context"
	"fmt"
	"slices"

	"bellhop/bot/queue"
	"bellhop/bot/store"
)

// Revive has a dead delivery tried again: GitHub sent it once more, which it does only when a person asks for it. It tells whether
// there is anything to try.
//
// Where nothing was decided yet it is decided now. Else its plan stays: what failed for good is done again, with what was skipped
// because of that, and what was done is not. A rule about state that was decided anew since then had its chance, so its part of the
// plan is left; a moment, such as a comment, has no other.
func (h *Host) Revive(ctx context.Context, delivery int64) (bool, error) {
	visits, err := h.store.VisitsOf(ctx, delivery)
	if err != nil {
		return false, err
	}
	var again []store.Revival
	var jobs []queue.Job
	for _, v := range visits {
		if v.State != store.Dead {
			continue
		}
		r := store.Revival{Visit: v.ID, Subject: v.Subject}
		if v.Planned {
			if r.Steps, r.Held, err = h.undone(ctx, v); err != nil {
				return false, err
			}
			if len(r.Steps) == 0 {
				continue
			}
		}
		again = append(again, r)
		jobs = append(jobs, queue.Job{Subject: v.Subject, Installation: v.Installation})
	}
	if len(again) == 0 {
		return false, nil
	}
	if err := h.store.Revive(ctx, again...); err != nil {
		return false, fmt.Errorf("revive delivery %d: %w", delivery, err)
	}
	// The dispatcher may be past these visits; its next sweep finds them where this fails.
	if err := h.queue.Wake(ctx, jobs); err != nil {
		h.log.Warn("a delivery that is tried again has to wait for the next sweep", "err", err)
	}
	return true, nil
}

// undone lists the steps of a dead visit that are worth another try, and the rules that count as fired again with them.
func (h *Host) undone(ctx context.Context, v store.Visit) (steps []int64, held []string, err error) {
	plan, err := h.store.Steps(ctx, v.ID)
	if err != nil {
		return nil, nil, err
	}
	memory, err := h.store.Memory(ctx, v.Subject)
	if err != nil {
		return nil, nil, err
	}
	moments, err := h.moments(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	failed := map[string]bool{}
	for _, s := range plan {
		rule := s.Step.Rule
		_, decided := memory.Held[rule]
		if decided && !moments[rule] {
			continue
		}
		switch {
		case s.State == store.Dead:
			if failed[rule] = true; !moments[rule] && !slices.Contains(held, rule) {
				held = append(held, rule)
			}
			steps = append(steps, s.ID)
		case s.State == store.Skipped && failed[rule] && s.Reason == afterFailure:
			steps = append(steps, s.ID)
		}
	}
	return steps, held, nil
}

// moments tells of the rules that a visit decided for which of them its delivery was a moment.
func (h *Host) moments(ctx context.Context, v store.Visit) (map[string]bool, error) {
	decisions, err := h.store.DecisionsOf(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, d := range decisions {
		out[d.Rule] = d.Moment
	}
	return out, nil
}
