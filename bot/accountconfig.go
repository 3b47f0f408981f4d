package bot

import (
	"context"
	"errors"
	"fmt"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
)

// ofAccount returns the rules that an account has for all its repositories. They are read once, and when a push changes them:
// then they are in force in all repositories of the account that were loaded, without another call.
func (c *configs) ofAccount(ctx context.Context, gh *githubapp.Client, of configOf) (ownConfig, error) {
	c.mu.Lock()
	own, ok := c.accounts[of.login()]
	c.mu.Unlock()
	if ok && !(of.shared() && of.head != "") {
		return own, nil
	}
	v, err, _ := c.loading.Do("account "+of.login()+of.head, func() (any, error) { return c.loadAccount(ctx, gh, of) })
	if err != nil {
		return ownConfig{}, err
	}
	return v.(ownConfig), nil
}

func (c *configs) loadAccount(ctx context.Context, gh *githubapp.Client, of configOf) (ownConfig, error) {
	id := -of.account // what is remembered of it for the other repositories
	stored, err := c.store.Configs(ctx, id)
	if err != nil {
		return ownConfig{}, fmt.Errorf("read stored config of %s: %w", of.repo.Owner, err)
	}
	var before store.Config
	for _, s := range stored {
		if s.Path == ConfigPath {
			before = s
		}
	}
	full := of.repo.Owner + "/" + AccountRepository
	f := configFile{state: before}
	src, sha, err := gh.File(ctx, of.repo.Owner, AccountRepository, ConfigPath, "", "")
	switch {
	case errors.Is(err, githubapp.ErrNoFile), errors.Is(err, githubapp.ErrNotFile):
		f.state = store.Config{}
	case err != nil:
		return ownConfig{}, fmt.Errorf("read %s of %s: %w", ConfigPath, full, err)
	default:
		f.src, f.fresh, f.state.SHA = src, true, sha
	}
	f.state.RepositoryID, f.state.Path, f.state.Repository, f.state.At = id, ConfigPath, full, c.now()
	f.set = c.compile(&f, rules.Options{Layer: accountLayer, Denied: c.policy.Denied(full)})
	var own ownConfig
	own.add(&f)
	e := extender{id: id, owner: of.repo.Owner, name: AccountRepository, everywhere: true}
	list := wants([]*configFile{&f})
	for i := range list {
		list[i].anew = list[i].anew && f.state.SHA != before.SHA
	}
	extended, dropped, err := c.extend(ctx, gh, e, list, stored)
	if err != nil {
		return ownConfig{}, err
	}
	own.extends(extended)
	for _, s := range dropped {
		extended = append(extended, configFile{state: s, fresh: true})
	}
	for _, x := range extended {
		if id != 0 && x.fresh {
			if err := c.store.SaveConfig(ctx, x.state); err != nil {
				return ownConfig{}, fmt.Errorf("store config: %w", err)
			}
		}
	}
	if id != 0 && (f.state.SHA != before.SHA || f.state.GoodSHA != before.GoodSHA) {
		if err := c.store.SaveConfig(ctx, f.state); err != nil {
			return ownConfig{}, fmt.Errorf("store config: %w", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accounts[of.login()] = own
	for id, l := range c.loaded {
		if l.account == of.login() {
			l.set, _ = c.stack(l.repo, own, l.own)
			l.sha, l.shared, l.told = joinSHAs(own.sha, l.own.sha), own.sha, nil
			c.loaded[id] = l
		}
	}
	return own, nil
}
