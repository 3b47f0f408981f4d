package actions

import (
	"testing"

	"bellhop/rules"
)

func TestApprovePlan(t *testing.T) {
	plans(t, []plan{
		{"open", &Approve{Body: "fine"}, pr(), &Approve{Body: "fine", HeadSHA: sha}},
		{"without words", &Approve{}, pr(), &Approve{HeadSHA: sha}},
		{"closed", &Approve{}, pr(closed), nil},
		{"no subject", &Approve{}, &rules.Facts{}, nil},
	})
}

type reviewSeen struct {
	State, Body string
	Commit      string `json:"commit_id"`
	User        struct{ Login string }
}

func (w *world) reviews(number int) []reviewSeen {
	var list []reviewSeen
	w.get(&list, "pulls/%d/reviews", number)
	return list
}

func TestApproveDo(t *testing.T) {
	var head string
	tr := trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			number := w.openPull()
			head = w.head(number)
			return &Approve{Body: "Fine.", HeadSHA: head}, target("pull_request", number)
		},
		write: "POST /repos/acme/app/pulls/*/reviews",
		effect: func(w *world) any {
			seen := w.reviews(1)
			for i := range seen {
				if seen[i].Commit == head {
					seen[i].Commit = "head"
				}
			}
			return seen
		},
		again: "the review is there already",
		url:   "/acme/app/pull/1#pullrequestreview-",
	}
	want := reviewSeen{State: "APPROVED", Body: aMarker + "Fine.", Commit: "head"}
	want.User.Login = "bellhop[bot]"
	tr.want = []reviewSeen{want}
	tr.run(t)
}

func TestApproveOwn(t *testing.T) {
	w := newWorld(t)
	to := target("pull_request", w.openOwnPull())
	own := "GitHub lets nobody judge their own pull request, and this is the bot's"
	w.skips(&Approve{}, to, own)
	w.skips(&RequestChanges{Body: "no"}, to, own)
}

// A bare approval carries the marker alone.
func TestApproveWithoutWords(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	w.must(&Approve{}, target("pull_request", number))
	w.skips(&Approve{}, target("pull_request", number), "the review is there already")
	same(t, len(w.reviews(number)), 1)
}
