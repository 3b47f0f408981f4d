package githubtest

import (
	"fmt"
	"net/http"
	"strings"
)

// Person is somebody at GitHub's web page, or with Git on their machine.
type Person struct {
	s     *Server
	login string
}

// As is the person or bot of that login.
func (s *Server) As(login string) Person { return Person{s, login} }

// On takes the person to a repository, "owner/name".
func (p Person) On(repository string) Visit { return Visit{p.s, p.login, repository} }

// CreateRepository adds a repository as the person, who must own its account: installations that have all repositories hear of
// it.
func (p Person) CreateRepository(spec RepositorySpec) error {
	owner, name, _ := strings.Cut(spec.FullName, "/")
	p.s.mu.Lock()
	o, who := p.s.findUser(owner), p.s.findUser(p.login)
	taken := p.s.findRepo(owner, name) != nil
	p.s.mu.Unlock()
	switch {
	case o == nil || who == nil || o != who && o.membership(who) != "admin":
		return problemf(http.StatusForbidden, "%s may not create repositories of %s", p.login, owner)
	case taken:
		return invalid("Repository", "name", "already_exists", "")
	}
	p.s.AddRepository(spec)
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	r := p.s.mustRepo(spec.FullName)
	for _, i := range p.s.installs {
		if i.account == o && i.selected == nil {
			p.s.emitSelection(i, nil, []*repo{r})
		}
	}
	p.s.emit(r, "repository", "created", who, object{})
	return nil
}

// Visit is a person at one repository. Each of its methods does what the web page does: it changes the state and sends the
// webhooks, or it returns GitHub's refusal.
type Visit struct {
	s     *Server
	login string
	repo  string
}

// On takes the same person to another repository.
func (v Visit) On(repository string) Visit { return Visit{v.s, v.login, repository} }

// CreateRepository is Person.CreateRepository.
func (v Visit) CreateRepository(spec RepositorySpec) error {
	return Person{v.s, v.login}.CreateRepository(spec)
}

// do runs a deed that takes at least the role need.
func (v Visit) do(need role, deed func(r *repo, who *user) error) error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	owner, name, _ := strings.Cut(v.repo, "/")
	r, who := v.s.findRepo(owner, name), v.s.findUser(v.login)
	switch {
	case r == nil:
		return problemf(http.StatusNotFound, "no repository %q", v.repo)
	case who == nil:
		return problemf(http.StatusNotFound, "no user %q", v.login)
	case r.archived && need > roleRead:
		return problemf(http.StatusForbidden, "Repository was archived so is read-only.")
	case v.s.roleOf(r, who) < need:
		return problemf(http.StatusForbidden, "%s needs %s permission in %s and has %s", who.login, need, r.full(),
			v.s.roleOf(r, who))
	}
	return deed(r, who)
}

// onIssue runs a deed on an issue or pull request. Its author may do with any role.
func (v Visit) onIssue(number int, need role, deed func(i *issue, who *user) error) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		i := r.issue(number)
		if i == nil {
			return problemf(http.StatusNotFound, "no issue or pull request #%d in %s", number, r.full())
		}
		if have := v.s.roleOf(r, who); have < need && who != i.author {
			return problemf(http.StatusForbidden, "%s needs %s permission in %s and has %s", who.login, need, r.full(), have)
		}
		return deed(i, who)
	})
}

func (v Visit) onPull(number int, need role, deed func(i *issue, who *user) error) error {
	return v.onIssue(number, need, func(i *issue, who *user) error {
		if i.pull == nil {
			return problemf(http.StatusNotFound, "#%d is no pull request", number)
		}
		return deed(i, who)
	})
}

// at finds the commit that people mean: "#7" is the head of a pull request, else a branch, tag or SHA.
func (v Visit) at(r *repo, ref string) (*commit, error) {
	var n int
	if _, err := fmt.Sscanf(ref, "#%d", &n); err == nil {
		if i := r.issue(n); i != nil && i.pull != nil {
			return v.s.git.commits[i.pull.headSHA], nil
		}
	}
	if c := v.s.resolve(r, ref); c != nil {
		return c, nil
	}
	return nil, problemf(http.StatusNotFound, "no commit %q in %s", ref, r.full())
}

func (v Visit) mayChange(r *repo, who, author *user) error {
	if who != author && v.s.roleOf(r, who) < roleWrite {
		return problemf(http.StatusForbidden, "%s may not change what %s wrote", who.login, author.login)
	}
	return nil
}

// Release is a release to make.
type Release struct {
	Tag, Target, Name, Body string
	Draft, Prerelease       bool
}

// CreateRelease makes a release, and its tag when that is missing.
func (v Visit) CreateRelease(l Release) (id int64, err error) {
	err = v.do(roleWrite, func(r *repo, who *user) error {
		made, err := v.s.newRelease(r, who, releaseIn(l))
		if err == nil {
			id = made.id
		}
		return err
	})
	return id, err
}

// SetArchived archives the repository or takes it out of the archive.
func (v Visit) SetArchived(archived bool) error {
	return v.do(roleRead, func(r *repo, who *user) error {
		if v.s.roleOf(r, who) < roleAdmin {
			return forbidden()
		}
		action := "unarchived"
		if archived {
			action = "archived"
		}
		r.archived, r.updated = archived, v.s.Now()
		v.s.emit(r, "repository", action, who, object{})
		return nil
	})
}

// Rename renames the repository.
func (v Visit) Rename(name string) error {
	return v.do(roleAdmin, func(r *repo, who *user) error {
		if v.s.findRepo(r.owner.login, name) != nil {
			return invalid("Repository", "name", "already_exists", "")
		}
		old := r.name
		r.former = append(r.former, r.full())
		r.name, r.updated = name, v.s.Now()
		v.s.emit(r, "repository", "renamed", who, object{"changes": object{"repository": object{"name": object{"from": old}}}})
		return nil
	})
}

// SetPrivate makes the repository private or public, and sends repository, and public where it became that.
func (v Visit) SetPrivate(private bool) error {
	return v.do(roleAdmin, func(r *repo, who *user) error {
		if r.private == private {
			return nil
		}
		r.private, r.updated = private, v.s.Now()
		if private {
			v.s.emit(r, "repository", "privatized", who, object{})
			return nil
		}
		v.s.emit(r, "repository", "publicized", who, object{})
		v.s.emit(r, "public", "", who, object{})
		return nil
	})
}

// AddCollaborator gives somebody a role and sends member.
func (v Visit) AddCollaborator(login, permission string) error {
	return v.do(roleAdmin, func(r *repo, who *user) error {
		u := v.s.findUser(login)
		if u == nil {
			return problemf(http.StatusNotFound, "no user %q", login)
		}
		role := mustRole(permission)
		r.collaborators = append(r.collaborators, collaborator{u, role})
		v.s.emit(r, "member", "added", who, object{"member": v.s.userJSON(u),
			"changes": object{"permission": object{"to": permission}}})
		return nil
	})
}

// Star stars the repository.
func (v Visit) Star() error {
	return v.do(roleRead, func(r *repo, who *user) error {
		v.s.emit(r, "star", "created", who, object{"starred_at": when(v.s.Now())})
		return nil
	})
}
