package githubtest

import "time"

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
