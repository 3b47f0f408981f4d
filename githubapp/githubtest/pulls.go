package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// pull is what a pull request has beyond an issue.
type pull struct {
	id            int64
	node          string
	issue         *issue
	draft         bool
	headRepo      *repo // nil when the fork is gone
	headRef       string
	headSHA       string
	baseRef       string
	baseSHA       string // tip of the base when it was merged or closed; see base
	merged        bool
	mergedAt      time.Time
	readyAt       time.Time // when it was marked ready for review last
	mergedBy      *user
	mergeSHA      string
	reviewers     []*user // asked for a review and still to give it
	teamReviewers []*team
	reviews       []*review
	threads       []*thread
	autoMerge     *autoMerge
	queued        *mergeGroup
	maintainer    bool // whether maintainers may push to the fork's branch
}

type autoMerge struct {
	by      *user
	method  string // merge, squash or rebase
	title   string
	message string
	since   time.Time
}

// openPull opens a pull request. Head is a branch of r, or "owner:branch" of a fork.
func (s *Server) openPull(r *repo, who *user, title, body, head, base string, draft bool) (*issue, error) {
	if err := checkTitle("PullRequest", title, body); err != nil {
		return nil, err
	}
	headRepo, headRef := s.headOf(r, head)
	switch {
	case headRepo == nil || headRepo.branch(headRef) == "":
		return nil, invalid("PullRequest", "head", "invalid", "")
	case r.branch(base) == "":
		return nil, invalid("PullRequest", "base", "invalid", "")
	}
	sha := headRepo.branch(headRef)
	if len(s.git.between(r.branch(base), sha)) == 0 {
		return nil, invalid("PullRequest", "head", "custom", fmt.Sprintf("No commits between %s and %s", base, head))
	}
	for _, i := range r.issues {
		if p := i.pull; p != nil && i.state == "open" && p.headRepo == headRepo && p.headRef == headRef && p.baseRef == base {
			return nil, invalid("PullRequest", "", "custom", fmt.Sprintf("A pull request already exists for %s:%s.",
				headRepo.owner.login, headRef))
		}
	}
	i := s.newIssue(r, title, body, who)
	i.pull = &pull{
		id: s.id("pull"), issue: i, draft: draft, headRepo: headRepo, headRef: headRef, headSHA: sha, baseRef: base, baseSHA: r.branch(base),
		maintainer: headRepo != r,
	}
	i.pull.node = s.node("PR", i.pull.id, i)
	i.relation = "FIRST_TIME_CONTRIBUTOR"
	if who.kind == "Bot" {
		i.relation = "NONE"
	}
	s.emitPull(i, "opened", who, nil)
	return i, nil
}

func (s *Server) headOf(r *repo, head string) (*repo, string) {
	owner, ref, isFork := strings.Cut(head, ":")
	if !isFork || strings.EqualFold(owner, r.owner.login) {
		return r, strings.TrimPrefix(head, owner+":")
	}
	for _, f := range s.repos {
		if f.parent == r && strings.EqualFold(f.owner.login, owner) {
			return f, ref
		}
	}
	return nil, ref
}

// base is the commit that p is compared with: the tip of its base while it is open.
func (p *pull) base() string {
	if sha := p.issue.repo.branch(p.baseRef); sha != "" && p.issue.state == "open" {
		return sha
	}
	return p.baseSHA
}

// pullFiles is what p changes: from where it left its base to its head.
func (s *Server) pullFiles(p *pull) []fileChange {
	return s.git.changes(s.git.mergeBase(p.base(), p.headSHA), p.headSHA)
}

func (s *Server) pullCommits(p *pull) []*commit { return s.git.between(p.base(), p.headSHA) }

// mergeState tells whether p can be merged ("" when GitHub does not know yet) and its state as REST names it.
func (s *Server) mergeState(p *pull) (mergeable, state string) {
	if p.issue.state != "open" || s.mergeWait {
		return "", "unknown"
	}
	if _, conflicts := s.git.tryMerge(p.base(), p.headSHA); len(conflicts) > 0 {
		return "false", "dirty"
	}
	rule := p.issue.repo.protections[p.baseRef]
	switch {
	case p.draft:
		state = "draft"
	case s.unmet(p) != "":
		state = "blocked"
	case rule.Strict && len(s.git.between(p.headSHA, p.base())) > 0:
		state = "behind"
	case !slices.Contains([]string{"", "SUCCESS"}, s.rollup(p.issue.repo, p.headSHA)):
		state = "unstable"
	default:
		state = "clean"
	}
	return "true", state
}

