package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bellhop/bot"
	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

var update = flag.Bool("update", false, "rewrite the golden parts of scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bellhop": main})
}

// TestScripts plays testdata/script/*.txtar, the specification of the bot. Each script has a stand-in GitHub with the
// repository acme/app (githubtest.Seed tells who is there) and a clock of its own, which stands still at 09:00 UTC on Monday,
// 5 January 2026, unless it is advanced. Every API request is held against GitHub's own description. A webhook is sent when the
// bot has done what those before it caused; only while a request stalls they follow each other at once. These are its verbs:
//
//	start                 starts the bot on bot.toml's rules (none without that file) and on the state that is on disk
//	sigterm               stops it as SIGTERM does
//	crash                 drops what is in memory and keeps the disk
//	idle                  waits until GitHub has sent all webhooks and the bot has nothing left to do now
//	config FILE           alice has pushed FILE as .github/bot.toml to main; what that caused is not seen by writes and calls
//	person LOGIN DEED ... somebody does something at GitHub; see the table deeds
//	deliver EVENT FILE    GitHub sends FILE as a webhook
//	redeliver [EVENT [ACTIVITY]]  GitHub sends its last webhook (of that event and activity) once more, with the same GUID
//	lose FILE             as config, but the webhooks of the push are lost on their way
//	everyday [N...]       as config, with testdata/everyday.toml: all twelve rules, or those with these numbers
//	lose person ...       as person, but the webhooks of it are lost on their way
//	tried                 waits until GitHub has tried to send all webhooks, though the bot does not run
//	recovery N            checks that the bot has made N API requests about deliveries since the last writes
//	logged TEXT           checks that the bot's log says so
//	advance DURATION      sets the clock forward
//	answer METHOD PATH STATUS [TIMES]   GitHub answers so, once unless told how often; STATUS may be lost, reset, limit
//	mergeable known|unknown   GitHub has worked out what merges without conflict, or has not
//	stall METHOD PATH     GitHub leaves the next such request without an answer until resume
//	stalled               waits until a request is without an answer
//	resume                GitHub answers again
//	sent                  waits until GitHub has sent all webhooks and the bot has nothing left to do but what stalls, and what
//	                      waits behind it
//	writes                prints what the bot changed at GitHub since the last writes
//	protect BRANCH CHECK...     branch protection demands these checks; nothing without a check
//	ruleset BRANCH CHECK...     a ruleset demands them
//	team SLUG join|leave LOGIN  somebody joins or leaves a team of acme
//	calls N               checks that the bot has made N API requests since the last calls, aside from token requests and those
//	                      about deliveries
//	left N                GitHub lets the bot make N more requests in the hour that has begun
//	dead                  prints the reasons of deliveries that were given up
//	waiting N             checks that N visits wait
//	expire                has what is old leave the store, and prints how much that was
//	told                  prints what was decided since the last told: rule, outcome, note, and each condition; and what was
//	                      left to a newer delivery
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			w, err := newWorld(env.WorkDir)
			if err != nil {
				return err
			}
			env.Values[worldKey{}] = w
			env.Defer(w.close)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start":     verb((*world).start),
			"sigterm":   verb((*world).stop),
			"crash":     verb((*world).crash),
			"idle":      verb((*world).idle),
			"config":    verb((*world).config),
			"person":    verb((*world).person),
			"deliver":   verb((*world).deliver),
			"redeliver": verb((*world).redeliver),
			"lose":      verb((*world).lose),
			"everyday":  verb((*world).everyday),
			"tried":     verb((*world).tried),
			"recovery":  verb((*world).recovery),
			"logged":    verb((*world).logged),
			"advance":   verb((*world).advance),
			"answer":    verb((*world).answer),
			"stall":     verb((*world).stall),
			"stalled":   verb((*world).stalled),
			"resume":    verb((*world).resume),
			"sent":      verb((*world).sent),
			"mergeable": verb((*world).mergeable),
			"writes":    verb((*world).writes),
			"calls":     verb((*world).calls),
			"protect":   verb((*world).protect),
			"ruleset":   verb((*world).ruleset),
			"team":      verb((*world).team),
			"left":      verb((*world).left),
			"dead":      verb((*world).dead),
			"waiting":   verb((*world).waiting),
			"expire":    verb((*world).expire),
			"told":      verb((*world).told),
		},
	})
}

