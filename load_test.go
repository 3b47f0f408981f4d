package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bellhop/bot"
	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
)

var (
	backlog = flag.Int("backlog", 2000, "how many deliveries wait when the bot of TestBacklog starts")
	load    = flag.Duration("load", 3*time.Second, "how long TestLoad sends deliveries")
)

// loaded are the settings of a bot on a stand-in GitHub. Its one rule decides about each edited issue, and does nothing.
func loaded(t *testing.T) (*bot.Settings, githubtest.Seeded) {
	t.Helper()
	github, err := githubtest.Start(githubtest.Options{RateLimit: 100_000_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(github.Close)
	seeded := githubtest.Seed(github)
	config := hostFile(t, t.TempDir(), seeded.App.ID, seeded.App.PrivateKey, seeded.App.Secret, github.URL, `
[[rule]]
name = "Triage"
mode = "observe"
on   = "issues.edited"
if   = 'issue.title.contains("broken")'
then.add_label = "bug"
`)
	settings, err := bot.LoadSettings(bot.Sources{Path: config})
	if err != nil {
		t.Fatal(err)
	}
	settings.Listen, settings.Admin = "127.0.0.1:0", ""
	return settings, seeded
}

// edited is the payload of an edited issue, with some ballast.
func edited(seeded githubtest.Seeded, number int) []byte {
	return fmt.Appendf(nil, `{"action":"edited","issue":{"id":%d,"number":%d,"node_id":"I_%d","title":"It is broken","body":%q,"state":"open","user":{"login":"bob","id":5,"type":"User"},"labels":[],"assignees":[]},`+
		`"changes":{},"repository":{"id":100001,"node_id":"R_1","name":"app","full_name":"acme/app","owner":{"login":"acme","id":1,"type":"Organization"},"default_branch":"main"},"installation":{"id":%d},"sender":{"login":"bob","id":5,"type":"User"}}`,
		number, number, number, strings.Repeat(fmt.Sprintf("It broke %d times. ", number), 200), seeded.Installation)
}

// TestBacklog starts a bot on many deliveries that wait: it listens at once, its memory is bounded, and it works them off in
// order.
//
//	go test . -run TestBacklog -backlog 100000 -v
func TestBacklog(t *testing.T) {
	settings, seeded := loaded(t)
	fill(t, settings.Database, *backlog, func(i int) []byte { return edited(seeded, i%(*backlog/4)+1) })

	var (
		mu   sync.Mutex
		last = map[string]int64{}
		seen = 0
	)
	ctx, stop := context.WithCancel(context.Background())
	began := time.Now()
	s, err := open(ctx, settings, serverOptions{workers: 8, log: slog.New(slog.DiscardHandler), told: func(v bot.Visited) {
		mu.Lock()
		defer mu.Unlock()
		seen++
		if v.Delivery.ID <= last[v.Subject] {
			t.Errorf("%s: delivery %d after %d", v.Subject, v.Delivery.ID, last[v.Subject])
		}
		last[v.Subject] = v.Delivery.ID
		if seen%(*backlog/10) == 0 {
			t.Logf("%d worked off after %s, heap %d MB, resident %d MB", seen, time.Since(began).Round(time.Millisecond), heap()>>20, resident()>>20)
		}
		if v.State != store.Done {
			t.Errorf("%s: %s, %s", v.Subject, v.State, v.Reason)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	listening := time.Since(began)
	t.Logf("listening after %s", listening.Round(time.Millisecond))
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	peak := watchMemory(ctx)
	idle, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	if err := s.host.Idle(idle); err != nil {
		t.Error(err)
	}
	took := time.Since(began)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if seen != *backlog {
		t.Errorf("%d visits, want %d", seen, *backlog)
	}
	most := peak()
	t.Logf("%d deliveries waited: worked off in %s (%.0f/s), heap %d MB at most", *backlog,
		took.Round(time.Millisecond), float64(*backlog)/took.Seconds(), most>>20)
	if listening > 10*time.Second {
		t.Errorf("it took %s to listen", listening)
	}
	if most > 512<<20 {
		t.Errorf("heap of %d MB", most>>20)
	}
}

// fill keeps n deliveries, each on the issue that its body names.
func fill(t *testing.T, path string, n int, body func(i int) []byte) {
	t.Helper()
	s, err := store.OpenSQLite(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var next atomic.Int64
	var callers sync.WaitGroup
	for range 512 { // so that they share commits
		callers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				d := store.Delivery{GUID: fmt.Sprintf("backlog-%d", i), Event: "issues", Activity: "edited", Installation: 50001, RepositoryID: 100001,
					Repository: "acme/app", Sender: "bob", Source: "webhook", Received: time.Now(), Body: body(i)}
				d.Subject = fmt.Sprintf("100001#%d", i%(n/4)+1)
				if _, err := s.Keep(context.Background(), &d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// watchMemory looks at the heap until ctx ends; what it returns says how large it was at most.
func watchMemory(ctx context.Context) func() uint64 {
	most := make(chan uint64, 1)
	go func() {
		var peak uint64
		for ctx.Err() == nil {
			peak = max(peak, heap())
			pause(ctx, 100*time.Millisecond)
		}
		most <- peak
	}()
	return func() uint64 { return <-most }
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// resident is what the process holds of the machine's memory, where the system tells.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize())
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// TestLoad sends as many deliveries as the bot takes, from 64 connections, while its workers decide about them. Each answer is
// a 202, and memory stays flat.
//
//	go test . -run TestLoad -load 10m -timeout 30m -v
func TestLoad(t *testing.T) {
	settings, seeded := loaded(t)
	ctx, stop := context.WithCancel(context.Background())
	var visited atomic.Int64
	s, err := open(ctx, settings, serverOptions{workers: 8, log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})), told: func(v bot.Visited) {
		visited.Add(1)
		if v.State != store.Done {
			t.Errorf("%s: %s, %s", v.Subject, v.State, v.Reason)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()

	sending, enough := context.WithTimeout(ctx, *load)
	defer enough()
	const connections = 64
	took := make([][]time.Duration, connections)
	var senders sync.WaitGroup
	for c := range connections {
		senders.Go(func() {
			var err error
			if took[c], err = sendFor(sending, s.public.Addr(), settings.Secrets()[0], seeded, c); err != nil {
				t.Errorf("connection %d: %v", c, err)
			}
		})
	}
	var heaps []uint64
	for sending.Err() == nil {
		pause(sending, max(*load/40, 100*time.Millisecond))
		heaps = append(heaps, heap())
	}
	senders.Wait()
	held := resident()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	if len(all) == 0 || visited.Load() == 0 {
		t.Fatalf("%d answers, %d visits", len(all), visited.Load())
	}
	// The first quarter warms up; then the median of the last must not be above that of the second.
	quarter := len(heaps) / 4
	early, late := median(heaps[quarter:2*quarter+1]), median(heaps[3*quarter:])
	t.Logf("%s: %d deliveries, %.0f/s, p50 %s, p99 %s, slowest %s; %d visits; heap %d MB in the second quarter, %d MB in the last; resident %d MB",
		*load, len(all), float64(len(all))/load.Seconds(), all[len(all)/2].Round(time.Microsecond), all[len(all)*99/100].Round(time.Microsecond),
		all[len(all)-1].Round(time.Microsecond), visited.Load(), early>>20, late>>20, held>>20)
	if late > early+early/2+64<<20 {
		t.Errorf("the heap grew from %d MB to %d MB", early>>20, late>>20)
	}
}

func median(list []uint64) uint64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// sendFor sends deliveries over one connection until ctx ends, and returns how long each answer took.
func sendFor(ctx context.Context, addr net.Addr, secret string, seeded githubtest.Seeded, connection int) ([]time.Duration, error) {
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var bodies [16][]byte
	var heads [16]string
	for i := range bodies {
		bodies[i] = edited(seeded, connection*len(bodies)+i+1)
		heads[i] = fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-GitHub-Event: issues\r\nX-Hub-Signature-256: %s\r\n",
			len(bodies[i]), signature(secret, bodies[i]))
	}
	var took []time.Duration
	var request bytes.Buffer
	answer := make([]byte, 4096)
	for i := 0; ctx.Err() == nil; i++ {
		request.Reset()
		fmt.Fprintf(&request, "%sX-GitHub-Delivery: %d-%d\r\n\r\n", heads[i%16], connection, i)
		request.Write(bodies[i%16])
		began := time.Now()
		if _, err := conn.Write(request.Bytes()); err != nil {
			return took, err
		}
		n, err := conn.Read(answer)
		if err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
		if want := fmt.Sprintf("HTTP/1.1 %d ", http.StatusAccepted); !bytes.HasPrefix(answer[:n], []byte(want)) {
			return took, fmt.Errorf("answer %.60q", answer[:n])
		}
	}
	return took, nil
}

func signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return fmt.Sprintf("sha256=%x", mac.Sum(nil))
}
