package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"bellhop/rules"
)

func TestSQLiteExpiry(t *testing.T) {
	testExpiry(t, func(t *testing.T) Store { return openSQLite(t, t.TempDir()+"/bellhop.db") })
}

// testExpiry is the part of the conformance test that is about what leaves.
func testExpiry(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"deliveries", testExpireDeliveries},
		{"bodies", testExpireBodies},
		{"in small parts", testExpireParts},
		{"clock that was set", testExpireClock},
		{"memory", testExpireMemory},
		{"writable", testWritable},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// aged is a delivery with a plan of one decision and one step, received some days before noon.
func aged(t *testing.T, s Store, n, days int, state State) *Delivery {
	t.Helper()
	d := delivery(n)
	d.Received, d.Subject = noon.AddDate(0, 0, -days), fmt.Sprintf("70#%d", n)
	v := keep(t, s, d)
	must(t, s.WritePlan(ctx, Plan{
		Visit: v.ID, Subject: v.Subject, Decisions: []rules.Decision{{Rule: "r"}}, Steps: []rules.Step{step("r", "label", `{}`, false)},
		Memory: rules.Memory{Held: map[string]bool{"r": true}}, At: d.Received,
	}))
	if state != Waiting {
		must(t, s.Finish(ctx, state, "", v.ID))
	}
	return d
}

func testExpireDeliveries(t *testing.T, s Store) {
	done, dead, waiting := aged(t, s, 1, 40, Done), aged(t, s, 2, 40, Dead), aged(t, s, 3, 400, Waiting)
	older, young := aged(t, s, 4, 100, Dead), aged(t, s, 5, 1, Done)
	visit := one[[]Visit](t)(s.VisitsOf(ctx, done.ID))[0].ID

	equal(t, "for ever", one[Expired](t)(s.ExpireDeliveries(ctx, time.Time{}, time.Time{}, 0, 0)), Expired{})
	got := one[Expired](t)(s.ExpireDeliveries(ctx, noon.AddDate(0, 0, -30), noon.AddDate(0, 0, -90), 0, 0))
	equal(t, "gone", got, Expired{Gone: 2})
	for _, d := range []*Delivery{done, older} {
		if _, err := s.Delivery(ctx, d.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s is still there: %v", d.GUID, err)
		}
		equal(t, "visits", one[[]Visit](t)(s.VisitsOf(ctx, d.ID)), []Visit(nil))
		equal(t, "decisions", one[[]Decision](t)(s.Decisions(ctx, d.Subject, 0)), []Decision(nil))
	}
	equal(t, "steps", one[[]Step](t)(s.Steps(ctx, visit)), []Step(nil))
	for _, d := range []*Delivery{dead, waiting, young} {
		equal(t, "body", string(one[*Delivery](t)(s.Delivery(ctx, d.ID)).Body), string(d.Body))
		equal(t, "decisions", len(one[[]Decision](t)(s.Decisions(ctx, d.Subject, 0))), 1)
	}
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 3, Waiting: 1, Dead: 1})
	// What is remembered of the subject stays, and its GUID is free.
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, done.Subject)), rules.Memory{Held: map[string]bool{"r": true}})
	again := delivery(1)
	keep(t, s, again)
	if again.ID <= young.ID {
		t.Errorf("ID %d is used again after %d", again.ID, young.ID)
	}
}

func testExpireBodies(t *testing.T, s Store) {
	done, dead, waiting, young := aged(t, s, 1, 10, Done), aged(t, s, 2, 10, Dead), aged(t, s, 3, 10, Waiting), aged(t, s, 4, 1, Done)
	before := noon.AddDate(0, 0, -7)
	equal(t, "gone", one[Expired](t)(s.ExpireBodies(ctx, before, 0, 0)), Expired{Gone: 1})
	equal(t, "gone once", one[Expired](t)(s.ExpireBodies(ctx, before, 0, 0)), Expired{})
	want := *done
	want.Body, want.State = nil, Done
	equal(t, "without body", *one[*Delivery](t)(s.DeliveryByGUID(ctx, done.GUID)), want)
	equal(t, "known", one[State](t)(s.Keep(ctx, delivery(1))), Done)
	for _, d := range []*Delivery{dead, waiting, young} {
		equal(t, "body", string(one[*Delivery](t)(s.Delivery(ctx, d.ID)).Body), string(d.Body))
	}
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 4, Waiting: 1, Dead: 1})
	equal(t, "rows", one[Expired](t)(s.ExpireDeliveries(ctx, before, time.Time{}, 0, 0)), Expired{Gone: 1})
}

