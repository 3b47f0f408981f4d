package githubtest

import (
	"fmt"
	"slices"
	"strings"
)

// mergeGroup is one pull request on its way through the merge queue.
type mergeGroup struct {
	issue  *issue
	sha    string
	ref    string
	base   string
	method string
	by     *user
}

// enableAutoMerge lets GitHub merge i by itself once the base's demands are met.
func (s *Server) enableAutoMerge(i *issue, who *user, method, title, message string) error {
	p := i.pull
	_, state := s.mergeState(p)
	switch {
	case !i.repo.spec.AutoMerge:
		return unprocessable("Pull request Auto merge is not allowed for this repository")
	case i.state != "open":
		return unprocessable("Pull request is closed")
	case state == "clean" || state == "unstable":
		return unprocessable("Pull request Pull request is in %s status", state)
	}
	p.autoMerge = &autoMerge{by: who, method: method, title: title, message: message, since: s.Now()}
	s.emitPull(i, "auto_merge_enabled", who, nil)
	return nil
}

func (s *Server) disableAutoMerge(i *issue, who *user, reason string) error {
	if i.pull.autoMerge == nil {
		return unprocessable("Can't disable auto-merge for this pull request.")
	}
	i.pull.autoMerge = nil
	s.emitPull(i, "auto_merge_disabled", who, object{"reason": reason})
	return nil
}

// stopAutoMerge ends auto-merge when somebody without write permission pushed to the head.
func (s *Server) stopAutoMerge(i *issue, who *user) {
	if i.pull.autoMerge != nil && s.roleOf(i.repo, who) < roleWrite {
		s.disableAutoMerge(i, who, "Head branch was pushed to by a user without write access")
	}
}

// tryAutoMerge merges i if it is set to merge by itself and nothing stands in the way any more.
func (s *Server) tryAutoMerge(i *issue) {
	a := i.pull.autoMerge
	if a == nil || i.state != "open" {
		return
	}
	if _, state := s.mergeState(i.pull); state == "clean" || state == "unstable" {
		s.merge(i, a.method, a.title, a.message, a.by)
	}
}

// enqueue puts i into the merge queue and asks for the checks of the merged result.
func (s *Server) enqueue(i *issue, who *user) (*mergeGroup, error) {
	p := i.pull
	switch {
	case !i.repo.spec.MergeQueue:
		return nil, unprocessable("Pull request Merge queue is not enabled for this branch")
	case i.state != "open" || p.draft:
		return nil, unprocessable("Pull request is closed or a draft")
	case p.queued != nil:
		return nil, unprocessable("Pull request is already in the queue")
	}
	base := p.base()
	merged, conflicts := s.git.tryMerge(base, p.headSHA)
	if len(conflicts) > 0 {
		return nil, unprocessable("Pull request has merge conflicts")
	}
	made, err := s.mergeCommit(i, "merge", "", "", base, merged, who)
	if err != nil {
		return nil, err
	}
	g := &mergeGroup{
		issue: i, sha: made, base: base, method: "merge", by: who,
		ref: fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", p.baseRef, i.number, base),
	}
	p.queued = g
	i.repo.groups = append(i.repo.groups, g)
	i.repo.refs[g.ref] = made
	s.emitPull(i, "enqueued", who, nil)
	s.emit(i.repo, "merge_group", "checks_requested", who, object{"merge_group": s.groupJSON(g)})
	return g, nil
}

func (s *Server) groupJSON(g *mergeGroup) object {
	return object{
		"head_sha": g.sha, "head_ref": g.ref, "base_sha": g.base, "base_ref": "refs/heads/" + g.issue.pull.baseRef,
		"head_commit": s.simpleCommit(s.git.commits[g.sha]),
	}
}

// tryGroup merges a group whose required checks are green, and drops one whose required checks are red.
func (s *Server) tryGroup(g *mergeGroup) {
	r, p := g.issue.repo, g.issue.pull
	for _, name := range r.protections[p.baseRef].Checks {
		switch s.checkState(r, g.sha, name) {
		case "SUCCESS":
		case "FAILURE", "ERROR":
			s.endGroup(g, "dequeued")
			s.emitPull(g.issue, "dequeued", g.by, object{"reason": "CI_FAILURE"})
			return
		default:
			return
		}
	}
	s.markMerged(g.issue, g.sha, g.by)
	s.moveRef(r, "refs/heads/"+p.baseRef, g.sha, g.by)
	s.endGroup(g, "merged")
}

// endGroup destroys a group: reason is merged, invalidated or dequeued.
func (s *Server) endGroup(g *mergeGroup, reason string) {
	r := g.issue.repo
	r.groups = slices.DeleteFunc(r.groups, func(o *mergeGroup) bool { return o == g })
	delete(r.refs, g.ref)
	g.issue.pull.queued = nil
	s.emit(r, "merge_group", "destroyed", g.by, object{"reason": reason, "merge_group": s.groupJSON(g)})
}

// mergeMethod is REST's name of a GraphQL PullRequestMergeMethod.
func mergeMethod(name string) (string, error) {
	switch name {
	case "", "MERGE", "SQUASH", "REBASE":
		return strings.ToLower(orDefault(name, "MERGE")), nil
	}
	return "", unprocessable("Argument 'mergeMethod' has an invalid value (%s). Expected type 'PullRequestMergeMethod'.", name)
}
