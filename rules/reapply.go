package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// reapplyEvent is the event of deliveries that have rules about state look at a subject on which nothing happened: its base
// branch moved, or the rules changed. Its payload holds {"reapply": Reapply}.
const reapplyEvent = "reapply"

// Reapply says which rules are to look at the open subjects that are there.
type Reapply struct {
	Rules []string `json:"rules,omitempty"`
	// New are those of Rules whose text is new. What they do once is not done on subjects that were there before Since, unless
	// they say backfill: there they count as having done it.
	New []string `json:"new,omitempty"`
	// Changed are those of New that had another text before: what is remembered of them may be of that one.
	Changed []string  `json:"changed,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Retire tells that a gate is no more, so that its check runs are to be looked for.
	Retire bool `json:"retire,omitempty"`
}

// Empty tells that nobody has to look at anything.
func (r Reapply) Empty() bool { return len(r.Rules) == 0 && !r.Retire }

// And joins two, of which the second is the later: one look is enough for both.
func (r Reapply) And(later Reapply) Reapply {
	both := func(a, b []string) []string {
		out := slices.Concat(a, b)
		slices.Sort(out)
		return slices.Compact(out)
	}
	if later.Since.Before(r.Since) {
		later.Since = r.Since
	}
	return Reapply{both(r.Rules, later.Rules), both(r.New, later.New), both(r.Changed, later.Changed), later.Since, r.Retire || later.Retire}
}

// Print is the fingerprint of a rule: what it says, however it is written down.
type Print struct {
	Text    string `json:"text"`
	Freezes string `json:"freezes,omitempty"` // of a rule that freezes hold back or that reads them: what those say
	Gate    bool   `json:"gate,omitempty"`
}

// Prints are the fingerprints of the rules of a set by their names; commands, which act on no state, have none.
func (s *Set) Prints() map[string]Print {
	out := map[string]Print{}
	if s == nil {
		return out
	}
	var freezes string
	for _, z := range s.freezes {
		freezes += z.print
	}
	for _, r := range s.rules {
		if r.cmd != nil {
			continue
		}
		p := Print{Text: r.print, Gate: r.gate != nil}
		if freezes != "" && (r.readsFreeze() || len(r.merges()) > 0) {
			p.Freezes = digest(freezes)
		}
		out[r.name] = p
	}
	return out
}

// Fingerprint is one for all rules and freezes of a set.
func (s *Set) Fingerprint() string {
	if s == nil {
		return ""
	}
	var parts []string
	for _, r := range s.rules {
		parts = append(parts, r.name, r.print)
	}
	for _, z := range s.freezes {
		parts = append(parts, z.print)
	}
	return digest(parts...)
}

// Changed compares the set with the fingerprints of an earlier one: what is to look again from at on, and the rules that are no
// more, by name.
func (s *Set) Changed(before map[string]Print, at time.Time) (look Reapply, gone []string) {
	now := s.Prints()
	for _, r := range s.stateful() {
		p, was := before[r.name]
		switch {
		case !was || p.Text != now[r.name].Text:
			look.New = append(look.New, r.name)
			if was {
				look.Changed = append(look.Changed, r.name)
			}
			fallthrough
		case p.Freezes != now[r.name].Freezes:
			look.Rules = append(look.Rules, r.name)
		}
	}
	for name, p := range before {
		if _, is := now[name]; !is {
			gone, look.Retire = append(gone, name), look.Retire || p.Gate
		}
	}
	slices.Sort(gone)
	if look.Since = at; look.Empty() {
		look = Reapply{}
	}
	return look, gone
}

// OnBase are the rules to which a push to the base branch of a pull request matters: those that read what is told by the base.
// files are those that the push changed; all is true where they are not known.
func (s *Set) OnBase(files []string, all bool) Reapply {
	var look Reapply
	for _, r := range s.stateful() {
		if slices.ContainsFunc(r.reads, func(name string) bool {
			f := schema().fact(name)
			return f != nil && f.onBase(files, all)
		}) {
			look.Rules = append(look.Rules, r.name)
		}
	}
	return look
}

// onBase tells whether a push to the base of a pull request that changes files may change the fact.
func (f *fact) onBase(files []string, all bool) bool {
	if f.rec == "subject" && slices.Contains(f.by, "push") {
		return true
	}
	return slices.ContainsFunc(f.base, func(name string) bool {
		return all || slices.ContainsFunc(files, func(file string) bool { return path.Base(file) == name })
	})
}

// stateful are the rules about state that are heard. A set may be nil.
func (s *Set) stateful() []*rule {
	if s == nil {
		return nil
	}
	var out []*rule
	for _, r := range s.rules {
		if r.cmd == nil && r.mode != "off" && r.timed() {
			out = append(out, r)
		}
	}
	return out
}

// About lists the kinds of subject, issue and pull_request, that what is to look again is about, and the facts that its rules read.
func (s *Set) About(look Reapply) (kinds, reads []string) {
	for _, r := range s.stateful() {
		if !look.names(s, r) {
			continue
		}
		reads = append(reads, r.reads...)
		kinds = append(kinds, r.about()...)
	}
	if look.Retire {
		kinds = append(kinds, "pull_request")
	}
	for _, list := range []*[]string{&kinds, &reads} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return kinds, reads
}

// about lists the kinds of subject, issue and pull_request, that a rule about state can hold for.
func (r *rule) about() []string {
	if r.gate != nil {
		return []string{"pull_request"}
	}
	var out []string
	for _, t := range r.triggers {
		if t.moment {
			continue
		}
		for _, kind := range subjectsOf(t.event) {
			if kind != "issue" && kind != "pull_request" || slices.Contains(out, kind) {
				continue
			}
			if ok, _, _ := r.cond.possible(scene{kind: kind}); ok {
				out = append(out, kind)
			}
		}
	}
	return out
}

// Backfill is on how many subjects an hour a rule does what it does once, where they were there before it; 0 for none.
func (s *Set) Backfill(name string) int {
	for _, r := range s.stateful() {
		if r.name == name {
			return r.backfill
		}
	}
	return 0
}

// names tells whether r is to look again. Gates that share a check run look together, and what is about checks looks with gates.
func (look Reapply) names(s *Set, r *rule) bool {
	if slices.Contains(look.Rules, r.name) || slices.ContainsFunc(r.gates, func(g *rule) bool { return slices.Contains(look.Rules, g.name) }) {
		return true
	}
	return r.shares() && slices.ContainsFunc(s.rules, func(other *rule) bool {
		return other.shares() && other.gate.name == r.gate.name && slices.Contains(look.Rules, other.name)
	})
}

// reapplied reads what a delivery says that is to look again.
func reapplied(f *Facts) Reapply {
	var look Reapply
	m, _ := f.Event[reapplyEvent].(map[string]any)
	texts := func(key string) (out []string) {
		list, _ := m[key].([]any)
		for _, v := range list {
			if s, ok := v.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	look.Rules, look.New, look.Changed = texts("rules"), texts("new"), texts("changed")
	since, _ := m["since"].(string)
	look.Since, _ = time.Parse(time.RFC3339, since)
	return look
}

// LookOf is what a delivery of the event "reapply" asks for.
func LookOf(f *Facts) Reapply {
	look := reapplied(f)
	m, _ := f.Event[reapplyEvent].(map[string]any)
	look.Retire, _ = m["retire"].(bool)
	return look
}

// settles tells whether a rule leaves out what it does once, since the subject was there before the rule and nothing has happened
// on it since: what happens now is the rule's to answer. A new rule that was decided here before is not new to the subject.
func (e *evaluation) settles(r *rule) bool {
	if e.look == nil || r.backfill > 0 || !slices.Contains(e.look.New, r.name) {
		return false
	}
	if hasKey(e.f.Memory.Held, r.name) && !slices.Contains(e.look.Changed, r.name) {
		return false
	}
	s := e.f.Subject
	return s != nil && !(e.f.Known("subject.created_at") && s.CreatedAt.After(e.look.Since)) && !(e.f.Known("subject.updated_at") && s.UpdatedAt.After(e.look.Since))
}

// settle remembers that a rule holds on a subject without having done there what it does once. On a pull request this is said of
// its newest commit: with another it is a new chance.
func (e *evaluation) settle(o *outcome) {
	e.held[o.rule.name], o.decision.Settled = true, true
	if e.f.Subject.Kind == "pull_request" && e.f.Known("subject.head_sha") {
		t := e.times[o.rule.name]
		t.Head = e.f.Subject.HeadSHA
		e.times[o.rule.name] = t
	}
}

// settledOn is the commit on which a rule was settled; "" where it was not, or has fired since.
func (e *evaluation) settledOn(r *rule) string {
	t := e.times[r.name]
	if r.push || !t.Fired.IsZero() {
		return ""
	}
	return t.Head
}

// unsettle lets a rule that holds fire where it was settled on an older commit. It returns false where the newest commit is not
// known yet.
func (e *evaluation) unsettle(o *outcome) bool {
	on := e.settledOn(o.rule)
	if on == "" || o.settled || !o.decided || !o.holds || !o.before || e.f.Subject == nil {
		return true
	}
	if !e.f.Known("subject.head_sha") {
		o.lack(e, []string{"subject.head_sha"})
		return false
	}
	o.before = on == e.f.Subject.HeadSHA
	return true
}

// forgetSettled ends that a rule was settled, once it fired or does not hold any more.
func (e *evaluation) forgetSettled(o *outcome) {
	if e.settledOn(o.rule) == "" || o.settled || o.holds && o.before {
		return
	}
	t := e.times[o.rule.name]
	t.Head = ""
	e.times[o.rule.name] = t
}

// defaultBackfill is what backfill = true means, a maxBackfill what may be written.
const (
	defaultBackfill = 50
	maxBackfill     = 1000
)

// backfill reads on how many subjects an hour a rule catches up.
func (c *compiler) backfill(n *syntax.Node, r *rule) {
	at := n.Get("backfill")
	if at == nil {
		return
	}
	switch v := at.Value.(type) {
	case bool:
		if v {
			r.backfill = defaultBackfill
		}
	case int64:
		if v < 1 || v > maxBackfill {
			c.problem(at.Span, fmt.Sprintf("backfill must be 1 at least and %d at the most", maxBackfill), "It is on how many issues and pull requests an hour the rule catches up.")
		}
		r.backfill = int(v)
	default:
		c.problem(at.Span, fmt.Sprintf("backfill must be true or a whole number, not %s", at.Describe()), "Write true, or on how many issues and pull requests an hour the rule catches up.")
		return
	}
	if !r.timed() {
		c.problem(at.KeySpan, "backfill is for a rule about state, and on names moments only", "What happened before the rule was there does not happen again: leave backfill out.")
	}
}

// printOf is the fingerprint of the table of a rule or a freeze: its keys and values, not how they are laid out. The order counts
// below the keys: actions are done in it.
func (c *compiler) printOf(n *syntax.Node, with ...string) string {
	parts := make([]string, len(n.Entries))
	for i, e := range n.Entries {
		parts[i] = c.file.Print(syntax.NewTable(n.Key, n.Span, e))
	}
	slices.Sort(parts)
	text := strings.Join(parts, "")
	if strings.Contains(text, groupPrefix) {
		text += c.groupText
	}
	return digest(append(with, text)...)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}
