package githubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one API request as it arrived.
type Request struct {
	Time         time.Time
	Method       string
	Path         string // unescaped, without the query
	Query        string // raw
	Body         []byte // as sent
	Status       int    // of the answer; 0 while it is being answered, or when the connection was cut before
	App          string // slug of the app whose token it carried; empty when it carried no good one
	Installation int64  // of its token; 0 for a request with an App token
	Operation    string // of a GraphQL request: "query repository.pullRequest" or "mutation addReaction"
	Known        bool   // whether the stand-in has such an endpoint
	Violation    string // what Server.Check said against it
}

// Write tells whether the request may have changed something that people can see: no read, no token request.
func (r Request) Write() bool {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return false
	case r.Path == "/graphql":
		return strings.HasPrefix(r.Operation, "mutation")
	}
	return !strings.HasSuffix(r.Path, "/access_tokens")
}

// String is the form for golden files: "POST /repos/acme/app/issues/7/labels" and, on the next line, the body as compact JSON.
// A GraphQL request shows its operation and its variables.
func (r Request) String() string {
	line := r.Method + " " + r.Path
	if r.Query != "" {
		line += "?" + r.Query
	}
	body := r.Body
	if r.Path == "/graphql" {
		line += " " + r.Operation
		var q struct{ Variables json.RawMessage }
		if json.Unmarshal(r.Body, &q) == nil {
			body = q.Variables
		}
	}
	if text := compact(body); text != "" {
		line += "\n" + text
	}
	return line + "\n"
}

// compact is JSON without spaces, with its members in the order they were sent; other text as it is.
func compact(body []byte) string {
	body = bytes.TrimSpace(body)
	var b bytes.Buffer
	if json.Compact(&b, body) != nil {
		return string(body)
	}
	if b.String() == "null" || b.String() == "{}" {
		return ""
	}
	return b.String()
}

// requestLog is every request in the order of arrival.
type requestLog struct {
	mu   sync.Mutex
	list []*Request
}

func (l *requestLog) begin(r *http.Request, body []byte, now time.Time) *Request {
	e := &Request{Time: now, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Body: body}
	if r.URL.Path == "/graphql" {
		e.Operation = summarize(body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
	return e
}

func (l *requestLog) end(e *Request, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Status = status
}

func (l *requestLog) violate(e *Request, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Violation, e.Known = err.Error(), true
}

func (l *requestLog) identify(e *Request, app string, installation int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.App, e.Installation = app, installation
}

func (l *requestLog) known(e *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Known = true
}

func (l *requestLog) where(keep func(Request) bool) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Request
	for _, e := range l.list {
		if keep(*e) {
			out = append(out, *e)
		}
	}
	return out
}

// Requests lists every API request so far, oldest first.
func (s *Server) Requests() []Request { return s.log.where(func(Request) bool { return true }) }

// Writes lists the requests that may have changed something, oldest first.
func (s *Server) Writes() []Request { return s.log.where(Request.Write) }

// Unknown lists the requests for endpoints that the stand-in does not have. A test should find it empty.
func (s *Server) Unknown() []Request {
	return s.log.where(func(r Request) bool { return !r.Known && r.Status == http.StatusNotFound })
}

// Violations lists the requests that Check refused.
func (s *Server) Violations() []Request {
	return s.log.where(func(r Request) bool { return r.Violation != "" })
}

// ResetLog forgets the requests so far.
func (s *Server) ResetLog() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.list = nil
}

// Text is the golden form of requests, one after another.
func Text(requests []Request) string {
	var b strings.Builder
	for _, r := range requests {
		b.WriteString(r.String())
	}
	return b.String()
}

// Calls counts requests by "METHOD /path", for a table of what a run cost.
func Calls(requests []Request) map[string]int {
	m := map[string]int{}
	for _, r := range requests {
		m[r.Method+" "+r.Path]++
	}
	return m
}

// summarize names what a GraphQL body does, without failing on a broken one.
func summarize(body []byte) string {
	doc, err := parseGraphQL(body)
	if err != nil {
		return "broken query"
	}
	op := doc.operation
	var fields []string
	for _, set := range op.SelectionSet {
		name := fieldName(set)
		if name == "" || slices.Contains(fields, name) {
			continue
		}
		fields = append(fields, name)
	}
	return fmt.Sprintf("%s %s", op.Operation, strings.Join(fields, " "))
}
