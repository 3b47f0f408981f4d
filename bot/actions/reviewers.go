package actions

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

// pool is who may be picked for the review of a pull request, and what GitHub shows of their earlier ones.
type pool struct {
	people  []string // logins, each once, without the author
	engaged []string // of these, whose review was asked for, or who reviewed already
	load    map[string]int
	last    map[string]int // number of the newest other pull request that each was asked for or reviewed; 0 for none
}

// pickReviewers chooses so many of the people and of the members of the teams that with those who are asked already, or have
// reviewed, there are count. What GitHub shows is all that it goes by, and the step: trying again picks the same people, and
// none once they are asked.
func pickReviewers(ctx context.Context, gh *githubapp.Client, t rules.Target, a *Review) (picked []string, why string, err error) {
	p, err := gatherPool(ctx, gh, t, a.From)
	if err != nil {
		return nil, "", err
	}
	need := a.Count - len(p.engaged)
	free := without(p.people, p.engaged)
	switch {
	case need <= 0:
		return nil, "asked already: " + listed(p.engaged), nil
	case len(free) == 0:
		return nil, "there is nobody left to ask", nil
	}
	if a.Pick != "random" {
		if err := p.readHistory(ctx, gh, t); err != nil {
			return nil, "", err
		}
	}
	p.order(free, a.Pick, fmt.Sprintf("%s %s %d", t.Delivery, t.Rule, t.Step))
	return free[:min(need, len(free))], "", nil
}

// order sorts people by who is to be asked first.
//
//   - random: by a number made of the step and the login.
//   - round-robin: who has not been asked for the longest time, judged by the newest pull request of each.
//   - least-loaded: who has the fewest open requests for reviews in the repository; of those, as for round-robin.
func (p *pool) order(people []string, pick, seed string) {
	key := func(login string) string {
		sum := sha256.Sum256([]byte(seed + " " + strings.ToLower(login)))
		return string(sum[:])
	}
	slices.SortFunc(people, func(a, b string) int {
		la, lb := strings.ToLower(a), strings.ToLower(b)
		switch pick {
		case "random":
			return strings.Compare(key(a), key(b))
		case "least-loaded":
			return cmp.Or(p.load[la]-p.load[lb], p.last[la]-p.last[lb], strings.Compare(la, lb))
		}
		return cmp.Or(p.last[la]-p.last[lb], strings.Compare(la, lb))
	})
}

// gatherPool finds the people, and who of them is busy with this pull request.
func gatherPool(ctx context.Context, gh *githubapp.Client, t rules.Target, from []string) (*pool, error) {
	type account struct{ Login string }
	var pr struct {
		User  account
		Asked []account `json:"requested_reviewers"`
	}
	if err := ask(ctx, gh, t, "GET", fmt.Sprintf("pulls/%d", t.Number), nil, &pr); err != nil {
		return nil, fmt.Errorf("get pull request: %w", err)
	}
	var reviews []struct{ User account }
	if err := ask(ctx, gh, t, "GET", fmt.Sprintf("pulls/%d/reviews?per_page=100", t.Number), nil, &reviews); err != nil {
		return nil, fmt.Errorf("list reviews: %w", err)
	}
	var people, engaged []string
	for _, name := range from {
		org, team, isTeam := strings.Cut(name, "/")
		switch {
		case !isTeam:
			people = append(people, name)
		case strings.EqualFold(org, t.Owner):
			members, err := teamMembers(ctx, gh, org, team)
			if err != nil {
				return nil, err
			}
			people = append(people, members...)
		}
	}
	for _, a := range pr.Asked {
		engaged = append(engaged, a.Login)
	}
	for _, r := range reviews {
		engaged = append(engaged, r.User.Login)
	}
	people = without(people, []string{pr.User.Login})
	return &pool{people: people, engaged: within(people, engaged)}, nil
}

// maxTeamPages bounds the members of a team that are read, 100 to a page.
const maxTeamPages = 5

// teamMembers lists the logins of a team's members, child teams included. It needs the permission members: read.
func teamMembers(ctx context.Context, gh *githubapp.Client, org, team string) ([]string, error) {
	var out []string
	for n := 1; n <= maxTeamPages; n++ {
		var members []struct{ Login string }
		path := fmt.Sprintf("orgs/%s/teams/%s/members?per_page=100&page=%d", url.PathEscape(org), url.PathEscape(team), n)
		req, err := gh.NewRequest("GET", path, nil)
		if err != nil {
			return nil, err
		}
		if _, err := gh.Do(ctx, req, &members); err != nil {
			return nil, fmt.Errorf("list members of @%s/%s: %w", org, team, err)
		}
		for _, m := range members {
			out = append(out, m.Login)
		}
		if len(members) < 100 {
			break
		}
	}
	return out, nil
}

// readHistory reads, from the newest 100 pull requests of the repository, who was asked for a review or gave one.
func (p *pool) readHistory(ctx context.Context, gh *githubapp.Client, t rules.Target) error {
	const query = `query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
		pullRequests(first: 100, orderBy: {field: CREATED_AT, direction: DESC}) { nodes {
			number state
			reviewRequests(first: 20) { nodes { requestedReviewer { ... on User { login } } } }
			latestReviews(first: 20) { nodes { author { login } } }
		} }
	} }`
	type account struct{ Login string }
	var answer struct {
		Repository struct {
			PullRequests struct {
				Nodes []struct {
					Number         int
					State          string
					ReviewRequests struct {
						Nodes []struct{ RequestedReviewer *account }
					}
					LatestReviews struct {
						Nodes []struct{ Author *account }
					}
				}
			}
		}
	}
	if err := gh.Query(ctx, query, map[string]any{"owner": t.Owner, "name": t.Name}, &answer); err != nil {
		return fmt.Errorf("list earlier reviews: %w", err)
	}
	p.load, p.last = map[string]int{}, map[string]int{}
	for _, pr := range answer.Repository.PullRequests.Nodes {
		if pr.Number == t.Number {
			continue
		}
		seen := func(a *account) {
			if a != nil {
				login := strings.ToLower(a.Login)
				p.last[login] = max(p.last[login], pr.Number)
			}
		}
		for _, n := range pr.ReviewRequests.Nodes {
			seen(n.RequestedReviewer)
			if n.RequestedReviewer != nil && pr.State == "OPEN" {
				p.load[strings.ToLower(n.RequestedReviewer.Login)]++
			}
		}
		for _, n := range pr.LatestReviews.Nodes {
			seen(n.Author)
		}
	}
	return nil
}