// unmet says which demand of the base branch p does not meet yet, or "".
func (s *Server) unmet(p *pull) string {
	rule := p.issue.repo.protections[p.baseRef]
	if rule.Approvals > 0 && s.reviewDecision(p) != "APPROVED" {
		if s.reviewDecision(p) == "CHANGES_REQUESTED" {
			return "Changes have been requested."
		}
		return fmt.Sprintf("At least %d approving review is required by reviewers with write access.", rule.Approvals)
	}
	for _, name := range rule.Checks {
		if state := s.checkState(p.issue.repo, p.headSHA, name); state != "SUCCESS" {
			return fmt.Sprintf("Required status check %q is expected.", name)
		}
	}
	return ""
}

var pullRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read", (*call).listPulls},
	{"POST", "/repos/{owner}/{repo}/pulls", "pull_requests:write", (*call).createPull},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}", "pull_requests:read", (*call).getPull},
	{"PATCH", "/repos/{owner}/{repo}/pulls/{number}", "pull_requests:write", (*call).editPull},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/files", "pull_requests:read", (*call).listPullFiles},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/commits", "pull_requests:read", (*call).listPullCommits},
	{"GET", "/repos/{owner}/{repo}/pulls/{number}/merge", "contents:read|pull_requests:read", (*call).isMerged},
	{"PUT", "/repos/{owner}/{repo}/pulls/{number}/merge", "contents:write", (*call).mergePull},
	{"PUT", "/repos/{owner}/{repo}/pulls/{number}/update-branch", "pull_requests:write|contents:write", (*call).updateBranch},
	{"GET", "/repos/{owner}/{repo}/commits/{ref+}/pulls", "pull_requests:read|contents:read", (*call).listPullsOfCommit},
}

func (s *Server) branchSide(r *repo, ref, sha string) object {
	o := object{"label": nil, "ref": ref, "sha": sha, "user": nil, "repo": nil}
	if r != nil {
		o["label"], o["user"], o["repo"] = r.owner.login+":"+ref, s.userJSON(r.owner), s.repoJSON(r, nil)
	}
	return o
}

// pullBrief is a pull request as lists tell it.
func (s *Server) pullBrief(i *issue) object {
	p := i.pull
	url, page := i.repo.url(s, "/pulls/%d", i.number), s.issuePage(i)
	statuses := i.repo.url(s, "/statuses/%s", p.headSHA)
	o := s.issueJSON(i)
	for _, only := range []string{"pull_request", "repository_url", "labels_url", "events_url", "timeline_url", "comments",
		"reactions",
		"performed_via_github_app", "state_reason", "closed_by"} {
		delete(o, only)
	}
	links := object{}
	for name, href := range map[string]string{
		"self": url, "html": page, "issue": s.issueURL(i), "comments": s.issueURL(i) + "/comments", "review_comments": url + "/comments",
		"review_comment": i.repo.url(s, "/pulls/comments{/number}"), "commits": url + "/commits", "statuses": statuses,
	} {
		links[name] = object{"href": href}
	}
	mergeSHA := p.mergeSHA
	if m, _ := s.mergeState(p); m == "true" {
		mergeSHA = gitSHA("commit", []byte("merge "+p.headSHA+" into "+p.base()))
	}
	own := object{
		"url": url, "id": p.id, "node_id": p.node, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch",
		"issue_url": s.issueURL(i), "commits_url": url + "/commits", "review_comments_url": url + "/comments",
		"review_comment_url": i.repo.url(s,
			"/pulls/comments{/number}"), "comments_url": s.issueURL(i) + "/comments", "statuses_url": statuses,
		"merged_at": when(p.mergedAt), "merge_commit_sha": orNull(mergeSHA), "requested_reviewers": s.usersJSON(p.reviewers),
		"requested_teams": each(p.teamReviewers, s.teamJSON), "head": s.branchSide(p.headRepo, p.headRef, p.headSHA),
		"base": s.branchSide(i.repo, p.baseRef, p.base()), "_links": links, "draft": p.draft, "auto_merge": s.autoMergeJSON(p),
	}
	maps.Copy(o, own)
	return o
}

