package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bellhop/rules"
)

func TestSQLite(t *testing.T) {
	testStore(t, func(t *testing.T) Store { return openSQLite(t, t.TempDir()+"/bellhop.db") })
}

// testStore is the conformance test of a store: whatever is behind the interface, callers may rely on this. open makes an empty
// store that is closed when the test ends.
func testStore(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"delivery", testDelivery},
		{"delivery is kept once", testKnown},
		{"odd deliveries", testOddDeliveries},
		{"list of deliveries", testDeliveries},
		{"due", testDue},
		{"visits end once", testEnds},
		{"many visits on a subject", testManyOnSubject},
		{"fan out", testFanOut},
		{"plan", testPlan},
		{"plan is kept", testPlanIsKept},
		{"steps", testSteps},
		{"decisions", testDecisions},
		{"memory", testMemory},
		{"memory follows plans and steps", testMemoryFollows},
		{"memory model", testMemoryModel},
		{"config", testConfig},
		{"nothing there", testNothing},
		{"changed", testChanged},
		{"ended context", testEndedContext},
		{"concurrent callers", testConcurrent},
		{"order of commits", testOrder},
		{"closed", testClosed},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// one is the value of a call that must not fail.
func one[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// delivery is a delivery like others; n tells them apart.
func delivery(n int) *Delivery {
	return &Delivery{
		GUID: fmt.Sprintf("guid-%d", n), Event: "issues", Activity: "opened", Installation: 7, RepositoryID: 70, Repository: "acme/app",
		Subject: "acme/app#1", Sender: "octocat", Source: "webhook", Received: noon.Add(time.Duration(n) * time.Second),
		Body: fmt.Appendf(nil, `{"action":"opened","n":%d}`, n),
	}
}

// keep stores d and returns its visit.
func keep(t testing.TB, s Store, d *Delivery) Visit {
	t.Helper()
	known, err := s.Keep(ctx, d)
	must(t, err)
	equal(t, "known", known, State(""))
	visits := one[[]Visit](t)(s.VisitsOf(ctx, d.ID))
	if len(visits) != 1 {
		t.Fatalf("a new delivery has visits %v, want one", visits)
	}
	return visits[0]
}

func testDelivery(t *testing.T, s Store) {
	d := delivery(1)
	v := keep(t, s, d)
	if d.ID <= 0 {
		t.Errorf("ID is %d", d.ID)
	}
	equal(t, "visit", v, Visit{ID: v.ID, DeliveryID: d.ID, Subject: d.Subject, Installation: 7, RepositoryID: 70, Event: "issues", Activity: "opened", State: Waiting})
	want := *d
	want.State = Waiting
	equal(t, "by ID", *one[*Delivery](t)(s.Delivery(ctx, d.ID)), want)
	equal(t, "by GUID", *one[*Delivery](t)(s.DeliveryByGUID(ctx, d.GUID)), want)
	want.Body = nil
	equal(t, "listed", one[[]Delivery](t)(s.Deliveries(ctx, Filter{})), []Delivery{want})
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 1, Waiting: 1})
}

func testKnown(t *testing.T, s Store) {
	d := delivery(1)
	v := keep(t, s, d)
	again := func(want State) {
		t.Helper()
		other := delivery(2)
		other.GUID = d.GUID
		equal(t, "known", one[State](t)(s.Keep(ctx, other)), want)
		equal(t, "ID", other.ID, d.ID)
	}
	again(Waiting)
	must(t, s.Finish(ctx, Dead, "no such rule", v.ID))
	again(Dead)
	got := one[*Delivery](t)(s.Delivery(ctx, d.ID))
	equal(t, "body", string(got.Body), string(d.Body))
	equal(t, "reason", got.Reason, "no such rule")
	equal(t, "visits", len(one[[]Visit](t)(s.VisitsOf(ctx, d.ID))), 1)
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 1, Dead: 1})

	d = delivery(3)
	must(t, s.Finish(ctx, Done, "", keep(t, s, d).ID))
	again(Done)
}

