package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// Past is one earlier decision on a subject, as /explain tells it.
type Past struct {
	Decision
	Event string // of the delivery: "issues.opened"; empty when that is not known
	At    time.Time
}

// heard is a command of a comment, and what it means in a set.
type heard struct {
	call
	rule *rule
	near string // the name that was probably meant, where there is no such command
}

// nameCommands indexes the commands of a set by their names. A later set goes before an earlier one, a file's own command
// before one of the engine's, a name before an alias.
func (s *Set) nameCommands() {
	s.called = map[string]int{}
	for _, pass := range []func(r *rule) []string{
		func(r *rule) []string { return r.cmd.aliases },
		func(r *rule) []string { return named(r, r.cmd.answer != nil) },
		func(r *rule) []string { return named(r, r.cmd.answer == nil) },
	} {
		for i, r := range s.rules {
			if r.cmd == nil || r.mode == "off" {
				continue
			}
			for _, name := range pass(r) {
				s.called[name] = i
			}
		}
	}
}

func named(r *rule, wanted bool) []string {
	if !wanted {
		return nil
	}
	return []string{r.cmd.name}
}

// utterance is the text of a delivery that may give commands.
type utterance struct {
	text        string
	before      string // what it was before it was edited
	edited      bool
	association string // of who wrote it
}

// said finds the text of a delivery that may give commands.
func said(f *Facts) (u utterance, ok bool) {
	author := ""
	switch f.Delivery.Event {
	case "issue_comment", "pull_request_review_comment", "discussion_comment":
		if f.Comment == nil {
			return u, false
		}
		u.text, u.association, author = f.Comment.Body, f.Comment.Association, f.Comment.Author
	case "pull_request_review":
		if f.Review == nil {
			return u, false
		}
		u.text, u.association, author = f.Review.Body, f.Review.Association, f.Review.Author
	default:
		u.text, u.association, author = f.Subject.Body, f.Subject.Association, f.Subject.Author
	}
	if f.Delivery.Activity == "edited" {
		u.edited = true
		changes, _ := f.Event["changes"].(map[string]any)
		body, _ := changes["body"].(map[string]any)
		u.before, _ = body["from"].(string)
	}
	if author != f.Sender.Login || u.association == "" {
		u.association = "none" // a comment may be edited by somebody else, who then gives the command
	}
	return u, true
}

// calls finds the commands that a delivery gives, in their order. Of an edited comment those count that it did not have before.
func (s *Set) calls(f *Facts) []heard {
	if s == nil || len(s.called) == 0 || f.Delivery.Self || f.Subject == nil || f.Sender == nil {
		return nil
	}
	u, ok := said(f)
	if !ok {
		return nil
	}
	var old []call
	if u.edited {
		old = callsIn(u.before, f.Bot)
	}
	var out []heard
	for _, c := range callsIn(u.text, f.Bot) {
		if slices.ContainsFunc(old, func(o call) bool { return strings.EqualFold(o.name, c.name) && o.words == c.words }) {
			continue
		}
		name := strings.ToLower(strings.TrimRight(c.name, ".,;:!"))
		i, known := s.called[name]
		switch {
		case known && (!u.edited || s.rules[i].cmd.edited):
			out = append(out, heard{call: c, rule: s.rules[i]})
		case !known && !u.edited && !f.Sender.Bot && commandName.MatchString(name):
			if near := syntax.Misspelt(name, s.commandNames()); near != "" {
				out = append(out, heard{call: c, rule: s.rules[s.called[near]], near: near})
			}
		}
	}
	return out
}

// commandNames lists the names and aliases of the commands.
func (s *Set) commandNames() []string {
	var out []string
	for name := range s.called {
		out = append(out, name)
	}
	return out
}

// AsksPast tells whether f's delivery asks what was decided before: Facts.Past is then to be filled before Evaluate.
func (s *Set) AsksPast(f *Facts) bool {
	return slices.ContainsFunc(s.calls(f), func(h heard) bool { return h.rule.cmd.name == explainName && h.near == "" })
}

