package githubtest

import (
	"net/http"
)

// OpenDiscussion opens a discussion in a category and returns its number.
func (v Visit) OpenDiscussion(category, title, body string) (number int, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		d, err := v.s.openDiscussion(r, who, category, title, body)
		if err == nil {
			number = d.number
		}
		return err
	})
	return number, err
}

func (v Visit) onDiscussion(number int, deed func(d *discussion, who *user) error) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		d := r.discussion(number)
		if d == nil {
			return problemf(http.StatusNotFound, "no discussion #%d in %s", number, r.full())
		}
		return deed(d, who)
	})
}

// CommentDiscussion comments on a discussion.
func (v Visit) CommentDiscussion(number int, body string) (id int64, err error) {
	err = v.onDiscussion(number, func(d *discussion, who *user) error {
		k, err := v.s.commentDiscussion(d, who, body, nil)
		if err == nil {
			id = k.id
		}
		return err
	})
	return id, err
}

// AnswerDiscussion marks a comment as the answer.
func (v Visit) AnswerDiscussion(number int, comment int64) error {
	return v.onDiscussion(number, func(d *discussion, who *user) error {
		for _, k := range d.comments {
			if k.id == comment {
				v.s.answerDiscussion(k, who)
				return nil
			}
		}
		return notFound()
	})
}

// CloseDiscussion closes a discussion as resolved.
func (v Visit) CloseDiscussion(number int) error {
	return v.onDiscussion(number, func(d *discussion, who *user) error {
		v.s.closeDiscussion(d, who, "")
		return nil
	})
}

// LabelDiscussion puts a label of the repository on a discussion.
func (v Visit) LabelDiscussion(number int, name string) error {
	return v.onDiscussion(number, func(d *discussion, who *user) error {
		l := d.repo.label(name)
		if l == nil {
			return problemf(http.StatusNotFound, "no label %q", name)
		}
		v.s.labelDiscussion(d, l, who)
		return nil
	})
}