func testOddDeliveries(t *testing.T, s Store) {
	for i, body := range []string{"", "x", strings.Repeat("a", 3<<20), "\x00\xff\xfe not UTF-8", string(payload(1))} {
		d := delivery(i)
		d.Body = []byte(body)
		d.Subject = "acme/app:refs/heads/'); DROP TABLE visits; -- \U0001F514\t?1 $1"
		d.Sender, d.Activity, d.Installation, d.RepositoryID, d.Received = "", "", 0, math.MaxInt64, time.Time{}
		keep(t, s, d)
		got := one[*Delivery](t)(s.Delivery(ctx, d.ID))
		if string(got.Body) != body {
			t.Errorf("body %d: %d bytes came back of %d", i, len(got.Body), len(body))
		}
		got.Body, d.Body, d.State = nil, nil, Waiting
		equal(t, "delivery", got, d)
	}
	long := delivery(100)
	long.Body = make([]byte, MaxBody+1)
	if _, err := s.Keep(ctx, long); err == nil {
		t.Error("a body over MaxBody is kept")
	}
	nameless := delivery(101)
	nameless.GUID = ""
	if _, err := s.Keep(ctx, nameless); err == nil {
		t.Error("a delivery without GUID is kept")
	}
}

func testDeliveries(t *testing.T, s Store) {
	var kept []*Delivery
	for i := range 8 {
		d := delivery(i)
		if i%2 == 1 {
			d.Event, d.Repository, d.Subject = "push", "acme/lib", "acme/lib:refs/heads/main"
		}
		kept = append(kept, d)
		v := keep(t, s, d)
		switch i {
		case 2:
			must(t, s.Finish(ctx, Done, "", v.ID))
		case 3:
			must(t, s.Finish(ctx, Dead, "broken", v.ID))
		case 4: // one visit dead, one waiting
			must(t, s.FanOut(ctx, v, []string{"acme/app#8", "acme/app#9"}))
			fanned := one[[]Visit](t)(s.VisitsOf(ctx, d.ID))
			must(t, s.Finish(ctx, Dead, "gone", fanned[1].ID))
		case 5: // of two dead visits the later gives the reason
			must(t, s.FanOut(ctx, v, []string{"acme/lib#8", "acme/lib#9"}))
			fanned := one[[]Visit](t)(s.VisitsOf(ctx, d.ID))
			must(t, s.Finish(ctx, Dead, "first", fanned[1].ID))
			must(t, s.Finish(ctx, Dead, "second", fanned[2].ID))
		}
	}
	for _, test := range []struct {
		name string
		f    Filter
		want []int
	}{
		{"all", Filter{}, []int{7, 6, 5, 4, 3, 2, 1, 0}},
		{"waiting", Filter{State: Waiting}, []int{7, 6, 4, 1, 0}},
		{"dead", Filter{State: Dead}, []int{5, 3}},
		{"done", Filter{State: Done}, []int{2}},
		{"no state of deliveries", Filter{State: Skipped}, nil},
		{"event", Filter{Event: "push"}, []int{7, 5, 3, 1}},
		{"repository", Filter{Repository: "acme/app"}, []int{6, 4, 2, 0}},
		{"subject of the first visit", Filter{Subject: "acme/lib:refs/heads/main"}, []int{7, 5, 3, 1}},
		{"subject of a later visit", Filter{Subject: "acme/app#9"}, []int{4}},
		{"limit", Filter{Limit: 3}, []int{7, 6, 5}},
		{"page", Filter{Limit: 2, Before: kept[6].ID}, []int{5, 4}},
		{"several", Filter{State: Waiting, Event: "issues", Repository: "acme/app", Subject: "acme/app#1", Before: kept[6].ID, Limit: 1}, []int{4}},
		{"none", Filter{Event: "issue"}, nil},
	} {
		var got []int
		for _, d := range one[[]Delivery](t)(s.Deliveries(ctx, test.f)) {
			got = append(got, slices.IndexFunc(kept, func(k *Delivery) bool { return k.ID == d.ID }))
			if d.Body != nil {
				t.Errorf("%s: has a body", test.name)
			}
			if (d.State == Dead) != (d.Reason != "") {
				t.Errorf("%s: %s with reason %q", test.name, d.State, d.Reason)
			}
		}
		equal(t, test.name, got, test.want)
	}
	equal(t, "reason", one[*Delivery](t)(s.Delivery(ctx, kept[5].ID)).Reason, "second")
	equal(t, "a delivery that waits is not dead yet", one[*Delivery](t)(s.Delivery(ctx, kept[4].ID)).Reason, "")
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 8, Waiting: 5, Dead: 4})
}

