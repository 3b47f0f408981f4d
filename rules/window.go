package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// window is a part of the week in a time zone: days, and hours of each.
type window struct {
	days     [7]bool
	from, to int // minutes of the day; a window with to <= from ends on the day after
	zone     *time.Location
}

const windowForms = `Write "Mon-Fri 09:00-17:00 Europe/Berlin", "Sat,Sun" or "22:00-06:00".`

// parseWindow reads a window: days (Mon-Fri, or Mon,Wed), hours (09:00-17:00) and a time zone, of which all may be left out but
// not days and hours both. Without a zone it is in UTC.
func parseWindow(text string) (*window, error) {
	w := &window{zone: time.UTC, to: 24 * 60}
	words := strings.Fields(text)
	bad := func(what string) error { return fmt.Errorf("%q is no window of the week: %s", text, what) }
	if len(words) > 1 {
		last := words[len(words)-1]
		if zone, ok := zoneOf(last); ok {
			w.zone, words = zone, words[:len(words)-1]
		} else if strings.Contains(last, "/") {
			return nil, fmt.Errorf("there is no time zone %s", last)
		}
	}
	if len(words) == 0 || len(words) > 2 {
		return nil, bad("it has days, hours and a zone")
	}
	hours := words[len(words)-1]
	if strings.ContainsAny(hours, "0123456789") {
		from, to, ok := strings.Cut(hours, "-")
		h1, m1, ok1 := hourOf(from)
		h2, m2, ok2 := hourOf(to)
		w.from, w.to = 60*h1+m1, 60*h2+m2
		if !ok || !ok1 || !ok2 || h1 == 24 || w.from == w.to {
			return nil, bad(fmt.Sprintf("%q is not from one time of day to another", hours))
		}
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		w.days = [7]bool{true, true, true, true, true, true, true}
		return w, nil
	}
	if len(words) > 1 {
		return nil, bad(fmt.Sprintf("%q is not from one time of day to another", words[1]))
	}
	for part := range strings.SplitSeq(words[0], ",") {
		first, last, between := strings.Cut(part, "-")
		a, b := weekday(first), weekday(last)
		if !between {
			b = a
		}
		if a < 0 || b < 0 {
			return nil, bad(fmt.Sprintf("%q names no days of the week", part))
		}
		for d := a; ; d = (d + 1) % 7 {
			w.days[d] = true
			if d == b {
				break
			}
		}
	}
	return w, nil
}

// windows remembers windows by their text.
var windows sync.Map

// windowOf is parseWindow for a text that is asked for again and again.
func windowOf(text string) (*window, error) {
	if w, ok := windows.Load(text); ok {
		return w.(*window), nil
	}
	w, err := parseWindow(text)
	if err == nil {
		windows.Store(text, w)
	}
	return w, err
}

// span is the window that opens on the day of t, where one does. Hours that a change of clocks leaves out begin where it ends.
func (w *window) span(t time.Time) (from, to time.Time, ok bool) {
	y, m, d := t.Date()
	if !w.days[t.Weekday()] {
		return from, to, false
	}
	from = time.Date(y, m, d, 0, w.from, 0, 0, w.zone)
	if w.to <= w.from {
		d++
	}
	return from, time.Date(y, m, d, 0, w.to, 0, 0, w.zone), true
}

// open tells whether t is in the window. Its end is not.
func (w *window) open(t time.Time) bool {
	t = t.In(w.zone)
	for _, day := range []time.Time{t.AddDate(0, 0, -1), t} {
		if from, to, ok := w.span(day); ok && !t.Before(from) && t.Before(to) {
			return true
		}
	}
	return false
}

// edges are the times within the next eight days at which the window opens or closes.
func (w *window) edges(now time.Time) []time.Time {
	var out []time.Time
	for i := -1; i <= 8; i++ {
		from, to, ok := w.span(now.In(w.zone).AddDate(0, 0, i))
		if !ok {
			continue
		}
		for _, t := range []time.Time{from, to} {
			// Where one window follows the other at once nothing changes.
			if t.After(now) && w.open(t) != w.open(t.Add(-time.Minute)) {
				out = append(out, t.UTC())
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}
