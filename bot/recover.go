package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

const (
	// maxRequests bounds what one pass asks GitHub for: less than the 900 in a minute at which its secondary limit begins.
	// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
	maxRequests = 800
	// nextPass is when the next pass begins where one has not come to its end.
	nextPass = time.Minute
	// maxMissed bounds how many missed deliveries are remembered at a time.
	maxMissed = 20_000
	// overlap is how far a pass looks back before where the last good one ended: an attempt is listed only when it has ended,
	// which takes GitHub up to 10 seconds, an Enterprise Server 30.
	overlap = 5 * time.Minute
	// holdBack is how long, at the start, deliveries wait at most for the first pass, so that what is recovered goes first.
	holdBack = time.Minute
	// recoveryMark is under which name progress is kept.
	recoveryMark = "recovery"
)

// Recovery says how deliveries are recovered that GitHub sent and the bot does not have.
type Recovery struct {
	Every  time.Duration // from one pass to the next; 0 for never
	Window time.Duration // how far back a pass looks at most
}

// recovery finds what GitHub sent and the store does not have, because the bot, its network or its disk was down, and keeps it as
// if it had just been received. It reads the list of attempts that GitHub has, compares it with the store by GUID, and takes what
// a rule or the bot itself listens to from GitHub's API, the oldest first.
//
// It takes the payload (GET) rather than ask GitHub to send it again (POST): both cost one request for each delivery, but what is
// sent again comes when GitHub likes, in no order, and through the network that may have been the trouble. What comes from the
// API comes over TLS from the configured host, asked for with the app's own token, so that it needs no signature. Only where the
// payload cannot be had is GitHub asked to send it again.
//
// All attempts of one delivery have its GUID and count as one. Whether one of them was answered with 2xx matters in the very
// first pass alone: then a store that lacks them proves nothing, since another server may have had them.
//
// Times in progress are GitHub's, as the list tells them: a clock that is wrong here moves no window.
type recovery struct {
	Recovery
	h *Host

	mu    sync.Mutex
	next  time.Time // when the next pass begins
	fails int       // passes that failed one after another

	budget int            // requests of a pass
	looked map[int64]bool // repositories whose rules were read, or could not be, in this pass

	caughtUp chan struct{} // closed when the first pass has ended, well or not
	poked    chan struct{}
}

func newRecovery(h *Host, o Recovery) *recovery {
	r := &recovery{Recovery: o, h: h, budget: maxRequests, caughtUp: make(chan struct{}), poked: make(chan struct{}, 1)}
	if o.Every <= 0 {
		close(r.caughtUp)
	}
	return r
}

// progress is what is kept between passes.
type progress struct {
	// Since is up to when all is known. Zero: no search has come to its end yet.
	Since time.Time `json:"since"`

	// The search under way. From and Until are the window that it looks at; zero when none is under way.
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Cursor string    `json:"cursor,omitempty"` // where the list goes on
	Listed bool      `json:"listed,omitempty"` // the list was read to its end
	// Answered are GUIDs that the first search has met as sent again and answered: their older attempts do not count.
	Answered []string `json:"answered,omitempty"`
	Missed   []missed `json:"missed,omitempty"` // in the order of the list, and once that is read the oldest first
}

// missed is a delivery that the store lacks.
type missed struct {
	Attempt  int64     `json:"attempt"`
	GUID     string    `json:"guid"`
	Event    string    `json:"event"`
	Activity string    `json:"activity,omitempty"`
	At       time.Time `json:"at"`
}

// due tells whether a pass is to be made, or under way.
func (r *recovery) due(now time.Time) bool {
	if r.Every <= 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.next)
}

// run makes a pass at once and then on time, until ctx ends. What goes wrong is logged and tried again: it stops nothing else.
func (r *recovery) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if now := r.h.now(); r.due(now) {
			r.once(ctx)
			continue
		}
		r.mu.Lock()
		timer := time.NewTimer(r.next.Sub(r.h.now()))
		r.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-r.poked:
		case <-timer.C:
		}
		timer.Stop()
	}
	return ctx.Err()
}

// wait returns when the first pass has ended, or has taken too long to wait for it.
func (r *recovery) wait(ctx context.Context) {
	timer := time.NewTimer(holdBack)
	defer timer.Stop()
	select {
	case <-r.caughtUp:
	case <-timer.C:
		r.h.log.Warn("recovery takes long; deliveries go on without it", "waited", holdBack)
	case <-ctx.Done():
	}
}