func ids(visits []Visit) []int64 {
	var ids []int64
	for _, v := range visits {
		ids = append(ids, v.ID)
	}
	return ids
}

func testDue(t *testing.T, s Store) {
	var v []int64
	for i := range 6 {
		d := delivery(i)
		d.Subject = fmt.Sprintf("acme/app#%d", i%2)
		v = append(v, keep(t, s, d).ID)
	}
	hour := noon.Add(time.Hour)
	must(t, s.Retry(ctx, v[1], hour, "GitHub is down"))
	must(t, s.PutOff(ctx, v[2], hour.Add(time.Hour), "rate limit"))
	must(t, s.Finish(ctx, Done, "", v[3]))
	must(t, s.Finish(ctx, Dead, "", v[4]))
	due := func(now time.Time, after int64, n int) []int64 {
		t.Helper()
		return ids(one[[]Visit](t)(s.Due(ctx, now, after, n)))
	}
	equal(t, "at noon", due(noon, 0, 9), []int64{v[0], v[5]})
	equal(t, "just before", due(hour.Add(-time.Microsecond), 0, 9), []int64{v[0], v[5]})
	equal(t, "at its time", due(hour, 0, 9), []int64{v[0], v[1], v[5]})
	equal(t, "later", due(hour.Add(time.Hour), 0, 0), []int64{v[0], v[1], v[2], v[5]})
	equal(t, "limit", due(hour, 0, 2), []int64{v[0], v[1]})
	equal(t, "after", due(hour, v[1], 9), []int64{v[5]})

	next := func(now time.Time) time.Time { t.Helper(); return one[time.Time](t)(s.NextDue(ctx, now)) }
	equal(t, "next", next(noon), hour)
	equal(t, "next at that time", next(hour), hour.Add(time.Hour))
	equal(t, "no next", next(hour.Add(time.Hour)), time.Time{})

	waiting := one[[]Visit](t)(s.WaitingOn(ctx, "acme/app#1"))
	equal(t, "waiting", waiting, []Visit{
		{ID: v[1], DeliveryID: waiting[0].DeliveryID, Subject: "acme/app#1", Installation: 7, RepositoryID: 70, Event: "issues", Activity: "opened", State: Waiting, Attempts: 1, NotBefore: hour, Reason: "GitHub is down"},
		{ID: v[5], DeliveryID: waiting[1].DeliveryID, Subject: "acme/app#1", Installation: 7, RepositoryID: 70, Event: "issues", Activity: "opened", State: Waiting},
	})
	put := one[[]Visit](t)(s.WaitingOn(ctx, "acme/app#0"))[1]
	equal(t, "put off", []any{put.ID, put.Attempts, put.NotBefore, put.Reason}, []any{v[2], 0, hour.Add(time.Hour), "rate limit"})
	must(t, s.Retry(ctx, v[2], time.Time{}, "again"))
	equal(t, "at once again", due(noon, 0, 9), []int64{v[0], v[2], v[5]})
	must(t, s.Finish(ctx, Done, "", v[1]))
	equal(t, "an ended visit is never due", next(noon), time.Time{})
}

func testEnds(t *testing.T, s Store) {
	a, b := keep(t, s, delivery(1)), keep(t, s, delivery(2))
	if err := s.Finish(ctx, Waiting, "", a.ID); err == nil {
		t.Error("finished as waiting")
	}
	if err := s.Finish(ctx, Dead, "", a.ID, b.ID, 1<<40); !errors.Is(err, ErrNotFound) {
		t.Errorf("finish an unknown visit: %v", err)
	}
	equal(t, "none was finished", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 2, Waiting: 2})
	must(t, s.Finish(ctx, Dead, "first", a.ID, b.ID))
	must(t, s.Finish(ctx, Done, "second", a.ID))
	must(t, s.Retry(ctx, a.ID, noon, "third"))
	must(t, s.PutOff(ctx, a.ID, noon, "fourth"))
	must(t, s.WritePlan(ctx, Plan{Visit: a.ID, Subject: a.Subject, Memory: rules.Memory{Held: map[string]bool{"r": true}}}))
	must(t, s.FanOut(ctx, a, []string{"acme/app#2"}))
	a.State, a.Reason = Dead, "first"
	equal(t, "stays", one[[]Visit](t)(s.VisitsOf(ctx, a.DeliveryID)), []Visit{a})
	equal(t, "no memory", one[rules.Memory](t)(s.Memory(ctx, a.Subject)), rules.Memory{})
	must(t, s.Finish(ctx, Done, ""))
}

