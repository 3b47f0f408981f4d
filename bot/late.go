package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bellhop/bot/store"
	"bellhop/rules"
)

// waitingOn lists what waits on a subject in the order in which it happened: a delivery that was recovered goes before those that
// were received after GitHub had sent it. What has a plan already goes on first.
func (h *Host) waitingOn(ctx context.Context, key string) ([]store.Visit, error) {
	visits, err := h.store.WaitingOn(ctx, key)
	return inOrder(visits), err
}

// inOrder moves recovered visits to their place. The others stay in the order of their IDs, which a clock that jumps cannot change.
func inOrder(visits []store.Visit) []store.Visit {
	var late, others []store.Visit
	for _, v := range visits {
		if v.Source == store.Recovered && !v.Planned {
			late = append(late, v)
		} else {
			others = append(others, v)
		}
	}
	if len(late) == 0 {
		return visits
	}
	out := visits[:0:0]
	for _, v := range others {
		for len(late) > 0 && !v.Planned && late[0].Received.Before(v.Received) {
			out, late = append(out, late[0]), late[1:]
		}
		out = append(out, v)
	}
	return append(out, late...)
}

// facts are the facts of a delivery on the subject s. Where a newer one was decided there already, a delivery that was recovered
// still tells what happened, but no longer what its subject is like: that is looked up when a rule needs it, as it is now.
func (h *Host) facts(ctx context.Context, v store.Visit, d *store.Delivery, s subject) (*rules.Facts, error) {
	if d.Source != store.Recovered || v.Planned {
		return factsOf(d, s, h.now())
	}
	newest, err := h.store.NewestOn(ctx, v.Subject)
	if err != nil {
		return nil, err
	}
	if !newest.After(d.Received) {
		return factsOf(d, s, h.now())
	}
	body, err := withoutState(d.Body)
	if err != nil {
		return nil, err
	}
	// Without a time it does not tell either when somebody did something on the subject last.
	late := *d
	late.Body, late.Received = body, time.Time{}
	f, err := factsOf(&late, s, h.now())
	if err == nil {
		f.Delivery.Received = d.Received
	}
	return f, err
}

// withoutState leaves of the subject in a payload only what never changes.
func withoutState(body []byte) ([]byte, error) {
	var payload map[string]any
	if err := json.Unmarshal(body, &payload); err != nil {
		return nil, fmt.Errorf("decode payload: %w", err)
	}
	for _, member := range []string{"issue", "pull_request", "discussion"} {
		o := object(payload).obj(member)
		if o == nil {
			continue
		}
		kept := map[string]any{"number": o["number"], "node_id": o["node_id"]}
		if o.obj("pull_request") != nil {
			kept["pull_request"] = map[string]any{}
		}
		payload[member] = kept
	}
	return json.Marshal(payload)
}
