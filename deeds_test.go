package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bellhop/githubapp/githubtest"
)

// deed is something that a person or a machine does in acme/app, with its arguments. N is the number of an issue or pull
// request, FILE a file of the script whose name is also its path in the repository.
type deed struct {
	args string
	do   func(v githubtest.Visit, a deedArgs) error
}

var deeds = map[string]deed{
	"open-issue":        {"TITLE [BODY]", func(v githubtest.Visit, a deedArgs) error { _, err := v.OpenIssue(a.at(0), a.at(1)); return err }},
	"open-pull-request": {"HEAD TITLE [BODY]", func(v githubtest.Visit, a deedArgs) error { return a.open(v, false) }},
	"open-draft":        {"HEAD TITLE [BODY]", func(v githubtest.Visit, a deedArgs) error { return a.open(v, true) }},
	"open-discussion": {"TITLE BODY", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.OpenDiscussion("General", a.at(0), a.at(1))
		return err
	}},
	"push": {"BRANCH FILE...", func(v githubtest.Visit, a deedArgs) error { return a.push(v) }},
	"push-delete": {"BRANCH FILE...", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.Push(a.at(0), githubtest.Commit{Delete: a.args[1:]})
		return err
	}},
	"delete-branch":   {"BRANCH", func(v githubtest.Visit, a deedArgs) error { return v.DeleteBranch(a.at(0)) }},
	"comment":         {"N TEXT", func(v githubtest.Visit, a deedArgs) error { _, err := v.Comment(a.n(), a.at(1)); return err }},
	"label":           {"N LABEL...", func(v githubtest.Visit, a deedArgs) error { return v.Label(a.n(), a.args[1:]...) }},
	"unlabel":         {"N LABEL...", func(v githubtest.Visit, a deedArgs) error { return v.Unlabel(a.n(), a.args[1:]...) }},
	"retitle":         {"N TITLE", func(v githubtest.Visit, a deedArgs) error { return v.Retitle(a.n(), a.at(1)) }},
	"close":           {"N", func(v githubtest.Visit, a deedArgs) error { return v.Close(a.n()) }},
	"reopen":          {"N", func(v githubtest.Visit, a deedArgs) error { return v.Reopen(a.n()) }},
	"ready":           {"N", func(v githubtest.Visit, a deedArgs) error { return v.MarkReady(a.n()) }},
	"draft":           {"N", func(v githubtest.Visit, a deedArgs) error { return v.ConvertToDraft(a.n()) }},
	"assign":          {"N LOGIN...", func(v githubtest.Visit, a deedArgs) error { return v.Assign(a.n(), a.args[1:]...) }},
	"lock":            {"N", func(v githubtest.Visit, a deedArgs) error { return v.Lock(a.n(), "") }},
	"approve":         {"N", func(v githubtest.Visit, a deedArgs) error { _, err := v.Approve(a.n(), a.at(1)); return err }},
	"request-changes": {"N TEXT", func(v githubtest.Visit, a deedArgs) error { _, err := v.RequestChanges(a.n(), a.at(1)); return err }},
	"merge":           {"N METHOD", func(v githubtest.Visit, a deedArgs) error { _, err := v.Merge(a.n(), a.at(1)); return err }},
	"check":           {"REF NAME CONCLUSION", func(v githubtest.Visit, a deedArgs) error { return v.Check("ci", a.at(0), a.at(1), a.at(2)) }},
	"start-check":     {"REF NAME", func(v githubtest.Visit, a deedArgs) error { _, err := v.StartCheck("ci", a.at(0), a.at(1)); return err }},
	"status":          {"REF CONTEXT STATE", func(v githubtest.Visit, a deedArgs) error { return v.SetStatus(a.at(0), a.at(1), a.at(2), "") }},
	"workflow": {"REF WORKFLOW CONCLUSION", func(v githubtest.Visit, a deedArgs) error {
		id, err := v.StartWorkflow(a.at(1), "pull_request", a.at(0))
		if err != nil {
			return err
		}
		return v.FinishWorkflow(id, a.at(2))
	}},
	"start-workflow": {"REF WORKFLOW", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.StartWorkflow(a.at(1), "pull_request", a.at(0))
		return err
	}},
	"hold-workflow": {"REF WORKFLOW", func(v githubtest.Visit, a deedArgs) error {
		id, err := v.StartWorkflow(a.at(1), "pull_request", a.at(0))
		if err != nil {
			return err
		}
		return v.HoldWorkflow(id)
	}},
	"auto-merge": {"N METHOD", func(v githubtest.Visit, a deedArgs) error { return v.EnableAutoMerge(a.n(), a.at(1)) }},
	"protect": {"BRANCH CHECK...", func(v githubtest.Visit, a deedArgs) error {
		return v.Protect(a.at(0), githubtest.Protection{Checks: a.args[1:]})
	}},
	"describe": {"N FILE", func(v githubtest.Visit, a deedArgs) error {
		text := a.ts.ReadFile(a.at(1))
		return v.Edit(a.n(), githubtest.Edit{Body: &text})
	}},
	"milestone": {"TITLE DUE", func(v githubtest.Visit, a deedArgs) error {
		due, err := time.Parse(time.DateOnly, a.at(1))
		a.ts.Check(err)
		return v.CreateMilestone(a.at(0), due)
	}},
	"set-milestone": {"N TITLE", func(v githubtest.Visit, a deedArgs) error { return v.SetMilestone(a.n(), a.at(1)) }},
	"merge-queue":   {"", func(v githubtest.Visit, a deedArgs) error { return v.SetMergeQueue(true) }},
	"release": {"TAG", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.CreateRelease(githubtest.Release{Tag: a.at(0), Name: a.at(0)})
		return err
	}},
}

// person does a deed: person LOGIN DEED ARGS...
func (w *world) person(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: person LOGIN DEED ...")
	}
	d, ok := deeds[args[1]]
	if !ok {
		return fmt.Errorf("no deed is called %s", args[1])
	}
	a := deedArgs{ts, args[2:]}
	need := strings.Fields(d.args)
	for _, n := range need {
		if strings.HasPrefix(n, "[") {
			need = need[:len(need)-1]
		}
	}
	if len(a.args) < len(need) {
		return fmt.Errorf("usage: person LOGIN %s %s", args[1], d.args)
	}
	return d.do(w.github.As(args[0]).On(w.seeded.Repository), a)
}

// deedArgs are the arguments of a deed.
type deedArgs struct {
	ts   *testscript.TestScript
	args []string
}

func (a deedArgs) at(i int) string {
	if i >= len(a.args) {
		return ""
	}
	return a.args[i]
}

func (a deedArgs) n() int {
	n, err := strconv.Atoi(a.args[0])
	a.ts.Check(err)
	return n
}

func (a deedArgs) open(v githubtest.Visit, draft bool) error {
	_, err := v.OpenPullRequest(githubtest.PullRequest{Head: a.at(0), Title: a.at(1), Body: a.at(2), Draft: draft})
	return err
}

func (a deedArgs) push(v githubtest.Visit) error {
	c := githubtest.Commit{Files: map[string]string{}}
	for _, path := range a.args[1:] {
		c.Files[path] = a.ts.ReadFile(path)
	}
	_, err := v.Push(a.at(0), c)
	return err
}
