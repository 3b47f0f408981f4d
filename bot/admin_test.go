package bot

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAdmin(t *testing.T) {
	good := Probe{"store", func(context.Context) error { return nil }}
	bad := Probe{"key", func(context.Context) error { return errors.New("no key") }}
	for _, tt := range []struct {
		name, method, path string
		probes             []Probe
		want               int
		body               any
	}{
		{"alive", "GET", "/healthz", []Probe{bad}, 200, map[string]any{"status": "ok"}},
		{"ready", "GET", "/readyz", []Probe{good}, 200, map[string]any{"ready": true, "checks": map[string]any{"store": "ok"}}},
		{"not ready", "GET", "/readyz", []Probe{good, bad}, 503, map[string]any{"ready": false, "checks": map[string]any{"store": "ok", "key": "no key"}}},
		{"post", "POST", "/readyz", nil, 405, nil},
		{"elsewhere", "GET", "/webhook", nil, 404, nil},
	} {
		w := httptest.NewRecorder()
		Admin(tt.probes...).ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, w.Code, tt.want)
		}
		if tt.body == nil {
			continue
		}
		var got any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.body, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

// A probe that hangs makes the bot unready, not the answer late.
func TestAdminDoesNotWaitForHangingProbes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	end := make(chan struct{})
	defer close(end)
	r := probe(ctx, []Probe{{"stuck", func(context.Context) error { <-end; return nil }}})
	if r.Ready || r.Checks["stuck"] != context.Canceled.Error() {
		t.Errorf("%+v", r)
	}
}
