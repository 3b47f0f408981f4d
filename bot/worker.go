package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"bellhop/bot/actions"
	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

const (
	// visitTime bounds one attempt at a visit, GitHub's slowness included.
	visitTime = 5 * time.Minute
	// maxBackoff caps the wait between attempts: a new delivery of the subject waits behind it.
	maxBackoff = 5 * time.Minute
	// giveUp is how long a visit is tried while GitHub is unwell.
	giveUp = 24 * time.Hour
	// maxPanics is how often a visit may bring our own code down.
	maxPanics = 3
	// maxPatience is how often a visit waits for GitHub to work a fact out before it is decided without.
	maxPatience = 5
)

// work is workOn, and has what waits looked at again soon when the store failed it.
func (h *Host) work(ctx context.Context, key string) error {
	err := h.workOn(ctx, key)
	if errors.Is(err, store.ErrUnavailable) {
		h.stumbled.Store(true)
		h.Poke()
	}
	return err
}

// workOn does all that waits on a subject, in the order in which it came. A visit that is put off holds back those behind it:
// they would meet the same GitHub, and what rules do must not overtake itself.
func (h *Host) workOn(ctx context.Context, key string) error {
	var b burst
	for {
		visits, err := h.waitingOn(ctx, key)
		if err != nil {
			return fmt.Errorf("list what waits on %s: %w", key, err)
		}
		if len(visits) == 0 {
			return nil
		}
		b.begin(visits, h.now())
		for _, v := range visits {
			if v.NotBefore.After(h.now()) {
				return nil
			}
			ended, err := h.visit(ctx, &b, v)
			if err != nil || !ended {
				return err
			}
		}
	}
}

// more tells whether something that may be done now waits on a subject.
func (h *Host) more(ctx context.Context, key string) (bool, error) {
	visits, err := h.waitingOn(ctx, key)
	return len(visits) > 0 && !visits[0].NotBefore.After(h.now()), err
}

// visit makes one attempt at v and stores what became of it: ended is false when it was put off. The error is the store's:
// what GitHub or a rule did wrong is an outcome, and is stored.
func (h *Host) visit(ctx context.Context, b *burst, v store.Visit) (ended bool, err error) {
	d, err := h.store.Delivery(ctx, v.DeliveryID)
	if err != nil {
		return false, fmt.Errorf("read delivery %d: %w", v.DeliveryID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	ctx, meter := githubapp.WithMeter(ctx)
	told := Visited{Delivery: d, Subject: v.Subject}
	err = h.attempt(ctx, b, v, d, meter, &told)
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return false, ctx.Err() // shutting down: the visit waits as it was, its finished steps recorded
	}
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed) {
		return false, err // no fault of the visit: it waits as it was
	}
	// What is stored from here on must be stored also when the time of the attempt is up.
	ctx = context.WithoutCancel(ctx)
	told.APICalls = meter.Calls()
	if d.Installation != 0 {
		h.budgets.count(h.app.Client(d.Installation), v.RepositoryID, told.APICalls)
	}
	write := h.settle(v, d, err, &told)
	h.log.Info("visited", "delivery", d.GUID, "event", d.Event, "activity", d.Activity, "repo", d.Repository, "subject", v.Subject,
		"state", told.State, "reason", told.Reason, "rules", len(told.Decisions), "steps", len(told.Steps), "calls", told.APICalls, "attempt", v.Attempts+1)
	h.told(told)
	return told.State != store.Waiting, write(ctx)
}

// settle decides the outcome of an attempt: done, retry at T, or dead with a reason that a person understands. It returns what
// stores it.
func (h *Host) settle(v store.Visit, d *store.Delivery, err error, told *Visited) (write func(context.Context) error) {
	now := h.now()
	if err == nil {
		told.State, told.Reason = store.Done, deadSteps(told.Steps)
		if told.Reason != "" {
			told.State = store.Dead
		} else {
			told.Reason = whyLeft(told.Left)
		}
		return func(ctx context.Context) error { return h.store.Finish(ctx, told.State, told.Reason, v.ID) }
	}
	verdict := judge(err, now)
	told.Left = nil // found again in the next attempt
	told.State, told.Reason = store.Waiting, verdict.Reason
	switch {
	case verdict.Throttled:
		return func(ctx context.Context) error { return h.store.PutOff(ctx, v.ID, verdict.At, verdict.Reason) }
	case worthAnother(verdict, v, d, now):
		at := verdict.At
		if at.IsZero() {
			at = now.Add(backoff(v))
		}
		return func(ctx context.Context) error { return h.store.Retry(ctx, v.ID, at, verdict.Reason) }
	}
	told.State = store.Dead
	return func(ctx context.Context) error { return h.store.Finish(ctx, store.Dead, verdict.Reason, v.ID) }
}

