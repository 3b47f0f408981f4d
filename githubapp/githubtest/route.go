package githubtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// object is a JSON object.
type object = map[string]any

// route is one endpoint. In path, {name} is one segment and {name+} one or more.
type route struct {
	method string
	path   string
	// needs is "app" (an App token), "any" (any installation token), "none" (also without a token), or alternatives such as
	// "issues:write|pull_requests:write" of which the token must have one.
	needs  string
	handle func(*call) answer
}

// routes is all endpoints by method.
var routes = sync.OnceValue(func() map[string][]compiledRoute {
	out := map[string][]compiledRoute{}
	for _, list := range [][]route{
		appRoutes, hookRoutes, repoRoutes, contentRoutes, gitRoutes, issueRoutes, commentRoutes, labelRoutes, reactionRoutes,
		milestoneRoutes, pullRoutes, reviewRoutes, checkRoutes, statusRoutes, workflowRoutes, releaseRoutes, deploymentRoutes,
		accountRoutes,
	} {
		for _, r := range list {
			out[r.method] = append(out[r.method], compiledRoute{r, strings.Split(r.path, "/")[1:]})
		}
	}
	for _, list := range out {
		slices.SortStableFunc(list, bySpecificity)
	}
	return out
})

// bySpecificity puts a pattern before those that match more: literals before variables, and longer ones first.
func bySpecificity(a, b compiledRoute) int {
	for i := 0; i < len(a.segments) && i < len(b.segments); i++ {
		if d := breadth(a.segments[i]) - breadth(b.segments[i]); d != 0 {
			return d
		}
	}
	return len(b.segments) - len(a.segments)
}

func breadth(segment string) int {
	switch {
	case !strings.HasPrefix(segment, "{"):
		return 0
	case strings.HasSuffix(segment, "+}"):
		return 2
	}
	return 1
}

type compiledRoute struct {
	route
	segments []string
}

// match finds path's variables, or nil. Segments of path are still escaped, so that a label may hold a slash.
func (r compiledRoute) match(path []string) map[string]string {
	vars := map[string]string{}
	if !matchSegments(r.segments, path, vars) {
		return nil
	}
	return vars
}

func matchSegments(pattern, path []string, vars map[string]string) bool {
	if len(pattern) == 0 {
		return len(path) == 0
	}
	if len(path) == 0 {
		return false
	}
	p := pattern[0]
	if !strings.HasPrefix(p, "{") {
		return p == path[0] && matchSegments(pattern[1:], path[1:], vars)
	}
	name := strings.Trim(p, "{}")
	longest := 1
	if strings.HasSuffix(name, "+") {
		name = strings.TrimSuffix(name, "+")
		longest = len(path)
	}
	for n := longest; n >= 1; n-- {
		if matchSegments(pattern[1:], path[n:], vars) {
			text, err := url.PathUnescape(strings.Join(path[:n], "/"))
			vars[name] = text
			return err == nil && text != ""
		}
	}
	return false
}

// call is one request on its way to its endpoint. Handlers run with Server.mu held.
type call struct {
	s     *Server
	r     *http.Request
	body  []byte
	vars  map[string]string
	query url.Values
	app   *app
	inst  *installation // nil for an App token
	token *token
	who   *user // the app's bot user
	repo  *repo // of /repos/{owner}/{repo}/...
	via   string
	link  string // Link header of a page
}

