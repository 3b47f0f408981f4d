package rules

import (
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSchedule(t *testing.T) {
	for _, tt := range []struct{ on, after, want string }{
		{"daily 06:00", "2026-01-05T09:00:00Z", "2026-01-06T06:00:00Z 2026-01-07T06:00:00Z"},
		{"daily", "2026-01-05T09:00:00Z", "2026-01-06T00:00:00Z"},
		{"daily 6:30 Europe/Berlin", "2026-01-05T09:00:00Z", "2026-01-06T05:30:00Z"},
		{"weekly 09:00 UTC", "2026-01-05T09:00:00Z", "2026-01-12T09:00:00Z"},
		{"monthly 09:00", "2026-01-05T09:00:00Z", "2026-02-01T09:00:00Z 2026-03-01T09:00:00Z"},
		{"hourly", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"},
		{"every hour", "2026-01-05T09:20:00Z", "2026-01-05T10:00:00Z"},
		{"every 6h", "2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z 2026-01-05T18:00:00Z"},
		{"every 6h Europe/Berlin", "2026-01-05T09:00:00Z", "2026-01-05T11:00:00Z"},
		{"every 15m", "2026-01-05T09:00:00Z", "2026-01-05T09:15:00Z"},
		{"every 2d", "2026-01-05T09:00:00Z", "2026-01-07T00:00:00Z 2026-01-09T00:00:00Z"},
		{"every 90m", "2026-01-05T00:00:00Z", "2026-01-05T01:30:00Z 2026-01-05T03:00:00Z"},
		{"every Monday 09:00", "2026-01-05T09:00:00Z", "2026-01-12T09:00:00Z"},
		{"every mon,Thu 9:00", "2026-01-05T09:00:00Z", "2026-01-08T09:00:00Z 2026-01-12T09:00:00Z"},
		{"every Monday and Thursday", "2026-01-05T09:00:00Z", "2026-01-08T00:00:00Z"},
		{"every weekday 09:00", "2026-01-09T09:00:00Z", "2026-01-12T09:00:00Z"},
		{"every day 09:00", "2026-01-09T09:00:00Z", "2026-01-10T09:00:00Z"},
		{"0 6 * * 1-5", "2026-01-09T09:00:00Z", "2026-01-12T06:00:00Z"},
		{"0 6 * * MON-FRI America/New_York", "2026-01-09T12:00:00Z", "2026-01-12T11:00:00Z"},
		{"*/10 * * * *", "2026-01-09T09:01:00Z", "2026-01-09T09:10:00Z"},
		// 29 March 2026: 02:30 is left out. 25 October 2026: it comes twice.
		{"daily 02:30 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z 2026-03-30T00:30:00Z"},
		{"daily 02:30 Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
		{"*/30 * * * * Europe/Berlin", "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z"},
	} {
		c, message, _ := parseClock(tt.on)
		if message != "" {
			t.Errorf("%s: %s", tt.on, message)
			continue
		}
		at := moment(t, tt.after)
		for _, want := range strings.Fields(tt.want) {
			if at = c.next(at); at.Format(time.RFC3339) != want {
				t.Errorf("%s after %s: %s, want %s", tt.on, tt.after, at.Format(time.RFC3339), want)
			}
		}
	}
	for on, want := range map[string]string{
		"":                          "the schedule has no time",
		"dayly 06:00":               `"dayly 06:00" is no schedule`,
		"daily 25:00":               `"25:00" is no time of day`,
		"daily 06:00 07:00":         `"07:00" follows the time`,
		"daily 06:00 Europe/Berlim": "there is no time zone Europe/Berlim",
		"every Munday":              `"Munday" is neither a day of the week nor a length of time`,
		"every 2m":                  "the schedule rings more often than every 5 minutes",
		"every 7s":                  "the schedule rings more often than every 5 minutes",
		"* * * * *":                 "the schedule rings more often than every 5 minutes",
		"0,3 * * * *":               "the schedule rings more often than every 5 minutes",
		"0 6 31 2 *":                `"0 6 31 2 *" never comes`,
		"0 6 * * 9":                 `"0 6 * * 9" is no schedule`,
		"0 6 * *":                   `"0 6 * *" is no schedule`,
		"@reboot":                   `"@reboot" is no schedule`,
		"TZ=UTC 6 * * *":            `"TZ=UTC 6 * * *" is no schedule`,
	} {
		if c, message, _ := parseClock(on); c != nil || message != want {
			t.Errorf("%s: %q, want %q", on, message, want)
		}
	}
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		window, now string
		open        bool
		next        string
	}{
		{"Mon-Fri 09:00-17:00 Europe/Berlin", "2026-01-05T07:59:00Z", false, "2026-01-05T08:00:00Z"},
		{"Mon-Fri 09:00-17:00 Europe/Berlin", "2026-01-05T08:00:00Z", true, "2026-01-05T16:00:00Z"},
		{"Mon-Fri 09:00-17:00 Europe/Berlin", "2026-01-09T16:00:00Z", false, "2026-01-12T08:00:00Z"},
		{"Mon-Fri 09:00-17:00", "2026-01-10T12:00:00Z", false, "2026-01-12T09:00:00Z"},
		{"Sat,Sun", "2026-01-10T12:00:00Z", true, "2026-01-12T00:00:00Z"},
		{"Fri-Mon", "2026-01-12T12:00:00Z", true, "2026-01-13T00:00:00Z"},
		{"22:00-06:00", "2026-01-10T01:00:00Z", true, "2026-01-10T06:00:00Z"},
		{"Fri 22:00-06:00", "2026-01-10T05:00:00Z", true, "2026-01-10T06:00:00Z"},
		{"Fri 22:00-06:00", "2026-01-09T05:00:00Z", false, "2026-01-09T22:00:00Z"},
		{"9-17 UTC", "2026-01-10T16:59:59Z", true, "2026-01-10T17:00:00Z"},
	} {
		w, err := parseWindow(tt.window)
		if err != nil {
			t.Error(err)
			continue
		}
		now := moment(t, tt.now)
		if got := w.open(now); got != tt.open {
			t.Errorf("%s at %s: %v", tt.window, tt.now, got)
		}
		if edges := w.edges(now); len(edges) == 0 || edges[0].Format(time.RFC3339) != tt.next {
			t.Errorf("%s at %s: %v, want %s", tt.window, tt.now, edges, tt.next)
		}
	}
	always, err := parseWindow("Mon-Sun")
	if err != nil || len(always.edges(moment(t, "2026-01-05T08:00:00Z"))) != 0 {
		t.Errorf("a window that never closes has edges: %v", err)
	}
	for _, bad := range []string{"", "Europe/Berlin", "Mon-Foo", "09:00", "09:00-09:00", "Mon 9-25", "24:00-6", "Mon Tue", "Mon 9-17 Europe/Berlim", "a b c d"} {
		if _, err := parseWindow(bad); err == nil {
			t.Errorf("%q is a window", bad)
		}
	}
}
