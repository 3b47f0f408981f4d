package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// Rules about state are to be right on all that is open, also when what changes them is not said of any issue or pull request: a
// push to the base branch, a change of a rule file. Then they are reapplied: a timer of the repository, which stands for however
// many such changes came before it rings, makes a sweep of it.

// reapplyEvent is the event of these deliveries, which GitHub sends no webhook of. The kind of their timers is this, a dot and
// one of the activities.
const reapplyEvent = "reapply"

const (
	baseMoved     = "base_moved"     // a push changed the base of pull requests
	rulesChanged  = "rules_changed"  // other rules are in force
	sharedChanged = "shared_changed" // a file that holds in several repositories changed; this one is to be looked at
)

// settling is how long a base branch is left to settle before its pull requests are looked at: pushes come in trains, and GitHub
// has to work out anew what merges.
const settling = 10 * time.Second

// reapplying is the member of the payload that tells what is reapplied.
type reapplying struct {
	rules.Reapply
	Base string   `json:"base,omitempty"` // the branch that moved
	Run  *toldRun `json:"run,omitempty"`  // the check run that told of the change
	Set  string   `json:"set,omitempty"`  // fingerprint of the rules in force then: one change is not another
}

// moved books a look at the open pull requests on a branch that was pushed to, where a rule reads what that changes.
func (h *Host) moved(ctx context.Context, d *store.Delivery, f *rules.Facts, set *rules.Set) error {
	p := f.Push
	if p == nil || p.Branch == "" || p.Created || p.Deleted || f.Repository == nil {
		return nil
	}
	files := make([]string, len(p.Files))
	for i, file := range p.Files {
		files[i] = file.Path
	}
	look := set.OnBase(files, p.Forced || len(p.Commits) == 0 || len(p.Commits) >= maxCommits)
	if look.Empty() {
		return nil
	}
	r := reapplying{Reapply: look, Base: p.Branch}
	return h.bookReapply(ctx, storedOf(d.Installation, f.Repository), d.Subject, baseMoved, r, h.now().Add(settling))
}

// storedOf is a repository as the store remembers it.
func storedOf(installation int64, repo *rules.Repository) store.Repository {
	data, _ := json.Marshal(repositoryPayload(repo)) // plain values
	return store.Repository{ID: repo.ID, Installation: installation, FullName: repo.FullName, Data: data}
}

// bookReapply books a look at a subject. One that is booked already is not put off: it takes over what this one is for.
func (h *Host) bookReapply(ctx context.Context, repo store.Repository, key, activity string, r reapplying, due time.Time) error {
	t, err := h.reapplyTimer(ctx, repo, key, activity, map[string]any{}, r, due)
	if err != nil {
		return err
	}
	if err := h.store.Book(ctx, t); err != nil {
		return fmt.Errorf("book a look at %s: %w", repo.FullName, err)
	}
	return nil
}

// reapplyTimer is the timer of a look at a subject, in place of the one that is booked there. payload is what the delivery is to
// hold besides.
func (h *Host) reapplyTimer(ctx context.Context, repo store.Repository, key, activity string, payload map[string]any, r reapplying, due time.Time) (store.Timer, error) {
	t := store.Timer{
		Subject: key, Kind: reapplyEvent + "." + activity, Installation: repo.Installation, RepositoryID: repo.ID, Repository: repo.FullName, Due: due,
	}
	booked, err := h.store.TimersOn(ctx, key)
	if err != nil {
		return t, fmt.Errorf("what is booked on %s: %w", key, err)
	}
	for _, before := range booked {
		if before.Kind != t.Kind || before.Rule != t.Rule {
			continue
		}
		if before.Due.Before(t.Due) {
			t.Due = before.Due
		}
		r.Reapply = reapplyingOf(before.Data).And(r.Reapply)
	}
	payload["repository"], payload["installation"] = json.RawMessage(repo.Data), map[string]any{"id": repo.Installation}
	if !r.Empty() {
		payload[reapplyEvent] = r
	}
	t.Data, err = json.Marshal(payload)
	return t, err
}

// reapplyingOf reads what a payload of ours says.
func reapplyingOf(payload []byte) reapplying {
	var p struct {
		Reapply reapplying `json:"reapply"`
	}
	_ = json.Unmarshal(payload, &p) // ours; one of another time says nothing
	return p.Reapply
}

