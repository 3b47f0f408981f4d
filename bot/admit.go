package bot

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// admit decides by the address alone whether a request is read. from is the address that is counted under, invalid when none is.
// The error is a *refusal.
func (rc *Receiver) admit(r *http.Request) (from netip.Addr, err error) {
	addr, known := rc.o.Proxies.from(r)
	if rc.o.Allowed.lists(addr) {
		return netip.Addr{}, nil // GitHub is not counted: with a wrong secret its deliveries are to be told one by one
	}
	// What comes from a proxy that names nobody is of all whom it forwards for.
	if known && !rc.o.Proxies.Trusts(addr) {
		from = addr
	}
	if from.IsValid() {
		if wait := rc.strangers.wait(from, rc.o.Now()); wait > 0 {
			no := refused(http.StatusTooManyRequests, "too many requests that no secret has signed")
			no.wait = wait
			return from, no
		}
	}
	if !rc.o.Allowed.Allows(addr) {
		return from, rc.suspect(from, refused(http.StatusUnauthorized,
			"the address is not in server.allow_from: behind a proxy, it has to be in server.trusted_proxies and to send X-Forwarded-For"))
	}
	return from, nil
}

// suspect counts a refusal against the address that it was answered to. What may be the line's or our own fault is not counted.
func (rc *Receiver) suspect(from netip.Addr, no *refusal) *refusal {
	switch no.status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		if from.IsValid() {
			no.last = rc.strangers.failed(from, rc.o.Now())
		}
	}
	return no
}

// proved notes that a signature held.
func (rc *Receiver) proved(ctx context.Context, from netip.Addr, secret int) {
	now := rc.o.Now()
	if from.IsValid() {
		rc.strangers.signed(from, now)
	}
	if n, since, tell := rc.secrets.used(secret, now); tell {
		rc.o.Log.LogAttrs(ctx, slog.LevelInfo, "webhook secret in use", slog.Int("secret", secret), slog.Int("of", rc.o.Verifier.Len()),
			slog.Int("deliveries", n), slog.Time("since", since))
	}
}

// secretEvery is how often it is told that a secret is in use.
const secretEvery = time.Hour

// secretUse counts which of several secrets deliveries are signed with, by its place in the settings, so that the operator knows
// when the old one can go: when nothing was told of it for as long as it pleases them.
type secretUse struct {
	mu   sync.Mutex
	uses []secretUses // empty when there is but one secret
}

type secretUses struct {
	n           int
	since, told time.Time
}

func newSecretUse(secrets int) *secretUse {
	if secrets < 2 {
		return &secretUse{}
	}
	return &secretUse{uses: make([]secretUses, secrets)}
}

// used counts one use of a secret, from 1. tell is true when it is to be told, with how many uses there were since when.
func (s *secretUse) used(secret int, now time.Time) (n int, since time.Time, tell bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret > len(s.uses) {
		return 0, time.Time{}, false
	}
	u := &s.uses[secret-1]
	if u.n++; u.n == 1 {
		u.since = now
	}
	if !u.told.IsZero() && now.Sub(u.told) < secretEvery {
		return 0, time.Time{}, false
	}
	u.told = now
	return u.n, u.since, true
}

// Hooks serves the public listener: POST /webhook by r, and nothing else.
func Hooks(r *Receiver) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhook", r)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
	})
	return mux
}
