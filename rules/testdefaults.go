package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Commits that a test does not name.
const (
	testHead  = "1111111111111111111111111111111111111111"
	testBase  = "2222222222222222222222222222222222222222"
	testMerge = "3333333333333333333333333333333333333333"
)

// usually sets a fact that the test does not say.
func usually[T any](r *testReader, path string, into *T, value T) {
	if !r.given[path] {
		*into = value
	}
}

// follows is usually for what follows from another fact, where the test says that.
func follows[T any](r *testReader, path string, into *T, from string, value func() T) {
	if r.given[from] && !r.given[path] {
		*into = value()
		r.given[path] = true
	}
}

// complete gives the facts that the test does not say their usual values: an open repository acme/app with the branch main, and in
// it what octocat, a contributor, has just opened and nobody has touched. What follows from facts that are said follows.
func (r *testReader) complete(f *Facts) {
	repo := f.Repository
	usually(r, "repo.full_name", &repo.FullName, "acme/app")
	owner, name, _ := strings.Cut(repo.FullName, "/")
	usually(r, "repo.owner", &repo.Owner, owner)
	usually(r, "repo.name", &repo.Name, name)
	usually(r, "repo.id", &repo.ID, 1)
	usually(r, "repo.default_branch", &repo.DefaultBranch, "main")
	usually(r, "repo.visibility", &repo.Visibility, map[bool]string{false: "public", true: "private"}[repo.Private])
	if f.Subject != nil {
		r.completeSubject(f)
	}
	r.completeRecords(f)
	usually(r, "delivery.id", &f.Delivery.ID, "test")
	usually(r, "delivery.received", &f.Delivery.Received, f.Now)
	if s := f.Subject; s != nil && len(s.Labels) > 0 && f.Delivery.Activity == "labeled" {
		usually(r, "delivery.label", &f.Delivery.Label, s.Labels[len(s.Labels)-1])
	}
	usually(r, "sender.login", &f.Sender.Login, r.wrote(f))
	usually(r, "sender.bot", &f.Sender.Bot, isApp(f.Sender.Login))
	usually(r, "sender.permission", &f.Sender.Permission, "read")
	f.Learn("sender.permission")
}

func isApp(login string) bool { return strings.HasSuffix(login, "[bot]") }

// wrote is who caused a delivery that does not say so.
func (r *testReader) wrote(f *Facts) string {
	switch {
	case f.Delivery.Self:
		return f.Bot + "[bot]"
	case f.Comment != nil && f.Comment.Author != "":
		return f.Comment.Author
	case f.Review != nil && f.Review.Author != "":
		return f.Review.Author
	case f.Push != nil && f.Push.PushedBy != "":
		return f.Push.PushedBy
	case f.Subject != nil && f.Comment == nil && f.Review == nil:
		return f.Subject.Author
	}
	return "octocat"
}

func (r *testReader) completeSubject(f *Facts) {
	s := f.Subject
	usually(r, "subject.number", &s.Number, 1)
	usually(r, "subject.title", &s.Title, "A title")
	usually(r, "subject.author", &s.Author, "octocat")
	usually(r, "subject.author_bot", &s.AuthorBot, isApp(s.Author))
	usually(r, "subject.association", &s.Association, "contributor")
	if s.Merged {
		s.State = "merged"
	}
	usually(r, "subject.state", &s.State, map[bool]string{false: "open", true: "closed"}[f.Delivery.Activity == "closed"])
	if s.Merged {
		s.State = "merged"
	}
	s.Merged = s.State == "merged"
	r.completeTimes(f, s)
	if s.Kind == "pull_request" {
		r.completePull(f, s)
	}
	for _, fact := range schema().names["subject"].rec.facts {
		if fact.in != "" && fact.has(s.Kind) && !f.Known(fact.path()) {
			f.Learn(fact.path())
		}
	}
	if s.Kind == "pull_request" {
		checks, required := r.given["subject.checks_state"], r.given["subject.required_state"]
		state, requiredState := s.ChecksState, s.RequiredState
		f.LearnChecks(s.Checks)
		f.LearnRequired(s.RequiredChecks, s.Checks)
		if checks {
			s.ChecksState = state
			f.Learn("subject.checks_state")
		}
		if required {
			s.RequiredState = requiredState
			f.Learn("subject.required_state")
		}
	}
}

