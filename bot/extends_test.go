package bot

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"bellhop/bot/actions"
	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
	"bellhop/rules"
)

// TestExtendedKept has what was read of an extended file last stay in force while GitHub cannot be asked, and after the file or
// its repository is gone; but a file that was never read is asked for again.
func TestExtendedKept(t *testing.T) {
	w := newTeamWorld(t)
	const rule = "[[rule]]\nname = \"A\"\non = \"issues.opened\"\nthen.add_label = \"a\"\n"
	w.AddRepository(githubtest.RepositorySpec{FullName: "acme/rules", Files: map[string]string{".github/bot.toml": rule}})
	if err := w.As("olivia").On("acme/rules").CreateTag("v1", "main"); err != nil {
		t.Fatal(err)
	}
	c := &configs{kinds: actions.All, now: func() time.Time { return w.now }, log: slog.New(slog.DiscardHandler)}
	set, found := rules.Compile("f", []byte(`extends = "acme/rules@v1"`), c.kinds, rules.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	e := extender{id: 1, owner: "acme", name: "app"}
	ask := func(anew bool, stored ...store.Config) (configFile, error) {
		files, _, err := c.extend(context.Background(), w.gh, e, []wanted{{set.Extends()[0], anew}}, stored)
		if err != nil {
			return configFile{}, err
		}
		return files[0], nil
	}
	names := func(f configFile) (out []string) {
		for _, r := range f.set.Rules() {
			out = append(out, r.Name)
		}
		return out
	}
	down := func() func() {
		return w.Answer("", "/repos/acme/rules/**", -1, githubtest.Reply(502, nil, `{"message":"Bad Gateway"}`))
	}

	up := down()
	if _, err := ask(true); err == nil {
		t.Error("a file that was never read is given up while GitHub is down")
	}
	up()
	first, err := ask(true)
	if err != nil || !slices.Equal(names(first), []string{"extends/A"}) || !first.fresh || first.state.SHA != first.state.GoodSHA || !strings.HasPrefix(first.state.SHA, "v1@") {
		t.Fatalf("%v %+v", err, first.state)
	}
	w.ResetLog()
	again, err := ask(false, first.state)
	if err != nil || again.fresh || len(w.Requests()) != 2 {
		t.Errorf("%v, fresh %v, %d requests: want the repository and the tag", err, again.fresh, len(w.Requests()))
	}

	up = down()
	f, err := ask(false, first.state)
	if err != nil || f.fresh || !slices.Equal(names(f), []string{"extends/A"}) {
		t.Errorf("while GitHub is down: %v, fresh %v, %v", err, f.fresh, names(f))
	}
	if _, err := ask(true, first.state); err == nil {
		t.Error("a new rule file is taken without its tag being followed")
	}
	up()

	if err := w.As("olivia").On("acme/rules").DeleteTag("v1"); err != nil {
		t.Fatal(err)
	}
	f, err = ask(false, first.state)
	if err != nil || !f.fresh || !f.missing || !slices.Equal(names(f), []string{"extends/A"}) {
		t.Errorf("without the tag: %v, fresh %v, %v", err, f.fresh, names(f))
	}
	told := f.told(f.found)
	if len(told) != 1 || told[0].File != "f" || told[0].Line != 1 || !strings.Contains(told[0].Mend, "stays in force") {
		t.Errorf("%+v", told)
	}
	if f, err = ask(false, f.state); err != nil || f.fresh {
		t.Errorf("it is told twice: %v", err)
	}
	if err := w.As("olivia").On("acme/rules").CreateTag("v1", "main"); err != nil {
		t.Fatal(err)
	}
	if f, err = ask(false, f.state); err != nil || !f.fresh || f.state.Problem != "" || len(f.found) > 0 {
		t.Errorf("with the tag again: %v, fresh %v, %q", err, f.fresh, f.state.Problem)
	}
}