func testManyOnSubject(t *testing.T, s Store) {
	var wg sync.WaitGroup
	for c := range 50 {
		wg.Go(func() {
			for i := range MaxWaitingOn/50 + 1 {
				if _, err := s.Keep(ctx, delivery(c*1000+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	first := ids(one[[]Visit](t)(s.WaitingOn(ctx, "acme/app#1")))
	if len(first) != MaxWaitingOn || !slices.IsSorted(first) {
		t.Fatalf("%d visits, want the first %d in order", len(first), MaxWaitingOn)
	}
	must(t, s.Finish(ctx, Done, "", first...))
	equal(t, "the rest", len(one[[]Visit](t)(s.WaitingOn(ctx, "acme/app#1"))), 50)
}

func testFanOut(t *testing.T, s Store) {
	d := delivery(1)
	v := keep(t, s, d)
	if err := s.FanOut(ctx, v, []string{"acme/app#2", v.Subject}); err == nil {
		t.Error("fans out to itself")
	}
	must(t, s.FanOut(ctx, v, []string{"acme/app#3", "acme/app#2", "acme/app#3"}))
	visits := one[[]Visit](t)(s.VisitsOf(ctx, d.ID))
	if len(visits) != 3 {
		t.Fatalf("visits: %v", visits)
	}
	v.State = Done
	fanned := func(i int, subject string) Visit {
		return Visit{ID: visits[i].ID, DeliveryID: d.ID, Subject: subject, Installation: 7, RepositoryID: 70, Event: "issues", Activity: "opened", State: Waiting}
	}
	equal(t, "visits", visits, []Visit{v, fanned(1, "acme/app#3"), fanned(2, "acme/app#2")})
	// From a fanned visit back to the first subject: that had its visit.
	must(t, s.FanOut(ctx, visits[1], []string{"acme/app#1", "acme/app#2"}))
	equal(t, "visits after", len(one[[]Visit](t)(s.VisitsOf(ctx, d.ID))), 3)
	equal(t, "state", one[*Delivery](t)(s.Delivery(ctx, d.ID)).State, Waiting)
	must(t, s.FanOut(ctx, visits[2], nil))
	equal(t, "state", one[*Delivery](t)(s.Delivery(ctx, d.ID)).State, Done)
}

func step(rule, kind, args string, undo bool, put ...rules.Put) rules.Step {
	return rules.Step{Rule: rule, Kind: kind, Undo: undo, Args: json.RawMessage(args), Put: put}
}

func testPlan(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	p := Plan{
		Visit: v.ID, Subject: v.Subject, APICalls: 3, Config: "abc123", At: noon,
		Decisions: []rules.Decision{
			{Rule: "triage", Outcome: rules.True, Note: "1 action", Reads: []string{"subject.labels"},
				Terms: []rules.Term{{Text: `when.author = "octocat"`, Seen: `"octocat"`, Outcome: rules.True}, {Text: "if", Outcome: rules.Waiting, Why: "checks run"}}},
			{Rule: "watch", Outcome: rules.False, Would: []rules.Step{step("watch", "close", `{}`, false)}},
		},
		Steps: []rules.Step{
			step("triage", "label", `{"names":["bug \u0026 \"more\""]}`, false, rules.Put{Rule: "triage", Kind: "label", Key: "bug"}),
			step("triage", "comment", `{"body":"hi"}`, false),
			step("old", "label", `{"names":["x"]}`, true),
		},
		Memory: rules.Memory{Held: map[string]bool{"triage": true, "watch": false}},
	}
	must(t, s.WritePlan(ctx, p))
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	if len(steps) != 3 {
		t.Fatalf("steps: %v", steps)
	}
	for i, got := range steps {
		equal(t, "step", got, Step{ID: got.ID, Visit: v.ID, Seq: i, Step: p.Steps[i], State: Waiting, At: noon})
	}
	equal(t, "planned", one[[]Visit](t)(s.VisitsOf(ctx, v.DeliveryID))[0].Planned, true)
	equal(t, "decisions", one[[]Decision](t)(s.Decisions(ctx, v.Subject, 0)), []Decision{
		{Decision: p.Decisions[1], Visit: v.ID, Delivery: "guid-1", Subject: v.Subject, APICalls: 3, Config: "abc123", At: noon},
		{Decision: p.Decisions[0], Visit: v.ID, Delivery: "guid-1", Subject: v.Subject, APICalls: 3, Config: "abc123", At: noon},
	})
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), p.Memory)
}

func testPlanIsKept(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Steps: []rules.Step{step("a", "label", `{}`, false)}, Memory: rules.Memory{Held: map[string]bool{"a": true}}}))
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Steps: []rules.Step{step("b", "label", `{}`, false), step("c", "label", `{}`, false)},
		Decisions: []rules.Decision{{Rule: "b"}}, Memory: rules.Memory{Held: map[string]bool{"a": false, "b": true}}}))
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	equal(t, "steps", []any{len(steps), steps[0].Step.Rule}, []any{1, "a"})
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), rules.Memory{Held: map[string]bool{"a": true}})
	equal(t, "decisions", len(one[[]Decision](t)(s.Decisions(ctx, v.Subject, 0))), 0)

	// A plan that decides nothing is a plan too; other rules stay as remembered.
	v = keep(t, s, delivery(2))
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Memory: rules.Memory{Held: map[string]bool{"z": false}}}))
	equal(t, "planned", one[[]Visit](t)(s.VisitsOf(ctx, v.DeliveryID))[0].Planned, true)
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), rules.Memory{Held: map[string]bool{"a": true, "z": false}})
}

