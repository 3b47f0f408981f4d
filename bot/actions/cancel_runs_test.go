package actions

import (
	"net/http"
	"testing"
	"time"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

var prEvents = []string{"push", "pull_request", "pull_request_target"}

func TestCancelRunsPlan(t *testing.T) {
	a := &CancelRuns{Which: "superseded", Events: prEvents}
	planned := func(branch, repo string, run int64) *CancelRuns {
		return &CancelRuns{Which: "superseded", Events: prEvents, Branch: branch, Repo: repo, RunID: run, Planned: now}
	}
	alone := func(edit func(*rules.Facts)) *rules.Facts {
		f := about(nil, nil)
		edit(f)
		return f
	}
	plans(t, []plan{
		{"pull request", a, pr(), planned("topic", "acme/app", 0)},
		{"fork that is gone", a, pr(func(f *rules.Facts) { f.Subject.HeadRepo = "" }), nil},
		{"push", a, alone(func(f *rules.Facts) { f.Push = &rules.Push{Branch: "main"} }), planned("main", "acme/app", 0)},
		{"tag", a, alone(func(f *rules.Facts) { f.Push = &rules.Push{Tag: "v1"} }), nil},
		{"run", a, alone(func(f *rules.Facts) { f.Run = &rules.WorkflowRun{ID: 5, Branch: "main"} }), planned("main", "", 5)},
		{"nothing", a, about(nil, nil), nil},
	})
}

// runStates are the runs of acme/app, oldest first.
func (w *world) runStates() []string {
	var out []string
	for _, r := range w.WorkflowRuns("acme/app") {
		out = append(out, r.Branch+" "+r.Event+" "+r.Status+" "+r.Conclusion)
	}
	return out
}

func (w *world) start(event, ref string) int64 {
	w.t.Helper()
	id, err := w.as("alice").StartWorkflow("ci.yml", event, ref)
	w.can(err)
	return id
}

// supersede opens a pull request with a run on an old commit, and one on a new.
func (w *world) supersede() int {
	number := w.openPull()
	w.start("pull_request", "#1")
	w.start("workflow_dispatch", topic)
	w.pass(time.Minute)
	w.pushTo(topic, "more.txt")
	w.start("pull_request", "#1")
	w.start("push", "main")
	w.pass(time.Minute)
	return number
}

func (w *world) planned(a *CancelRuns, number int) (rules.Action, rules.Target) {
	f := pr(func(f *rules.Facts) { f.Subject.Head, f.Delivery.Received = topic, w.time() })
	return a.Plan(f), target("pull_request", number)
}

func TestCancelRunsDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return w.planned(&CancelRuns{Which: "superseded", Events: prEvents}, w.supersede())
		},
		write:  "POST /repos/acme/app/actions/runs/*/cancel",
		effect: func(w *world) any { return w.runStates() },
		want: []string{
			topic + " pull_request completed cancelled", topic + " workflow_dispatch in_progress ",
			topic + " pull_request in_progress ", "main push in_progress ",
		},
		again: "no run is to be cancelled", url: "/acme/app/actions/runs/",
	}.run(t)
}

func TestCancelAllRuns(t *testing.T) {
	w := newWorld(t)
	number := w.supersede()
	w.can(w.as("alice").Close(number))
	step, to := w.planned(&CancelRuns{Which: "all", Events: prEvents, Workflows: []string{"e2e", "CI"}}, number)
	w.pass(time.Minute)
	w.start("pull_request", "#1") // reopened meanwhile
	w.skips(step, to, "")
	same(t, w.runStates(), []string{
		topic + " pull_request completed cancelled", topic + " workflow_dispatch in_progress ",
		topic + " pull_request completed cancelled", "main push in_progress ", topic + " pull_request in_progress ",
	})
}

func TestCancelRunsOfABranch(t *testing.T) {
	w := newWorld(t)
	w.start("push", "main")
	w.pass(time.Minute)
	w.pushTo("main", "a.txt")
	newest := w.start("push", "main")
	f := about(nil, nil)
	f.Run, f.Delivery.Received = &rules.WorkflowRun{ID: newest, Branch: "main"}, w.time()
	a := &CancelRuns{Which: "superseded", Events: prEvents}
	w.skips(a.Plan(f), target("", 0), "")
	same(t, w.runStates(), []string{"main push completed cancelled", "main push in_progress "})
}

// What somebody ran again after the newer run had begun is wanted.
func TestCancelRunsLeavesWhatWasRunAgain(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	id := w.start("pull_request", "#1")
	w.can(w.as("alice").FinishWorkflow(id, "failure"))
	w.pushTo(topic, "more.txt")
	w.start("pull_request", "#1")
	w.pass(time.Minute)
	w.must(&Rerun{Jobs: "all", Attempts: 9, RunID: id, Attempt: 1}, target("", 0))
	w.pass(time.Minute)
	step, to := w.planned(&CancelRuns{Which: "superseded", Events: prEvents}, number)
	w.skips(step, to, "no run is to be cancelled")
}

func TestCancelRunsByForce(t *testing.T) {
	w := newWorld(t)
	number := w.supersede()
	defer w.Answer("POST", "/repos/acme/app/actions/runs/*/cancel", 9, githubtest.Reply(http.StatusAccepted, nil, `{}`))()
	a := &CancelRuns{Which: "superseded", Events: prEvents, ForceAfter: "5m"}
	step, to := w.planned(a, number)
	w.skips(step, to, "") // asked, and it goes on
	w.pass(3 * time.Minute)
	step, to = w.planned(a, number)
	w.skips(step, to, "")
	if state := w.runStates()[0]; state != topic+" pull_request in_progress " {
		t.Errorf("before the time: %s", state)
	}
	w.pass(3 * time.Minute)
	step, to = w.planned(a, number)
	w.skips(step, to, "")
	if state := w.runStates()[0]; state != topic+" pull_request completed cancelled" {
		t.Errorf("after the time: %s", state)
	}
}

func TestCancelRunsRefused(t *testing.T) {
	w := newWorld(t)
	number := w.supersede()
	step, to := w.planned(&CancelRuns{Which: "superseded", Events: prEvents}, number)
	defer w.Answer("POST", "/repos/acme/app/actions/runs/*/cancel", 1, githubtest.Reply(http.StatusConflict, nil, `{"message":"done"}`))()
	w.skips(step, to, "no run is to be cancelled")
}
