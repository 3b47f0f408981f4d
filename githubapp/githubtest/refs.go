package githubtest

import (
	"maps"
	"slices"
	"strings"
)

// moveRef points ref at sha ("" deletes it) on behalf of who, and does what follows from that: webhooks, new check suites,
// pull requests that move on or turn out to be merged.
func (s *Server) moveRef(r *repo, ref, sha string, who *user) {
	before, existed := r.refs[ref]
	if before == sha && existed {
		return
	}
	if sha == "" {
		delete(r.refs, ref)
	} else {
		r.refs[ref] = sha
	}
	r.pushed, r.updated = s.Now(), s.Now()
	branch, isBranch := strings.CutPrefix(ref, "refs/heads/")
	s.emitPush(r, ref, before, sha, who)
	name, kind := strings.TrimPrefix(ref, "refs/tags/"), "tag"
	if isBranch {
		name, kind = branch, "branch"
	}
	switch {
	case !existed:
		s.emit(r, "create", "", who, object{"ref": name, "ref_type": kind, "master_branch": r.defaultBranch,
			"description": orNull(r.spec.Description), "pusher_type": "user"})
	case sha == "":
		s.emit(r, "delete", "", who, object{"ref": name, "ref_type": kind, "pusher_type": "user"})
	}
	if isBranch && sha != "" {
		s.pushSuites(r, branch, before, sha, who)
		s.follow(r, branch, before, sha, who)
	}
	if isBranch && sha == "" {
		s.closeOrphans(r, branch, who)
	}
}

// follow moves the pull requests of a branch that was pushed to.
func (s *Server) follow(r *repo, branch, before, sha string, who *user) {
	for _, i := range s.openPulls() {
		p := i.pull
		if p.headRepo == r && p.headRef == branch && p.headSHA != sha {
			p.headSHA, i.updated = sha, s.Now()
			s.emitPull(i, "synchronize", who, object{"before": before, "after": sha})
			s.stopAutoMerge(i, who)
		}
		if i.repo == r && p.baseRef == branch && s.git.ancestors(sha)[p.headSHA] {
			s.markMerged(i, sha, who)
		}
	}
}

// closeOrphans closes the open pull requests whose head branch is gone.
func (s *Server) closeOrphans(r *repo, branch string, who *user) {
	for _, i := range s.openPulls() {
		if (i.pull.headRepo == r && i.pull.headRef == branch) || (i.repo == r && i.pull.baseRef == branch) {
			s.setState(i, "closed", "", who)
		}
	}
}

func (s *Server) openPulls() []*issue {
	var out []*issue
	for _, r := range s.repos {
		for _, i := range r.issues {
			if i.pull != nil && i.state == "open" {
				out = append(out, i)
			}
		}
	}
	return out
}

// emitPush sends push for a ref that moved. At most 2,048 commits are named, as on GitHub.
func (s *Server) emitPush(r *repo, ref, before, after string, who *user) {
	var list []*commit
	forced := false
	switch {
	case after == "":
	case before == "":
		base := r.branch(r.defaultBranch)
		if strings.HasPrefix(ref, "refs/heads/") && base != after {
			list = s.git.between(base, after)
		}
	default:
		list = s.git.between(before, after)
		forced = !s.git.ancestors(after)[before]
	}
	if len(list) > 2048 {
		list = list[len(list)-2048:]
	}
	var head any
	if c := s.git.commits[s.peel(after)]; c != nil {
		head = s.pushCommit(r, c)
	}
	created, deleted := before == "", after == ""
	if before == "" {
		before = zeroSHA
	}
	if after == "" {
		after = zeroSHA
	}
	repo := s.repoJSON(r, nil)
	// In push payloads these two are seconds, and the repository says a few things twice.
	repo["created_at"], repo["pushed_at"] = r.created.Unix(), r.pushed.Unix()
	repo["stargazers"], repo["master_branch"] = 0, r.defaultBranch
	owner := maps.Clone(repo["owner"].(object))
	owner["name"], owner["email"] = r.owner.login, nil
	repo["owner"] = owner
	if r.owner.isOrg() {
		repo["organization"] = r.owner.login
	}
	s.emit(r, "push", "", who, object{
		"ref": ref, "before": before, "after": after, "created": created, "deleted": deleted, "forced": forced, "base_ref": nil,
		"compare": r.web(s, "/compare/%s...%s", before[:12], after[:12]), "head_commit": head, "repository": repo,
		"commits": each(list, func(c *commit) object { return s.pushCommit(r, c) }),
		"pusher":  object{"name": who.login, "email": s.sign(who).email},
	})
}

// pushCommit is a commit as push payloads tell it, with the paths it touches.
func (s *Server) pushCommit(r *repo, c *commit) object {
	added, removed, modified := []string{}, []string{}, []string{}
	parent := ""
	if len(c.parents) > 0 {
		parent = c.parents[0]
	}
	for _, f := range s.git.changes(parent, c.sha) {
		switch f.status {
		case "added":
			added = append(added, f.path)
		case "removed":
			removed = append(removed, f.path)
		case "renamed":
			added, removed = append(added, f.path), append(removed, f.previous)
		default:
			modified = append(modified, f.path)
		}
	}
	slices.Sort(added)
	o := s.simpleCommit(c)
	o["distinct"], o["url"] = true, r.web(s, "/commit/%s", c.sha)
	o["added"], o["removed"], o["modified"] = added, removed, modified
	return o
}

// simpleCommit is the "simple commit" of check suites and workflow runs.
func (s *Server) simpleCommit(c *commit) object {
	return object{
		"id": c.sha, "tree_id": c.tree, "message": c.message, "timestamp": when(c.committer.when),
		"author": pusher(c.author), "committer": pusher(c.committer),
	}
}

func pusher(by signature) object {
	o := object{"name": by.name, "email": by.email, "date": when(by.when)}
	if by.user != nil {
		o["username"] = by.user.login
	}
	return o
}
