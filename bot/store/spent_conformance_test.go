package store

import (
	"testing"
	"time"

	"bellhop/rules"
)

// testActs: what a plan says of a rule replaces what was remembered of it, and leaves that of others.
func testActs(t *testing.T, s Store) {
	write := func(n int, subject string, acts map[string]rules.Acts) {
		t.Helper()
		d := delivery(n)
		d.Subject = subject
		must(t, s.WritePlan(ctx, Plan{Visit: keep(t, s, d).ID, Subject: subject, Memory: rules.Memory{Acts: acts}}))
	}
	a := rules.Acts{Text: "x", Since: noon, Count: 3}
	b := rules.Acts{Text: "y", Since: noon, Count: 20, Until: noon.Add(time.Hour)}
	write(1, "70#1", map[string]rules.Acts{"a": a, "b": a})
	write(2, "70#1", map[string]rules.Acts{"b": b})
	write(3, "70#2", map[string]rules.Acts{"a": b})
	equal(t, "acts", one[rules.Memory](t)(s.Memory(ctx, "70#1")), rules.Memory{Acts: map[string]rules.Acts{"a": a, "b": b}})
	equal(t, "of another", one[rules.Memory](t)(s.Memory(ctx, "70#2")).Acts, map[string]rules.Acts{"a": b})
}

// testSpent: what was done or tried for good counts once, in its repository, for an hour.
func testSpent(t *testing.T, s Store) {
	n := 0
	end := func(repository int64, at time.Time, states ...State) {
		t.Helper()
		n++
		d := delivery(n)
		d.RepositoryID = repository
		v := keep(t, s, d)
		p := Plan{Visit: v.ID, Subject: d.Subject}
		for range states {
			p.Steps = append(p.Steps, step("r", "label", `{}`, false))
		}
		must(t, s.WritePlan(ctx, p))
		steps := one[[]Step](t)(s.Steps(ctx, v.ID))
		for i, state := range states {
			for range 2 { // it ended once
				must(t, s.FinishStep(ctx, d.Subject, steps[i], StepResult{State: state, At: at}))
			}
		}
	}
	first := noon.Truncate(time.Minute)
	end(70, noon, Done, Dead, Skipped)
	end(70, noon.Add(time.Second), Done)
	end(70, noon.Add(30*time.Minute), Done)
	end(71, noon, Done)
	spent := func(now time.Time) []Spending { return one[[]Spending](t)(s.Spent(ctx, 70, now)) }
	later := Spending{first.Add(30 * time.Minute), 1}
	equal(t, "in the hour", spent(noon.Add(59*time.Minute)), []Spending{{first, 3}, later})
	equal(t, "the hour moves on", spent(noon.Add(time.Hour)), []Spending{later})
	end(70, noon.Add(2*time.Hour), Done)
	equal(t, "what is old is forgotten", spent(noon.Add(59*time.Minute)), []Spending{{first.Add(2 * time.Hour), 1}})
	equal(t, "of another", one[[]Spending](t)(s.Spent(ctx, 71, noon)), []Spending{{first, 1}})
}