// once makes a pass, keeps how far it came, and says when the next one begins.
func (r *recovery) once(ctx context.Context) {
	ctx, meter := githubapp.WithMeter(ctx)
	p, err := r.load(ctx)
	loaded := err == nil
	if loaded {
		err = r.pass(ctx, &p)
	}
	if ctx.Err() != nil {
		return // what was kept is known, what was listed is listed again
	}
	now := r.h.now()
	next := now.Add(r.Every)
	switch {
	case err != nil:
		next = r.failed(err, now, meter.Calls())
	case !p.Until.IsZero():
		next = now.Add(min(nextPass, r.Every))
		r.h.log.Info("recovery goes on soon", "missed", len(p.Missed), "calls", meter.Calls())
	}
	r.mu.Lock()
	r.next = next
	if err == nil {
		r.fails = 0
	}
	r.mu.Unlock()
	if loaded {
		if err := r.save(ctx, p); err != nil {
			r.h.log.Error("how far recovery came cannot be kept", "err", err)
		}
	}
	select {
	case <-r.caughtUp:
	default:
		close(r.caughtUp)
	}
}

// failed tells what went wrong, and returns when to try again: soon, and ever later up to the usual time.
func (r *recovery) failed(err error, now time.Time, calls int) time.Time {
	if errors.Is(err, githubapp.ErrNoHook) {
		r.h.log.Warn("missed deliveries cannot be recovered", "err", err)
		return now.Add(r.Every)
	}
	verdict := judge(err, now)
	next := verdict.At
	if next.IsZero() {
		next = now.Add(min(nextPass<<min(r.fails, 10), r.Every))
	}
	r.fails++
	r.h.log.Warn("recovery of missed deliveries failed", "why", verdict.Reason, "err", err, "next", next, "calls", calls)
	return next
}

func (r *recovery) load(ctx context.Context) (p progress, err error) {
	data, err := r.h.store.Mark(ctx, recoveryMark)
	if errors.Is(err, store.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		r.h.log.Error("what was noted of recovery cannot be read; it begins anew", "err", err)
		return progress{}, nil
	}
	return p, nil
}

func (r *recovery) save(ctx context.Context, p progress) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return r.h.store.SaveMark(ctx, recoveryMark, data)
}

// pass goes on with a search as far as one pass may.
func (r *recovery) pass(ctx context.Context, p *progress) error {
	requests := 0
	r.looked = map[int64]bool{}
	for !p.Listed {
		if requests >= r.budget {
			return nil
		}
		requests++
		if err := r.list(ctx, p); err != nil {
			return err
		}
	}
	begun := len(p.Missed)
	for len(p.Missed) > 0 {
		if requests >= r.budget {
			return nil
		}
		asked, err := r.take(ctx, p.Missed[0])
		if err != nil {
			if r.fails > 0 && !judge(err, r.h.now()).Throttled { // others need not wait for the one that fails
				p.Missed = append(p.Missed[1:], p.Missed[0])
			}
			return err
		}
		requests += asked
		p.Missed = p.Missed[1:]
	}
	if begun > 0 {
		r.h.log.Info("recovered missed deliveries", "deliveries", begun, "requests", requests, "from", p.From, "until", p.Until)
	}
	*p = progress{Since: p.Until}
	return nil
}

// list reads one page of the list. After the last one p.Missed is in order.
func (r *recovery) list(ctx context.Context, p *progress) error {
	page, next, err := r.h.app.HookAttempts(ctx, p.Cursor)
	if errors.Is(err, githubapp.ErrStaleCursor) {
		*p = progress{Since: p.Since} // the next pass begins the list anew
	}
	if err != nil {
		return err
	}
	if p.Until.IsZero() {
		r.begin(p, page)
	}
	within := page
	if i := slices.IndexFunc(page, func(a githubapp.HookAttempt) bool { return a.Delivered.Before(p.From) }); i >= 0 {
		within, next = page[:i], ""
	}
	if err := r.compare(ctx, p, within); err != nil {
		return err
	}
	if p.Cursor = next; next != "" && len(p.Missed) < maxMissed {
		return nil
	}
	if next != "" {
		r.h.log.Warn("more deliveries were missed than are recovered at a time; the oldest are lost", "missed", len(p.Missed))
	}
	p.Listed, p.Cursor, p.Answered = true, "", nil
	slices.Reverse(p.Missed)
	slices.SortStableFunc(p.Missed, func(a, b missed) int { return a.At.Compare(b.At) })
	return nil
}

// begin says which window a search looks at, whose first page is known.
func (r *recovery) begin(p *progress, first []githubapp.HookAttempt) {
	now := r.h.app.Time()
	p.Until = now
	if len(first) > 0 {
		p.Until = first[0].Delivered
	}
	oldest := now.Add(-r.Window)
	if p.From = p.Since.Add(-overlap); p.Since.IsZero() || p.From.Before(oldest) {
		p.From = oldest
	}
	if !p.Since.IsZero() && p.Since.Before(oldest) {
		r.h.log.Warn("deliveries may be lost for good: GitHub does not keep them that long, or recovery.window is shorter",
			"after", p.Since, "before", oldest, "window", r.Window)
	}
}