// worthAnother tells whether a visit is tried again after this attempt.
func worthAnother(verdict githubapp.Verdict, v store.Visit, d *store.Delivery, now time.Time) bool {
	old := now.Sub(d.Received) >= giveUp
	if d.Source == store.Recovered { // it came late; what counts is how often it was tried
		old = v.Attempts >= int(giveUp/maxBackoff)
	}
	return verdict.Retry && (verdict.Limit == 0 || v.Attempts+1 < verdict.Limit) && !old
}

// backoff doubles from a second. A share that differs from visit to visit keeps those that failed together apart.
func backoff(v store.Visit) time.Duration {
	wait := maxBackoff
	if v.Attempts < 9 {
		wait = min(time.Second<<v.Attempts, maxBackoff)
	}
	return wait + wait*time.Duration(v.ID%16)/64
}

// The outcomes of an attempt that are not GitHub's.
type (
	// hopeless is a visit that no further attempt can help.
	hopeless struct{ reason string }
	// notYet is a visit that waits for a fact that GitHub is working out.
	notYet struct{ reason string }
	// broken is a visit that brought our own code down.
	broken struct{ reason string }
)

func (e hopeless) Error() string { return e.reason }
func (e notYet) Error() string   { return e.reason }
func (e broken) Error() string   { return e.reason }

// judge is githubapp.Judge, and knows the errors of the worker itself.
func judge(err error, now time.Time) githubapp.Verdict {
	var (
		dead    hopeless
		waiting notYet
		bug     broken
		early   underWay
		over    spent
	)
	switch {
	case errors.As(err, &dead):
		return githubapp.Verdict{Reason: dead.reason}
	case errors.As(err, &waiting):
		return githubapp.Verdict{Retry: true, Reason: waiting.reason}
	case errors.As(err, &early):
		return githubapp.Verdict{Retry: true, At: early.until, Reason: early.Error()}
	case errors.As(err, &over):
		return githubapp.Verdict{Retry: true, Throttled: true, At: over.until, Reason: over.reason}
	case errors.As(err, &bug):
		return githubapp.Verdict{Retry: true, Limit: maxPanics, Reason: bug.reason}
	}
	return githubapp.Judge(err, now)
}

// attempt decides v, unless its plan was written down before, and does what is left of the plan.
func (h *Host) attempt(ctx context.Context, b *burst, v store.Visit, d *store.Delivery, meter *githubapp.Meter, told *Visited) (err error) {
	defer func() {
		if r := recover(); r != nil {
			h.log.Error("panic", "delivery", d.GUID, "event", d.Event, "repo", d.Repository, "err", r, "stack", string(debug.Stack()))
			err = broken{githubapp.Scrub(fmt.Sprintf("internal error: %v", r))}
		}
	}()
	s, err := parseSubject(v.Subject)
	if err != nil {
		return hopeless{"the payload is not one of GitHub's: " + err.Error()}
	}
	f, err := h.facts(ctx, v, d, s)
	if err != nil {
		return hopeless{err.Error()}
	}
	if !v.Planned {
		planned, err := h.decide(ctx, b, v, d, f, meter, told)
		if err != nil || !planned {
			return err
		}
	}
	return h.do(ctx, v, d, f, told)
}

