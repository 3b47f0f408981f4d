// Package githubapp is the bot's side of GitHub: it proves who the app is, keeps each installation inside GitHub's rate limits,
// checks the signatures of webhooks, and says what an error of GitHub means for the work that met it.
//
// An App is one GitHub App with its private key. A Client acts as one installation of it: it is a go-github client whose every
// request carries the installation's token, waits for no rate limit (it returns a *Throttled instead), and sends one write at a
// time, as GitHub asks of integrations (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
//
// Three promises hold for every request made here. A token goes to the configured API host and to no other, also after a
// redirect. No response is read beyond MaxResponse bytes. Nothing is tried again inside, except once with a new token when
// GitHub refuses the old one: the durable queue tries again, told by Judge when and whether.
//
// The package knows no rule and nothing of the bot.
package githubapp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
	"golang.org/x/sync/singleflight"
)

// Permissions maps GitHub's names of permissions to read, write or admin, such as "issues": "write".
type Permissions map[string]string

// Options says which GitHub App this is and where its GitHub lives.
type Options struct {
	AppID      int64
	PrivateKey []byte            // PEM, PKCS#1 or PKCS#8
	APIURL     string            // "https://api.github.com/" when empty; GHES: "https://host/api/v3/"
	GraphQLURL string            // derived from APIURL when empty
	Transport  http.RoundTripper // one of the package's own, with timeouts, when nil
	Now        func() time.Time  // time.Now when nil
	Log        *slog.Logger      // slog.Default when nil
}

// App is the GitHub App: its key, and one client for each installation. Its methods may be called concurrently.
type App struct {
	o         Options
	endpoints endpoints
	wire      *wire
	clock     *clock
	signer    *signer
	self      *github.Client // acts as the app, not as an installation

	mu       sync.Mutex
	clients  map[int64]*Client
	identity *Identity
	asking   singleflight.Group
}

// New checks o and returns the app. It makes no request.
func New(o Options) (*App, error) {
	if o.AppID <= 0 {
		return nil, errors.New("app ID is missing: it is the number on the app's settings page, under About")
	}
	key, err := ParseKey(o.PrivateKey)
	if err != nil {
		return nil, err
	}
	e, err := parseEndpoints(o.APIURL, o.GraphQLURL)
	if err != nil {
		return nil, err
	}
	if o.Transport == nil {
		o.Transport = newBaseTransport()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &App{o: o, endpoints: e, clock: &clock{now: o.Now, log: o.Log}, clients: map[int64]*Client{}}
	a.wire = &wire{base: o.Transport, endpoints: e, clock: a.clock, timeout: requestTimeout}
	a.signer = &signer{key: key, clock: a.clock}
	self := a.transport(&appTokens{appID: o.AppID, signer: a.signer}, newThrottle(a.clock, o.Log.With("app", o.AppID)))
	a.self = newGitHub(e, self)
	return a, nil
}

// Identity is who the app is on GitHub.
type Identity struct {
	ID    int64
	Slug  string
	Login string // of its bot user: the slug and "[bot]"
}

// Identity asks GitHub once (GET /app) and remembers the answer. Callers that ask meanwhile share the request; each of them
// stops waiting when its own ctx ends.
func (a *App) Identity(ctx context.Context) (Identity, error) {
	a.mu.Lock()
	known := a.identity
	a.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	return share(ctx, &a.asking, "identity", func(ctx context.Context) (Identity, error) {
		app, _, err := a.self.Apps.Get(ctx, "")
		if err != nil {
			return Identity{}, err
		}
		id := Identity{ID: app.GetID(), Slug: app.GetSlug(), Login: app.GetSlug() + "[bot]"}
		if id.Slug == "" {
			return Identity{}, errors.New("GitHub's answer to GET /app names no slug")
		}
		a.mu.Lock()
		a.identity = &id
		a.mu.Unlock()
		return id, nil
	})
}

// AsApp returns the client that acts as the app itself: for its installations and its webhook deliveries.
func (a *App) AsApp() *github.Client { return a.self }

// Client returns the one client of an installation. It makes no request.
func (a *App) Client(installation int64) *Client {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.clients[installation]
	if c == nil {
		c = a.newClient(installation)
		a.clients[installation] = c
	}
	return c
}

// Forget drops an installation's token, so that the next request asks for a new one: after new permissions, a suspension
// lifted, a changed choice of repositories.
func (a *App) Forget(installation int64) { a.Client(installation).tokens.forget() }

// shareTimeout ends work that several callers wait for, whatever their own deadlines.
const shareTimeout = 30 * time.Second

// share runs f once for all callers that ask for key at the same time. The work goes on when the caller that began it gives
// up, because others wait for it; each caller waits no longer than its own ctx.
func share[T any](ctx context.Context, g *singleflight.Group, key string, f func(context.Context) (T, error)) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	done := g.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shareTimeout)
		defer cancel()
		return f(ctx)
	})
	select {
	case <-ctx.Done():
		return zero, ctx.Err()
	case r := <-done:
		if r.Err != nil {
			return zero, r.Err
		}
		return r.Val.(T), nil
	}
}
