package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// What the package relies on in River, which is before 1.0: a new version has to pass this.

// ask reads one number from River's database.
func ask(t testing.TB, q *Queue, query string) (n int) {
	t.Helper()
	tx, err := q.engine.(*riverEngine[quiet, *sql.Tx]).begin(ctx)
	must(t, err)
	defer tx.Rollback()
	must(t, tx.QueryRow(query).Scan(&n))
	return n
}

// held is a queue whose one worker stands inside Work of subject "held" until let is closed. inside is its context.
func held(t *testing.T) (q *Queue, e *riverEngine[quiet, *sql.Tx], inside context.Context, let chan struct{}) {
	t.Helper()
	began := make(chan context.Context)
	let = make(chan struct{})
	q, _ = start(t, Options{Workers: 1, Work: func(ctx context.Context, s string) error {
		if s == "held" {
			began <- ctx
			<-let
		}
		return nil
	}})
	wake(t, q, 1, "held")
	inside = <-began
	return q, q.engine.(*riverEngine[quiet, *sql.Tx]), inside, let
}

func TestRiverUnique(t *testing.T) {
	q, e, _, let := held(t)
	defer close(let)
	job := func(s string) prioritized { return prioritized{Job{Subject: s, Installation: 2}, 1} }
	added, err := e.insert(ctx, []prioritized{job("held"), job("x"), job("y")})
	must(t, err)
	if fmt.Sprint(added) != "[false true true]" {
		t.Errorf("added %v: a running job is unique, whatever its installation", added)
	}
	added, err = e.insert(ctx, []prioritized{job("x"), job("z")})
	must(t, err)
	if fmt.Sprint(added) != "[false true]" {
		t.Errorf("added %v: a waiting job is unique", added)
	}
	q.busy.Add(3) // they were inserted behind the queue's back
}

func TestRiverCompletesInTransaction(t *testing.T) {
	_, e, inside, let := held(t)
	defer close(let)
	jobs, err := e.client.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateRunning))
	must(t, err)
	if len(jobs.Jobs) != 1 {
		t.Fatalf("%d jobs run", len(jobs.Jobs))
	}
	id := jobs.Jobs[0].ID
	tx, err := e.begin(ctx)
	must(t, err)
	// A running job cannot be deleted: that is why it is completed first.
	if _, err := e.client.JobDeleteTx(ctx, tx, id); !errors.Is(err, rivertype.ErrJobRunning) {
		t.Errorf("delete a running job: %v", err)
	}
	must(t, tx.Rollback())
	// An end that is undone leaves the job running.
	job := &river.Job[args]{JobRow: jobs.Jobs[0]}
	ended, err := e.end(inside, job, func(context.Context) (bool, error) { return true, nil })
	if ended || err != nil {
		t.Fatalf("ended: %v, %v", ended, err)
	}
	row, err := e.client.JobGet(ctx, id)
	must(t, err)
	if row.State != rivertype.JobStateRunning {
		t.Errorf("the job is %s", row.State)
	}
}

func TestRiverPriorities(t *testing.T) {
	var order []string
	began, let := make(chan struct{}), make(chan struct{})
	q, _ := start(t, Options{Workers: 1, Work: func(_ context.Context, s string) error {
		if s == "held" {
			close(began)
			<-let
			return nil
		}
		order = append(order, s) // one worker
		return nil
	}})
	wake(t, q, 1, "held")
	<-began
	e := q.engine.(*riverEngine[quiet, *sql.Tx])
	for i, p := range []int{4, 2, 1, 3, 1} {
		q.busy.Add(1)
		q.waiting[2]++
		_, err := e.insert(ctx, []prioritized{{Job{Subject: fmt.Sprintf("%d-%d", p, i), Installation: 2}, p}})
		must(t, err)
	}
	close(let)
	idle(q)
	if fmt.Sprint(order) != "[1-2 1-4 2-1 3-3 4-0]" {
		t.Errorf("order %v", order)
	}
}

// TestRiverLeavesJobsAlone: no leader means that no job is rescued (started a second time) because it runs long, none is
// scheduled for later, and nothing polls for news: an insert starts its job at once.
func TestRiverLeavesJobsAlone(t *testing.T) {
	began := make(chan struct{})
	q, _ := start(t, Options{Work: func(context.Context, string) error { began <- struct{}{}; return nil }})
	from := time.Now()
	for i := range 30 {
		wake(t, q, 1, fmt.Sprint(i))
		<-began
	}
	if took := time.Since(from); took > 15*time.Second { // polling would take about a second for each
		t.Errorf("30 jobs one after the other took %v", took)
	}
	for query, want := range map[string]int{
		"SELECT count(*) FROM river_leader":                                          0,
		"SELECT count(*) FROM river_notification":                                    0,
		"SELECT count(*) FROM river_job WHERE state NOT IN ('available', 'running')": 0,
	} {
		if got := ask(t, q, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
}

// TestOneConnection: a transaction keeps all others out, which the argument of the package comment needs, and River's parts
// from failing with "database is locked".
func TestOneConnection(t *testing.T) {
	_, e, _, let := held(t)
	defer close(let)
	tx, err := e.begin(ctx)
	must(t, err)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := e.begin(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second transaction: %v", err)
	}
	must(t, tx.Rollback())
}
