package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// defaultActions is how many actions a repository has within an hour where the operator says nothing. GitHub lets an App make
// some 500 requests an hour that create content, and 80 a minute, before its secondary limit stops everything that the App does
// in all repositories; this leaves room for a second busy one.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
const defaultActions = 300

// budgets sees to it that no repository uses up what all share. Rules, commands and gates of a repository together do no more
// actions within an hour than its limit; rules stop a tenth before, so that commands and gates go on. And the rules of a
// repository look nothing up any more once it has made as many requests as the installation has left: so each repository leaves
// half to the others.
//
// Actions are counted by the store, so that a restart gives no new ones. Requests are counted here: what was made before a
// restart shows in what GitHub says is left.
type budgets struct {
	store store.Store
	now   func() time.Time

	mu    sync.Mutex
	slots map[int64]time.Time // by repository: when the next rule that is held back gets its turn
	told  map[int64]time.Time // by repository: when it was told last that it has nothing left
	calls map[int64]callCount // by repository
}

// callCount is how many requests a repository made in one window of GitHub's limit.
type callCount struct {
	n     int
	until time.Time
}

func newBudgets(s store.Store, now func() time.Time) *budgets {
	return &budgets{store: s, now: now, slots: map[int64]time.Time{}, told: map[int64]time.Time{}, calls: map[int64]callCount{}}
}

// limitOf is how many actions a repository has within an hour: the operator's limit, or a lower one of its own files.
func limitOf(host, set *rules.Set) int {
	limit := host.Bounds().Actions
	if limit == 0 {
		limit = defaultActions
	}
	if own := set.Bounds().Actions; own > 0 && own < limit {
		limit = own
	}
	return limit
}

// spent is the error of a visit that has actions left to do in a repository that has none.
type spent struct {
	until  time.Time
	reason string
}

func (e spent) Error() string { return e.reason }

// reserve is how many of the actions are for commands and gates.
func reserve(limit int) int { return limit / 10 }

// left tells whether fewer than limit actions were done within the hour; else when that will be so again.
func (b *budgets) left(ctx context.Context, repository int64, limit int) (ok bool, again time.Time, err error) {
	list, err := b.store.Spent(ctx, repository, b.now())
	if err != nil {
		return false, time.Time{}, err
	}
	n := 0
	for _, p := range list {
		n += p.Actions
	}
	for _, p := range list {
		if n < limit {
			break
		}
		n -= p.Actions
		again = p.Minute.Add(store.SpentSpan + time.Minute)
	}
	return again.IsZero(), again, nil
}

// brake is what holds back the rules of a repository at this moment; nil for nothing.
func (b *budgets) brake(ctx context.Context, gh *githubapp.Client, repository int64, limit int) (*rules.Brake, error) {
	if repository == 0 {
		return nil, nil
	}
	brake := &rules.Brake{}
	ok, again, err := b.left(ctx, repository, limit-reserve(limit))
	if err != nil {
		return nil, err
	}
	if !ok {
		brake.Actions, brake.ActionsAt = fmt.Sprintf("the repository has used up its %d actions an hour", limit), b.slot(repository, again)
	}
	if left, until, known := gh.Left(); known && b.called(repository, until) > left {
		brake.Facts, brake.FactsAt = "the repository has made half of the requests that GitHub allows", until
	}
	if *brake == (rules.Brake{}) {
		return nil, nil
	}
	return brake, nil
}

// slot is when the next rule of a repository may try again: not before there are actions left, and not all at once then.
func (b *budgets) slot(repository int64, again time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if next := b.slots[repository]; next.After(again) {
		return next
	}
	return again
}

// take moves the slot on after it was given away. It returns true when nobody was told for an hour.
func (b *budgets) take(repository int64, brake *rules.Brake, limit int) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if brake.Actions != "" {
		b.slots[repository] = brake.ActionsAt.Add(store.SpentSpan / time.Duration(limit))
	}
	now := b.now()
	if before, ok := b.told[repository]; ok && now.Sub(before) < store.SpentSpan {
		return false
	}
	b.told[repository] = now
	return true
}

// called is how many requests a repository made in the window that ends then.
func (b *budgets) called(repository int64, until time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls[repository]
	if c.until.Sub(until).Abs() > time.Minute {
		return 0
	}
	return c.n
}

// count counts requests of a repository.
func (b *budgets) count(gh *githubapp.Client, repository int64, calls int) {
	_, until, known := gh.Left()
	if !known || repository == 0 || calls == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls[repository]
	if c.until.Sub(until).Abs() > time.Minute {
		c = callCount{until: until}
	}
	c.n += calls
	b.calls[repository] = c
}

// brake puts what holds the rules back into f.
func (h *Host) brake(ctx context.Context, gh *githubapp.Client, v store.Visit, f *rules.Facts, set *rules.Set) (err error) {
	f.Brake, err = h.budgets.brake(ctx, gh, v.RepositoryID, limitOf(h.configs.host, set))
	return err
}

// tellBrakes logs what the brakes did, once.
func (h *Host) tellBrakes(v store.Visit, f *rules.Facts, set *rules.Set, result rules.Result) {
	for _, rule := range result.Stopped {
		h.log.Warn("a rule is stopped on a subject, because it did something there too often", "delivery", f.Delivery.ID, "repo", nameOf(f), "subject", v.Subject, "rule", rule)
	}
	if len(result.Braked) == 0 {
		return
	}
	limit := limitOf(h.configs.host, set)
	if h.budgets.take(v.RepositoryID, f.Brake, limit) {
		h.log.Warn("rules are held back", "delivery", f.Delivery.ID, "repo", nameOf(f), "why", f.Brake.Actions+f.Brake.Facts, "limit", limit, "rule", result.Braked[0])
	}
}

// afford refuses an action in a repository that has none left, whatever wants it.
func (h *Host) afford(ctx context.Context, v store.Visit) error {
	if v.RepositoryID == 0 {
		return nil
	}
	set := h.configs.host
	if l, ok := h.configs.known(v.RepositoryID); ok {
		set = l.set
	}
	limit := limitOf(h.configs.host, set)
	ok, again, err := h.budgets.left(ctx, v.RepositoryID, limit)
	if err != nil || ok {
		return err
	}
	return spent{until: again, reason: fmt.Sprintf("the repository has used up its %d actions an hour: the next one may be done at %s", limit, again.UTC().Format("15:04 UTC"))}
}
