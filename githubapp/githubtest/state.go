package githubtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"
)

// world is the whole state. Server.mu guards it.
type world struct {
	ids       map[string]int64 // newest number of each kind of thing
	nodes     map[string]any   // by node id
	users     []*user          // people, bots and organisations
	repos     []*repo
	apps      []*app
	installs  []*installation
	tokens    map[string]*token
	git       gitStore
	mergeWait bool // mergeability is not worked out: see HoldMergeability
}

func newWorld() world {
	return world{ids: map[string]int64{}, nodes: map[string]any{}, tokens: map[string]*token{}, git: newGitStore()}
}

// Must returns v, and panics with err when there is one. It shortens stories told in Go.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// misuse reports a mistake in the program that sets the server up.
func misuse(format string, args ...any) {
	panic("githubtest: " + fmt.Sprintf(format, args...))
}

// bases keep the numbers of different kinds apart, so that mixing them up shows.
var bases = map[string]int64{
	"user": 1000, "org": 5000, "team": 7000, "app": 9000, "installation": 50_000, "repo": 100_000, "label": 200_000,
	"milestone": 300_000, "issue": 1_000_000, "pull": 2_000_000, "comment": 3_000_000, "reaction": 4_000_000,
	"review": 5_000_000, "review comment": 6_000_000, "check suite": 7_000_000, "check run": 8_000_000, "status": 9_000_000,
	"workflow": 10_000_000, "workflow run": 11_000_000, "job": 12_000_000, "release": 13_000_000, "deployment": 14_000_000,
	"deployment status": 15_000_000, "discussion": 16_000_000, "discussion comment": 17_000_000, "category": 18_000_000,
	"delivery": 20_000_000_000, "hook": 400_000_000, "thread": 19_000_000, "commit comment": 21_000_000,
}

// id is the next number of a kind of thing.
func (s *Server) id(kind string) int64 {
	s.ids[kind]++
	base, ok := bases[kind]
	if !ok {
		misuse("no numbers for %q", kind)
	}
	return base + s.ids[kind]
}

// node makes the node id of a thing and remembers the thing by it. Prefix is GitHub's, such as PR.
func (s *Server) node(prefix string, id int64, thing any) string {
	n := nodeID(prefix, id)
	s.nodes[n] = thing
	return n
}

func nodeID(prefix string, id int64) string {
	var b [9]byte
	b[0] = 0x92
	binary.BigEndian.PutUint64(b[1:], uint64(id))
	return prefix + "_kw" + base64.RawURLEncoding.EncodeToString(b[:])
}

