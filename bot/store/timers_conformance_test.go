package store

import (
	"slices"
	"testing"
	"time"

	"bellhop/rules"
)

func TestSQLiteTimers(t *testing.T) {
	testTimers(t, func(t *testing.T) Store { return openSQLite(t, t.TempDir()+"/bellhop.db") })
}

// testTimers is the part of the conformance test that is about time.
func testTimers(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"book", testBook},
		{"ring", testRing},
		{"wakes of a plan", testWakes},
		{"times", testTimes},
		{"repositories", testRepositories},
		{"applied", testApplied},
		{"forget rules", testForgetRules},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func timer(subject, rule, kind string, after time.Duration) Timer {
	return Timer{Subject: subject, Rule: rule, Kind: kind, Installation: 7, RepositoryID: 70, Repository: "acme/app", Due: noon.Add(after), Data: []byte(`{"n":1}`)}
}

func testBook(t *testing.T, s Store) {
	a, b, c := timer("70#1", "r", Wake, time.Hour), timer("70#1", "r", "after", time.Minute), timer("70#2", "r", Wake, 2*time.Hour)
	must(t, s.Book(ctx, a, b, c))
	equal(t, "next", one[time.Time](t)(s.NextTimer(ctx)), b.Due)
	equal(t, "not due yet", one[[]Timer](t)(s.DueTimers(ctx, noon, 0)), []Timer(nil))
	equal(t, "due at its time", one[[]Timer](t)(s.DueTimers(ctx, b.Due, 0)), []Timer{b})
	equal(t, "the longest overdue first", one[[]Timer](t)(s.DueTimers(ctx, c.Due, 2)), []Timer{b, a})
	equal(t, "of a subject", one[[]Timer](t)(s.TimersOn(ctx, "70#1")), []Timer{b, a})
	a.Due, a.Data = noon.Add(3*time.Hour), nil
	must(t, s.Book(ctx, a))
	equal(t, "one for each subject, rule and kind", one[[]Timer](t)(s.DueTimers(ctx, a.Due, 0)), []Timer{b, c, a})
	must(t, s.Cancel(ctx, "70#1", "r", "after"))
	must(t, s.Cancel(ctx, "70#1", "r", "after"))
	equal(t, "cancelled", one[[]Timer](t)(s.TimersOn(ctx, "70#1")), []Timer{a})
}

func testRing(t *testing.T, s Store) {
	a := timer("70#1", "r", Wake, time.Hour)
	must(t, s.Book(ctx, a))
	moved := a
	moved.Due = noon
	d := delivery(1)
	d.Source = "timer"
	equal(t, "a timer that was moved", one[bool](t)(s.Ring(ctx, moved, d)), false)
	equal(t, "nothing kept", one[[]Delivery](t)(s.Deliveries(ctx, Filter{})), []Delivery(nil))
	next := a
	next.Due = noon.Add(24 * time.Hour)
	changed := s.Changed()
	equal(t, "rung", one[bool](t)(s.Ring(ctx, a, d, next)), true)
	select {
	case <-changed:
	default:
		t.Error("nobody is told")
	}
	equal(t, "kept", one[*Delivery](t)(s.Delivery(ctx, d.ID)).GUID, "guid-1")
	equal(t, "its visit waits", len(one[[]Visit](t)(s.Due(ctx, noon, 0, 0))), 1)
	equal(t, "booked anew", one[[]Timer](t)(s.TimersOn(ctx, "70#1")), []Timer{next})
	equal(t, "counted", one[Counts](t)(s.Counts(ctx)).Deliveries, int64(1))
	equal(t, "the same again", one[bool](t)(s.Ring(ctx, next, d)), true)
	equal(t, "known", one[Counts](t)(s.Counts(ctx)).Deliveries, int64(1))
	equal(t, "gone", one[bool](t)(s.Ring(ctx, next, delivery(2))), false)
	equal(t, "none left", one[time.Time](t)(s.NextTimer(ctx)), time.Time{})
	if _, err := s.Ring(ctx, a, &Delivery{}); err == nil {
		t.Error("a delivery without a GUID is taken")
	}
}

func testWakes(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	old, other, after := timer(v.Subject, "r", Wake, time.Hour), timer(v.Subject, "other", Wake, time.Hour), timer(v.Subject, "r", "after", time.Hour)
	must(t, s.Book(ctx, old, other, after))
	p := Plan{Visit: v.ID, Subject: v.Subject, Decisions: []rules.Decision{{Rule: "r", Outcome: rules.False}}}
	fresh := timer(v.Subject, "r", Wake, 2*time.Hour)
	p.Wakes = []Timer{fresh}
	must(t, s.WritePlan(ctx, p))
	equal(t, "replaced", one[[]Timer](t)(s.TimersOn(ctx, v.Subject)), []Timer{other, after, fresh})
	v = keep(t, s, delivery(2))
	p.Visit, p.Wakes = v.ID, nil
	must(t, s.WritePlan(ctx, p))
	equal(t, "cancelled", one[[]Timer](t)(s.TimersOn(ctx, v.Subject)), []Timer{other, after})
}

func testTimes(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	times := map[string]rules.Times{"a": {Since: noon}, "b": {Fired: noon, Head: "6dcb09b"}, "c": {}}
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Memory: rules.Memory{Times: times}, Steps: []rules.Step{step("b", "comment", `{}`, false)}}))
	delete(times, "c")
	equal(t, "times", one[rules.Memory](t)(s.Memory(ctx, v.Subject)).Times, times)
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	must(t, s.FinishStep(ctx, v.Subject, steps[0], StepResult{State: Dead}))
	delete(times, "b")
	equal(t, "a rule whose step is dead has not fired", one[rules.Memory](t)(s.Memory(ctx, v.Subject)).Times, times)
	v = keep(t, s, delivery(2))
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Memory: rules.Memory{Times: map[string]rules.Times{"a": {}}}}))
	equal(t, "no times", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), rules.Memory{})
}

func testRepositories(t *testing.T, s Store) {
	list := []Repository{{1, 7, "acme/app", []byte(`{}`)}, {2, 7, "acme/docs", nil}, {3, 8, "octo/x", nil}}
	for _, r := range slices.Backward(list) {
		must(t, s.SaveRepository(ctx, r))
	}
	equal(t, "all", one[[]Repository](t)(s.Repositories(ctx, 0, 0)), list)
	equal(t, "a page", one[[]Repository](t)(s.Repositories(ctx, 1, 1)), list[1:2])
	list[0].FullName = "acme/renamed"
	must(t, s.SaveRepository(ctx, list[0]))
	equal(t, "renamed", one[[]Repository](t)(s.Repositories(ctx, 0, 1)), list[:1])
	in := func(installation, repository int64) Timer {
		return Timer{Subject: "x", Rule: string(rune('a' + repository)), Kind: "k", Installation: installation, RepositoryID: repository, Due: noon}
	}
	must(t, s.Book(ctx, in(7, 1), in(7, 2), in(8, 3)))
	must(t, s.ForgetRepositories(ctx, 7, 2))
	equal(t, "one gone", one[[]Repository](t)(s.Repositories(ctx, 0, 0)), []Repository{list[0], list[2]})
	equal(t, "its timers too", one[[]Timer](t)(s.TimersOn(ctx, "x")), []Timer{in(7, 1), in(8, 3)})
	must(t, s.ForgetRepositories(ctx, 7))
	equal(t, "the installation gone", one[[]Repository](t)(s.Repositories(ctx, 0, 0)), list[2:])
	equal(t, "its timers too", one[[]Timer](t)(s.TimersOn(ctx, "x")), []Timer{in(8, 3)})
}
