package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Evaluate decides the rules that hear f's delivery and plans what they make the bot do. It is pure: no network, no disk, no
// clock, and the same facts give the same result. f may be any Facts, the zero value too.
//
// An action that is kept is planned whenever its rule holds and the subject lacks something of it, and taken back when the rule
// is decided not to hold. An action that is done once is planned when its rule begins to hold (it did not when it was last
// decided), or, where the rule's `on` names a moment, each time that it holds in such a moment; under `else` the same for
// beginning not to hold. A rule that waits or fails changes nothing. Deliveries that the bot itself caused are heard only by
// rules with `self = true`. A gate hears them too, and says what it finds, but does nothing else. Rules that pause come before the
// others; see Pauser.
func (s *Set) Evaluate(f *Facts) Result {
	if s == nil {
		return Result{Memory: f.Memory}
	}
	f, unfrozen := s.frozen(s.knownPauses(f))
	e := newEvaluation(s, f)
	e.unfrozen = unfrozen
	e.pausers()
	heard := s.hearing(f.Delivery.Event, f.Delivery.Activity)
	for _, i := range heard {
		if r := s.rules[i]; r.gate != nil && !r.pauses() && !f.Left[r.name] {
			e.decide(r)
		}
	}
	e.f = e.withGates()
	e.a = newActivation(e.f)
	for _, i := range heard {
		if r := s.rules[i]; r.gate == nil && r.cmd == nil && !r.pauses() && !f.Left[r.name] {
			e.decide(r)
		}
	}
	slices.SortStableFunc(e.rules, func(a, b *outcome) int { return slices.Index(s.rules, a.rule) - slices.Index(s.rules, b.rule) })
	e.commands()
	for _, o := range e.rules {
		e.plan(o)
	}
	e.reply()
	e.combine()
	e.retire()
	return e.result()
}

func newEvaluation(s *Set, f *Facts) *evaluation {
	e := &evaluation{set: s, f: f, a: newActivation(f), held: maps.Clone(f.Memory.Held), put: slices.Clone(f.Memory.Put),
		state: map[string]bool{}, missing: map[string]bool{}, times: maps.Clone(f.Memory.Times), counts: maps.Clone(f.Memory.Acts)}
	if e.held == nil {
		e.held = map[string]bool{}
	}
	if e.counts == nil {
		e.counts = map[string]Acts{}
	}
	if e.times == nil {
		e.times = map[string]Times{}
	}
	if f.Delivery.Event == reapplyEvent {
		look := reapplied(f)
		e.look = &look
	}
	return e
}

// evaluation is the work on one delivery.
type evaluation struct {
	set     *Set
	f       *Facts
	a       *activation
	rules   []*outcome
	held    map[string]bool // Memory.Held as it will be
	state   map[string]bool // whether rules hold, of those decided now
	put     []Put           // Memory.Put as it will be, but for what steps change
	missing map[string]bool
	times   map[string]Times // Memory.Times as it will be
	replies []reply          // to commands
	answers []Step           // of these

	pause *pause // what holds rules back; nil for nothing
	again bool   // a pause ends: rules about state are to look once more

	counts  map[string]Acts // Memory.Acts as it will be
	stopped []string        // rules that the breaker stopped
	braked  []string        // rules that were held back

	unfrozen []string // facts that the freezes need first
	look     *Reapply // of a delivery that has rules look again

	group    bool        // gates are decided for a merge group
	gates    *activation // what gates see; nil before the first
	combined []Step      // check runs that gates share
}

// outcome is what became of one rule so far.
type outcome struct {
	rule     *rule
	decision Decision
	decided  bool // true or false, and nothing is missing
	holds    bool
	moment   bool // the delivery is a moment that the rule names
	before   bool // it held when it was last decided
	known    bool // it was decided before
	again    bool // it is to do once more what it does once: see repeat
	late     bool // it acts some time after the moment: see after
	settled  bool // it leaves out what it does once: see settles
	later    bool // the moment is kept until then: see Brake
	spent    bool // what it does once it has done once and for all: see once
	steps    []Step
	facts    *Facts // of a command: those of the delivery, and the command
	a        *activation
	refused  bool
	gate     *verdictOnGate // of a gate
	outside  bool           // the gate is not about this subject: neither what it does then nor else is in force
}

