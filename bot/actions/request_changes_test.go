package actions

import (
	"testing"

	"bellhop/rules"
)

func TestRequestChangesPlan(t *testing.T) {
	plans(t, []plan{
		{"open", &RequestChanges{Body: "no"}, pr(), &RequestChanges{Body: "no", HeadSHA: sha}},
		{"rendered to nothing", &RequestChanges{Body: " "}, pr(), nil},
		{"closed", &RequestChanges{Body: "no"}, pr(closed), nil},
	})
}

func TestRequestChangesDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			number := w.openPull()
			return &RequestChanges{Body: "Please.", HeadSHA: w.head(number)}, target("pull_request", number)
		},
		write: "POST /repos/acme/app/pulls/*/reviews",
		effect: func(w *world) any {
			var seen []string
			for _, r := range w.reviews(1) {
				seen = append(seen, r.State+" "+r.Body)
			}
			return seen
		},
		want:  []string{"CHANGES_REQUESTED " + aMarker + "Please."},
		again: "the review is there already",
		url:   "/acme/app/pull/1#pullrequestreview-",
	}.run(t)
}
