package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/google/go-github/v60/github"
)

// maxRanges bounds the list of HookRanges; GitHub's has six.
const maxRanges = 1000

// ErrNoRanges is the error of HookRanges where GitHub lists none: an Enterprise Server does not know its own addresses.
var ErrNoRanges = errors.New("this GitHub lists no addresses that its webhooks come from")

// HookRanges asks GitHub which addresses it sends webhooks from (GET /meta). GitHub changes them now and then and asks to look
// again periodically. The request carries no credential, for an app's own token is not accepted there, and has the rate limit
// of this host's address: 60 an hour.
// https://docs.github.com/en/rest/meta/meta#get-github-meta-information
func (a *App) HookRanges(ctx context.Context) ([]netip.Prefix, error) {
	c := github.NewClient(&http.Client{Transport: a.wire, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	c.BaseURL, c.UserAgent = withPath(a.endpoints.api, a.endpoints.api.Path), userAgent
	meta, _, err := c.Meta.Get(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask for GitHub's addresses: %w", err)
	case len(meta.Hooks) == 0:
		return nil, ErrNoRanges
	case len(meta.Hooks) > maxRanges:
		return nil, fmt.Errorf("GitHub lists %d ranges of addresses: more than %d are not believed", len(meta.Hooks), maxRanges)
	}
	var out []netip.Prefix
	for _, text := range meta.Hooks {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("GitHub lists %.60q, which is no range of addresses", text)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}
