package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pauser is an action that holds the bot back on its subject, or lets it go on there. It does nothing at GitHub: what it does is
// what Memory has of it afterwards. While a subject is paused no rule does anything there, with these exceptions:
//
//   - a rule or command that pauses or resumes, so that a pause can end;
//   - the engine's own commands, /help and /explain;
//   - the check runs of gates, which have to be right whoever looks at them; what is in `then` and `else` beside them waits;
//   - a rule that is locked: no file may opt out of it, so no pause does.
//
// Rules that are held back are not evaluated, and what is remembered of them stays. Moments that come meanwhile are over when
// the pause ends; rules about state look again then (WakeAgain).
type Pauser interface {
	Action
	// Pauses is false for the action that ends pauses.
	Pauses() bool
}

// PauseKept is what Memory has of a pause that a rule keeps while it holds.
const PauseKept = "pause"

// PauseKey is what Memory has of a pause that goes on until it is ended: who wanted it, since when.
func PauseKey(by string, since time.Time) string {
	return by + " " + since.UTC().Format(time.RFC3339)
}

// pause is what holds the rules back on a subject.
type pause struct {
	rule  string
	by    string // login of who gave the command; "" for a rule
	since time.Time
}

// note says by whom the subject is paused, and since when.
func (p *pause) note() string {
	note := fmt.Sprintf("paused by the rule %q", p.rule)
	if p.by != "" {
		note = "paused by " + p.by
	}
	if !p.since.IsZero() {
		note += " since " + clockTime(p.since)
	}
	return note
}

// text is note as people are answered, with what ends the pause.
func (p *pause) text() string {
	if p.by != "" {
		return fmt.Sprintf("The bot is %s; `/resume` lets it go on.", inert(p.note()))
	}
	return fmt.Sprintf("The bot is %s; it goes on when that rule holds no more.", inert(p.note()))
}

// pausing tells whether an action pauses, and whether it ends pauses.
func pausing(a Action) (pauses, resumes bool) {
	p, ok := a.(Pauser)
	return ok && p.Pauses(), ok && !p.Pauses()
}

// pauses tells whether a rule has an action that pauses.
func (r *rule) pauses() bool {
	return slices.ContainsFunc(slices.Concat(r.then, r.otherwise), (*act).pauses)
}

func (a *act) pauses() bool { pauses, _ := pausing(a.action); return pauses }

// resumes tells whether a rule has an action that ends pauses.
func (r *rule) resumes() bool {
	return slices.ContainsFunc(slices.Concat(r.then, r.otherwise), func(a *act) bool { _, resumes := pausing(a.action); return resumes })
}

// unpausable tells whether a rule goes on while its subject is paused.
func (r *rule) unpausable() bool {
	return r.locked || r.pauses() || r.resumes() || r.cmd != nil && r.cmd.answer != nil
}

// knownPauses takes out of the memory of f the pauses of rules that are no more, or pause no more: nothing is left to end them.
func (s *Set) knownPauses(f *Facts) *Facts {
	gone := func(p Put) bool {
		k := kindNamed(s.kinds, p.Kind)
		if k == nil {
			return false
		}
		if pauses, _ := pausing(k.New()); !pauses {
			return false
		}
		r := s.ruleNamed(p.Rule)
		return r == nil || r.mode != "live" || !r.pauses()
	}
	if !slices.ContainsFunc(f.Memory.Put, gone) {
		return f
	}
	known := *f
	known.Memory.Put = slices.DeleteFunc(slices.Clone(f.Memory.Put), gone)
	return &known
}

// paused finds what holds the rules back: what Memory has, or else a rule that was decided now to pause.
func (e *evaluation) paused() *pause {
	for _, p := range e.put {
		if k := kindNamed(e.set.kinds, p.Kind); k == nil || !pausesKind(k) {
			continue
		}
		by, since, made := strings.Cut(p.Key, " ")
		if !made {
			return &pause{rule: p.Rule, since: e.times[p.Rule].Since}
		}
		at, _ := time.Parse(time.RFC3339, since)
		return &pause{rule: p.Rule, by: by, since: at}
	}
	for _, o := range e.rules {
		active, _ := o.rule.acts(o.holds)
		if o.decided && o.rule.mode == "live" && slices.ContainsFunc(active, func(a *act) bool { return a.pauses() && e.possible(a.kind) }) {
			p := &pause{rule: o.rule.name, since: e.times[o.rule.name].Since}
			if o.rule.cmd != nil {
				p.by, p.since = e.f.Sender.Login, e.f.Now
			}
			return p
		}
	}
	return nil
}

func pausesKind(k *Kind) bool { pauses, _ := pausing(k.New()); return pauses }

// pausers decides the rules that pause, before the others: what one of them does at this moment holds the others back.
func (e *evaluation) pausers() {
	for _, i := range e.set.hearing(e.f.Delivery.Event, e.f.Delivery.Activity) {
		if r := e.set.rules[i]; r.cmd == nil && r.pauses() {
			e.decide(r)
		}
	}
	e.pause = e.paused()
}

// pausedBy lets a command that was accepted hold back, or let go on, those after it in the same text. One that cannot end a pause
// is answered so.
func (e *evaluation) pausedBy(o *outcome) {
	switch {
	case !o.holds || o.rule.mode != "live":
	case o.rule.pauses():
		e.pause = e.paused()
	case o.rule.resumes():
		lifted := e.liftable()
		before := e.put
		e.put = slices.DeleteFunc(slices.Clone(e.put), func(p Put) bool { return slices.Contains(lifted, p) })
		e.pause, e.put = e.paused(), before
		if e.pause != nil {
			e.refuse(o, "confused", "", e.pause.text())
		}
	}
}

// heldBack notes that a rule is not looked at because of a pause.
func (e *evaluation) heldBack(o *outcome) bool {
	if e.pause == nil || o.rule.unpausable() {
		return false
	}
	o.decision.Outcome, o.decision.Note, o.decision.Reads = Waiting, e.pause.note(), nil
	return true
}

// liftable are the pauses that somebody may end: all but those that a rule about state keeps, which ends them itself.
func (e *evaluation) liftable() (out []Put) {
	for _, p := range e.put {
		k, r := kindNamed(e.set.kinds, p.Kind), e.set.ruleNamed(p.Rule)
		if k != nil && pausesKind(k) && r != nil && (p.Key != PauseKept || !r.timed()) {
			out = append(out, p)
		}
	}
	return out
}

// pausesBy makes the step of a Pauser what it is: what Memory gains, or loses.
func (e *evaluation) pausesBy(r *rule, k *Kind, step *Step, planned Action) bool {
	switch pauses, resumes := pausing(planned); {
	case pauses:
		for _, key := range planned.(Kept).Keys() {
			step.Put = append(step.Put, Put{Rule: r.name, Kind: k.Name, Key: key})
		}
		return true
	case resumes:
		step.Undo, step.Put = true, e.liftable()
		e.again = e.again || len(step.Put) > 0
		return len(step.Put) > 0
	}
	return true
}

// looksAgain tells whether a rule about state is to look at f's subject though nothing happened there.
func (r *rule) looksAgain(f *Facts) bool {
	return f.Subject != nil && slices.ContainsFunc(r.triggers, func(t trigger) bool {
		return !t.moment && slices.Contains(subjectsOf(t.event), f.Subject.Kind)
	})
}