// decide evaluates the rules and writes the plan down. planned is false where no rule has a say.
func (h *Host) decide(ctx context.Context, b *burst, v store.Visit, d *store.Delivery, f *rules.Facts, meter *githubapp.Meter, told *Visited) (planned bool, err error) {
	switch d.Event {
	case "installation", "installation_repositories":
		h.app.Forget(d.Installation) // its permissions or its choice of repositories may have changed
		h.configs.forget(object(f.Event).obj("installation", "account").str("login"))
	case "repository":
		h.configs.drop(d.RepositoryID) // its default branch may be another
	}
	if d.Installation == 0 {
		if h.configs.host.Hears(d.Event, d.Activity) || d.RepositoryID != 0 {
			return false, hopeless{"the delivery names no installation: it comes from the webhook of a repository or an organisation, not from the GitHub App"}
		}
		return false, nil
	}
	gh := h.app.Client(d.Installation)
	if err := h.installed(ctx, d, f); err != nil {
		return false, err
	}
	if d.Event == scheduleEvent && f.Repository != nil && f.Event[scheduleEvent] == nil {
		if err := describe(ctx, gh, f); err != nil {
			return false, err
		}
	}
	c, err := h.configFor(ctx, gh, f)
	if err != nil {
		return false, err
	}
	if f.Repository != nil && f.Repository.ID != 0 {
		if err := h.schedule(ctx, d.Installation, f.Repository, c); err != nil {
			return false, err
		}
		if err := h.moved(ctx, d, f, c.set); err != nil {
			return false, err
		}
	}
	// What a person put or took is theirs from then on, whether a rule listens or not.
	moved := touched(f)
	if len(moved) == 0 && !c.set.Hears(d.Event, d.Activity) && d.Event != reapplyEvent {
		return false, nil
	}
	me, err := gh.Identity(ctx)
	if err != nil {
		return false, fmt.Errorf("ask who the app is: %w", err)
	}
	f.Bot, f.Delivery.Self = me.Slug, d.Sender == me.Login
	for _, p := range moved {
		if f.Delivery.Self {
			break
		}
		if err := h.store.ForgetPut(ctx, v.Subject, p.Kind, p.Key); err != nil {
			return false, fmt.Errorf("forget %s: %w", p.Kind, err)
		}
	}
	if reapplied, err := h.reapply(ctx, gh, d, f, c.set); reapplied || err != nil {
		return false, err
	}
	b.refresh(f, d)
	if told.Left, err = h.leave(ctx, b, v, f, c.set, me); err != nil {
		return false, err
	}
	if !c.set.Listens(f) && d.Event != reapplyEvent {
		return false, nil
	}
	if spread, err := h.spread(ctx, gh, v, f); spread || err != nil {
		told.Left = nil // each of the pull requests has a burst of its own
		return false, err
	}
	if swept, err := h.sweep(ctx, gh, d, f, c.set); swept || err != nil {
		return false, err
	}
	return h.plan(ctx, gh, v, d, f, c, meter, told)
}

// plan evaluates until no fact is missing, and writes down what came out.
func (h *Host) plan(ctx context.Context, gh *githubapp.Client, v store.Visit, d *store.Delivery, f *rules.Facts, c loadedConfig, meter *githubapp.Meter, told *Visited) (bool, error) {
	var err error
	if f.Memory, err = h.store.Memory(ctx, v.Subject); err != nil {
		return false, fmt.Errorf("read memory: %w", err)
	}
	if err := h.distrust(ctx, v, d, f); err != nil {
		return false, fmt.Errorf("look for what was done since: %w", err)
	}
	if err := h.past(ctx, v, c.set, f); err != nil {
		return false, err
	}
	if err := h.brake(ctx, gh, v, f, c.set); err != nil {
		return false, err
	}
	result := c.set.Evaluate(f)
	for len(result.Missing) > 0 {
		looked := result.Missing
		if err := h.learn(ctx, gh, f, looked); err != nil {
			return false, err
		}
		if result = c.set.Evaluate(f); slices.Equal(looked, result.Missing) {
			return false, hopeless{fmt.Sprintf("internal error: %v stay unknown after they were looked up", looked)}
		}
	}
	if why := patience(result, f); why != "" && v.Attempts < maxPatience {
		return false, notYet{why}
	}
	gates, err := h.groupGates(ctx, gh, f, c.set)
	if err != nil {
		return false, err
	}
	result.Decisions = append(result.Decisions, gates.Decisions...)
	result.Steps = append(gates.Steps, result.Steps...)
	told.Decisions = result.Decisions
	h.tellBrakes(v, f, c.set, result)
	return true, h.store.WritePlan(context.WithoutCancel(ctx), store.Plan{
		Visit: v.ID, Subject: v.Subject, Decisions: result.Decisions, Steps: result.Steps, Memory: result.Memory,
		Wakes:    h.wakesOf(v, f, result),
		APICalls: meter.Calls(), Config: c.sha, At: h.now(),
	})
}

// patience says what a rule waits for that no later delivery will tell: GitHub works out whether a pull request merges, and
// sends nothing when it is done. Checks, on the other hand, announce themselves.
func patience(result rules.Result, f *rules.Facts) string {
	why := f.Waits("subject.mergeable")
	if why == "" {
		return ""
	}
	for _, d := range result.Decisions {
		if d.Outcome == rules.Waiting && slices.Contains(d.Reads, "subject.mergeable") {
			return why
		}
	}
	return ""
}

// configFor returns the rules for a delivery: the operator's, and those of its repository.
func (h *Host) configFor(ctx context.Context, gh *githubapp.Client, f *rules.Facts) (loadedConfig, error) {
	if f.Repository == nil || f.Repository.ID == 0 {
		return loadedConfig{set: h.configs.host}, nil
	}
	of := configOf{repo: f.Repository, account: object(f.Event).obj("repository", "owner").num("id")}
	if p := f.Push; p != nil && p.Branch == f.Repository.DefaultBranch && !p.Deleted {
		if of.named = namesConfig(p); of.named || p.Forced || len(p.Commits) == 0 || len(p.Commits) >= maxCommits {
			of.head = p.After
		}
	}
	return h.configs.rules(ctx, gh, of)
}

