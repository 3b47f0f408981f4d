package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"
)

// ErrClosed is returned by writes after Close.
var ErrClosed = errors.New("store is closed")

// maxBatch bounds how many writes share a transaction, and so how long the first of them waits.
const maxBatch = 256

// write is one change that waits for its commit.
type write struct {
	ctx   context.Context
	size  int64              // bytes that it holds in memory
	do    func(*batch) error // runs in the writer; may run twice, see writer.commit
	after func()             // runs in the writer once it is committed, also when its caller has left; may be nil
	err   error
	done  chan struct{} // closed once it is committed, or failed
}

// writer is the one goroutine that changes the database. It commits whatever waits in one transaction, so that a sync of the
// disk is shared by all who came while the last one went on. There is no timer: a write that comes alone is committed alone.
type writer struct {
	conn      *sql.Conn
	stmts     map[string]*sql.Stmt
	queue     chan *write
	bytes     *semaphore.Weighted // of waiting bodies
	maxBytes  int64
	committed func() // called after each commit, before its callers are released
	ended     chan struct{}

	mu     sync.RWMutex // held for reading while a write is handed over, so that none is handed over after close
	closed bool
}

func newWriter(conn *sql.Conn, waiting int, maxBytes int64, committed func()) *writer {
	w := &writer{
		conn:      conn,
		stmts:     map[string]*sql.Stmt{},
		queue:     make(chan *write, waiting),
		bytes:     semaphore.NewWeighted(maxBytes),
		maxBytes:  maxBytes,
		committed: committed,
		ended:     make(chan struct{}),
	}
	go w.run()
	return w
}

// try does a write unless the queue is full (ErrFull).
func (w *writer) try(j *write) error {
	j.size = min(j.size, w.maxBytes) // a single one passes when nothing else waits
	if !w.bytes.TryAcquire(j.size) {
		return ErrFull
	}
	j.done = make(chan struct{})
	if err := w.offer(j); err != nil {
		w.bytes.Release(j.size)
		return err
	}
	return j.wait()
}

func (w *writer) offer(j *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- j:
		return nil
	default:
		return ErrFull
	}
}

// do does a write, and waits for a place in the queue as long as ctx allows. Those who wait go before those who try.
func (w *writer) do(ctx context.Context, do func(*batch) error) error {
	j := &write{ctx: ctx, do: do, done: make(chan struct{})}
	if err := w.send(j); err != nil {
		return err
	}
	return j.wait()
}

func (w *writer) send(j *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- j:
		return nil
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
}

// wait returns once j is committed. When ctx ends before, the write may still happen.
func (j *write) wait() error {
	select {
	case <-j.done:
		return j.err
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
}

// close lets everything that was handed over be committed, and gives up the connection.
func (w *writer) close() error {
	var errs []error
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.ended
	for _, s := range w.stmts { // else SQLite keeps the connection half open, and its log with it
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

func (w *writer) run() {
	defer close(w.ended)
	jobs := make([]*write, 0, maxBatch)
	for first := range w.queue {
		jobs = w.commit(append(jobs[:0], first))
		w.committed()
		for i, j := range jobs {
			j.err = fault(j.err)
			if j.err == nil && j.after != nil {
				j.after()
			}
			w.bytes.Release(j.size)
			close(j.done)
			jobs[i] = nil
		}
	}
}

// next is the next write that waits, or nil.
func (w *writer) next() *write {
	select {
	case j := <-w.queue: // nil when closed and empty
		return j
	default:
		return nil
	}
}

// commit does jobs, and those that come meanwhile, in one transaction, and returns them all with their outcomes.
//
// The usual batch has no failure in it and needs no savepoints. When one write fails the batch is undone and done again with
// a savepoint around each, so that a failure stays with the write that caused it.
func (w *writer) commit(jobs []*write) []*write {
	jobs, err := w.together(jobs)
	if err == nil {
		return jobs
	}
	if err := w.apart(jobs); err != nil {
		for _, j := range jobs {
			j.err = fmt.Errorf("store: %w", err)
		}
	}
	return jobs
}

func (w *writer) together(jobs []*write) (all []*write, err error) {
	b := &batch{w: w}
	if err := b.run("BEGIN IMMEDIATE"); err != nil {
		return jobs, err
	}
	defer func() {
		if err != nil {
			b.run("ROLLBACK")
		}
	}()
	for i := 0; i < len(jobs); i++ {
		if err := jobs[i].once(b); err != nil {
			return jobs, err
		}
		if len(jobs) < maxBatch {
			if j := w.next(); j != nil {
				jobs = append(jobs, j)
			}
		}
	}
	return jobs, b.run("COMMIT")
}

// once does the write, unless nobody waits for it any more: that is no failure of the batch.
func (j *write) once(b *batch) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	return j.do(b)
}

// apart does jobs in one transaction, each in a savepoint of its own. The error is that of the whole: none was done.
func (w *writer) apart(jobs []*write) (err error) {
	b := &batch{w: w}
	if err := b.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			b.run("ROLLBACK")
		}
	}()
	for _, j := range jobs {
		if err := b.run("SAVEPOINT one"); err != nil {
			return err
		}
		if err := j.once(b); err != nil {
			j.err = err
			// After a full disk SQLite may have undone the whole transaction; then this fails, and so does the batch.
			if e := b.run("ROLLBACK TO one"); e != nil {
				return errors.Join(err, e)
			}
		}
		if err := b.run("RELEASE one"); err != nil {
			return err
		}
	}
	return b.run("COMMIT")
}

// batch is the open transaction, as a write sees it.
type batch struct{ w *writer }

// stmt returns a prepared statement. Statements live as long as the writer.
func (b *batch) stmt(query string) (*sql.Stmt, error) {
	if s := b.w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := b.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	b.w.stmts[query] = s
	return s, nil
}

func (b *batch) run(query string, args ...any) error {
	_, err := b.exec(query, args...)
	return err
}

func (b *batch) exec(query string, args ...any) (sql.Result, error) {
	s, err := b.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

// change runs an update whose last parameter is id, and tells whether it changed anything. When it did not, there asks for the
// row: ErrNotFound when it was never there.
func (b *batch) change(there string, id int64, update string, args ...any) (bool, error) {
	r, err := b.exec(update, append(args, id)...)
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return true, err
	}
	return false, b.row(there, id, &id)
}

// row reads one row into dest, or returns ErrNotFound.
func (b *batch) row(query string, arg any, dest ...any) error {
	s, err := b.stmt(query)
	if err != nil {
		return err
	}
	return notFound(s.QueryRow(arg).Scan(dest...))
}

// notFound turns database/sql's answer for no row into ours.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