func (s *Server) autoMergeJSON(p *pull) any {
	a := p.autoMerge
	if a == nil {
		return nil
	}
	return object{"enabled_by": s.userJSON(a.by), "merge_method": a.method, "commit_title": a.title, "commit_message": a.message}
}

// pullJSON is a whole pull request.
func (s *Server) pullJSON(i *issue) object {
	p := i.pull
	o := s.pullBrief(i)
	mergeable, state := s.mergeState(p)
	switch mergeable {
	case "true":
		o["mergeable"] = true
	case "false":
		o["mergeable"] = false
	default:
		o["mergeable"] = nil
	}
	changed := s.pullFiles(p)
	added, removed := lineCounts(changed)
	reviewComments := 0
	for _, t := range p.threads {
		reviewComments += len(t.comments)
	}
	o["merged"], o["mergeable_state"], o["merged_by"] = p.merged, state, s.userJSON(p.mergedBy)
	o["rebaseable"] = o["mergeable"]
	o["comments"], o["review_comments"], o["maintainer_can_modify"] = len(i.comments), reviewComments, p.maintainer
	o["commits"], o["additions"], o["deletions"], o["changed_files"] = len(s.pullCommits(p)), added, removed, len(changed)
	return o
}

// emitPull sends a pull_request event. Right after a change of commits GitHub does not know yet whether it merges.
func (s *Server) emitPull(i *issue, action string, who *user, extra object) {
	pr := s.pullJSON(i)
	switch action {
	case "opened", "synchronize", "reopened":
		pr["mergeable"], pr["rebaseable"], pr["mergeable_state"], pr["merge_commit_sha"] = nil, nil, "unknown", nil
	}
	body := object{"number": i.number, "pull_request": pr}
	maps.Copy(body, extra)
	s.emit(i.repo, "pull_request", action, who, body)
}

// emitSubject sends the issues or pull_request event of something that both have.
func (s *Server) emitSubject(i *issue, action string, who *user, extra object) {
	if i.pull != nil {
		s.emitPull(i, action, who, extra)
		return
	}
	body := object{"issue": s.issueJSON(i)}
	maps.Copy(body, extra)
	s.emit(i.repo, "issues", action, who, body)
}

func (c *call) pull() (*issue, *problem) {
	i := c.repo.issue(int(c.number("number")))
	if i == nil || i.pull == nil {
		return nil, notFound()
	}
	return i, nil
}

func (c *call) listPulls() answer {
	var list []*issue
	for _, i := range c.repo.issues {
		state, base, head := orDefault(c.query.Get("state"), "open"), c.query.Get("base"), c.query.Get("head")
		if i.pull == nil || state != "all" && i.state != state || base != "" && base != i.pull.baseRef {
			continue
		}
		if head != "" && (i.pull.headRepo == nil || !strings.EqualFold(head, i.pull.headRepo.owner.login+":"+i.pull.headRef)) {
			continue
		}
		list = append(list, i)
	}
	c.sortIssues(list)
	return ok(each(page(c, list), c.s.pullBrief))
}