// decide evaluates the condition of a rule.
func (e *evaluation) decide(r *rule) {
	heard, moment := r.hears(e.f)
	if !heard || r.gate != nil && e.skipsGate() || e.look != nil && !e.look.names(e.set, r) {
		return
	}
	o := &outcome{rule: r, decision: Decision{Rule: r.name, Reads: r.reads, Moment: moment}, moment: moment, settled: e.settles(r)}
	o.before, o.known = e.f.Memory.Held[r.name], hasKey(e.f.Memory.Held, r.name)
	e.rules = append(e.rules, o)
	if r.gate != nil {
		e.decideGate(o)
		return
	}
	if e.heldBack(o) {
		return
	}
	var tr trace
	v := r.cond.decide(e.a, &tr)
	o.decision.Terms = tr.inOrder()
	if len(v.missing) > 0 {
		o.lack(e, r.withHead(e.f, v.missing))
		return
	}
	o.decide(e, v)
}

// decide takes the verdict on a condition over.
func (o *outcome) decide(e *evaluation, v verdict) {
	o.decision.Outcome = v.outcome
	o.decision.Note = v.note()
	if v.outcome == True || v.outcome == False {
		o.decided, o.holds = true, v.outcome == True
	}
	if !e.unsettle(o) {
		return
	}
	e.timing(o)
	e.freeze(o)
	if o.settled && v.outcome == True && !o.decided {
		e.settle(o)
	}
	if o.decided {
		e.state[o.rule.name] = o.holds
	}
}

// hears tells whether a rule hears a delivery, and whether it is a moment that the rule names.
func (r *rule) hears(f *Facts) (heard, moment bool) {
	if f.Delivery.Self && !r.self && r.gate == nil {
		return len(r.gates) > 0 && r.gates[0].gate.heard(f) && slices.ContainsFunc(r.bells, func(t trigger) bool { return t.hears(f) }), false
	}
	if r.gate != nil && !r.gate.heard(f) {
		return false, false
	}
	if f.Delivery.Event == reapplyEvent {
		return r.timed(), false
	}
	if f.Delivery.Event == scheduleEvent || f.Delivery.Event == timerEvent {
		return r.rung(f)
	}
	for _, t := range r.triggers {
		if t.hears(f) {
			heard, moment = true, moment || t.moment
		}
	}
	heard = heard || slices.ContainsFunc(r.bells, func(t trigger) bool { return t.hears(f) })
	return heard, moment
}

func hasKey(m map[string]bool, key string) bool { _, ok := m[key]; return ok }

// note tells why a condition has no answer.
func (v verdict) note() string {
	switch v.outcome {
	case Waiting:
		return "waits: " + v.why
	case Error:
		return "error: " + v.why
	}
	return ""
}

// lack notes the facts that a rule needs first.
func (o *outcome) lack(e *evaluation, missing []string) {
	if e.unread(o) {
		return
	}
	o.decided = false
	o.decision.Outcome = Waiting
	o.decision.Note = "needs facts that were not read yet"
	for _, m := range missing {
		e.missing[m] = true
	}
}

// plan finds the steps of a rule. A rule of which one action cannot be planned does nothing at all.
func (e *evaluation) plan(o *outcome) {
	if o.rule.cmd != nil {
		defer e.accept(o)
		defer e.with(o)()
	}
	if o.gate != nil && !e.publish(o) || !o.decided {
		return
	}
	if o.gate != nil && e.f.Delivery.Self && !o.rule.self {
		return // a gate is right whoever changed something; what a rule does is for others to set off
	}
	if o.gate != nil && e.pause != nil && !o.rule.unpausable() && len(o.rule.then)+len(o.rule.otherwise) > 0 {
		o.decision.Note += "; " + e.pause.note()
		return
	}
	before := slices.Clone(e.put)
	steps, v := e.steps(o)
	switch {
	case len(v.missing) > 0:
		e.put = before
		o.lack(e, v.missing)
		return
	case v.outcome != True:
		e.put = before
		o.decided = false
		o.decision.Outcome, o.decision.Note = v.outcome, v.note()
		return
	}
	if e.brake(o, steps) {
		e.put = before
		return
	}
	if o.rule.cmd == nil {
		e.held[o.rule.name] = o.holds
		switch {
		case !o.settled || o.rule.goesOn():
			e.fired(o, steps)
		case o.holds && o.fires():
			e.settle(o)
		}
		e.forgetSettled(o)
	}
	if o.rule.mode == "observe" {
		o.decision.Would = append(o.decision.Would, steps...)
	} else {
		o.steps = append(o.steps, steps...)
	}
	if o.gate == nil {
		o.decision.Note = e.note(o, len(steps))
	} else if len(steps) > 0 {
		o.decision.Note += "; " + counted(len(steps))
	}
}

