package queue

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkDrain tells how many jobs a second that do nothing are inserted and done, and what they leave in memory.
func BenchmarkDrain(b *testing.B) {
	var done sync.WaitGroup
	done.Add(b.N)
	q, _ := start(b, Options{Work: func(context.Context, string) error { done.Done(); return nil }})
	jobs := make([]Job, b.N)
	for i := range jobs {
		jobs[i] = Job{Subject: fmt.Sprintf("acme/app-%d#%d", i%50, i), Installation: int64(i % 50)}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for part := range slices.Chunk(jobs, 1000) {
		must(b, q.Wake(ctx, part))
	}
	inserted := b.Elapsed()
	done.Wait()
	idle(q)
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(inserted.Seconds(), "s-to-insert")
	b.ReportMetric(float64(ask(b, q, "SELECT page_count FROM pragma_page_count"))*4096/1e6, "MB-database")
	b.ReportMetric(float64(ask(b, q, "SELECT count(*) FROM river_job")), "rows-left")
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/1e6, "MB-heap")
}

// BenchmarkWake tells how long it takes from a Wake on an idle queue until Work begins.
func BenchmarkWake(b *testing.B) {
	began := make(chan time.Time, 1)
	q, _ := start(b, Options{Work: func(context.Context, string) error { began <- time.Now(); return nil }})
	took := make([]time.Duration, 0, b.N)
	for i := range b.N {
		start := time.Now()
		wake(b, q, 1, fmt.Sprint(i))
		took = append(took, (<-began).Sub(start))
		idle(q)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}
