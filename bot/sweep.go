package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// A sweep looks at the open subjects of a repository: a schedule rang, their base branch moved, the rules changed. One query
// lists a hundred of them with what decides most rules; only those on which something is to be done become deliveries.

// openOf says what is listed.
type openOf struct {
	kind  string   // issue or pull_request
	base  string   // of pull requests: the branch that they are to be merged into; "" for any
	reads []string // facts that the rules read: what costs nothing more is told along
}

// maxSweep is how many pages of 100 a sweep looks at.
const maxSweep = 100

// sweepQuery lists open subjects with what decides most rules, so that a rule that is false for one costs no more than this.
const sweepQuery = `query Sweep($owner: String!, $name: String!, $after: String%s) { repository(owner: $owner, name: $name) {
	subjects: %s(first: 100, after: $after, states: OPEN%s) { nodes {
		id number title author { login __typename } authorAssociation locked createdAt updatedAt comments(first: 1) { totalCount }
		labels(first: 100) { nodes { name } } assignees(first: 100) { nodes { login } } milestone { title } %s
	} pageInfo { hasNextPage endCursor } } } }`

const sweepPull = `isDraft baseRefName headRefName headRefOid headRepository { nameWithOwner }`

// query is the query, and the look-ups whose facts it tells.
func (of openOf) query() (string, []lookup) {
	if of.kind != "pull_request" {
		return fmt.Sprintf(sweepQuery, "", "issues", "", ""), nil
	}
	more := sweepPull
	var told []lookup
	for _, l := range lookups {
		if l.plain() && slices.ContainsFunc(strings.Fields(l.facts), func(name string) bool { return slices.Contains(of.reads, "subject."+name) }) {
			more, told = more+" "+l.selection, append(told, l)
		}
	}
	if of.base == "" {
		return fmt.Sprintf(sweepQuery, "", "pullRequests", "", more), told
	}
	return fmt.Sprintf(sweepQuery, ", $base: String!", "pullRequests", ", baseRefName: $base", more), told
}

// plain tells whether a look-up asks for small values of the subject itself, which cost a list of subjects nothing more.
func (l lookup) plain() bool {
	return l.pages == 0 && l.with == "" && l.facts != "title" && l.facts != "body" && !strings.ContainsAny(l.selection, "({")
}

// found is one open subject as a sweep found it.
type found struct {
	delivery *store.Delivery // not kept yet
	facts    *rules.Facts
	result   rules.Result
}

// sweepOver goes through what is open and hands on the subjects on which the rules may do something.
func (h *Host) sweepOver(ctx context.Context, gh *githubapp.Client, d *store.Delivery, f *rules.Facts, set *rules.Set, of openOf, each func(*found) error) error {
	query, told := of.query()
	vars := map[string]any{"owner": f.Repository.Owner, "name": f.Repository.Name, "after": nil}
	if of.base != "" {
		vars["base"] = of.base
	}
	for page := 0; ; page++ {
		var answer map[string]any
		if err := gh.Query(ctx, query, vars, &answer); err != nil {
			return fmt.Errorf("list the open subjects of %s: %w", f.Repository.FullName, err)
		}
		list := object(answer).obj("repository", "subjects")
		for _, n := range list.objects("nodes") {
			one, err := h.consider(ctx, d, f, set, of.kind, told, n)
			if err == nil && !idle(one.result, one.facts.Memory) {
				err = each(one)
			}
			if err != nil {
				return err
			}
		}
		if !list.obj("pageInfo").flag("hasNextPage") {
			return nil
		}
		if page == maxSweep-1 {
			h.log.Warn("the first open subjects only are looked at", "delivery", d.GUID, "event", d.Event, "repo", d.Repository, "kind", of.kind, "limit", 100*maxSweep)
			return nil
		}
		vars["after"] = list.obj("pageInfo").str("endCursor")
	}
}

// consider decides the rules on one subject by what the list tells of it. Its delivery follows from that of the sweep.
func (h *Host) consider(ctx context.Context, d *store.Delivery, f *rules.Facts, set *rules.Set, kind string, told []lookup, n object) (*found, error) {
	member := "issue"
	if kind == "pull_request" {
		member = kind
	}
	body, err := json.Marshal(map[string]any{
		d.Event: f.Event[d.Event], "repository": f.Event["repository"], "installation": f.Event["installation"], member: subjectPayload(f, n),
	})
	if err != nil {
		return nil, err
	}
	s := subject{repository: d.RepositoryID, number: int(n.num("number"))}
	one := &found{delivery: &store.Delivery{
		GUID: guidOf(d.GUID, s.String()), Event: d.Event, Activity: d.Activity, Installation: d.Installation, RepositoryID: d.RepositoryID,
		Repository: d.Repository, Subject: s.String(), Source: d.Source, Received: h.now(), Body: body,
	}}
	if one.facts, err = factsOf(one.delivery, s, f.Now); err != nil {
		return nil, err
	}
	for _, l := range told {
		for _, name := range strings.Fields(l.facts) {
			one.facts.Learn("subject." + name)
		}
		l.read(one.facts, n, nil) // after Learn: it may say that a fact is to be waited for
	}
	one.facts.Bot = f.Bot
	if one.facts.Memory, err = h.store.Memory(ctx, one.delivery.Subject); err != nil {
		return nil, fmt.Errorf("read memory: %w", err)
	}
	one.result = set.Evaluate(one.facts)
	return one, nil
}

// keep keeps the delivery of a subject.
func (h *Host) keep(ctx context.Context, one *found) error {
	_, err := h.store.Keep(ctx, one.delivery)
	if errors.Is(err, store.ErrFull) {
		return notYet{"the store is full"}
	}
	if err != nil {
		return fmt.Errorf("keep what is due on %s: %w", one.delivery.Subject, err)
	}
	return nil
}

// idle tells whether a result does nothing and changes nothing that is remembered.
func idle(r rules.Result, before rules.Memory) bool {
	if len(r.Missing) > 0 || len(r.Steps) > 0 || len(r.Wakes) > 0 {
		return false
	}
	for _, d := range r.Decisions {
		same := d.Outcome == rules.False && !before.Held[d.Rule] || d.Outcome == rules.True && before.Held[d.Rule]
		if !same || len(d.Would) > 0 {
			return false
		}
	}
	return true
}
