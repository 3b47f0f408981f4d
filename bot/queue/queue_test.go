package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shelf stands for the store: what waits on each subject.
type shelf struct {
	mu    sync.Mutex
	items map[string]int
}

func (s *shelf) add(subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items == nil {
		s.items = map[string]int{}
	}
	s.items[subject]++
}

func (s *shelf) take(subject string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.items[subject]
	delete(s.items, subject)
	return n
}

func (s *shelf) more(_ context.Context, subject string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[subject] > 0, nil
}

func none(context.Context, string) (bool, error) { return false, nil }

// start opens a queue and runs it until the test ends, or until stop is called.
func start(t testing.TB, o Options) (q *Queue, stop func()) {
	t.Helper()
	if o.More == nil {
		o.More = none
	}
	q, err := Open(ctx, o)
	must(t, err)
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- q.Run(running) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return q, stop
}

func wake(t testing.TB, q *Queue, installation int64, subjects ...string) {
	t.Helper()
	var jobs []Job
	for _, s := range subjects {
		jobs = append(jobs, Job{Subject: s, Installation: installation})
	}
	must(t, q.Wake(ctx, jobs))
}

// idle waits until no job runs or waits.
func idle(q *Queue) {
	for q.Busy() > 0 {
		time.Sleep(time.Millisecond) // nothing else tells that a job's end is committed
	}
}