func (r *testReader) completeTimes(f *Facts, s *Subject) {
	follows(r, "subject.created_at", &s.CreatedAt, "subject.age", func() time.Time { return f.Now.Add(-s.Age) })
	oldest := max(s.Idle, s.AuthorIdle)
	usually(r, "subject.created_at", &s.CreatedAt, f.Now.Add(-oldest))
	usually(r, "subject.age", &s.Age, f.Now.Sub(s.CreatedAt))
	usually(r, "subject.idle", &s.Idle, s.Age)
	usually(r, "subject.author_idle", &s.AuthorIdle, s.Idle)
	usually(r, "subject.updated_at", &s.UpdatedAt, f.Now.Add(-s.Idle))
	if s.State != "open" {
		usually(r, "subject.closed_at", &s.ClosedAt, f.Now)
	}
	if s.Merged {
		usually(r, "subject.merged_at", &s.MergedAt, f.Now)
		usually(r, "subject.merge_sha", &s.MergeSHA, testMerge)
		usually(r, "subject.merged_by", &s.MergedBy, "octocat")
	}
	if !s.Draft {
		usually(r, "subject.ready_at", &s.ReadyAt, s.CreatedAt)
	}
}

func (r *testReader) completePull(f *Facts, s *Subject) {
	usually(r, "subject.base", &s.Base, f.Repository.DefaultBranch)
	usually(r, "subject.head", &s.Head, "topic")
	usually(r, "subject.head_sha", &s.HeadSHA, testHead)
	if s.FromFork {
		usually(r, "subject.head_repo", &s.HeadRepo, s.Author+"/"+f.Repository.Name)
	}
	usually(r, "subject.head_repo", &s.HeadRepo, f.Repository.FullName)
	usually(r, "subject.from_fork", &s.FromFork, !strings.EqualFold(s.HeadRepo, f.Repository.FullName))
	usually(r, "subject.mergeable", &s.Mergeable, true)
	r.completeFiles(s)
	usually(r, "subject.commits", &s.Commits, []Commit{{Message: s.Title, Author: s.Author}})
	for i := range s.Commits {
		if s.Commits[i].SHA == "" {
			s.Commits[i].SHA = s.HeadSHA
		}
		if s.Commits[i].Author == "" {
			s.Commits[i].Author = s.Author
		}
	}
	usually(r, "subject.commit_count", &s.CommitCount, int64(len(s.Commits)))
	follows(r, "subject.dependencies", &s.Dependencies, "subject.updates", func() []string {
		var names []string
		for _, u := range s.Updates {
			names = append(names, u.Name)
		}
		return names
	})
	r.completeReviews(s)
}

// completeFiles makes lines and files follow from each other: lines alone are those of one file.
func (r *testReader) completeFiles(s *Subject) {
	if !r.given["subject.files"] && (r.given["subject.additions"] || r.given["subject.deletions"]) {
		s.Files = []File{{Path: "file", Additions: s.Additions, Deletions: s.Deletions}}
	}
	var added, deleted int64
	for i := range s.Files {
		if s.Files[i].Status == "" {
			s.Files[i].Status = "modified"
		}
		added, deleted = added+s.Files[i].Additions, deleted+s.Files[i].Deletions
	}
	usually(r, "subject.additions", &s.Additions, added)
	usually(r, "subject.deletions", &s.Deletions, deleted)
	usually(r, "subject.changed_files", &s.ChangedFiles, int64(len(s.Files)))
}

// completeReviews makes what is told of reviews follow from each other: whoever is said to have reviewed may write.
func (r *testReader) completeReviews(s *Subject) {
	var approved, onHead, refused []string
	for i := range s.Reviews {
		v := &s.Reviews[i]
		if v.State == "" {
			v.State = "approved"
		}
		if v.SHA == "" {
			v.SHA = s.HeadSHA
		}
		switch {
		case v.State == "approved" && v.SHA == s.HeadSHA:
			approved, onHead = append(approved, v.Author), append(onHead, v.Author)
		case v.State == "approved":
			approved = append(approved, v.Author)
		case v.State == "changes_requested":
			refused = append(refused, v.Author)
		}
	}
	usually(r, "subject.approvers", &s.Approvers, approved)
	if r.given["subject.approvers"] {
		onHead = slices.Clone(s.Approvers)
	}
	usually(r, "subject.approvers_on_head", &s.ApproversOnHead, onHead)
	usually(r, "subject.approvals", &s.Approvals, int64(len(s.Approvers)))
	follows(r, "subject.approvals_on_head", &s.ApprovalsOnHead, "subject.approvals", func() int64 { return s.Approvals })
	usually(r, "subject.approvals_on_head", &s.ApprovalsOnHead, int64(len(s.ApproversOnHead)))
	usually(r, "subject.changes_requested_by", &s.ChangesRequestedBy, refused)
}

