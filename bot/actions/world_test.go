package actions

import (
	"context"

	"bellhop/githubapp/githubtest"
)

// What people do on acme/app before a step is done.

const topic = "fix/a-thing"

func (w *world) as(login string) githubtest.Visit { return w.As(login).On("acme/app") }

// can fails the test when a person could not do something.
func (w *world) can(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) openIssue() int {
	w.t.Helper()
	number, err := w.as("carol").OpenIssue("It breaks", "")
	w.can(err)
	return number
}

func (w *world) comment(number int, text string) (id int64) {
	w.t.Helper()
	id, err := w.as("carol").Comment(number, text)
	w.can(err)
	return id
}

// openDiscussion returns number and node ID.
func (w *world) openDiscussion() (int, string) {
	w.t.Helper()
	number, err := w.as("carol").OpenDiscussion("Ideas", "What if", "")
	w.can(err)
	var answer struct {
		Repository struct{ Discussion struct{ ID string } }
	}
	w.query(&answer, `query { repository(owner: "acme", name: "app") { discussion(number: 1) { id } } }`, "")
	return number, answer.Repository.Discussion.ID
}

// query asks GraphQL; id, unless empty, is the variable of that name.
func (w *world) query(into any, query, id string) {
	w.t.Helper()
	vars := map[string]any{}
	if id != "" {
		vars["id"] = id
	}
	w.can(w.gh.Query(context.Background(), query, vars, into))
}

// openPull opens a pull request of alice from topic to main.
func (w *world) openPull() int {
	w.t.Helper()
	w.pushTo(topic, "fix.txt")
	return w.openPullFrom(topic, "main")
}

func (w *world) pushTo(branch, file string) {
	w.t.Helper()
	_, err := w.as("alice").Push(branch, githubtest.Commit{Files: map[string]string{file: "changed\n"}})
	w.can(err)
}

func (w *world) openPullFrom(head, base string) int {
	w.t.Helper()
	number, err := w.as("alice").OpenPullRequest(githubtest.PullRequest{Title: "Fix a thing", Head: head, Base: base})
	w.can(err)
	return number
}

// openOwnPull opens a pull request of the bot.
func (w *world) openOwnPull() int {
	w.t.Helper()
	w.pushTo(topic, "fix.txt")
	number, err := w.As(w.app.Login).On("acme/app").OpenPullRequest(githubtest.PullRequest{Title: "Fix a thing", Head: topic})
	w.can(err)
	return number
}

// head is the newest commit of a pull request.
func (w *world) head(number int) string {
	pr, _ := w.Issue("acme/app", number)
	return pr.HeadSHA
}

// runWorkflow lets CI run on main and end so. It returns the run and its commit.
func (w *world) runWorkflow(conclusion string) (id int64, sha string) {
	w.t.Helper()
	id, err := w.as("bob").StartWorkflow("ci.yml", "push", "main")
	w.can(err)
	w.can(w.as("bob").FinishWorkflow(id, conclusion))
	return id, w.SHA("acme/app", "main")
}
