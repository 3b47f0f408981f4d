package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bellhop/bot"
	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
)

type demoCommand struct {
	Exit bool `help:"End after the story; the exit code is 1 when anything went wrong."`
}

// sceneTimeout bounds what one deed of a person may cause.
const sceneTimeout = 30 * time.Second

// Run tells the story, and without --exit stays up for more.
func (d *demoCommand) Run(c *console) error {
	ctx, restore := signals()
	defer restore()
	s, err := openStage(ctx, c.out, nil)
	if err != nil {
		return err
	}
	defer s.close()
	s.introduce()
	s.tell(ctx, story)
	if !d.Exit && ctx.Err() == nil {
		s.stay(ctx, os.Stdin)
	}
	s.sum()
	if s.problems > 0 || ctx.Err() != nil && d.Exit {
		return exitCode(exitFindings)
	}
	return nil
}

// stage is the whole bot as `bellhop serve` runs it, a stand-in GitHub, and those who watch.
type stage struct {
	*timeline
	github   *githubtest.Server
	secret   string
	server   *server
	folder   string
	stop     func() // ends the server
	ended    chan error
	told     int64 // the last delivery that was told
	calls    int   // API requests before the scene
	actions  int
	problems int
}

// openStage puts the parts together in a temporary folder and starts them. check, which may be nil, sees every API request.
func openStage(ctx context.Context, w io.Writer, check func(*githubtest.Server)) (*stage, error) {
	github, err := githubtest.Start(githubtest.Options{})
	if err != nil {
		return nil, err
	}
	if check != nil {
		check(github)
	}
	seeded := githubtest.Seed(github)
	s := &stage{timeline: &timeline{coloured(w), w, seeded.App.Login}, github: github, secret: seeded.App.Secret, ended: make(chan error, 1)}
	if s.folder, err = os.MkdirTemp("", "bellhop-demo-"); err != nil {
		github.Close()
		return nil, err
	}
	// The server outlives ctx, so that what it did can still be summed up.
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.server, err = open(ctx, &bot.Settings{
		Listen: "127.0.0.1:0", MaxBody: bot.MaxBody, AppID: seeded.App.ID, PrivateKey: bot.Secret(seeded.App.PrivateKey),
		WebhookSecrets: []bot.Secret{bot.Secret(seeded.App.Secret)}, APIURL: github.URL, Database: filepath.Join(s.folder, "bellhop.db"),
	}, serverOptions{log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.stop()
		github.Close()
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	github.SetWebhook(seeded.App.Slug, s.url(), seeded.App.Secret)
	go func() { s.ended <- s.server.run(ctx) }()
	return s, nil
}

// url is where the bot takes webhooks.
func (s *stage) url() string { return "http://" + s.server.public.Addr().String() + "/webhook" }

// close ends all parts and removes the folder.
func (s *stage) close() error {
	s.stop()
	err := <-s.ended
	s.github.Close()
	return errors.Join(err, os.RemoveAll(s.folder))
}

func (s *stage) problem(format string, args ...any) {
	s.problems++
	s.line(2, "%s", s.red("✗ "+fmt.Sprintf(format, args...)))
}

// introduce says what there is.
func (s *stage) introduce() {
	s.line(0, "%s", s.bold("A stand-in GitHub and Bellhop, both on this machine."))
	s.line(0, "GitHub's API is at %s, the bot takes webhooks at %s and keeps them in %s.", s.github.URL, s.url(), s.folder)
	s.line(0, "\nThe rules, %s of the repository %s:\n", ".github/bot.toml", demoRepository)
	for line := range strings.Lines(demoRules) {
		s.line(2, "%s", s.dim("| ")+strings.TrimSuffix(line, "\n"))
	}
}

// scene is one deed of a person, and what has to be true on GitHub once the bot has dealt with it.
type scene struct {
	who, does string
	deed      func(g *githubtest.Server) error
	want      []want
}

// want is something that must be true on GitHub.
type want struct {
	what  string
	holds func(g *githubtest.Server) bool
}

// tell plays scenes one after another until ctx ends.
func (s *stage) tell(ctx context.Context, scenes []scene) {
	for _, scene := range scenes {
		if ctx.Err() != nil {
			s.problem("the story was cut short")
			return
		}
		s.deed(scene.who, scene.does)
		if err := scene.deed(s.github); err != nil {
			s.problem("%v", err)
			continue
		}
		s.watch(ctx)
		for _, w := range scene.want {
			if !w.holds(s.github) {
				s.problem("on GitHub it is not true that %s", w.what)
				continue
			}
			s.line(2, "%s %s", s.green("="), s.dim("on GitHub: "+w.what))
		}
	}
}

// watch waits until the bot has dealt with everything and tells what it did.
func (s *stage) watch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sceneTimeout)
	defer cancel()
	if err := s.settle(ctx); err != nil {
		s.problem("waited for the bot in vain: %v", err)
	}
	visited, err := s.since(context.WithoutCancel(ctx), s.told)
	if err != nil {
		s.problem("read back what was done: %v", err)
		return
	}
	s.visits(visited)
	for _, v := range visited {
		s.told = max(s.told, v.Delivery.ID)
		if v.State != store.Done {
			s.problems++ // the timeline says why
		}
		for _, step := range v.Steps {
			if step.State == store.Done {
				s.actions++
			}
		}
	}
	total := len(s.github.Requests())
	if total > s.calls {
		s.line(2, "%s", s.dim(count(total-s.calls, "API call")))
	}
	s.calls = total
}

