package githubapp

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// maxOffset bounds what the clock believes: a Date header further away than this is a broken or hostile server's.
const maxOffset = 24 * time.Hour

// clock is this machine's clock, and how far GitHub's is ahead of it as seen in Date headers (whole seconds). A machine whose
// clock is wrong by minutes would otherwise sign app tokens that GitHub refuses, and misread when a rate limit ends.
type clock struct {
	now    func() time.Time
	log    *slog.Logger
	offset atomic.Int64 // nanoseconds; GitHub's time minus ours
}

// learn takes the Date header of an answer that has just come.
func (c *clock) learn(h http.Header) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	offset := date.Sub(c.now())
	// A Date is cut to the second and the answer took time to arrive: small differences mean nothing.
	if offset.Abs() <= 3*time.Second {
		offset = 0
	}
	if offset.Abs() > maxOffset {
		return
	}
	old := time.Duration(c.offset.Swap(int64(offset)))
	if (offset - old).Abs() > time.Minute {
		c.log.Warn("this machine's clock and GitHub's differ; GitHub's counts", "ahead", offset.Round(time.Second))
	}
}

// github is what time it is on GitHub.
func (c *clock) github() time.Time { return c.now().Add(time.Duration(c.offset.Load())) }

// local turns a time that GitHub told into one of this machine's clock.
func (c *clock) local(t time.Time) time.Time { return t.Add(-time.Duration(c.offset.Load())) }
