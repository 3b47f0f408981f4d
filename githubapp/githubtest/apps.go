package githubtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Permissions maps GitHub's names of permissions to read, write or admin.
type Permissions = map[string]string

// AppSpec describes a GitHub App to add. Only Slug is required.
type AppSpec struct {
	Slug        string
	Name        string // Slug when empty
	Owner       string // login; a user "octo-apps" is made when empty
	ID          int64  // the next free one when 0
	PrivateKey  []byte // PEM, PKCS#1 or PKCS#8; Key() when nil
	WebhookURL  string // no webhooks are sent while it is empty; see SetWebhook
	Secret      string // of the webhooks; without one they carry no signature
	Permissions Permissions
	Events      []string // "*" for all that the stand-in sends; beside installation and installation_repositories, which every App gets
}

// App is what the host of a GitHub App knows about it.
type App struct {
	ID         int64
	ClientID   string
	Slug       string
	Login      string // of its bot user
	PrivateKey []byte // PEM
	Secret     string
}

type app struct {
	spec    AppSpec
	id      int64
	node    string
	slug    string
	client  string
	owner   *user
	bot     *user
	key     *rsa.PublicKey
	created time.Time
	hookID  int64
	url     string // of its webhook
	secret  string
}

// Key is a private RSA key of 2048 bits as PEM (PKCS#1), made once for the process.
var Key = sync.OnceValue(func() []byte {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
})

// AddApp registers a GitHub App and its bot user "slug[bot]".
func (s *Server) AddApp(spec AppSpec) App {
	if spec.PrivateKey == nil {
		spec.PrivateKey = Key()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.addApp(spec)
	a.key = publicKey(spec.PrivateKey)
	return App{ID: a.id, ClientID: a.client, Slug: a.slug, Login: a.bot.login, PrivateKey: spec.PrivateKey, Secret: spec.Secret}
}

func (s *Server) addApp(spec AppSpec) *app {
	if slices.Contains(spec.Events, "*") {
		spec.Events = allEvents
	}
	if spec.Slug == "" || s.findApp(spec.Slug) != nil {
		misuse("app slug %q is empty or taken", spec.Slug)
	}
	if spec.Name == "" {
		spec.Name = spec.Slug
	}
	if spec.Owner == "" {
		spec.Owner = "octo-apps"
	}
	owner := s.findUser(spec.Owner)
	if owner == nil {
		owner = s.addUser(spec.Owner, "User")
	}
	id := s.id("app")
	if spec.ID != 0 {
		id = spec.ID
	}
	a := &app{spec: spec, id: id, slug: spec.Slug, owner: owner, created: s.Now(), hookID: s.id("hook"), url: spec.WebhookURL,
		secret: spec.Secret}
	a.node = s.node("A", id, a)
	a.client = fmt.Sprintf("Iv23li%014d", id)
	a.bot = s.findUser(a.slug + "[bot]")
	if a.bot == nil {
		a.bot = s.addUser(a.slug+"[bot]", "Bot")
	}
	a.bot.app = a
	s.apps = append(s.apps, a)
	return a
}

func publicKey(text []byte) *rsa.PublicKey {
	block, _ := pem.Decode(text)
	if block == nil {
		misuse("private key is no PEM")
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return &k.PublicKey
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		misuse("private key: %v", err)
	}
	private, isRSA := k.(*rsa.PrivateKey)
	if !isRSA {
		misuse("private key is no RSA key")
	}
	return &private.PublicKey
}

func (s *Server) findApp(slug string) *app {
	for _, a := range s.apps {
		if a.slug == slug {
			return a
		}
	}
	return nil
}

// otherApp is the App of a given slug, made when new: the CI whose checks people start and finish.
func (s *Server) otherApp(slug string) *app {
	if a := s.findApp(slug); a != nil {
		return a
	}
	return s.addApp(AppSpec{Slug: slug, Permissions: Permissions{"checks": "write", "metadata": "read"}})
}

// SetWebhook points the webhooks of an App at url, signed with secret.
func (s *Server) SetWebhook(slug, url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.findApp(slug)
	if a == nil {
		misuse("no app %q", slug)
	}
	a.url, a.secret = url, secret
}

// InstallSpec says how an App is installed on an account.
type InstallSpec struct {
	ID           int64       // the next free one when 0
	Repositories []string    // names without the owner; all of the account, also later ones, when nil
	Permissions  Permissions // the App's when nil
	Events       []string    // the App's when nil
}

type installation struct {
	id          int64
	node        string
	app         *app
	account     *user
	selected    []string // nil for all
	permissions Permissions
	events      []string
	created     time.Time
	updated     time.Time
	suspended   time.Time
	suspendedBy *user
	rate        rateState
}

// Install installs an App on an account, with the account's owner as sender of the webhook, and returns the number of the
// installation.
func (s *Server) Install(slug, account string, spec InstallSpec) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.findApp(slug)
	if a == nil {
		misuse("no app %q", slug)
	}
	if spec.Permissions == nil {
		spec.Permissions = a.spec.Permissions
	}
	if spec.Events == nil {
		spec.Events = a.spec.Events
	}
	if spec.ID == 0 {
		spec.ID = s.id("installation")
	}
	i := &installation{
		id: spec.ID, app: a, account: s.mustUser(account), selected: spec.Repositories, permissions: maps.Clone(spec.Permissions),
		events: slices.Clone(spec.Events), created: s.Now(), updated: s.Now(),
	}
	if i.permissions == nil {
		i.permissions = Permissions{}
	}
	i.permissions["metadata"] = "read"
	i.node = s.node("I", i.id, i)
	s.installs = append(s.installs, i)
	s.emitInstallation(i, "created", i.account)
	return i.id
}

