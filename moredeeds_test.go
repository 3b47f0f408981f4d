package main

import (
	"fmt"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"bellhop/githubapp/githubtest"
)

// moreDeeds are deeds beside those of the table deeds: edits, forks, reviews of lines, refs, the merge queue, deployments. ID is
// GitHub's number of a comment or review, as the stand-in counts them.
var moreDeeds = map[string]deed{
	"edit-body": {"N BODY", func(v githubtest.Visit, a deedArgs) error {
		body := a.at(1)
		return v.Edit(a.n(), githubtest.Edit{Body: &body})
	}},
	"change-base": {"N BRANCH", func(v githubtest.Visit, a deedArgs) error {
		base := a.at(1)
		return v.Edit(a.n(), githubtest.Edit{Base: &base})
	}},
	"unassign":       {"N LOGIN...", func(v githubtest.Visit, a deedArgs) error { return v.Unassign(a.n(), a.args[1:]...) }},
	"close-as":       {"N REASON", func(v githubtest.Visit, a deedArgs) error { return v.CloseAs(a.n(), a.at(1)) }},
	"unlock":         {"N", func(v githubtest.Visit, a deedArgs) error { return v.Unlock(a.n()) }},
	"give-milestone": {"N TITLE", func(v githubtest.Visit, a deedArgs) error { return v.SetMilestone(a.n(), a.at(1)) }},
	"edit-comment":   {"ID TEXT", func(v githubtest.Visit, a deedArgs) error { return v.EditComment(int64(a.n()), a.at(1)) }},
	"delete-comment": {"ID", func(v githubtest.Visit, a deedArgs) error { return v.DeleteComment(int64(a.n())) }},
	"comment-commit": {"REF TEXT", func(v githubtest.Visit, a deedArgs) error { _, err := v.CommentCommit(a.at(0), a.at(1)); return err }},
	"comment-line": {"N PATH LINE TEXT", func(v githubtest.Visit, a deedArgs) error {
		line, err := strconv.Atoi(a.at(2))
		if err == nil {
			_, err = v.CommentLine(a.n(), a.at(1), line, a.at(3))
		}
		return err
	}},
	"comment-review": {"N TEXT", func(v githubtest.Visit, a deedArgs) error { _, err := v.CommentReview(a.n(), a.at(1)); return err }},
	"request-review": {"N WHO...", func(v githubtest.Visit, a deedArgs) error { return v.RequestReview(a.n(), a.args[1:]...) }},
	"dismiss-review": {"N ID", func(v githubtest.Visit, a deedArgs) error {
		id, err := strconv.ParseInt(a.at(1), 10, 64)
		if err != nil {
			return err
		}
		return v.DismissReview(a.n(), id)
	}},
	"force-push": {"BRANCH START FILE...", func(v githubtest.Visit, a deedArgs) error {
		_, err := v.ForcePush(a.at(0), a.at(1), a.commit(2))
		return err
	}},
	"create-branch": {"NAME FROM", func(v githubtest.Visit, a deedArgs) error { return v.CreateBranch(a.at(0), a.at(1)) }},
	"create-tag":    {"NAME FROM", func(v githubtest.Visit, a deedArgs) error { return v.CreateTag(a.at(0), a.at(1)) }},
	"delete-tag":    {"NAME", func(v githubtest.Visit, a deedArgs) error { return v.DeleteTag(a.at(0)) }},
	"enqueue":       {"N", func(v githubtest.Visit, a deedArgs) error { _, err := v.Enqueue(a.n()); return err }},
	"deploy": {"REF ENVIRONMENT STATE", func(v githubtest.Visit, a deedArgs) error {
		id, err := v.Deploy(a.at(0), a.at(1))
		if err != nil {
			return err
		}
		return v.SetDeployment(id, a.at(2))
	}},
	"start-checks":       {"REF N", func(v githubtest.Visit, a deedArgs) error { return a.checks(v, (*checks).start) }},
	"checks":             {"REF N CONCLUSION", func(v githubtest.Visit, a deedArgs) error { return a.checks(v, (*checks).end) }},
	"finish-workflow":    {"ID CONCLUSION", func(v githubtest.Visit, a deedArgs) error { return v.FinishWorkflow(int64(a.n()), a.at(1)) }},
	"label-discussion":   {"N LABEL", func(v githubtest.Visit, a deedArgs) error { return v.LabelDiscussion(a.n(), a.at(1)) }},
	"comment-discussion": {"N TEXT", func(v githubtest.Visit, a deedArgs) error { _, err := v.CommentDiscussion(a.n(), a.at(1)); return err }},
}

// commit is a commit of the files from the argument i on.
func (a deedArgs) commit(i int) githubtest.Commit {
	c := githubtest.Commit{Files: map[string]string{}}
	for _, path := range a.args[i:] {
		c.Files[path] = a.ts.ReadFile(path)
	}
	return c
}

// fromFork is person LOGIN open-from-fork BRANCH TITLE FILE...: they fork acme/app, push the files there, and open a pull
// request.
func (w *world) fromFork(ts *testscript.TestScript, login string, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: person LOGIN open-from-fork BRANCH TITLE FILE...")
	}
	who := w.github.As(login)
	fork, err := who.On(w.seeded.Repository).Fork()
	if err != nil {
		return err
	}
	if _, err := who.On(fork).Push(args[0], deedArgs{ts, w.github, args}.commit(2)); err != nil {
		return err
	}
	_, err = who.On(w.seeded.Repository).OpenPullRequest(githubtest.PullRequest{Head: login + ":" + args[0], Title: args[1]})
	return err
}

// checks are check runs job-1 to job-N of the app ci, all started before the first of them ends.
type checks struct {
	v   githubtest.Visit
	ids []int64
}

func (a deedArgs) checks(v githubtest.Visit, do func(*checks, deedArgs) error) error {
	c := &checks{v: v}
	if err := c.start(a); err != nil {
		return err
	}
	return do(c, a)
}

func (c *checks) start(a deedArgs) error {
	n, err := strconv.Atoi(a.at(1))
	for i := 1; i <= n && err == nil && len(c.ids) < n; i++ {
		var id int64
		id, err = c.v.StartCheck("ci", a.at(0), fmt.Sprintf("job-%d", i))
		c.ids = append(c.ids, id)
	}
	return err
}

func (c *checks) end(a deedArgs) error {
	for _, id := range c.ids {
		if err := c.v.FinishCheck(id, a.at(2)); err != nil {
			return err
		}
	}
	return nil
}