func testSteps(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	bug := rules.Put{Rule: "r", Kind: "label", Key: "bug"}
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, At: noon, Steps: []rules.Step{
		step("r", "label", `{}`, false, bug), step("r", "comment", `{}`, false), step("r", "merge", `{}`, false, rules.Put{Rule: "r", Kind: "merge", Key: "x"})}}))
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	later := noon.Add(time.Minute)
	must(t, s.StepTried(ctx, steps[0].ID))
	must(t, s.StepTried(ctx, steps[0].ID))
	must(t, s.FinishStep(ctx, v.Subject, steps[0], StepResult{State: Done, URL: "https://example.com/1", At: later}))
	must(t, s.FinishStep(ctx, v.Subject, steps[2], StepResult{State: Skipped, Reason: "already merged", At: later}))
	if err := s.FinishStep(ctx, v.Subject, steps[1], StepResult{State: Waiting}); err == nil {
		t.Error("finished as waiting")
	}
	want := slices.Clone(steps)
	want[0].State, want[0].Attempts, want[0].URL, want[0].At = Done, 2, "https://example.com/1", later
	want[2].State, want[2].Reason, want[2].At = Skipped, "already merged", later
	equal(t, "steps", one[[]Step](t)(s.Steps(ctx, v.ID)), want)
	equal(t, "did", one[[]Step](t)(s.Did(ctx, v.Subject, noon)), want[:1])
	equal(t, "did since", one[[]Step](t)(s.Did(ctx, v.Subject, later)), []Step(nil))
	equal(t, "did elsewhere", one[[]Step](t)(s.Did(ctx, "acme/app#2", noon)), []Step(nil))
	equal(t, "only what was done is remembered", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), rules.Memory{Put: []rules.Put{bug}})

	// An end stays, and what it remembered is not done again: a person may have taken the label off since.
	must(t, s.ForgetPut(ctx, v.Subject, "label", "bug"))
	must(t, s.FinishStep(ctx, v.Subject, steps[0], StepResult{State: Dead, Reason: "late", At: noon}))
	must(t, s.FinishStep(ctx, v.Subject, steps[0], StepResult{State: Done, At: noon}))
	must(t, s.StepTried(ctx, steps[0].ID))
	equal(t, "steps", one[[]Step](t)(s.Steps(ctx, v.ID)), want)
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, v.Subject)), rules.Memory{})
}

