package bot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bellhop/bot/store"
)

// BenchmarkRetention tells what retention costs those who keep deliveries: the same ingest from 64 callers, with nothing else
// going on and while old deliveries leave as fast as a pass lets them.
//
//	go test ./bot -run '^$' -bench Retention -benchtime 20000x
func BenchmarkRetention(b *testing.B) {
	for _, running := range []bool{false, true} {
		b.Run(fmt.Sprintf("retention=%t", running), func(b *testing.B) { benchmarkRetention(b, running) })
	}
}

func benchmarkRetention(b *testing.B, running bool) {
	path := filepath.Join(b.TempDir(), "bellhop.db")
	s, err := store.OpenSQLite(path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	body := largePullRequest()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	keepMany(b, s, body, 20_000, "old", now.AddDate(0, 0, -40))
	finishAll(b, s)
	before := fileSize(b, path)

	r := NewRetention(RetentionOptions{Store: s, Keep: Keep{Done: 30 * 24 * time.Hour}, Now: func() time.Time { return now }})
	ctx, stop := context.WithCancel(context.Background())
	var gone Gone
	var pass sync.WaitGroup
	b.ResetTimer()
	if running {
		pass.Go(func() { gone, _ = r.Pass(ctx) })
	}
	took := keepMany(b, s, body, b.N, "new", now)
	b.StopTimer()
	stop()
	pass.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1])/1e6, "slowest-ms")
	b.ReportMetric(float64(gone.Deliveries)/b.Elapsed().Seconds(), "gone/s")
	b.ReportMetric(float64(fileSize(b, path)-before)/1e6, "MB-grown")
}

// keepMany keeps n deliveries from 64 callers, and returns how long each waited.
func keepMany(b *testing.B, s store.Store, body []byte, n int, name string, received time.Time) []time.Duration {
	took := make([]time.Duration, n)
	var next atomic.Int64
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				d := store.Delivery{GUID: fmt.Sprintf("%s-%d", name, i), Event: "pull_request", Activity: "synchronize", Installation: 1,
					RepositoryID: int64(i % 500), Subject: fmt.Sprintf("%d#%d", i%500, i), Source: "webhook", Received: received, Body: body}
				start := time.Now()
				if _, err := s.Keep(context.Background(), &d); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	callers.Wait()
	return took
}

// finishAll ends what waits.
func finishAll(b *testing.B, s store.Store) {
	ctx := context.Background()
	for {
		due, err := s.Due(ctx, time.Now(), 0, 1000)
		if err != nil {
			b.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		ids := make([]int64, len(due))
		for i, v := range due {
			ids[i] = v.ID
		}
		if err := s.Finish(ctx, store.Done, "", ids...); err != nil {
			b.Fatal(err)
		}
	}
}

// fileSize is the size of the database, its log aside.
func fileSize(b *testing.B, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}
