package githubtest

import "time"

// Protect sets what a branch demands; a zero Protection lifts it.
func (v Visit) Protect(branch string, p Protection) error {
	return v.do(roleMaintain, func(r *repo, _ *user) error {
		if p.Approvals == 0 && len(p.Checks) == 0 && !p.Strict {
			delete(r.protections, branch)
		} else {
			r.protections[branch] = p
		}
		return nil
	})
}

// SetMergeQueue makes the repository merge through a queue, or not.
func (v Visit) SetMergeQueue(on bool) error {
	return v.do(roleMaintain, func(r *repo, _ *user) error {
		r.spec.MergeQueue = on
		return nil
	})
}

// CreateMilestone opens a milestone; a zero due leaves its date open.
func (v Visit) CreateMilestone(title string, due time.Time) error {
	return v.do(roleTriage, func(r *repo, who *user) error {
		m, err := v.s.newMilestone(r, who, title, "")
		if err == nil {
			m.due = due
		}
		return err
	})
}
