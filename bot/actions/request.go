package actions

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

// ask sends one request and decodes the answer into out, unless that is nil. It serves where go-github's own types hold more
// than is needed: its Repository, which is inside pull requests and workflow runs, does not decode when the repository has a
// custom property with several values (google/go-github#3198). path is below the repository of t: "pulls/7".
func ask(ctx context.Context, gh *githubapp.Client, t rules.Target, method, path string, body, out any) error {
	req, err := gh.NewRequest(method, repoPath(t)+path, body)
	if err != nil {
		return err
	}
	_, err = gh.Do(ctx, req, out)
	return err
}

func repoPath(t rules.Target) string { return fmt.Sprintf("repos/%s/%s/", t.Owner, t.Name) }

// segment escapes a name for one segment of a path.
func segment(name string) string {
	if strings.Trim(name, ".") == "" {
		return strings.ReplaceAll(name, ".", "%2E") // else it would be a step up the path
	}
	return url.PathEscape(name)
}

// segments escapes a branch, a tag or the like for a path, where GitHub leaves its slashes as they are.
func segments(ref string) string { return strings.ReplaceAll(url.PathEscape(ref), "%2F", "/") }

// page is where GitHub shows the target.
func page(gh *githubapp.Client, t rules.Target) string {
	repo := site(gh.BaseURL) + t.Owner + "/" + t.Name
	switch {
	case t.Number == 0:
		return repo
	case t.Kind == "pull_request":
		return fmt.Sprintf("%s/pull/%d", repo, t.Number)
	case t.Kind == "discussion":
		return fmt.Sprintf("%s/discussions/%d", repo, t.Number)
	}
	return fmt.Sprintf("%s/issues/%d", repo, t.Number)
}

// site is the web site that belongs to the base of an API, with a slash at its end:
//
//	https://api.github.com/       https://github.com/
//	https://api.acme.ghe.com/     https://acme.ghe.com/
//	https://host/api/v3/          https://host/
//
// Another base, of a server that only acts as GitHub, is its own site.
func site(api *url.URL) string {
	u := *api
	u.Path = strings.TrimSuffix(u.Path, "api/v3/")
	if host, found := strings.CutPrefix(u.Host, "api."); found && (host == "github.com" || strings.HasSuffix(host, ".ghe.com")) {
		u.Host = host
	}
	return u.String()
}
