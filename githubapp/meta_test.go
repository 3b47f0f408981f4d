package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestHookRanges(t *testing.T) {
	many := `"192.0.2.0/24"` + strings.Repeat(`,"192.0.2.0/24"`, maxRanges)
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   []netip.Prefix
		err    string
	}{
		{"github.com", 200, `{"hooks":["192.30.252.0/22","2a0a:a440::/29"]}`, []netip.Prefix{netip.MustParsePrefix("192.30.252.0/22"), netip.MustParsePrefix("2a0a:a440::/29")}, ""},
		{"Enterprise Server", 200, `{"verifiable_password_authentication":true}`, nil, ErrNoRanges.Error()},
		{"no ranges", 200, `{"hooks":["anywhere"]}`, nil, `"anywhere", which is no range`},
		{"too many", 200, `{"hooks":[` + many + `]}`, nil, "more than 1000"},
		{"unwell", 502, `{"message":"no"}`, nil, "ask for GitHub's addresses"},
		{"limited", 403, `{"message":"API rate limit exceeded"}`, nil, "ask for GitHub's addresses"},
		{"moved", 301, `{"message":"Moved"}`, nil, "ask for GitHub's addresses"},
	} {
		s := newWireServer(t, always(c.status, c.body, "Location", "http://127.0.0.1:1/meta"))
		got, err := newApp(t, s.URL).HookRanges(context.Background())
		if !slices.Equal(got, c.want) || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		if c.name == "Enterprise Server" && !errors.Is(err, ErrNoRanges) {
			t.Errorf("%s: %v", c.name, err)
		}
		if auth := s.auth(); auth != "" {
			t.Errorf("%s: a credential was sent: %s", c.name, fmt.Sprintf("%.10s", auth))
		}
	}
}
