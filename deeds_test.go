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
	"open-fork-pull-request": {"FILE TITLE", func(v githubtest.Visit, a deedArgs) error {
		fork, err := v.Fork()
		if err != nil {
			return err
		}
		owner, _, _ := strings.Cut(fork, "/")
		if _, err := a.github.As(owner).On(fork).Push("patch", a.files(a.args[:1])); err != nil {
			return err
		}
		_, err = v.OpenPullRequest(githubtest.PullRequest{Head: owner + ":patch", Title: a.at(1)})
		return err
	}},
	"open-discussion": {"TITLE BODY", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.OpenDiscussion("General", a.at(0), a.at(1))
		return err
	}},
	"push": {"BRANCH FILE...", func(v githubtest.Visit, a deedArgs) error { return a.push(v) }},
	"push-delete": {"BRANCH FILE...", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.Push(a.at(0), githubtest.Commit{Delete: a.args[1:]})
		return err
	}},
	"push-message": {"BRANCH MESSAGE FILE...", func(v githubtest.Visit, a deedArgs) error { return a.pushMessage(v) }},
	"move": {"BRANCH FROM TO", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.Push(a.at(0), githubtest.Commit{Delete: []string{a.at(1)}, Files: map[string]string{a.at(2): a.ts.ReadFile(a.at(1))}})
		return err
	}},
	"update-branch":  {"N", func(v githubtest.Visit, a deedArgs) error { return v.UpdateBranch(a.n()) }},
	"comment-review": {"N TEXT", func(v githubtest.Visit, a deedArgs) error { _, err := v.CommentReview(a.n(), a.at(1)); return err }},
	"comment-line": {"N FILE LINE TEXT", func(v githubtest.Visit, a deedArgs) error {
		line, err := strconv.Atoi(a.at(2))
		a.ts.Check(err)
		_, err = v.CommentLine(a.n(), a.at(1), line, a.at(3))
		return err
	}},
	"resolve":        {"COMMENT", func(v githubtest.Visit, a deedArgs) error { return v.Resolve(int64(a.n()), true) }},
	"request-review": {"N LOGIN...", func(v githubtest.Visit, a deedArgs) error { return v.RequestReview(a.n(), a.args[1:]...) }},
	"fork":           {"", func(v githubtest.Visit, a deedArgs) error { _, err := v.Fork(); return err }},
	"push-fork": {"LOGIN BRANCH FILE...", func(v githubtest.Visit, a deedArgs) error {
		return deedArgs{a.ts, a.github, a.args[1:]}.push(v.On(a.at(0) + "/app"))
	}},
	"put": {"REPOSITORY BRANCH PATH FILE", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.On(a.at(0)).Push(a.at(1), githubtest.Commit{Files: map[string]string{a.at(2): a.ts.ReadFile(a.at(3))}})
		return err
	}},
	"create-repository": {"NAME", func(v githubtest.Visit, a deedArgs) error {
		return v.CreateRepository(githubtest.RepositorySpec{FullName: a.at(0), Files: map[string]string{"README.md": "Hello.\n"}})
	}},
	"create-private": {"NAME", func(v githubtest.Visit, a deedArgs) error {
		return v.CreateRepository(githubtest.RepositorySpec{FullName: a.at(0), Private: true, Files: map[string]string{"README.md": "Hello.\n"}})
	}},
	"make-private": {"REPOSITORY", func(v githubtest.Visit, a deedArgs) error { return v.On(a.at(0)).SetPrivate(true) }},
	"make-public":  {"REPOSITORY", func(v githubtest.Visit, a deedArgs) error { return v.On(a.at(0)).SetPrivate(false) }},
	"tag": {"REPOSITORY TAG FROM", func(v githubtest.Visit, a deedArgs) error {
		v = v.On(a.at(0))
		_ = v.DeleteTag(a.at(1)) // to move it; most are new
		return v.CreateTag(a.at(1), a.at(2))
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
	"comment-file": {"N FILE", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.Comment(a.n(), a.ts.ReadFile(a.at(1)))
		return err
	}},
	"comment-discussion": {"N TEXT", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.CommentDiscussion(a.n(), a.at(1))
		return err
	}},
	"edit-comment": {"ID TEXT", func(v githubtest.Visit, a deedArgs) error {
		return v.EditComment(int64(a.n()), a.at(1))
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
	"describe-file": {"N FILE", func(v githubtest.Visit, a deedArgs) error {
		text := a.ts.ReadFile(a.at(1))
		return v.Edit(a.n(), githubtest.Edit{Body: &text})
	}},
	"describe": {"N BODY", func(v githubtest.Visit, a deedArgs) error {
		body := a.at(1)
		return v.Edit(a.n(), githubtest.Edit{Body: &body})
	}},
	"milestone": {"TITLE DUE", func(v githubtest.Visit, a deedArgs) error {
		due, err := time.Parse(time.DateOnly, a.at(1))
		a.ts.Check(err)
		return v.CreateMilestone(a.at(0), due)
	}},
	"set-milestone": {"N TITLE", func(v githubtest.Visit, a deedArgs) error { return v.SetMilestone(a.n(), a.at(1)) }},
	"merge-queue":   {"", func(v githubtest.Visit, a deedArgs) error { return v.UseMergeQueue(true) }},
	"open-pull-request-into": {"BASE HEAD TITLE", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.OpenPullRequest(githubtest.PullRequest{Base: a.at(0), Head: a.at(1), Title: a.at(2)})
		return err
	}},
	"rebase-onto": {"N BRANCH", func(v githubtest.Visit, a deedArgs) error {
		base := a.at(1)
		return v.Edit(a.n(), githubtest.Edit{Base: &base})
	}},
	"dismiss":         {"N LOGIN", func(v githubtest.Visit, a deedArgs) error { return v.DismissReviewOf(a.n(), a.at(1)) }},
	"use-merge-queue": {"", func(v githubtest.Visit, a deedArgs) error { return v.UseMergeQueue(true) }},
	"enqueue":         {"N", func(v githubtest.Visit, a deedArgs) error { _, err := v.Enqueue(a.n()); return err }},
	"rerun-check":     {"REF NAME", func(v githubtest.Visit, a deedArgs) error { return v.RerunCheck(a.at(0), a.at(1)) }},
	"rerun-checks":    {"APP REF", func(v githubtest.Visit, a deedArgs) error { return v.RerunChecks(a.at(0), a.at(1)) }},
	"create-branch":   {"NAME FROM", func(v githubtest.Visit, a deedArgs) error { return v.CreateBranch(a.at(0), a.at(1)) }},
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
	if args[1] == "open-from-fork" {
		return w.fromFork(ts, args[0], args[2:])
	}
	d, ok := deeds[args[1]]
	if !ok {
		d, ok = moreDeeds[args[1]]
	}
	if !ok {
		return fmt.Errorf("no deed is called %s", args[1])
	}
	a := deedArgs{ts, w.github, args[2:]}
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
	ts     *testscript.TestScript
	github *githubtest.Server
	args   []string
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
	_, err := v.OpenPullRequest(githubtest.PullRequest{Head: a.at(0), Title: a.at(1), Body: strings.ReplaceAll(a.at(2), `\n`, "\n"), Draft: draft})
	return err
}