// Suspend and Unsuspend stop and restart an installation: its tokens are refused and it gets no webhooks.
func (s *Server) Suspend(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustInstallation(id)
	i.suspended, i.suspendedBy = s.Now(), s.ownerOf(i.account)
	s.emitInstallation(i, "suspend", i.suspendedBy)
}

// Unsuspend undoes Suspend.
func (s *Server) Unsuspend(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustInstallation(id)
	i.suspended, i.suspendedBy = time.Time{}, nil
	s.emitInstallation(i, "unsuspend", s.ownerOf(i.account))
}

// Uninstall removes an installation: its tokens are refused and it is gone from the API.
func (s *Server) Uninstall(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustInstallation(id)
	s.emitInstallation(i, "deleted", s.ownerOf(i.account))
	s.installs = without(s.installs, i)
	s.revoke(i)
}

// SetPermissions changes what an installation may do, as when its owner accepts new permissions. Tokens made before keep
// what they had.
func (s *Server) SetPermissions(id int64, p Permissions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustInstallation(id)
	i.permissions, i.updated = maps.Clone(p), s.Now()
	i.permissions["metadata"] = "read"
	s.emitInstallation(i, "new_permissions_accepted", s.ownerOf(i.account))
}

// SelectRepositories changes the choice of repositories (names without the owner; nil for all) and sends
// installation_repositories.
func (s *Server) SelectRepositories(id int64, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustInstallation(id)
	before := s.reposOf(i)
	i.selected, i.updated = names, s.Now()
	after := s.reposOf(i)
	s.emitSelection(i, before, after)
}

// RevokeTokens makes every token of an installation bad; a new one can be asked for.
func (s *Server) RevokeTokens(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoke(s.mustInstallation(id))
}

func (s *Server) revoke(i *installation) {
	for text, t := range s.tokens {
		if t.inst == i {
			delete(s.tokens, text)
		}
	}
}

func (s *Server) findInstallation(id int64) *installation {
	for _, i := range s.installs {
		if i.id == id {
			return i
		}
	}
	return nil
}

