package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// payload is JSON of about 20 KB in the manner of GitHub: many URLs that differ little, some text, numbers of its own.
func payload(n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"action":"synchronize","number":%d,"pull_request":{"id":%d`, n, 1000000+n*7)
	for i := 0; b.Len() < 20<<10; i++ {
		fmt.Fprintf(&b, `,"user%d":{"login":"octocat-%x","id":%d,"avatar_url":"https://avatars.example.com/u/%d?v=4","events_url":"https://api.example.com/users/octocat/events{/privacy}","site_admin":false,"created_at":"2026-11-%02dT%02d:%02d:00Z"}`,
			i, (n+1)*(i+3)*2654435761, n*i, n^i, i%28+1, n%24, i%60)
	}
	b.WriteString("}}")
	return []byte(b.String())
}

// BenchmarkKeep tells how many deliveries a second are kept, and how long callers wait, with as many callers at once as a busy
// receiver has.
func BenchmarkKeep(b *testing.B) {
	var bodies [64][]byte
	for i := range bodies {
		bodies[i] = payload(i)
	}
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, err := OpenSQLite(filepath.Join(b.TempDir(), "bench.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var next, slowest atomic.Int64
			var callersDone sync.WaitGroup
			b.ResetTimer()
			for range callers {
				callersDone.Go(func() {
					for {
						i := next.Add(1)
						if i > int64(b.N) {
							return
						}
						d := Delivery{GUID: fmt.Sprintf("%08x-0b1c-11f0-8000-%012x", uint32(i*2654435761), i), Event: "pull_request", Activity: "synchronize",
							Installation: i % 50, RepositoryID: i % 500, Repository: fmt.Sprintf("acme/app-%d", i%500),
							Subject: fmt.Sprintf("acme/app-%d#%d", i%500, i%10007), Sender: "octocat", Source: "webhook", Received: time.Unix(i, 0), Body: bodies[i%64]}
						start := time.Now()
						if _, err := s.Keep(context.Background(), &d); err != nil {
							b.Error(err)
							return
						}
						if took := int64(time.Since(start)); took > slowest.Load() {
							slowest.Store(took)
						}
					}
				})
			}
			callersDone.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
			b.ReportMetric(float64(slowest.Load())/1e6, "slowest-ms")
		})
	}
}