// reply is what is answered to one command.
type reply struct {
	rule     *rule
	reaction string // none when empty
	text     string // none when empty
	acts     bool   // there are actions, which may fail
}

// commands decides the commands of a delivery, in the order of the text.
func (e *evaluation) commands() {
	for _, h := range e.set.calls(e.f) {
		if h.near != "" && h.rule.mode != "live" {
			continue
		}
		if h.near != "" {
			e.replies = append(e.replies, reply{rule: h.rule, reaction: "confused",
				text: fmt.Sprintf("There is no command %s. Did you mean `/%s`?", code("/"+h.name), h.near)})
			continue
		}
		e.command(h)
	}
}

// command decides one command: whether it works here, whether it may be given, whether its arguments fit, and whether its
// condition holds.
func (e *evaluation) command(h heard) {
	r, cmd := h.rule, h.rule.cmd
	u, _ := said(e.f)
	f := *e.f
	args, flaw := cmd.params.read(h.words)
	f.Command = &Command{Name: cmd.name, By: f.Sender.Login, Association: u.association, Args: args}
	o := &outcome{rule: r, facts: &f, a: newActivation(&f), moment: true, decision: Decision{Rule: r.name, Outcome: False, Reads: r.reads}}
	e.rules = append(e.rules, o)
	name := code("/" + cmd.name)
	if !slices.Contains(cmd.kinds, f.Subject.Kind) {
		e.refuse(o, "confused", "not on "+kindWords(f.Subject.Kind), fmt.Sprintf("%s works on %s.", name, kindList(cmd.kinds)))
		return
	}
	var tr trace
	v := cmd.who.term.decide(o.a, &tr)
	o.decision.Terms = tr.inOrder()
	switch {
	case len(v.missing) > 0:
		o.lack(e, v.missing)
		return
	case v.outcome == False:
		e.refuse(o, "-1", "not allowed", fmt.Sprintf("%s is for %s.", name, cmd.who.words))
		return
	case v.outcome != True:
		o.decision.Outcome = v.outcome
		e.refuse(o, "confused", v.note(), fmt.Sprintf("Whether you may use %s cannot be told: %s.", name, inert(v.why)))
		return
	case flaw != nil:
		e.refuse(o, "confused", "bad arguments: "+strings.ReplaceAll(flaw.Error(), "`", ""),
			fmt.Sprintf("%s: %s. It is written %s.", name, flaw, code(cmd.params.usage(cmd.name))))
		return
	}
	if e.heldBack(o) {
		e.refuse(o, "confused", "", e.pause.text())
		return
	}
	var when trace
	v = r.cond.decide(o.a, &when)
	o.decision.Terms = append(o.decision.Terms, when.inOrder()...)
	o.decision.Note = v.note()
	switch {
	case len(v.missing) > 0:
		o.lack(e, v.missing)
		return
	case v.outcome == Waiting, v.outcome == Error:
		o.decision.Outcome = v.outcome
		e.refuse(o, "confused", v.note(), fmt.Sprintf("%s cannot be decided: %s.", name, inert(v.why)))
		return
	case v.outcome == False && len(r.otherwise) == 0:
		e.refuse(o, "confused", "", fmt.Sprintf("%s does nothing here%s.", name, because(when.inOrder())))
		return
	}
	o.decision.Outcome, o.decided, o.holds = v.outcome, true, v.outcome == True
	e.pausedBy(o)
}

// because tells which line of a condition does not hold.
func because(terms []Term) string {
	for i := len(terms) - 1; i >= 0; i-- {
		t := terms[i]
		if t.Outcome == True {
			continue
		}
		out := ": " + code(t.Text) + " does not hold"
		if strings.HasPrefix(t.Text, "unless.") {
			out = ": " + code(t.Text)
		}
		if t.Seen != "" {
			out += ", it is " + code(t.Seen)
		}
		return out
	}
	return ""
}

// refuse notes why a command is not done, and answers. A bot is not answered: two of them would not stop.
func (e *evaluation) refuse(o *outcome, reaction, note, text string) {
	if note != "" {
		o.decision.Note = note
	}
	o.refused = true
	if o.rule.mode == "live" && !e.f.Sender.Bot {
		e.replies = append(e.replies, reply{rule: o.rule, reaction: reaction, text: text})
	}
}