// TestNothingLost wakes subjects from many goroutines while they are worked on. No subject is worked on twice at a time, and
// all that was put on the shelf is taken off it.
func TestNothingLost(t *testing.T) {
	const wakers, each, atOnce, subjects = 8, 125, 10, 40
	var s shelf
	var taken atomic.Int64
	all := make(chan struct{})
	var at [subjects]atomic.Bool
	q, _ := start(t, Options{More: s.more, Work: func(_ context.Context, subject string) error {
		var n int
		fmt.Sscan(subject, &n)
		if at[n].Swap(true) {
			t.Errorf("%s is worked on twice at a time", subject)
		}
		got := s.take(subject)
		if rand.IntN(4) == 0 {
			for range rand.IntN(300) {
				runtime.Gosched() // so that wakes come while it works
			}
		}
		at[n].Store(false)
		if taken.Add(int64(got)) == wakers*each*atOnce {
			close(all)
		}
		return nil
	}})
	for range wakers {
		go func() {
			for range each {
				var jobs []Job
				for range atOnce {
					jobs = append(jobs, Job{Subject: fmt.Sprint(rand.IntN(subjects)), Installation: rand.Int64N(3)})
					s.add(jobs[len(jobs)-1].Subject)
				}
				if err := q.Wake(ctx, jobs); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	<-all
	idle(q)
}

// TestNothingLostInSteps is TestNothingLost with the moment of the wake-up chosen: before work, during it, while the end is
// asked for, and after.
func TestNothingLostInSteps(t *testing.T) {
	var s shelf
	var q *Queue
	var now atomic.Value // which moment wakes
	now.Store("")
	var waking sync.WaitGroup
	took := make(chan int, 100)
	at := func(moment, subject string) {
		if now.CompareAndSwap(moment, "") {
			s.add(subject)
			waking.Go(func() {
				if err := q.Wake(ctx, []Job{{Subject: subject, Installation: 1}}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	q, _ = start(t, Options{
		Work: func(_ context.Context, subject string) error {
			at("begin", subject)
			if n := s.take(subject); n > 0 {
				took <- n
			}
			at("taken", subject)
			return nil
		},
		More: func(ctx context.Context, subject string) (bool, error) {
			at("ask", subject)
			more, err := s.more(ctx, subject)
			at("asked", subject)
			return more, err
		},
	})
	rapid.Check(t, func(rt *rapid.T) {
		moment := rapid.SampledFrom([]string{"begin", "taken", "ask", "asked"}).Draw(rt, "moment")
		subject := rapid.StringN(0, 20, 100).Draw(rt, "subject")
		now.Store(moment)
		s.add(subject)
		wake(t, q, 1, subject)
		for n := 0; n < 2; {
			n += <-took
		}
		waking.Wait()
	})
	idle(q)
}

func TestParallelOverSubjects(t *testing.T) {
	const workers = 6
	var meet sync.WaitGroup
	meet.Add(workers)
	q, _ := start(t, Options{Workers: workers, Work: func(context.Context, string) error {
		meet.Done()
		meet.Wait() // returns only when all are here
		return nil
	}})
	var subjects []string
	for i := range workers {
		subjects = append(subjects, fmt.Sprint(i))
	}
	wake(t, q, 1, subjects...)
	meet.Wait()
}

func TestManyWakesOneJob(t *testing.T) {
	var times atomic.Int64
	hold, began := make(chan struct{}), make(chan struct{}, 1)
	q, _ := start(t, Options{Workers: 1, Work: func(_ context.Context, subject string) error {
		if subject == "first" {
			began <- struct{}{}
			<-hold
			return nil
		}
		times.Add(1)
		return nil
	}})
	wake(t, q, 1, "first")
	<-began
	for range 50 {
		wake(t, q, 1, "a", "b", "a")
	}
	if n := q.Busy(); n != 3 {
		t.Errorf("%d jobs, want 3", n)
	}
	close(hold)
	idle(q)
	if n := times.Load(); n != 2 {
		t.Errorf("worked %d times, want once for each subject", n)
	}
}

// TestFair lets one installation wake up to ten thousand subjects before another wakes one. No job ends unless the test lets
// it, so what counts is which jobs are taken up, not how fast they are.
func TestFair(t *testing.T) {
	for workers, subjects := range map[int]int{1: 1000, 8: 10_000} {
		t.Run(fmt.Sprintf("workers=%d", workers), func(t *testing.T) {
			began, next, quit := make(chan string), make(chan struct{}), make(chan struct{})
			q, stop := start(t, Options{Workers: workers, Work: func(_ context.Context, subject string) error {
				select {
				case began <- subject:
				case <-quit:
				}
				select {
				case <-next:
				case <-quit:
				}
				return nil
			}})
			var big []string
			for i := range subjects + workers {
				big = append(big, fmt.Sprintf("big%d", i))
			}
			wake(t, q, 1, big[:workers]...)
			for range workers { // all workers have something of the big one
				<-began
			}
			wake(t, q, 1, big[workers:]...)
			wake(t, q, 2, "small")
			before := 0
			for range workers {
				next <- struct{}{}
			}
			for free := workers; ; free-- {
				if free == 0 {
					next <- struct{}{}
					free++
				}
				if <-began == "small" {
					break
				}
				before++
			}
			t.Logf("%d jobs came before", before)
			if before > max(workers-1, tiers[0]) {
				t.Errorf("%d jobs of the big installation came before the small one's", before)
			}
			close(quit)
			stop()
		})
	}
}

func TestPriority(t *testing.T) {
	for position, want := range map[int]int{0: 1, 1: 1, 2: 2, 15: 2, 16: 3, 127: 3, 128: 4, 10_000: 4} {
		if got := priority(position); got != want {
			t.Errorf("position %d has priority %d, want %d", position, got, want)
		}
	}
}

func TestSoftStop(t *testing.T) {
	began, let := make(chan string, 10), make(chan struct{})
	var ended atomic.Bool
	var l log
	q, stop := start(t, Options{Workers: 1, Log: slog.New(slog.NewTextHandler(&l, nil)), Work: func(ctx context.Context, subject string) error {
		began <- subject
		<-let
		if ctx.Err() != nil {
			t.Error("the job's context ended within its grace")
		}
		ended.Store(true)
		return nil
	}})
	wake(t, q, 1, "runs", "waits")
	<-began
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	close(let)
	<-stopped
	if !ended.Load() {
		t.Error("Run returned before the job that ran")
	}
	if l.String() != "" {
		t.Errorf("a stop without trouble is logged:\n%s", &l)
	}
	select {
	case s := <-began:
		if s == "waits" {
			// It may have been fetched before Run was told to stop; then it was done as well.
			t.Log("the second job began before the stop")
		}
	default:
	}
	if err := q.Wake(ctx, []Job{{Subject: "late"}}); err == nil {
		t.Error("Wake after Run ended")
	}
}

func TestHardStop(t *testing.T) {
	began := make(chan struct{})
	q, stop := start(t, Options{Grace: time.Millisecond, Work: func(ctx context.Context, _ string) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}})
	wake(t, q, 1, "stubborn")
	<-began
	stop() // returns
}

func TestStopBeforeStart(t *testing.T) {
	q, err := Open(ctx, Options{Work: func(context.Context, string) error { return nil }, More: none})
	must(t, err)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	must(t, q.Run(ended))
}

// log is where a test reads what was logged.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestFailuresAreContained(t *testing.T) {
	var l log
	var times atomic.Int64
	q, _ := start(t, Options{
		Workers: 2,
		Log:     slog.New(slog.NewTextHandler(&l, nil)),
		More:    func(context.Context, string) (bool, error) { return true, nil }, // what failed still waits
		Work: func(_ context.Context, subject string) error {
			times.Add(1)
			switch subject {
			case "error":
				return errors.New("disk on fire")
			case "panic":
				panic("at the disco")
			}
			return nil
		},
	})
	wake(t, q, 7, "error", "panic")
	idle(q)
	if n := times.Load(); n != 2 {
		t.Errorf("worked %d times: a failure is not to be tried at once", n)
	}
	for _, want := range []string{`subject=error installation=7 err="disk on fire"`, "subject=panic", "at the disco", "worker.go"} {
		if !strings.Contains(l.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &l)
		}
	}
	if n := strings.Count(l.String(), "\n"); n != 2 {
		t.Errorf("%d lines logged:\n%s", n, &l)
	}
	wake(t, q, 7, "error")
	idle(q)
	if n := times.Load(); n != 3 {
		t.Errorf("worked %d times: a subject that failed is woken as any other", n)
	}
}

// TestFailureOwesALook: who wakes a subject while work on it fails does not wait for the next wake-up.
func TestFailureOwesALook(t *testing.T) {
	var times atomic.Int64
	began, let := make(chan struct{}), make(chan struct{})
	q, _ := start(t, Options{Log: slog.New(slog.DiscardHandler), Work: func(context.Context, string) error {
		if times.Add(1) == 1 {
			close(began)
			<-let
			return errors.New("no")
		}
		return nil
	}})
	wake(t, q, 1, "s")
	<-began
	wake(t, q, 1, "s")
	close(let)
	idle(q)
	if n := times.Load(); n != 2 {
		t.Errorf("worked %d times, want 2", n)
	}
}

func TestMoreFails(t *testing.T) {
	var l log
	var times atomic.Int64
	q, _ := start(t, Options{
		Log:  slog.New(slog.NewTextHandler(&l, nil)),
		More: func(context.Context, string) (bool, error) { return true, errors.New("store is closed") },
		Work: func(context.Context, string) error { times.Add(1); return nil },
	})
	wake(t, q, 1, "s")
	idle(q)
	if times.Load() != 1 || !strings.Contains(l.String(), "store is closed") {
		t.Errorf("worked %d times, log: %s", times.Load(), &l)
	}
}

// TestMorePanics: the transaction is given back, and other subjects go on.
func TestMorePanics(t *testing.T) {
	var l log
	var times atomic.Int64
	q, _ := start(t, Options{
		Workers: 1,
		Log:     slog.New(slog.NewTextHandler(&l, nil)),
		More: func(_ context.Context, subject string) (bool, error) {
			if subject == "bad" {
				panic("more than enough")
			}
			return false, nil
		},
		Work: func(context.Context, string) error { times.Add(1); return nil },
	})
	wake(t, q, 1, "bad", "good")
	idle(q)
	if times.Load() != 2 || !strings.Contains(l.String(), "more than enough") {
		t.Errorf("worked %d times, log: %s", times.Load(), &l)
	}
	wake(t, q, 1, "bad")
	idle(q)
	if times.Load() != 3 {
		t.Errorf("worked %d times, want 3", times.Load())
	}
}

// TestMoreWhileOthersWake: the end of a job holds the one connection while it asks the store. A Wake has to wait for that, but
// not the other way round. Each job here wakes the next from within More.
func TestMoreWhileOthersWake(t *testing.T) {
	const last = 100
	var q *Queue
	done := make(chan struct{})
	q, _ = start(t, Options{
		Workers: 2,
		Work: func(_ context.Context, subject string) error {
			if subject == fmt.Sprint(last) {
				close(done)
			}
			return nil
		},
		More: func(_ context.Context, subject string) (bool, error) {
			var n int
			fmt.Sscan(subject, &n)
			if n < last {
				began := make(chan struct{})
				go func() {
					close(began)
					if err := q.Wake(ctx, []Job{{Subject: fmt.Sprint(n + 1), Installation: 1}}); err != nil {
						t.Error(err)
					}
				}()
				<-began
				runtime.Gosched()
			}
			return false, nil
		},
	})
	wake(t, q, 1, "0")
	<-done
}

// TestDroppedConnection ends contexts at all moments of a Wake. River's driver then drops its connection to the database, and
// the jobs have to be there all the same.
func TestDroppedConnection(t *testing.T) {
	var did sync.Map
	q, err := Open(ctx, Options{More: none, Work: func(_ context.Context, s string) error { did.Store(s, true); return nil }})
	must(t, err)
	wake(t, q, 1, "before")
	for i := range 300 {
		short, cancel := context.WithCancel(ctx)
		timer := time.AfterFunc(time.Duration(i)*2*time.Microsecond, cancel)
		q.Wake(short, []Job{{Subject: fmt.Sprint(i), Installation: 1}})
		timer.Stop()
		cancel()
	}
	wake(t, q, 1, "after")
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- q.Run(running) }()
	idle(q)
	for _, s := range []string{"before", "after"} {
		if _, ok := did.Load(s); !ok {
			t.Errorf("%s was not done", s)
		}
	}
	cancel()
	must(t, <-ended)
}

// TestNothingStays: jobs that are over leave nothing in memory.
func TestNothingStays(t *testing.T) {
	q, _ := start(t, Options{Work: func(_ context.Context, s string) error {
		if strings.HasSuffix(s, "7") {
			return errors.New("no")
		}
		return nil
	}, Log: slog.New(slog.DiscardHandler)})
	for i := range 300 {
		wake(t, q, int64(i%7), fmt.Sprint(i))
	}
	idle(q)
	if len(q.waiting) != 0 || len(q.running) != 0 {
		t.Errorf("left: %v waiting, %v running", q.waiting, q.running)
	}
	if n := ask(t, q, "SELECT count(*) FROM river_job"); n != 0 {
		t.Errorf("%d jobs left", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(ctx, Options{}); err == nil {
		t.Error("opened without Work")
	}
}
