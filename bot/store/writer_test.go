package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"bellhop/rules"
)

// blocked holds the writer inside a transaction until release is called. That returns what became of the transaction, when its
// writes do not fail.
func blocked(s *sqliteStore) (release func() error) {
	inside, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var entered sync.Once
	go func() {
		done <- s.writer.do(ctx, func(*batch) error {
			entered.Do(func() { close(inside) })
			<-let
			return nil
		})
	}()
	<-inside
	return func() error {
		close(let)
		return <-done
	}
}

// queued waits until n writes wait.
func queued(s *sqliteStore, n int) {
	for len(s.writer.queue) < n {
		runtime.Gosched() // each write hands itself over without waiting for anything
	}
}

// together runs writes so that they share one transaction, and returns their errors.
func together(s *sqliteStore, writes ...func() error) []error {
	release := blocked(s)
	errs := make([]error, len(writes))
	var wg sync.WaitGroup
	for i, write := range writes {
		wg.Go(func() { errs[i] = write() })
		queued(s, i+1)
	}
	release() // the errors tell what became of it
	wg.Wait()
	return errs
}

// TestFailureStaysAlone puts failing writes among good ones of one transaction, in all orders that chance brings.
func TestFailureStaysAlone(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		kinds := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 12).Draw(rt, "kinds")
		var writes []func() error
		first := n
		for i, kind := range kinds {
			d := delivery(n)
			n++
			switch kind {
			case 0, 1:
				writes = append(writes, func() error { _, err := s.Keep(ctx, d); return err })
			case 2: // fails after it has changed something
				writes = append(writes, func() error {
					return s.writer.do(ctx, func(b *batch) error {
						if err := (&keeping{d: *d, body: []byte{}}).do(b); err != nil {
							return err
						}
						return fmt.Errorf("row %d is bad", i)
					})
				})
			case 3: // breaks a rule of the schema in its second statement
				writes = append(writes, func() error {
					return s.writer.do(ctx, func(b *batch) error {
						if err := b.run(insertPut, d.GUID, "r", "label", "x"); err != nil {
							return err
						}
						return b.run(insertVisit, 1<<40, "no such delivery", 0, 0)
					})
				})
			}
		}
		for i, err := range together(s, writes...) {
			_, there := s.DeliveryByGUID(ctx, fmt.Sprintf("guid-%d", first+i))
			memory := one[rules.Memory](t)(s.Memory(ctx, fmt.Sprintf("guid-%d", first+i)))
			switch kind := kinds[i]; {
			case kind < 2 && (err != nil || there != nil):
				rt.Errorf("good write %d: %v, read: %v", i, err, there)
			case kind == 2 && (err == nil || err.Error() != fmt.Sprintf("row %d is bad", i) || !errors.Is(there, ErrNotFound)):
				rt.Errorf("bad write %d: %v, read: %v", i, err, there)
			case kind == 3 && (err == nil || !strings.Contains(err.Error(), "FOREIGN KEY") || memory.Put != nil):
				rt.Errorf("bad write %d: %v, left %v", i, err, memory.Put)
			}
		}
	})
}

// TestFailedCommit makes the commit itself fail: everybody is told, nothing is left, and the next batch is good.
func TestFailedCommit(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	// A foreign key that is looked at when the transaction is committed.
	must(t, s.writer.do(ctx, func(b *batch) error {
		return b.run(`CREATE TABLE late (delivery_id INTEGER REFERENCES deliveries (id) DEFERRABLE INITIALLY DEFERRED)`)
	}))
	errs := together(s,
		func() error { _, err := s.Keep(ctx, delivery(1)); return err },
		func() error {
			return s.writer.do(ctx, func(b *batch) error { return b.run(`INSERT INTO late VALUES (12345)`) })
		},
		func() error { _, err := s.Keep(ctx, delivery(2)); return err },
	)
	for i, err := range errs {
		if err == nil {
			t.Errorf("write %d was told done", i)
		}
	}
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{})
	keep(t, s, delivery(1))
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 1, Waiting: 1})
}

