package bot

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"bellhop/githubapp/githubtest/contract"
)

// TestExamplesAreRouted holds newDelivery against a second reading of each of GitHub's examples, made with the whole payload
// decoded and the subject found by hand.
func TestExamplesAreRouted(t *testing.T) {
	for _, e := range contract.Examples(t) {
		t.Run(e.Name, func(t *testing.T) {
			var p map[string]any
			if err := json.Unmarshal(e.Body, &p); err != nil {
				t.Fatal(err)
			}
			d := newDelivery("guid", e.Event, e.Body, time.Time{})
			get := func(path string) any { return member(p, path) }
			if want := text(get("action")); d.Activity != want {
				t.Errorf("activity %q, want %q", d.Activity, want)
			}
			if want := text(get("repository.full_name")); d.Repository != want {
				t.Errorf("repository %q, want %q", d.Repository, want)
			}
			if want := text(get("sender.login")); d.Sender != want {
				t.Errorf("sender %q, want %q", d.Sender, want)
			}
			if want := number(get("installation.id")); d.Installation != want {
				t.Errorf("installation %d, want %d", d.Installation, want)
			}
			if want := subjectByHand(e.Event, get); d.Subject != want {
				t.Errorf("subject %q, want %q", d.Subject, want)
			}
			if _, err := parseSubject(d.Subject); err != nil {
				t.Error(err)
			}
		})
	}
}

func subjectByHand(event string, get func(string) any) string {
	repo := number(get("repository.id"))
	if repo == 0 {
		if id := number(get("installation.id")); id != 0 {
			return fmt.Sprintf("+%d", id)
		}
		if org := text(get("organization.login")); org != "" {
			return "~" + org
		}
		return "~" + text(get("sender.login"))
	}
	of := func(sep string, path string) string { return fmt.Sprintf("%d%s%v", repo, sep, get(path)) }
	switch event {
	case "issues", "issue_comment":
		return fmt.Sprintf("%d#%d", repo, number(get("issue.number")))
	case "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread":
		return fmt.Sprintf("%d#%d", repo, number(get("pull_request.number")))
	case "discussion", "discussion_comment":
		return fmt.Sprintf("%d#%d", repo, number(get("discussion.number")))
	case "check_run", "check_suite", "workflow_run", "workflow_job":
		return of("!", event+".head_sha")
	case "deployment", "deployment_status":
		return of("!", "deployment.sha")
	case "commit_comment":
		return of("!", "comment.commit_id")
	case "status":
		return of("!", "sha")
	case "push":
		return of("@", "ref")
	case "create", "delete":
		if get("ref_type") == "tag" {
			return of("@refs/tags/", "ref")
		}
		return of("@refs/heads/", "ref")
	case "release":
		return of("@refs/tags/", "release.tag_name")
	case "merge_group":
		return of("@", "merge_group.head_ref")
	}
	return fmt.Sprint(repo)
}

func member(v any, path string) any {
	for _, key := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func text(v any) string { s, _ := v.(string); return s }

func number(v any) int64 { f, _ := v.(float64); return int64(f) }

func TestOddBodiesAreKept(t *testing.T) {
	for _, test := range []struct{ event, body, subject string }{
		{"issues", `{"issue":{"number":"seven"},"repository":{"id":12}}`, "12"},
		{"issues", `{"issue":7,"repository":{"id":12,"full_name":["a"]}}`, "12"},
		{"issues", `{"issue":{"number":7}`, "~"},
		{"push", `{"ref":{},"repository":{"id":12}}`, "12"},
		{"unheard_of", `{"repository":{"id":12},"sender":{"login":"a"}}`, "12"},
		{"ping", `{`, "~"},
	} {
		d := newDelivery("guid", test.event, []byte(test.body), time.Time{})
		if d.Subject != test.subject {
			t.Errorf("%s %s: subject %q, want %q", test.event, test.body, d.Subject, test.subject)
		}
	}
}

func FuzzNewDelivery(f *testing.F) {
	f.Add("issues", []byte(`{"action":"opened","issue":{"number":7},"repository":{"id":12,"full_name":"a/b"},"sender":{"login":"c"}}`))
	f.Add("create", []byte(`{"ref":"x","ref_type":"tag","repository":{"id":12}}`))
	f.Add("check_run", []byte(`{"check_run":{"head_sha":"abc","pull_requests":[{"number":1}]},"installation":{"id":1}}`))
	if os.Getenv("BELLHOP_NPM") != "" {
		for _, e := range contract.Examples(f) {
			f.Add(e.Event, e.Body)
		}
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		d := newDelivery("guid", event, body, time.Time{})
		s, err := parseSubject(d.Subject)
		if err != nil {
			t.Fatalf("subject %q: %v", d.Subject, err)
		}
		_, _ = factsOf(d, s, time.Time{}) // must bear whatever it is
	})
}
