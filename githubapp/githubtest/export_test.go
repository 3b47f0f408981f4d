package githubtest

import (
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
)

// Routes names every endpoint, such as "GET /repos/{owner}/{repo}".
func Routes() []string {
	var out []string
	for _, list := range routes() {
		for _, r := range list {
			out = append(out, r.method+" "+r.path)
		}
	}
	slices.Sort(out)
	return out
}

// RouteOf is the endpoint that a request reaches, "" for none.
func RouteOf(method, path string) string {
	for _, r := range routes()[method] {
		if r.match(strings.Split(strings.TrimSuffix(path, "/"), "/")[1:]) != nil {
			return r.method + " " + r.path
		}
	}
	return ""
}

// GraphQLField is one field of the stand-in's GraphQL types.
type GraphQLField struct {
	Type, Name, Returns string
	Args, Inputs        []string
}

// GraphQLFields lists the fields of all GraphQL types.
func GraphQLFields() []GraphQLField {
	var out []GraphQLField
	for typ, fields := range types() {
		for name, f := range fields {
			g := GraphQLField{Type: typ, Name: name, Returns: f.typ, Args: f.args}
			if typ == "Mutation" {
				g.Inputs = strings.Fields(mutations[name].inputs)
			}
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b GraphQLField) int { return strings.Compare(a.Type+a.Name, b.Type+b.Name) })
	return out
}

// GraphQL answers one body without HTTP, as the installation.
func GraphQL(s *Server, installation int64, body []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustInstallation(installation)
	t, _ := s.mint(i, nil, nil, nil)
	c := &call{s: s, r: httptest.NewRequest("POST", "/graphql", nil), body: body, app: i.app, inst: i, token: t, who: i.app.bot}
	return mustJSON(c.graphql().body)
}

// NodeIDs lists every node id that the server gave out.
func NodeIDs(s *Server) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.nodes))
}
