package githubtest

import (
	"maps"
	"net/http"
	"slices"
)

// Commit is one commit to push.
type Commit struct {
	Message string            // "Update FILE" when empty
	Files   map[string]string // whole contents by path
	Delete  []string          // paths to remove
}

func (s *Server) commitOn(parent *commit, c Commit, who *user) (*commit, error) {
	f := maps.Clone(parent.files)
	for _, path := range c.Delete {
		if _, exists := f[path]; !exists {
			return nil, problemf(http.StatusNotFound, "no file %q to delete", path)
		}
		delete(f, path)
	}
	message := c.Message
	for _, path := range slices.Sorted(maps.Keys(c.Files)) {
		f[path] = entry{"100644", s.git.putBlob([]byte(c.Files[path]))}
		if message == "" {
			message = "Update " + path
		}
	}
	by := s.sign(who)
	return s.git.putCommit(f, []string{parent.sha}, by, by, orDefault(message, "Update")), nil
}

// Push adds commits to a branch and pushes it. A branch that does not exist starts at the default branch. It returns the SHA
// of the newest commit.
func (v Visit) Push(branch string, commits ...Commit) (sha string, err error) {
	return v.push(branch, commits, func(r *repo) (*commit, error) {
		if sha := r.branch(branch); sha != "" {
			return v.s.git.commits[sha], nil
		}
		return v.at(r, r.defaultBranch)
	})
}

// ForcePush sets a branch to start (a branch, tag or SHA) and the commits on it.
func (v Visit) ForcePush(branch, start string, commits ...Commit) (sha string, err error) {
	return v.push(branch, commits, func(r *repo) (*commit, error) { return v.at(r, start) })
}

func (v Visit) push(branch string, commits []Commit, start func(*repo) (*commit, error)) (sha string, err error) {
	err = v.do(roleWrite, func(r *repo, who *user) error {
		at, err := start(r)
		if err != nil {
			return err
		}
		for _, c := range commits {
			if at, err = v.s.commitOn(at, c, who); err != nil {
				return err
			}
		}
		sha = at.sha
		v.s.moveRef(r, "refs/heads/"+branch, sha, who)
		return nil
	})
	return sha, err
}

// CreateBranch makes a branch at from (a branch, tag or SHA).
func (v Visit) CreateBranch(name, from string) error { return v.createRef("refs/heads/"+name, from) }

// CreateTag makes a tag at from.
func (v Visit) CreateTag(name, from string) error { return v.createRef("refs/tags/"+name, from) }

func (v Visit) createRef(ref, from string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		at, err := v.at(r, from)
		if err != nil {
			return err
		}
		if _, exists := r.refs[ref]; exists {
			return unprocessable("Reference already exists")
		}
		v.s.moveRef(r, ref, at.sha, who)
		return nil
	})
}

// DeleteBranch removes a branch; open pull requests from it are closed.
func (v Visit) DeleteBranch(name string) error {
	return v.do(roleWrite, func(r *repo, who *user) error { return v.s.deleteRef(r, "refs/heads/"+name, who) })
}

// DeleteTag removes a tag.
func (v Visit) DeleteTag(name string) error {
	return v.do(roleWrite, func(r *repo, who *user) error { return v.s.deleteRef(r, "refs/tags/"+name, who) })
}

// Fork copies the repository to the person's account and returns its full name.
func (v Visit) Fork() (name string, err error) {
	err = v.do(roleRead, func(r *repo, who *user) error {
		if v.s.findRepo(who.login, r.name) != nil {
			return unprocessable("%s has a repository %s already", who.login, r.name)
		}
		spec := r.spec
		spec.DefaultBranch = r.defaultBranch
		f := v.s.newRepo(who, r.name, spec)
		f.parent, f.refs = r, maps.Clone(r.refs)
		name = f.full()
		forkee := v.s.repoJSON(f, nil)
		forkee["language"], forkee["topics"] = nil, []any{} // not worked out yet
		v.s.emit(r, "fork", "", who, object{"forkee": forkee})
		return nil
	})
	return name, err
}
