package actions

import (
	"testing"

	"bellhop/rules"
)

func TestCheckPlan(t *testing.T) {
	c := &Check{Name: "n", Conclusion: "failure", Title: "t"}
	want := &Check{Name: "n", Conclusion: "failure", Title: "t", HeadSHA: sha}
	plans(t, []plan{
		{"pull request", c, pr(), want},
		{"push", c, &rules.Facts{Push: &rules.Push{HeadSHA: sha}}, want},
		{"deleted branch", c, &rules.Facts{Push: &rules.Push{Deleted: true}}, nil},
		{"name rendered to nothing", &Check{Conclusion: "failure"}, pr(), nil},
	})
}

func TestCheckUndo(t *testing.T) {
	c := &Check{Name: "n", Conclusion: "success"}
	same(t, c.Keys(), []string{"n"})
	same(t, c.Undo(pr(), []string{"n", "m"}), &Check{HeadSHA: sha, Remove: []string{"n", "m"}})
	same(t, c.Undo(issue(), []string{"n"}), nil)
	same(t, c.Undo(pr(), nil), nil)
	for before, after := range map[string]string{
		"success": "cancelled", "neutral": "cancelled", "skipped": "cancelled",
		"failure": "neutral", "": "neutral", "action_required": "neutral", "timed_out": "neutral", "cancelled": "neutral",
	} {
		same(t, (&foundRun{Conclusion: before}).withoutSay(), after)
	}
}

type checkSeen struct {
	Name, Status, Conclusion, Title, Summary string
	External                                 string
}

func (w *world) checkRuns(sha string) []checkSeen {
	var answer struct {
		Runs []struct {
			Name, Status, Conclusion string
			External                 string `json:"external_id"`
			Output                   struct{ Title, Summary string }
		} `json:"check_runs"`
	}
	w.get(&answer, "commits/%s/check-runs?filter=all", sha)
	seen := []checkSeen{}
	for _, r := range answer.Runs {
		seen = append(seen, checkSeen{r.Name, r.Status, r.Conclusion, r.Output.Title, r.Output.Summary, r.External})
	}
	return seen
}

func TestCheckDo(t *testing.T) {
	var head string
	runs := func(w *world) any { return w.checkRuns(head) }
	failure := func(w *world) (*Check, rules.Target) {
		number := w.openPull()
		head = w.head(number)
		return &Check{Name: "changelog", Conclusion: "failure", Title: "No entry", Summary: "Add one.", HeadSHA: head}, target("pull_request", number)
	}
	t.Run("make", func(t *testing.T) {
		trial{
			setUp:  func(w *world) (rules.Action, rules.Target) { c, to := failure(w); return c, to },
			write:  "POST /repos/acme/app/check-runs",
			effect: runs,
			want:   []checkSeen{{"changelog", "completed", "failure", "No entry", "Add one.", "A rule"}},
			again:  "the check run says so already",
			url:    "/acme/app/runs/",
		}.run(t)
	})
	t.Run("change", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				c, to := failure(w)
				w.must(c, to)
				return &Check{Name: "changelog", Conclusion: "pending", HeadSHA: head}, to
			},
			write:  "PATCH /repos/acme/app/check-runs/*",
			effect: runs,
			want:   []checkSeen{{"changelog", "in_progress", "", "A rule", "A rule", "A rule"}},
			again:  "the check run says so already",
			url:    "/acme/app/runs/",
		}.run(t)
	})
	t.Run("undo", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				c, to := failure(w)
				w.must(c, to)
				f := pr(func(f *rules.Facts) { f.Subject.HeadSHA = head })
				return c.Undo(f, []string{"unheard of", "changelog"}), to
			},
			write:  "PATCH /repos/acme/app/check-runs/*",
			effect: runs,
			want:   []checkSeen{{"changelog", "completed", "neutral", noLonger, noLonger, "A rule"}},
			again:  "no such check run applies to the newest commit",
			url:    "/acme/app/runs/",
		}.run(t)
	})
}

func TestCheckUndoWithoutRun(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	undo := &Check{HeadSHA: w.head(number), Remove: []string{"changelog"}}
	w.skips(undo, target("pull_request", number), "no such check run applies to the newest commit")
}
