package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// EvaluateGroup decides the gates of the set for the merge group of f and plans their check runs on its commit. It is pure, as
// Evaluate is, which decides no gate on such a delivery; Missing is as there.
//
// A merge queue waits until each required check has reported on the commit of the group, so each gate answers. It is decided on
// f's subject, the pull request that the group adds to the queue: one that stands before it has a group of its own, with an
// answer of its own. Where GitHub's name for the group tells no pull request the subject is nil, and the gate passes: GitHub
// queues only what has passed all required checks, so it has passed this gate where that is required, and where it is not
// nothing depends on the answer.
// https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
func (s *Set) EvaluateGroup(f *Facts) Result {
	if s == nil || f.MergeGroup == nil {
		return Result{Memory: f.Memory}
	}
	e := newEvaluation(s, f)
	e.group = true
	for _, i := range s.hearing(f.Delivery.Event, f.Delivery.Activity) {
		if s.rules[i].gate != nil {
			e.decide(s.rules[i])
		}
	}
	for _, o := range e.rules {
		e.publish(o)
	}
	e.combine()
	res := e.result()
	res.Memory = f.Memory
	return res
}

// demand is one line of a gate, or several lists of lines of which one has to hold, as it was found.
type demand struct {
	term    Term
	outcome Outcome
	reads   []string
	ways    [][]demand
}

// verdictOnGate is what became of a gate.
type verdictOnGate struct {
	result  GateResult
	why     string // it waits, or cannot be decided
	scope   []Term // of a gate that is out of scope or whose scope has no answer
	demands []demand
}

// skipsGate tells that a gate has no say on a delivery: on an issue, on a commit without a pull request; and on a merge group,
// which EvaluateGroup decides.
func (e *evaluation) skipsGate() bool {
	if e.group {
		return false
	}
	return e.f.MergeGroup != nil || e.f.Subject == nil || e.f.Subject.Kind != "pull_request"
}

// decideGate finds whether a gate is about the pull request, and whether it holds all that the gate demands. Every line is
// looked at, also when one of them decides: people are told all that is missing at once.
func (e *evaluation) decideGate(o *outcome) {
	if e.gates == nil {
		e.gates = newActivation(e.f.forGates())
	}
	o.gate = &verdictOnGate{}
	if e.group && e.f.Subject == nil {
		o.gate.result = GatePass
		o.decide(e, verdict{outcome: True})
		return
	}
	var tr trace
	v := o.rule.cond.decide(e.gates, &tr)
	o.gate.scope = tr.inOrder()
	switch {
	case len(v.missing) > 0:
		o.lack(e, v.missing)
	case v.outcome == False:
		o.gate.result, o.outside = GateOutside, true
	case v.outcome == True:
		v, o.gate.demands = o.rule.gate.need.survey(e.gates, &tr)
		if len(v.missing) > 0 {
			o.lack(e, v.missing)
		}
		o.gate.result = map[Outcome]GateResult{True: GatePass, False: GateFail}[v.outcome]
	}
	o.decision.Terms = tr.inOrder()
	if len(v.missing) > 0 {
		if !e.group {
			o.lack(e, e.readable(o.rule.gate.kind).missing) // it is needed in any case: ask once
		}
		return
	}
	if o.gate.why = v.why; v.outcome == Waiting {
		o.gate.result = GateWait
	} else if v.outcome == Error {
		o.gate.result = GateError
	}
	o.decide(e, v)
}

// survey evaluates all lines of a condition.
func (c *condition) survey(a *activation, tr *trace) (verdict, []demand) {
	var missing []string
	var out []demand
	var verdicts []verdict
	look := func(t *term) (verdict, demand) {
		n := len(tr.places)
		v := t.decide(a, tr)
		missing = append(missing, v.missing...)
		d := demand{outcome: v.outcome, reads: t.expr.reads}
		if len(tr.places) > n {
			d.term = tr.places[n].term
		}
		return v, d
	}
	itself := func(v verdict) verdict { return v }
	for _, i := range c.items {
		if i.term != nil {
			v, d := look(i.term)
			verdicts, out = append(verdicts, v), append(out, d)
			continue
		}
		var ways []verdict
		var d demand
		for _, list := range i.either {
			var lines []verdict
			var way []demand
			for _, t := range list {
				v, d := look(t)
				lines, way = append(lines, v), append(way, d)
			}
			ways, d.ways = append(ways, conjunction(lines, itself)), append(d.ways, way)
		}
		v := disjunction(ways, itself)
		d.outcome = v.outcome
		verdicts, out = append(verdicts, v), append(out, d)
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return verdict{missing: slices.Compact(missing)}, nil
	}
	return conjunction(verdicts, itself), out
}

