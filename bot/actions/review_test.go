package actions

import (
	"testing"

	"bellhop/rules"
)

func TestReviewPlan(t *testing.T) {
	asked := func(f *rules.Facts) { f.Subject.Reviewers = []string{"bob", "@acme/backend"} }
	plans(t, []plan{
		{"all but the author", &Review{From: []string{"@alice", "bob", "@acme/backend"}}, pr(), &Review{From: []string{"bob", "acme/backend"}}},
		{"who was not asked", &Review{From: []string{"bob", "carol", "@ACME/backend"}}, pr(asked), &Review{From: []string{"carol"}}},
		{"all asked", &Review{From: []string{"bob", "@acme/backend"}}, pr(asked), nil},
		{"closed", &Review{From: []string{"bob"}}, pr(closed), nil},
	})
}

func TestReviewPlanOfSome(t *testing.T) {
	asked := func(f *rules.Facts) { f.Subject.Reviewers = []string{"bob", "zoe"} }
	some := func(count int, from ...string) *Review {
		return &Review{From: from, Count: count, Pick: "random"}
	}
	plans(t, []plan{
		{"of people and teams", some(1, "@alice", "bob", "@acme/backend"), pr(), some(1, "bob", "acme/backend")},
		{"enough", some(1, "bob", "carol"), pr(asked), nil},
		{"not enough", some(2, "bob", "carol"), pr(asked), some(2, "bob", "carol")},
		{"the author alone", some(1, "alice"), pr(), nil},
		{"closed", some(1, "bob"), pr(closed), nil},
	})
}

func TestReviewDo(t *testing.T) {
	type reviewers struct {
		Users []struct{ Login string }
		Teams []struct{ Slug string }
	}
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return &Review{From: []string{"bob", "acme/backend", "other/team"}}, target("pull_request", w.openPull())
		},
		write: "POST /repos/acme/app/pulls/*/requested_reviewers",
		effect: func(w *world) any {
			var r reviewers
			w.get(&r, "pulls/1/requested_reviewers")
			return r
		},
		want: reviewers{Users: []struct{ Login string }{{"bob"}}, Teams: []struct{ Slug string }{{"backend"}}},
		url:  "/acme/app/pull/1",
	}.run(t)
}

func TestReviewRefused(t *testing.T) {
	w := newWorld(t)
	to := target("pull_request", w.openPull())
	w.skips(&Review{From: []string{"other/team"}}, to, "other/team: not of acme")
	w.refuses(&Review{From: []string{"nobody"}}, to, "request reviews: ")
}
