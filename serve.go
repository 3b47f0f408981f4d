package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/bot/store"
	"bellhop/githubapp"
)

// sources are the flags that say where settings come from. Each flag that stands for a setting is called like its variable,
// see bot.Sources.
type sources struct {
	Config string `help:"The operator's file. Default: bot.toml, which need not be there." placeholder:"FILE" env:"BELLHOP_CONFIG"`
	Admin  string `help:"Where /healthz and /readyz are. [BELLHOP_ADMIN]" placeholder:"ADDRESS"`
}

// bot returns the sources with more flags.
func (s sources) bot(flags map[string]string) bot.Sources {
	from := bot.Sources{Path: s.Config, Flags: map[string]string{"admin": s.Admin}}
	if from.Path == "" {
		from.Path, from.Optional = "bot.toml", true
	}
	for name, value := range flags {
		from.Flags[name] = value
	}
	return from
}

type serveCommand struct {
	sources
	Listen            string `help:"Where webhooks arrive: HOST:PORT or unix:/PATH. [BELLHOP_LISTEN]" placeholder:"ADDRESS"`
	AppID             string `help:"ID of the GitHub App. [BELLHOP_APP_ID]" placeholder:"ID"`
	PrivateKeyFile    string `help:"The App's private key; or the key itself in BELLHOP_PRIVATE_KEY. [BELLHOP_PRIVATE_KEY_FILE]" placeholder:"FILE"`
	WebhookSecretFile string `help:"Webhook secrets, one a line; or in BELLHOP_WEBHOOK_SECRET. [BELLHOP_WEBHOOK_SECRET_FILE]" placeholder:"FILE"`
	APIURL            string `name:"api-url" help:"GitHub's API. [BELLHOP_API_URL]" placeholder:"URL"`
	StorageURL        string `name:"storage-url" help:"Where deliveries are kept. [BELLHOP_STORAGE_URL]" placeholder:"URL"`
	Workers           int    `help:"Subjects worked on at once." default:"8"`
}

// Run serves until SIGTERM or SIGINT. A second signal ends the process at once.
func (s *serveCommand) Run(c *console) error {
	settings, err := bot.LoadSettings(s.bot(map[string]string{
		"listen": s.Listen, "app-id": s.AppID, "private-key-file": s.PrivateKeyFile, "webhook-secret-file": s.WebhookSecretFile,
		"api-url": s.APIURL, "storage-url": s.StorageURL,
	}))
	if err != nil {
		return err
	}
	ctx, restore := signals()
	defer restore()
	server, err := open(ctx, settings, serverOptions{workers: s.Workers, log: c.log})
	if err != nil {
		return err
	}
	c.log.Info("bellhop is listening", "listen", server.public.Addr().String(), "admin", address(server.admin),
		"app", settings.AppID, "api", settings.APIURL, "store", settings.Database)
	if err = server.run(ctx); err == nil {
		c.log.Info("bellhop has ended")
	}
	return err
}

// signals returns a context that ends with SIGINT or SIGTERM. A second signal ends the process at once.
func signals() (context.Context, context.CancelFunc) {
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, restore)
	return ctx, restore
}

// server is the whole bot: receiver, store, queue, worker, rules and actions.
type server struct {
	store         store.Store
	host          *bot.Host
	retention     *bot.Retention
	hooks         http.Handler
	allowed       *bot.AllowList
	public, admin net.Listener // admin is nil when there is none
	log           *slog.Logger
}

type serverOptions struct {
	workers   int
	log       *slog.Logger
	now       func() time.Time  // time.Now when nil
	told      func(bot.Visited) // see bot.HostOptions
	transport http.RoundTripper // to GitHub; see githubapp.Options
}

