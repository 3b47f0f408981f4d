package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Brake is what holds back what rules would do on one delivery because their repository has used up its share. Commands, the
// check runs of gates and what pauses go on. A rule that is held back stays as it was remembered and is looked at again: at the
// time given, on what is then there; a moment is kept until then.
type Brake struct {
	Actions   string // why nothing is done; "" for nothing in the way
	ActionsAt time.Time
	Facts     string // why no fact is looked up; "" for nothing in the way
	FactsAt   time.Time
}

const (
	// breakerActs is how often a rule does something on one subject within breakerSpan before it is stopped there, where bots or
	// the clock set it off: two rules that undo each other get there within a minute. What people set off does not count. They
	// tire, and a busy issue has more comments than that.
	breakerActs = 20
	// breakerSpan is also how long it is stopped. Then it has one try, and another hour in which the next one stops it again.
	breakerSpan = time.Hour
)

// brake holds back what a rule would do now, and notes why. It counts what it lets through.
func (e *evaluation) brake(o *outcome, steps []Step) bool {
	r := o.rule
	if r.cmd != nil || r.mode != "live" || r.pauses() || r.resumes() || !slices.ContainsFunc(steps, e.acts) {
		return false
	}
	if b := e.f.Brake; b != nil && b.Actions != "" {
		e.hold(o, b.Actions, b.ActionsAt)
		return true
	}
	return e.stop(o)
}

// acts tells whether a step is what a rule does, not what a gate tells.
func (e *evaluation) acts(s Step) bool {
	k := kindNamed(e.set.kinds, s.Kind)
	return k != nil && !k.Publishes()
}

// hold puts off what a rule would do. Where the delivery is a moment, that is kept until then.
func (e *evaluation) hold(o *outcome, why string, at time.Time) {
	e.braked = append(e.braked, o.rule.name)
	o.later = o.moment && !o.rule.timed()
	o.putOff(why+", looked at again at "+clockTime(at), at)
}

// putOff is wait; what a gate says stays.
func (o *outcome) putOff(note string, at time.Time) {
	if o.gate != nil {
		o.decided = false
		o.decision.Note += "; " + note
		o.decision.Wake = sooner(o.decision.Wake, at)
		return
	}
	o.wait(at, note)
}

// unread holds a rule back that needs facts to be looked up.
func (e *evaluation) unread(o *outcome) bool {
	b := e.f.Brake
	if b == nil || b.Facts == "" || o.rule.cmd != nil || o.rule.gate != nil {
		return false
	}
	e.hold(o, b.Facts, b.FactsAt)
	return true
}

// stop is the breaker: a rule that did something here too often is stopped, until breakerSpan later it has one try. A change of
// its text lets it begin anew.
func (e *evaluation) stop(o *outcome) bool {
	r, now := o.rule, e.f.Now
	a := e.counts[r.name]
	people := e.f.Sender != nil && !e.f.Sender.Bot && !e.f.Delivery.Self
	if stopped := a.Text == r.print && now.Before(a.Until); e.f.Subject == nil || people && !stopped {
		return false
	}
	switch {
	case a.Text != r.print:
		a = Acts{Text: r.print, Since: now}
	case now.Before(a.Until):
	case !a.Until.IsZero():
		a.Until, a.Since, a.Count = time.Time{}, now, breakerActs-1
	case now.Sub(a.Since) >= breakerSpan:
		a.Since, a.Count = now, 0
	}
	if a.Count >= breakerActs && a.Until.IsZero() {
		a.Until = now.Add(breakerSpan)
		e.stopped = append(e.stopped, r.name)
		e.tellStopped(r)
	}
	if stopped := !a.Until.IsZero(); !stopped {
		a.Count++
		e.counts[r.name] = a
		return false
	}
	e.counts[r.name] = a
	at := a.Until
	if !r.timed() {
		at = time.Time{} // its moments are over
	}
	o.putOff(fmt.Sprintf("stopped: it did something here %d times within an hour; tried again after %s", breakerActs, clockTime(a.Until)), at)
	return true
}

// tellStopped plans a comment that says so to the people of the subject, where there can be one. It says the same each time, so
// that there is one of a rule.
func (e *evaluation) tellStopped(r *rule) {
	k := kindNamed(e.set.kinds, "sticky")
	if k == nil || !e.possible(k) {
		return
	}
	text, err := json.Marshal(map[string]string{"Key": "stopped " + r.name, "Body": fmt.Sprintf(
		"The rule %s did something here %d times within an hour, and was stopped here. Probably another rule undoes what it does; the decisions that `/explain` shows tell more. It is tried again after an hour, and as soon as its text changes.",
		code(r.name), breakerActs)})
	action := k.New()
	if err == nil {
		err = json.Unmarshal(text, action)
	}
	if err != nil {
		panic("rules: " + err.Error()) // they are texts
	}
	if planned := action.Plan(e.f); !isNil(planned) {
		if step, err := e.encode(r, k, planned); err == nil {
			e.answers = append(e.answers, step)
		}
	}
}