func TestFull(t *testing.T) {
	store, err := OpenSQLite(filepath.Join(t.TempDir(), "bellhop.db"), Options{Waiting: 2})
	must(t, err)
	s := store.(*sqliteStore)
	defer s.Close()
	release := blocked(s)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			if _, err := s.Keep(ctx, delivery(i)); err != nil {
				t.Error(err)
			}
		})
		queued(s, i+1)
	}
	if _, err := s.Keep(ctx, delivery(2)); !errors.Is(err, ErrFull) {
		t.Errorf("the third: %v, want ErrFull", err)
	}
	// What was begun does not fail: it waits, as long as it may.
	short, cancel := context.WithCancel(ctx)
	gaveUp := make(chan error)
	go func() { gaveUp <- s.SaveConfig(short, Config{RepositoryID: 8}) }()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("who waits for a place with a context that ends: %v", err)
	}
	wg.Go(func() { must(t, s.SaveConfig(ctx, Config{RepositoryID: 9})) })
	must(t, release())
	wg.Wait()
	keep(t, s, delivery(2))
	equal(t, "kept", one[Counts](t)(s.Counts(ctx)).Deliveries, int64(3))
	equal(t, "saved", len(one[[]Config](t)(s.Configs(ctx, 9))), 1)
}

func TestFullOfBytes(t *testing.T) {
	store, err := OpenSQLite(filepath.Join(t.TempDir(), "bellhop.db"), Options{WaitingBytes: 4000})
	must(t, err)
	s := store.(*sqliteStore)
	defer s.Close()
	incompressible := func(n int) *Delivery {
		d := delivery(n)
		d.Body = make([]byte, 10_000)
		x := uint32(n + 1)
		for i := range d.Body {
			x = x*1664525 + 1013904223
			d.Body[i] = byte(x >> 24)
		}
		return d
	}
	keep(t, s, incompressible(0)) // larger than all that may wait, but alone
	release := blocked(s)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Keep(ctx, incompressible(1)); err != nil {
			t.Error(err)
		}
	})
	queued(s, 1)
	if _, err := s.Keep(ctx, incompressible(2)); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	must(t, release())
	wg.Wait()
	keep(t, s, incompressible(2)) // what was held was given back
}

// TestGivenUp lets a caller give up while its write waits: the write is left out, and those around it are done.
func TestGivenUp(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	release := blocked(s)
	short, cancel := context.WithCancel(ctx)
	gaveUp, kept := make(chan error), make(chan error)
	go func() { _, err := s.Keep(short, delivery(1)); gaveUp <- err }()
	queued(s, 1)
	go func() { _, err := s.Keep(ctx, delivery(2)); kept <- err }()
	queued(s, 2)
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	must(t, release())
	must(t, <-kept)
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 1, Waiting: 1})
	keep(t, s, delivery(1))
}

// TestGoneButDone lets a caller give up when its write is in the transaction already: it is committed, and counted.
func TestGoneButDone(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	release := blocked(s)
	short, cancel := context.WithCancel(ctx)
	gaveUp, inside, let, last := make(chan error), make(chan struct{}), make(chan struct{}), make(chan error)
	go func() { _, err := s.Keep(short, delivery(1)); gaveUp <- err }()
	queued(s, 1)
	go func() {
		last <- s.writer.do(ctx, func(*batch) error { close(inside); <-let; return nil })
	}()
	queued(s, 2)
	released := make(chan error)
	go func() { released <- release() }()
	<-inside // so the Keep before it was done
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(let)
	must(t, <-last)
	must(t, <-released)
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 1, Waiting: 1})
	again := delivery(1)
	equal(t, "known", one[State](t)(s.Keep(ctx, again)), Waiting)
}

// TestCloseCommits closes the store while writes wait: they are committed.
func TestCloseCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s := openSQLite(t, path)
	release := blocked(s)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := s.Keep(ctx, delivery(i)); err != nil {
				t.Error(err)
			}
		})
		queued(s, i+1)
	}
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	must(t, release())
	must(t, <-closed)
	wg.Wait()
	equal(t, "counts", one[Counts](t)(openSQLite(t, path).Counts(ctx)), Counts{Deliveries: 20, Waiting: 20})
}

// TestSharedCommit: writes that wait together are committed together.
func TestSharedCommit(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	changed := s.Changed()
	commits := 0
	s.writer.committed = func() { commits++; s.announce() } // runs in the writer, which stands still now
	release := blocked(s)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if _, err := s.Keep(ctx, delivery(i)); err != nil {
				t.Error(err)
			}
		})
		queued(s, i+1)
	}
	must(t, release())
	wg.Wait()
	equal(t, "commits", commits, 1)
	<-changed
}
