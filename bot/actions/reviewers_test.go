package actions

import (
	"fmt"
	"slices"
	"testing"

	"bellhop/rules"
)

// reviewWorld has four people who may review: bob, carol, dan and erin, and the team backend of bob and dan.
func reviewWorld(t *testing.T) *world {
	w := newWorld(t)
	for _, login := range []string{"dan", "erin"} {
		w.AddUser(login)
	}
	for _, login := range []string{"carol", "dan", "erin"} {
		w.SetCollaborator("acme/app", login, "write")
	}
	w.AddTeam("acme", "crew", "alice", "bob", "dan")
	w.GrantTeam("acme", "crew", "acme/app", "write")
	return w
}

// pullWith opens another pull request of alice and asks for reviews.
func (w *world) pullWith(reviewers ...string) int {
	w.t.Helper()
	branch := fmt.Sprintf("topic-%d", len(w.Issues("acme/app")))
	w.pushTo(branch, branch+".txt")
	number := w.openPullFrom(branch, "main")
	if len(reviewers) > 0 {
		w.can(w.as("alice").RequestReview(number, reviewers...))
	}
	return number
}

func (w *world) reviewers(number int) []string {
	seen, _ := w.Issue("acme/app", number)
	slices.Sort(seen.Reviewers)
	return seen.Reviewers
}

var everybody = []string{"bob", "carol", "dan", "erin"}

func TestReviewOfSomeDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return &Review{From: []string{"alice", "acme/backend", "other/team"}, Count: 1, Pick: "random"}, target("pull_request", w.openPull())
		},
		write:  "POST /repos/acme/app/pulls/*/requested_reviewers",
		effect: func(w *world) any { return w.reviewers(1) },
		want:   []string{"bob"}, again: "asked already: bob", url: "/acme/app/pull/1",
	}.run(t)
}

// Chance is the same each time for a step, and another for other steps; with time everybody is asked.
func TestReviewAtRandom(t *testing.T) {
	asked := map[string]int{}
	for i := range 40 {
		p := &pool{}
		seed := fmt.Sprint("delivery ", i)
		one, two := slices.Clone(everybody), slices.Clone(everybody)
		slices.Reverse(two)
		p.order(one, "random", seed)
		p.order(two, "random", seed)
		same(t, one, two)
		asked[one[0]]++
	}
	if len(asked) != len(everybody) {
		t.Errorf("asked first: %v", asked)
	}
}

func TestReviewRoundRobin(t *testing.T) {
	w := reviewWorld(t)
	step := &Review{From: everybody, Count: 1, Pick: "round-robin"}
	var asked []string
	for range 6 {
		number := w.pullWith()
		w.must(step, target("pull_request", number))
		who := w.reviewers(number)
		asked = append(asked, who...)
		if len(asked) == 2 { // who has reviewed was asked, too
			_, err := w.as(who[0]).Approve(number, "")
			w.can(err)
		}
	}
	same(t, asked, []string{"bob", "carol", "dan", "erin", "bob", "carol"})
}

func TestReviewLeastLoaded(t *testing.T) {
	w := reviewWorld(t)
	w.pullWith("bob", "carol", "dan")
	w.pullWith("carol")
	w.can(w.as("alice").Close(w.pullWith("erin", "dan", "bob")))
	step := &Review{From: everybody, Count: 2, Pick: "least-loaded"}
	number := w.pullWith()
	w.must(step, target("pull_request", number))
	same(t, w.reviewers(number), []string{"bob", "erin"}) // erin has none open; bob and dan have one, bob is first by name
}

func TestReviewTopsUp(t *testing.T) {
	w := reviewWorld(t)
	number := w.pullWith("dan", "erin")
	step := &Review{From: []string{"acme/crew", "carol"}, Count: 3, Pick: "least-loaded"}
	_, err := w.as("carol").CommentReview(number, "Hm.")
	w.can(err)
	w.must(step, target("pull_request", number))
	same(t, w.reviewers(number), []string{"bob", "dan", "erin"}) // with carol, who reviewed
	w.skips(step, target("pull_request", number), "asked already: bob, dan and carol")
	w.skips(&Review{From: []string{"alice"}, Count: 1, Pick: "random"}, target("pull_request", number), "there is nobody left to ask")
	w.refuses(&Review{From: []string{"acme/nobody"}, Count: 1, Pick: "random"}, target("pull_request", number), "list members of @acme/nobody: ")
}