func (a deedArgs) pushMessage(v githubtest.Visit) error {
	c := githubtest.Commit{Message: strings.ReplaceAll(a.at(1), `\n`, "\n"), Files: map[string]string{}}
	for _, path := range a.args[2:] {
		c.Files[path] = a.ts.ReadFile(path)
	}
	_, err := v.Push(a.at(0), c)
	return err
}

func (w *world) protect(ts *testscript.TestScript, args []string) error {
	return w.demand(args, githubtest.Protection{})
}

func (w *world) ruleset(ts *testscript.TestScript, args []string) error {
	return w.demand(args, githubtest.Protection{Ruleset: true})
}

func (w *world) demand(args []string, p githubtest.Protection) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: protect BRANCH CHECK...")
	}
	if p.Checks = args[1:]; len(p.Checks) == 0 {
		p = githubtest.Protection{}
	}
	w.github.Protect(w.seeded.Repository, args[0], p)
	return nil
}

func (w *world) team(ts *testscript.TestScript, args []string) error {
	if len(args) != 3 || args[1] != "join" && args[1] != "leave" {
		return fmt.Errorf("usage: team SLUG join|leave LOGIN")
	}
	change := w.github.JoinTeam
	if args[1] == "leave" {
		change = w.github.LeaveTeam
	}
	change("acme", args[0], args[2])
	return nil
}

func (a deedArgs) push(v githubtest.Visit) error {
	_, err := v.Push(a.at(0), a.files(a.args[1:]))
	return err
}

// files is a commit of files of the script.
func (a deedArgs) files(paths []string) githubtest.Commit {
	c := githubtest.Commit{Files: map[string]string{}}
	for _, path := range paths {
		c.Files[path] = a.ts.ReadFile(path)
	}
	return c
}