type worldKey struct{}

// verb makes a command of a script from a method. A script fails when the method does, or, after "!", when it does not.
func verb(do func(w *world, ts *testscript.TestScript, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		w := ts.Value(worldKey{}).(*world)
		ts.Stdout() // a verb that prints nothing has said nothing
		err := do(w, ts, args)
		switch {
		case err != nil && neg:
			fmt.Fprintln(ts.Stderr(), err)
		case err != nil:
			ts.Fatalf("%v\n%s", err, w.log)
		case neg:
			ts.Fatalf("it did not fail")
		}
	}
}

// world is a script's GitHub, bot and clock.
type world struct {
	dir    string
	disk   string // folder of the bot's state; another after each crash
	github *githubtest.Server
	seeded githubtest.Seeded
	log    *safeBuffer
	level  slog.Level // of the log
	door   string     // more settings of the table server

	transport http.RoundTripper // between bot and GitHub; nil for the bot's own

	mu      sync.Mutex
	clock   time.Time
	visited []bot.Visited

	server *server // nil while it is stopped
	cancel context.CancelFunc
	ended  chan error
	called int // API requests seen by calls

	stalls  stalls
	running atomic.Pointer[running] // nil while it is stopped
}

func newWorld(dir string) (*world, error) {
	w := &world{dir: dir, disk: filepath.Join(dir, ".state-1"), clock: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), log: &safeBuffer{}}
	var err error
	if w.github, err = githubtest.Start(githubtest.Options{Now: w.now}); err != nil {
		return nil, err
	}
	w.github.Check = contract.Check
	w.github.PaceWebhooks(w.pace)
	w.seeded = githubtest.Seed(w.github)
	return w, os.Mkdir(w.disk, 0o700)
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) close() {
	if w.server != nil {
		w.cancel()
		<-w.ended
	}
	w.stalls.end()
	w.github.Close()
}

// patience is how long tests wait for the bot, in real time, before they call it stuck. A busy machine is slow.
const patience = 3 * time.Minute

func (w *world) start(ts *testscript.TestScript, args []string) error {
	if w.server != nil {
		return fmt.Errorf("the bot runs already")
	}
	rules, err := os.ReadFile(filepath.Join(w.dir, "bot.toml"))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	path := filepath.Join(w.dir, ".host.toml")
	host := fmt.Sprintf("[server]\n"+w.door+"listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[github]\napp_id = %d\nwebhook_secrets = [%q]\napi_url = %q\n[storage]\nurl = %q\n",
		w.seeded.App.ID, w.seeded.App.Secret, w.github.URL, "sqlite:"+filepath.Join(w.disk, "bellhop.db"))
	if err := os.WriteFile(path, append([]byte(host), rules...), 0o600); err != nil {
		return err
	}
	settings, err := bot.LoadSettings(bot.Sources{Path: path, Getenv: func(name string) string {
		return map[string]string{"BELLHOP_PRIVATE_KEY": string(w.seeded.App.PrivateKey)}[name]
	}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: w.level}))
	w.server, err = open(ctx, settings, serverOptions{workers: 4, log: log, now: w.now, told: w.hear, transport: w.transport})
	if err != nil {
		cancel()
		w.server = nil
		return err
	}
	w.cancel, w.ended = cancel, make(chan error, 1)
	w.running.Store(&running{ctx, w.server.host})
	go func(s *server) { w.ended <- s.run(ctx) }(w.server)
	w.github.SetWebhook("bellhop", "http://"+w.server.public.Addr().String()+"/webhook", w.seeded.App.Secret)
	return nil
}

func (w *world) hear(v bot.Visited) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.visited = append(w.visited, v)
}

func (w *world) stop(ts *testscript.TestScript, args []string) error {
	if w.server == nil {
		return fmt.Errorf("the bot does not run")
	}
	w.running.Store(nil)
	w.cancel()
	err := <-w.ended
	w.server = nil
	return err
}

