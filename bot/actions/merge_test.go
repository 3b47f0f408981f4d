package actions

import (
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

func TestMergePlan(t *testing.T) {
	plans(t, []plan{
		{"open", &Merge{Method: "squash", Title: "t", Body: "b"}, pr(), &Merge{Method: "squash", Title: "t", Body: "b", HeadSHA: sha}},
		{"as the pull request says", &Merge{Method: "squash", Message: "pull_request", Cut: "---", Trailers: []string{"Reviewed-by: bob"}}, pr(func(f *rules.Facts) {
			f.Subject.Title, f.Subject.Body = "Fix", "Why.\r\n\r\n<!-- no -->\r\n---\r\nNotes"
		}), &Merge{Method: "squash", Title: "Fix (#8)", Body: "Why.\n\nReviewed-by: bob", HeadSHA: sha}},
		{"title of its own", &Merge{Method: "merge", Message: "pull_request", Title: "T"}, pr(), &Merge{Method: "merge", Title: "T", HeadSHA: sha}},
		{"draft", &Merge{Method: "merge"}, pr(func(f *rules.Facts) { f.Subject.Draft = true }), nil},
		{"closed", &Merge{Method: "merge"}, pr(closed), nil},
		{"merged", &Merge{Method: "merge"}, pr(func(f *rules.Facts) { f.Subject.State = "merged" }), nil},
	})
}

func TestMergeDo(t *testing.T) {
	for _, method := range []string{"merge", "squash", "rebase"} {
		t.Run(method, func(t *testing.T) {
			trial{
				setUp: func(w *world) (rules.Action, rules.Target) {
					number := w.openPull()
					m := &Merge{Method: method, HeadSHA: w.head(number)}
					if method == "squash" {
						m.Title, m.Body = "A title (#1)", "A body."
					}
					return m, target("pull_request", number)
				},
				write: "PUT /repos/acme/app/pulls/*/merge",
				effect: func(w *world) any {
					var pr struct {
						Merged   bool
						MergedBy struct{ Login string } `json:"merged_by"`
						SHA      string                 `json:"merge_commit_sha"`
					}
					w.get(&pr, "pulls/1")
					var commit struct{ Commit struct{ Message string } }
					w.get(&commit, "commits/%s", pr.SHA)
					message := commit.Commit.Message
					if method != "squash" {
						message = ""
					}
					return []any{pr.Merged, pr.MergedBy.Login, message}
				},
				want:  []any{true, "bellhop[bot]", map[string]string{"squash": "A title (#1)\n\nA body."}[method]},
				again: "it is merged already",
				url:   "/acme/app/pull/1",
			}.run(t)
		})
	}
}

func TestMergeRefused(t *testing.T) {
	w := newWorld(t)
	number := w.openPull()
	to := target("pull_request", number)
	old := w.head(number)
	w.pushTo(topic, "more.txt")
	w.skips(&Merge{Method: "merge", HeadSHA: old}, to, "something was pushed after the rule was decided")
	w.Protect("acme/app", "main", githubtest.Protection{Approvals: 1})
	head := w.head(number)
	w.refuses(&Merge{Method: "merge", HeadSHA: head}, to, "merge: ")
	w.must(&Close{Reason: "completed"}, to)
	w.skips(&Merge{Method: "merge", HeadSHA: head}, to, "it was closed meanwhile")
	w.refuses(&Merge{Method: "merge", HeadSHA: head}, target("pull_request", 99), "merge: ")
}
