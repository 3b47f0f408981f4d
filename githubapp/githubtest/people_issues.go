package githubtest

import (
	"net/http"
)

// OpenIssue opens an issue. People without triage permission cannot put labels on; GitHub drops theirs.
func (v Visit) OpenIssue(title, body string, labels ...string) (number int, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		if v.s.roleOf(r, who) < roleTriage {
			labels = nil
		}
		i, err := v.s.openIssue(r, who, title, body, labels, nil, nil)
		if err == nil {
			number = i.number
		}
		return err
	})
	return number, err
}

// Edit is a change of title, body or base; nil leaves one alone.
type Edit struct{ Title, Body, Base *string }

// Edit changes an issue or pull request.
func (v Visit) Edit(number int, e Edit) error {
	return v.onIssue(number, roleWrite, func(i *issue, who *user) error {
		if e.Base != nil && i.pull != nil {
			if err := v.s.setBase(i, *e.Base, who); err != nil {
				return err
			}
		}
		return v.s.edit(i, e.Title, e.Body, who)
	})
}

// Retitle changes the title of an issue or pull request.
func (v Visit) Retitle(number int, title string) error { return v.Edit(number, Edit{Title: &title}) }

// Close closes an issue (as completed) or pull request.
func (v Visit) Close(number int) error { return v.CloseAs(number, "completed") }

// CloseAs closes an issue with a reason: completed, not_planned or duplicate.
func (v Visit) CloseAs(number int, reason string) error {
	return v.onIssue(number, roleTriage, func(i *issue, who *user) error { return v.s.setState(i, "closed", reason, who) })
}

// Reopen reopens an issue or pull request.
func (v Visit) Reopen(number int) error {
	return v.onIssue(number, roleTriage, func(i *issue, who *user) error { return v.s.setState(i, "open", "", who) })
}

// Comment comments on an issue or pull request and returns the comment's number.
func (v Visit) Comment(number int, body string) (id int64, err error) {
	err = v.onIssue(number, roleRead, func(i *issue, who *user) error {
		k, err := v.s.comment(i, who, body)
		if err == nil {
			id = k.id
		}
		return err
	})
	return id, err
}

func (v Visit) onComment(id int64, deed func(k *comment, who *user) error) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		k := r.comment(id)
		if k == nil {
			return problemf(http.StatusNotFound, "no comment %d in %s", id, r.full())
		}
		return deed(k, who)
	})
}

// EditComment rewrites a comment.
func (v Visit) EditComment(id int64, body string) error {
	return v.onComment(id, func(k *comment, who *user) error {
		if err := v.mayChange(k.repo, who, k.author); err != nil {
			return err
		}
		return v.s.rewrite(k, who, body)
	})
}

// DeleteComment removes a comment.
func (v Visit) DeleteComment(id int64) error {
	return v.onComment(id, func(k *comment, who *user) error {
		if err := v.mayChange(k.repo, who, k.author); err != nil {
			return err
		}
		v.s.removeComment(k, who)
		return nil
	})
}

// CommentCommit comments on a commit (a branch, tag, SHA or "#7").
func (v Visit) CommentCommit(ref, body string) (id int64, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		at, err := v.at(r, ref)
		if err != nil {
			return err
		}
		k, err := v.s.commentCommit(r, at.sha, who, body)
		if err == nil {
			id = k.id
		}
		return err
	})
	return id, err
}

// Label puts labels on an issue or pull request.
func (v Visit) Label(number int, names ...string) error {
	return v.do(roleTriage, func(r *repo, who *user) error {
		i := r.issue(number)
		if i == nil {
			return notFound()
		}
		return v.s.addLabels(i, names, who)
	})
}

// Unlabel takes labels off.
func (v Visit) Unlabel(number int, names ...string) error {
	return v.do(roleTriage, func(r *repo, who *user) error {
		i := r.issue(number)
		if i == nil {
			return notFound()
		}
		for _, name := range names {
			if err := v.s.removeLabel(i, name, who); err != nil {
				return err
			}
		}
		return nil
	})
}

// CreateLabel adds a label to the repository; color is six hexadecimal digits.
func (v Visit) CreateLabel(name, color, description string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		if err := checkLabel(r, name, color, description, nil); err != nil {
			return err
		}
		l := v.s.addLabel(r, name, color, description)
		v.s.emit(r, "label", "created", who, object{"label": v.s.labelJSON(r, l)})
		return nil
	})
}

// Assign assigns people.
func (v Visit) Assign(number int, logins ...string) error {
	return v.onIssue(number, roleTriage, func(i *issue, who *user) error {
		people, err := v.s.assignable(i.repo, logins)
		if err == nil {
			v.s.assign(i, people, who)
		}
		return err
	})
}

// Unassign takes people off.
func (v Visit) Unassign(number int, logins ...string) error {
	return v.onIssue(number, roleTriage, func(i *issue, who *user) error {
		people, err := v.s.assignable(i.repo, logins)
		if err == nil {
			v.s.unassign(i, people, who)
		}
		return err
	})
}

// SetMilestone puts an issue into the milestone of that title, made when new; "" takes it out.
func (v Visit) SetMilestone(number int, title string) error {
	return v.onIssue(number, roleTriage, func(i *issue, who *user) error {
		if title == "" {
			v.s.setMilestone(i, nil, who)
			return nil
		}
		for _, m := range i.repo.milestones {
			if m.title == title {
				v.s.setMilestone(i, m, who)
				return nil
			}
		}
		m, err := v.s.newMilestone(i.repo, who, title, "")
		if err == nil {
			v.s.setMilestone(i, m, who)
		}
		return err
	})
}

// Lock locks a conversation; reason is "", off-topic, too heated, resolved or spam.
func (v Visit) Lock(number int, reason string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		if i := r.issue(number); i != nil {
			return v.s.lock(i, reason, who)
		}
		return notFound()
	})
}

// Unlock unlocks a conversation.
func (v Visit) Unlock(number int) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		i := r.issue(number)
		if i == nil {
			return notFound()
		}
		v.s.unlock(i, who)
		return nil
	})
}

// React reacts to an issue or pull request; content as in REST, such as "+1" or "eyes".
func (v Visit) React(number int, content string) error {
	return v.onIssue(number, roleRead, func(i *issue, who *user) error {
		_, _, err := v.s.react(&i.reactions, who, content)
		return err
	})
}

// ReactToComment reacts to a comment.
func (v Visit) ReactToComment(id int64, content string) error {
	return v.onComment(id, func(k *comment, who *user) error {
		_, _, err := v.s.react(&k.reactions, who, content)
		return err
	})
}