func testDecisions(t *testing.T, s Store) {
	for i := range 5 {
		v := keep(t, s, delivery(i))
		must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: []string{"acme/app#1", "acme/app#2"}[i%2], APICalls: i, Decisions: []rules.Decision{{Rule: fmt.Sprint(i)}}}))
	}
	list := one[[]Decision](t)(s.Decisions(ctx, "acme/app#1", 2))
	equal(t, "newest first", []string{list[0].Rule, list[1].Rule}, []string{"4", "2"})
	equal(t, "delivery", list[0].Delivery, "guid-4")
	equal(t, "all", len(one[[]Decision](t)(s.Decisions(ctx, "acme/app#1", 0))), 3)
}

// done plans one step on a subject and finishes it, as a worker does.
func done(t testing.TB, s Store, n int, subject string, p rules.Step) {
	t.Helper()
	d := delivery(n)
	d.Subject = subject
	_, err := s.Keep(ctx, d)
	must(t, err)
	v := one[[]Visit](t)(s.VisitsOf(ctx, d.ID))[0]
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: subject, Memory: one[rules.Memory](t)(s.Memory(ctx, subject)), Steps: []rules.Step{p}}))
	must(t, s.FinishStep(ctx, subject, one[[]Step](t)(s.Steps(ctx, v.ID))[0], StepResult{State: Done}))
}

func testMemory(t *testing.T, s Store) {
	put := func(rule, key string) rules.Put { return rules.Put{Rule: rule, Kind: "label", Key: key} }
	done(t, s, 1, "a", step("r2", "label", `{}`, false, put("r2", "y"), put("r2", "x")))
	done(t, s, 2, "a", step("r1", "label", `{}`, false, put("r1", "x"), rules.Put{Rule: "r1", Kind: "assign", Key: "x"}))
	done(t, s, 3, "a", step("r1", "label", `{}`, false, put("r1", "x")))
	done(t, s, 4, "b", step("r1", "label", `{}`, false, put("r1", "x")))
	puts := func(subject string) []rules.Put {
		t.Helper()
		return one[rules.Memory](t)(s.Memory(ctx, subject)).Put
	}
	equal(t, "sorted, once", puts("a"), []rules.Put{{Rule: "r1", Kind: "assign", Key: "x"}, put("r1", "x"), put("r2", "x"), put("r2", "y")})
	done(t, s, 5, "a", step("r2", "label", `{}`, true, put("r2", "y"), put("r2", "never")))
	equal(t, "undone", puts("a"), []rules.Put{{Rule: "r1", Kind: "assign", Key: "x"}, put("r1", "x"), put("r2", "x")})
	must(t, s.ForgetPut(ctx, "a", "label", "x"))
	must(t, s.ForgetPut(ctx, "a", "label", "never"))
	equal(t, "forgotten for all rules", puts("a"), []rules.Put{{Rule: "r1", Kind: "assign", Key: "x"}})
	equal(t, "other subject", puts("b"), []rules.Put{put("r1", "x")})
}

// testMemoryModel holds memory against a plain model under random changes.

func testMemoryFollows(t *testing.T, s Store) {
	label := rules.Put{Rule: "r", Kind: "label", Key: "x"}
	done(t, s, 1, "a", step("r", "label", `{}`, false, label))
	// A rule hands what it put to another; the whole list is replaced.
	handed := rules.Put{Rule: "other", Kind: "label", Key: "x"}
	v := keep(t, s, delivery(2))
	plan := Plan{Visit: v.ID, Subject: "a", Memory: rules.Memory{Held: map[string]bool{"r": true, "other": true}, Put: []rules.Put{handed}},
		Steps: []rules.Step{step("r", "merge", `{}`, false), step("other", "remove_label", `{}`, true, handed)}}
	must(t, s.WritePlan(ctx, plan))
	equal(t, "handed over", one[rules.Memory](t)(s.Memory(ctx, "a")), plan.Memory)
	// A rule whose step died did not do what it fires once for.
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	must(t, s.FinishStep(ctx, "a", steps[0], StepResult{State: Dead, Reason: "conflict"}))
	equal(t, "fires again", one[rules.Memory](t)(s.Memory(ctx, "a")).Held, map[string]bool{"other": true})
	// What was gone when it was to be taken back is not remembered either.
	must(t, s.FinishStep(ctx, "a", steps[1], StepResult{State: Skipped, Reason: "gone"}))
	equal(t, "nothing is left", one[rules.Memory](t)(s.Memory(ctx, "a")).Put, []rules.Put(nil))
}

