package githubapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// QueryError is GitHub's list of what went wrong in a GraphQL query that was answered with 200.
type QueryError struct{ Problems []QueryProblem }

// QueryProblem is one entry of it.
type QueryProblem struct {
	Type    string `json:"type"` // such as NOT_FOUND or FORBIDDEN; empty for mistakes in the query and failures of GitHub
	Message string `json:"message"`
	Path    []any  `json:"path"` // names and indexes from data down to what is missing
}

func (e *QueryError) Error() string {
	if len(e.Problems) == 0 {
		return "GraphQL query failed"
	}
	p := e.Problems[0]
	text := "GraphQL: " + clean(p.Message)
	if p.Type != "" {
		text = fmt.Sprintf("GraphQL: %s (%s)", clean(p.Message), clean(p.Type))
	}
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Has tells whether a problem of that type is in the list.
func (e *QueryError) Has(problemType string) bool {
	for _, p := range e.Problems {
		if p.Type == problemType {
			return true
		}
	}
	return false
}

// Query runs one GraphQL query or mutation and decodes its data member into out, unless out is nil. Partial data is decoded
// also when an error is returned; the error is a *QueryError holding GitHub's list, or a *Throttled when the list says that the
// rate limit is used up.
func (c *Client) Query(ctx context.Context, query string, vars map[string]any, out any) error {
	req, err := c.NewRequest(http.MethodPost, c.app.endpoints.graphql.String(), struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables,omitempty"`
	}{query, vars})
	if err != nil {
		return fmt.Errorf("GraphQL: %w", err)
	}
	if !isMutation(query) {
		ctx = context.WithValue(ctx, readOnly{}, true)
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []QueryProblem  `json:"errors"`
	}
	resp, err := c.Do(ctx, req, &answer)
	if err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		err = c.queryError(answer.Errors, resp.Header)
	}
	if len(answer.Data) == 0 || string(answer.Data) == "null" {
		if err == nil {
			err = errors.New("GraphQL: the answer holds no data")
		}
		return err
	}
	if out == nil {
		return err
	}
	if decodeErr := json.Unmarshal(answer.Data, out); decodeErr != nil && err == nil {
		err = fmt.Errorf("GraphQL: decode data: %w", decodeErr)
	}
	return err
}

func (c *Client) queryError(problems []QueryProblem, h http.Header) error {
	err := &QueryError{Problems: problems}
	// The second was seen in place of the first: https://github.com/yanyongyu/githubkit/issues/271.
	if err.Has("RATE_LIMITED") || err.Has("RATE_LIMIT") {
		reset, _ := c.throttle.usedUp(h)
		if reset.IsZero() {
			reset = c.app.o.Now().Add(pause)
		}
		return c.throttle.wait(graphQL, reset, primaryWhy(http.Header{}, graphQL))
	}
	for _, p := range problems {
		if speaksOfLimit(p.Message) {
			return c.throttle.strike()
		}
	}
	return err
}

// isMutation tells whether a GraphQL document changes something: whether it begins with anything but a query.
func isMutation(query string) bool {
	for {
		query = strings.TrimLeft(query, " \t\r\n,\ufeff")
		if !strings.HasPrefix(query, "#") {
			break
		}
		_, query, _ = strings.Cut(query, "\n")
	}
	return !strings.HasPrefix(query, "{") && !strings.HasPrefix(query, "query")
}
