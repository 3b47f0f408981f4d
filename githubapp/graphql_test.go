package githubapp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuery(t *testing.T) {
	type data struct {
		Repository *struct{ Name string } `json:"repository"`
	}
	whole := data{Repository: &struct{ Name string }{"app"}}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   data
		err    error // compared as a *QueryError
		other  string
	}{
		{"data", 200, `{"data":{"repository":{"name":"app"}}}`, whole, nil, ""},
		{"data and problems", 200, `{"data":{"repository":{"name":"app"}},"errors":[{"type":"NOT_FOUND","path":["repository","issue"],"message":"Could not resolve to an Issue","locations":[]}]}`, whole,
			&QueryError{[]QueryProblem{{Type: "NOT_FOUND", Message: "Could not resolve to an Issue", Path: []any{"repository", "issue"}}}}, ""},
		{"problems alone", 200, `{"errors":[{"message":"Field 'nam' doesn't exist"},{"message":"second"}]}`, data{},
			&QueryError{[]QueryProblem{{Message: "Field 'nam' doesn't exist"}, {Message: "second"}}}, ""},
		{"null and problems", 200, `{"data":null,"errors":[{"type":"FORBIDDEN","message":"no"}]}`, data{},
			&QueryError{[]QueryProblem{{Type: "FORBIDDEN", Message: "no"}}}, ""},
		{"nothing", 200, `{}`, data{}, nil, "the answer holds no data"},
		{"another form", 200, `{"data":{"repository":7}}`, data{}, nil, "decode data"},
		{"a failure", 502, `{"message":"Something went wrong"}`, data{}, nil, "502"},
	} {
		var sent map[string]any
		s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(body, &sent); err != nil || r.Method != "POST" || r.URL.Path != "/graphql" {
				t.Errorf("%s %s: %s", r.Method, r.URL.Path, body)
			}
			answer(w, c.status, c.body)
		})
		var got data
		err := newApp(t, s.URL).Client(7).Query(context.Background(), "query($n: Int!) { x }", map[string]any{"n": 7}, &got)
		if diff := cmp.Diff(c.want, got); diff != "" && c.other == "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		if diff := cmp.Diff(map[string]any{"query": "query($n: Int!) { x }", "variables": map[string]any{"n": 7.0}}, sent); diff != "" {
			t.Errorf("%s: sent (-want +got)\n%s", c.name, diff)
		}
		switch {
		case c.err != nil:
			var problems *QueryError
			if !errors.As(err, &problems) {
				t.Errorf("%s: got %v", c.name, err)
			} else if diff := cmp.Diff(c.err, error(problems)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", c.name, diff)
			}
		case c.other == "" && err != nil, c.other != "" && !contains(err, c.other):
			t.Errorf("%s: got %v, want %q", c.name, err, c.other)
		}
	}
}

// Rate limits that hide in an answer of 200 throttle like the others.
func TestQueryThrottled(t *testing.T) {
	for name, body := range map[string]string{
		"a type":   `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for installation ID 7."}]}`,
		"another":  `{"errors":[{"type":"RATE_LIMIT","code":"graphql_rate_limit","message":"API rate limit already exceeded for user ID 7."}]}`,
		"in words": `{"errors":[{"message":"You have exceeded a secondary rate limit"}]}`,
	} {
		s := newWireServer(t, always(200, body))
		c := newApp(t, s.URL).Client(7)
		for range 2 {
			var throttled *Throttled
			err := c.Query(context.Background(), "{ viewer { login } }", nil, nil)
			if !errors.As(err, &throttled) {
				t.Fatalf("%s: got %v", name, err)
			}
			if got := time.Until(throttled.Until); got < 50*time.Second || got > 70*time.Second {
				t.Errorf("%s: wait %v", name, got)
			}
		}
		if n := s.requests.Load(); n != 1 {
			t.Errorf("%s: %d requests were sent, want 1", name, n)
		}
	}
}

func TestIsMutation(t *testing.T) {
	for query, want := range map[string]bool{
		"{ viewer { login } }":                 false,
		"query Facts($n: Int!) { x }":          false,
		"\n\t query { x }":                     false,
		"# mutation\n{ x }":                    false,
		"mutation { x }":                       true,
		"# query\n  # {\n mutation M { x }":    true,
		"fragment F on X { y } mutation { x }": true,
		"subscription { x }":                   true,
		"":                                     true,
		"# query":                              true,
	} {
		if got := isMutation(query); got != want {
			t.Errorf("%q: %v", query, got)
		}
	}
}
