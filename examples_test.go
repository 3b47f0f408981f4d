package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
)

// TestExamplesThroughTheHouse sends all of GitHub's example payloads through receiver, store, queue and worker, past a rule
// that hears every event and answers each delivery about a repository with a repository_dispatch. None is lost, none brings
// anything down, and each is answered once.
func TestExamplesThroughTheHouse(t *testing.T) {
	examples := contract.Examples(t)
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	inst := installations{w: w, of: map[string]int64{"acme": w.seeded.Installation}, repositories: map[string]bool{}}
	write(t, filepath.Join(w.dir, "bot.toml"), hearEverything(), 0o600)
	if err := w.start(nil, nil); err != nil {
		t.Fatal(err)
	}
	sent := map[string]contract.Example{}
	about := map[string]contract.Example{} // a repository
	for _, e := range examples {
		body, repository := inst.adopt(t, e.Body)
		guid := w.github.Send("bellhop", e.Event, body)
		sent[guid] = e
		if repository != "" {
			about[guid] = e
		}
	}
	if err := w.idle(nil, nil); err != nil {
		t.Fatalf("%v\n%s", err, w.log)
	}
	ctx := context.Background()
	list, err := w.server.store.Deliveries(ctx, store.Filter{Limit: len(sent) + 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		e, ok := sent[d.GUID]
		if !ok {
			continue // of the stand-in's own
		}
		delete(sent, d.GUID)
		if d.Event != e.Event || d.Activity != e.Action {
			t.Errorf("%s is stored as %s %s", e.Name, d.Event, d.Activity)
		}
		if d.State != store.Done {
			t.Errorf("%s on %s is %s: %s", e.Name, d.Subject, d.State, d.Reason)
		}
	}
	for _, e := range sent {
		t.Errorf("%s is lost", e.Name)
	}
	answered := map[string]int{}
	for _, v := range w.visited {
		for _, s := range v.Steps {
			if s.State == store.Done {
				answered[v.Delivery.GUID]++
			}
		}
	}
	for _, r := range w.github.Writes() {
		if !strings.HasSuffix(r.Path, "/dispatches") || r.Status != 204 {
			t.Errorf("%s answered %d", r, r.Status)
		}
	}
	for guid, e := range about {
		want := 1
		if e.Event == "status" {
			want = 0 // what it is about is whether the commit has it, not the moment, and the rule held there before
		}
		if answered[guid] != want {
			t.Errorf("%s was answered %d times, want %d", e.Name, answered[guid], want)
		}
	}
	if t.Failed() || strings.Contains(w.log.String(), "panic") {
		t.Errorf("see the log:\n%s", w.log)
	}
}

// hearEverything is an operator's rule on every moment that GitHub has: each event with each of its activities.
func hearEverything() []byte {
	var moments []string
	for event, activities := range rules.Events() {
		if len(activities) == 0 || slices.Contains(activities, "*") { // no activity, or whatever its sender likes
			moments, activities = append(moments, event), nil
		}
		for _, activity := range activities {
			moments = append(moments, event+"."+activity)
		}
	}
	slices.Sort(moments)
	on, _ := json.Marshal(moments)
	return fmt.Appendf(nil, `
[limits]
actions = 5000
[[rule]]
name = "Hear everything"
on   = %s
if   = 'size(event) > 0 && delivery.event != ""'
then.dispatch.event = "heard"
`, on)
}

// installations makes the accounts and repositories of the examples known to the stand-in.
type installations struct {
	w            *world
	of           map[string]int64
	repositories map[string]bool
}

// adopt gives a payload the installation of its account and returns the repository that it is about.
func (i installations) adopt(t *testing.T, body []byte) ([]byte, string) {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	account := "acme"
	repository, _ := p["repository"].(map[string]any)
	full, _ := repository["full_name"].(string)
	install, _ := p["installation"].(map[string]any)
	if full != "" {
		account, _, _ = strings.Cut(full, "/")
	} else if owner, ok := install["account"].(map[string]any); ok {
		account = owner["login"].(string)
	}
	if i.of[account] == 0 {
		i.w.github.AddUser(account)
		i.of[account] = i.w.github.Install("bellhop", account, githubtest.InstallSpec{})
	}
	i.know(full)
	for _, list := range []string{"repositories", "repositories_added"} {
		named, _ := p[list].([]any)
		for _, one := range named {
			name := one.(map[string]any)["full_name"].(string)
			if strings.HasPrefix(name, account+"/") {
				i.know(name)
			}
		}
	}
	if install == nil {
		install = map[string]any{}
		p["installation"] = install
	}
	install["id"] = i.of[account]
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return out, full
}

// know makes a repository, unless it is there.
func (i installations) know(full string) {
	key := strings.ToLower(full) // GitHub tells no names apart by upper and lower case
	if full == "" || i.repositories[key] {
		return
	}
	i.repositories[key] = true
	i.w.github.AddRepository(githubtest.RepositorySpec{FullName: full})
}
