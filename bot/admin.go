package bot

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// probeTimeout bounds how long /readyz waits for all probes together.
const probeTimeout = 3 * time.Second

// Probe is one thing that has to work for the bot to be of use.
type Probe struct {
	Name string
	// Check returns nil when it works, else why it does not. The text is shown to whoever may reach the admin listener.
	Check func(ctx context.Context) error
}

// Admin serves the admin listener, which only the operator may reach: /healthz answers 200 as long as the process lives;
// /readyz answers 200 when every probe passes, else 503, and names the reasons.
func Admin(probes ...Probe) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		readiness := probe(r.Context(), probes)
		status := http.StatusOK
		if !readiness.Ready {
			status = http.StatusServiceUnavailable
		}
		answerJSON(w, status, readiness)
	})
	return mux
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // by name of the probe: "ok", or why not
}

// probe makes all probes at once. One that does not answer in time counts as failed.
func probe(ctx context.Context, probes []Probe) readiness {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	errs := make([]error, len(probes))
	var wg sync.WaitGroup
	for i, p := range probes {
		wg.Go(func() { errs[i] = p.bounded(ctx) })
	}
	wg.Wait()
	r := readiness{Ready: true, Checks: make(map[string]string, len(probes))}
	for i, p := range probes {
		r.Checks[p.Name] = "ok"
		if errs[i] != nil {
			r.Ready, r.Checks[p.Name] = false, errs[i].Error()
		}
	}
	return r
}

// bounded is Check for checks that do not heed their context.
func (p Probe) bounded(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- p.Check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
