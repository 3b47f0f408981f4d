package githubapp

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// GitHub's example of its documentation, with an attempt that is less than whole.
const hookPage = `[
{"id":12345678,"guid":"0b989ba4-242f-11e5-81e1-c7b6966d2516","delivered_at":"2019-06-03T00:57:16Z","redelivery":false,"duration":0.27,
 "status":"OK","status_code":200,"event":"issues","action":"opened","installation_id":123,"repository_id":456,"throttled_at":"2019-06-03T00:57:16Z"},
{"id":123456789,"guid":"0b989ba4-242f-11e5-81e1-c7b6966d2517","delivered_at":"2019-06-04T00:57:16Z","redelivery":true,"duration":0.28,
 "status":"failed to connect","status_code":502,"event":"push","action":null,"installation_id":null,"repository_id":null,"throttled_at":null}]`

func TestHookAttempts(t *testing.T) {
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("per_page") != "100":
			t.Errorf("asked for %s", r.URL)
		case r.URL.Query().Get("cursor") == "":
			w.Header().Set("Link", `<http://`+r.Host+`/app/hook/deliveries?per_page=100&cursor=v1_12>; rel="next"`)
			answer(w, 200, hookPage)
		case r.URL.Query().Get("cursor") == "v1_12":
			w.Header().Set("Link", `<http://`+r.Host+`/app/hook/deliveries?per_page=100&cursor=v1_12>; rel="next"`)
			answer(w, 200, `[]`)
		default:
			answer(w, 422, `{"message":"Invalid cursor"}`)
		}
	}
	a, ctx := newApp(t, s.URL), context.Background()
	list, next, err := a.HookAttempts(ctx, "")
	if err != nil || next != "v1_12" {
		t.Fatalf("next %q, %v", next, err)
	}
	want := []HookAttempt{
		{ID: 12345678, GUID: "0b989ba4-242f-11e5-81e1-c7b6966d2516", Event: "issues", Activity: "opened", Installation: 123, Repository: 456,
			Delivered: time.Date(2019, 6, 3, 0, 57, 16, 0, time.UTC), OK: true},
		{ID: 123456789, GUID: "0b989ba4-242f-11e5-81e1-c7b6966d2517", Event: "push", Delivered: time.Date(2019, 6, 4, 0, 57, 16, 0, time.UTC), Redelivery: true},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	if list, next, err = a.HookAttempts(ctx, next); err != nil || len(list) > 0 || next != "" {
		t.Errorf("a page that leads to itself: %v, %q, %v", list, next, err)
	}
	if _, _, err := a.HookAttempts(ctx, "v1_old"); !errors.Is(err, ErrStaleCursor) {
		t.Errorf("stale cursor: %v", err)
	}
	s.handle = func(w http.ResponseWriter, r *http.Request) { answer(w, 404, `{"message":"Not Found"}`) }
	if _, _, err := a.HookAttempts(ctx, ""); !errors.Is(err, ErrNoHook) {
		t.Errorf("no webhook: %v", err)
	}
	if _, err := a.HookPayload(ctx, 1); !errors.Is(err, ErrHookGone) {
		t.Errorf("gone: %v", err)
	}
	if err := a.Redeliver(ctx, 1); !errors.Is(err, ErrHookGone) {
		t.Errorf("gone: %v", err)
	}
	s.handle = func(w http.ResponseWriter, r *http.Request) { answer(w, 502, `{"message":"Server Error"}`) }
	if _, _, err := a.HookAttempts(ctx, ""); err == nil || errors.Is(err, ErrNoHook) || !Judge(err, time.Now()).Retry {
		t.Errorf("unwell: %v", err)
	}
}

func TestHookPayload(t *testing.T) {
	s := newWireServer(t, nil)
	body := `{"id":7,"request":{"headers":{"X-GitHub-Event":"issues","odd":["a"]},"payload":{"action":"opened","n":12345678901234567890}},"response":{"headers":{"odd":1},"payload":"ok"}}`
	s.handle = func(w http.ResponseWriter, r *http.Request) { answer(w, 200, body) }
	a, ctx := newApp(t, s.URL), context.Background()
	if payload, err := a.HookPayload(ctx, 7); err != nil || string(payload) != `{"action":"opened","n":12345678901234567890}` {
		t.Errorf("got %s, %v", payload, err)
	}
	for _, body = range []string{`{"id":7}`, `{"request":{"payload":null}}`, `{"request":{"payload":"cut off"}}`} {
		if payload, err := a.HookPayload(ctx, 7); !errors.Is(err, ErrHookGone) {
			t.Errorf("%s: %s, %v", body, payload, err)
		}
	}
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/app/hook/deliveries/7/attempts" {
			t.Errorf("asked for %s %s", r.Method, r.URL)
		}
		answer(w, 202, `{}`)
	}
	if err := a.Redeliver(ctx, 7); err != nil {
		t.Error(err)
	}
}