func (r *testReader) completeRecords(f *Facts) {
	if c := f.Comment; c != nil {
		usually(r, "comment.author", &c.Author, cmp.Or(f.Sender.Login, "octocat"))
		usually(r, "comment.author_bot", &c.AuthorBot, isApp(c.Author))
		usually(r, "comment.id", &c.ID, 1)
		usually(r, "comment.association", &c.Association, r.associationOf(f, c.Author))
		c.Review = f.Delivery.Event == "pull_request_review_comment"
	}
	if v := f.Review; v != nil {
		usually(r, "review.author", &v.Author, cmp.Or(f.Sender.Login, "octocat"))
		usually(r, "review.id", &v.ID, 1)
		usually(r, "review.state", &v.State, "commented")
		if f.Subject != nil {
			usually(r, "review.sha", &v.SHA, f.Subject.HeadSHA)
		}
		usually(r, "review.association", &v.Association, r.associationOf(f, v.Author))
	}
	if t := f.Thread; t != nil {
		usually(r, "thread.resolved", &t.Resolved, f.Delivery.Activity == "resolved")
	}
	if p := f.Push; p != nil {
		r.completePush(f, p)
	}
	if ref := f.Ref; ref != nil {
		usually(r, "ref.name", &ref.Name, cmp.Or(ref.Branch, cmp.Or(ref.Tag, "topic")))
		if ref.Tag == "" {
			usually(r, "ref.branch", &ref.Branch, ref.Name)
		}
	}
	if c := f.Check; c != nil {
		usually(r, "check.status", &c.Status, "completed")
		if c.Status == "completed" {
			usually(r, "check.conclusion", &c.Conclusion, "success")
		}
		usually(r, "check.sha", &c.SHA, testHead)
	}
	if w := f.Run; w != nil {
		usually(r, "workflow_run.id", &w.ID, 1)
		usually(r, "workflow_run.status", &w.Status, map[bool]string{true: "completed", false: "in_progress"}[f.Delivery.Activity == "completed"])
		if w.Status == "completed" {
			usually(r, "workflow_run.conclusion", &w.Conclusion, "success")
		}
		usually(r, "workflow_run.sha", &w.SHA, testHead)
		usually(r, "workflow_run.attempt", &w.Attempt, 1)
	}
	if g := f.MergeGroup; g != nil {
		usually(r, "merge_group.base", &g.Base, f.Repository.DefaultBranch)
		usually(r, "merge_group.sha", &g.SHA, testHead)
	}
	if d := f.Deployment; d != nil {
		usually(r, "deployment.id", &d.ID, 1)
		usually(r, "deployment.sha", &d.SHA, testHead)
	}
}

func (r *testReader) completePush(f *Facts, p *Push) {
	if p.Branch == "" && p.Tag == "" && p.Ref == "" {
		p.Branch = f.Repository.DefaultBranch
	}
	switch branch, ok := strings.CutPrefix(p.Ref, "refs/heads/"); {
	case ok:
		usually(r, "push.branch", &p.Branch, branch)
	case p.Ref != "":
		usually(r, "push.tag", &p.Tag, strings.TrimPrefix(p.Ref, "refs/tags/"))
	case p.Tag != "":
		p.Ref = "refs/tags/" + p.Tag
	default:
		p.Ref = "refs/heads/" + p.Branch
	}
	for i := range p.Files {
		if p.Files[i].Status == "" {
			p.Files[i].Status = "modified"
		}
	}
	const none = "0000000000000000000000000000000000000000"
	usually(r, "push.before", &p.Before, map[bool]string{false: testBase, true: none}[p.Created])
	usually(r, "push.after", &p.After, map[bool]string{false: testHead, true: none}[p.Deleted])
	if !p.Deleted {
		usually(r, "push.head_sha", &p.HeadSHA, p.After)
	}
	if len(p.Commits) > 0 {
		usually(r, "push.message", &p.Message, p.Commits[len(p.Commits)-1].Message)
	}
	usually(r, "push.pushed_by", &p.PushedBy, cmp.Or(f.Sender.Login, "octocat"))
}

// associationOf is what somebody is to the repository who writes: as the author where it is the author, else nothing.
func (r *testReader) associationOf(f *Facts, login string) string {
	if f.Subject != nil && f.Subject.Author == login {
		return f.Subject.Association
	}
	return "none"
}
