package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// RepositorySpec describes a repository to add. Only FullName is required.
type RepositorySpec struct {
	FullName      string            // "owner/name"; the owner must exist
	DefaultBranch string            // "main" when empty
	Private       bool              // seen only by those with a role in it
	Description   string            //
	Language      string            //
	Topics        []string          //
	Files         map[string]string // first commit of the default branch; a README.md when nil
	Labels        []string          // beside GitHub's nine defaults when NoLabels is false
	NoLabels      bool
	Collaborators map[string]string // login → read, triage, write, maintain or admin
	AutoMerge     bool              // whether pull requests may be set to merge by themselves
	MergeQueue    bool              // whether pull requests are merged through a queue
	DeleteBranch  bool              // whether head branches go after a merge
	Workflows     []WorkflowSpec
}

// Protection is what a branch demands of pull requests into it.
type Protection struct {
	Approvals int      // approving reviews by people with write permission
	Checks    []string // names of check runs or contexts of statuses that must be green
	Strict    bool     // whether the head must contain the base
	Ruleset   bool     // whether a ruleset demands it, not a branch protection
}

type collaborator struct {
	user *user
	role role
}

type repo struct {
	id            int64
	node          string
	spec          RepositorySpec
	owner         *user
	name          string
	former        []string // full names that it had
	parent        *repo
	private       bool
	archived      bool
	defaultBranch string
	created       time.Time
	updated       time.Time
	pushed        time.Time
	collaborators []collaborator
	contributors  map[*user]bool // had a commit merged
	refs          map[string]string
	protections   map[string]Protection
	labels        []*label
	milestones    []*milestone
	issues        []*issue // and pull requests, by number
	discussions   []*discussion
	next          int // number of the next issue, pull request or discussion
	suites        []*checkSuite
	checks        []*checkRun
	statuses      []*status
	workflows     []*workflow
	workflowRuns  []*workflowRun
	releases      []*release
	deployments   []*deployment
	groups        []*mergeGroup
	comments      []*comment // on commits
}

var defaultLabels = []label{
	{name: "bug", color: "d73a4a", description: "Something isn't working"},
	{name: "documentation", color: "0075ca", description: "Improvements or additions to documentation"},
	{name: "duplicate", color: "cfd3d7", description: "This issue or pull request already exists"},
	{name: "enhancement", color: "a2eeef", description: "New feature or request"},
	{name: "good first issue", color: "7057ff", description: "Good for newcomers"},
	{name: "help wanted", color: "008672", description: "Extra attention is needed"},
	{name: "invalid", color: "e4e669", description: "This doesn't seem right"},
	{name: "question", color: "d876e3", description: "Further information is requested"},
	{name: "wontfix", color: "ffffff", description: "This will not be worked on"},
}

// AddRepository adds a repository with its first commit. It sends no webhooks.
func (s *Server) AddRepository(spec RepositorySpec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, name, isFull := strings.Cut(spec.FullName, "/")
	if !isFull || s.findRepo(owner, name) != nil {
		misuse("repository %q: no full name, or taken", spec.FullName)
	}
	r := s.newRepo(s.mustUser(owner), name, spec)
	for login, permission := range spec.Collaborators {
		r.collaborators = append(r.collaborators, collaborator{s.mustUser(login), mustRole(permission)})
	}
	slices.SortFunc(r.collaborators, func(a, b collaborator) int { return int(a.user.id - b.user.id) })
	if !spec.NoLabels {
		for _, l := range defaultLabels {
			s.addLabel(r, l.name, l.color, l.description).isDefault = true
		}
	}
	for _, name := range spec.Labels {
		s.addLabel(r, name, "ededed", "")
	}
	if spec.Files == nil {
		r.spec.Files = map[string]string{"README.md": "# " + name + "\n"}
	}
	f := files{}
	for path, text := range r.spec.Files {
		f[path] = entry{"100644", s.git.putBlob([]byte(text))}
	}
	by := s.sign(s.ownerOf(r.owner))
	r.refs["refs/heads/"+r.defaultBranch] = s.git.putCommit(f, nil, by, by, "Initial commit").sha
	for _, w := range spec.Workflows {
		s.addWorkflow(r, w)
	}
}

func (s *Server) newRepo(owner *user, name string, spec RepositorySpec) *repo {
	if spec.DefaultBranch == "" {
		spec.DefaultBranch = "main"
	}
	r := &repo{
		id: s.id("repo"), spec: spec, owner: owner, name: name, private: spec.Private, defaultBranch: spec.DefaultBranch,
		created: s.Now(), updated: s.Now(), pushed: s.Now(), refs: map[string]string{}, protections: map[string]Protection{},
		contributors: map[*user]bool{}, next: 1,
	}
	r.node = s.node("R", r.id, r)
	s.repos = append(s.repos, r)
	return r
}

