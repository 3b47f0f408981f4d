package bot

import (
	"fmt"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp"
)

// underWay is a step that an earlier process began and did not see the end of. Its request may still be at work at GitHub,
// where it cannot be looked up yet: looked up too soon, it would be done twice.
type underWay struct{ until time.Time }

func (e underWay) Error() string {
	return fmt.Sprintf("the bot was stopped while it did this; it looks what became of it at %s", e.until.UTC().Format(time.RFC3339))
}

// cutOff returns an underWay while a step is one, or nil. What this process itself tried ended with an answer or with an
// error, and githubapp.Judge said when to try again.
func (h *Host) cutOff(step *store.Step) error {
	if step.Attempts == 0 || !step.At.Before(h.started) {
		return nil
	}
	// A time that lies ahead is of a clock that was set back since.
	until := step.At.Add(githubapp.Patience)
	if left := until.Sub(h.now()); left > 0 && left <= githubapp.Patience {
		return underWay{until}
	}
	return nil
}
