package store

import (
	"errors"
	"testing"
	"time"

	"bellhop/rules"
)

func TestSQLiteRecovery(t *testing.T) {
	testRecovery(t, func(t *testing.T) Store { return openSQLite(t, t.TempDir()+"/bellhop.db") })
}

// testRecovery is the part of the conformance test that is about what was missed and what was given up.
func testRecovery(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"unknown", testUnknown},
		{"newest on a subject", testNewestOn},
		{"revive", testRevive},
		{"marks", testMarks},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func testUnknown(t *testing.T, s Store) {
	keep(t, s, delivery(1))
	keep(t, s, delivery(3))
	equal(t, "unknown", one[[]string](t)(s.Unknown(ctx, []string{"guid-3", "guid-4", "guid-1", "guid-2"})), []string{"guid-4", "guid-2"})
	equal(t, "all known", one[[]string](t)(s.Unknown(ctx, []string{"guid-1"})), []string(nil))
	equal(t, "nothing asked", one[[]string](t)(s.Unknown(ctx, nil)), []string(nil))
}

func testNewestOn(t *testing.T, s Store) {
	newer, older, bare := delivery(5), delivery(2), delivery(9)
	older.Source = Recovered
	a, b := keep(t, s, newer), keep(t, s, older)
	equal(t, "source", b.Source, Recovered)
	equal(t, "received", b.Received, older.Received)
	keep(t, s, bare)
	equal(t, "nothing planned", one[time.Time](t)(s.NewestOn(ctx, newer.Subject)), time.Time{})
	must(t, s.WritePlan(ctx, Plan{Visit: a.ID, Subject: a.Subject, At: noon, Decisions: []rules.Decision{{Rule: "r", Moment: true}, {Rule: "s"}}}))
	decided := one[[]Decision](t)(s.DecisionsOf(ctx, a.ID))
	if len(decided) != 2 || decided[0].Rule != "r" || !decided[0].Moment || decided[1].Rule != "s" || decided[1].Delivery != newer.GUID {
		t.Errorf("decisions of a visit: %+v", decided)
	}
	must(t, s.WritePlan(ctx, Plan{Visit: b.ID, Subject: b.Subject, At: noon}))
	equal(t, "newest", one[time.Time](t)(s.NewestOn(ctx, newer.Subject)), newer.Received)
	equal(t, "another subject", one[time.Time](t)(s.NewestOn(ctx, "x")), time.Time{})
}

func testRevive(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, At: noon, Memory: rules.Memory{Held: map[string]bool{"r": true, "later": true}},
		Steps: []rules.Step{step("r", "comment", `{}`, false), step("r", "merge", `{}`, false), step("r", "close", `{}`, false), step("later", "lock", `{}`, false)}}))
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	for i, r := range []StepResult{{State: Done, URL: "u"}, {State: Dead, Reason: "no"}, {State: Skipped, Reason: "earlier"}, {State: Dead, Reason: "no"}} {
		r.At = noon
		must(t, s.FinishStep(ctx, v.Subject, steps[i], r))
	}
	must(t, s.Retry(ctx, v.ID, noon, "first"))
	must(t, s.Finish(ctx, Dead, "given up", v.ID))
	again := Revival{Visit: v.ID, Subject: v.Subject, Steps: []int64{steps[0].ID, steps[1].ID, steps[2].ID}, Held: []string{"r"}}
	must(t, s.Revive(ctx, again))
	list := one[[]Visit](t)(s.WaitingOn(ctx, v.Subject))
	if len(list) != 1 || list[0].Attempts != 0 || list[0].Reason != "" || !list[0].Planned {
		t.Fatalf("revived as %+v", list)
	}
	var states []State
	for _, step := range one[[]Step](t)(s.Steps(ctx, v.ID)) {
		states = append(states, step.State)
	}
	equal(t, "steps: what is done stays done, and what was not named stays dead", states, []State{Done, Waiting, Waiting, Dead})
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), rules.Memory{Held: map[string]bool{"r": true}})

	// What waits, or ended well, is left alone.
	must(t, s.FinishStep(ctx, v.Subject, steps[1], StepResult{State: Dead, Reason: "no", At: noon}))
	must(t, s.Revive(ctx, again))
	equal(t, "still waiting", one[[]Step](t)(s.Steps(ctx, v.ID))[1].State, Dead)
	must(t, s.Finish(ctx, Done, "", v.ID))
	must(t, s.Revive(ctx, again))
	equal(t, "done stays done", one[[]Visit](t)(s.VisitsOf(ctx, v.DeliveryID))[0].State, Done)
	if err := s.Revive(ctx, Revival{Visit: 99}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a visit that never was: %v", err)
	}
}

func testMarks(t *testing.T, s Store) {
	if _, err := s.Mark(ctx, "m"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a mark that is not there: %v", err)
	}
	must(t, s.SaveMark(ctx, "m", []byte("1")))
	must(t, s.SaveMark(ctx, "m", []byte("2")))
	equal(t, "mark", string(one[[]byte](t)(s.Mark(ctx, "m"))), "2")
}
