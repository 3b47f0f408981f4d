package main

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bellhop/githubapp/githubtest"
)

var historySeed = flag.Uint64("history", 0, "seed of the random history of TestPeoplesLabels; 0 for a new one")

// historyRules keep labels by the title, one of them alone and two in a group, and put one once.
const historyRules = `
[[rule]]
name = "a"
when.title = "*a*"
then.label = "a"

[[rule]]
name = "also a"
when.title = "*b*"
then.label = ["a", "b"]

[[rule]]
name = "small"
when.title = "*s*"
then.label = { names = "size/S", group = "size/*" }

[[rule]]
name = "large"
when.title = "*l*"
unless.title = "*s*"
then.label = { names = "size/L", group = "size/*" }

[[rule]]
name = "once"
when.title = "*o*"
then.add_label = "once"
`

// TestPeoplesLabels plays a random history of 1,000 steps on one issue: people put labels and take them, and change the title,
// by which the bot's rules put and take the same labels; sometimes several things happen before the bot hears of the first,
// sometimes a webhook is lost. What GitHub tells of it at the end is the judge: the bot never took a label that a person was
// the last to put, and where it has heard of everything, each label that a rule calls for is there.
func TestPeoplesLabels(t *testing.T) {
	seed := *historySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("play it again with -history %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))

	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if err := w.start(nil, nil); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, w.log)
		}
	}
	alice := w.github.As("alice").On(w.seeded.Repository)
	_, err = alice.Push("main", githubtest.Commit{Message: "Rules", Files: map[string]string{".github/bot.toml": historyRules}})
	must(err)
	must(w.idle(nil, nil))
	issue, err := alice.OpenIssue("x", "")
	must(err)

	labels := []string{"a", "b", "size/S", "size/L", "once"}
	pick := func() string { return labels[chance.IntN(len(labels))] }
	for step := 0; step < 1000; {
		for range 1 + chance.IntN(4) {
			switch step++; chance.IntN(5) {
			case 0, 1:
				letters := []byte("xabslo")
				chance.Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
				must(alice.Retitle(issue, string(letters[:1+chance.IntN(3)])))
			case 2, 3:
				must(alice.Label(issue, pick()))
			default:
				if err := alice.Unlabel(issue, pick()); err != nil && !strings.Contains(err.Error(), "404") {
					t.Fatal(err)
				}
			}
		}
		if chance.IntN(10) == 0 {
			w.github.HoldWebhooks()
			must(alice.Label(issue, pick()))
			w.github.DropWebhooks()
			w.github.ReleaseWebhooks()
		}
		if chance.IntN(3) > 0 {
			must(w.idle(nil, nil))
		}
	}
	must(alice.Retitle(issue, "a b s"))
	must(w.idle(nil, nil))

	person, puts, taken := map[string]bool{}, 0, 0 // label → whether a person was the last to put it
	for _, d := range w.github.Deliveries() {
		var p struct {
			Action string
			Label  struct{ Name string }
			Sender struct{ Login string }
			Issue  struct{ Number int }
		}
		if json.Unmarshal(d.Payload, &p) != nil || d.Event != "issues" || p.Issue.Number != issue {
			continue
		}
		bot := p.Sender.Login == "bellhop[bot]"
		switch {
		case p.Action == "labeled":
			person[p.Label.Name] = !bot
			puts++
		case p.Action == "unlabeled" && bot && person[p.Label.Name]:
			t.Errorf("the bot took %s, which a person had put", p.Label.Name)
		case p.Action == "unlabeled" && bot:
			taken++
		}
	}
	if puts < 100 || taken < 20 {
		t.Errorf("too little happened: %d labels put, %d taken by the bot", puts, taken)
	}
	state, _ := w.github.Issue(w.seeded.Repository, issue)
	for _, want := range []string{"a", "b", "size/S"} {
		if !slices.Contains(state.Labels, want) {
			t.Errorf("%s is not there at the end: %v", want, state.Labels)
		}
	}
}