// note says in a few words what followed from a decision.
func (e *evaluation) note(o *outcome, steps int) string {
	active, _ := o.rule.acts(o.holds)
	possible := slices.ContainsFunc(active, func(a *act) bool { return e.possible(a.kind) })
	kept := slices.ContainsFunc(active, (*act).kept)
	switch {
	case steps > 0 && o.rule.mode == "observe":
		return "observe only: " + counted(steps)
	case steps > 0:
		return counted(steps)
	case len(active) == 0:
		return ""
	case !possible:
		return "not on " + kindWords(e.a.kind())
	case o.settled && o.holds && !o.before:
		return "held before the rule was there"
	case o.spent:
		return "done once, at " + clockTime(e.times[o.rule.name].Fired)
	case kept || o.fires():
		return "already done"
	case o.holds:
		return "held before"
	}
	return ""
}

func counted(steps int) string {
	if steps == 1 {
		return "1 action"
	}
	return fmt.Sprintf("%d actions", steps)
}

// fires tells whether actions that are done once are done now.
func (o *outcome) fires() bool {
	if o.spent {
		return false
	}
	if o.holds {
		return o.moment || !o.before || o.again
	}
	return o.moment || o.before
}

// acts are the actions in force in a state of the rule, and those that are not.
func (r *rule) acts(holds bool) (active, idle []*act) {
	if holds {
		return r.then, r.otherwise
	}
	return r.otherwise, r.then
}

// steps plans the actions of a decided rule.
func (e *evaluation) steps(o *outcome) ([]Step, verdict) {
	var steps []Step
	active, idle := o.rule.acts(o.holds)
	if o.outside {
		active, idle = nil, slices.Concat(active, idle)
	}
	kept := map[string][]string{} // keys in force, by kind
	v := conjunction(active, func(a *act) verdict {
		if !e.possible(a.kind) {
			return verdict{outcome: True}
		}
		if !a.kept() && (o.settled || !o.fires()) {
			return verdict{outcome: True}
		}
		action, v := e.render(a)
		if v.outcome != True {
			return v
		}
		if k, ok := action.(Kept); ok {
			kept[a.kind.Name] = append(kept[a.kind.Name], k.Keys()...)
		}
		if v := e.readable(a.kind); v.outcome != True {
			return v
		}
		step, ok, err := e.step(o.rule, a.kind, action)
		if err != nil {
			return verdict{outcome: Error, why: err.Error()}
		}
		if ok {
			steps = append(steps, step)
		}
		return verdict{outcome: True}
	})
	if v.outcome != True {
		return nil, v
	}
	undone := map[string]bool{}
	undo := conjunction(slices.Concat(idle, active), func(a *act) verdict {
		if !a.kept() || undone[a.kind.Name] || !e.possible(a.kind) {
			return verdict{outcome: True}
		}
		undone[a.kind.Name] = true
		step, ok, v := e.undo(o, a, kept[a.kind.Name])
		if ok {
			steps = append(steps, step)
		}
		return v
	})
	if undo.outcome != True {
		return nil, undo
	}
	return steps, verdict{outcome: True}
}

// possible tells whether an action can be done on the subject of this delivery. Every action is done in a repository.
func (e *evaluation) possible(k *Kind) bool {
	kind := "repository"
	if e.f.Subject != nil {
		kind = e.f.Subject.Kind
	}
	if e.f.Repository == nil {
		return false
	}
	return len(k.On) == 0 || slices.Contains(k.On, kind)
}