// guid is the n-th delivery's GUID.
func guid(n int64) string {
	h := sha256.Sum256(fmt.Appendf(nil, "delivery %d", n))
	h[6] = h[6]&0x0f | 0x40
	h[8] = h[8]&0x3f | 0x80
	x := hex.EncodeToString(h[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// user is a person, a bot or an organisation.
type user struct {
	id       int64
	node     string
	login    string
	kind     string // User, Bot or Organization
	app      *app   // of an App's bot
	created  time.Time
	members  []member // of an organisation
	teams    []*team
	basePerm role // what each member of an organisation may do in each repository of it
}

type member struct {
	user *user
	role string // admin or member
}

type team struct {
	id      int64
	node    string
	slug    string
	name    string
	org     *user
	members []member // role maintainer or member
	repos   map[*repo]role
}

// AddUser adds a person.
func (s *Server) AddUser(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(login, "User")
}

// AddBot adds a bot user that belongs to no App of this server, such as "dependabot[bot]".
func (s *Server) AddBot(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(login, "Bot")
}

// AddOrganization adds an organisation whose owners are the people named, who must exist.
func (s *Server) AddOrganization(login string, owners ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	org := s.addUser(login, "Organization")
	org.basePerm = roleRead
	for _, o := range owners {
		org.members = append(org.members, member{s.mustUser(o), "admin"})
	}
}

// AddMember makes a person an ordinary member of an organisation.
func (s *Server) AddMember(org, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.mustUser(org)
	o.members = append(o.members, member{s.mustUser(login), "member"})
}

// AddTeam adds a team of an organisation; its members become members of the organisation too.
func (s *Server) AddTeam(org, slug string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.mustUser(org)
	t := &team{id: s.id("team"), slug: slug, name: slug, org: o, repos: map[*repo]role{}}
	t.node = s.node("T", t.id, t)
	for _, m := range members {
		u := s.mustUser(m)
		t.members = append(t.members, member{u, "member"})
		if o.membership(u) == "" {
			o.members = append(o.members, member{u, "member"})
		}
	}
	o.teams = append(o.teams, t)
}

// GrantTeam gives a team a role in a repository: read, triage, write, maintain or admin.
func (s *Server) GrantTeam(org, slug, repository, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.mustUser(org).team(slug)
	if t == nil {
		misuse("no team %s/%s", org, slug)
	}
	t.repos[s.mustRepo(repository)] = mustRole(permission)
}

func (s *Server) addUser(login, kind string) *user {
	if s.findUser(login) != nil {
		misuse("user %q exists", login)
	}
	idKind, prefix := "user", "U"
	switch kind {
	case "Bot":
		prefix = "BOT"
	case "Organization":
		idKind, prefix = "org", "O"
	}
	u := &user{id: s.id(idKind), login: login, kind: kind, created: s.Now()}
	u.node = s.node(prefix, u.id, u)
	s.users = append(s.users, u)
	return u
}

func (s *Server) findUser(login string) *user {
	for _, u := range s.users {
		if strings.EqualFold(u.login, login) {
			return u
		}
	}
	return nil
}

func (s *Server) mustUser(login string) *user {
	u := s.findUser(login)
	if u == nil {
		misuse("no user %q; add it first", login)
	}
	return u
}

// membership is the role of u in an organisation, or "".
func (u *user) membership(of *user) string {
	for _, m := range u.members {
		if m.user == of {
			return m.role
		}
	}
	return ""
}

func (u *user) team(slug string) *team {
	for _, t := range u.teams {
		if strings.EqualFold(t.slug, slug) {
			return t
		}
	}
	return nil
}

func (u *user) isOrg() bool { return u.kind == "Organization" }

func (t *team) has(u *user) bool {
	for _, m := range t.members {
		if m.user == u {
			return true
		}
	}
	return false
}

// role is what somebody may do in a repository; a later one includes the earlier ones.
type role int

const (
	roleNone role = iota
	roleRead
	roleTriage
	roleWrite
	roleMaintain
	roleAdmin
)

var roleNames = []string{"none", "read", "triage", "write", "maintain", "admin"}

func (r role) String() string { return roleNames[r] }

// coarse is the older name in the member "permission": maintain counts as write and triage as read.
// https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
func (r role) coarse() string {
	switch r {
	case roleMaintain:
		return "write"
	case roleTriage:
		return "read"
	}
	return r.String()
}

func (r role) flags() object {
	return object{"pull": r >= roleRead, "triage": r >= roleTriage, "push": r >= roleWrite, "maintain": r >= roleMaintain,
		"admin": r >= roleAdmin}
}

func mustRole(name string) role {
	switch name {
	case "pull":
		name = "read"
	case "push":
		name = "write"
	}
	for i, n := range roleNames {
		if n == name {
			return role(i)
		}
	}
	misuse("no permission %q; there are %s", name, strings.Join(roleNames, ", "))
	return roleNone
}

func (s *Server) api(path string) string { return s.URL + path }
func (s *Server) web(path string) string { return s.o.WebURL + path }

// userJSON is the "simple user" of GitHub's description.
func (s *Server) userJSON(u *user) any {
	if u == nil {
		return nil
	}
	login := strings.ReplaceAll(strings.ReplaceAll(u.login, "[", "%5B"), "]", "%5D")
	api := s.api("users/" + login)
	page := s.web(login)
	if name, isBot := strings.CutSuffix(u.login, "[bot]"); isBot {
		page = s.web("apps/" + name)
	}
	return object{
		"login": u.login, "id": u.id, "node_id": u.node, "avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", u.id),
		"gravatar_id": "", "url": api, "html_url": page, "followers_url": api + "/followers",
		"following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions",
		"organizations_url": api + "/orgs", "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
		"received_events_url": api + "/received_events", "type": u.kind, "site_admin": false, "user_view_type": "public",
	}
}

func (s *Server) usersJSON(list []*user) []any {
	return each(list, s.userJSON)
}

func (s *Server) orgJSON(u *user) object {
	api := s.api("orgs/" + u.login)
	return object{
		"login": u.login, "id": u.id, "node_id": u.node, "url": api, "repos_url": api + "/repos", "events_url": api + "/events",
		"hooks_url": api + "/hooks", "issues_url": api + "/issues", "members_url": api + "/members{/member}",
		"public_members_url": api + "/public_members{/member}",
		"avatar_url":         fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", u.id), "description": "",
	}
}

// orgFull is an organisation as its own page tells it.
func (s *Server) orgFull(u *user) object {
	o := s.orgJSON(u)
	maps.Copy(o, object{
		"type": "Organization", "name": u.login, "html_url": s.web(u.login), "created_at": when(u.created), "updated_at": when(u.created),
		"archived_at": nil, "followers": 0, "following": 0, "has_organization_projects": true, "has_repository_projects": true,
		"public_gists": 0, "public_repos": 0,
	})
	return o
}

func (s *Server) teamJSON(t *team) object {
	api := s.api(fmt.Sprintf("organizations/%d/team/%d", t.org.id, t.id))
	return object{
		"id": t.id, "node_id": t.node, "name": t.name, "slug": t.slug, "description": nil, "privacy": "closed",
		"notification_setting": "notifications_enabled", "permission": "pull", "parent": nil, "type": "organization",
		"organization_id": t.org.id, "url": api,
		"html_url": s.web("orgs/" + t.org.login + "/teams/" + t.slug), "members_url": api + "/members{/member}",
		"repositories_url": api + "/repos",
	}
}

var accountRoutes = []route{
	{"GET", "/users/{login}", "any", (*call).getUser},
	{"GET", "/users/{login}/installation", "app", (*call).accountInstallation},
	{"GET", "/orgs/{org}/installation", "app", (*call).accountInstallation},
	{"GET", "/repos/{theOwner}/{theRepo}/installation", "app", (*call).repoInstallation},
	{"GET", "/orgs/{org}", "any", (*call).getOrg},
	{"GET", "/orgs/{org}/members", "members:read", (*call).listMembers},
	{"GET", "/orgs/{org}/members/{login}", "members:read", (*call).checkMember},
	{"GET", "/orgs/{org}/memberships/{login}", "members:read", (*call).getMembership},
	{"GET", "/orgs/{org}/teams", "members:read", (*call).listTeams},
	{"GET", "/orgs/{org}/teams/{team}", "members:read", (*call).getTeam},
	{"GET", "/orgs/{org}/teams/{team}/members", "members:read", (*call).listTeamMembers},
	{"GET", "/orgs/{org}/teams/{team}/memberships/{login}", "members:read", (*call).getTeamMembership},
	{"GET", "/rate_limit", "any", (*call).rateLimit},
	{"GET", "/meta", "none", (*call).meta},
}

func (c *call) getUser() answer {
	u := c.s.findUser(c.vars["login"])
	if u == nil {
		return notFound().answer()
	}
	o := c.s.userJSON(u).(object)
	o["name"], o["company"], o["created_at"], o["updated_at"] = u.login, nil, when(u.created), when(u.created)
	o["public_repos"], o["public_gists"], o["followers"], o["following"] = 0, 0, 0, 0
	o["bio"], o["email"], o["blog"], o["hireable"], o["location"] = nil, nil, nil, nil, nil
	return ok(o)
}

// org is the organisation of the path, when the token's installation is on it.
func (c *call) org() *user {
	u := c.s.findUser(c.vars["org"])
	if u == nil || !u.isOrg() || c.inst != nil && c.inst.account != u {
		return nil
	}
	return u
}

func (c *call) getOrg() answer {
	org := c.org()
	if org == nil {
		return notFound().answer()
	}
	return ok(c.s.orgFull(org))
}

func (c *call) listMembers() answer {
	org := c.org()
	if org == nil {
		return notFound().answer()
	}
	return ok(each(page(c, org.members), func(m member) any { return c.s.userJSON(m.user) }))
}

func (c *call) checkMember() answer {
	org, u := c.org(), c.s.findUser(c.vars["login"])
	if org == nil || u == nil || org.membership(u) == "" {
		return notFound().answer()
	}
	return noContent()
}

func (c *call) getMembership() answer {
	org, u := c.org(), c.s.findUser(c.vars["login"])
	if org == nil || u == nil || org.membership(u) == "" {
		return notFound().answer()
	}
	return ok(object{
		"url": c.s.api("orgs/" + org.login + "/memberships/" + u.login), "state": "active", "role": org.membership(u),
		"organization_url": c.s.api("orgs/" + org.login), "organization": c.s.orgJSON(org), "user": c.s.userJSON(u),
	})
}

func (c *call) listTeams() answer {
	org := c.org()
	if org == nil {
		return notFound().answer()
	}
	return ok(each(page(c, org.teams), c.s.teamJSON))
}

func (c *call) team() *team {
	if org := c.org(); org != nil {
		return org.team(c.vars["team"])
	}
	return nil
}

func (c *call) getTeam() answer {
	t := c.team()
	if t == nil {
		return notFound().answer()
	}
	o := c.s.teamJSON(t)
	o["members_count"], o["repos_count"], o["organization"] = len(t.members), len(t.repos), c.s.orgFull(t.org)
	o["created_at"], o["updated_at"] = when(t.org.created), when(t.org.created)
	return ok(o)
}

func (c *call) listTeamMembers() answer {
	t := c.team()
	if t == nil {
		return notFound().answer()
	}
	return ok(each(page(c, t.members), func(m member) any { return c.s.userJSON(m.user) }))
}

func (c *call) getTeamMembership() answer {
	t, u := c.team(), c.s.findUser(c.vars["login"])
	if t == nil || u == nil || !t.has(u) {
		return notFound().answer()
	}
	url := c.s.api(fmt.Sprintf("organizations/%d/team/%d/memberships/%s", t.org.id, t.id, u.login))
	return ok(object{"url": url, "role": "member", "state": "active"})
}

// meta answers with documentation ranges (RFC 5737) in place of GitHub's own.
func (c *call) meta() answer {
	return ok(object{
		"verifiable_password_authentication": false, "hooks": []string{"127.0.0.0/8", "192.0.2.0/24"},
		"web": []string{"192.0.2.0/24"}, "api": []string{"127.0.0.0/8", "192.0.2.0/24"}, "git": []string{"192.0.2.0/24"},
		"actions": []string{"198.51.100.0/24"}, "dependabot": []string{"198.51.100.0/24"},
	})
}