// crash goes on with a copy of the disk as it is at this moment. Nothing that the dropped process does after it is seen.
func (w *world) crash(ts *testscript.TestScript, args []string) error {
	next, err := w.copyDisk()
	if err != nil {
		return err
	}
	if err := w.stop(ts, nil); err != nil {
		return err
	}
	w.disk = next
	return nil
}

// copyDisk copies the bot's state as it is at this moment into another folder.
func (w *world) copyDisk() (string, error) {
	next := filepath.Join(w.dir, ".state-"+strconv.Itoa(len(w.disk)+int(w.now().Unix()%1000)))
	if err := os.Mkdir(next, 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{"bellhop.db", "bellhop.db-wal"} {
		data, err := os.ReadFile(filepath.Join(w.disk, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(next, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return next, nil
}

func (w *world) idle(ts *testscript.TestScript, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if err := w.github.Flush(ctx); err != nil {
			return fmt.Errorf("webhooks are not taken: %w", err)
		}
		if err := w.server.host.Idle(ctx); err != nil {
			return err
		}
		if w.github.Settled() {
			break
		}
	}
	for _, r := range w.github.Violations() {
		return fmt.Errorf("GitHub's description forbids %s %s: %s", r.Method, r.Path, r.Violation)
	}
	for _, r := range w.github.Unknown() {
		return fmt.Errorf("the stand-in GitHub has no %s %s", r.Method, r.Path)
	}
	return nil
}

func (w *world) config(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: config FILE")
	}
	return w.change(ts, ts.ReadFile(args[0]))
}

func (w *world) everyday(ts *testscript.TestScript, args []string) error {
	rules, err := everydayRules(args)
	if err != nil {
		return err
	}
	return w.change(ts, rules)
}

// change pushes the rules of acme/app.
func (w *world) change(ts *testscript.TestScript, rules string) error {
	change := githubtest.Commit{Message: "Change the rules", Files: map[string]string{bot.ConfigPath: rules}}
	if _, err := w.github.As("alice").On(w.seeded.Repository).Push("main", change); err != nil {
		return err
	}
	if w.server != nil {
		if err := w.idle(ts, nil); err != nil {
			return err
		}
	}
	w.forget()
	return nil
}

func (w *world) lose(ts *testscript.TestScript, args []string) error {
	w.github.HoldWebhooks()
	defer w.github.ReleaseWebhooks()
	if args[0] == "person" {
		err := w.person(ts, args[1:])
		w.github.DropWebhooks()
		return err
	}
	change := githubtest.Commit{Message: "Change the rules", Files: map[string]string{bot.ConfigPath: ts.ReadFile(args[0])}}
	_, err := w.github.As("alice").On(w.seeded.Repository).Push("main", change)
	w.github.DropWebhooks()
	return err
}

func (w *world) tried(ts *testscript.TestScript, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return w.github.Flush(ctx)
}

func (w *world) recovery(ts *testscript.TestScript, args []string) error {
	n := 0
	for _, r := range w.github.Requests() {
		if strings.HasPrefix(r.Path, "/app/hook/deliveries") {
			n++
		}
	}
	if strconv.Itoa(n) != args[0] {
		return fmt.Errorf("%d API requests about deliveries, want %s:\n%s", n, args[0], githubtest.Text(w.github.Requests()))
	}
	return nil
}

func (w *world) logged(ts *testscript.TestScript, args []string) error {
	if !strings.Contains(w.log.String(), args[0]) {
		return fmt.Errorf("the log does not say %q", args[0])
	}
	return nil
}

// forget has writes and calls begin anew.
func (w *world) forget() {
	w.github.ResetLog()
	w.called = 0
}

func (w *world) deliver(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: deliver EVENT FILE")
	}
	w.github.Send("bellhop", args[0], []byte(ts.ReadFile(args[1])))
	return nil
}

func (w *world) redeliver(ts *testscript.TestScript, args []string) error {
	all := w.github.Deliveries()
	for i := len(all) - 1; i >= 0; i-- {
		if (len(args) == 0 || all[i].Event == args[0]) && (len(args) < 2 || all[i].Action == args[1]) {
			return w.github.Redeliver(all[i].GUID)
		}
	}
	return fmt.Errorf("no delivery to send again")
}

func (w *world) advance(ts *testscript.TestScript, args []string) error {
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.clock = w.clock.Add(d)
	w.mu.Unlock()
	if w.server != nil {
		w.server.host.Poke()
	}
	return nil
}

func (w *world) answer(ts *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: answer METHOD PATH STATUS [TIMES]")
	}
	times := 1
	if len(args) > 3 {
		n, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		times = n
	}
	var b githubtest.Behaviour
	switch args[2] {
	case "lost":
		b = githubtest.LoseAnswer()
	case "reset":
		b = githubtest.Reset()
	case "limit":
		b = githubtest.SecondaryLimit(time.Minute)
	default:
		status, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		b = githubtest.Reply(status, nil, `{"message":"as the script wants"}`)
	}
	w.github.Answer(args[0], args[1], times, b)
	return nil
}

func (w *world) mergeable(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: mergeable known|unknown")
	}
	w.github.HoldMergeability(args[0] == "unknown")
	return nil
}