func testMemoryModel(t *testing.T, s Store) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		model := rules.Memory{}
		subject := fmt.Sprintf("model#%d", n)
		small := rapid.SampledFrom([]string{"a", "b", "c"})
		puts := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) rules.Put {
			return rules.Put{Rule: small.Draw(rt, "rule"), Kind: small.Draw(rt, "kind"), Key: small.Draw(rt, "key")}
		}), 0, 4)
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			n++
			if rapid.Bool().Draw(rt, "forget") {
				kind, key := small.Draw(rt, "kind"), small.Draw(rt, "key")
				must(t, s.ForgetPut(ctx, subject, kind, key))
				model.Put = slices.DeleteFunc(model.Put, func(p rules.Put) bool { return p.Kind == kind && p.Key == key })
				continue
			}
			p := step("r", "label", `{}`, rapid.Bool().Draw(rt, "undo"), puts.Draw(rt, "puts")...)
			done(t, s, n, subject, p)
			for _, put := range p.Put {
				model.Put = slices.DeleteFunc(model.Put, func(q rules.Put) bool { return q == put })
				if !p.Undo {
					model.Put = append(model.Put, put)
				}
			}
		}
		slices.SortFunc(model.Put, func(a, b rules.Put) int { return strings.Compare(a.Rule+a.Kind+a.Key, b.Rule+b.Kind+b.Key) })
		if len(model.Put) == 0 {
			model.Put = nil
		}
		equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, subject)), model)
	})
}

func testConfig(t *testing.T, s Store) {
	c := Config{RepositoryID: 70, Path: "b.toml", Repository: "acme/app", SHA: "new", GoodSHA: "old", Good: []byte("[[rule]]\x00"), Problem: "bot.toml:1:1: oh", At: noon}
	must(t, s.SaveConfig(ctx, c))
	must(t, s.SaveConfig(ctx, Config{RepositoryID: 71, Repository: "acme/lib"}))
	equal(t, "config", one[[]Config](t)(s.Configs(ctx, 70)), []Config{c})
	c = Config{RepositoryID: 70, Path: "b.toml", Repository: "acme/renamed"}
	must(t, s.SaveConfig(ctx, c))
	before := Config{RepositoryID: 70, Path: "a.toml", SHA: "x"}
	must(t, s.SaveConfig(ctx, before))
	equal(t, "replaced", one[[]Config](t)(s.Configs(ctx, 70)), []Config{before, c})
	equal(t, "other", one[[]Config](t)(s.Configs(ctx, 71))[0].Repository, "acme/lib")
	equal(t, "none", len(one[[]Config](t)(s.Configs(ctx, 72))), 0)
}

func testNothing(t *testing.T, s Store) {
	notFound := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
	_, err := s.Delivery(ctx, 1)
	notFound("delivery", err)
	_, err = s.DeliveryByGUID(ctx, "x")
	notFound("delivery by GUID", err)
	notFound("retry", s.Retry(ctx, 1, noon, ""))
	notFound("put off", s.PutOff(ctx, 1, noon, ""))
	notFound("finish", s.Finish(ctx, Done, "", 1))
	notFound("fan out", s.FanOut(ctx, Visit{ID: 1, DeliveryID: 1}, []string{"x"}))
	notFound("plan", s.WritePlan(ctx, Plan{Visit: 1}))
	notFound("step tried", s.StepTried(ctx, 1))
	notFound("finish step", s.FinishStep(ctx, "x", Step{ID: 1}, StepResult{State: Done}))
	must(t, s.ForgetPut(ctx, "x", "label", "y"))
	equal(t, "deliveries", one[[]Delivery](t)(s.Deliveries(ctx, Filter{})), []Delivery(nil))
	equal(t, "due", one[[]Visit](t)(s.Due(ctx, noon, 0, 1)), []Visit(nil))
	equal(t, "steps", one[[]Step](t)(s.Steps(ctx, 1)), []Step(nil))
	equal(t, "decisions", one[[]Decision](t)(s.Decisions(ctx, "x", 1)), []Decision(nil))
	equal(t, "memory", one[rules.Memory](t)(s.Memory(ctx, "x")), rules.Memory{})
	equal(t, "next", one[time.Time](t)(s.NextDue(ctx, noon)), time.Time{})
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{})
}

