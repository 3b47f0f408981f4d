package actions

import (
	"testing"

	"bellhop/rules"
)

func TestDismissReviewPlan(t *testing.T) {
	reviewed := func(f *rules.Facts) {
		f.Subject.Reviews = []rules.Review{
			{ID: 1, Author: "bob", State: "approved", SHA: sha}, {ID: 2, Author: "carol", State: "changes_requested", SHA: "old"},
			{ID: 3, Author: "dan", State: "approved", SHA: "old"}, {ID: 4, Author: "erin", State: "dismissed", SHA: "old"},
		}
	}
	planned := func(state string, ids ...int64) *DismissReview {
		return &DismissReview{Message: "M", State: state, IDs: ids}
	}
	plans(t, []plan{
		{"any", &DismissReview{Message: "M", State: "any"}, pr(reviewed), planned("any", 1, 2, 3)},
		{"stale", &DismissReview{Message: "M", State: "any", Stale: true}, pr(reviewed), planned("any", 2, 3)},
		{"stale approvals", &DismissReview{Message: "M", State: "approved", Stale: true}, pr(reviewed), planned("approved", 3)},
		{"of people", &DismissReview{Message: "M", State: "any", From: []string{"@BOB", "c*"}}, pr(reviewed), planned("any", 1, 2)},
		{"none", &DismissReview{Message: "M", State: "changes_requested", From: []string{"bob"}}, pr(reviewed), nil},
		{"closed", &DismissReview{Message: "M", State: "any"}, pr(reviewed, closed), nil},
	})
}

func TestDismissReviewDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			number := w.openPull()
			id, err := w.as("bob").Approve(number, "")
			w.can(err)
			return &DismissReview{Message: "Old.", State: "any", IDs: []int64{id}}, target("pull_request", number)
		},
		write: "PUT /repos/acme/app/pulls/*/reviews/*/dismissals",
		effect: func(w *world) any {
			seen, _ := w.Issue("acme/app", 1)
			return seen.Reviews[0].State
		},
		want: "DISMISSED", again: "the reviews are dismissed already", url: "/acme/app/pull/1",
	}.run(t)
}