// compare adds to p what the store lacks of a page, and what is listened to.
func (r *recovery) compare(ctx context.Context, p *progress, page []githubapp.HookAttempt) error {
	guids := make([]string, len(page))
	for i, a := range page {
		guids[i] = a.GUID
	}
	unknown, err := r.h.store.Unknown(ctx, guids)
	if err != nil {
		return err
	}
	lacks := map[string]bool{}
	for _, guid := range unknown {
		lacks[guid] = true
	}
	for _, a := range page {
		if !lacks[a.GUID] || !isGUID(a.GUID) || !isEvent(a.Event) {
			continue
		}
		if p.Since.IsZero() && (a.OK || slices.Contains(p.Answered, a.GUID)) {
			if a.Redelivery {
				p.Answered = append(p.Answered, a.GUID)
			}
			continue
		}
		r.h.rosters.hear(a.Installation, a.Event)
		if !r.wanted(ctx, a) {
			continue
		}
		// The list goes back in time: what stands there of the same delivery already was a later attempt.
		p.Missed = slices.DeleteFunc(p.Missed, func(m missed) bool { return m.GUID == a.GUID })
		p.Missed = append(p.Missed, missed{Attempt: a.ID, GUID: a.GUID, Event: a.Event, Activity: a.Activity, At: a.Delivered})
	}
	return nil
}

// wanted tells whether anybody listens to what an attempt was to deliver. The rules of a repository are read for that, once in a
// pass: a look at them is cheaper than the payloads of all that they do not listen to. Where it fails all counts as listened to.
func (r *recovery) wanted(ctx context.Context, a githubapp.HookAttempt) bool {
	v := store.Visit{Installation: a.Installation, RepositoryID: a.Repository, Event: a.Event, Activity: a.Activity}
	if _, known := r.h.configs.known(a.Repository); !known && a.Repository != 0 && a.Installation != 0 && !r.looked[a.Repository] {
		r.looked[a.Repository] = true
		if err := r.look(ctx, a); err != nil {
			r.h.log.Warn("rules cannot be read, so all that was missed there is recovered", "repository", a.Repository, "err", err)
		}
	}
	return !r.h.unheard(v)
}

// look reads the rules of a repository of which only its number is known, unless the bot was never heard of in it: then what was
// missed there is little.
func (r *recovery) look(ctx context.Context, a githubapp.HookAttempt) error {
	list, err := r.h.store.Repositories(ctx, a.Repository-1, 1)
	if err != nil || len(list) == 0 || list[0].ID != a.Repository {
		return err
	}
	owner, name, _ := strings.Cut(list[0].FullName, "/")
	gh := r.h.app.Client(a.Installation)
	repo, _, err := gh.Repositories.Get(ctx, owner, name)
	if err != nil || repo.GetID() != a.Repository {
		return err
	}
	_, err = r.h.configs.rules(ctx, gh, configOf{account: repo.GetOwner().GetID(), repo: &rules.Repository{
		ID: repo.GetID(), Owner: repo.GetOwner().GetLogin(), Name: repo.GetName(), FullName: repo.GetFullName(), DefaultBranch: repo.GetDefaultBranch(),
	}})
	return err
}

// take keeps one missed delivery, unless it came meanwhile. asked is how many requests that took.
func (r *recovery) take(ctx context.Context, m missed) (asked int, err error) {
	unknown, err := r.h.store.Unknown(ctx, []string{m.GUID})
	if err != nil || len(unknown) == 0 {
		return 0, err
	}
	log := r.h.log.With("delivery", m.GUID, "event", m.Event, "activity", m.Activity, "sent", m.At)
	payload, err := r.h.app.HookPayload(ctx, m.Attempt)
	if err != nil {
		if judge(err, r.h.now()).Retry && !errors.Is(err, githubapp.ErrHookGone) {
			return 1, err
		}
		return 2, r.again(ctx, m, err)
	}
	d := newDelivery(m.GUID, m.Event, payload, r.h.app.Local(m.At))
	d.Source = store.Recovered
	if _, err := r.h.store.Keep(ctx, d); err != nil {
		return 1, err
	}
	log.Info("recovered", "repo", d.Repository, "subject", d.Subject)
	return 1, nil
}

// again asks GitHub to send a delivery again whose payload it does not give. Where it cannot do that either it is lost.
func (r *recovery) again(ctx context.Context, m missed, why error) error {
	log := r.h.log.With("delivery", m.GUID, "event", m.Event, "activity", m.Activity, "sent", m.At)
	err := r.h.app.Redeliver(ctx, m.Attempt)
	if err == nil {
		log.Info("asked GitHub to send it again", "why", why)
		return nil
	}
	if verdict := judge(err, r.h.now()); verdict.Retry && verdict.Limit == 0 {
		return err
	}
	log.Error("a delivery is lost", "err", cmp.Or(err, why))
	return nil
}
