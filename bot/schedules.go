package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// schedule books the schedules of the rules that are in force in a repository, and remembers the repository. It costs nothing
// as long as the rules stay the same.
func (h *Host) schedule(ctx context.Context, installation int64, repo *rules.Repository, c loadedConfig) error {
	if before, ok := h.scheduled.Load(repo.ID); ok && before == c.set {
		return nil
	}
	defer h.configs.lock(repo.ID)()
	if l, ok := h.configs.known(repo.ID); ok {
		c = l // read since
	}
	if before, ok := h.scheduled.Load(repo.ID); ok && before == c.set {
		return nil
	}
	before, err := h.store.Repositories(ctx, repo.ID-1, 1)
	if err != nil {
		return err
	}
	set, r := c.set, storedOf(installation, repo)
	if err := h.store.SaveRepository(ctx, r); err != nil {
		return fmt.Errorf("remember %s: %w", repo.FullName, err)
	}
	if err := h.book(ctx, r, set.Schedules(), func(string) bool { return true }); err != nil {
		return err
	}
	if err := h.apply(ctx, r, repo.Name == AccountRepository, c, len(before) > 0 && before[0].ID == repo.ID); err != nil {
		return err
	}
	h.scheduled.Store(repo.ID, set)
	return nil
}

// resume books the schedules of the operator's rules in all repositories that are known: they may have changed while the bot
// was down. Those of the repositories themselves are booked when their file is read.
func (h *Host) resume(ctx context.Context) error {
	err := h.repositories(ctx, func(r store.Repository) error {
		return h.book(ctx, r, h.configs.host.Schedules(), func(rule string) bool { return strings.HasPrefix(rule, operatorLayer+"/") })
	})
	if err != nil {
		return err
	}
	return h.operatorChanged(ctx)
}

// book makes the timers of a repository those of the schedules wanted, among the rules that are meant. A schedule that is
// booked stays as it is, unless the clock was ahead when it was booked.
func (h *Host) book(ctx context.Context, r store.Repository, want []rules.Schedule, meant func(rule string) bool) error {
	key := subject{repository: r.ID}.String()
	booked, err := h.store.TimersOn(ctx, key)
	if err != nil {
		return fmt.Errorf("schedules of %s: %w", r.FullName, err)
	}
	for _, t := range booked {
		if !strings.HasPrefix(t.Kind, scheduleEvent) || !meant(t.Rule) {
			continue
		}
		if !slices.ContainsFunc(want, func(s rules.Schedule) bool { return s.Rule == t.Rule && s.On == t.Kind }) {
			if err := h.store.Cancel(ctx, key, t.Rule, t.Kind); err != nil {
				return fmt.Errorf("cancel a schedule of %s: %w", r.FullName, err)
			}
		}
	}
	var timers []store.Timer
	for _, s := range want {
		if slices.ContainsFunc(booked, func(t store.Timer) bool {
			return s.Rule == t.Rule && s.On == t.Kind && t.Installation == r.Installation && !t.Due.After(s.Next(h.now()))
		}) {
			continue
		}
		data, err := json.Marshal(map[string]any{
			scheduleEvent: ringing{Rule: s.Rule, On: s.On}, "repository": json.RawMessage(r.Data), "installation": map[string]any{"id": r.Installation},
		})
		if err != nil {
			return err
		}
		if next := s.Next(h.now()); !next.IsZero() {
			timers = append(timers, store.Timer{
				Subject: key, Rule: s.Rule, Kind: s.On, Installation: r.Installation, RepositoryID: r.ID, Repository: r.FullName, Due: next, Data: data,
			})
		}
	}
	if len(timers) == 0 {
		return nil
	}
	if err := h.store.Book(ctx, timers...); err != nil {
		return fmt.Errorf("book schedules of %s: %w", r.FullName, err)
	}
	return nil
}

// installed follows which repositories the bot is in. Those that it was given are looked at soon, since what they have on
// schedule waits for no delivery; those that were taken from it are forgotten with all that was booked in them.
func (h *Host) installed(ctx context.Context, d *store.Delivery, f *rules.Facts) error {
	p := object(f.Event)
	switch d.Event + "." + d.Activity {
	case "installation.created", "installation.unsuspend":
		return h.discover(ctx, d.Installation, p.objects("repositories"))
	case "installation.deleted":
		return h.forget(ctx, d.Installation, nil)
	case "installation_repositories.added":
		return h.discover(ctx, d.Installation, p.objects("repositories_added"))
	case "installation_repositories.removed":
		var ids []int64
		for _, r := range p.objects("repositories_removed") {
			ids = append(ids, r.num("id"))
		}
		if len(ids) == 0 {
			return nil
		}
		return h.forget(ctx, d.Installation, ids)
	}
	return nil
}