// maxCommits is how many commits GitHub lists in a push; it lists none when history was rewritten to an older commit. Then the
// files may have changed without a word. https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
const maxCommits = 2048

// namesConfig tells whether a push changed rule files or their tests.
func namesConfig(p *rules.Push) bool {
	return slices.ContainsFunc(p.Files, func(f rules.File) bool {
		return f.Path == ConfigPath || f.Path == testsOf(ConfigPath) || strings.HasPrefix(f.Path, ConfigFolder+"/")
	})
}

// afterFailure is why a step is skipped whose rule did not get that far.
const afterFailure = "an earlier action of this rule failed"

// do does the steps of a plan that are not done yet. When one fails for good, later ones of the same rule are skipped.
func (h *Host) do(ctx context.Context, v store.Visit, d *store.Delivery, f *rules.Facts, told *Visited) error {
	steps, err := h.store.Steps(ctx, v.ID)
	if err != nil {
		return fmt.Errorf("read steps: %w", err)
	}
	told.Steps = steps
	failed := map[string]string{} // rule → why
	for i := range steps {
		step := &steps[i]
		if step.State == store.Dead {
			failed[step.Step.Rule] = step.Reason
		}
		if step.State != store.Waiting {
			continue
		}
		result := store.StepResult{State: store.Skipped, Reason: afterFailure}
		why, hindered := failed[step.Step.Rule]
		if step.Step.Fallback {
			result.Reason, hindered = "no action of this rule failed", !hindered
			step.Step = step.Step.Failed(why)
		}
		if !hindered {
			if err := h.afford(ctx, v); err != nil {
				return err
			}
			if result, err = h.doStep(ctx, v, d, f, step); err != nil {
				return err
			}
		}
		result.At = h.now()
		if err := h.store.FinishStep(context.WithoutCancel(ctx), v.Subject, *step, result); err != nil {
			return fmt.Errorf("store step: %w", err)
		}
		step.State, step.URL, step.Reason = result.State, result.URL, result.Reason
		if result.State == store.Dead {
			failed[step.Step.Rule] = result.Reason
		}
	}
	return nil
}

// doStep does one step. An error means that it is worth another attempt.
func (h *Host) doStep(ctx context.Context, v store.Visit, d *store.Delivery, f *rules.Facts, step *store.Step) (store.StepResult, error) {
	action, err := rules.Decode(h.kinds, step.Step.Kind, step.Step.Args)
	if err != nil {
		return store.StepResult{State: store.Dead, Reason: err.Error()}, nil
	}
	if err := h.cutOff(step); err != nil {
		return store.StepResult{}, err
	}
	if err := h.store.StepTried(ctx, step.ID, h.now()); err != nil {
		return store.StepResult{}, fmt.Errorf("store attempt: %w", err)
	}
	done, err := action.(actions.Doer).Do(ctx, h.app.Client(d.Installation), targetOf(d, f, step))
	if err != nil {
		verdict := githubapp.Judge(err, h.now())
		if verdict.Throttled || worthAnother(verdict, v, d, h.now()) {
			return store.StepResult{}, fmt.Errorf("%s: %w", step.Step.Kind, err)
		}
		h.log.Warn("step failed for good", "delivery", d.GUID, "event", d.Event, "activity", d.Activity, "repo", d.Repository,
			"rule", step.Step.Rule, "action", step.Step.Kind, "attempt", step.Attempts+1, "err", err)
		return store.StepResult{State: store.Dead, Reason: verdict.Reason}, nil
	}
	if done.Skipped != "" {
		return store.StepResult{State: store.Skipped, URL: done.URL, Reason: done.Skipped}, nil
	}
	return store.StepResult{State: store.Done, URL: done.URL}, nil
}

// targetOf says where a step is done.
func targetOf(d *store.Delivery, f *rules.Facts, step *store.Step) rules.Target {
	t := rules.Target{Installation: d.Installation, Delivery: d.GUID, Rule: step.Step.Rule, Step: step.Seq}
	if f.Repository != nil {
		t.Owner, t.Name = f.Repository.Owner, f.Repository.Name
	}
	if f.Subject != nil {
		t.Kind, t.Number = f.Subject.Kind, int(f.Subject.Number)
	}
	return t
}

// deadSteps says which steps failed for good, or "".
func deadSteps(steps []store.Step) string {
	var reasons []string
	for _, s := range steps {
		if s.State == store.Dead {
			reasons = append(reasons, fmt.Sprintf("rule %q, %s: %s", s.Step.Rule, s.Step.Kind, s.Reason))
		}
	}
	return strings.Join(reasons, "; ")
}
