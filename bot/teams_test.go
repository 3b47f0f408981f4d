package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bellhop/githubapp"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

// teamWorld is a stand-in GitHub with a client on it, a clock, and what is remembered of teams.
type teamWorld struct {
	*githubtest.Server
	gh      *githubapp.Client
	rosters *rosters
	now     time.Time
}

func newTeamWorld(t *testing.T) *teamWorld {
	t.Helper()
	w := &teamWorld{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	var err error
	if w.Server, err = githubtest.Start(githubtest.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Server.Close)
	w.Server.Check = contract.Check
	seeded := githubtest.Seed(w.Server)
	app, err := githubapp.New(githubapp.Options{AppID: seeded.App.ID, PrivateKey: []byte(seeded.App.PrivateKey), APIURL: w.URL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	w.gh, w.rosters = app.Client(seeded.Installation), newRosters(now)
	return w
}

// asks returns who is in a team, and how many requests that took.
func (w *teamWorld) asks(t *testing.T, name string) (team roster, requests int) {
	t.Helper()
	w.ResetLog()
	team, err := w.rosters.of(context.Background(), w.gh, name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, r := range w.Requests() {
		if r.Violation != "" {
			t.Errorf("%s %s: %s", r.Method, r.Path, r.Violation)
		}
		if strings.HasPrefix(r.Path, "/orgs/") {
			requests++
		}
	}
	return team, requests
}

func TestRostersAreRemembered(t *testing.T) {
	w := newTeamWorld(t)
	want := func(name string, members []string, requests int) {
		t.Helper()
		team, n := w.asks(t, name)
		slices.Sort(team.members)
		if !slices.Equal(team.members, members) || team.lost != "" || n != requests {
			t.Errorf("%s: %+v in %d requests, want %v in %d", name, team, n, members, requests)
		}
	}
	want("@acme/backend", []string{"carol", "erin"}, 1)
	want("@acme/backend", []string{"carol", "erin"}, 0)
	want("@acme", []string{"alice", "carol", "erin", "olivia"}, 1)

	w.JoinTeam("acme", "backend", "dan")
	want("@acme/backend", []string{"carol", "erin"}, 0)
	w.rosters.hear(w.gh.Installation()+1, "membership") // another installation's
	w.rosters.hear(w.gh.Installation(), "issues")
	want("@acme/backend", []string{"carol", "erin"}, 0)
	w.rosters.hear(w.gh.Installation(), "membership")
	want("@acme/backend", []string{"carol", "dan", "erin"}, 1)

	w.LeaveTeam("acme", "backend", "dan")
	w.now = w.now.Add(rosterTime)
	want("@acme/backend", []string{"carol", "erin"}, 1)
}

func TestATeamThatCannotBeReadIsLost(t *testing.T) {
	w := newTeamWorld(t)
	for _, tt := range []struct {
		name, body, says string
		status           int
	}{
		{"@acme/nobody", "", "there is no such team here, or the app may not see it", 0},
		{"@other/team", "", "there is no such team here", 0},
		{"@acme/backend", `{"message":"Resource not accessible by integration"}`, "the app lacks the permission members: read", 403},
	} {
		if tt.status != 0 {
			w.Answer("GET", "/orgs/acme/teams/backend/members", 1, githubtest.Reply(tt.status, nil, tt.body))
		}
		team, n := w.asks(t, tt.name)
		if !strings.Contains(team.lost, tt.says) || n != 1 {
			t.Errorf("%s: %q in %d requests, want %q", tt.name, team.lost, n, tt.says)
		}
		if _, n := w.asks(t, tt.name); n != 0 {
			t.Errorf("%s was asked for again at once", tt.name)
		}
	}
	w.now = w.now.Add(lostTime)
	if team, n := w.asks(t, "@acme/backend"); team.lost != "" || n != 1 {
		t.Errorf("after a minute: %+v in %d requests", team, n)
	}
	w.Answer("GET", "/orgs/acme/teams/maintainers/members", 1, githubtest.Reply(502, nil, "{}"))
	if _, err := w.rosters.of(context.Background(), w.gh, "@acme/maintainers"); err == nil {
		t.Error("GitHub's own trouble was taken for an answer")
	}
}

func TestRostersAreBounded(t *testing.T) {
	r := newRosters(func() time.Time { return time.Time{} })
	for i := range maxRosters + 100 {
		r.keep(rosterKey{1, fmt.Sprint(i)}, roster{until: time.Time{}.Add(time.Hour)}, 0)
	}
	if len(r.kept) > maxRosters {
		t.Errorf("%d teams are remembered", len(r.kept))
	}
	r.hear(2, "team")
	before := len(r.kept)
	r.keep(rosterKey{2, "x"}, roster{}, 0) // asked for before GitHub told of a change
	if len(r.kept) != before {
		t.Error("what was asked for before a change is remembered after it")
	}
}
