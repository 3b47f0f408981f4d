package rules

import (
	"slices"
	"strings"
)

// Heard names the rules that decide something on f's delivery, commands aside.
func (s *Set) Heard(f *Facts) []string {
	if s == nil {
		return nil
	}
	var out []string
	for _, i := range s.hearing(f.Delivery.Event, f.Delivery.Activity) {
		r := s.rules[i]
		if heard, _ := r.hears(f); heard && r.cmd == nil {
			out = append(out, r.name)
		}
	}
	return out
}

// Leave names the rules that need not be decided on f's delivery when a newer one about the same subject waits behind it. newer
// tells whether such a delivery is heard by a rule: see Heard.
//
// A rule about state asks how its subject is, whatever happened last, so the newest delivery that it hears tells all that the
// others would have told. What is one of a kind is not left:
//
//   - a delivery that is a moment for the rule, or that asks for a gate's check run once more;
//   - a rule that reads what only this delivery has: its sender, its comment;
//   - a rule with `for`, on a delivery that shows its subject: it may show that the state was interrupted.
//
// Gates that share a check run are left together or not at all, since it takes all of them to say something.
func (s *Set) Leave(f *Facts, newer func(rule string) bool) map[string]bool {
	if s == nil {
		return nil
	}
	left, kept := map[string]bool{}, map[string]bool{} // kept: check runs that are shared, and decided now
	heard := s.hearing(f.Delivery.Event, f.Delivery.Activity)
	for _, i := range heard {
		r := s.rules[i]
		hears, moment := r.hears(f)
		switch {
		case !hears || r.cmd != nil:
		case !moment && !r.alone(f) && newer(r.name):
			left[r.name] = true
		case r.shares():
			kept[r.gate.name] = true
		}
	}
	for _, i := range heard {
		if r := s.rules[i]; r.shares() && kept[r.gate.name] {
			delete(left, r.name)
		}
	}
	return left
}

// alone tells whether no other delivery can tell a rule what this one does.
func (r *rule) alone(f *Facts) bool {
	shows := f.Subject != nil && f.Known("subject.state")
	return r.hold > 0 && shows || r.gate != nil && r.gate.again(f) || slices.ContainsFunc(r.reads, ofDelivery)
}

// ofDelivery tells whether a fact is of one delivery alone, not of its subject.
func ofDelivery(path string) bool {
	record, _, _ := strings.Cut(path, ".")
	return bells[record] != nil || slices.Contains([]string{"sender", "delivery", "event"}, record)
}
