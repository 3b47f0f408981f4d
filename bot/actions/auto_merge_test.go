package actions

import (
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestAutoMergePlan(t *testing.T) {
	on := func(f *rules.Facts) { f.Subject.AutoMerge = true }
	squash, off := &AutoMerge{Method: "squash", Title: "T"}, &AutoMerge{Method: "off"}
	plans(t, []plan{
		{"on", squash, pr(), &AutoMerge{Method: "squash", Title: "T", HeadSHA: sha}},
		{"on already", squash, pr(on), nil},
		{"closed", squash, pr(closed), nil},
		{"off", off, pr(on), &AutoMerge{Method: "off"}},
		{"off already", off, pr(), nil},
	})
	same(t, squash.Keys(), []string{"auto-merge"})
	same(t, len(off.Keys()), 0)
	same(t, squash.Undo(pr(on), squash.Keys()), rules.Action(&AutoMerge{Method: "off", Own: true}))
	same(t, squash.Undo(pr(), squash.Keys()), rules.Action(nil))
}

// guarded opens a pull request whose base demands a check that is not there.
func (w *world) guarded() int {
	number := w.openPull()
	w.Protect("acme/app", "main", githubtest.Protection{Checks: []string{"build"}})
	return number
}

func (w *world) autoMerge(number int) any {
	pr, _ := w.Issue("acme/app", number)
	return pr.AutoMerge
}

func TestAutoMergeDo(t *testing.T) {
	w := newWorld(t)
	number := w.guarded()
	to := target("pull_request", number)
	step := &AutoMerge{Method: "squash", Title: "Fix", Body: "All", HeadSHA: w.head(number)}
	w.skips(step, to, "")
	w.skips(step, to, "auto-merge is on already")
	same(t, w.autoMerge(number), any("squash"))
	w.skips(&AutoMerge{Method: "off", Own: true}, to, "")
	w.skips(&AutoMerge{Method: "off", Own: true}, to, "auto-merge is off already")
	same(t, w.autoMerge(number), any(""))

	w.can(w.as("alice").EnableAutoMerge(number, "merge"))
	w.skips(&AutoMerge{Method: "off", Own: true}, to, "alice turned it on, not the bot")
	w.skips(&AutoMerge{Method: "off"}, to, "")
	same(t, w.autoMerge(number), any(""))

	w.pushTo(topic, "more.txt")
	w.skips(step, to, "something was pushed after the rule was decided")
	w.can(w.as("alice").Close(number))
	w.skips(step, to, "it was closed meanwhile")
}

// GitHub has no auto-merge for what could be merged at once, and the bot does not merge in its place.
func TestAutoMergeOfWhatIsReady(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	step := &AutoMerge{Method: "merge", HeadSHA: w.head(number)}
	w.skips(step, target("pull_request", number), "nothing that the base branch requires is missing, and then GitHub has no auto-merge")
	_, err := w.as("alice").Merge(number, "merge")
	w.can(err)
	w.skips(step, target("pull_request", number), "it is merged already")
}