// Protect sets what a branch demands; the zero Protection lifts it.
func (s *Server) Protect(repository, branch string, p Protection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(repository)
	if p.Approvals == 0 && len(p.Checks) == 0 && !p.Strict {
		delete(r.protections, branch)
		return
	}
	r.protections[branch] = p
}

// SetCollaborator gives a person a role in a repository; "none" takes it away. It sends no webhook.
func (s *Server) SetCollaborator(repository, login, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, u := s.mustRepo(repository), s.mustUser(login)
	r.collaborators = slices.DeleteFunc(r.collaborators, func(c collaborator) bool { return c.user == u })
	if role := mustRole(permission); role != roleNone {
		r.collaborators = append(r.collaborators, collaborator{u, role})
	}
}

// HoldMergeability makes GitHub say that it does not know yet whether pull requests can be merged, until called with false.
func (s *Server) HoldMergeability(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mergeWait = hold
}

func (s *Server) findRepo(owner, name string) *repo {
	for _, r := range s.repos {
		if strings.EqualFold(r.owner.login, owner) && strings.EqualFold(r.name, name) {
			return r
		}
	}
	return nil
}

func (s *Server) mustRepo(full string) *repo {
	owner, name, _ := strings.Cut(full, "/")
	r := s.findRepo(owner, name)
	if r == nil {
		misuse("no repository %q", full)
	}
	return r
}

func (r *repo) full() string { return r.owner.login + "/" + r.name }

// roleOf is what u may do in r, by ownership, organisation, team, invitation, or because everybody may read it.
func (s *Server) roleOf(r *repo, u *user) role {
	if u == nil {
		return roleNone
	}
	best := roleNone
	if !r.private {
		best = roleRead
	}
	if r.owner == u || r.owner.membership(u) == "admin" {
		return roleAdmin
	}
	if r.owner.membership(u) != "" {
		best = max(best, r.owner.basePerm)
	}
	for _, c := range r.collaborators {
		if c.user == u {
			best = max(best, c.role)
		}
	}
	for _, t := range r.owner.teams {
		if t.has(u) {
			best = max(best, t.repos[r])
		}
	}
	return max(best, s.botRole(r, u))
}

// botRole is what the App behind a bot may do in r.
func (s *Server) botRole(r *repo, u *user) role {
	if u.app == nil {
		return roleNone
	}
	i := s.installationOf(u.app, r)
	switch {
	case i == nil:
		return roleNone
	case levels[i.permissions["contents"]] >= levels["write"]:
		return roleWrite
	}
	return roleRead
}

// association is what u is to r, in GitHub's words.
func (s *Server) association(r *repo, u *user) string {
	switch {
	case u == nil:
		return "NONE"
	case r.owner == u:
		return "OWNER"
	case r.owner.membership(u) != "":
		return "MEMBER"
	case slices.ContainsFunc(r.collaborators, func(c collaborator) bool { return c.user == u }):
		return "COLLABORATOR"
	case r.contributors[u]:
		return "CONTRIBUTOR"
	}
	return "NONE"
}

func (s *Server) sign(u *user) signature {
	return signature{name: u.login, email: fmt.Sprintf("%d+%s@users.noreply.github.com", u.id, u.login), user: u, when: s.Now()}
}

// resolve finds the commit of a branch, a tag, a full ref or a SHA (7 digits at least); nil when there is none.
func (s *Server) resolve(r *repo, name string) *commit {
	if name == "" || name == "HEAD" {
		name = r.defaultBranch
	}
	for _, ref := range []string{name, "refs/" + name, "refs/heads/" + name, "refs/tags/" + name} {
		if sha, has := r.refs[ref]; has {
			return s.git.commits[s.peel(sha)]
		}
	}
	if c := s.git.commits[name]; c != nil {
		return c
	}
	if len(name) < 7 {
		return nil
	}
	for sha, c := range s.git.commits {
		if strings.HasPrefix(sha, name) {
			return c
		}
	}
	return nil
}

// peel follows an annotated tag to its commit.
func (s *Server) peel(sha string) string {
	if t := s.git.tags[sha]; t != nil {
		return s.peel(t.object)
	}
	return sha
}

func (r *repo) branch(name string) string { return r.refs["refs/heads/"+name] }