func (s *Server) mustInstallation(id int64) *installation {
	i := s.findInstallation(id)
	if i == nil {
		misuse("no installation %d", id)
	}
	return i
}

// ownerOf is a person who acts for an account.
func (s *Server) ownerOf(account *user) *user {
	for _, m := range account.members {
		if m.role == "admin" {
			return m.user
		}
	}
	return account
}

func (i *installation) includes(r *repo) bool {
	if i.account != r.owner {
		return false
	}
	return i.selected == nil || slices.ContainsFunc(i.selected, func(n string) bool { return strings.EqualFold(n, r.name) })
}

func (s *Server) reposOf(i *installation) []*repo {
	var out []*repo
	for _, r := range s.repos {
		if i.includes(r) {
			out = append(out, r)
		}
	}
	return out
}

// installationOf finds the installation of a on the owner of r that includes r.
func (s *Server) installationOf(a *app, r *repo) *installation {
	for _, i := range s.installs {
		if i.app == a && i.includes(r) {
			return i
		}
	}
	return nil
}

func (s *Server) appJSON(a *app) any {
	if a == nil {
		return nil
	}
	return object{
		"id": a.id, "slug": a.slug, "node_id": a.node, "client_id": a.client, "owner": s.userJSON(a.owner), "name": a.spec.Name,
		"description": "", "external_url": s.web("apps/" + a.slug), "html_url": s.web("apps/" + a.slug),
		"created_at": when(a.created), "updated_at": when(a.created), "permissions": orEmpty(a.spec.Permissions),
		"events": notNil(a.spec.Events),
	}
}

func orEmpty(p Permissions) Permissions {
	if p == nil {
		return Permissions{}
	}
	return p
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) installationJSON(i *installation) object {
	selection := "all"
	if i.selected != nil {
		selection = "selected"
	}
	account, kind := s.userJSON(i.account), i.account.kind
	return object{
		"id": i.id, "node_id": i.node, "account": account, "repository_selection": selection, "app_id": i.app.id,
		"app_slug": i.app.slug, "client_id": i.app.client, "target_id": i.account.id, "target_type": kind,
		"permissions": maps.Clone(i.permissions), "events": notNil(i.events), "created_at": when(i.created), "updated_at": when(i.updated),
		"single_file_name": nil, "has_multiple_single_files": false, "single_file_paths": []string{},
		"suspended_by": s.userJSON(i.suspendedBy), "suspended_at": when(i.suspended),
		"access_tokens_url": s.api(fmt.Sprintf("app/installations/%d/access_tokens", i.id)),
		"repositories_url":  s.api("installation/repositories"),
		"html_url":          s.web(fmt.Sprintf("settings/installations/%d", i.id)),
	}
}

var appRoutes = []route{
	{"GET", "/app", "app", (*call).getApp},
	{"GET", "/app/installations", "app", (*call).listInstallations},
	{"GET", "/app/installations/{id}", "app", (*call).getInstallation},
	{"DELETE", "/app/installations/{id}", "app", (*call).deleteInstallation},
	{"POST", "/app/installations/{id}/access_tokens", "app", (*call).createToken},
	{"PUT", "/app/installations/{id}/suspended", "app", (*call).suspend},
	{"DELETE", "/app/installations/{id}/suspended", "app", (*call).unsuspend},
	{"GET", "/installation/repositories", "any", (*call).listInstallationRepos},
	{"DELETE", "/installation/token", "any", (*call).deleteToken},
	{"GET", "/apps/{slug}", "any", (*call).getAppBySlug},
}

func (c *call) getApp() answer {
	o := c.s.appJSON(c.app).(object)
	n := 0
	for _, i := range c.s.installs {
		if i.app == c.app {
			n++
		}
	}
	o["installations_count"] = n
	return ok(o)
}

