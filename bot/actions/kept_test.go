package actions

import (
	"slices"
	"strings"
	"testing"

	"bellhop/rules"
)

// player returns what evaluates the rules of a file on a pull request as if it had that title, does the steps, and returns what
// the engine is to remember and what was done.
func (w *world) player(file string, number int) func(title string, memory rules.Memory) (rules.Memory, []string) {
	w.t.Helper()
	set, problems := rules.Compile("bot.toml", []byte(file), All, rules.Options{})
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	return func(title string, memory rules.Memory) (rules.Memory, []string) {
		w.t.Helper()
		seen, _ := w.Issue("acme/app", number)
		f := pr(func(f *rules.Facts) {
			f.Delivery.Event, f.Delivery.Activity = "pull_request", "edited"
			f.Subject.Title, f.Subject.Labels, f.Subject.HeadSHA = title, seen.Labels, seen.HeadSHA
			f.Memory = memory
		})
		f.LearnIn("issue")
		f.LearnIn("pr")
		r := set.Evaluate(f)
		if len(r.Missing) > 0 {
			w.t.Fatalf("missing: %q", r.Missing)
		}
		var done []string
		for _, s := range r.Steps {
			a, err := rules.Decode(All, s.Kind, s.Args)
			if err != nil {
				w.t.Fatal(err)
			}
			to := target("pull_request", number)
			to.Rule = s.Rule
			if d := w.must(a, to); d.Skipped != "" {
				done = append(done, s.Kind+": "+d.Skipped)
			} else {
				done = append(done, s.Kind)
			}
			for _, p := range s.Put {
				if s.Undo {
					r.Memory.Put = slices.DeleteFunc(r.Memory.Put, func(q rules.Put) bool { return p == q })
				} else if !slices.Contains(r.Memory.Put, p) {
					r.Memory.Put = append(r.Memory.Put, p)
				}
			}
		}
		return r.Memory, done
	}
}

// What kept actions put on a pull request goes away again when the rule stops holding: the whole way from the rule file over
// the engine's plan, stored and read back, to GitHub.
func TestKeptActionsComeAndGo(t *testing.T) {
	const file = `
[[rule]]
name = "WIP"
on = "pull_request"
when.title_has = "WIP"
then.label  = ["bug", "wip"]
then.sticky = { key = "wip", body = "Not yet, {{ pr.author }}." }
then.check  = { name = "ready", conclusion = "failure" }
then.status = { context = "ready", state = "success" }
`
	w := newWorld(t)
	number := w.openPull()
	w.can(w.as("alice").Label(number, "bug"))
	play := w.player(file, number)
	look := func() []any {
		seen, _ := w.Issue("acme/app", number)
		var comments, checks []string
		for _, c := range seen.Comments {
			comments = append(comments, c.Body)
		}
		for _, c := range w.Checks("acme/app", seen.HeadSHA) {
			checks = append(checks, c.Name+" "+c.Conclusion)
		}
		for _, s := range w.Statuses("acme/app", seen.HeadSHA) {
			checks = append(checks, s.Context+" "+s.State)
		}
		return []any{seen.Labels, comments, checks}
	}

	memory, done := play("WIP: a thing", rules.Memory{})
	same(t, done, []string{"label", "sticky", "check", "status"})
	same(t, look(), []any{
		[]string{"bug", "wip"}, []string{"<!-- bellhop sticky wip -->\nNot yet, alice."}, []string{"ready failure", "ready success"},
	})
	memory, done = play("WIP: another thing", memory)
	same(t, done, []string{
		"sticky: the comment says so already", "check: the check run says so already", "status: the status says so already",
	})
	memory, done = play("A thing", memory)
	same(t, done, []string{"remove_label", "sticky", "check", "status"})
	same(t, look(), []any{[]string{"bug"}, []string(nil), []string{"ready neutral", "ready pending"}})
	memory, done = play("A thing", memory)
	same(t, done, []string(nil))
	same(t, memory.Put, []rules.Put{})
	_, done = play("WIP: again", memory)
	same(t, done, []string{"label", "sticky", "check", "status"})
	same(t, look(), []any{
		[]string{"bug", "wip"}, []string{"<!-- bellhop sticky wip -->\nNot yet, alice."}, []string{"ready failure", "ready success"},
	})
}

// Two rules that say different things without a key have a comment each.
func TestStickyOfTwoRules(t *testing.T) {
	const file = `
[[rule]]
name = "one"
on = "pull_request"
when.title_has = "one"
then.sticky = "First, {{ pr.author }}."

[[rule]]
name = "two"
on = "pull_request"
when.title_has = "two"
then.sticky = "Second, {{ pr.author }}."
`
	w := newWorld(t)
	number := w.openPull()
	play := w.player(file, number)
	texts := func() []string {
		out := []string{}
		for _, text := range w.comments(number) {
			_, text, _ = strings.Cut(text, "\n")
			out = append(out, text)
		}
		return out
	}
	memory, _ := play("one and two", rules.Memory{})
	same(t, texts(), []string{"First, alice.", "Second, alice."})
	memory, _ = play("two", memory)
	same(t, texts(), []string{"Second, alice."})
	memory, _ = play("neither", memory)
	same(t, texts(), []string{})
	same(t, memory.Put, []rules.Put{})
}