// refsUnder lists the refs that start with prefix, sorted.
func (r *repo) refsUnder(prefix string) []string {
	var out []string
	for ref := range r.refs {
		if strings.HasPrefix(ref, prefix) {
			out = append(out, ref)
		}
	}
	slices.Sort(out)
	return out
}

var repoSuffixes = map[string]string{
	"forks_url": "/forks", "keys_url": "/keys{/key_id}", "collaborators_url": "/collaborators{/collaborator}", "teams_url": "/teams",
	"hooks_url": "/hooks", "issue_events_url": "/issues/events{/number}", "events_url": "/events", "assignees_url": "/assignees{/user}",
	"branches_url": "/branches{/branch}", "tags_url": "/tags", "blobs_url": "/git/blobs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"git_refs_url": "/git/refs{/sha}", "trees_url": "/git/trees{/sha}", "statuses_url": "/statuses/{sha}", "languages_url": "/languages",
	"stargazers_url": "/stargazers", "contributors_url": "/contributors", "subscribers_url": "/subscribers",
	"subscription_url": "/subscription", "commits_url": "/commits{/sha}", "git_commits_url": "/git/commits{/sha}",
	"comments_url": "/comments{/number}", "issue_comment_url": "/issues/comments{/number}", "contents_url": "/contents/{+path}",
	"compare_url": "/compare/{base}...{head}", "merges_url": "/merges", "archive_url": "/{archive_format}{/ref}",
	"downloads_url": "/downloads", "issues_url": "/issues{/number}", "pulls_url": "/pulls{/number}",
	"milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"labels_url": "/labels{/name}", "releases_url": "/releases{/id}", "deployments_url": "/deployments",
}

func (r *repo) url(s *Server, path string, args ...any) string {
	return s.api("repos/" + r.full() + fmt.Sprintf(path, args...))
}

func (r *repo) web(s *Server, path string, args ...any) string {
	return s.web(r.full() + fmt.Sprintf(path, args...))
}

// repoBrief is the "minimal repository" with just its names and addresses.
func (s *Server) repoBrief(r *repo) object {
	o := object{
		"id": r.id, "node_id": r.node, "name": r.name, "full_name": r.full(), "private": r.private, "owner": s.userJSON(r.owner),
		"html_url": r.web(s, ""), "description": orNull(r.spec.Description), "fork": r.parent != nil, "url": r.url(s, ""),
	}
	for name, suffix := range repoSuffixes {
		o[name] = r.url(s, "") + suffix
	}
	return o
}

// repoJSON is the full repository; viewer is whose permissions it tells, nil for none (as in webhooks).
func (s *Server) repoJSON(r *repo, viewer *user) object {
	o := s.repoBrief(r)
	open := 0
	for _, i := range r.issues {
		if i.state == "open" {
			open++
		}
	}
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	maps.Copy(o, object{
		"created_at": when(r.created), "updated_at": when(r.updated), "pushed_at": when(r.pushed),
		"git_url": "git://github.com/" + r.full() + ".git", "ssh_url": "git@github.com:" + r.full() + ".git",
		"clone_url": r.web(s, ".git"), "svn_url": r.web(s, ""), "homepage": nil, "size": len(r.refs), "stargazers_count": 0,
		"watchers_count": 0, "language": orNull(r.spec.Language), "has_issues": true, "has_projects": true, "has_downloads": true,
		"has_wiki": true, "has_pages": false, "has_discussions": true, "forks_count": s.forks(r), "mirror_url": nil,
		"archived": r.archived, "disabled": false, "open_issues_count": open, "license": nil, "allow_forking": true,
		"is_template": false, "web_commit_signoff_required": false, "topics": notNil(r.spec.Topics), "visibility": visibility,
		"forks": s.forks(r), "open_issues": open, "watchers": 0, "default_branch": r.defaultBranch,
	})
	if viewer != nil {
		o["permissions"] = s.roleOf(r, viewer).flags()
		o["allow_squash_merge"], o["allow_merge_commit"], o["allow_rebase_merge"] = true, true, true
		o["allow_auto_merge"], o["delete_branch_on_merge"], o["allow_update_branch"] = r.spec.AutoMerge, r.spec.DeleteBranch, true
	}
	return o
}

func (s *Server) forks(of *repo) int {
	n := 0
	for _, r := range s.repos {
		if r.parent == of {
			n++
		}
	}
	return n
}