func (c *call) getAppBySlug() answer {
	a := c.s.findApp(c.vars["slug"])
	if a == nil {
		return notFound().answer()
	}
	return ok(c.s.appJSON(a))
}

func (c *call) listInstallations() answer {
	var mine []*installation
	for _, i := range c.s.installs {
		if i.app == c.app {
			mine = append(mine, i)
		}
	}
	return ok(each(page(c, mine), c.s.installationJSON))
}

// installation of the path, when it is the App's own.
func (c *call) installation() *installation {
	i := c.s.findInstallation(c.number("id"))
	if i == nil || i.app != c.app {
		return nil
	}
	return i
}

func (c *call) getInstallation() answer {
	i := c.installation()
	if i == nil {
		return notFound().answer()
	}
	return ok(c.s.installationJSON(i))
}

func (c *call) deleteInstallation() answer {
	i := c.installation()
	if i == nil {
		return notFound().answer()
	}
	c.s.emitInstallation(i, "deleted", i.app.bot)
	c.s.installs = without(c.s.installs, i)
	c.s.revoke(i)
	return noContent()
}

func (c *call) suspend() answer {
	i := c.installation()
	if i == nil {
		return notFound().answer()
	}
	i.suspended, i.suspendedBy = c.s.Now(), i.app.bot
	c.s.emitInstallation(i, "suspend", i.app.bot)
	return noContent()
}

func (c *call) unsuspend() answer {
	i := c.installation()
	if i == nil {
		return notFound().answer()
	}
	i.suspended, i.suspendedBy = time.Time{}, nil
	c.s.emitInstallation(i, "unsuspend", i.app.bot)
	return noContent()
}

func (c *call) accountInstallation() answer {
	name := c.vars["login"] + c.vars["org"]
	for _, i := range c.s.installs {
		if i.app == c.app && strings.EqualFold(i.account.login, name) {
			return ok(c.s.installationJSON(i))
		}
	}
	return notFound().answer()
}

func (c *call) repoInstallation() answer {
	r := c.s.findRepo(c.vars["theOwner"], c.vars["theRepo"])
	if r == nil {
		return notFound().answer()
	}
	i := c.s.installationOf(c.app, r)
	if i == nil {
		return notFound().answer()
	}
	return ok(c.s.installationJSON(i))
}

func (c *call) listInstallationRepos() answer {
	var mine []*repo
	for _, r := range c.s.reposOf(c.inst) {
		if c.token.covers(r) {
			mine = append(mine, r)
		}
	}
	selection := "all"
	if c.inst.selected != nil {
		selection = "selected"
	}
	list := each(page(c, mine), func(r *repo) object { return c.s.repoJSON(r, c.who) })
	return ok(object{"total_count": len(mine), "repository_selection": selection, "repositories": list})
}

func (c *call) createToken() answer {
	i := c.installation()
	if i == nil {
		return notFound().answer()
	}
	if !i.suspended.IsZero() {
		return problemf(http.StatusForbidden, "This installation has been suspended").answer()
	}
	var in struct {
		Repositories  []string    `json:"repositories"`
		RepositoryIDs []int64     `json:"repository_ids"`
		Permissions   Permissions `json:"permissions"`
	}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	t, p := c.s.mint(i, in.Repositories, in.RepositoryIDs, in.Permissions)
	if p != nil {
		return p.answer()
	}
	t.clock, t.expires = c.token.clock, c.token.clock().UTC().Truncate(time.Second).Add(time.Hour)
	out := object{"token": t.text, "expires_at": when(t.expires), "permissions": t.permissions, "repository_selection": "all"}
	if t.repos != nil {
		out["repositories"] = each(t.repos, func(r *repo) object { return c.s.repoJSON(r, i.app.bot) })
	}
	if t.repos != nil || i.selected != nil {
		out["repository_selection"] = "selected"
	}
	return created(out)
}

func (c *call) deleteToken() answer {
	delete(c.s.tokens, c.token.text)
	return noContent()
}
