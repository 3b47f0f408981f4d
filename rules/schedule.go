package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bellhop/rules/syntax"

	"github.com/netresearch/go-cron"
)

// Schedule is one schedule of a rule, for whoever keeps the clock: when it comes due, a delivery of the event "schedule" is to
// be evaluated whose payload holds {"schedule": {"rule": Rule, "on": On}}, in each repository where the rule is in force.
type Schedule struct {
	Rule string
	On   string // as written, with the word schedule
	// Subjects are the kinds of subject that the rule is about, issue or pull_request: each open one is to be looked at. There are
	// none where the rule is about the repository itself.
	Subjects []string

	clock *clock
}

// Next is the first time after t at which it is due; zero when there is none. An hour that a change of clocks leaves out is made
// up for right after, one that comes twice counts once.
func (s Schedule) Next(t time.Time) time.Time { return s.clock.next(t) }

// NextRing is Next for a schedule as it was written; zero for a text that is none.
func NextRing(on string, after time.Time) time.Time {
	c, message, _ := parseClock(strings.TrimPrefix(on, scheduleEvent))
	if message != "" {
		return time.Time{}
	}
	return c.next(after)
}

// Schedules lists the schedules of the rules that are not off.
func (s *Set) Schedules() []Schedule {
	if s == nil {
		return nil
	}
	var out []Schedule
	for _, r := range s.rules {
		for _, t := range r.triggers {
			if t.clock != nil && r.mode != "off" {
				out = append(out, Schedule{Rule: r.name, On: t.clock.text, Subjects: r.swept(), clock: t.clock})
			}
		}
	}
	return out
}

// swept lists the kinds of subject that a rule is about when a schedule rings for it.
func (r *rule) swept() []string {
	var reads []string
	for _, t := range r.cond.terms() {
		reads = append(reads, t.expr.reads...)
	}
	about := false
	for _, a := range slices.Concat(r.then, r.otherwise) {
		reads = append(reads, a.templateReads...)
		about = about || len(a.kind.On) > 0 && !slices.Contains(a.kind.On, "repository")
	}
	about = about || slices.ContainsFunc(reads, func(path string) bool { return path == "subject" || strings.HasPrefix(path, "subject.") })
	if !about {
		return nil
	}
	var out []string
	for _, kind := range subjectsOf(scheduleEvent) {
		if kind == "repository" {
			continue
		}
		if ok, _, _ := r.cond.possible(scene{kind: kind}); !ok {
			continue
		}
		if slices.ContainsFunc(slices.Concat(r.then, r.otherwise), func(a *act) bool { return len(a.kind.On) == 0 || slices.Contains(a.kind.On, kind) }) {
			out = append(out, kind)
		}
	}
	return out
}

// The events of deliveries that no webhook brings: a schedule is due; a rule is to be looked at again on a subject.
const (
	scheduleEvent = "schedule"
	timerEvent    = "timer"
)

// clock is a schedule as it was written.
type clock struct {
	text  string
	zone  *time.Location
	cron  cron.Schedule
	every time.Duration // of what no table of hours and days says, counted from 1970; 0 where cron is set
	daily bool          // named hours: one that comes twice counts once
}

// shortest is how often a schedule may ring. GitHub's own schedules have the same limit.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
const shortest = 5 * time.Minute

const scheduleForms = `Write "schedule daily 06:00 Europe/Berlin", "schedule every Monday 09:00", "schedule every 6h" or, as in cron, "schedule 0 6 * * 1-5".`

// parseClock reads what stands in `on` after the word schedule. Its error says what is wrong, and how to mend it.
func parseClock(text string) (c *clock, message, mend string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, "the schedule has no time", scheduleForms
	}
	c = &clock{text: scheduleEvent + " " + strings.Join(words, " "), zone: time.UTC}
	if zone, ok := zoneOf(words[len(words)-1]); ok {
		if c.zone, words = zone, words[:len(words)-1]; len(words) == 0 {
			return nil, "the schedule has no time", scheduleForms
		}
	} else if last := words[len(words)-1]; strings.Contains(last, "/") && strings.ContainsAny(last[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return nil, fmt.Sprintf("there is no time zone %s", last), "Zones have names such as Europe/Berlin, America/New_York or UTC."
	}
	spec, bad := c.spec(words)
	if bad != "" {
		return nil, bad, scheduleForms
	}
	if c.every > 0 {
		if c.every < shortest {
			return nil, "the schedule rings more often than every 5 minutes", ""
		}
		return c, "", ""
	}
	var err error
	if c.cron, err = cron.ParseStandard(spec); err != nil {
		return nil, fmt.Sprintf("%q is no schedule", strings.Join(words, " ")), scheduleForms
	}
	c.daily = !strings.Contains(strings.Fields(spec)[1], "*")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 100 {
		next := c.next(at)
		if next.IsZero() {
			return nil, fmt.Sprintf("%q never comes", strings.Join(words, " ")), ""
		}
		if next.Sub(at) < shortest && at.Minute()%5 == 0 && !at.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			return nil, "the schedule rings more often than every 5 minutes", ""
		}
		at = next
	}
	return c, "", ""
}