// say is what a gate found, in a few words.
func (o *outcome) say() string {
	switch g := o.gate; g.result {
	case GatePass:
		return "passes"
	case GateFail:
		return "fails"
	case GateWait:
		return "waits: " + g.why
	case GateError:
		return "cannot be decided: " + g.why
	}
	return "does not apply"
}

// publish plans the check run of a gate that has one of its own. It is false when facts are missing.
func (e *evaluation) publish(o *outcome) bool {
	g := o.rule.gate
	if g == nil || len(o.gate.result) == 0 {
		return g == nil
	}
	o.decision.Note = o.say()
	if o.rule.shares() {
		return true
	}
	s := GateState{Name: g.name, Result: o.gate.result, Title: o.title(), Summary: o.summary(), Again: g.again(e.f)}
	step, ok, v := e.show(o.rule.name, g.kind, s, o.digest(), o.rule.mode == "observe")
	switch {
	case len(v.missing) > 0:
		o.lack(e, v.missing)
		return false
	case v.outcome != True:
		o.decided, o.decision.Outcome, o.decision.Note = false, v.outcome, v.note()
	case !ok:
	case o.rule.mode == "observe":
		o.decision.Would = append(o.decision.Would, step)
		o.decision.Note += "; observe only"
	default:
		o.steps = append(o.steps, step)
		o.decision.Note += "; told on the commit"
	}
	return true
}

// show plans the check run that says s. It is not ok when the check run says so already: what was said last on a pull request
// is in its memory, so that a gate that did not change costs no request.
func (e *evaluation) show(by string, k *Kind, s GateState, digest string, observe bool) (step Step, ok bool, v verdict) {
	if e.group {
		s.SHA = e.f.MergeGroup.SHA
	} else if v := e.readable(k); v.outcome != True {
		return Step{}, false, v
	} else if s.SHA = e.f.Subject.HeadSHA; s.SHA == "" {
		return Step{}, false, verdict{outcome: Error, why: "the pull request has no newest commit"}
	}
	step, err := e.encode(&rule{name: by}, k, k.New().(Publisher).Publish(s))
	if err != nil {
		return Step{}, false, verdict{outcome: Error, why: err.Error()}
	}
	if e.group {
		return step, true, verdict{outcome: True}
	}
	said := Put{by, k.Name, saidKey(s, digest)}
	if slices.Contains(e.put, said) && !s.Again {
		return Step{}, false, verdict{outcome: True}
	}
	if !observe {
		// Until the step is done nothing counts as said: should it fail, the next delivery tries anew.
		e.put = slices.DeleteFunc(e.put, func(p Put) bool { return p.Rule == by && p.Kind == k.Name })
	}
	step.Put = []Put{said}
	return step, true, verdict{outcome: True}
}

// saidKey is what is remembered of a check run: its result, a digest of all that it said, its commit and its name.
func saidKey(s GateState, digest string) string {
	sum := sha256.Sum256([]byte(s.Title + "\x00" + digest))
	return strings.Join([]string{string(s.Result), hex.EncodeToString(sum[:12]), s.SHA, s.Name}, " ")
}

// lastSaid is what saidKey remembers, but for the digest.
type lastSaid struct {
	Result    GateResult
	SHA, Name string
}

func saidOf(key string) (lastSaid, bool) {
	parts := strings.SplitN(key, " ", 4)
	if len(parts) != 4 {
		return lastSaid{}, false
	}
	return lastSaid{GateResult(parts[0]), parts[2], parts[3]}, true
}

