package githubapp

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bellhop/githubapp/githubtest/contract"
)

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no app ID", Options{PrivateKey: pkcs1()}, "app ID is missing"},
		{"no key", Options{AppID: 1}, "private key: empty"},
		{"bad URL", Options{AppID: 1, PrivateKey: pkcs1(), APIURL: "ftp://x"}, "must be an https URL"},
	} {
		if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for _, c := range []struct{ api, graphql, wantAPI, wantGraphQL, wantUpload string }{
		{"", "", "https://api.github.com/", "https://api.github.com/graphql", "https://uploads.github.com/"},
		{"https://api.github.com", "", "https://api.github.com/", "https://api.github.com/graphql", "https://uploads.github.com/"},
		{"https://ghe.acme.org/api/v3/", "", "https://ghe.acme.org/api/v3/", "https://ghe.acme.org/api/graphql", "https://ghe.acme.org/api/uploads/"},
		{"https://ghe.acme.org:8443/api/v3", "", "https://ghe.acme.org:8443/api/v3/", "https://ghe.acme.org:8443/api/graphql", "https://ghe.acme.org:8443/api/uploads/"},
		{"https://api.acme.ghe.com/", "", "https://api.acme.ghe.com/", "https://api.acme.ghe.com/graphql", "https://uploads.acme.ghe.com/"},
		{"http://127.0.0.1:4000", "", "http://127.0.0.1:4000/", "http://127.0.0.1:4000/graphql", "http://127.0.0.1:4000/"},
		{"http://[::1]:4000/github", "", "http://[::1]:4000/github/", "http://[::1]:4000/github/graphql", "http://[::1]:4000/github/"},
		{"http://localhost:4000/api/v3/", "", "http://localhost:4000/api/v3/", "http://localhost:4000/api/graphql", "http://localhost:4000/api/uploads/"},
		{"http://localhost:1", "http://localhost:2/q", "http://localhost:1/", "http://localhost:2/q", "http://localhost:1/"},
	} {
		e, err := parseEndpoints(c.api, c.graphql)
		if err != nil {
			t.Errorf("%s: %v", c.api, err)
			continue
		}
		got := []string{e.api.String(), e.graphql.String(), e.upload.String()}
		if diff := cmp.Diff([]string{c.wantAPI, c.wantGraphQL, c.wantUpload}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.api, diff)
		}
	}
	for bad, want := range map[string]string{
		"https://github.com":           "is the web site",
		"http://ghe.acme.org/api/v3/":  "in clear",
		"api.github.com":               "must be an https URL",
		"https://":                     "must be an https URL",
		"https://u:p@ghe.acme.org/":    "user name or password",
		"https://ghe.acme.org/?a=b":    "must end after its path",
		"https://ghe.acme.org/%zz":     "is not a URL",
		"unix:///run/github.sock":      "must be an https URL",
		"http://127.0.0.1.evil.org/":   "in clear",
		"http://localhost.evil.org:80": "in clear",
	} {
		if _, err := parseEndpoints(bad, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", bad, err, want)
		}
		if _, err := parseEndpoints("", bad); bad != "https://github.com" && err == nil {
			t.Errorf("graphql_url %s was accepted", bad)
		}
	}
}

// Ten callers make one request; a failure is not remembered.
func TestIdentity(t *testing.T) {
	fail := true
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/app" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey") {
			t.Errorf("%s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		if fail {
			answer(w, 500, `{"message":"oops"}`)
			return
		}
		answer(w, 200, `{"id":12345,"slug":"bellhop-acme"}`)
	}
	a := newApp(t, s.URL)
	if _, err := a.Identity(context.Background()); err == nil {
		t.Fatal("no error for 500")
	}
	fail = false
	s.requests.Store(0)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			id, err := a.Client(7).Identity(context.Background())
			if want := (Identity{12345, "bellhop-acme", "bellhop-acme[bot]"}); err != nil || id != want {
				t.Errorf("got %v, %v", id, err)
			}
		})
	}
	wg.Wait()
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests for ten callers, want 1", n)
	}
	if s.mints.Load() != 0 {
		t.Error("an installation token was asked for")
	}
}

func TestOneClientForEachInstallation(t *testing.T) {
	a := newApp(t, "")
	one, again, two := a.Client(1), a.Client(1), a.Client(2)
	if one != again || one == two {
		t.Error("not one client for each installation")
	}
	if got := a.Client(2).Installation(); got != 2 {
		t.Errorf("installation %d", got)
	}
	if got := a.Client(1).UploadURL.String(); got != "https://uploads.github.com/" {
		t.Errorf("uploads go to %s", got)
	}
}

// What the package sends by itself is what GitHub describes.
func TestRequestsConform(t *testing.T) {
	s := newWireServer(t, nil)
	check := func(r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if err := contract.Check(r, body); err != nil {
			t.Error(err)
		}
	}
	s.mintWith(func(n int64, w http.ResponseWriter, r *http.Request) {
		check(r)
		mintToken(n, w, r)
	})
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		check(r)
		answer(w, 200, `{"id":1,"slug":"x","data":{},"type":"file","content":"","encoding":"base64"}`)
	}
	a := newApp(t, s.URL)
	ctx := context.Background()
	if _, err := a.Identity(ctx); err != nil {
		t.Error(err)
	}
	if _, _, err := a.Client(7).File(ctx, "acme", "app", ".github/bot.toml", "main", ""); err != nil {
		t.Error(err)
	}
	query := "query($owner: String!) { repository(owner: $owner, name: \"app\") { name } }"
	if err := a.Client(7).Query(ctx, query, map[string]any{"owner": "acme"}, nil); err != nil {
		t.Error(err)
	}
	if s.requests.Load() != 3 || s.mints.Load() != 1 {
		t.Errorf("%d requests and %d token requests", s.requests.Load(), s.mints.Load())
	}
}

// The package knows no rule and nothing of the bot.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		if strings.HasPrefix(dep, "bellhop/") && dep != "bellhop/githubapp" {
			t.Errorf("githubapp imports %s", dep)
		}
	}
}
