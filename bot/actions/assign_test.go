package actions

import (
	"net/http"
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestAssignPlan(t *testing.T) {
	has := func(f *rules.Facts) { f.Subject.Assignees = []string{"Alice"} }
	plans(t, []plan{
		{"who is missing", &Assign{Users: []string{"@alice", "@bob", "carol"}}, issue(has), &Assign{Users: []string{"bob", "carol"}}},
		{"all there", &Assign{Users: []string{"alice"}}, pr(has), nil},
		{"no subject", &Assign{Users: []string{"alice"}}, &rules.Facts{}, nil},
	})
}

func (w *world) assignees(number int) []string {
	var issue struct{ Assignees []struct{ Login string } }
	w.get(&issue, "issues/%d", number)
	logins := []string{}
	for _, a := range issue.Assignees {
		logins = append(logins, a.Login)
	}
	return logins
}

func TestAssignDo(t *testing.T) {
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			return &Assign{Users: []string{"alice", "bob"}}, target("issue", w.openIssue())
		},
		write:  "POST /repos/acme/app/issues/*/assignees",
		effect: func(w *world) any { return w.assignees(1) },
		want:   []string{"alice", "bob"},
		url:    "/acme/app/issues/1",
	}.run(t)
}

// GitHub answers 201 also when it did not assign anybody.
func TestAssignPassedOver(t *testing.T) {
	w := newWorld(t)
	number := w.openIssue()
	defer w.Answer("POST", "/repos/acme/app/issues/*/assignees", 1, githubtest.Reply(http.StatusCreated, nil, `{"number":1,"assignees":[]}`))()
	w.skips(&Assign{Users: []string{"ghost", "carol"}}, target("issue", number), "GitHub did not assign ghost and carol: they need access to the repository")
}