// retire plans that the check runs of gates which are no more, or do no more than observe, stand in the way no longer. A commit
// that was pushed since has none of them.
func (e *evaluation) retire() {
	i := slices.IndexFunc(e.set.kinds, Kind.Publishes)
	if i < 0 || e.f.Subject == nil || !e.f.Known("subject.head_sha") {
		return
	}
	k := &e.set.kinds[i]
	live := map[string]bool{} // by check run
	for _, r := range e.set.rules {
		if r.gate != nil && r.mode == "live" {
			live[r.gate.name] = true
		}
	}
	for _, p := range e.f.Memory.Put {
		last, ok := saidOf(p.Key)
		if p.Kind != k.Name || !ok || live[last.Name] {
			continue
		}
		if last.SHA == e.f.Subject.HeadSHA {
			s := GateState{Name: last.Name, SHA: last.SHA, Result: GateOutside, Title: "Does not apply any more", Summary: "No rule keeps this gate any more."}
			if step, err := e.encode(&rule{name: p.Rule}, k, k.New().(Publisher).Publish(s)); err == nil {
				step.Undo, step.Put = true, []Put{p}
				e.combined = append(e.combined, step)
			}
		} else {
			e.put = slices.DeleteFunc(e.put, func(q Put) bool { return p == q })
		}
	}
}

// outside tells whether a gate is not about the subject: as it was decided now, or else as it was when it was last published.
func (e *evaluation) outside(r *rule) bool {
	for _, o := range e.rules {
		if o.rule == r && o.decided {
			return o.outside
		}
	}
	return slices.ContainsFunc(e.f.Memory.Put, func(p Put) bool {
		return p.Rule == r.name && p.Kind == r.gate.kind.Name && strings.HasPrefix(p.Key, string(GateOutside)+" ")
	})
}

// worst orders results, the one that a combined gate takes first.
var worst = []GateResult{GateError, GateFail, GateWait, GatePass, GateOutside}

// combine plans the check runs that several gates share: each says what the worst of them says. Observing gates have no part
// in it. Where one of the gates is not decided yet nothing is said.
func (e *evaluation) combine() {
	all := map[string]int{} // gates by check run
	for _, r := range e.set.rules {
		if r.shares() {
			all[r.gate.name]++
		}
	}
	decided := map[string][]*outcome{}
	for _, o := range e.rules {
		if o.rule.shares() && o.gate.result != "" {
			name := o.rule.gate.name
			if decided[name] = append(decided[name], o); len(decided[name]) == all[name] {
				e.showCombined(name, decided[name])
			}
		}
	}
}

// shares tells whether a rule is a gate that shares its check run.
func (r *rule) shares() bool { return r.gate != nil && r.gate.combined && r.mode == "live" }

func (e *evaluation) showCombined(name string, all []*outcome) {
	g := all[0].rule.gate
	s := GateState{Name: name, Result: GateOutside, Again: g.again(e.f)}
	var digest, text strings.Builder
	count := map[GateResult]int{}
	var missing []string
	for _, o := range all {
		r := o.gate.result
		count[r]++
		if slices.Index(worst, r) < slices.Index(worst, s.Result) {
			s.Result = r
		}
		if r != GatePass && r != GateOutside {
			missing = append(missing, o.rule.name)
		}
		digest.WriteString(o.rule.name + "\x00" + o.digest() + "\x00")
		fmt.Fprintf(&text, "### %s %s: %s\n\n%s\n\n", marks[r], inert(o.rule.name), inert(o.title()), o.summary())
	}
	s.Summary = strings.TrimSpace(text.String())
	in := len(all) - count[GateOutside]
	switch {
	case in == 0:
		s.Title = "Does not apply"
	case len(missing) == 0:
		s.Title = fmt.Sprintf("%d of %d gates pass", count[GatePass], in)
	default:
		s.Title = fmt.Sprintf("%d of %d gates pass; not: %s", count[GatePass], in, oneLine(strings.Join(missing, ", ")))
	}
	step, ok, v := e.show(name, g.kind, s, digest.String(), false)
	switch {
	case len(v.missing) > 0:
		all[0].lack(e, v.missing)
	case v.outcome != True:
		for _, o := range all {
			o.decision.Note += "; not told: " + v.why
		}
	case ok:
		e.combined = append(e.combined, step)
	}
}
