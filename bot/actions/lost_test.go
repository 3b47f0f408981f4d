package actions

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

// loss is a step each of whose writes is carried out by GitHub, and the first answer to each is lost. trial has the like for
// the kinds that make one request of REST.
type loss struct {
	setUp  func(w *world) (rules.Action, rules.Target)
	effect func(w *world, number int) any
	want   any
}

var losses = map[string]loss{
	"auto_merge": {func(w *world) (rules.Action, rules.Target) {
		n := w.guarded()
		return &AutoMerge{Method: "squash", HeadSHA: w.head(n)}, target("pull_request", n)
	}, (*world).autoMerge, "squash"},
	"enqueue": {func(w *world) (rules.Action, rules.Target) {
		n := w.openPull()
		w.can(w.as("alice").UseMergeQueue(true))
		return &Enqueue{Yes: true, HeadSHA: w.head(n)}, target("pull_request", n)
	}, func(w *world, n int) any { return w.queued(n) }, true},
	"dequeue": {func(w *world) (rules.Action, rules.Target) {
		n := w.openPull()
		w.can(w.as("alice").UseMergeQueue(true))
		_, err := w.as("alice").Enqueue(n)
		w.can(err)
		return &Dequeue{Yes: true}, target("pull_request", n)
	}, func(w *world, n int) any { return w.queued(n) }, false},
	"draft": {func(w *world) (rules.Action, rules.Target) {
		return &Draft{Yes: true}, target("pull_request", w.openPull())
	}, func(w *world, n int) any { return w.isDraft(n) }, true},
	"ready": {func(w *world) (rules.Action, rules.Target) {
		n := w.openPull()
		w.can(w.as("alice").ConvertToDraft(n))
		return &Ready{Yes: true}, target("pull_request", n)
	}, func(w *world, n int) any { return w.isDraft(n) }, false},
	"hide_comments": {func(w *world) (rules.Action, rules.Target) {
		return &HideComments{Reason: "outdated", Before: w.time()}, w.commented()
	}, func(w *world, _ int) any { return w.hiddenComments() }, []string{"OUTDATED", "OUTDATED", "OUTDATED", "", "", ""}},
	"stale": {func(w *world) (rules.Action, rules.Target) {
		return &Stale{Comment: "Still so?", CloseComment: "Closed.", Close: true}, target("issue", w.openIssue())
	}, func(w *world, n int) any {
		i, _ := w.Issue("acme/app", n)
		return []any{i.State, len(i.Comments)}
	}, []any{"closed", 1}},
}

// GitHub does each write and its answer is lost: in the end each was done once.
func TestLostAnswers(t *testing.T) {
	for name, l := range losses {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			action, to := l.setUp(w)
			lost := map[string]bool{} // by path and body
			stop := w.Answer("", "/**", -1, func(rw http.ResponseWriter, r *http.Request, carryOut http.Handler) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				key := r.Method + r.URL.Path + string(body)
				reads := r.Method == http.MethodGet || r.URL.Path == "/graphql" && !strings.Contains(string(body), `"query":"mutation`)
				if reads || strings.HasSuffix(r.URL.Path, "/access_tokens") || lost[key] {
					carryOut.ServeHTTP(rw, r)
					return
				}
				lost[key] = true
				githubtest.LoseAnswer()(rw, r, carryOut)
			})
			defer stop()
			tries := 1
			for ; tries < 10; tries++ {
				if _, err := w.do(action, to); err == nil {
					break
				}
				w.pass(time.Minute)
			}
			if len(lost) == 0 || tries != len(lost)+1 {
				t.Errorf("%d answers were lost, %d tries made", len(lost), tries)
			}
			same(t, l.effect(w, to.Number), l.want)
		})
	}
}

// Every kind is played with an answer that is lost.
func TestEveryKindLosesAnAnswer(t *testing.T) {
	for _, k := range All {
		if _, here := losses[k.Name]; here || len(k.Needs) == 0 { // it asks GitHub for nothing
			continue
		}
		if src, err := os.ReadFile(k.Name + "_test.go"); err != nil || !strings.Contains(string(src), "trial{") {
			t.Errorf("%s: no trial in %s_test.go and no row in losses (%v)", k.Name, k.Name, err)
		}
	}
}
