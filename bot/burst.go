package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// burst is what waits on one subject and may be done now. A rule about state is decided once for all of it, by the last visit
// that it hears: the others leave it to that one, and end without a request to GitHub where they have nothing else to decide.
// What is a moment for a rule, commands, what people put or took, and what rules are reapplied for are each visit's own, in order. Nothing is waited for: a
// delivery that comes alone is worked on at once.
//
// When the process dies, what was left waits still, since a visit leaves rules only to one that is stored and behind it. When
// that one is given up, what was left to it is given up with it, and the next delivery or timer of the subject decides anew; so
// rules are not left to a visit that cannot be decided at all: a payload that cannot be read, or one of another webhook, which
// names no installation.
type burst struct {
	visits []store.Visit
	set    *rules.Set       // by which last was found; nil when it was not looked for
	last   map[string]newer // rule → the last visit that hears it
	shown  object           // the subject as the newest of the deliveries so far shows it; see refresh
}

// newer is a visit that waits behind others.
type newer struct {
	visit    int64
	delivery *store.Delivery // without its body
	pulls    []int           // pull requests that the payload of a check lists
}

// Left is a rule that a visit does not decide, because a newer delivery about the same subject does.
type Left struct {
	Rule string
	To   *store.Delivery // without its body
}

// begin takes up those of the visits that may be done now: up to the first that was put off.
func (b *burst) begin(visits []store.Visit, now time.Time) {
	if i := slices.IndexFunc(visits, func(v store.Visit) bool { return v.NotBefore.After(now) }); i >= 0 {
		visits = visits[:i]
	}
	b.visits, b.set, b.last = visits, nil, nil
}

// leave finds which rules v leaves to visits behind it, and has f pass over them.
func (h *Host) leave(ctx context.Context, b *burst, v store.Visit, f *rules.Facts, set *rules.Set, me githubapp.Identity) ([]Left, error) {
	if len(b.visits) == 0 || b.visits[len(b.visits)-1].ID <= v.ID || v.Event == reapplyEvent {
		return nil, nil
	}
	if b.set != set {
		if err := h.lookBehind(ctx, b, v, set, me); err != nil {
			return nil, err
		}
	}
	var listed []int
	if commitOf(f) != "" {
		listed = listedPullRequests(f)
	}
	f.Left = set.Leave(f, func(rule string) bool {
		last, ok := b.last[rule]
		return ok && last.visit > v.ID && last.covers(listed)
	})
	var left []Left
	for _, rule := range slices.Sorted(maps.Keys(f.Left)) {
		left = append(left, Left{Rule: rule, To: b.last[rule].delivery})
	}
	return left, nil
}

// covers tells whether a check is told on all of these pull requests: where its payload lists none, they are found by the commit.
func (n newer) covers(pulls []int) bool {
	return len(n.pulls) == 0 || !slices.ContainsFunc(pulls, func(p int) bool { return !slices.Contains(n.pulls, p) })
}

// lookBehind finds for each rule the last visit behind v that hears it.
func (h *Host) lookBehind(ctx context.Context, b *burst, v store.Visit, set *rules.Set, me githubapp.Identity) error {
	b.last = map[string]newer{}
	for _, w := range b.visits {
		if w.ID <= v.ID || w.Planned || w.Installation != v.Installation || w.Event == reapplyEvent || !set.Hears(w.Event, w.Activity) {
			continue
		}
		d, err := h.store.Delivery(ctx, w.DeliveryID)
		if err != nil {
			return fmt.Errorf("read delivery %d: %w", w.DeliveryID, err)
		}
		s, err := parseSubject(w.Subject)
		if err != nil {
			continue
		}
		f, err := factsOf(d, s, h.now())
		if err != nil {
			continue
		}
		f.Bot, f.Delivery.Self = me.Slug, d.Sender == me.Login
		n := newer{visit: w.ID, delivery: d}
		if commitOf(f) != "" {
			n.pulls = listedPullRequests(f)
		}
		d.Body = nil
		for _, rule := range set.Heard(f) {
			b.last[rule] = n
		}
	}
	b.set = set
	return nil
}

// whyLeft says what becomes of rules that were left, or is "".
func whyLeft(left []Left) string {
	var to []string
	for _, l := range left {
		text := fmt.Sprintf("%s %s", strings.TrimSuffix(l.To.Event+"."+l.To.Activity, "."), l.To.GUID)
		if !slices.Contains(to, text) {
			to = append(to, text)
		}
	}
	if len(to) == 0 {
		return ""
	}
	return "left to what came after it: " + strings.Join(to, ", ")
}

// refresh has f show its subject as the newest delivery of the burst so far shows it, where that is not its own. GitHub promises
// no order, and a delivery that comes later may show an older state:
// https://mergify.com/blog/when-github-webhooks-lie-how-an-empty-array-broke-our-merge-queue
func (b *burst) refresh(f *rules.Facts, d *store.Delivery) {
	var own object
	for _, member := range []string{"issue", "pull_request", "discussion"} {
		if o := object(f.Event).obj(member); o != nil && f.Subject != nil && o.num("number") == f.Subject.Number {
			own = o
		}
	}
	at := own.time("updated_at")
	if at.IsZero() {
		return
	}
	if b.shown == nil || !b.shown.time("updated_at").After(at) {
		b.shown = own
		return
	}
	known := maps.Clone(own) // the other may be the issue half of a pull request
	maps.Copy(known, b.shown)
	subjectFacts(f, f.Subject.Kind, known)
	learnActivity(f, d)
}
