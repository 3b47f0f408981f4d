package githubapp

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// DefaultAPIURL is where github.com's API lives.
const DefaultAPIURL = "https://api.github.com/"

// endpoints are the three bases of one GitHub. api and upload end in a slash.
type endpoints struct{ api, graphql, upload *url.URL }

// parseEndpoints takes the REST base, and the GraphQL endpoint or "". It knows how the three kinds of GitHub lay out their URLs:
//
//	github.com  https://api.github.com/          https://api.github.com/graphql       https://uploads.github.com/
//	ghe.com     https://api.acme.ghe.com/        https://api.acme.ghe.com/graphql     https://uploads.acme.ghe.com/
//	GHES        https://host/api/v3/             https://host/api/graphql             https://host/api/uploads/
//
// Any other base is one server for all, with /graphql below the base.
func parseEndpoints(api, graphql string) (endpoints, error) {
	if api == "" {
		api = DefaultAPIURL
	}
	base, err := parseBase("api_url", api)
	if err != nil {
		return endpoints{}, err
	}
	if host := strings.ToLower(base.Hostname()); host == "github.com" || host == "www.github.com" {
		return endpoints{}, fmt.Errorf("api_url %q is the web site: the API of github.com is %s", api, DefaultAPIURL)
	}
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	e := endpoints{api: base, graphql: below(base, "graphql"), upload: base}
	if root, found := strings.CutSuffix(base.Path, "/api/v3/"); found {
		e.graphql = withPath(base, root+"/api/graphql")
		e.upload = withPath(base, root+"/api/uploads/")
	} else if host, found := strings.CutPrefix(strings.ToLower(base.Host), "api."); found && isGitHubCloud(host) {
		u := withPath(base, "/")
		u.Host = "uploads." + host
		e.upload = u
	}
	if graphql != "" {
		if e.graphql, err = parseBase("graphql_url", graphql); err != nil {
			return endpoints{}, err
		}
	}
	return e, nil
}

func isGitHubCloud(host string) bool {
	return host == "github.com" || strings.HasSuffix(host, ".ghe.com")
}

func parseBase(setting, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %q is not a URL", setting, s)
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.Hostname() == "":
		return nil, fmt.Errorf("%s %q must be an https URL such as %s", setting, s, DefaultAPIURL)
	case u.User != nil:
		return nil, fmt.Errorf("%s must not hold a user name or password: the app's token is the only credential", setting)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s %q must end after its path", setting, s)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("%s %q would send tokens in clear: use https (http is for a server on this machine only)", setting, s)
	}
	return u, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func below(base *url.URL, rest string) *url.URL { return withPath(base, base.Path+rest) }

func withPath(base *url.URL, path string) *url.URL {
	u := *base
	u.Path, u.RawPath = path, ""
	return &u
}

// trusts tells whether u is on one of the hosts that tokens may be sent to, over the same scheme and port.
func (e endpoints) trusts(u *url.URL) bool {
	for _, known := range []*url.URL{e.api, e.graphql, e.upload} {
		if u.Scheme == known.Scheme && strings.EqualFold(u.Hostname(), known.Hostname()) && port(u) == port(known) {
			return true
		}
	}
	return false
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// isGraphQL tells whether u is the GraphQL endpoint.
func (e endpoints) isGraphQL(u *url.URL) bool { return u.Path == e.graphql.Path && e.trusts(u) }
