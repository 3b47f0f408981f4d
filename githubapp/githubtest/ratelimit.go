package githubtest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// rateState is how much of its hour an installation has used.
type rateState struct {
	used  int
	reset time.Time
}

// SetRateLimit sets how many requests the installation has left, until reset.
func (s *Server) SetRateLimit(id int64, remaining int, reset time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustInstallation(id).rate = rateState{used: s.o.RateLimit - remaining, reset: reset}
}

// throttle counts the request and refuses it when the hour's requests are used up.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
func (c *call) throttle() *problem {
	if c.inst == nil || c.r.URL.Path == "/rate_limit" {
		return nil
	}
	r := &c.inst.rate
	if now := c.s.Now(); !now.Before(r.reset) {
		*r = rateState{reset: now.Add(time.Hour)}
	}
	if r.used >= c.s.o.RateLimit {
		p := problemf(http.StatusForbidden, "API rate limit exceeded for installation ID %d.", c.inst.id)
		p.docs = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
		return p
	}
	r.used++
	return nil
}

// refund takes back the count of a 304, which is free.
func (c *call) refund(h http.Header) {
	if c.inst != nil {
		c.inst.rate.used--
		c.rateHeaders(h)
	}
}

func (c *call) rateHeaders(h http.Header) {
	if c.inst == nil {
		return
	}
	for k, v := range c.rate() {
		h.Set("X-RateLimit-"+k, v)
	}
}

func (c *call) rate() map[string]string {
	r, resource := c.inst.rate, "core"
	if c.r.URL.Path == "/graphql" {
		resource = "graphql"
	}
	return map[string]string{
		"Limit": strconv.Itoa(c.s.o.RateLimit), "Remaining": strconv.Itoa(max(0, c.s.o.RateLimit-r.used)),
		"Used": strconv.Itoa(r.used), "Reset": strconv.FormatInt(r.reset.Unix(), 10), "Resource": resource,
	}
}

func (c *call) rateLimit() answer {
	r := &c.inst.rate
	if r.reset.IsZero() {
		r.reset = c.s.Now().Add(time.Hour)
	}
	core := object{"limit": c.s.o.RateLimit, "used": r.used, "remaining": max(0, c.s.o.RateLimit-r.used), "reset": r.reset.Unix()}
	return ok(object{"resources": object{"core": core, "graphql": core, "search": core}, "rate": core})
}

// etag is weak and covers what makes answers differ: the token too, so that it changes when the token does, as on GitHub.
func (c *call) etag(body []byte) string {
	h := sha256.New()
	for _, name := range []string{"Accept", "Authorization", "Cookie"} {
		h.Write([]byte(c.r.Header.Get(name) + ":"))
	}
	h.Write(body)
	return `W/"` + hex.EncodeToString(h.Sum(nil)) + `"`
}
