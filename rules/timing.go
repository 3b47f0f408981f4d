package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// Timed is an action that goes on as time passes while its rule holds.
type Timed interface {
	Action
	// PlanAt is Plan, and tells when to look again; zero for never. since is when the rule last did something here since it
	// holds, or when it began to hold, where it did nothing yet.
	PlanAt(f *Facts, since time.Time) (Action, time.Time)
}

// Wake is a time to look at a rule again, without a delivery of GitHub's: by one of the event "timer" whose payload holds
// {"timer": {"rule": Rule, "kind": Kind}}.
type Wake struct {
	Rule string
	Kind string // WakeState, WakeMoment or WakeAgain
	At   time.Time
}

// The kinds of wakes. A rule about state has one on a subject at the most, and none when it was decided without. A moment that a
// rule with `after` waits for stays booked whatever is decided meanwhile, until another such moment takes its place. Of one that is
// kept because of a Brake the kind goes on with a space and the delivery, so that no other takes its place.
const (
	WakeState  = "wake"
	WakeMoment = "after"
	// WakeAgain is for all rules about state on a subject, not for the one that is named: in Rule is the delivery that called for
	// it, so that two of them stay apart.
	WakeAgain = "again"
)

// timing is what a rule says of time beside its condition.
type timing struct {
	hold     time.Duration // `for`: its condition has to hold so long
	delay    time.Duration // `after`: it acts so long after a moment
	cooldown time.Duration // what it does once it does not do again before
	every    time.Duration // `repeat`: it does that again while it holds
	push     bool          // `repeat = "push"`: and that with each new commit
	once     bool          // it is done once ever on a subject
}

// timingFile is timing as it is written.
type timingFile struct {
	For      time.Duration `toml:"for" doc:"How long the rule has to hold before it counts." example:"for = \"10m\""`
	After    time.Duration `toml:"after" doc:"How long after the moment the rule acts, if it holds then too."`
	Cooldown time.Duration `toml:"cooldown" doc:"For how long what is done once is not done again." example:"cooldown = \"1d\""`
	Repeat   string        `toml:"repeat" doc:"When what is done once is done again while the rule goes on holding: push, or a length of time." example:"repeat = \"push\""`
	Once     bool          `toml:"once" doc:"Whether what is done once is done once ever on an issue, pull request or discussion: not again when the rule stops holding and holds anew, nor after a change of its text." example:"once = true"`
}

// maxTiming bounds what a rule may wait for: ten years.
const maxTiming = 3660 * 24 * time.Hour

// timing reads what a rule says of time, once its triggers are known.
func (c *compiler) timing(n *syntax.Node, in timingFile, r *rule) {
	r.timing = timing{hold: in.For, delay: in.After, cooldown: in.Cooldown, once: in.Once}
	c.once(n, r)
	for key, d := range map[string]time.Duration{"for": in.For, "after": in.After, "cooldown": in.Cooldown} {
		if at := n.Get(key); at != nil && (d <= 0 || d > maxTiming) {
			c.problem(at.Span, key+" must be longer than nothing, and ten years at the most", "")
		}
	}
	state := r.timed()
	if at := n.Get("for"); at != nil && !state {
		c.problem(at.KeySpan, "for is how long a state holds, and on names moments only", `Write after, to act some time after the moment; or name the event alone, such as "pull_request".`)
	}
	if at := n.Get("after"); at != nil && state {
		c.problem(at.KeySpan, "after is counted from a moment, and the rule is about state", `Write for, or name a moment: on = "issues.opened".`)
	}
	at := n.Get("repeat")
	if at == nil {
		return
	}
	switch d, err := syntax.Duration(in.Repeat); {
	case in.Repeat == "push":
		r.push = true
	case err != nil:
		c.problem(at.Span, fmt.Sprintf("repeat cannot be %q", in.Repeat), `Write "push", for once more with each new commit, or a length of time such as "7d".`)
	case d < time.Hour || d > maxTiming:
		c.problem(at.Span, "repeat must be an hour at least, and ten years at the most", "")
	default:
		r.every = d
	}
	if !state {
		c.problem(at.KeySpan, "repeat is for a rule about state, and on names moments only", "Each of the moments is a chance to fire anyway: leave repeat out.")
	}
}

// remembers tells whether times are kept of a rule.
func (r *rule) remembers() bool {
	return r.timing != (timing{}) || r.goesOn() || r.pauses()
}

// goesOn tells whether a rule has an action that goes on with time.
func (r *rule) goesOn() bool {
	return slices.ContainsFunc(r.then, func(a *act) bool { _, ok := a.action.(Timed); return ok })
}

// rung tells whether a delivery of ours is for a rule, and whether it is a moment for it.
func (r *rule) rung(f *Facts) (heard, moment bool) {
	member, _ := f.Event[f.Delivery.Event].(map[string]any)
	if f.Delivery.Event == timerEvent && member["kind"] == WakeAgain {
		return r.looksAgain(f), false
	}
	if member["rule"] != r.name {
		return f.Delivery.Event == timerEvent && slices.ContainsFunc(r.gates, func(g *rule) bool { return member["rule"] == g.name }), false
	}
	if f.Delivery.Event == timerEvent {
		kind, _ := member["kind"].(string)
		return true, strings.HasPrefix(kind, WakeMoment)
	}
	on, _ := member["on"].(string)
	heard = slices.ContainsFunc(r.triggers, func(t trigger) bool { return t.clock != nil && t.clock.text == on })
	return heard, heard
}