// reapply does the sweep that a delivery of a repository asks for. It returns false for any other delivery.
func (h *Host) reapply(ctx context.Context, gh *githubapp.Client, d *store.Delivery, f *rules.Facts, set *rules.Set) (bool, error) {
	if d.Event != reapplyEvent || f.Subject != nil || f.Repository == nil {
		return false, nil
	}
	r := reapplyingOf(d.Body)
	if r.Empty() {
		return true, nil // that the rules were looked at is all that was wanted
	}
	kinds, reads := set.About(r.Reapply)
	var all []*found
	for _, kind := range kinds {
		if r.Base != "" && kind != "pull_request" {
			continue
		}
		err := h.sweepOver(ctx, gh, d, f, set, openOf{kind, r.Base, reads}, func(one *found) error {
			all = append(all, one)
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	if r.Base != "" {
		for _, one := range all {
			if err := h.keep(ctx, one); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if r.Run != nil && len(all) > 0 {
		var err error
		if all, err = h.preview(ctx, gh, f, set, r, all); err != nil {
			return false, err
		}
	}
	return true, h.handOut(ctx, d, f, set, r, all)
}

// handOut has what a change of the rules calls for done on the subjects that it is called for on, the first at once and the rest
// as the paces allow. What does nothing at GitHub has no pace.
func (h *Host) handOut(ctx context.Context, d *store.Delivery, f *rules.Facts, set *rules.Set, r reapplying, all []*found) error {
	if len(all) == 0 {
		return nil
	}
	a, err := h.appliedIn(ctx, f.Repository.ID)
	if err != nil {
		return err
	}
	p := paces{now: h.now(), next: a.Next}
	var later []store.Timer
	for _, one := range all {
		due := p.of(one, set, r)
		if !due.After(p.now) {
			if err := h.keep(ctx, one); err != nil {
				return err
			}
			continue
		}
		t, err := h.postpone(ctx, d, f, one, r, due)
		if err != nil {
			return err
		}
		later = append(later, t)
	}
	if err := h.store.Book(ctx, later...); err != nil {
		return fmt.Errorf("book what is left for later in %s: %w", f.Repository.FullName, err)
	}
	if a.Next = p.next; len(a.Next) == 0 {
		return nil
	}
	return h.saveApplied(ctx, f.Repository.ID, a)
}

// postpone is the timer of a subject that is left for later. It keeps of the subject what does not change.
func (h *Host) postpone(ctx context.Context, d *store.Delivery, f *rules.Facts, one *found, r reapplying, due time.Time) (store.Timer, error) {
	s := one.facts.Subject
	member := "issue"
	if s.Kind == "pull_request" {
		member = s.Kind
	}
	payload := map[string]any{member: map[string]any{"number": s.Number, "node_id": s.NodeID, "created_at": s.CreatedAt.UTC().Format(time.RFC3339)}}
	return h.reapplyTimer(ctx, storedOf(d.Installation, f.Repository), one.delivery.Subject, d.Activity, payload, reapplying{Reapply: r.Reapply}, due)
}

// pace is on how many subjects an hour a change of the rules is carried out in a repository, whatever the rules: GitHub takes some
// 500 requests an hour that people are told of.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
const pace = 300

// paces hands out the times at which subjects are looked at: so many at once, then one at a time at even distances, such that no
// hour of them has more than the pace and what was not used of the hour before.
type paces struct {
	now  time.Time
	next map[string]time.Time // name of a rule that catches up, or "" for all → when what was handed out is used up
}

// of is when a subject is looked at.
func (p *paces) of(one *found, set *rules.Set, r reapplying) time.Time {
	due := p.now
	if len(one.result.Missing) == 0 && len(one.result.Steps) == 0 {
		return due
	}
	due = p.take("", pace)
	for _, decision := range one.result.Decisions {
		n := set.Backfill(decision.Rule)
		if n == 0 || decision.Outcome == rules.False || !slices.Contains(r.New, decision.Rule) {
			continue
		}
		if at := p.take(decision.Rule, n); at.After(due) {
			due = at
		}
	}
	return due
}

func (p *paces) take(name string, perHour int) time.Time {
	if p.next == nil {
		p.next = map[string]time.Time{}
	}
	step := time.Hour / time.Duration(perHour)
	used := p.next[name]
	if used.Before(p.now) {
		used = p.now
	}
	used = used.Add(step)
	p.next[name] = used
	if at := used.Add(-time.Hour); at.After(p.now) {
		return at
	}
	return p.now
}

// applied is what is remembered of the rules that the open subjects of a repository were looked at by.
type applied struct {
	Rules  map[string]rules.Print `json:"rules"`
	Host   string                 `json:"host"`   // fingerprint of the operator's rules
	Shared string                 `json:"shared"` // blob SHA of the account's file, in the repository that holds it
	Next   map[string]time.Time   `json:"next,omitempty"`

	known bool
}

func (h *Host) appliedIn(ctx context.Context, repository int64) (applied, error) {
	var a applied
	data, err := h.store.Applied(ctx, repository)
	if err != nil || data == nil {
		return a, err
	}
	a.known = true
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("what was applied in repository %d: %w", repository, err)
	}
	return a, nil
}

func (h *Host) saveApplied(ctx context.Context, repository int64, a applied) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return h.store.SaveApplied(ctx, repository, data)
}

// apply compares the rules in force in a repository with those that its open subjects were looked at by, books a sweep where that
// calls for one, and forgets what is remembered of rules that are no more. known tells that the bot was in the repository before.
func (h *Host) apply(ctx context.Context, repo store.Repository, shared bool, c loadedConfig, known bool) error {
	a, err := h.appliedIn(ctx, repo.ID)
	if err != nil {
		return err
	}
	now := applied{Rules: c.set.Prints(), Host: h.configs.host.Fingerprint(), Next: a.Next}
	if shared {
		now.Shared = c.shared
	}
	if a.known || !known {
		look, gone := c.set.Changed(a.Rules, h.now())
		if len(gone) > 0 {
			if err := h.store.ForgetRules(ctx, repo.ID, h.gateKind(), gone...); err != nil {
				return fmt.Errorf("forget rules of %s: %w", repo.FullName, err)
			}
		}
		if kinds, _ := c.set.About(look); len(kinds) > 0 {
			key := subject{repository: repo.ID}.String()
			if err := h.bookReapply(ctx, repo, key, rulesChanged, reapplying{Reapply: look, Run: c.told, Set: c.set.Fingerprint()}, h.now()); err != nil {
				return err
			}
		}
	}
	if a.known && now.Shared != a.Shared {
		if err := h.lookAtAll(ctx, func(r store.Repository) (bool, error) {
			return r.Installation == repo.Installation && r.ID != repo.ID, nil
		}); err != nil {
			return err
		}
	}
	return h.saveApplied(ctx, repo.ID, now)
}

// gateKind is the kind of action that publishes gates; "" where there is none.
func (h *Host) gateKind() string {
	i := slices.IndexFunc(h.kinds, rules.Kind.Publishes)
	if i < 0 {
		return ""
	}
	return h.kinds[i].Name
}

// apartBy is how far apart repositories are looked at when a file changes that holds in all of them, and within is the time in
// which all have their turn.
const (
	apartBy = 10 * time.Second
	within  = 6 * time.Hour
)

// lookAtAll books a look at the rules of the repositories that are meant, one after the other.
func (h *Host) lookAtAll(ctx context.Context, meant func(store.Repository) (bool, error)) error {
	n := 0
	return h.repositories(ctx, func(r store.Repository) error {
		if ok, err := meant(r); err != nil || !ok {
			return err
		}
		due := h.now().Add(time.Duration(n) * apartBy % within)
		n++
		return h.bookReapply(ctx, r, subject{repository: r.ID}.String(), sharedChanged, reapplying{}, due)
	})
}

// repositories visits all repositories that are known.
func (h *Host) repositories(ctx context.Context, visit func(store.Repository) error) error {
	for after := int64(0); ; {
		list, err := h.store.Repositories(ctx, after, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, r := range list {
			if err := visit(r); err != nil {
				return err
			}
			after = r.ID
		}
	}
}

// operatorChanged books a look at all repositories that were not looked at by the operator's rules of today.
func (h *Host) operatorChanged(ctx context.Context) error {
	host := h.configs.host.Fingerprint()
	return h.lookAtAll(ctx, func(r store.Repository) (bool, error) {
		a, err := h.appliedIn(ctx, r.ID)
		return a.known && a.Host != host, err
	})
}

// activityOf is the activity of a delivery that a timer makes, of those that reapply rules.
func activityOf(t store.Timer) (string, bool) { return strings.CutPrefix(t.Kind, reapplyEvent+".") }