// render copies an action and fills its templates in.
func (e *evaluation) render(a *act) (Action, verdict) {
	action := cloneAction(a.action)
	if len(a.templates) == 0 {
		return action, verdict{outcome: True}
	}
	r := &rendering{templates: a.templates, a: e.a, verdict: verdict{outcome: True}}
	r.structure(reflect.ValueOf(action).Elem())
	return action, r.verdict
}

// readable tells whether the facts that the plan of an action reads are known.
func (e *evaluation) readable(k *Kind) verdict {
	return conjunction(k.Reads, func(path string) verdict {
		fact := mustFact(path)
		if e.f.absence(fact) != "" || e.f.Known(path) {
			return verdict{outcome: True}
		}
		if why, ok := e.f.waiting[fact.path()]; ok {
			return verdict{outcome: Waiting, why: why}
		}
		return verdict{missing: []string{fact.path()}}
	})
}

// step plans one action. It is not ok when there is nothing to do.
func (e *evaluation) step(r *rule, k *Kind, action Action) (step Step, ok bool, err error) {
	planned := e.planAt(r, action)
	if isNil(planned) {
		return Step{}, false, nil
	}
	if step, err = e.encode(r, k, planned); err != nil {
		return Step{}, false, err
	}
	if _, ok := planned.(Pauser); ok {
		return step, e.pausesBy(r, k, &step, planned), nil
	}
	if kept, ok := action.(Kept); ok && r.cmd == nil { // what a command put stays, as if a person had put it
		if p, ok := planned.(Kept); ok {
			kept = p // what the subject lacked; the rest was there before
		}
		for _, key := range kept.Keys() {
			step.Put = append(step.Put, Put{Rule: r.name, Kind: k.Name, Key: key})
		}
	}
	return step, true, nil
}

// isNil tells whether there is no action, also when it is a nil pointer of some type.
func isNil(a Action) bool {
	return a == nil || reflect.ValueOf(a).Kind() == reflect.Pointer && reflect.ValueOf(a).IsNil()
}

// encode makes the step of a planned action, which may be of another kind than the one that planned it.
func (e *evaluation) encode(r *rule, k *Kind, planned Action) (Step, error) {
	kind, err := e.kindOf(k, planned)
	if err != nil {
		return Step{}, err
	}
	args, err := json.Marshal(planned)
	if err != nil {
		return Step{}, fmt.Errorf("plan of %s: %w", kind, err)
	}
	return Step{Rule: r.name, Kind: kind, Action: planned, Args: args}, nil
}

// kindOf names the kind of an action by its type: k's own where the type is its, else the first that has it.
func (e *evaluation) kindOf(k *Kind, a Action) (string, error) {
	t := reflect.TypeOf(a)
	if reflect.TypeOf(k.New()) == t {
		return k.Name, nil
	}
	for _, other := range e.set.kinds {
		if reflect.TypeOf(other.New()) == t {
			return other.Name, nil
		}
	}
	return "", fmt.Errorf("%s plans a %s, which is no kind of action", k.Name, t)
}

// result puts the parts together, in the order of the set.
func (e *evaluation) result() Result {
	res := Result{Memory: Memory{Held: e.held, Put: e.put}, Wakes: e.wakes(), Steps: e.combined, Stopped: e.stopped, Braked: e.braked}
	if len(e.counts) > 0 {
		res.Memory.Acts = e.counts
	}
	if len(e.times) > 0 {
		res.Memory.Times = e.times
	}
	var behind []Step
	for _, o := range e.rules {
		res.Decisions = append(res.Decisions, o.decision)
		if o.gate != nil {
			res.Steps = append(res.Steps, o.steps...) // first: a merge that comes with them needs what they tell
		} else {
			behind = append(behind, o.steps...)
		}
	}
	res.Steps = append(res.Steps, behind...)
	res.Steps = append(res.Steps, e.answers...)
	if len(e.missing) > 0 {
		res.Missing = slices.Sorted(maps.Keys(e.missing))
	}
	return res
}

// inOrder lists the terms in the order of the file.
func (tr *trace) inOrder() []Term {
	slices.SortStableFunc(tr.places, func(a, b placed) int { return a.order - b.order })
	var out []Term
	for _, p := range tr.places {
		out = append(out, p.term)
	}
	return out
}
