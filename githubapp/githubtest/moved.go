package githubtest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A repository that was renamed or transferred is found under its former names until another takes them: GraphQL follows by
// itself, REST answers 301, or 307 to what is no read, with the same address under /repositories/ID.
// https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects

// findMoved is findRepo, by a former name too.
func (s *Server) findMoved(owner, name string) *repo {
	if r := s.findRepo(owner, name); r != nil {
		return r
	}
	for _, r := range s.repos {
		for _, former := range r.former {
			if strings.EqualFold(former, owner+"/"+name) {
				return r
			}
		}
	}
	return nil
}

// canonical is the address of a request with the repository's name in place of /repositories/ID, which the descriptions and
// the endpoints do not know.
func (s *Server) canonical(u *url.URL) *url.URL {
	path := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	if len(path) < 3 || path[0] != "repositories" {
		return u
	}
	id, err := strconv.ParseInt(path[1], 10, 64)
	if err != nil {
		return u
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.repos {
		if r.id == id {
			to := *u
			to.RawPath = "/repos/" + r.full() + "/" + strings.Join(path[2:], "/")
			to.Path, _ = url.PathUnescape(to.RawPath)
			return &to
		}
	}
	return u
}

// moved answers a request for a repository under a former name, or returns nil.
func (c *call) moved() *problem {
	r := c.s.findMoved(c.vars["owner"], c.vars["repo"])
	if r == nil || r == c.s.findRepo(c.vars["owner"], c.vars["repo"]) {
		return nil
	}
	p := problemf(http.StatusMovedPermanently, "Moved Permanently")
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		p = problemf(http.StatusTemporaryRedirect, "Temporary Redirect")
	}
	to := *c.r.URL
	path := strings.Split(strings.TrimPrefix(to.EscapedPath(), "/"), "/")
	to.RawPath = "/repositories/" + itoa(r.id) + "/" + strings.Join(path[3:], "/")
	to.Path, _ = url.PathUnescape(to.RawPath)
	p.header.Set("Location", strings.TrimSuffix(c.s.URL, "/")+to.RequestURI())
	return p
}

// Transfer gives the repository to another account, with all that is in it.
func (v Visit) Transfer(account string) error {
	return v.do(roleAdmin, func(r *repo, who *user) error {
		to := v.s.findUser(account)
		if to == nil {
			return problemf(http.StatusNotFound, "no account %q", account)
		}
		from := r.owner
		r.former = append(r.former, r.full())
		r.owner, r.updated = to, v.s.Now()
		v.s.emit(r, "repository", "transferred", who, object{"changes": object{"owner": object{"from": object{"user": v.s.userJSON(from)}}}})
		return nil
	})
}
