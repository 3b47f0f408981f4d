package githubtest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// token is an installation's token, or what stands for an App token (then inst is nil).
type token struct {
	text        string
	inst        *installation
	permissions Permissions
	repos       []*repo // nil: all that the installation has
	expires     time.Time
	clock       func() time.Time // that it is judged by
}

func (t *token) covers(r *repo) bool {
	if t.inst == nil || !t.inst.includes(r) {
		return false
	}
	return t.repos == nil || slices.Contains(t.repos, r)
}

// levels orders the grants of a permission.
var levels = map[string]int{"read": 1, "write": 2, "admin": 3}

func (t *token) may(permission, level string) bool {
	return levels[t.permissions[permission]] >= levels[level]
}

// mint makes a token for an installation, narrowed to the given repositories and permissions where there are any.
func (s *Server) mint(i *installation, names []string, ids []int64, permissions Permissions) (*token, *problem) {
	t := &token{inst: i, permissions: maps.Clone(i.permissions)}
	for name, level := range permissions {
		if levels[level] == 0 || levels[level] > levels[i.permissions[name]] {
			return nil, unprocessable("The permissions requested are not granted to this installation.")
		}
	}
	if len(permissions) > 0 {
		t.permissions = maps.Clone(permissions)
		t.permissions["metadata"] = "read"
	}
	wanted := func(r *repo) bool { return slices.Contains(names, r.name) || slices.Contains(ids, r.id) }
	if len(names)+len(ids) > 0 {
		for _, r := range s.reposOf(i) {
			if wanted(r) {
				t.repos = append(t.repos, r)
			}
		}
		if len(t.repos) < len(names)+len(ids) {
			return nil, unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
	}
	s.ids["token"]++
	h := sha256.Sum256(fmt.Appendf(nil, "token %d of %d", s.ids["token"], i.id))
	t.text = "ghs_" + hex.EncodeToString(h[:])[:36]
	s.tokens[t.text] = t
	return t, nil
}

// authenticate finds out who sent the request.
func (c *call) authenticate(wantApp bool) *problem {
	kind, text, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if text == "" || !strings.EqualFold(kind, "bearer") && !strings.EqualFold(kind, "token") {
		return problemf(http.StatusUnauthorized, "Requires authentication")
	}
	if strings.Count(text, ".") == 2 {
		if p := c.authenticateApp(text); p != nil {
			return p
		}
		if !wantApp {
			return problemf(http.StatusForbidden, "Resource not accessible by integration")
		}
		return nil
	}
	t := c.s.tokens[text]
	if t == nil || !t.clock().Before(t.expires) {
		return problemf(http.StatusUnauthorized, "Bad credentials")
	}
	if wantApp {
		return problemf(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	if !t.inst.suspended.IsZero() {
		return problemf(http.StatusForbidden, "This installation has been suspended")
	}
	c.token, c.inst, c.app, c.who = t, t.inst, t.inst.app, t.inst.app.bot
	return nil
}

// authenticateApp checks an App token as GitHub does: RS256, iat not in the future, exp at most ten minutes ahead.
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
func (c *call) authenticateApp(text string) *problem {
	parts := strings.Split(text, ".")
	var head struct {
		Algorithm string `json:"alg"`
	}
	var claims struct {
		Issuer  any      `json:"iss"`
		Issued  *float64 `json:"iat"`
		Expires *float64 `json:"exp"`
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !decodeSegment(parts[0], &head) || !decodeSegment(parts[1], &claims) || head.Algorithm != "RS256" {
		return problemf(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	issuer := fmt.Sprint(claims.Issuer)
	if n, isNumber := claims.Issuer.(float64); isNumber {
		issuer = strconv.FormatFloat(n, 'f', -1, 64)
	}
	a := c.s.appByIssuer(issuer)
	if a == nil || a.key == nil {
		return problemf(http.StatusNotFound, "Integration not found")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(a.key, crypto.SHA256, sum[:], signature) != nil {
		return problemf(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	clock, p := c.s.judgeTimes(claims.Issued, claims.Expires)
	if p != nil {
		return p
	}
	c.app, c.who = a, a.bot
	c.token = &token{clock: clock}
	return nil
}

func decodeSegment(text string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(b, v) == nil
}

func (s *Server) appByIssuer(issuer string) *app {
	for _, a := range s.apps {
		if issuer == a.client || issuer == strconv.FormatInt(a.id, 10) {
			return a
		}
	}
	return nil
}

// judgeTimes says by which clock the times of an App token are good, or what is wrong with them.
func (s *Server) judgeTimes(issued, expires *float64) (func() time.Time, *problem) {
	clocks := []func() time.Time{s.o.Now, time.Now}
	if s.o.AuthNow != nil {
		clocks = clocks[:1]
		clocks[0] = s.o.AuthNow
	}
	var first *problem
	for _, clock := range clocks {
		p := timesBad(clock(), issued, expires)
		if p == nil {
			return clock, nil
		}
		if first == nil {
			first = p
		}
	}
	return nil, first
}

func timesBad(now time.Time, issued, expires *float64) *problem {
	at := float64(now.Unix())
	switch {
	case issued == nil || *issued > at+1: // GitHub allows no drift; a second for a clock read twice
		return problemf(http.StatusUnauthorized,
			"'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case expires == nil || *expires <= at:
		return problemf(http.StatusUnauthorized,
			"'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case *expires > at+600:
		return problemf(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return nil
}
