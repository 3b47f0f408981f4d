package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInferredTriggers(t *testing.T) {
	pr := strings.Join(openings["pull_request"], " ")
	all := strings.Join(slices.Concat(openings["issue"], openings["pull_request"], openings["discussion"]), " ")
	for _, tt := range []struct{ rule, want string }{
		{"then.comment = 'x'", all},
		{"when.draft = false\nthen.comment = 'x'", pr + " pull_request.converted_to_draft"},
		{"when.kind = 'discussion'\nthen.comment = 'x'", strings.Join(openings["discussion"], " ")},
		{"when.checks = 'green'\nthen.comment = 'x'", pr + " check_run check_suite status workflow_run"},
		{"unless.draft = true\nwhen.kind = 'issue'\nthen.comment = 'x'", strings.Join(openings["issue"], " ")},
		{"if = 'subject.kind == \"issue\" || pr.draft'\nthen.comment = 'x'", strings.Join(slices.Concat(openings["issue"], openings["pull_request"]), " ") + " pull_request.converted_to_draft"},
		{"when.command = 'x'\nthen.comment = 'x'", "issue_comment.created pull_request_review_comment.created discussion_comment.created commit_comment.created"},
		{"when.branch = 'main'\nthen.comment = 'x'", "push"},
		{"when.conclusion = 'failure'\nwhen.workflow = 'CI'\nthen.comment = 'x'", "workflow_run"},
		{"when.kind = 'issue'\nthen.label = '{{ issue.milestone }}'", strings.Join(openings["issue"], " ") + " issues.milestoned issues.demilestoned"},
		{"when.kind = 'issue'\nthen.comment = '{{ issue.milestone }}'", strings.Join(openings["issue"], " ")},
		{"on = 'push'\nwhen.files = 'x'\nthen.comment = 'x'", "push"},
		{"on = ['pull_request.merged', 'issues']\nthen.comment = 'x'", "pull_request.merged issues"},
	} {
		s := mustCompile(t, "[[rule]]\nname = 'r'\n"+tt.rule)
		want := strings.Fields(tt.want)
		slices.Sort(want)
		got := slices.Sorted(slices.Values(s.Rules()[0].On))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tt.rule, diff)
		}
	}
}