func (h *Host) forget(ctx context.Context, installation int64, ids []int64) error {
	if err := h.store.ForgetRepositories(ctx, installation, ids...); err != nil {
		return fmt.Errorf("forget repositories: %w", err)
	}
	if ids == nil {
		h.scheduled.Clear()
	}
	for _, id := range ids {
		h.scheduled.Delete(id)
	}
	return nil
}

func (h *Host) discover(ctx context.Context, installation int64, list []object) error {
	var timers []store.Timer
	for _, r := range list {
		id, name := r.num("id"), r.str("full_name")
		if id == 0 || name == "" {
			continue
		}
		data, err := json.Marshal(map[string]any{
			"repository": map[string]any{"id": id, "full_name": name}, "installation": map[string]any{"id": installation},
		})
		if err != nil {
			return err
		}
		timers = append(timers, store.Timer{
			Subject: subject{repository: id}.String(), Kind: discover, Installation: installation, RepositoryID: id, Repository: name, Due: h.now(), Data: data,
		})
	}
	if len(timers) == 0 {
		return nil
	}
	if err := h.store.Book(ctx, timers...); err != nil {
		return fmt.Errorf("book a look at %d repositories: %w", len(timers), err)
	}
	return nil
}

// describe asks for what a payload of an installation does not tell of a repository.
func describe(ctx context.Context, gh *githubapp.Client, f *rules.Facts) error {
	r, _, err := gh.Repositories.Get(ctx, f.Repository.Owner, f.Repository.Name)
	if err != nil {
		return fmt.Errorf("look at %s: %w", f.Repository.FullName, err)
	}
	f.Repository.Private, f.Repository.Fork, f.Repository.Archived = r.GetPrivate(), r.GetFork(), r.GetArchived()
	f.Repository.DefaultBranch, f.Repository.Language, f.Repository.Topics = r.GetDefaultBranch(), r.GetLanguage(), r.Topics
	return nil
}

// sweep turns the delivery of a schedule into one for each open issue or pull request that its rule may do something on. It
// returns false where the rule is about the repository itself.
func (h *Host) sweep(ctx context.Context, gh *githubapp.Client, d *store.Delivery, f *rules.Facts, set *rules.Set) (bool, error) {
	r := object(f.Event).obj(scheduleEvent)
	if d.Event != scheduleEvent || f.Subject != nil || r == nil || f.Repository == nil {
		return false, nil
	}
	list := set.Schedules()
	i := slices.IndexFunc(list, func(s rules.Schedule) bool { return s.Rule == r.str("rule") && s.On == r.str("on") })
	if i < 0 || len(list[i].Subjects) == 0 {
		return false, nil
	}
	for _, kind := range list[i].Subjects {
		err := h.sweepOver(ctx, gh, d, f, set, openOf{kind: kind}, func(one *found) error { return h.keep(ctx, one) })
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// subjectPayload is a subject of GraphQL as payloads have it.
func subjectPayload(f *rules.Facts, n object) map[string]any {
	named := func(list []object, from, to string) []any {
		out := []any{}
		for _, o := range list {
			out = append(out, map[string]any{to: o.str(from)})
		}
		return out
	}
	author := n.obj("author")
	typ := "User"
	if author.str("__typename") == "Bot" {
		typ = "Bot"
	}
	out := map[string]any{
		"number": n.num("number"), "node_id": n.str("id"), "title": n.str("title"), "user": map[string]any{"login": loginOf(author), "type": typ},
		"author_association": n.str("authorAssociation"), "state": "open", "locked": n.flag("locked"), "comments": n.obj("comments").num("totalCount"),
		"created_at": n.str("createdAt"), "updated_at": n.str("updatedAt"), "milestone": nil,
		"labels": named(n.obj("labels").objects("nodes"), "name", "name"), "assignees": named(n.obj("assignees").objects("nodes"), "login", "login"),
	}
	if m := n.obj("milestone"); m != nil {
		out["milestone"] = map[string]any{"title": m.str("title")}
	}
	if n.has("headRefName") {
		out["draft"], out["merged_at"] = n.flag("isDraft"), nil
		out["base"] = map[string]any{"ref": n.str("baseRefName"), "repo": map[string]any{"full_name": f.Repository.FullName}}
		out["head"] = map[string]any{"ref": n.str("headRefName"), "sha": n.str("headRefOid"), "repo": map[string]any{"full_name": n.obj("headRepository").str("nameWithOwner")}}
	}
	return out
}