func testExpireParts(t *testing.T, s Store) {
	for i := range 10 {
		aged(t, s, i, 40, map[bool]State{true: Done, false: Waiting}[i%2 == 0])
	}
	for i := 10; i < 20; i++ {
		aged(t, s, i, 1, Done)
	}
	var parts []int
	for after := int64(0); ; {
		e := one[Expired](t)(s.ExpireDeliveries(ctx, noon.AddDate(0, 0, -30), time.Time{}, after, 4))
		parts = append(parts, e.Gone)
		if after = e.Next; after == 0 {
			break
		}
	}
	// The fourth part holds nothing but young ones, and ends it.
	equal(t, "parts", parts, []int{2, 2, 1, 0})
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 15, Waiting: 5})
}

// testExpireClock has deliveries that were received while the clock was ahead: they leave when their time has come, and hold
// back none that came after them.
func testExpireClock(t *testing.T, s Store) {
	for i := range 6 {
		aged(t, s, i, -3650, Done)
	}
	old, young := aged(t, s, 6, 40, Done), aged(t, s, 7, 0, Done)
	gone := 0
	for after, calls := int64(0), 0; ; calls++ {
		e := one[Expired](t)(s.ExpireDeliveries(ctx, noon.AddDate(0, 0, -30), time.Time{}, after, 2))
		if gone += e.Gone; e.Next == 0 || calls > 10 {
			break
		}
		after = e.Next
	}
	equal(t, "gone", gone, 1)
	if _, err := s.Delivery(ctx, old.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the old one is held back: %v", err)
	}
	one[*Delivery](t)(s.Delivery(ctx, young.ID))
}

func testExpireMemory(t *testing.T, s Store) {
	full := func(n int) string {
		t.Helper()
		d := delivery(n)
		d.Subject = fmt.Sprintf("70#%d", n)
		v := keep(t, s, d)
		must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Memory: rules.Memory{
			Held: map[string]bool{"r": true}, Put: []rules.Put{{Rule: "r", Kind: "label", Key: "x"}}, Times: map[string]rules.Times{"r": {Fired: noon}},
		}}))
		must(t, s.Finish(ctx, Done, "", v.ID))
		return v.Subject
	}
	closed, open, reopened, late, timed := full(1), full(2), full(3), full(4), full(5)
	must(t, s.End(ctx, noon, closed, reopened, timed))
	must(t, s.End(ctx, noon.AddDate(0, 0, 20), late, closed)) // closed keeps its time
	must(t, s.Reopen(ctx, reopened, open))
	must(t, s.Book(ctx, timer(timed, "r", Wake, time.Hour)))

	before := noon.AddDate(0, 0, 10)
	equal(t, "while deliveries of it are left", one[int](t)(s.ExpireMemory(ctx, before, 0)), 0)
	equal(t, "deliveries", one[Expired](t)(s.ExpireDeliveries(ctx, before, time.Time{}, 0, 0)), Expired{Gone: 5})
	equal(t, "gone", one[int](t)(s.ExpireMemory(ctx, before, 0)), 1)
	equal(t, "closed", one[rules.Memory](t)(s.Memory(ctx, closed)), rules.Memory{})
	for _, subject := range []string{open, reopened, late, timed} {
		m := one[rules.Memory](t)(s.Memory(ctx, subject))
		equal(t, "memory of "+subject, []int{len(m.Held), len(m.Put), len(m.Times)}, []int{1, 1, 1})
	}
	must(t, s.Cancel(ctx, timed, "r", Wake))
	equal(t, "one at a time", one[int](t)(s.ExpireMemory(ctx, noon.AddDate(0, 0, 30), 1)), 1)
	equal(t, "one at a time", one[int](t)(s.ExpireMemory(ctx, noon.AddDate(0, 0, 30), 1)), 1)
	equal(t, "none left", one[int](t)(s.ExpireMemory(ctx, noon.AddDate(0, 0, 30), 1)), 0)
}

func testWritable(t *testing.T, s Store) {
	must(t, s.Writable(ctx))
	must(t, s.Writable(ctx))
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{})
	must(t, s.Close())
	if err := s.Writable(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
