package githubapp

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"no ghost, no light":                           "no ghost, no light",
		"ghs_16C7e42F292c6912E7710c838347Ae178B4a":     hidden,
		"a ghs_16C7e42F292c6912E7710c838347Ae178B4a.":  "a " + hidden,
		"?t=ghp_16C7e42F292c6912E7710c8383&x=1":        "?t=" + hidden + "&x=1",
		"github_pat_11ABCDEFG0abcdefghij_xyz":          hidden,
		"Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.abc": "Bearer " + hidden,
		"cut off: eyJhbGciOiJSUzI1NiJ9.eyJpc3M…":       "cut off: " + hidden + "…",
		string(pkcs1()):                         hidden + "\n",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE": hidden,
		"the slug is high_water":                "the slug is high_water",
	} {
		if got := Scrub(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// A refusal that repeats the credential of its request does not show it, of whatever form it is, in any way that an error is told.
func TestRefusalsShowNoCredential(t *testing.T) {
	const token = "v1.1f699f1069f60xxx" // as an old Enterprise Server makes them
	s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		text := r.Header.Get("Authorization")
		answer(w, 422, `{"message":"`+text+`","documentation_url":"https://x/?t=`+text+`","errors":[{"resource":"`+text+`","message":"`+text+`"}]}`)
	})
	s.mintWith(func(_ int64, w http.ResponseWriter, _ *http.Request) {
		answer(w, 201, `{"token":"`+token+`","expires_at":"`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`)
	})
	err := get(context.Background(), newApp(t, s.URL).Client(7))
	if err == nil || s.auth() == "" || strings.Contains(err.Error(), token) || strings.Contains(Judge(err, time.Now()).Reason, token) {
		t.Errorf("%v (sent %q)", err, s.auth())
	}
}
