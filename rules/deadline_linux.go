package rules

import (
	"time"

	"golang.org/x/sys/unix"
)

// stopwatch tells, to whoever asks, how much of a processor's time the calling thread has used since.
func stopwatch() func() time.Duration {
	// The clock of a thread's processor time, as pthread_getcpuclockid makes its number.
	clock := int32(^unix.Gettid()<<3 | 6)
	now := func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(clock, &t); err != nil {
			return 0 // the thread is gone, and with it what was measured
		}
		return time.Duration(t.Nano())
	}
	begun := now()
	return func() time.Duration { return now() - begun }
}
