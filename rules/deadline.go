package rules

import (
	"context"
	"runtime"
	"time"
)

// maxTime is how long the loops of one expression may take: of a processor's time, so that a busy machine breaks no rule. It is
// the net below maxCost.
const maxTime = 50 * time.Millisecond

// deadline returns a context that ends when the goroutine has used up a time, and what ends the watch over it. They are called
// from the same goroutine, which has its thread for itself in between.
func deadline(limit time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	runtime.LockOSThread()
	used := stopwatch()
	var timer *time.Timer
	start := make(chan struct{}) // the timer is known
	timer = time.AfterFunc(limit, func() {
		<-start
		if ctx.Err() != nil {
			return
		}
		if left := limit - used(); left > 0 {
			timer.Reset(left)
		} else {
			cancel()
		}
	})
	close(start)
	return ctx, func() {
		timer.Stop()
		cancel()
		runtime.UnlockOSThread()
	}
}
