package rules

import (
	"testing"
	"time"
)

// FuzzWindow holds that the edges of a window that was read lie ahead, and that nothing changes before the first of them.
func FuzzWindow(f *testing.F) {
	for _, seed := range []string{"Mon-Fri 09:00-17:00 Europe/Berlin", "Sat,Sun", "22:00-06:00", "Fri-Mon 00:00-24:00 America/St_Johns", "Mon 02:30-02:31 Europe/Vienna", "Sun-Sun Australia/Lord_Howe"} {
		f.Add(seed, int64(1_767_603_600))
		f.Add(seed, int64(1_774_746_000)) // an hour is left out in Europe
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		w, err := parseWindow(text)
		if err != nil {
			return
		}
		now := time.Unix(seconds%(1<<33), 0)
		for _, edge := range w.edges(now) {
			if !edge.After(now) {
				t.Errorf("%q at %v: an edge at %v", text, now.UTC(), edge.UTC())
			}
		}
		if edges := w.edges(now); len(edges) > 0 {
			if before := edges[0].Add(-time.Minute); before.After(now) && w.open(before) != w.open(now) {
				t.Errorf("%q at %v: it changes before %v", text, now.UTC(), edges[0])
			}
		}
	})
}

// FuzzClock holds that a schedule that was read rings later than now, never more often than every five minutes, or never again.
func FuzzClock(f *testing.F) {
	for _, seed := range []string{"daily 06:00 Europe/Berlin", "every Monday 09:00", "every 6h", "0 6 * * 1-5", "*/5 * * * * UTC", "0 0 29 2 *", "30 2 * * * Europe/Vienna", "every 5m", "0 0 31 2 *", "@daily", "TZ=UTC 0 0 * * *"} {
		f.Add(seed, int64(1_767_603_600))
		f.Add(seed, int64(1_774_746_000))
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		c, message, _ := parseClock(text)
		if c == nil {
			if message == "" {
				t.Errorf("%q is refused without a reason", text)
			}
			return
		}
		now := time.Unix(1_500_000_000+(seconds%(1<<30)+(1<<30))%(1<<30), 0)
		next := c.next(now)
		if next.IsZero() {
			return
		}
		if !next.After(now) {
			t.Errorf("%q after %v: %v", text, now.UTC(), next.UTC())
		}
		if again := c.next(next); !again.IsZero() && again.Sub(next) < shortest {
			t.Errorf("%q rings at %v and %v", text, next.UTC(), again.UTC())
		}
	})
}