func testChanged(t *testing.T, s Store) {
	v := keep(t, s, delivery(1))
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: "s", Steps: []rules.Step{step("r", "label", `{}`, false)}}))
	steps := one[[]Step](t)(s.Steps(ctx, v.ID))
	for name, write := range map[string]func() error{
		"Keep":       func() error { _, err := s.Keep(ctx, delivery(2)); return err },
		"Retry":      func() error { return s.Retry(ctx, v.ID, noon, "") },
		"PutOff":     func() error { return s.PutOff(ctx, v.ID, noon, "") },
		"StepTried":  func() error { return s.StepTried(ctx, steps[0].ID) },
		"SaveConfig": func() error { return s.SaveConfig(ctx, Config{RepositoryID: 1}) },
		"Finish":     func() error { return s.Finish(ctx, Done, "", v.ID) },
	} {
		changed := s.Changed()
		select {
		case <-changed:
			t.Fatalf("%s: changed before", name)
		default:
		}
		must(t, write())
		select {
		case <-changed:
		default:
			t.Fatalf("%s: nobody is told of it when it returns", name)
		}
	}
}

func testEndedContext(t *testing.T, s Store) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for name, call := range map[string]func() error{
		"Keep":       func() error { _, err := s.Keep(ended, delivery(1)); return err },
		"SaveConfig": func() error { return s.SaveConfig(ended, Config{}) },
		"Due":        func() error { _, err := s.Due(ended, noon, 0, 1); return err },
		"Deliveries": func() error { _, err := s.Deliveries(ended, Filter{}); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	keep(t, s, delivery(1)) // a failed attempt does not stand in the way of the next
}

// testConcurrent keeps each delivery from two callers at once, and works on what is there meanwhile.
func testConcurrent(t *testing.T, s Store) {
	const callers, each = 16, 40
	var wg sync.WaitGroup
	fresh := make([]int, callers)
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				d := delivery(c/2*each + i)
				d.Subject = fmt.Sprintf("acme/app#%d", i%5)
				known, err := s.Keep(ctx, d)
				if err != nil {
					t.Error(err)
					return
				}
				if known == "" {
					fresh[c]++
				}
				visits, err := s.WaitingOn(ctx, d.Subject)
				if err != nil {
					t.Error(err)
				}
				if i%3 == 0 && len(visits) > 0 {
					if err := s.Finish(ctx, Done, "", visits[0].ID); err != nil {
						t.Error(err)
					}
				}
				if _, err := s.Counts(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range fresh {
		total += n
	}
	equal(t, "kept once", total, callers/2*each)
	counts := one[Counts](t)(s.Counts(ctx))
	equal(t, "counted", counts.Deliveries, int64(callers/2*each))
	equal(t, "due", int64(len(one[[]Visit](t)(s.Due(ctx, noon, 0, 10_000)))), counts.Waiting)
}

// testOrder follows the visits by their IDs while many are kept: a reader who goes on from the last ID must not miss one.
func testOrder(t *testing.T, s Store) {
	const callers, each = 8, 50
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				if _, err := s.Keep(ctx, delivery(c*each+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen, last := 0, int64(0)
	for seen < callers*each && !t.Failed() {
		changed := s.Changed()
		visits := one[[]Visit](t)(s.Due(ctx, noon, last, 1000))
		if len(visits) == 0 {
			<-changed
			continue
		}
		seen, last = seen+len(visits), visits[len(visits)-1].ID
	}
	wg.Wait()
	equal(t, "nothing after", len(one[[]Visit](t)(s.Due(ctx, noon, last, 1000))), 0)
}

func testClosed(t *testing.T, s Store) {
	keep(t, s, delivery(1))
	must(t, s.Close())
	must(t, s.Close())
	if _, err := s.Keep(ctx, delivery(2)); !errors.Is(err, ErrClosed) {
		t.Errorf("keep: %v", err)
	}
	if err := s.SaveConfig(ctx, Config{}); !errors.Is(err, ErrClosed) {
		t.Errorf("save: %v", err)
	}
	if _, err := s.Counts(ctx); err == nil {
		t.Error("reads after Close")
	}
}