func (w *world) writes(ts *testscript.TestScript, args []string) error {
	fmt.Fprint(ts.Stdout(), githubtest.Text(w.github.Writes()))
	w.forget()
	return nil
}

func (w *world) calls(ts *testscript.TestScript, args []string) error {
	n := 0
	for _, r := range w.github.Requests() {
		if !strings.HasSuffix(r.Path, "/access_tokens") && !strings.HasPrefix(r.Path, "/app/hook/deliveries") {
			n++
		}
	}
	if got := n - w.called; strconv.Itoa(got) != args[0] {
		return fmt.Errorf("%d API requests, want %s:\n%s", got, args[0], githubtest.Text(w.github.Requests()))
	}
	w.called = n
	return nil
}

func (w *world) left(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err == nil {
		w.github.SetRateLimit(w.seeded.Installation, n, w.now().Add(time.Hour))
	}
	return err
}

func (w *world) dead(ts *testscript.TestScript, args []string) error {
	list, err := w.server.store.Deliveries(context.Background(), store.Filter{State: store.Dead})
	for i := len(list) - 1; i >= 0; i-- {
		fmt.Fprintf(ts.Stdout(), "%s %s: %s\n", list[i].Event, list[i].Subject, list[i].Reason)
	}
	return err
}

func (w *world) waiting(ts *testscript.TestScript, args []string) error {
	counts, err := w.server.store.Counts(context.Background())
	if err == nil && strconv.FormatInt(counts.Waiting, 10) != args[0] {
		err = fmt.Errorf("%d visits wait, want %s", counts.Waiting, args[0])
	}
	return err
}

func (w *world) expire(ts *testscript.TestScript, args []string) error {
	gone, err := w.server.retention.Pass(context.Background())
	fmt.Fprintf(ts.Stdout(), "%d deliveries, %d bodies, %d subjects\n", gone.Deliveries, gone.Bodies, gone.Subjects)
	return err
}

func (w *world) told(ts *testscript.TestScript, args []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Subjects are visited side by side; the order of what is told is that of the deliveries.
	slices.SortStableFunc(w.visited, func(a, b bot.Visited) int { return cmp.Compare(a.Delivery.ID, b.Delivery.ID) })
	for _, v := range w.visited {
		for _, l := range v.Left {
			fmt.Fprintf(ts.Stdout(), "%s %s: left to %s\n", v.Delivery.Event, l.Rule, strings.TrimSuffix(l.To.Event+"."+l.To.Activity, "."))
		}
		for _, d := range v.Decisions {
			fmt.Fprintf(ts.Stdout(), "%s %s: %s (%s)\n", v.Delivery.Event, d.Rule, d.Outcome, d.Note)
			for _, term := range d.Terms {
				fmt.Fprintf(ts.Stdout(), "  %s: %s, seen %s", term.Text, term.Outcome, term.Seen)
				if term.Why != "" {
					fmt.Fprintf(ts.Stdout(), " (%s)", term.Why)
				}
				fmt.Fprintln(ts.Stdout())
			}
		}
	}
	w.visited = nil
	return nil
}

// safeBuffer is what processes and servers print, readable at any time.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) WriteLine(s string) { b.Write([]byte(s + "\n")) }

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