func (c *call) createPull() answer {
	var in struct {
		Title, Body, Head, Base string
		Draft                   bool
		Maintainer              *bool `json:"maintainer_can_modify"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	i, err := c.s.openPull(c.repo, c.who, in.Title, in.Body, in.Head, in.Base, in.Draft)
	if err != nil {
		return failed(err)
	}
	return created(c.s.pullJSON(i))
}

func (c *call) getPull() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	return ok(c.s.pullJSON(i))
}

func (c *call) editPull() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in struct {
		Title, Body, State, Base *string
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.State != nil && *in.State != "open" && *in.State != "closed" {
		return invalid("PullRequest", "state", "invalid", "").answer()
	}
	if in.Base != nil {
		if err := c.s.setBase(i, *in.Base, c.who); err != nil {
			return failed(err)
		}
	}
	if err := c.s.edit(i, in.Title, in.Body, c.who); err != nil {
		return failed(err)
	}
	if in.State != nil {
		if err := c.s.setState(i, *in.State, "", c.who); err != nil {
			return failed(err)
		}
	}
	return ok(c.s.pullJSON(i))
}

// setBase points a pull request at another branch.
func (s *Server) setBase(i *issue, base string, who *user) error {
	p := i.pull
	if i.repo.branch(base) == "" {
		return invalid("PullRequest", "base", "invalid", "")
	}
	if base == p.baseRef {
		return nil
	}
	changes := object{"base": object{"ref": object{"from": p.baseRef}, "sha": object{"from": p.base()}}}
	p.baseRef, p.baseSHA, i.updated = base, i.repo.branch(base), s.Now()
	s.emitPull(i, "edited", who, object{"changes": changes})
	return nil
}

// setDraft makes a pull request a draft or ready for review.
func (s *Server) setDraft(i *issue, draft bool, who *user) {
	if i.pull.draft == draft {
		return
	}
	i.pull.draft, i.updated = draft, s.Now()
	if draft {
		s.emitPull(i, "converted_to_draft", who, nil)
		return
	}
	i.pull.readyAt = s.Now()
	s.emitPull(i, "ready_for_review", who, nil)
	s.tryAutoMerge(i)
}

func (c *call) listPullFiles() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	list := c.s.pullFiles(i.pull)
	// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files (3,000 at the most)
	list = list[:min(len(list), 3000)]
	return ok(each(page(c, list), func(f fileChange) object { return c.s.fileJSON(c.repo, i.pull.headSHA, f) }))
}

func (c *call) listPullCommits() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	list := c.s.pullCommits(i.pull)
	list = list[:min(len(list), 250)]
	return ok(each(page(c, list), func(k *commit) object { return c.s.commitJSON(c.repo, k) }))
}

func (c *call) isMerged() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	if i.pull.merged {
		return noContent()
	}
	return notFound().answer()
}

func (c *call) listPullsOfCommit() answer {
	at := c.s.resolve(c.repo, c.vars["ref"])
	if at == nil {
		return unprocessable("No commit found for SHA: %s", c.vars["ref"]).answer()
	}
	var list []*issue
	for _, i := range c.repo.issues {
		if p := i.pull; p != nil && (p.mergeSHA == at.sha || p.headSHA == at.sha || slices.Contains(c.s.pullCommits(p), at)) {
			list = append(list, i)
		}
	}
	return ok(each(page(c, list), c.s.pullBrief))
}

func (c *call) mergePull() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in struct {
		Title   string `json:"commit_title"`
		Message string `json:"commit_message"`
		SHA     string
		Method  string `json:"merge_method"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.SHA != "" && in.SHA != i.pull.headSHA {
		return problemf(http.StatusConflict, "Head branch was modified. Review and try the merge again.").answer()
	}
	if err := c.s.merge(i, orDefault(in.Method, "merge"), in.Title, in.Message, c.who); err != nil {
		return failed(err)
	}
	return ok(object{"sha": i.pull.mergeSHA, "merged": true, "message": "Pull Request successfully merged"})
}

func notMergeable(format string, args ...any) *problem {
	return problemf(http.StatusMethodNotAllowed, format, args...)
}

// merge merges a pull request by one of GitHub's three methods.
func (s *Server) merge(i *issue, method, title, message string, who *user) error {
	p := i.pull
	switch method {
	case "merge", "squash", "rebase":
	default:
		return invalid("PullRequest", "merge_method", "invalid", "")
	}
	switch {
	case p.merged || i.state == "closed":
		return notMergeable("Pull Request is not mergeable")
	case p.draft:
		return notMergeable("Pull Request is still a draft")
	case s.unmet(p) != "":
		return notMergeable("%s", s.unmet(p))
	case i.repo.spec.MergeQueue && p.queued == nil:
		return notMergeable("Changes must be made through the merge queue")
	}
	base := p.base()
	merged, conflicts := s.git.tryMerge(base, p.headSHA)
	if len(conflicts) > 0 {
		return notMergeable("Pull Request has merge conflicts")
	}
	made, err := s.mergeCommit(i, method, title, message, base, merged, who)
	if err != nil {
		return err
	}
	s.markMerged(i, made, who)
	s.moveRef(i.repo, "refs/heads/"+p.baseRef, made, who)
	if i.repo.spec.DeleteBranch && p.headRepo == i.repo && p.headRef != i.repo.defaultBranch {
		s.moveRef(i.repo, "refs/heads/"+p.headRef, "", who)
	}
	return nil
}

// mergeCommit makes the commit (or commits) that merge i and returns the last.
func (s *Server) mergeCommit(i *issue, method, title, message, base string, merged files, who *user) (string, error) {
	p, by := i.pull, s.sign(who)
	list := s.pullCommits(p)
	switch method {
	case "squash":
		if title == "" {
			title = fmt.Sprintf("%s (#%d)", i.title, i.number)
		}
		if message == "" && len(list) > 1 {
			message = strings.Join(each(list, func(c *commit) string { return "* " + c.message }), "\n\n")
		}
		author := s.sign(i.author)
		return s.git.putCommit(merged, []string{base}, author, by, joinMessage(title, message)).sha, nil
	case "rebase":
		at := base
		for _, c := range list {
			if len(c.parents) != 1 {
				continue
			}
			f, conflicts := merge3(s.git.commits[c.parents[0]].files, s.git.commits[at].files, c.files)
			if len(conflicts) > 0 {
				return "", notMergeable("This branch can't be rebased")
			}
			at = s.git.putCommit(f, []string{at}, c.author, by, c.message).sha
		}
		return at, nil
	}
	if title == "" {
		owner := i.repo.owner.login
		if p.headRepo != nil {
			owner = p.headRepo.owner.login
		}
		title = fmt.Sprintf("Merge pull request #%d from %s/%s", i.number, owner, p.headRef)
	}
	if message == "" {
		message = i.title
	}
	return s.git.putCommit(merged, []string{base, p.headSHA}, by, by, joinMessage(title, message)).sha, nil
}

func joinMessage(title, message string) string {
	if message == "" {
		return title
	}
	return title + "\n\n" + message
}

// markMerged notes that sha merged i. The base has not moved yet, or moved to sha by a push.
func (s *Server) markMerged(i *issue, sha string, who *user) {
	p := i.pull
	if base := i.repo.branch(p.baseRef); base != sha {
		p.baseSHA = base
	}
	p.merged, p.mergedAt, p.mergedBy, p.mergeSHA, p.autoMerge = true, s.Now(), who, sha, nil
	i.state, i.closed, i.closedBy, i.updated = "closed", s.Now(), who, s.Now()
	i.repo.contributors[i.author] = true
	s.emitPull(i, "closed", who, nil)
}

func (c *call) updateBranch() answer {
	i, p := c.pull()
	if p != nil {
		return p.answer()
	}
	var in struct {
		SHA string `json:"expected_head_sha"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.SHA != "" && in.SHA != i.pull.headSHA {
		return unprocessable("expected head sha didn’t match current head ref.").answer()
	}
	if err := c.s.updateHead(i, c.who); err != nil {
		return failed(err)
	}
	return accepted(object{"message": "Updating pull request branch.", "url": c.s.issuePage(i)})
}

// updateHead merges the base into the head.
func (s *Server) updateHead(i *issue, who *user) error {
	p := i.pull
	if i.state != "open" || p.headRepo == nil {
		return unprocessable("Pull request is closed.")
	}
	base := p.base()
	if s.git.ancestors(p.headSHA)[base] {
		return unprocessable("There are no new commits on the base branch.")
	}
	merged, conflicts := s.git.tryMerge(p.headSHA, base)
	if len(conflicts) > 0 {
		return unprocessable("merge conflict between base and head")
	}
	by := s.sign(who)
	message := fmt.Sprintf("Merge branch '%s' into %s", p.baseRef, p.headRef)
	made := s.git.putCommit(merged, []string{p.headSHA, base}, by, by, message)
	s.moveRef(p.headRepo, "refs/heads/"+p.headRef, made.sha, who)
	return nil
}
