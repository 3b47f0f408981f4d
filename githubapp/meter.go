package githubapp

import (
	"context"
	"sync/atomic"
)

// WithMeter returns a context that counts the API requests made with it. Meters nest: an outer one counts what an inner one
// counts.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	outer, _ := ctx.Value(meterKey{}).(*Meter)
	m := &Meter{outer: outer}
	return context.WithValue(ctx, meterKey{}, m), m
}

type meterKey struct{}

// Meter counts API requests. It may be used concurrently.
type Meter struct {
	calls atomic.Int64
	outer *Meter
}

// Calls is how many requests were sent to GitHub so far (token requests included, 304s included).
func (m *Meter) Calls() int { return int(m.calls.Load()) }

// count counts one request on every meter of ctx. A token that several callers wait for counts for the one that asked first.
func count(ctx context.Context) {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	for ; m != nil; m = m.outer {
		m.calls.Add(1)
	}
}
