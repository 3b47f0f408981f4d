package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bellhop/bot/queue"
	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// HostOptions are the parts that a Host is made of.
type HostOptions struct {
	Store   store.Store
	App     *githubapp.App
	Kinds   []rules.Kind     // what rules can make the bot do
	Rules   *rules.Set       // the operator's rules, for all repositories; nil for none
	Policy  *Policy          // what rule files may not do; nil for nothing
	Workers int              // subjects worked on at once; 8 when 0
	Now     func() time.Time // time.Now when nil
	Log     *slog.Logger     // slog.Default when nil
	Recover Recovery         // of deliveries that were missed; never when zero
	Told    func(Visited)    // called at the end of each visit, just before its outcome is stored, from many goroutines; may be nil
}

// Visited is what became of one visit that ended or was put off.
type Visited struct {
	Delivery  *store.Delivery
	Subject   string
	State     store.State // Waiting when it was put off
	Reason    string
	Decisions []rules.Decision
	Left      []Left // rules that it did not decide
	Steps     []store.Step
	APICalls  int // in this attempt, for deciding and for doing
}

// Host takes deliveries that the store holds through rules to actions. It has one way to live: Run.
type Host struct {
	store   store.Store
	app     *githubapp.App
	kinds   []rules.Kind
	configs *configs
	rosters *rosters
	budgets *budgets
	heads   *heads
	queue   *queue.Queue
	now     func() time.Time
	log     *slog.Logger
	told    func(Visited)
	poked   chan struct{}
	recover *recovery
	started time.Time

	resumed   chan struct{} // closed once what the operator's rules book is booked
	scheduled sync.Map      // ID of a repository → the *rules.Set whose schedules are booked there

	stumbled atomic.Bool // over the store; what waits is to be looked at again soon
}

// NewHost puts the parts together. It makes no request.
func NewHost(ctx context.Context, o HostOptions) (*Host, error) {
	h := &Host{store: o.Store, app: o.App, kinds: o.Kinds, now: o.Now, log: o.Log, told: o.Told, poked: make(chan struct{}, 1), resumed: make(chan struct{})}
	if h.now == nil {
		h.now = time.Now
	}
	h.started = h.now()
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.told == nil {
		h.told = func(Visited) {}
	}
	h.configs = &configs{store: o.Store, kinds: o.Kinds, host: rules.Merge(o.Rules), policy: o.Policy, now: h.now, log: h.log, locks: map[int64]*sync.Mutex{}, loaded: map[int64]loadedConfig{}, accounts: map[string]ownConfig{}}
	h.rosters, h.heads = newRosters(h.now), newHeads(h.now)
	h.recover = newRecovery(h, o.Recover)
	h.budgets = newBudgets(o.Store, h.now)
	var err error
	h.queue, err = queue.Open(ctx, queue.Options{Workers: o.Workers, Work: h.work, More: h.more, Log: h.log})
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return h, nil
}

// Run works until ctx ends, finishes or releases what is under way, and returns nil.
func (h *Host) Run(ctx context.Context) error {
	if err := h.resume(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("book schedules: %w", err)
	}
	close(h.resumed)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.queue.Run(ctx) })
	g.Go(func() error {
		h.recover.wait(ctx)
		return h.dispatch(ctx)
	})
	if h.recover.Every > 0 {
		g.Go(func() error { return h.recover.run(ctx) })
	}
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Poke makes the host look at the clock again. Tests that set the clock call it.
func (h *Host) Poke() {
	for _, c := range []chan struct{}{h.poked, h.recover.poked} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Idle waits until nothing is left that may be done now. What is put off until later, and what stands behind it on the same
// subject, does not count.
func (h *Host) Idle(ctx context.Context) error {
	select {
	case <-h.resumed:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		changed := h.store.Changed()
		subject, err := h.busy(ctx)
		if err != nil || subject == "" {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s still waits: %w", subject, ctx.Err())
		}
	}
}

// busy names a subject on which something may be done now, or is "".
func (h *Host) busy(ctx context.Context) (string, error) {
	if h.recover.due(h.now()) {
		return "recovery", nil
	}
	timers, err := h.store.DueTimers(ctx, h.now(), 1)
	if err != nil {
		return "", err
	}
	if len(timers) > 0 {
		return timers[0].Subject, nil
	}
	if far, err := h.store.NextDue(ctx, h.now().Add(maxPutOff)); err != nil || !far.IsZero() {
		return "what was put off by a clock that was ahead", err
	}
	for after := int64(0); ; {
		due, err := h.store.Due(ctx, h.now(), after, batch)
		if err != nil || len(due) == 0 {
			return "", err
		}
		for _, v := range due {
			if h.unheard(v) {
				return v.Subject, nil
			}
			if ready, err := h.more(ctx, v.Subject); err != nil || ready {
				return v.Subject, err
			}
			after = v.ID
		}
	}
}
