package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bellhop/githubapp"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
)

// world is acme/app on a stand-in GitHub, with the bot installed. alice owns acme, bob may write, carol is a stranger.
type world struct {
	*githubtest.Server
	t      *testing.T
	passed atomic.Int64 // nanoseconds since now
	app    githubtest.App
	gh     *githubapp.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	server, err := githubtest.Start(githubtest.Options{Now: w.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.Check = contract.Check
	w.Server = server
	for _, login := range []string{"alice", "bob", "carol"} {
		server.AddUser(login)
	}
	server.AddOrganization("acme", "alice")
	server.AddTeam("acme", "backend", "bob")
	server.AddRepository(githubtest.RepositorySpec{
		FullName: "acme/app", Collaborators: map[string]string{"bob": "write"}, NoLabels: true, AutoMerge: true, Labels: []string{"bug", "area/ci?"},
		Workflows: []githubtest.WorkflowSpec{{Name: "CI", Path: ".github/workflows/ci.yml", Dispatch: true, Jobs: []string{"build", "test"}}},
	})
	server.GrantTeam("acme", "backend", "acme/app", "write")
	w.app = server.AddApp(githubtest.AppSpec{Slug: "bellhop", Owner: "acme", Permissions: permissions})
	installation := server.Install("bellhop", "acme", githubtest.InstallSpec{})
	app, err := githubapp.New(githubapp.Options{
		AppID: w.app.ID, PrivateKey: w.app.PrivateKey, APIURL: server.URL, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.gh = app.Client(installation)
	t.Cleanup(func() {
		for _, r := range slices.Concat(server.Violations(), server.Unknown()) {
			t.Errorf("no such request at GitHub: %s%s", r, r.Violation)
		}
	})
	return w
}

// time is what GitHub's clock shows.
func (w *world) time() time.Time { return now.Add(time.Duration(w.passed.Load())) }

// pass lets time go by.
func (w *world) pass(d time.Duration) { w.passed.Add(int64(d)) }

// permissions are all that any action needs, and what its tests read.
var permissions = func() map[string]string {
	all := map[string]string{"discussions": "write", "members": "read"}
	for _, k := range All {
		for name, level := range k.Needs {
			if all[name] != "write" {
				all[name] = level
			}
		}
	}
	return all
}()

// get reads from acme/app as the bot: get(&v, "issues/%d", 7).
func (w *world) get(into any, path string, args ...any) {
	w.t.Helper()
	target := rules.Target{Owner: "acme", Name: "app"}
	if err := ask(context.Background(), w.gh, target, "GET", fmt.Sprintf(path, args...), nil, into); err != nil {
		w.t.Fatal(err)
	}
}

// target is where steps of a test are done.
func target(kind string, number int) rules.Target {
	return rules.Target{
		Owner: "acme", Name: "app", Kind: kind, Number: number,
		Delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Rule: "A rule", Step: 1,
	}
}

// do stores the action, reads it back and does it, as after a restart.
func (w *world) do(a rules.Action, t rules.Target) (Done, error) {
	w.t.Helper()
	again := reflect.New(reflect.TypeOf(a).Elem()).Interface()
	if err := json.Unmarshal([]byte(stored(w.t, a)), again); err != nil {
		w.t.Fatal(err)
	}
	return again.(Doer).Do(context.Background(), w.gh, t)
}

// must does the action and fails the test on an error.
func (w *world) must(a rules.Action, t rules.Target) Done {
	w.t.Helper()
	d, err := w.do(a, t)
	if err != nil {
		w.t.Fatalf("%T: %v", a, err)
	}
	return d
}

// trial is one step, done in three worlds: once; twice; and once with an answer that is lost, then again. The effect must be
// the same in all.
type trial struct {
	// setUp makes the world ready and returns the planned step.
	setUp func(w *world) (rules.Action, rules.Target)
	// write is the request whose answer is lost: "POST /repos/acme/app/issues/*/comments". It is the only kind of write.
	write string
	// effect reads from GitHub what the step is to change.
	effect func(w *world) any
	want   any
	// again is Done.Skipped of the second time; url a part of Done.URL of the first.
	again, url string
}

func (tr trial) run(t *testing.T) {
	t.Helper()
	method, path, _ := strings.Cut(tr.write, " ")
	t.Run("once and twice", func(t *testing.T) {
		w := newWorld(t)
		action, target := tr.setUp(w)
		before := len(w.Writes())
		d := w.must(action, target)
		if d.Skipped != "" || !strings.Contains(d.URL, tr.url) || tr.url == "" {
			t.Errorf("first time: %+v, want a URL with %q", d, tr.url)
		}
		same(t, tr.effect(w), tr.want)
		if len(w.Writes()) == before {
			t.Errorf("nothing was written")
		}
		w.pass(5 * time.Minute)
		if d := w.must(action, target); d.Skipped != tr.again {
			t.Errorf("second time: %+v, want %q", d, tr.again)
		}
		same(t, tr.effect(w), tr.want)
	})
	t.Run("answer lost", func(t *testing.T) {
		w := newWorld(t)
		action, target := tr.setUp(w)
		stop := w.Answer(method, path, 1, githubtest.LoseAnswer())
		defer stop()
		if d, err := w.do(action, target); err == nil {
			t.Fatalf("no error although the answer to %s was lost: %+v", tr.write, d)
		}
		w.pass(5 * time.Minute)
		if d := w.must(action, target); d.Skipped != tr.again {
			t.Errorf("second time: %+v, want %q", d, tr.again)
		}
		same(t, tr.effect(w), tr.want)
	})
	t.Run("limit met", func(t *testing.T) {
		w := newWorld(t)
		action, target := tr.setUp(w)
		stop := w.Answer(method, path, 1, githubtest.SecondaryLimit(time.Minute))
		defer stop()
		_, err := w.do(action, target)
		if v := githubapp.Judge(err, time.Now()); !v.Retry || !v.Throttled {
			t.Errorf("a rate limit is judged as %+v: %v", v, err)
		}
	})
	t.Run("no permission", func(t *testing.T) {
		w := newWorld(t)
		action, target := tr.setUp(w)
		forbidden := githubtest.Reply(http.StatusForbidden, nil, `{"message":"Resource not accessible by integration"}`)
		stop := w.Answer(method, path, 1, forbidden)
		defer stop()
		d, err := w.do(action, target)
		if v := githubapp.Judge(err, time.Now()); err == nil || v.Retry {
			t.Errorf("a missing permission gives %+v, %v, judged %+v", d, err, v)
		}
	})
}

// refuses does a step that GitHub refuses with an error that holds words.
func (w *world) refuses(a rules.Action, t rules.Target, words string) {
	w.t.Helper()
	d, err := w.do(a, t)
	if err == nil || !strings.Contains(err.Error(), words) {
		w.t.Errorf("%T: %+v, %v; want an error with %q", a, d, err, words)
	}
}

// skips does a step that is passed over for a reason.
func (w *world) skips(a rules.Action, t rules.Target, reason string) {
	w.t.Helper()
	d, err := w.do(a, t)
	if err != nil || d.Skipped != reason {
		w.t.Errorf("%T: %+v, %v; want %q", a, d, err, reason)
	}
}
