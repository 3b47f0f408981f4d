package actions

import "testing"

// What somebody has put on since is theirs, whatever the bot remembers.
func TestTakeBackOwn(t *testing.T) {
	w := newWorld(t)
	for _, number := range []int{w.openIssue(), w.openPull()} {
		kind := map[bool]string{true: "issue", false: "pull_request"}[number == 1]
		to := target(kind, number)
		w.must(&Label{Names: []string{"bug", "docs", "Backend"}}, to)
		w.can(w.as("alice").Unlabel(number, "bug", "Backend"))
		w.can(w.as("alice").Label(number, "bug", "Backend"))

		w.skips(&RemoveLabel{Names: []string{"bug"}, Own: true}, to, "somebody has put it on since")
		w.must(&RemoveLabel{Names: []string{"bug", "docs", "backend"}, Own: true}, to)
		same(t, w.labels(number), []string{"bug", "Backend"})
		w.must(&Label{Names: []string{"other"}, Drop: []string{"bug"}}, to)
		same(t, w.labels(number), []string{"bug", "Backend", "other"})
		// A rule that says so takes off what others have put on.
		w.must(&RemoveLabel{Names: []string{"bug"}}, to)
		same(t, w.labels(number), []string{"Backend", "other"})
	}
}
