package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// args is a job as River stores it. The subject alone makes it unique.
type args struct {
	Subject      string `json:"subject" river:"unique"`
	Installation int64  `json:"installation"`
}

func (args) Kind() string { return "subject" }

// unique is over all states of a job that is not over.
var unique = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}}

// lane is the one River queue there is.
const lane = river.QueueDefault

// riverEngine is the engine over any database that River has a driver for; T is its transaction.
type riverEngine[D riverdriver.Driver[T], T any] struct {
	river.WorkerDefaults[args]
	queue    *Queue
	client   *river.Client[T]
	starting sync.RWMutex // River's Start sets what an insert reads without a lock, see TriggerJobFetch
	begin    func(ctx context.Context) (T, error)
	finish   func(ctx context.Context, tx T, commit bool) error
	close    func() error
}

// newClient makes River's client for driver. Maintenance is left out: nothing is scheduled, retried or kept, and a job that
// lasts long must not be "rescued" while it runs.
func (e *riverEngine[D, T]) newClient(driver D) error {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely[args](workers, e); err != nil {
		return err
	}
	var err error
	e.client, err = river.NewClient[T](driver, &river.Config{
		Queues:                 map[string]river.QueueConfig{lane: {MaxWorkers: e.queue.o.Workers}},
		Workers:                workers,
		MaxAttempts:            1,
		JobTimeout:             -1, // Work bounds itself
		SoftStopTimeout:        e.queue.o.Grace,
		FetchCooldown:          time.Millisecond,
		FetchPollInterval:      time.Second, // inserts fetch at once, this is a net
		LeaderElectionDisabled: true,
		Logger:                 slog.New(atLeast{slog.LevelWarn, e.queue.o.Log.Handler()}),
	})
	return err
}

func (e *riverEngine[D, T]) insert(ctx context.Context, jobs []prioritized) ([]bool, error) {
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{Args: args{j.Subject, j.Installation}, InsertOpts: &river.InsertOpts{Priority: j.priority, UniqueOpts: unique}}
	}
	e.starting.RLock()
	defer e.starting.RUnlock()
	results, err := e.client.InsertMany(ctx, params)
	if err != nil {
		return nil, err
	}
	added := make([]bool, len(jobs))
	for i, r := range results {
		added[i] = !r.UniqueSkippedAsDuplicate
	}
	return added, nil
}

func (e *riverEngine[D, T]) run(ctx context.Context) error {
	e.starting.Lock()
	err := e.client.Start(ctx)
	e.starting.Unlock()
	if err == nil {
		<-e.client.Stopped()
	} else if ctx.Err() != nil {
		err = nil // it was to end before it had begun
	}
	return errors.Join(err, e.close())
}

// Work does one job: it works on the subject until nothing waits there.
func (e *riverEngine[D, T]) Work(ctx context.Context, job *river.Job[args]) error {
	q := e.queue
	r := q.start(job.Args)
	defer q.end(job.Args, r)
	for {
		q.lookAt(r)
		failure := contained(func() error { return q.o.Work(ctx, job.Args.Subject) })
		if ctx.Err() != nil {
			return ctx.Err() // River makes the job available again; other replicas may take it
		}
		more := func(ctx context.Context) (more bool, err error) {
			err = contained(func() error { more, err = q.o.More(ctx, job.Args.Subject); return err })
			return more, err
		}
		if failure != nil {
			q.o.Log.Error("work on subject failed", "subject", job.Args.Subject, "installation", job.Args.Installation, "err", failure)
			// What failed still waits; to go on at once would turn in a circle. But who woke the subject meanwhile is owed a look.
			more = func(context.Context) (bool, error) { return q.woken(r), nil }
		}
		ended, err := e.end(ctx, job, more)
		if err != nil {
			if ctx.Err() == nil { // River does not log it, and gives the job up
				q.o.Log.Error("end job", "subject", job.Args.Subject, "installation", job.Args.Installation, "err", err)
			}
			return fmt.Errorf("end job of %s: %w", job.Args.Subject, err)
		}
		if ended {
			return nil
		}
	}
}

// end ends a job unless more waits. See the package comment for why the order matters.
func (e *riverEngine[D, T]) end(ctx context.Context, job *river.Job[args], more func(context.Context) (bool, error)) (ended bool, err error) {
	tx, err := e.begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if !ended {
			err = errors.Join(err, e.finish(ctx, tx, false))
		}
	}()
	if _, err := river.JobCompleteTx[D](ctx, tx, job); err != nil {
		return false, err
	}
	if again, err := more(ctx); err != nil {
		// The store cannot be read. The owner's sweep wakes the subject again when it can.
		e.queue.o.Log.Error("ask what waits on subject", "subject", job.Args.Subject, "err", err)
	} else if again {
		return false, nil
	}
	// Nobody looks at jobs that are over, and nothing else would take them out of memory.
	if _, err := e.client.JobDeleteTx(ctx, tx, job.ID); err != nil {
		return false, err
	}
	if err := e.finish(ctx, tx, true); err != nil {
		return false, err
	}
	return true, nil
}

// start notes that a worker has the job.
func (q *Queue) start(a args) *running {
	q.leave(a.Installation)
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &running{}
	q.running[a.Subject] = r
	return r
}

// end notes that the job is over. The next job of the subject may run already: it stays.
func (q *Queue) end(a args, r *running) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running[a.Subject] == r {
		delete(q.running, a.Subject)
	}
	q.busy.Add(-1)
}

// lookAt notes that the store is about to be read: wake-ups before this moment are answered by it.
func (q *Queue) lookAt(r *running) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.woken = false
}

func (q *Queue) woken(r *running) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return r.woken
}

// contained runs f and turns a panic into an error. River would contain it too, but end the job some time later only, and swallow
// the wake-ups until then.
func contained(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// atLeast is a log handler without what is below a level.
type atLeast struct {
	level slog.Level
	slog.Handler
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}
func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.level, h.Handler.WithAttrs(a)}
}
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.level, h.Handler.WithGroup(name)}
}
