package actions

import (
	"net/http"
	"strings"
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestCreateIssuePlan(t *testing.T) {
	since := mustTime("2026-11-24T19:50:00Z")
	plans(t, []plan{
		{"as written", &CreateIssue{Title: " t ", Body: "b", Labels: []string{"l", "L", ""}, Assignees: []string{"@bob"}}, pr(),
			&CreateIssue{Title: "t", Body: "b", Labels: []string{"l"}, Assignees: []string{"bob"}, Since: since}},
		{"long title", &CreateIssue{Title: strings.Repeat("é", 300)}, issue(), &CreateIssue{Title: strings.Repeat("é", 255) + "…", Since: since}},
		{"rendered to nothing", &CreateIssue{Title: " "}, &rules.Facts{}, nil},
	})
}

func TestCreateIssueDo(t *testing.T) {
	type seen struct {
		Title, Body string
		Labels      []struct{ Name string }
		Assignees   []struct{ Login string }
	}
	trial{
		setUp: func(w *world) (rules.Action, rules.Target) {
			w.openIssue()
			plan := (&CreateIssue{Title: "Broken", Body: "Look.", Labels: []string{"incident"}, Assignees: []string{"@bob"}}).Plan(issue())
			return plan, target("", 0)
		},
		write: "POST /repos/acme/app/issues",
		effect: func(w *world) any {
			var list []seen
			w.get(&list, "issues")
			return list[:len(list)-1]
		},
		want: []seen{{
			"Broken", aMarker + "Look.", []struct{ Name string }{{"incident"}}, []struct{ Login string }{{"bob"}},
		}},
		again: "the issue is there already",
		url:   "/acme/app/issues/2",
	}.run(t)
}

func TestCreateIssueRefused(t *testing.T) {
	w := newWorld(t)
	off := githubtest.Reply(http.StatusGone, nil, `{"message":"Issues has been disabled in this repository."}`)
	defer w.Answer("POST", "/repos/acme/app/issues", 1, off)()
	w.refuses(&CreateIssue{Title: "Broken"}, target("", 0), "create issue: ")
}