// dispatch answers one request.
func (s *Server) dispatch(r *http.Request, body []byte, entry *Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.Split(strings.TrimSuffix(r.URL.EscapedPath(), "/"), "/")[1:]
	c := &call{s: s, r: r, body: body, query: r.URL.Query()}
	if len(path) == 1 && path[0] == "graphql" {
		s.log.known(entry)
		return c.guarded("any", entry, (*call).graphql)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, route := range routes()[method] {
		if c.vars = route.match(path); c.vars != nil {
			s.log.known(entry)
			return c.guarded(route.needs, entry, route.handle)
		}
	}
	return notFound().answer()
}

// guarded lets the request through to handle when its token may do what needs says.
func (c *call) guarded(needs string, entry *Request, handle func(*call) answer) answer {
	if needs == "none" && c.r.Header.Get("Authorization") == "" {
		return c.finish(handle(c))
	}
	if p := c.authenticate(needs == "app"); p != nil {
		return p.answer()
	}
	id := int64(0)
	if c.inst != nil {
		id = c.inst.id
	}
	c.s.log.identify(entry, c.app.slug, id)
	if p := c.throttle(); p != nil {
		return c.finish(p.answer())
	}
	if p := c.authorize(needs); p != nil {
		return c.finish(p.answer())
	}
	return c.finish(handle(c))
}

// authorize finds the repository of the path and holds the token against it and against needs.
func (c *call) authorize(needs string) *problem {
	if owner := c.vars["owner"]; owner != "" {
		if p := c.moved(); p != nil {
			return p
		}
		c.repo = c.s.findRepo(owner, c.vars["repo"])
		if c.repo == nil {
			return notFound()
		}
		if !c.token.covers(c.repo) {
			if c.repo.private || c.r.Method != http.MethodGet || needs != "contents:read" && needs != "metadata:read" {
				return notFound()
			}
			// GitHub asks for no permission on these endpoints "if only public resources are requested".
			// https://docs.github.com/en/rest/repos/contents#get-repository-content
			return nil
		}
	}
	if needs == "app" || needs == "any" || needs == "none" {
		return nil
	}
	for need := range strings.SplitSeq(needs, "|") {
		if name, level, _ := strings.Cut(need, ":"); c.token.may(name, level) {
			c.via = name
			if c.repo != nil && c.repo.archived && c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
				return problemf(http.StatusForbidden, "Repository was archived so is read-only.")
			}
			return nil
		}
	}
	p := forbidden()
	p.header.Set("X-Accepted-GitHub-Permissions", strings.NewReplacer(":", "=", "|", "; ").Replace(needs))
	return p
}

// finish adds the headers that every answer of GitHub carries.
func (c *call) finish(a answer) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	if c.link != "" {
		a.header.Set("Link", c.link)
	}
	c.rateHeaders(a.header)
	a.conditional = c.r.Method == http.MethodGet && a.status == http.StatusOK
	// The body is written after the lock is released, so it is made here.
	if a.raw == nil && a.body != nil {
		a.raw = mustJSON(a.body)
		a.body = nil
		if a.header.Get("Content-Type") == "" {
			a.header.Set("Content-Type", "application/json; charset=utf-8")
		}
	}
	if a.conditional {
		etag := c.etag(a.raw)
		a.header.Set("ETag", etag)
		if c.r.Header.Get("If-None-Match") == etag {
			a.status, a.raw = http.StatusNotModified, nil
			c.refund(a.header)
		}
	}
	return a
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("githubtest: answer is no JSON: %v", err))
	}
	return b
}

// answer is what an endpoint says: body as JSON, or raw.
type answer struct {
	status      int
	header      http.Header
	body        any
	raw         []byte
	conditional bool
}

func ok(body any) answer       { return answer{status: http.StatusOK, body: body} }
func created(body any) answer  { return answer{status: http.StatusCreated, body: body} }
func accepted(body any) answer { return answer{status: http.StatusAccepted, body: body} }
func noContent() answer        { return answer{status: http.StatusNoContent} }

func writeAnswer(w http.ResponseWriter, r *http.Request, a answer) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if a.raw == nil && a.body != nil {
		a.raw = mustJSON(a.body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
	w.Header().Set("X-GitHub-Api-Version-Selected", "2022-11-28")
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(a.raw)
	}
}

// problem is a refusal in GitHub's form. It is an error, so that deeds shared by people and the API can return it.
type problem struct {
	status  int
	message string
	errors  []any // objects {resource, field, code, message}, or plain text
	header  http.Header
	docs    string
}

