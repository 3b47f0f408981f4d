package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ChecksState sums checks up as green, red or none, or says what is waited for. One red check decides whatever is pending. A
// cancelled or stale check is neither red nor green: it has to run again.
func ChecksState(checks []Check) (state, waits string) {
	if len(checks) == 0 {
		return "none", ""
	}
	state = "green"
	for _, c := range checks {
		switch c.Conclusion {
		case "success", "neutral", "skipped":
		case "":
			state, waits = "", "check "+c.Name+" is not completed"
		case "cancelled", "stale":
			state, waits = "", "check "+c.Name+" was "+c.Conclusion+"; run it again"
		default:
			return "red", ""
		}
	}
	return state, waits
}

// RequiredState sums the required ones of checks up, as ChecksState does, or says what is waited for. Of those that have not
// reported it says whether there is still hope: GitHub waits for ever for a check whose workflow was renamed or left out by its
// paths. https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
func RequiredState(required []string, all []Check) (state, waits string) {
	if len(required) == 0 {
		return "none", ""
	}
	var there []Check
	reported := map[string]bool{}
	running := len(all) == 0
	for _, c := range all {
		running = running || c.Conclusion == ""
		if slices.Contains(required, c.Name) {
			there = append(there, c)
			reported[c.Name] = true
		}
	}
	if state, waits = ChecksState(there); state == "red" {
		return state, ""
	}
	var lacking []string
	for _, name := range required {
		if !reported[name] {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return state, waits
	}
	what := "required check " + lacking[0]
	if len(lacking) > 1 {
		what = "required checks " + strings.Join(lacking, ", ")
	}
	if running {
		return "", what + " not reported yet"
	}
	return "", fmt.Sprintf("%s not reported, though all that runs on the newest commit has ended: nothing may ever report under this name", what)
}

// LearnChecks tells the checks on the newest commit of the subject, as GitHub has them. Bot has to be known.
func (f *Facts) LearnChecks(all []Check) {
	f.Subject.Checks = all
	f.Learn("subject.checks")
	f.learnState("subject.checks_state", &f.Subject.ChecksState, func() (string, string) { return ChecksState(all) })
}

// LearnRequired tells the names of the checks that the base demands, and all checks on the newest commit, as far as they are
// known by name.
func (f *Facts) LearnRequired(names []string, all []Check) {
	f.Subject.RequiredChecks, f.forRequired = names, all
	f.Learn("subject.required_checks")
	f.learnState("subject.required_state", &f.Subject.RequiredState, func() (string, string) { return RequiredState(names, all) })
}

// learnState learns a fact that is a word, or waits where it is empty.
func (f *Facts) learnState(path string, word *string, sum func() (state, waits string)) {
	state, waits := sum()
	*word = state
	if f.Learn(path); state == "" {
		f.Wait(path, waits)
	}
}

// apart is f with a subject and a knowledge of its own, for a view of it that differs in some facts.
func (f *Facts) apart() *Facts {
	g, s := *f, *f.Subject
	g.Subject, g.known, g.waiting = &s, maps.Clone(f.known), maps.Clone(f.waiting)
	return &g
}

// othersChecks are the checks of the subject without the bot's own check runs.
func (f *Facts) othersChecks() []Check {
	return slices.DeleteFunc(slices.Clone(f.Subject.Checks), func(c Check) bool { return f.Bot != "" && c.App == f.Bot })
}

// forGates is f as gates see it: two gates that waited for each other's check run, or one for its own, would never pass. So they
// see the checks of others alone.
func (f *Facts) forGates() *Facts {
	if f.Subject == nil || !f.Known("subject.checks") {
		return f
	}
	g := f.apart()
	g.LearnChecks(f.othersChecks())
	return g
}

// checksFacts are the facts in which a gate shows as a check.
var checksFacts = []string{"subject.checks", "subject.checks_state", "subject.required_state"}

// readsChecks tells whether a rule without a moment of its own is about checks.
func (r *rule) readsChecks() bool {
	return r.gate == nil && r.cmd == nil && !r.explicit && slices.ContainsFunc(checksFacts, func(path string) bool { return slices.Contains(r.reads, path) })
}

// hearGates makes the rules that are about checks hear what the gates of the set hear: a gate that turns is a check that turns,
// and GitHub tells the bot of its own check runs in deliveries that it caused itself, which rules do not hear.
func hearGates(rules []*rule) []*rule {
	var gates []*rule
	var bells []trigger
	for _, r := range rules {
		if r.gate == nil || r.mode != "live" {
			continue
		}
		gates = append(gates, r)
		for _, t := range r.triggers {
			if !slices.Contains(bells, t) && !slices.Contains(gateBells, t.String()) {
				bells = append(bells, t)
			}
		}
	}
	out := slices.Clone(rules)
	for i, r := range out {
		if r.readsChecks() {
			behind := *r
			behind.gates, behind.bells = gates, bells
			out[i] = &behind
		}
	}
	return out
}

// withGates is the facts of the delivery as rules other than gates see them: each gate of the set counts among the checks, as it
// was decided now or else as it was told last on the newest commit. What GitHub has of it may be older, or not be there yet; a
// pull request is not to be merged past a gate because the gate was the slower of the two.
func (e *evaluation) withGates() *Facts {
	f := e.f
	if e.group || f.Subject == nil || f.Subject.Kind != "pull_request" || !f.Known("subject.checks") && !f.Known("subject.required_checks") {
		return f
	}
	var gates []Check
	for _, r := range e.set.rules {
		if r.gate != nil && r.mode == "live" {
			gates = append(gates, Check{Name: r.gate.name, App: f.Bot, Conclusion: e.conclusion(r)})
		}
	}
	if len(gates) == 0 {
		return f
	}
	if !f.Known("subject.head_sha") {
		e.missing["subject.head_sha"] = true // to know what was told on it
	}
	withGates := func(checks []Check) []Check {
		rest := slices.DeleteFunc(slices.Clone(checks), func(c Check) bool {
			return (c.App == f.Bot || c.App == "") && slices.ContainsFunc(gates, func(g Check) bool { return g.Name == c.Name })
		})
		return append(rest, gates...)
	}
	g := f.apart()
	if f.Known("subject.checks") {
		g.LearnChecks(withGates(f.Subject.Checks))
	}
	if f.Known("subject.required_checks") {
		g.LearnRequired(f.Subject.RequiredChecks, withGates(f.forRequired))
	}
	return g
}

// ends are how the check run of a gate ends, by its result; it is pending while the gate waits.
var ends = map[GateResult]string{GatePass: "success", GateFail: "failure", GateError: "failure", GateOutside: "skipped"}

// withHead adds the newest commit to the facts that a rule lacks, where it is to be known with them.
func (r *rule) withHead(f *Facts, missing []string) []string {
	if len(r.gates) > 0 && !f.Known("subject.head_sha") && slices.ContainsFunc(checksFacts, func(path string) bool { return slices.Contains(missing, path) }) {
		missing = append(slices.Clone(missing), "subject.head_sha")
	}
	return missing
}

// conclusion is how the check run of a gate ends: as the gate was decided now, or as it was told last; "" while neither is known.
func (e *evaluation) conclusion(r *rule) string {
	for _, o := range e.rules {
		if o.rule == r && o.gate != nil && o.gate.result != "" {
			return ends[o.gate.result]
		}
	}
	by := r.name
	if r.gate.combined {
		by = r.gate.name
	}
	for _, p := range e.f.Memory.Put {
		if last, ok := saidOf(p.Key); ok && p.Rule == by && p.Kind == r.gate.kind.Name && last.SHA == e.f.Subject.HeadSHA && last.Name == r.gate.name {
			return ends[last.Result]
		}
	}
	return ""
}
