package bot

import (
	"fmt"
	"time"

	"bellhop/rules/syntax"
)

// forever is what is written where nothing is to leave.
const forever = "forever"

// keep reads how long things are kept.
func (l *loader) keep() {
	in, out := &l.in.Storage, &l.out.Keep
	out.Done = l.keepTime("storage.keep", in.Keep, RedeliveryTime)
	out.Dead = l.keepTime("storage.keep_dead", in.KeepDead, RedeliveryTime)
	out.Bodies = l.keepTime("storage.keep_bodies", in.KeepBodies, time.Hour)
	// What was given up is there for somebody to look at: it stays as long as the rest at least.
	if longer(out.Done, out.Dead) {
		out.Dead = out.Done
	}
	// A body leaves with its delivery at the latest.
	if longer(out.Bodies, out.Done) {
		out.Bodies = out.Done
	}
}

// longer tells whether a is longer than b, 0 being for ever.
func longer(a, b time.Duration) bool { return b != 0 && (a == 0 || a > b) }

// keepTime reads one time, no shorter than least.
func (l *loader) keepTime(key, text string, least time.Duration) time.Duration {
	if text == forever {
		return 0
	}
	d, err := syntax.Duration(text)
	switch {
	case err != nil:
		l.problem(key, fmt.Sprintf("%.40q is no time", text), `Write days or hours, such as "30d", or "forever".`)
	case d < least && least == RedeliveryTime:
		l.problem(key, fmt.Sprintf("%s is too short", text), `Write "7d" or more: so long GitHub can be asked to send a delivery again, which must be known then.`)
	case d < least:
		l.problem(key, fmt.Sprintf("%s is too short", text), `Write "1h" or more.`)
	}
	return d
}