var repoRoutes = []route{
	{"GET", "/repos/{owner}/{repo}", "metadata:read", (*call).getRepo},
	{"GET", "/repos/{owner}/{repo}/collaborators", "metadata:read", (*call).listCollaborators},
	{"GET", "/repos/{owner}/{repo}/collaborators/{login}", "metadata:read", (*call).checkCollaborator},
	{"GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", "metadata:read", (*call).getPermission},
	{"GET", "/repos/{owner}/{repo}/teams", "administration:read|metadata:read", (*call).listRepoTeams},
	{"GET", "/repos/{owner}/{repo}/contributors", "metadata:read", (*call).listContributors},
	{"GET", "/repos/{owner}/{repo}/languages", "metadata:read", (*call).getLanguages},
	{"GET", "/repos/{owner}/{repo}/topics", "metadata:read", (*call).getTopics},
	{"GET", "/repos/{owner}/{repo}/branches", "contents:read", (*call).listBranches},
	{"GET", "/repos/{owner}/{repo}/branches/{branch+}/protection", "administration:read", (*call).getProtection},
	{"GET", "/repos/{owner}/{repo}/rules/branches/{branch+}", "metadata:read", (*call).getBranchRules},
	{"GET", "/repos/{owner}/{repo}/branches/{branch+}", "contents:read", (*call).getBranch},
	{"GET", "/repos/{owner}/{repo}/tags", "metadata:read", (*call).listTags},
	{"POST", "/repos/{owner}/{repo}/dispatches", "contents:write", (*call).dispatchRepo},
}

func (c *call) getRepo() answer {
	o := c.s.repoJSON(c.repo, c.who)
	if c.repo.owner.isOrg() {
		o["organization"] = c.s.userJSON(c.repo.owner)
	}
	if c.repo.parent != nil {
		o["parent"], o["source"] = c.s.repoJSON(c.repo.parent, c.who), c.s.repoJSON(c.repo.parent, c.who)
	}
	o["network_count"], o["subscribers_count"] = c.s.forks(c.repo), 0
	return ok(o)
}

func (c *call) listCollaborators() answer {
	var list []*user
	for _, u := range c.s.users {
		if u.kind == "User" && c.s.explicitRole(c.repo, u) {
			list = append(list, u)
		}
	}
	return ok(each(page(c, list), func(u *user) any {
		o := c.s.userJSON(u).(object)
		r := c.s.roleOf(c.repo, u)
		o["permissions"], o["role_name"] = r.flags(), r.String()
		return o
	}))
}

// explicitRole tells whether u is more to r than a member of the public.
func (s *Server) explicitRole(r *repo, u *user) bool {
	switch s.association(r, u) {
	case "OWNER", "MEMBER", "COLLABORATOR":
		return true
	}
	return false
}

func (c *call) checkCollaborator() answer {
	if u := c.s.findUser(c.vars["login"]); u != nil && c.s.explicitRole(c.repo, u) {
		return noContent()
	}
	return notFound().answer()
}

func (c *call) getPermission() answer {
	u := c.s.findUser(c.vars["login"])
	if u == nil {
		return notFound().answer()
	}
	r := c.s.roleOf(c.repo, u)
	o := c.s.userJSON(u).(object)
	o["permissions"], o["role_name"] = r.flags(), r.String()
	return ok(object{"permission": r.coarse(), "role_name": r.String(), "user": o})
}

func (c *call) listRepoTeams() answer {
	var list []*team
	for _, t := range c.repo.owner.teams {
		if t.repos[c.repo] > roleNone {
			list = append(list, t)
		}
	}
	return ok(each(page(c, list), c.s.teamJSON))
}

func (c *call) listContributors() answer {
	var list []*user
	for _, u := range c.s.users {
		if c.repo.contributors[u] {
			list = append(list, u)
		}
	}
	return ok(each(page(c, list), func(u *user) any {
		o := c.s.userJSON(u).(object)
		o["contributions"] = 1
		return o
	}))
}

func (c *call) getLanguages() answer {
	if c.repo.spec.Language == "" {
		return ok(object{})
	}
	return ok(object{c.repo.spec.Language: 1000})
}

func (c *call) getTopics() answer { return ok(object{"names": notNil(c.repo.spec.Topics)}) }

func (c *call) listBranches() answer {
	return ok(each(page(c, c.repo.refsUnder("refs/heads/")), func(ref string) object {
		return c.s.branchBrief(c.repo, strings.TrimPrefix(ref, "refs/heads/"))
	}))
}

func (s *Server) branchBrief(r *repo, name string) object {
	sha := r.branch(name)
	_, protected := r.protections[name]
	return object{"name": name, "commit": object{"sha": sha, "url": r.url(s, "/commits/%s", sha)}, "protected": protected}
}

