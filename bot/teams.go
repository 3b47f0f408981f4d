package bot

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
	"golang.org/x/sync/singleflight"

	"bellhop/githubapp"
	"bellhop/rules"
)

// Bounds on what is remembered of teams.
const (
	rosterTime  = 5 * time.Minute // how long members are taken for those of now where GitHub tells no change
	lostTime    = time.Minute     // how long a team that cannot be read is not asked for again
	maxRosters  = 1000            // teams in memory
	rosterPages = 30              // of 100 members
)

// rosters remembers the members of teams and organisations for some minutes, for each installation by itself: what one account
// may see another may not. GitHub's membership, team and organization events end what is remembered.
type rosters struct {
	now    func() time.Time
	asking singleflight.Group

	mu    sync.Mutex
	kept  map[rosterKey]roster
	stale map[int64]int // by installation: how often it was forgotten
}

type rosterKey struct {
	installation int64
	name         string // "@org/team" or "@org", in lower case
}

type roster struct {
	members []string
	lost    string // why it cannot be read
	until   time.Time
}

func newRosters(now func() time.Time) *rosters {
	return &rosters{now: now, kept: map[rosterKey]roster{}, stale: map[int64]int{}}
}

// hear forgets what a delivery may change. It is cheap, and may be called twice for one delivery.
func (r *rosters) hear(installation int64, event string) {
	switch event {
	case "membership", "team", "team_add", "organization", "installation":
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stale[installation]++
	for key := range r.kept {
		if key.installation == installation {
			delete(r.kept, key)
		}
	}
}

// learn is the function learn, and knows teams.
func (h *Host) learn(ctx context.Context, gh *githubapp.Client, f *rules.Facts, missing []string) error {
	var facts []string
	for _, m := range missing {
		name, ok := rules.MissingTeam(m)
		if !ok {
			facts = append(facts, m)
			continue
		}
		team, err := h.rosters.of(ctx, gh, name)
		switch {
		case err != nil:
			return err
		case team.lost != "":
			f.LoseTeam(name, team.lost)
		default:
			f.LearnTeam(name, team.members)
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return learn(ctx, gh, f, facts)
}

// of returns a team from memory or from GitHub.
func (r *rosters) of(ctx context.Context, gh *githubapp.Client, name string) (roster, error) {
	key := rosterKey{gh.Installation(), name}
	r.mu.Lock()
	team, ok := r.kept[key]
	generation := r.stale[key.installation]
	r.mu.Unlock()
	if ok && team.until.After(r.now()) {
		return team, nil
	}
	v, err, _ := r.asking.Do(fmt.Sprint(key.installation, " ", generation, " ", name), func() (any, error) {
		team, err := askRoster(ctx, gh, name)
		if err != nil {
			return roster{}, err
		}
		team.until = r.now().Add(rosterTime)
		if team.lost != "" {
			team.until = r.now().Add(lostTime)
		}
		r.keep(key, team, generation)
		return team, nil
	})
	if err != nil {
		return roster{}, err
	}
	return v.(roster), nil
}

// keep remembers a team, unless GitHub told of a change since it was asked for.
func (r *rosters) keep(key rosterKey, team roster, generation int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stale[key.installation] != generation {
		return
	}
	if len(r.kept) >= maxRosters {
		now := r.now()
		for k, t := range r.kept {
			if !t.until.After(now) || len(r.kept) >= maxRosters {
				delete(r.kept, k)
			}
		}
	}
	r.kept[key] = team
}

// askRoster asks GitHub who is in a team, members of its child teams included, or in an organisation. An error is worth another
// attempt; what GitHub refuses is not, and is the roster's own.
// https://docs.github.com/en/rest/teams/members#list-team-members
func askRoster(ctx context.Context, gh *githubapp.Client, name string) (roster, error) {
	org, slug, isTeam := strings.Cut(strings.TrimPrefix(name, "@"), "/")
	page := github.ListOptions{PerPage: 100}
	var team roster
	for range rosterPages {
		var users []*github.User
		var resp *github.Response
		var err error
		if isTeam {
			users, resp, err = gh.Teams.ListTeamMembersBySlug(ctx, org, slug, &github.TeamListTeamMembersOptions{ListOptions: page})
		} else {
			users, resp, err = gh.Organizations.ListMembers(ctx, org, &github.ListMembersOptions{ListOptions: page})
		}
		switch {
		case githubapp.Answered(err, http.StatusNotFound):
			return roster{lost: fmt.Sprintf("the members of %s cannot be read: there is no such team here, or the app may not see it (permission members: read)", name)}, nil
		case githubapp.Answered(err, http.StatusForbidden, "not accessible"):
			return roster{lost: fmt.Sprintf("the members of %s cannot be read: the app lacks the permission members: read", name)}, nil
		case err != nil:
			return roster{}, fmt.Errorf("list the members of %s: %w", name, err)
		}
		for _, u := range users {
			team.members = append(team.members, u.GetLogin())
		}
		if resp.NextPage == 0 {
			return team, nil
		}
		page.Page = resp.NextPage
	}
	return roster{lost: fmt.Sprintf("%s has more than %d members", name, 100*rosterPages)}, nil
}
