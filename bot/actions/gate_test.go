package actions

import (
	"testing"

	"bellhop/rules"
)

func TestGatePublish(t *testing.T) {
	s := rules.GateState{Name: "n", SHA: sha, Result: rules.GateWait, Title: "t", Summary: "s", Again: true}
	same(t, (&Gate{}).Publish(s), &Gate{Name: "n", HeadSHA: sha, Result: rules.GateWait, Title: "t", Summary: "s", Again: true})
	plans(t, []plan{{"by itself", &Gate{}, pr(), nil}})
}

func TestGateDo(t *testing.T) {
	var head string
	runs := func(w *world) any { return w.checkRuns(head) }
	at := func(w *world, number int, result rules.GateResult) *Gate {
		head = w.head(number)
		return &Gate{Name: "approvals", HeadSHA: head, Result: result, Title: string(result), Summary: "Seen: 1."}
	}
	after := func(before rules.GateResult, now rules.GateResult, again bool) func(w *world) (rules.Action, rules.Target) {
		return func(w *world) (rules.Action, rules.Target) {
			number := w.openPull()
			if before != "" {
				w.must(at(w, number, before), target("pull_request", number))
			}
			g := at(w, number, now)
			g.Again = again
			return g, target("pull_request", number)
		}
	}
	run := func(status, conclusion, title string) checkSeen {
		return checkSeen{"approvals", status, conclusion, title, "Seen: 1.", "A rule"}
	}
	const change = "PATCH /repos/acme/app/check-runs/*"
	for _, row := range []struct {
		name        string
		before, now rules.GateResult
		again       bool
		write       string
		want        []checkSeen
	}{
		{"make", "", rules.GateFail, false, "POST /repos/acme/app/check-runs", []checkSeen{run("completed", "failure", "fail")}},
		{"does not apply", "", rules.GateOutside, false, "POST /repos/acme/app/check-runs", []checkSeen{run("completed", "skipped", "outside")}},
		{"cannot be decided", rules.GatePass, rules.GateError, false, change, []checkSeen{run("completed", "failure", "error")}},
		{"pass after waiting", rules.GateWait, rules.GatePass, false, change, []checkSeen{run("completed", "success", "pass")}},
		{"wait after passing", rules.GatePass, rules.GateWait, false, "POST /repos/acme/app/check-runs",
			[]checkSeen{run("completed", "success", "pass"), run("in_progress", "", "wait")}},
		{"asked for once more", rules.GatePass, rules.GatePass, true, change, []checkSeen{run("completed", "success", "pass")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			trial{setUp: after(row.before, row.now, row.again), write: row.write, effect: runs, want: row.want, url: "/acme/app/runs/"}.run(t)
		})
	}
}

// A check run that says the same is left alone, and that counts as done: the engine remembers what it says.
func TestGateDoIsSilent(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	g := &Gate{Name: "n", HeadSHA: w.head(number), Result: rules.GatePass, Title: "t", Summary: "s"}
	w.must(g, target("pull_request", number))
	before := len(w.Writes())
	if d := w.must(g, target("pull_request", number)); d.Skipped != "" || len(w.Writes()) != before {
		t.Errorf("%+v, %d writes", d, len(w.Writes())-before)
	}
	w.refuses(&Gate{Name: "n", HeadSHA: w.head(number), Result: "perhaps"}, target("pull_request", number), `a gate has no result "perhaps"`)
}
