package bot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bellhop/bot/store"
	"bellhop/rules"
)

// A timer becomes a delivery when it is due, and goes the way of all deliveries from there. Its event is one of these, which
// GitHub sends no webhook of: a schedule of a rule is due; a rule is to be looked at again on a subject.
const (
	scheduleEvent = "schedule"
	timerEvent    = "timer"
)

// discover is the kind of a timer that makes the bot look at a repository that it was given, without any rule.
const discover = "discover"

// source is the Source of these deliveries.
const source = "schedule"

// ringing is the member of the payload that tells what rings.
type ringing struct {
	Rule string `json:"rule"`
	Kind string `json:"kind,omitempty"` // of a timer: see rules.Wake
	On   string `json:"on,omitempty"`   // of a schedule, as written
	// Event is what the rest of the payload was of, where a rule acts some time after a moment.
	Event string `json:"event,omitempty"`
	// Tries counts how often in a row it was waited for something that GitHub tells nobody.
	Tries int `json:"tries,omitempty"`
	// Sweeps counts how often in a row it was looked because nothing had happened.
	Sweeps int `json:"sweeps,omitempty"`
}

// ring makes deliveries of the timers that are due. After a time in which nothing ran, what is overdue rings once, and a
// schedule goes on with its next time from now.
func (h *Host) ring(ctx context.Context) error {
	for {
		due, err := h.store.DueTimers(ctx, h.now(), batch)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, t := range due {
			d, next := h.ringing(t)
			if _, err := h.store.Ring(ctx, t, d, next...); err != nil {
				return fmt.Errorf("ring %s of %q on %s: %w", t.Kind, t.Rule, t.Subject, err)
			}
		}
	}
}

// ringing is the delivery of a timer, and what is booked in its place. The same timer at the same time is the same delivery.
func (h *Host) ringing(t store.Timer) (*store.Delivery, []store.Timer) {
	d := &store.Delivery{
		GUID: guidOf(t.Subject, t.Rule, t.Kind, t.Due.UTC().Format(time.RFC3339Nano)), Event: timerEvent, Installation: t.Installation,
		RepositoryID: t.RepositoryID, Repository: t.Repository, Subject: t.Subject, Source: source, Received: h.now(), Body: t.Data,
	}
	if t.Kind == discover {
		d.Event = scheduleEvent
	}
	if activity, ok := activityOf(t); ok {
		d.Event, d.Activity = reapplyEvent, activity
		d.GUID = guidOf(d.GUID, string(t.Data)) // another change is another delivery, however soon it comes
	}
	if !strings.HasPrefix(t.Kind, scheduleEvent) {
		return d, nil
	}
	d.Event = scheduleEvent
	next := rules.NextRing(t.Kind, h.now())
	if next.IsZero() {
		return d, nil
	}
	again := t
	again.Due = next
	return d, []store.Timer{again}
}

// guidOf is a GUID that is the same each time for the same parts.
func guidOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// wakesOf are the timers for what a result is to be woken for on the subject of v.
func (h *Host) wakesOf(v store.Visit, f *rules.Facts, result rules.Result) []store.Timer {
	var out []store.Timer
	wakes := h.patient(f, result)
	for i, w := range append(wakes, h.unattended(f, result, wakes)...) {
		r := ringing{Rule: w.Rule, Kind: w.Kind}
		if i >= len(wakes) {
			r.Sweeps = sweeps(f) + 1
		}
		payload := map[string]any{}
		if strings.HasPrefix(w.Kind, rules.WakeMoment) {
			payload, r.Event = momentOf(f), momentName(f)
		} else if w.At.IsZero() {
			r.Tries = tries(f) + 1
			w.At = h.now().Add(firstLook << (r.Tries - 1))
		}
		data, err := json.Marshal(payloadOf(payload, timerEvent, r, v.Installation, f))
		if err != nil {
			h.log.Error("timer not booked", "subject", v.Subject, "rule", w.Rule, "err", err)
			continue
		}
		out = append(out, store.Timer{
			Subject: v.Subject, Rule: w.Rule, Kind: w.Kind, Installation: v.Installation, RepositoryID: v.RepositoryID,
			Repository: nameOf(f), Due: w.At, Data: data,
		})
	}
	return out
}

const (
	// firstLook is how long after the last attempt GitHub is asked again for what it works out and announces to nobody. It
	// doubles from look to look.
	firstLook = 5 * time.Minute
	// maxLooks is how often.
	maxLooks = 8
)

// patient adds wakes, without a time, for the rules that still wait for GitHub to work out whether a pull request merges.
func (h *Host) patient(f *rules.Facts, result rules.Result) []rules.Wake {
	wakes := result.Wakes
	if f.Waits("subject.mergeable") == "" || tries(f) >= maxLooks {
		return wakes
	}
	for _, d := range result.Decisions {
		if d.Outcome == rules.Waiting && d.Wake.IsZero() && slices.Contains(d.Reads, "subject.mergeable") {
			wakes = append(wakes, rules.Wake{Rule: d.Rule, Kind: rules.WakeState})
		}
	}
	return wakes
}

// tries is how often in a row a timer rang for what GitHub tells nobody, this time included.
func tries(f *rules.Facts) int {
	return int(object(f.Event).obj(timerEvent).num("tries"))
}

// payloadOf completes the payload of a delivery of ours: who rings, the repository and installation, and the subject by its
// number, since all else of it may be another when it rings.
func payloadOf(payload map[string]any, event string, r ringing, installation int64, f *rules.Facts) map[string]any {
	payload[event] = r
	payload["installation"] = map[string]any{"id": installation}
	if f.Repository != nil {
		payload["repository"] = repositoryPayload(f.Repository)
	}
	if s := f.Subject; s != nil {
		member := map[string]string{"pull_request": "pull_request", "discussion": "discussion"}[s.Kind]
		if member == "" {
			member = "issue"
		}
		payload[member] = map[string]any{"number": s.Number, "node_id": s.NodeID}
	}
	return payload
}

// repositoryPayload is a repository as payloads have it.
func repositoryPayload(r *rules.Repository) map[string]any {
	return map[string]any{
		"id": r.ID, "name": r.Name, "full_name": r.FullName, "private": r.Private, "fork": r.Fork, "archived": r.Archived,
		"default_branch": r.DefaultBranch, "language": r.Language, "topics": r.Topics,
	}
}

// momentName is the event of a moment, also of one that was kept already.
func momentName(f *rules.Facts) string {
	if of := object(f.Event).obj(timerEvent).str("event"); of != "" && f.Delivery.Event == timerEvent {
		return of
	}
	return f.Delivery.Event
}

// maxMoment is how large a payload may be that is kept for a moment that a rule waits for. A larger one keeps its subject only.
const maxMoment = 256 << 10

// momentOf is what is kept of a payload for a rule that acts some time after it: what happened, but not the subject, which is
// looked at anew.
func momentOf(f *rules.Facts) map[string]any {
	out := maps.Clone(f.Event)
	for _, member := range []string{"issue", "pull_request", "discussion"} {
		delete(out, member)
	}
	if text, err := json.Marshal(out); err != nil || len(text) > maxMoment {
		return map[string]any{}
	}
	return out
}

func nameOf(f *rules.Facts) string {
	if f.Repository == nil {
		return ""
	}
	return f.Repository.FullName
}