// accept acknowledges a command that is done, or tells why it cannot be.
func (e *evaluation) accept(o *outcome) {
	switch {
	case o.refused:
	case o.decision.Outcome == Waiting, o.decision.Outcome == Error:
		e.refuse(o, "confused", "", fmt.Sprintf("%s cannot be done: %s.", code("/"+o.rule.cmd.name), inert(strings.TrimPrefix(o.decision.Note, "error: "))))
	case !o.decided || o.rule.mode != "live":
	case o.rule.cmd.answer != nil:
		e.replies = append(e.replies, reply{rule: o.rule, text: o.rule.cmd.answer(e, o)})
	default:
		active, _ := o.rule.acts(o.holds)
		done := reply{rule: o.rule, reaction: "+1", acts: len(o.steps) > 0}
		if slices.ContainsFunc(active, func(a *act) bool { return a.kind.Name == "react" }) {
			done.reaction = "" // it has one of its own
		}
		e.replies = append(e.replies, done)
	}
}

// reply plans what is answered: each reaction once, and one comment with all texts. They come after the actions of all commands.
// A reaction belongs to the last command that it is for, so that a failure of that one's actions keeps it away.
func (e *evaluation) reply() {
	var texts []string
	for i, r := range e.replies {
		later := slices.ContainsFunc(e.replies[i+1:], func(l reply) bool { return l.reaction == r.reaction })
		if r.reaction != "" && !later {
			e.plain(r.rule, "react", map[string]any{"Emoji": r.reaction})
		}
		if r.text != "" && !slices.Contains(texts, r.text) {
			texts = append(texts, r.text)
		}
	}
	for i, r := range e.replies {
		if r.acts && !slices.ContainsFunc(e.replies[:i], func(b reply) bool { return b.acts && b.rule == r.rule }) {
			n := len(e.answers)
			e.plain(r.rule, "react", map[string]any{"Emoji": "confused"})
			e.plain(r.rule, "comment", map[string]any{"Body": code("/"+r.rule.cmd.name) + " could not be done: " + failureHere})
			for j := range e.answers[n:] {
				e.answers[n+j].Fallback = true
			}
		}
	}
	if len(texts) > 0 {
		last := e.replies[len(e.replies)-1].rule
		e.plain(last, "comment", map[string]any{"Body": strings.Join(texts, "\n\n")})
	}
}

// failureHere stands in a fallback for what went wrong, until that is known.
const failureHere = "{failure}"

// Failed is a fallback once it is known what went wrong.
func (s Step) Failed(reason string) Step {
	text, err := json.Marshal(inert(reason))
	if err != nil {
		panic("rules: " + err.Error()) // it is a text
	}
	s.Args = bytes.ReplaceAll(s.Args, []byte(failureHere), text[1:len(text)-1])
	return s
}

// plain plans an action that no rule file wrote. Where there is no such kind, or nothing to do, it plans nothing.
func (e *evaluation) plain(r *rule, kind string, args map[string]any) {
	k := kindNamed(e.set.kinds, kind)
	if k == nil || !e.possible(k) {
		return
	}
	action := k.New()
	text, err := json.Marshal(args)
	if err == nil {
		err = json.Unmarshal(text, action)
	}
	if err != nil {
		panic("rules: " + err.Error()) // the arguments are texts
	}
	if step, ok, err := e.step(r, k, action); ok && err == nil {
		e.answers = append(e.answers, step)
	}
}

// with makes the facts of a command those that its actions are planned by, until what it returns is called.
func (e *evaluation) with(o *outcome) func() {
	f, a := e.f, e.a
	e.f, e.a = o.facts, o.a
	return func() { e.f, e.a = f, a }
}

// answering are the kinds of action that a command is answered by.
func answering(kinds []Kind, r *rule) []*Kind {
	var out []*Kind
	for _, name := range []string{"react", "comment"} {
		if k := kindNamed(kinds, name); k != nil && r.cmd != nil {
			out = append(out, k)
		}
	}
	return out
}
