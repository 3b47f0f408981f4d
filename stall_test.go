package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"bellhop/bot"
	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
)

// stalls are the requests that the stand-in GitHub leaves without an answer, so that webhooks come while the bot waits.
type stalls struct {
	release chan struct{} // closed when it answers again; nil while nothing is to stall
	begun   chan struct{} // closed when one of them waits
	on      atomic.Bool
}

func (s *stalls) end() {
	if s.release != nil {
		close(s.release)
	}
	s.release = nil
	s.on.Store(false)
}

// running is the bot that webhooks wait for.
type running struct {
	ctx  context.Context
	host *bot.Host
}

// pace has a webhook wait until the bot has done all that those before it caused, so that scripts play the same each time. What
// comes while a request stalls comes at once.
func (w *world) pace() {
	if r := w.running.Load(); r != nil && !w.stalls.on.Load() {
		r.host.Idle(r.ctx)
	}
}

func (w *world) stall(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: stall METHOD PATH")
	}
	if w.stalls.release != nil {
		return fmt.Errorf("a request stalls already")
	}
	w.stalls.release, w.stalls.begun = make(chan struct{}), make(chan struct{})
	w.stalls.on.Store(true)
	hold, begun := githubtest.HoldUntil(w.stalls.release), w.stalls.begun
	w.github.Answer(args[0], args[1], 1, func(rw http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		close(begun)
		hold(rw, r, carryOut)
	})
	return nil
}

func (w *world) stalled(ts *testscript.TestScript, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-w.stalls.begun:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no request stalls")
	}
}

func (w *world) resume(ts *testscript.TestScript, args []string) error {
	w.stalls.end()
	return nil
}

func (w *world) sent(ts *testscript.TestScript, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.github.Flush(ctx); err != nil {
		return fmt.Errorf("webhooks are not taken: %w", err)
	}
	for w.stalls.on.Load() {
		changed := w.server.store.Changed()
		due, err := w.server.store.Due(ctx, w.now(), 0, 1000)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(due, func(v store.Visit) bool { return v.Subject != due[0].Subject }) {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("more than one subject waits")
		}
	}
	return nil
}