func TestHears(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "a"
on = "pull_request"
then.comment = "x"
[[rule]]
name = "b"
on = ["push", "issues.opened", "pull_request.merged", "repository_dispatch.anything-they-like"]
then.comment = "x"
[[rule]]
name = "c"
on = "star"
mode = "off"
then.comment = "x"
`)
	for event, want := range map[string]bool{
		"pull_request.opened": true, "pull_request.anything": true, "pull_request.": true, "push.": true, "issues.opened": true, "issues.closed": false,
		"repository_dispatch.anything-they-like": true, "repository_dispatch.other": false, "star.created": false, ".": false, "pull_request_review.submitted": false,
	} {
		name, activity, _ := strings.Cut(event, ".")
		if got := s.Hears(name, activity); got != want {
			t.Errorf("%s: %v", event, got)
		}
	}
	if got := s.hearing("pull_request", "closed"); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("order: %v", got)
	}
	closed := pull("closed")
	only := mustCompile(t, "[[rule]]\nname = 'm'\non = 'pull_request.merged'\nthen.comment = 'x'")
	if !only.Hears("pull_request", "closed") || only.Listens(closed) {
		t.Error("a pull request that is closed without a merge is heard of, not listened to")
	}
	closed.Subject.Merged = true
	if !only.Listens(closed) {
		t.Error("a merge is not listened to")
	}
	closed.Delivery.Self = true
	if only.Listens(closed) {
		t.Error("the bot listens to itself")
	}
	var none *Set
	if none.Hears("push", "") || none.Listens(closed) || none.Len() != 0 || none.Rules() != nil || len(none.Needs()) != 0 {
		t.Error("a nil set does something")
	}
}

func TestNeeds(t *testing.T) {
	s := mustCompile(t, `
[[rule]]
name = "a"
then.label = "x"
else.comment = "x"
[[rule]]
name = "b"
when.kind = "pull_request"
then.merge = "squash"
then.comment = "x"
[[rule]]
name = "c"
mode = "off"
then.merge = "merge"
`)
	if diff := cmp.Diff(map[string]string{"issues": "write", "pull_requests": "write", "contents": "write"}, s.Needs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"issues": {"a", "b"}, "pull_requests": {"a", "b"}, "contents": {"b"}}, s.NeededBy()); diff != "" {
		t.Error(diff)
	}
}

func TestMerge(t *testing.T) {
	host, _ := Compile("bot.toml", []byte("[server]\nlisten = 'x'\n[[rule]]\nname = 'r'\non = 'issues.opened'\nthen.comment = 'host'\n"), toyKinds, Options{Leave: []string{"server"}, Layer: "host"})
	repo := mustCompile(t, "[[rule]]\nname = 'r'\non = 'issues.opened'\nthen.comment = 'repo'\n")
	var names []string
	for _, s := range Merge(host, nil, repo, repo).Evaluate(issue("opened")).Steps {
		names = append(names, s.Rule)
	}
	if diff := cmp.Diff([]string{"host/r", "r", "r (2)"}, names); diff != "" {
		t.Error(diff)
	}
	if Merge().Len() != 0 || Merge(nil, nil).Len() != 0 || Merge(repo).Rules()[0].Name != "r" {
		t.Error("merging little does not work")
	}
	_, problems := Compile("f", []byte("[[rule]]\nname = 'host/r'\nthen.comment = 'x'"), toyKinds, Options{})
	if len(problems) != 1 {
		t.Errorf("%v", problems)
	}
}

func TestRules(t *testing.T) {
	s := mustCompile(t, "\n[[rule]]\nname = 'r'\nwhy = 'because'\nif = 'pr.additions > 1'\nwhen.files = ['a', \"b\"]\nunless.draft = true\nthen.label = 'x'\nelse.comment = 'y'\nmode = 'observe'\n")
	want := []Rule{{
		Name: "r", Why: "because", Mode: "observe", File: "bot.toml", Line: 2,
		On:   []string{"pull_request.opened", "pull_request.reopened", "pull_request.edited", "pull_request.synchronize", "pull_request.ready_for_review", "pull_request.converted_to_draft"},
		When: []string{"if = 'pr.additions > 1'", `when.files = ['a', "b"]`, "unless.draft = true"}, Then: []string{"label"}, Else: []string{"comment"},
		Reads:   []string{"subject.additions", "subject.draft", "subject.files", "subject.labels"},
		Fetches: []string{"subject.files"},
	}}
	got := s.Rules()
	for i := range got {
		slices.SortFunc(got[i].On, func(a, b string) int { return slices.Index(want[i].On, a) - slices.Index(want[i].On, b) })
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValidateKind(t *testing.T) {
	for _, k := range toyKinds {
		k.Summary = "Does something."
		if err := k.Validate(); err != nil {
			t.Error(err)
		}
	}
	bad := Kind{Name: "bad", Reads: []string{"subject.titel", "pr.title"}, On: []string{"pr"}, Needs: map[string]string{"issues": "rw"}}
	if err := bad.Validate(); err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("%v", err)
	}
}

// TestConcurrent evaluates one set from several goroutines while files are compiled.
func TestConcurrent(t *testing.T) {
	src := "[[rule]]\nname = 'r'\nwhen.files = 'docs/**'\nif = 'pr.files.exists(f, f.path.matches(\"a\")) && dyn(pr).title != \"\"'\nthen.comment = '{{ pr.title }}'\n"
	s, f := mustCompile(t, src), whole()
	want := sketch(s.Evaluate(f))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if got := sketch(s.Evaluate(f)); got != want {
					t.Errorf("%s", got)
				}
				if _, problems := Compile("f", []byte(src), toyKinds, Options{}); problems != nil {
					t.Errorf("%v", problems)
				}
			}
		})
	}
	wg.Wait()
}

// npm is the node_modules folder that third-party payloads and descriptions are read from.
func npm(t *testing.T, elem ...string) []byte {
	t.Helper()
	dir := os.Getenv("BELLHOP_NPM")
	if dir == "" {
		dir = filepath.Join("..", "node_modules")
	}
	data, err := os.ReadFile(filepath.Join(append([]string{dir}, elem...)...))
	if err != nil {
		if os.Getenv("BELLHOP_TEST_ALL") != "" {
			t.Fatal(err)
		}
		t.Skipf("set BELLHOP_NPM to a node_modules folder with the packages named in eventtable.go: %v", err)
	}
	return data
}

// TestEventTable holds the table of events against the packages that it was taken from.
func TestEventTable(t *testing.T) {
	var examples []struct {
		Name    string
		Actions []string
	}
	if err := json.Unmarshal(npm(t, "@octokit", "webhooks-examples", "api.github.com", "index.json"), &examples); err != nil {
		t.Fatal(err)
	}
	check := func(event, activity string) {
		activities, ok := events()[event]
		switch {
		case !ok:
			t.Errorf("there is no event %s", event)
		case activity != "" && !slices.Contains(activities, activity) && !slices.Contains(activities, "*") && event+"."+activity != "pull_request.merged":
			t.Errorf("%s has no activity %s", event, activity)
		}
	}
	for _, e := range examples {
		check(e.Name, "")
		for _, a := range e.Actions {
			check(e.Name, a)
		}
	}
	var description struct {
		Webhooks map[string]struct {
			Post struct {
				OperationID string `json:"operationId"`
			}
		}
	}
	if err := json.Unmarshal(npm(t, "@octokit", "openapi-webhooks", "generated", "api.github.com.json"), &description); err != nil {
		t.Fatal(err)
	}
	for _, w := range description.Webhooks {
		event, activity, _ := strings.Cut(w.Post.OperationID, "/")
		check(strings.ReplaceAll(event, "-", "_"), strings.ReplaceAll(activity, "-", "_"))
	}
	if len(examples) < 50 || len(description.Webhooks) < 250 {
		t.Errorf("%d and %d events", len(examples), len(description.Webhooks))
	}
}
