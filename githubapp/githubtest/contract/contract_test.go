package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func request(t testing.TB, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

const repo = "/repos/acme/app"

func TestCheckGood(t *testing.T) {
	for _, c := range []struct{ method, target, body string }{
		{"GET", "/app", ""},
		{"POST", "/app/installations/7/access_tokens", "{}"},
		{"POST", "/app/installations/7/access_tokens", "null"},
		{"POST", "/app/installations/7/access_tokens", `{"repository_ids":[1],"permissions":{"issues":"write"}}`},
		{"GET", "/app/hook/deliveries?per_page=100&cursor=v1_1", ""},
		{"GET", repo + "/contents/.github/bot.toml?ref=main", ""},
		{"GET", "/api/v3" + repo + "/contents/.github/bot.toml", ""},
		{"GET", repo + "/git/ref/heads/feature/x", ""},
		{"DELETE", repo + "/git/refs/heads/feature%2Fx", ""},
		{"GET", repo + "/commits/feature/x/check-runs?per_page=100&filter=latest", ""},
		{"GET", repo + "/compare/main...feature/x", ""},
		{"GET", repo + "/releases/latest", ""},
		{"GET", repo + "/issues?state=open&labels=bug,help&per_page=50&page=2", ""},
		{"POST", repo + "/issues", `{"title":"t","body":"b","labels":["bug"],"assignees":["ann"]}`},
		{"PATCH", repo + "/issues/7", `{"state":"closed","state_reason":"not_planned"}`},
		{"POST", repo + "/issues/7/labels", `{"labels":["bug"]}`},
		{"POST", repo + "/issues/7/labels", `["bug","help wanted"]`},
		{"DELETE", repo + "/issues/7/labels/help%20wanted", ""},
		{"POST", repo + "/issues/7/comments", `{"body":"hi"}`},
		{"POST", repo + "/issues/comments/9/reactions", `{"content":"eyes"}`},
		{"PUT", repo + "/issues/7/lock", `{"lock_reason":"resolved"}`},
		{"PUT", repo + "/issues/7/lock", ""},
		{"POST", repo + "/check-runs", `{"name":"bellhop","head_sha":"abc","status":"completed","conclusion":"failure","output":{"title":"t","summary":"s","annotations":[{"path":"a","start_line":1,"end_line":1,"annotation_level":"failure","message":"m"}]}}`},
		{"PATCH", repo + "/check-runs/3", `{"status":"in_progress"}`},
		{"POST", repo + "/statuses/abc", `{"state":"success","context":"x","description":"d","target_url":"https://e.org"}`},
		{"PUT", repo + "/pulls/7/merge", `{"merge_method":"squash","sha":"abc","commit_title":"t"}`},
		{"PUT", repo + "/pulls/7/update-branch", `{"expected_head_sha":"abc"}`},
		{"POST", repo + "/pulls/7/reviews", `{"event":"APPROVE","commit_id":"abc"}`},
		{"POST", repo + "/pulls/7/requested_reviewers", `{"reviewers":["ann"],"team_reviewers":["core"]}`},
		{"GET", repo + "/pulls/7/files?per_page=100&page=30", ""},
		{"POST", repo + "/dispatches", `{"event_type":"x","client_payload":{"any":{"thing":1}}}`},
		{"POST", repo + "/actions/workflows/ci.yml/dispatches", `{"ref":"main","inputs":{"any":"thing"}}`},
		{"POST", repo + "/actions/runs/5/rerun-failed-jobs", ""},
		{"GET", repo + "/collaborators/ann/permission", ""},
		{"GET", "/orgs/acme/teams/core/memberships/ann", ""},
		{"GET", "/rate_limit", ""},
		{"POST", "/graphql", `{"query":"{ viewer { login } }"}`},
		{"POST", "/api/graphql", `{"query":"query($m: PullRequestMergeMethod!, $id: ID!) { __typename }","variables":{"m":"SQUASH","id":"x"}}`},
	} {
		if strings.Contains(c.body, "query($m") {
			c.body = strings.Replace(c.body, "query($m: PullRequestMergeMethod!, $id: ID!) { __typename }",
				"mutation($m: PullRequestMergeMethod!, $id: ID!) { mergePullRequest(input: {pullRequestId: $id, mergeMethod: $m}) { clientMutationId } }", 1)
		}
		if err := Check(request(t, c.method, c.target, c.body), []byte(c.body)); err != nil {
			t.Errorf("%s %s %s: %v", c.method, c.target, c.body, err)
		}
	}
}

func TestCheckBad(t *testing.T) {
	for _, c := range []struct{ method, target, body, want string }{
		{"GET", "/user", "", "not for GitHub Apps"},
		{"GET", "/nonsense", "", "no such path"},
		{"PUT", repo + "/issues", "{}", "only GET, POST"},
		{"POST", repo + "/check-runs", `{"name":"bellhop"}`, "head_sha"},
		{"POST", repo + "/check-runs", `{"name":"bellhop","head_sha":"abc","status":"completed"}`, "needs a conclusion"},
		{"POST", repo + "/check-runs", `{"name":"bellhop","head_sha":"abc","status":"completed","conclusion":"successful"}`, "conclusion"},
		{"POST", repo + "/check-runs", `{"name":"bellhop","head_sha":"abc","output":{"title":"t","summary":"s","anotations":[]}}`, `unknown field "anotations"`},
		{"PATCH", repo + "/check-runs/3", `{"status":"completed"}`, "needs a conclusion"},
		{"PATCH", repo + "/check-runs/3", `{"conclusion":"stale"}`, "GitHub's alone"},
		{"PATCH", repo + "/check-runs/3", `{"output":{"title":"t","summary":"` + strings.Repeat("x", 65536) + `"}}`, "summary"},
		{"PATCH", repo + "/check-runs/3", `{"output":{"title":"t","summary":"s","annotations":[{"path":"a","start_line":1,"end_line":2,"start_column":3,"annotation_level":"failure","message":"m"}]}}`, "one line only"},
		{"PATCH", repo + "/check-runs/3", `{"output":{"title":"t","summary":"s","annotations":[{"path":"a","start_line":1,"end_line":1,"annotation_level":"error","message":"m"}]}}`, "annotation_level"},
		{"POST", repo + "/issues/7/comments", `{"body":"` + strings.Repeat("é", 65537) + `"}`, "65537 characters"},
		{"POST", repo + "/statuses/abc", `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`, "141 characters"},
		{"POST", repo + "/labels", `{"name":"bug","color":"#ff0000"}`, "six hexadecimal digits"},
		{"POST", repo + "/dispatches", `{"event_type":"x","client_payload":{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"11":1}}`, "client_payload"},
		{"PUT", repo + "/pulls/7/merge", `{"merge_method":"octopus"}`, "merge_method"},
		{"POST", repo + "/pulls/7/reviews", `{"event":"REQUEST_CHANGES"}`, "needs a body"},
		{"POST", repo + "/pulls/7/reviews", `{"event":"APPROVED"}`, "event"},
		{"POST", repo + "/issues", `{"titel":"x"}`, "title"},
		{"POST", repo + "/issues", `{"title":"x","lables":["bug"]}`, `unknown field "lables"`},
		{"POST", repo + "/issues", `{"title":"x"`, "body"},
		{"POST", repo + "/issues", ``, "required"},
		{"POST", repo + "/issues/7/labels", `{"lables":["bug"]}`, `unknown field "lables"`},
		{"POST", repo + "/issues/7/labels", `[1]`, "body"},
		{"POST", repo + "/issues/7/comments", `{"text":"hi"}`, "body"},
		{"POST", repo + "/issues/comments/9/reactions", `{"content":"thumbsup"}`, "content"},
		{"GET", repo + "/issues?state=closd", "", "state"},
		{"GET", repo + "/issues?per-page=5", "", `unknown query parameter "per-page"`},
		{"GET", repo + "/issues?per_page=1000", "", "between 1 and 100"},
		{"GET", repo + "/issues/seven", "", "issue_number"},
		{"POST", repo + "/actions/runs/5/approve", `{"x":1}`, "no body"},
		{"GET", "/graphql", "", "POST"},
		{"POST", "/graphql", `{"query":""}`, "no query"},
		{"POST", "/graphql", `{"querry":"{ viewer { login } }"}`, "querry"},
		{"POST", "/graphql", `{"query":"{ viewer { logn } }"}`, "logn"},
		{"POST", "/graphql", `{"query":"{ viewer { "}`, "GraphQL"},
		{"POST", "/graphql", `{"query":"query($n: Int!) { repository(owner: \"a\", name: \"b\") { issue(number: $n) { id } } }"}`, "must be defined"},
		{"POST", "/graphql", `{"query":"query { viewer { login } }","variables":{"n":1}}`, "$n is not declared"},
		{"POST", "/graphql", `{"query":"mutation($m: PullRequestMergeMethod!) { mergePullRequest(input: {pullRequestId: \"x\", mergeMethod: $m}) { clientMutationId } }","variables":{"m":"squash"}}`, "squash is no PullRequestMergeMethod"},
		{"POST", "/graphql", `{"query":"mutation($i: AddReactionInput!) { addReaction(input: $i) { clientMutationId } }","variables":{"i":{"subjectId":"x","content":"eyes"}}}`, "$i.content: eyes is no ReactionContent"},
		{"POST", "/graphql", `{"query":"mutation($i: AddReactionInput!) { addReaction(input: $i) { clientMutationId } }","variables":{"i":{"subjectId":"x","content":"EYES","colour":"red"}}}`, "colour"},
	} {
		err := Check(request(t, c.method, c.target, c.body), []byte(c.body))
		if err == nil {
			t.Errorf("%s %s %s: accepted", c.method, c.target, c.body)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s %s: %v\nwant it to say %q", c.method, c.target, c.body, err, c.want)
		}
	}
}

// An installation's token opens nothing that is the app's own.
func TestCheckToken(t *testing.T) {
	r := request(t, "GET", "/app/hook/deliveries", "")
	r.Header.Set("Authorization", "token ghs_x")
	if err := Check(r, nil); err == nil || !strings.Contains(err.Error(), "the app's own token") {
		t.Errorf("got %v", err)
	}
	r.Header.Set("Authorization", "Bearer x.y.z")
	if err := Check(r, nil); err != nil {
		t.Error(err)
	}
}

// Every one of 64 goroutines gets the right answer from the start.
func TestCheckConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if err := Check(request(t, "GET", repo+"/issues/7", ""), nil); err != nil {
				t.Error(err)
			}
			body := `{"query":"{ viewer { logn } }"}`
			if err := Check(request(t, "POST", "/graphql", body), []byte(body)); err == nil {
				t.Error("a wrong query was accepted")
			}
		})
	}
	wg.Wait()
}

func TestExamples(t *testing.T) {
	examples := Examples(t)
	events, names := map[string]bool{}, map[string]bool{}
	for _, e := range examples {
		events[e.Event] = true
		if names[e.Name] {
			t.Errorf("two examples are called %s", e.Name)
		}
		names[e.Name] = true
		if !json.Valid(e.Body) || e.Body[0] != '{' {
			t.Errorf("%s is no JSON object", e.Name)
		}
	}
	if len(examples) != 329 || len(events) != 58 {
		t.Errorf("%d examples of %d events, want 329 of 58", len(examples), len(events))
	}
}

func BenchmarkCheck(b *testing.B) {
	body := `{"title":"t","body":"b","labels":["bug"]}`
	r := request(b, "POST", repo+"/issues", body)
	for b.Loop() {
		if err := Check(r, []byte(body)); err != nil {
			b.Fatal(err)
		}
	}
}
