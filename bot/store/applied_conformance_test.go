package store

import (
	"testing"
	"time"

	"bellhop/rules"
)

func testApplied(t *testing.T, s Store) {
	equal(t, "nothing yet", one[[]byte](t)(s.Applied(ctx, 7)), []byte(nil))
	must(t, s.SaveApplied(ctx, 7, []byte("a")))
	data := []byte("b")
	must(t, s.SaveApplied(ctx, 7, data))
	data[0] = 'c'
	equal(t, "the last", string(one[[]byte](t)(s.Applied(ctx, 7))), "b")
	must(t, s.SaveRepository(ctx, Repository{ID: 7, Installation: 1}))
	must(t, s.SaveRepository(ctx, Repository{ID: 8, Installation: 1}))
	must(t, s.SaveApplied(ctx, 8, []byte("x")))
	must(t, s.ForgetRepositories(ctx, 1, 7))
	equal(t, "forgotten with its repository", one[[]byte](t)(s.Applied(ctx, 7)), []byte(nil))
	equal(t, "another's stays", string(one[[]byte](t)(s.Applied(ctx, 8))), "x")
	must(t, s.ForgetRepositories(ctx, 1))
	equal(t, "forgotten with its installation", one[[]byte](t)(s.Applied(ctx, 8)), []byte(nil))
}

func testForgetRules(t *testing.T, s Store) {
	memory := rules.Memory{
		Held:  map[string]bool{"gone": true, "stays": true},
		Put:   []rules.Put{{Rule: "gone", Kind: "gate", Key: "pass"}, {Rule: "gone", Kind: "label", Key: "docs"}, {Rule: "stays", Kind: "label", Key: "api"}},
		Times: map[string]rules.Times{"gone": {Since: noon}, "stays": {Since: noon}},
	}
	subjects := []string{"7#1", "7@refs/heads/main", "7!6dcb09b", "70#1", "77#1", "6#1"}
	for i, subject := range subjects {
		d := delivery(i + 1)
		d.Subject = subject
		v := keep(t, s, d)
		must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: subject, Memory: memory}))
		must(t, s.Book(ctx, timer(subject, "gone", Wake, time.Hour), timer(subject, "stays", Wake, time.Hour)))
	}
	must(t, s.ForgetRules(ctx, 7, "gate", "gone", "never there"))
	left := rules.Memory{Held: map[string]bool{"stays": true}, Put: []rules.Put{memory.Put[0], memory.Put[2]}, Times: map[string]rules.Times{"stays": {Since: noon}}}
	for i, subject := range subjects {
		want, timers := memory, 2
		if i < 3 {
			want, timers = left, 1
		}
		equal(t, subject, one[rules.Memory](t)(s.Memory(ctx, subject)), want)
		equal(t, "timers of "+subject, len(one[[]Timer](t)(s.TimersOn(ctx, subject))), timers)
	}
}
