package githubtest

import (
	"net/http"
	"strings"
)

// PullRequest is a pull request to open.
type PullRequest struct {
	Title string
	Body  string
	Head  string // a branch, or "owner:branch" of a fork
	Base  string // the default branch when empty
	Draft bool
}

// OpenPullRequest opens a pull request and returns its number.
func (v Visit) OpenPullRequest(p PullRequest) (number int, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		i, err := v.s.openPull(r, who, p.Title, p.Body, p.Head, orDefault(p.Base, r.defaultBranch), p.Draft)
		if err == nil {
			number = i.number
		}
		return err
	})
	return number, err
}

// MarkReady makes a draft ready for review.
func (v Visit) MarkReady(number int) error { return v.setDraft(number, false) }

// ConvertToDraft makes a pull request a draft.
func (v Visit) ConvertToDraft(number int) error { return v.setDraft(number, true) }

func (v Visit) setDraft(number int, draft bool) error {
	return v.onPull(number, roleWrite, func(i *issue, who *user) error {
		v.s.setDraft(i, draft, who)
		return nil
	})
}

// CommentLine starts a thread at a line of a pull request and returns the comment's number.
func (v Visit) CommentLine(number int, path string, line int, body string) (id int64, err error) {
	err = v.onPull(number, roleRead, func(i *issue, who *user) error {
		k, err := v.s.reviewComment(i, nil, who, path, line, body)
		if err == nil {
			id = k.id
		}
		return err
	})
	return id, err
}

func (v Visit) onLine(id int64, deed func(k *reviewComment, who *user) error) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		k := r.reviewComment(id)
		if k == nil {
			return problemf(http.StatusNotFound, "no review comment %d in %s", id, r.full())
		}
		return deed(k, who)
	})
}

// ReplyLine answers a review comment.
func (v Visit) ReplyLine(to int64, body string) (id int64, err error) {
	err = v.onLine(to, func(first *reviewComment, who *user) error {
		k, err := v.s.addToThread(first.thread, nil, who, body, to)
		if err == nil {
			id = k.id
		}
		return err
	})
	return id, err
}

// Resolve marks the thread of a review comment as resolved, or not.
func (v Visit) Resolve(comment int64, resolved bool) error {
	return v.onLine(comment, func(k *reviewComment, who *user) error {
		v.s.resolveThread(k.thread, resolved, who)
		return nil
	})
}

// RequestReview asks people (logins) and teams ("@org/team") for a review.
func (v Visit) RequestReview(number int, reviewers ...string) error {
	return v.onPull(number, roleTriage, func(i *issue, who *user) error {
		var logins, slugs []string
		for _, name := range reviewers {
			if team, isTeam := strings.CutPrefix(name, "@"); isTeam {
				_, slug, _ := strings.Cut(team, "/")
				slugs = append(slugs, slug)
				continue
			}
			logins = append(logins, name)
		}
		return v.s.requestReviews(i, logins, slugs, who)
	})
}

// Approve, RequestChanges and CommentReview submit a review and return its number.
func (v Visit) Approve(number int, body string) (id int64, err error) {
	return v.review(number, "APPROVE", body)
}

// RequestChanges submits a review that asks for changes.
func (v Visit) RequestChanges(number int, body string) (id int64, err error) {
	return v.review(number, "REQUEST_CHANGES", body)
}

// CommentReview submits a review that only comments.
func (v Visit) CommentReview(number int, body string) (id int64, err error) {
	return v.review(number, "COMMENT", body)
}

func (v Visit) review(number int, event, body string) (id int64, err error) {
	err = v.onPull(number, roleRead, func(i *issue, who *user) error {
		r, err := v.s.review(i, who, event, body, "", false)
		if err == nil {
			id = r.id
		}
		return err
	})
	return id, err
}

// DismissReview takes a review's verdict away.
func (v Visit) DismissReview(number int, id int64) error {
	return v.onPull(number, roleWrite, func(i *issue, who *user) error {
		for _, r := range i.pull.reviews {
			if r.id == id {
				return v.s.dismiss(r, who)
			}
		}
		return notFound()
	})
}

// Merge merges a pull request by merge, squash or rebase and returns the commit on the base branch.
func (v Visit) Merge(number int, method string) (sha string, err error) {
	err = v.do(roleWrite, func(r *repo, who *user) error {
		i := r.issue(number)
		if i == nil || i.pull == nil {
			return notFound()
		}
		if err := v.s.merge(i, method, "", "", who); err != nil {
			return err
		}
		sha = i.pull.mergeSHA
		return nil
	})
	return sha, err
}

// UpdateBranch merges the base into a pull request's head.
func (v Visit) UpdateBranch(number int) error {
	return v.onPull(number, roleWrite, func(i *issue, who *user) error { return v.s.updateHead(i, who) })
}

// EnableAutoMerge lets GitHub merge once the base's demands are met.
func (v Visit) EnableAutoMerge(number int, method string) error {
	return v.onPull(number, roleWrite, func(i *issue, who *user) error { return v.s.enableAutoMerge(i, who, method, "", "") })
}

// Enqueue puts a pull request into the merge queue and returns the SHA that the queue wants checked.
func (v Visit) Enqueue(number int) (sha string, err error) {
	err = v.onPull(number, roleWrite, func(i *issue, who *user) error {
		g, err := v.s.enqueue(i, who)
		if err == nil {
			sha = g.sha
		}
		return err
	})
	return sha, err
}
