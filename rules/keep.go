package rules

import "slices"

// undo plans taking back what the rule put on the subject by actions of one kind and does not keep any more. What another rule
// keeps goes over to that rule.
func (e *evaluation) undo(o *outcome, a *act, inForce []string) (Step, bool, verdict) {
	done := verdict{outcome: True}
	if o.rule.cmd != nil {
		return Step{}, false, done // what a command did stays
	}
	var mine []string
	for _, p := range e.put {
		if p.Rule == o.rule.name && p.Kind == a.kind.Name && !slices.Contains(inForce, p.Key) && !slices.Contains(mine, p.Key) {
			mine = append(mine, p.Key)
		}
	}
	if len(mine) == 0 {
		return Step{}, false, done
	}
	others, v := e.keepers(o.rule, a.kind.Name)
	if v.outcome != True {
		return Step{}, false, v
	}
	var keys []string
	for _, key := range mine {
		if other, ok := others[key]; ok && o.rule.mode == "live" {
			e.handOver(Put{o.rule.name, a.kind.Name, key}, other)
		} else if !ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return Step{}, false, done
	}
	if v := e.readable(a.kind); v.outcome != True {
		return Step{}, false, v
	}
	action, v := e.render(a)
	if v.outcome != True {
		return Step{}, false, v
	}
	undo := action.(Kept).Undo(e.f, keys)
	if isNil(undo) {
		// Somebody took them off before. If they come back, they are not the bot's.
		e.put = slices.DeleteFunc(e.put, func(p Put) bool {
			return p.Rule == o.rule.name && p.Kind == a.kind.Name && slices.Contains(keys, p.Key)
		})
		return Step{}, false, done
	}
	step, err := e.encode(o.rule, a.kind, undo)
	if err != nil {
		return Step{}, false, verdict{outcome: Error, why: err.Error()}
	}
	step.Undo = true
	e.again = e.again || a.pauses()
	for _, key := range keys {
		step.Put = append(step.Put, Put{o.rule.name, a.kind.Name, key})
	}
	return step, true, done
}

// handOver makes another rule the one that put a thing there.
func (e *evaluation) handOver(p Put, to string) {
	for i := range e.put {
		if e.put[i] == p {
			e.put[i].Rule = to
		}
	}
}

// keepers tells which keys of a kind of action other rules keep on this subject, and which rule each: rules decided now by what
// they were decided, others by what they were when they were last decided.
func (e *evaluation) keepers(except *rule, kind string) (map[string]string, verdict) {
	out := map[string]string{}
	v := conjunction(e.set.rules, func(r *rule) verdict {
		holds, decided := e.state[r.name]
		if !decided {
			holds, decided = e.f.Memory.Held[r.name], hasKey(e.f.Memory.Held, r.name)
		}
		if r == except || r.mode != "live" || !decided || r.gate != nil && e.outside(r) {
			return verdict{outcome: True}
		}
		active, _ := r.acts(holds)
		return conjunction(active, func(a *act) verdict {
			if a.kind.Name != kind || !a.kept() {
				return verdict{outcome: True}
			}
			action, v := e.render(a)
			if len(v.missing) > 0 {
				return v
			}
			if v.outcome == True {
				for _, key := range action.(Kept).Keys() {
					if _, ok := out[key]; !ok {
						out[key] = r.name
					}
				}
			}
			return verdict{outcome: True}
		})
	})
	return out, v
}