// zoneOf is the time zone of a name.
func zoneOf(name string) (*time.Location, bool) {
	if name != "UTC" && !strings.Contains(name, "/") || strings.ContainsAny(name, "*0123456789:") {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// weekday is the number of a day of the week by its name or the first three letters of it, or -1.
func weekday(name string) int {
	name = strings.ToLower(name)
	return slices.IndexFunc(weekdays, func(day string) bool { return name == day || name == day[:3] })
}

// spec turns words into the five fields of cron, or sets every. bad says what is wrong with them.
func (c *clock) spec(words []string) (spec, bad string) {
	at := func(words []string, day, weekday string) (string, string) {
		hour, minute := 0, 0
		switch len(words) {
		case 0:
		case 1:
			var ok bool
			if hour, minute, ok = hourOf(words[0]); !ok || hour == 24 {
				return "", fmt.Sprintf("%q is no time of day", words[0])
			}
		default:
			return "", fmt.Sprintf("%q follows the time", strings.Join(words[1:], " "))
		}
		return fmt.Sprintf("%d %d %s * %s", minute, hour, day, weekday), ""
	}
	switch first := strings.ToLower(words[0]); {
	case first == "daily":
		return at(words[1:], "*", "*")
	case first == "weekly":
		return at(words[1:], "*", "1")
	case first == "monthly":
		return at(words[1:], "1", "*")
	case first == "hourly" && len(words) == 1:
		return "0 * * * *", ""
	case first == "every" && len(words) > 1:
		return c.everyOf(words[1:], at)
	case len(words) == 5 && strings.Trim(strings.Join(words, ""), "0123456789*,-/?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return strings.Join(words, " "), ""
	}
	return "", fmt.Sprintf("%q is no schedule", strings.Join(words, " "))
}

// everyOf reads what follows every: a length of time, day, weekday, or names of days.
func (c *clock) everyOf(words []string, at func(words []string, day, weekday string) (string, string)) (spec, bad string) {
	switch strings.ToLower(words[0]) {
	case "day":
		return at(words[1:], "*", "*")
	case "weekday":
		return at(words[1:], "*", "1-5")
	case "month":
		return at(words[1:], "1", "*")
	case "hour":
		return "0 * * * *", ""
	}
	if d, err := syntax.Duration(words[0]); err == nil && len(words) == 1 {
		switch {
		case d > 0 && d < time.Hour && d%time.Minute == 0 && time.Hour%d == 0:
			return fmt.Sprintf("*/%d * * * *", d/time.Minute), ""
		case d >= time.Hour && d <= 12*time.Hour && d%time.Hour == 0 && 24*time.Hour%d == 0:
			return fmt.Sprintf("0 */%d * * *", d/time.Hour), ""
		}
		c.every = max(d, time.Nanosecond)
		return "", ""
	}
	var days []string
	for len(words) > 0 {
		for name := range strings.SplitSeq(words[0], ",") {
			if name == "" || strings.EqualFold(name, "and") {
				continue
			}
			day := weekday(name)
			if day < 0 {
				if len(days) == 0 {
					return "", fmt.Sprintf("%q is neither a day of the week nor a length of time", name)
				}
				return at(words, "*", strings.Join(days, ","))
			}
			days = append(days, strconv.Itoa(day))
		}
		words = words[1:]
	}
	return at(nil, "*", strings.Join(days, ","))
}

// hourOf reads a time of day, as 9, 09:00 or 24:00.
func hourOf(text string) (hour, minute int, ok bool) {
	h, m, _ := strings.Cut(text, ":")
	if m == "" {
		m = "0"
	}
	hour, err := strconv.Atoi(h)
	if err != nil || hour < 0 || hour > 24 || len(h) > 2 {
		return 0, 0, false
	}
	minute, err = strconv.Atoi(m)
	if err != nil || minute < 0 || minute > 59 || hour == 24 && minute > 0 {
		return 0, 0, false
	}
	return hour, minute, true
}

// next is the first time after t; zero when there is none.
func (c *clock) next(t time.Time) time.Time {
	if c.every > 0 {
		n := t.UnixNano()/int64(c.every) + 1
		return time.Unix(0, n*int64(c.every)).UTC()
	}
	for range 10 {
		t = c.cron.Next(t.In(c.zone))
		if t.IsZero() || !c.daily || !again(t) {
			break
		}
	}
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// again tells whether the clocks were put back not long ago, and have shown the time of t before.
func again(t time.Time) bool {
	earlier := t.Add(-3 * time.Hour)
	_, before := earlier.Zone()
	_, after := t.Zone()
	back := time.Duration(before-after) * time.Second
	if back <= 0 {
		return false
	}
	first := t.Add(-back)
	_, offset := first.Zone()
	return offset == before
}