// open puts the parts together and opens the listeners. It makes no request.
func open(ctx context.Context, settings *bot.Settings, o serverOptions) (s *server, err error) {
	o.log = bot.ScrubLog(o.log)
	s = &server{log: o.log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	verifier, err := githubapp.NewVerifier(settings.Secrets())
	if err != nil {
		return s, err
	}
	app, err := githubapp.New(githubapp.Options{
		AppID: settings.AppID, PrivateKey: []byte(settings.PrivateKey.Reveal()),
		APIURL: settings.APIURL, GraphQLURL: settings.GraphQLURL, Transport: o.transport, Now: o.now, Log: o.log,
	})
	if err != nil {
		return s, err
	}
	set, err := settings.Rules(actions.All)
	if err != nil {
		return s, err
	}
	policy, err := settings.Policy(actions.All)
	if err != nil {
		return s, err
	}
	if s.store, err = store.OpenSQLite(settings.Database, store.Options{}); err != nil {
		return s, err
	}
	s.host, err = bot.NewHost(ctx, bot.HostOptions{
		Store: s.store, App: app, Kinds: actions.All, Rules: set, Policy: policy, Workers: o.workers, Now: o.now, Log: o.log, Told: o.told,
		Recover: settings.Recovery,
	})
	if err != nil {
		return s, err
	}
	s.retention = bot.NewRetention(bot.RetentionOptions{Store: s.store, Keep: settings.Keep, Now: o.now, Log: o.log})
	s.allowed = allowList(settings, app, o.log)
	s.hooks = bot.Hooks(bot.NewReceiver(bot.ReceiverOptions{
		Verifier: verifier, Store: s.store, Revive: s.host.Revive, MaxBody: settings.MaxBody, Proxies: settings.TrustedProxies, Allowed: s.allowed, Now: o.now, Log: o.log,
	}))
	return s, s.listen(settings)
}

// allowList is what the settings say of the addresses that webhooks are taken from; nil when they say nothing. GitHub's last list
// lies beside the database.
func allowList(settings *bot.Settings, app *githubapp.App, log *slog.Logger) *bot.AllowList {
	o := bot.AllowOptions{Own: settings.AllowFrom, File: settings.Database + ".ranges", Log: log}
	if settings.AllowGitHub {
		o.GitHub = app.HookRanges
	}
	if len(o.Own) == 0 && o.GitHub == nil {
		return nil
	}
	return bot.NewAllowList(o)
}

// listen opens the sockets, or takes those that systemd has opened.
func (s *server) listen(settings *bot.Settings) (err error) {
	if s.public, s.admin, err = bot.Activated(); err != nil {
		return err
	}
	if s.public == nil {
		if s.public, err = bot.Listen(settings.Listen); err != nil {
			return fmt.Errorf("server.listen: %w", err)
		}
	}
	if s.admin == nil && settings.Admin != "" {
		if s.admin, err = bot.Listen(settings.Admin); err != nil {
			return fmt.Errorf("server.admin: %w", err)
		}
	}
	return nil
}

// run runs all parts until ctx ends or one of them fails, and closes what open opened.
func (s *server) run(ctx context.Context) error {
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return (&bot.Server{Listener: s.public, Handler: s.hooks, Log: s.log}).Run(ctx) })
	parts.Go(func() error { return s.allowed.Run(ctx) })
	parts.Go(func() error { return s.host.Run(ctx) })
	parts.Go(func() error { return s.retention.Run(ctx) })
	// The admin listener outlives the others, to tell that they are ending.
	var last errgroup.Group
	lastCtx, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	if s.admin != nil {
		admin := &bot.Server{Listener: s.admin, Handler: bot.Admin(s.probes(ctx)...), Log: s.log}
		last.Go(func() error { return admin.Run(lastCtx) })
	}
	err := parts.Wait()
	end()
	return errors.Join(err, last.Wait(), s.close())
}

// probes say whether the bot is of use: until ctx ends, and as long as the store's writer answers.
func (s *server) probes(ctx context.Context) []bot.Probe {
	return []bot.Probe{
		{Name: "running", Check: func(context.Context) error { return ctx.Err() }},
		{Name: "store", Check: s.store.Writable},
	}
}

// close releases what was opened. Listeners that were served are closed already, which is no error.
func (s *server) close() error {
	for _, l := range []net.Listener{s.public, s.admin} {
		if l != nil {
			l.Close()
		}
	}
	if s.store != nil {
		return s.store.Close()
	}
	return nil
}

// address is where l listens.
func address(l net.Listener) string {
	if l == nil {
		return "none"
	}
	return l.Addr().String()
}