func (p *problem) Error() string {
	text := p.message
	for _, e := range p.errors {
		if o, ok := e.(object); ok {
			e = fmt.Sprintf("%v %v %v %v", o["resource"], o["field"], o["code"], o["message"])
		}
		text += fmt.Sprintf("; %v", e)
	}
	return fmt.Sprintf("%d %s", p.status, text)
}

func (p *problem) answer() answer {
	docs := p.docs
	if docs == "" {
		docs = "https://docs.github.com/rest"
	}
	body := object{"message": p.message, "documentation_url": docs, "status": strconv.Itoa(p.status)}
	if p.errors != nil {
		body["errors"] = p.errors
	}
	return answer{status: p.status, body: body, header: p.header}
}

func problemf(status int, format string, args ...any) *problem {
	return &problem{status: status, message: fmt.Sprintf(format, args...), header: http.Header{}}
}

func notFound() *problem { return problemf(http.StatusNotFound, "Not Found") }

func forbidden() *problem {
	return problemf(http.StatusForbidden, "Resource not accessible by integration")
}

// invalid is GitHub's 422 about one field: code is missing, missing_field, invalid, already_exists, unprocessable or custom.
func invalid(resource, field, code, message string) *problem {
	p := problemf(http.StatusUnprocessableEntity, "Validation Failed")
	e := object{"resource": resource, "field": field, "code": code}
	if message != "" {
		e["message"] = message
	}
	p.errors = []any{e}
	return p
}

// unprocessable is GitHub's 422 with one plain sentence.
func unprocessable(format string, args ...any) *problem {
	return problemf(http.StatusUnprocessableEntity, format, args...)
}

// failed turns the error of a deed into an answer.
func failed(err error) answer {
	var p *problem
	if errors.As(err, &p) {
		return p.answer()
	}
	return problemf(http.StatusInternalServerError, "%v", err).answer()
}

// decode reads the body into v, a pointer to a struct. Only the body null or none is taken for an empty object.
func (c *call) decode(v any) *problem {
	if len(c.body) == 0 {
		return nil
	}
	if !json.Valid(c.body) {
		return problemf(http.StatusBadRequest, "Problems parsing JSON")
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		var t *json.UnmarshalTypeError
		if errors.As(err, &t) {
			return unprocessable("Invalid request.\n\nFor '%s', %s is not of the right type.", t.Field, t.Value)
		}
		return unprocessable("Invalid request.\n\n%v", err)
	}
	return nil
}

// number is a numeric variable of the path; 0 when it is no number, which nothing has.
func (c *call) number(name string) int64 {
	n, _ := strconv.ParseInt(c.vars[name], 10, 64)
	return n
}

// page cuts the asked-for page out of list and sets the Link header for it.
func page[T any](c *call, list []T) []T {
	size := atLeastOne(c.query.Get("per_page"), 30)
	if size > 100 {
		size = 100
	}
	n := atLeastOne(c.query.Get("page"), 1)
	last := max(1, (len(list)+size-1)/size)
	var links []string
	add := func(rel string, to int) {
		q := c.query
		q.Set("page", strconv.Itoa(to))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.s.URL, strings.TrimPrefix(c.r.URL.EscapedPath(), "/"),
			q.Encode(), rel))
	}
	if n > 1 {
		add("prev", n-1)
	}
	if n < last {
		add("next", n+1)
		add("last", last)
	}
	if n > 1 {
		add("first", 1)
	}
	c.link = strings.Join(links, ", ")
	from := min((n-1)*size, len(list))
	return list[from:min(from+size, len(list))]
}

func atLeastOne(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// each renders a list; never nil, as GitHub answers [] and not null.
func each[T any, R any](list []T, render func(T) R) []R {
	out := make([]R, 0, len(list))
	for _, v := range list {
		out = append(out, render(v))
	}
	return out
}

// when is a time as GitHub writes it, or null.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// orNull is text, or null when it is empty.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func without[T comparable](list []T, v T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == v })
}
