package githubtest

import (
	"slices"
	"time"
)

type release struct {
	id         int64
	node       string
	tag        string
	target     string
	name       string
	body       string
	draft      bool
	prerelease bool
	author     *user
	created    time.Time
	published  time.Time
}

var releaseRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/releases", "contents:read", (*call).listReleases},
	{"POST", "/repos/{owner}/{repo}/releases", "contents:write", (*call).createRelease},
	{"GET", "/repos/{owner}/{repo}/releases/latest", "contents:read", (*call).latestRelease},
	{"GET", "/repos/{owner}/{repo}/releases/tags/{tag+}", "contents:read", (*call).releaseByTag},
	{"GET", "/repos/{owner}/{repo}/releases/{id}", "contents:read", (*call).getRelease},
	{"PATCH", "/repos/{owner}/{repo}/releases/{id}", "contents:write", (*call).editRelease},
	{"DELETE", "/repos/{owner}/{repo}/releases/{id}", "contents:write", (*call).deleteRelease},
}

func (s *Server) releaseJSON(r *repo, l *release) object {
	url := r.url(s, "/releases/%d", l.id)
	return object{
		"url": url, "assets_url": url + "/assets", "upload_url": url + "/assets{?name,label}", "html_url": r.web(s,
			"/releases/tag/%s", l.tag),
		"id": l.id, "node_id": l.node, "tag_name": l.tag, "target_commitish": l.target, "name": orNull(l.name), "draft": l.draft,
		"prerelease": l.prerelease, "author": s.userJSON(l.author), "created_at": when(l.created), "published_at": when(l.published), "updated_at": when(l.created), "immutable": false,
		"assets": []any{}, "tarball_url": r.url(s, "/tarball/%s", l.tag), "zipball_url": r.url(s, "/zipball/%s",
			l.tag), "body": orNull(l.body),
	}
}

func (s *Server) emitRelease(r *repo, l *release, action string, who *user) {
	s.emit(r, "release", action, who, object{"release": s.releaseJSON(r, l)})
}

type releaseIn struct {
	Tag        string `json:"tag_name"`
	Target     string `json:"target_commitish"`
	Name, Body string
	Draft      bool
	Prerelease bool
}

// newRelease makes a release, and its tag when that is missing and the release is no draft.
func (s *Server) newRelease(r *repo, who *user, in releaseIn) (*release, error) {
	in.Target = orDefault(in.Target, r.defaultBranch)
	if in.Tag == "" {
		return nil, invalid("Release", "tag_name", "missing_field", "")
	}
	if s.resolve(r, in.Target) == nil {
		return nil, invalid("Release", "target_commitish", "invalid", "")
	}
	if slices.ContainsFunc(r.releases, func(l *release) bool { return l.tag == in.Tag && !l.draft }) {
		return nil, invalid("Release", "tag_name", "already_exists", "")
	}
	l := &release{
		id: s.id("release"), tag: in.Tag, target: in.Target, name: in.Name, body: in.Body, draft: in.Draft, prerelease: in.Prerelease,
		author: who, created: s.Now(),
	}
	l.node = s.node("RE", l.id, l)
	r.releases = append(r.releases, l)
	if l.draft {
		s.emitRelease(r, l, "created", who)
		return l, nil
	}
	s.publish(r, l, who)
	return l, nil
}

func (s *Server) publish(r *repo, l *release, who *user) {
	l.draft, l.published = false, s.Now()
	if _, exists := r.refs["refs/tags/"+l.tag]; !exists {
		s.moveRef(r, "refs/tags/"+l.tag, s.resolve(r, l.target).sha, who)
	}
	s.emitRelease(r, l, "published", who)
	if l.prerelease {
		s.emitRelease(r, l, "prereleased", who)
		return
	}
	s.emitRelease(r, l, "released", who)
}

func (c *call) listReleases() answer {
	list := slices.Clone(c.repo.releases)
	slices.Reverse(list)
	return ok(each(page(c, list), func(l *release) object { return c.s.releaseJSON(c.repo, l) }))
}

func (c *call) createRelease() answer {
	var in releaseIn
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	l, err := c.s.newRelease(c.repo, c.who, in)
	if err != nil {
		return failed(err)
	}
	return created(c.s.releaseJSON(c.repo, l))
}

func (c *call) findRelease(want func(*release) bool) answer {
	for _, l := range slices.Backward(c.repo.releases) {
		if want(l) {
			return ok(c.s.releaseJSON(c.repo, l))
		}
	}
	return notFound().answer()
}

func (c *call) latestRelease() answer {
	return c.findRelease(func(l *release) bool { return !l.draft && !l.prerelease })
}

func (c *call) releaseByTag() answer {
	return c.findRelease(func(l *release) bool { return !l.draft && l.tag == c.vars["tag"] })
}

func (c *call) getRelease() answer {
	return c.findRelease(func(l *release) bool { return l.id == c.number("id") })
}

func (c *call) editRelease() answer {
	k := slices.IndexFunc(c.repo.releases, func(l *release) bool { return l.id == c.number("id") })
	if k < 0 {
		return notFound().answer()
	}
	l := c.repo.releases[k]
	in := releaseIn{Tag: l.tag, Target: l.target, Name: l.name, Body: l.body, Draft: l.draft, Prerelease: l.prerelease}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	l.tag, l.target, l.name, l.body, l.prerelease = in.Tag, in.Target, in.Name, in.Body, in.Prerelease
	if l.draft && !in.Draft {
		c.s.publish(c.repo, l, c.who)
	} else {
		c.s.emit(c.repo, "release", "edited", c.who, object{"release": c.s.releaseJSON(c.repo, l), "changes": object{}})
	}
	return ok(c.s.releaseJSON(c.repo, l))
}

func (c *call) deleteRelease() answer {
	for _, l := range c.repo.releases {
		if l.id == c.number("id") {
			c.repo.releases = without(c.repo.releases, l)
			c.s.emitRelease(c.repo, l, "deleted", c.who)
			return noContent()
		}
	}
	return notFound().answer()
}
