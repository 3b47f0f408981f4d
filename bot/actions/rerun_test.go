package actions

import (
	"net/http"
	"testing"
	"time"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestRerunPlan(t *testing.T) {
	run := func(conclusion string, attempt int64) *rules.Facts {
		return &rules.Facts{Run: &rules.WorkflowRun{ID: 3, Conclusion: conclusion, Attempt: attempt}}
	}
	failed, all := &Rerun{Jobs: "failed", Attempts: 3}, &Rerun{Jobs: "all", Attempts: 3}
	plans(t, []plan{
		{"pull request", failed, pr(), &Rerun{Jobs: "failed", Attempts: 3, HeadSHA: sha, Before: now}},
		{"issue", failed, issue(), nil},
		{"failed run", failed, run("failure", 2), &Rerun{Jobs: "failed", Attempts: 3, RunID: 3, Attempt: 2}},
		{"cancelled run", failed, run("cancelled", 1), &Rerun{Jobs: "failed", Attempts: 3, RunID: 3, Attempt: 1}},
		{"too many attempts", failed, run("failure", 3), nil},
		{"good run", failed, run("success", 1), nil},
		{"good run, all jobs", all, run("success", 1), &Rerun{Jobs: "all", Attempts: 3, RunID: 3, Attempt: 1}},
		{"run that goes on", all, run("", 1), nil},
	})
}

type attempt struct {
	Attempt int `json:"run_attempt"`
	Status  string
}

func (w *world) attempts() []attempt {
	var answer struct {
		Runs []attempt `json:"workflow_runs"`
	}
	w.get(&answer, "actions/runs")
	return answer.Runs
}

func TestRerunDo(t *testing.T) {
	for _, jobs := range []string{"failed", "all"} {
		write := map[string]string{"failed": "rerun-failed-jobs", "all": "rerun"}[jobs]
		tr := trial{
			write:  "POST /repos/acme/app/actions/runs/*/" + write,
			effect: func(w *world) any { return w.attempts() },
			want:   []attempt{{2, "in_progress"}},
			url:    "/acme/app/actions/runs/",
		}
		t.Run(jobs+" of a run", func(t *testing.T) {
			tr.again = "it was run again already"
			tr.setUp = func(w *world) (rules.Action, rules.Target) {
				id, _ := w.runWorkflow("failure")
				f := &rules.Facts{Run: &rules.WorkflowRun{ID: id, Conclusion: "failure", Attempt: 1}}
				return (&Rerun{Jobs: jobs, Attempts: 3}).Plan(f), target("", 0)
			}
			tr.run(t)
		})
		t.Run(jobs+" of a commit", func(t *testing.T) {
			tr.again = "no run of the newest commit is to be run again"
			tr.setUp = func(w *world) (rules.Action, rules.Target) {
				_, head := w.runWorkflow("failure")
				w.pass(time.Minute)
				f := pr(func(f *rules.Facts) { f.Subject.HeadSHA, f.Delivery.Received = head, w.time() })
				return (&Rerun{Jobs: jobs, Attempts: 3}).Plan(f), target("", 0)
			}
			tr.run(t)
		})
	}
}

// An attempt that began after the delivery, and has failed by now, is not run once more.
func TestRerunOnce(t *testing.T) {
	w := newWorld(t)
	id, head := w.runWorkflow("failure")
	w.pass(time.Minute)
	step := &Rerun{Jobs: "failed", Attempts: 5, HeadSHA: head, Before: w.time()}
	w.pass(time.Minute)
	w.skips(step, target("", 0), "")
	w.can(w.as("bob").FinishWorkflow(id, "failure"))
	w.skips(step, target("", 0), "no run of the newest commit is to be run again")
	step.Before = w.time().Add(time.Minute)
	step.Attempts = 2
	w.skips(step, target("", 0), "no run of the newest commit is to be run again")
	step.Attempts = 3
	w.skips(step, target("", 0), "")
	same(t, w.attempts(), []attempt{{3, "in_progress"}})
}

func TestRerunLeavesGoodRuns(t *testing.T) {
	w := newWorld(t)
	_, head := w.runWorkflow("success")
	step := &Rerun{Jobs: "failed", Attempts: 5, HeadSHA: head, Before: w.time().Add(time.Minute)}
	w.skips(step, target("", 0), "no run of the newest commit is to be run again")
}

func TestRerunRefused(t *testing.T) {
	w := newWorld(t)
	id, head := w.runWorkflow("failure")
	step := &Rerun{Jobs: "all", Attempts: 5, HeadSHA: head, Before: w.time().Add(time.Minute)}
	old := "Unable to retry this workflow run because it was created over a month ago"
	defer w.Answer("POST", "/repos/acme/app/actions/runs/*/rerun", 2, githubtest.Reply(http.StatusForbidden, nil, `{"message":"`+old+`"}`))()
	w.skips(step, target("", 0), old)
	w.skips(&Rerun{Jobs: "all", Attempts: 5, RunID: id, Attempt: 1}, target("", 0), old)
	w.refuses(&Rerun{Jobs: "all", RunID: 99, Attempt: 1}, target("", 0), "get workflow run: ")
}

func TestNewestRuns(t *testing.T) {
	runs := []workflowRun{{ID: 5, WorkflowID: 1, Event: "push"}, {ID: 4, WorkflowID: 1, Event: "pull_request"}, {ID: 3, WorkflowID: 1, Event: "push"}, {ID: 2, WorkflowID: 2, Event: "push"}}
	var ids []int64
	for _, r := range newestRuns(runs) {
		ids = append(ids, r.ID)
	}
	same(t, ids, []int64{5, 4, 2})
}
