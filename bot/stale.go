package bot

import (
	"context"
	"slices"
	"time"

	"bellhop/bot/store"
	"bellhop/rules"
)

// distrust forgets of a payload what the bot itself has changed since, or may have. A payload is a picture of the subject as it
// was when something happened there. While it is under way and waits the bot goes on with what came before, and does not hear
// of that again: a rule that finds its label in the old picture would not put it back. GitHub tells times to the second, so what
// was done within the same second counts as later. The bot's own deliveries are as new as they say. An action reads what it changes, see
// rules.Kind.Reads; a check run changes nothing of the subject.
func (h *Host) distrust(ctx context.Context, v store.Visit, d *store.Delivery, f *rules.Facts) error {
	if f.Subject == nil || f.Delivery.Self {
		return nil
	}
	since := d.Received
	if at := f.Subject.UpdatedAt; !at.IsZero() && at.Before(since) && d.Source != source {
		since = at.Truncate(time.Second)
	}
	done, err := h.store.DoneSince(ctx, v.Subject, since)
	if err != nil {
		return err
	}
	for _, kind := range done {
		if i := slices.IndexFunc(h.kinds, func(k rules.Kind) bool { return k.Name == kind }); i >= 0 && !h.kinds[i].Publishes() {
			f.Forget(h.kinds[i].Reads...)
		}
	}
	return nil
}
