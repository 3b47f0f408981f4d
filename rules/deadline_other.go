//go:build !linux

package rules

import "time"

// stopwatch tells how much time has gone by since: a thread's own is not asked for here.
func stopwatch() func() time.Duration {
	begun := time.Now()
	return func() time.Duration { return time.Since(begun) }
}