// timing lets time have its say on a rule whose condition was evaluated.
func (e *evaluation) timing(o *outcome) {
	r, now := o.rule, e.f.Now
	if r.timed() {
		o.decision.Wake = r.cond.wake(e.a)
	}
	if !r.remembers() {
		return
	}
	t := e.times[r.name]
	switch {
	case !o.holds:
		t.Since = time.Time{}
	case t.Since.IsZero():
		t.Since = now
	}
	defer func() { e.times[r.name] = t }()
	if !o.holds {
		return
	}
	if r.push && o.before && !e.newCommit(o, &t) {
		return
	}
	if r.every > 0 && o.before && !t.Fired.IsZero() {
		at := t.Fired.Add(r.every)
		o.again = !now.Before(at)
		if !o.again {
			o.decision.Wake = sooner(o.decision.Wake, at)
		}
	}
	switch cool := t.Fired.Add(r.cooldown); {
	case r.hold > 0 && now.Before(t.Since.Add(r.hold)):
		o.wait(t.Since.Add(r.hold), fmt.Sprintf("holds since %s, and has to for %s", clockTime(t.Since), length(r.hold)))
	case r.delay > 0 && e.f.Delivery.Event != timerEvent:
		o.late = true
		o.wait(now.Add(r.delay), "acts at "+clockTime(now.Add(r.delay))+" if it holds then too")
	case r.once && !t.Fired.IsZero():
		o.spent = true
	case r.cooldown > 0 && !t.Fired.IsZero() && now.Before(cool) && o.fires():
		at := cool
		if o.moment {
			at = time.Time{}
		}
		o.wait(at, "cools down until "+clockTime(cool))
	}
}

// newCommit tells o.again whether there is a commit that the rule did not fire on. It returns false where that is not known yet.
func (e *evaluation) newCommit(o *outcome, t *Times) bool {
	if e.f.Subject == nil || e.f.Subject.Kind != "pull_request" {
		return true
	}
	if !e.f.Known("subject.head_sha") {
		o.lack(e, []string{"subject.head_sha"})
		return false
	}
	if t.Head == "" { // it fired before the rule said repeat
		t.Head = e.f.Subject.HeadSHA
	}
	o.again = t.Head != e.f.Subject.HeadSHA
	return true
}

// wait puts a rule off that holds; until at, when that is not zero.
func (o *outcome) wait(at time.Time, note string) {
	o.decided = false
	o.decision.Outcome, o.decision.Note = Waiting, note
	o.decision.Wake = sooner(o.decision.Wake, at)
}

// fired notes that a rule did now what it does once.
func (e *evaluation) fired(o *outcome, steps []Step) {
	r := o.rule
	did := o.fires() && (len(steps) > 0 || r.every > 0 || r.push)
	if r.goesOn() {
		did = r.mode == "live" && slices.ContainsFunc(steps, func(s Step) bool { return !s.Undo })
	}
	if !r.remembers() || !o.holds || !did || r.once && r.mode != "live" {
		return
	}
	t := e.times[r.name]
	t.Fired = e.f.Now
	if e.f.Subject != nil && e.f.Subject.Kind == "pull_request" && e.f.Known("subject.head_sha") {
		t.Head = e.f.Subject.HeadSHA
	}
	e.times[r.name] = t
	if r.every > 0 {
		o.decision.Wake = sooner(o.decision.Wake, e.f.Now.Add(r.every))
	}
}

// planAt plans an action, with regard to how long its rule holds where the action has one.
func (e *evaluation) planAt(r *rule, action Action) Action {
	timed, ok := action.(Timed)
	if !ok {
		return action.Plan(e.f)
	}
	t := e.times[r.name]
	since := t.Since
	if t.Fired.After(since) {
		since = t.Fired
	}
	planned, wake := timed.PlanAt(e.f, since)
	for _, o := range e.rules {
		if o.rule == r {
			o.decision.Wake = sooner(o.decision.Wake, wake)
		}
	}
	return planned
}

// wakes lists when to look again.
func (e *evaluation) wakes() []Wake {
	var out []Wake
	for _, o := range e.rules {
		if o.decision.Wake.IsZero() {
			continue
		}
		w := Wake{Rule: o.rule.name, Kind: WakeState, At: o.decision.Wake}
		if o.late {
			w.Kind = WakeMoment
		}
		if o.later {
			w.Kind = WakeMoment + " " + e.f.Delivery.ID
		}
		out = append(out, w)
	}
	if e.again {
		out = append(out, Wake{Rule: e.f.Delivery.ID, Kind: WakeAgain, At: e.f.Now})
	}
	return out
}

// clockTime is a time in words, to the second where there are any.
func clockTime(t time.Time) string {
	layout := "2006-01-02 15:04 UTC"
	if t.Second() != 0 {
		layout = "2006-01-02 15:04:05 UTC"
	}
	return t.UTC().Format(layout)
}

// length is a length of time as people write it.
func length(d time.Duration) string {
	var out strings.Builder
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&out, "%d%s", n, unit.name)
			d -= n * unit.size
		}
	}
	return out.String()
}
