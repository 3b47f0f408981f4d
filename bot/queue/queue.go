// Package queue moves work on: one job for each subject that has something waiting, one at a time for a subject, many
// subjects at once, fair between installations. It is River over a database of its own.
//
// A job says only "this subject has something to do now". What there is to do, since when, how often it was tried and when it
// is due is in the store, so the queue may be lost and built again from there at any time: its owner wakes every subject that
// has something due at start, after each write and, as a net for what a failure dropped, once in a while. Therefore the jobs
// of one machine live in memory, nothing is retried here, and nothing is scheduled for later.
//
// # Why no wake-up is lost
//
// Who wakes a subject has read in the store that something waits on it: that is committed there before Wake inserts the job.
// When work on a subject has returned, its job is ended in three steps: in one transaction it is marked as completed, then
// the store is asked whether more waits, and only if not is the transaction committed. Transactions on one job exclude each
// other. So an insert that found the job still there happened before the mark, and the store, asked after it, tells of what
// waits: the transaction is undone and work goes on. An insert that comes after the mark waits for the transaction's end,
// finds no job, and makes one.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Options says how jobs are done.
type Options struct {
	Workers int // jobs at once; 8 when 0
	// Work does all that waits on a subject. It is called for one subject at a time. An error or a panic is logged, and the
	// job ends: the subject is worked on again when it is woken again. When ctx ends it has to return.
	Work func(ctx context.Context, subject string) error
	// More tells whether something that can be done now waits on a subject. It is asked once more in the transaction that ends
	// the job, so that a Wake during the job is never lost. It must be quick and must not call the queue: all jobs wait for it.
	More func(ctx context.Context, subject string) (bool, error)
	// Grace is how long Run lets jobs finish after its context has ended, before theirs end too; 10 s when 0.
	Grace time.Duration
	Log   *slog.Logger // slog.Default when nil
}

// Job names a subject to look at.
type Job struct {
	Subject      string
	Installation int64
}

// Queue is a queue in this process.
type Queue struct {
	o      Options
	engine engine
	busy   atomic.Int64

	mu      sync.Mutex
	waiting map[int64]int       // jobs that wait, by installation
	running map[string]*running // by subject
}

// running is a job that a worker has.
type running struct {
	woken bool // since its work began last
}

// engine is River over one kind of database: one in memory now. PostgreSQL, for several replicas, is another riverEngine, with
// River's leader on so that jobs of a dead replica are found again.
type engine interface {
	// insert adds a job for each of jobs, whose subjects differ, unless it has one, and tells which were added.
	insert(ctx context.Context, jobs []prioritized) (added []bool, err error)
	// run does jobs until ctx ends, and releases the database.
	run(ctx context.Context) error
}

// Open makes the queue ready; Run starts it. Jobs live in the memory of this process.
func Open(ctx context.Context, o Options) (*Queue, error) {
	if o.Workers <= 0 {
		o.Workers = 8
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Work == nil || o.More == nil {
		return nil, errors.New("open queue: Work and More are needed")
	}
	q := &Queue{o: o, waiting: map[int64]int{}, running: map[string]*running{}}
	var err error
	if q.engine, err = openMemory(ctx, q); err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return q, nil
}

// wakeBatch is how many jobs are inserted in one transaction. It bounds how long the workers wait for it.
const wakeBatch = 200

// Wake sees to it that each subject is worked on after this call: jobs that exist already stay one. Repeated subjects count
// once. After an error some may not have been woken.
func (q *Queue) Wake(ctx context.Context, jobs []Job) error {
	seen := make(map[string]bool, len(jobs))
	batch := make([]Job, 0, min(len(jobs), wakeBatch))
	for i, j := range jobs {
		if !seen[j.Subject] {
			seen[j.Subject] = true
			batch = append(batch, j)
		}
		if len(batch) == wakeBatch || i == len(jobs)-1 {
			if err := q.wake(ctx, batch); err != nil {
				return fmt.Errorf("wake %d subjects: %w", len(jobs), err)
			}
			batch = batch[:0]
		}
	}
	return nil
}

func (q *Queue) wake(ctx context.Context, jobs []Job) error {
	if len(jobs) == 0 {
		return nil
	}
	counted := q.count(jobs)
	added, err := q.engine.insert(ctx, counted)
	for i, j := range jobs {
		if err != nil || !added[i] {
			q.busy.Add(-1)
			q.leave(j.Installation)
		}
	}
	return err
}

// Run does jobs until ctx ends, lets those that run finish (as long as Options.Grace), and returns. It is called once; after
// it Wake fails.
func (q *Queue) Run(ctx context.Context) error {
	if err := q.engine.run(ctx); err != nil {
		return fmt.Errorf("run queue: %w", err)
	}
	return nil
}

// Busy is how many jobs run or wait. While a Wake is under way it may count a job that is there already twice.
func (q *Queue) Busy() int { return int(q.busy.Load()) }
