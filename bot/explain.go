package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bellhop/bot/store"
	"bellhop/rules"
)

// maxPast is how many earlier decisions /explain looks at: those of the newest deliveries about its subject.
const maxPast = 1000

// past reads what each rule decided on the subject last, for a delivery that asks for it.
func (h *Host) past(ctx context.Context, v store.Visit, set *rules.Set, f *rules.Facts) error {
	if !set.AsksPast(f) {
		return nil
	}
	list, err := h.store.Decisions(ctx, v.Subject, maxPast)
	if err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	seen := map[string]bool{} // rules: their newest decision is the one that counts
	for _, d := range list {
		if seen[d.Rule] {
			continue
		}
		seen[d.Rule] = true
		p := rules.Past{Decision: d.Decision, At: d.At}
		rang, err := h.store.DeliveryByGUID(ctx, d.Delivery)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read delivery %s: %w", d.Delivery, err)
		}
		if err == nil {
			p.Event = strings.TrimSuffix(rang.Event+"."+rang.Activity, ".")
		}
		f.Past = append(f.Past, p)
	}
	return nil
}