func (c *call) getBranch() answer {
	name := c.vars["branch"]
	sha := c.repo.branch(name)
	if sha == "" {
		return problemf(http.StatusNotFound, "Branch not found").answer()
	}
	_, protected := c.repo.protections[name]
	url := c.repo.url(c.s, "/branches/%s", url.PathEscape(name))
	return ok(object{
		"name": name, "commit": c.s.commitJSON(c.repo,
			c.s.git.commits[sha]), "protected": protected, "protection_url": url + "/protection",
		"_links":     object{"self": url, "html": c.repo.web(c.s, "/tree/%s", name)},
		"protection": c.s.protectionBrief(c.repo, name),
	})
}

func (s *Server) protectionBrief(r *repo, branch string) object {
	p, protected := r.protections[branch]
	level := "off"
	if protected {
		level = "non_admins"
	}
	return object{"enabled": protected, "required_status_checks": object{"enforcement_level": level,
		"contexts": notNil(p.Checks), "checks": []any{}}}
}

func (c *call) getProtection() answer {
	name := c.vars["branch"]
	p, protected := c.repo.protections[name]
	if c.repo.branch(name) == "" {
		return problemf(http.StatusNotFound, "Branch not found").answer()
	}
	if !protected {
		return problemf(http.StatusNotFound, "Branch not protected").answer()
	}
	url := c.repo.url(c.s, "/branches/%s/protection", url.PathEscape(name))
	o := object{"url": url, "enforce_admins": object{"url": url + "/enforce_admins", "enabled": false}}
	if len(p.Checks) > 0 {
		checks := each(p.Checks, func(n string) object { return object{"context": n, "app_id": nil} })
		o["required_status_checks"] = object{"url": url + "/required_status_checks", "strict": p.Strict, "contexts": p.Checks,
			"checks": checks}
	}
	if p.Approvals > 0 {
		o["required_pull_request_reviews"] = object{
			"url": url + "/required_pull_request_reviews", "dismiss_stale_reviews": false, "require_code_owner_reviews": false,
			"required_approving_review_count": p.Approvals, "require_last_push_approval": false,
		}
	}
	return ok(o)
}

// getBranchRules tells a branch's protection in the words of rulesets.
func (c *call) getBranchRules() answer {
	p := c.repo.protections[c.vars["branch"]]
	rules := []object{}
	source := object{"ruleset_source_type": "Repository", "ruleset_source": c.repo.full(), "ruleset_id": 1}
	if p.Approvals > 0 {
		rule := object{"type": "pull_request", "parameters": object{"required_approving_review_count": p.Approvals,
			"dismiss_stale_reviews_on_push": false, "require_code_owner_review": false, "require_last_push_approval": false,
			"required_review_thread_resolution": false}}
		maps.Copy(rule, source)
		rules = append(rules, rule)
	}
	if len(p.Checks) > 0 {
		checks := each(p.Checks, func(n string) object { return object{"context": n} })
		rule := object{"type": "required_status_checks", "parameters": object{"required_status_checks": checks,
			"strict_required_status_checks_policy": p.Strict}}
		maps.Copy(rule, source)
		rules = append(rules, rule)
	}
	return ok(rules)
}

func (c *call) listTags() answer {
	return ok(each(page(c, c.repo.refsUnder("refs/tags/")), func(ref string) object {
		name, sha := strings.TrimPrefix(ref, "refs/tags/"), c.s.peel(c.repo.refs[ref])
		return object{
			"name": name, "commit": object{"sha": sha, "url": c.repo.url(c.s, "/commits/%s", sha)},
			"zipball_url": c.repo.url(c.s, "/zipball/%s", ref), "tarball_url": c.repo.url(c.s, "/tarball/%s", ref),
			"node_id": nodeID("REF", int64(len(name))),
		}
	}))
}

func (c *call) dispatchRepo() answer {
	var in struct {
		EventType string `json:"event_type"`
		Payload   object `json:"client_payload"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	if in.EventType == "" || len(in.EventType) > 100 {
		return unprocessable("Invalid request.\n\n\"event_type\" wasn't supplied, or is too long (maximum is 100 characters).").answer()
	}
	if len(in.Payload) > 10 {
		return unprocessable("No more than 10 properties are allowed; %d were supplied.", len(in.Payload)).answer()
	}
	if in.Payload == nil {
		in.Payload = object{}
	}
	c.s.emit(c.repo, "repository_dispatch", in.EventType, c.who, object{"branch": c.repo.defaultBranch,
		"client_payload": in.Payload})
	c.startListening(in.EventType, in.Payload)
	return noContent()
}