// settle waits until no webhook is under way and no visit may be done.
func (s *stage) settle(ctx context.Context) error {
	for {
		if err := s.github.Flush(ctx); err != nil {
			return err
		}
		sent := len(s.github.Deliveries())
		if err := s.server.host.Idle(ctx); err != nil {
			return err
		}
		// What the bot did meanwhile may have caused more.
		if s.github.Settled() && len(s.github.Deliveries()) == sent {
			return nil
		}
	}
}

// since reads from the store what became of the deliveries after one, in the order in which they came.
func (s *stage) since(ctx context.Context, after int64) ([]bot.Visited, error) {
	list, err := s.server.store.Deliveries(ctx, store.Filter{Limit: 1000})
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	var told []bot.Visited
	for _, d := range list {
		if d.ID <= after {
			continue
		}
		visits, err := s.server.store.VisitsOf(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range visits {
			t := bot.Visited{Delivery: &d, Subject: v.Subject, State: v.State, Reason: v.Reason}
			if t.Steps, err = s.server.store.Steps(ctx, v.ID); err != nil {
				return nil, err
			}
			decisions, err := s.server.store.Decisions(ctx, v.Subject, 1000)
			if err != nil {
				return nil, err
			}
			for _, decision := range slices.Backward(decisions) { // newest first, which is the last rule first
				if decision.Visit == v.ID {
					t.Decisions = append(t.Decisions, decision.Decision)
				}
			}
			told = append(told, t)
		}
	}
	return told, nil
}

// sum prints the last line.
func (s *stage) sum() {
	for _, r := range slices.Concat(s.github.Unknown(), s.github.Violations()) {
		s.problem("GitHub knows no such request: %s %s %s", r.Method, r.Path, r.Violation)
	}
	for _, d := range s.github.Deliveries() {
		if d.URL != "" && !d.OK() { // installing the App came before its webhook had a URL
			s.problem("the bot did not take the delivery %s: status %d %s", d.GUID, d.Status, d.Problem)
		}
	}
	counts, err := s.server.store.Counts(context.Background())
	if err != nil {
		s.problem("count deliveries: %v", err)
	}
	s.line(0, "\n%s in all", count(len(s.github.Requests()), "API call"))
	s.line(0, "demo: %d deliveries, %d actions, %d problems", counts.Deliveries, s.actions, s.problems)
}

// stay keeps the bot up, plays what is typed, and tells of every delivery that comes, until ctx ends or somebody says quit.
func (s *stage) stay(ctx context.Context, in io.Reader) {
	s.invite()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	for {
		changed := s.server.store.Changed()
		select {
		case <-ctx.Done():
			return
		case line, open := <-lines:
			if !open {
				lines = nil // nobody types; go on for those who send
				continue
			}
			if line == "quit" || line == "exit" {
				return
			}
			if err := s.typed(line); err != nil {
				s.line(2, "%s", s.red(err.Error()))
				continue
			}
		case <-changed:
		}
		s.watch(ctx)
	}
}
