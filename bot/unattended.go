package bot

import (
	"slices"
	"time"

	"bellhop/rules"
)

const (
	// firstSweep is how long nothing has to touch a subject on which a rule waits for GitHub, before it is looked at all the same.
	// It doubles from look to look.
	firstSweep = 6 * time.Hour
	// maxSweeps is how often that is done in a row: the last look is about eight days after something happened.
	maxSweeps = 5
)

// unattended are wakes for the rules that wait for what GitHub announces, such as the end of a check. The announcement may be
// lost, from GitHub's list of deliveries too, and the rule would wait for ever. A wake is replaced with each decision of its rule
// on the subject, so that it rings only where nothing has happened since, and it costs one look-up.
func (h *Host) unattended(f *rules.Facts, result rules.Result, booked []rules.Wake) []rules.Wake {
	if f.Subject == nil || f.Subject.Number == 0 || sweeps(f) >= maxSweeps {
		return nil
	}
	var out []rules.Wake
	for _, d := range result.Decisions {
		if d.Outcome != rules.Waiting || slices.ContainsFunc(booked, func(w rules.Wake) bool { return w.Rule == d.Rule }) {
			continue
		}
		out = append(out, rules.Wake{Rule: d.Rule, Kind: rules.WakeState, At: h.now().Add(firstSweep << sweeps(f))})
	}
	return out
}

// sweeps is how often in a row a timer rang because nothing happened, this time included.
func sweeps(f *rules.Facts) int { return int(object(f.Event).obj(timerEvent).num("sweeps")) }
