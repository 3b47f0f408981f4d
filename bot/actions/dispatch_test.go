package actions

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestDispatchPlan(t *testing.T) {
	push := func(f *rules.Facts) {
		f.Subject = nil
		f.Push = &rules.Push{Branch: "main", HeadSHA: sha}
	}
	inputs := map[string]string{"a": "b"}
	plans(t, []plan{
		{"default branch", &Dispatch{Workflow: ".github/workflows/ci.yml", Inputs: inputs}, issue(),
			&Dispatch{Workflow: "ci.yml", Ref: "main", Inputs: inputs, Since: now}},
		{"another ref", &Dispatch{Workflow: "ci.yml", Ref: "v1"}, pr(), &Dispatch{Workflow: "ci.yml", Ref: "v1", Since: now}},
		{"pushed ref", &Dispatch{Workflow: "ci.yml"}, issue(push), &Dispatch{Workflow: "ci.yml", Ref: "main", HeadSHA: sha, Since: now}},
		{"not the pushed ref", &Dispatch{Workflow: "ci.yml", Ref: "next"}, issue(push), &Dispatch{Workflow: "ci.yml", Ref: "next", Since: now}},
		{"event", &Dispatch{Event: "deploy", Payload: inputs}, issue(), &Dispatch{Event: "deploy", Payload: inputs, Since: now}},
		{"rendered to nothing", &Dispatch{}, issue(), nil},
	})
}

func (w *world) runsOf(event string) int {
	var answer struct {
		Total int `json:"total_count"`
	}
	w.get(&answer, "actions/runs?event=%s", event)
	return answer.Total
}

func TestDispatchDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return (&Dispatch{Workflow: "ci.yml"}).Plan(issue()), target("", 0)
		},
		write:  "POST /repos/acme/app/actions/workflows/*/dispatches",
		effect: func(w *world) any { return w.runsOf("workflow_dispatch") },
		want:   1,
		again:  "it was started already",
		url:    "/acme/app/actions/workflows/ci.yml",
	}.run(t)
}

// A run from before the step was planned, on another ref or of another commit is not this one.
func TestDispatchIsNotAnother(t *testing.T) {
	w := newWorld(t)
	to := target("", 0)
	step := (&Dispatch{Workflow: "ci.yml"}).Plan(issue()).(*Dispatch)
	w.must(step, to)
	later, ref, commit := *step, *step, *step
	later.Since = now.Add(time.Second)
	w.pushTo("next", "next.txt")
	ref.Ref = "next"
	commit.HeadSHA = sha
	for name, other := range map[string]*Dispatch{"later": &later, "ref": &ref, "commit": &commit} {
		before := w.runsOf("workflow_dispatch")
		if d := w.must(other, to); d.Skipped != "" || w.runsOf("workflow_dispatch") != before+1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// With inputs, a run is known by the delivery's ID in its title alone.
func TestDispatchWithInputs(t *testing.T) {
	w := newWorld(t)
	to := target("", 0)
	anonymous := &Dispatch{Workflow: "ci.yml", Ref: "main", Inputs: map[string]string{"a": "b"}, Since: now}
	w.skips(anonymous, to, "")
	w.skips(anonymous, to, "")
	same(t, w.runsOf("workflow_dispatch"), 2)

	named := &Dispatch{Workflow: "ci.yml", Ref: "main", Inputs: map[string]string{"id": "x " + to.Delivery}, Since: now}
	w.skips(named, to, "")
	run := fmt.Sprintf(`{"workflow_runs":[
		{"event":"workflow_dispatch","display_title":"Deploy %[1]s","created_at":"2026-11-24T20:00:00Z","actor":{"login":"alice"}},
		{"event":"push","display_title":"Deploy %[1]s","created_at":"2026-11-24T20:00:00Z","actor":{"login":"bellhop[bot]"}},
		{"event":"workflow_dispatch","display_title":"Deploy","created_at":"2026-11-24T20:00:00Z","actor":{"login":"bellhop[bot]"}}%[2]s]}`,
		to.Delivery, "%s")
	list := "/repos/acme/app/actions/workflows/ci.yml/runs"
	defer w.Answer("GET", list, 1, githubtest.Reply(http.StatusOK, nil, fmt.Sprintf(run, "")))()
	w.skips(named, to, "")
	ours := `,{"event":"workflow_dispatch","display_title":"Deploy ` + to.Delivery + `","created_at":"2026-11-24T20:00:00Z","actor":{"login":"bellhop[bot]"}}`
	defer w.Answer("GET", list, 1, githubtest.Reply(http.StatusOK, nil, fmt.Sprintf(run, ours)))()
	w.skips(named, to, "it was started already")
}

func TestDispatchEvent(t *testing.T) {
	w := newWorld(t)
	to := target("", 0)
	step := &Dispatch{Event: "deploy", Payload: map[string]string{"where": "there"}, Since: now}
	if d := w.must(step, to); !strings.HasSuffix(d.URL, "/acme/app/actions") {
		t.Errorf("%+v", d)
	}
	writes := w.Writes()
	var body any
	if err := json.Unmarshal(writes[len(writes)-1].Body, &body); err != nil {
		t.Fatal(err)
	}
	same(t, body, map[string]any{"event_type": "deploy", "client_payload": map[string]any{
		"where":   "there",
		"bellhop": map[string]any{"delivery": to.Delivery, "rule": "A rule", "step": 1.0},
	}})
	run := `{"workflow_runs":[{"event":"repository_dispatch","display_title":"deploy","created_at":"2026-11-24T20:00:00Z","actor":{"login":"bellhop[bot]"}}]}`
	defer w.Answer("GET", "/repos/acme/app/actions/runs", 1, githubtest.Reply(http.StatusOK, nil, run))()
	w.skips(&Dispatch{Event: "deploy", Since: now}, to, "it was started already")
}

func TestDispatchRefused(t *testing.T) {
	w := newWorld(t)
	w.refuses(&Dispatch{Workflow: "none.yml", Ref: "main", Inputs: map[string]string{"a": "b"}}, target("", 0), `dispatch workflow "none.yml": `)
	w.refuses(&Dispatch{Workflow: "ci.yml", Ref: "nowhere", Inputs: map[string]string{"a": "b"}}, target("", 0), `dispatch workflow "ci.yml": `)
}
