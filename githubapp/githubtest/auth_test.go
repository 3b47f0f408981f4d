package githubtest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"

	"bellhop/githubapp/githubtest"
)

// send makes a request with an Authorization header and returns status and body.
func (w *world) send(method, path, authorization, body string, header ...string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequest(method, w.URL+path, strings.NewReader(body))
	w.ok(err)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	w.ok(err)
	defer resp.Body.Close()
	var b strings.Builder
	buf := make([]byte, 1<<16)
	for {
		n, err := resp.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return resp, b.String()
}

func (w *world) token(permissions *github.InstallationPermissions, repositories ...string) string {
	w.t.Helper()
	t, _, err := w.appClient().Apps.CreateInstallationToken(context.Background(), w.seeded.Installation,
		&github.InstallationTokenOptions{Permissions: permissions, Repositories: repositories})
	w.ok(err)
	return t.GetToken()
}

func TestAppTokens(t *testing.T) {
	w := start(t)
	key, err := jwt.ParseRSAPrivateKeyFromPEM(w.seeded.App.PrivateKey)
	w.ok(err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	w.ok(err)
	now := epoch().Unix()
	real := time.Now().Unix()
	iss := strconv.FormatInt(w.seeded.App.ID, 10)
	for _, tc := range []struct {
		name   string
		method jwt.SigningMethod
		key    any
		claims jwt.MapClaims
		want   int
	}{
		{"good", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": iss, "iat": now - 60, "exp": now + 540}, 200},
		{"by the machine's clock", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": iss, "iat": real - 60, "exp": real + 500},
			200},
		{"issuer as number", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": w.seeded.App.ID, "iat": now - 60,
			"exp": now + 540}, 200},
		{"issuer as client id", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": w.seeded.App.ClientID, "iat": now,
			"exp": now + 540}, 200},
		{"over ten minutes", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": iss, "iat": now, "exp": now + 700}, 401},
		{"expired", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": iss, "iat": now - 700, "exp": now - 100}, 401},
		{"from the future", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": iss, "iat": now + 60, "exp": now + 500}, 401},
		{"no times", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": iss}, 401},
		{"another key", jwt.SigningMethodRS256, other, jwt.MapClaims{"iss": iss, "iat": now, "exp": now + 540}, 401},
		{"another algorithm", jwt.SigningMethodHS256, []byte("x"), jwt.MapClaims{"iss": iss, "iat": now, "exp": now + 540}, 401},
		{"no such app", jwt.SigningMethodRS256, key, jwt.MapClaims{"iss": "1", "iat": now, "exp": now + 540}, 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := jwt.NewWithClaims(tc.method, tc.claims).SignedString(tc.key)
			w.ok(err)
			if resp, body := w.send("GET", "app", "Bearer "+text, ""); resp.StatusCode != tc.want {
				t.Errorf("%d %s, want %d", resp.StatusCode, body, tc.want)
			}
		})
	}
	for _, bad := range []string{"", "Bearer x", "Bearer a.b.c", "Basic eDp5"} {
		if resp, _ := w.send("GET", "app", bad, ""); resp.StatusCode != 401 {
			t.Errorf("%q: %d, want 401", bad, resp.StatusCode)
		}
	}
}

func TestPKCS8Key(t *testing.T) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	w := start(t)
	app := w.AddApp(githubtest.AppSpec{Slug: "second", PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
		Bytes: der}), Permissions: githubtest.Permissions{"issues": "read"}})
	id := w.Install("second", "acme", githubtest.InstallSpec{})
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
	if _, _, err := client(t, w.Server, app.ID, id, key).Issues.ListByRepo(context.Background(), "acme", "app", nil); err != nil {
		t.Error(err)
	}
}

func TestTokenScope(t *testing.T) {
	w := start(t)
	w.AddRepository(githubtest.RepositorySpec{FullName: "acme/secret", Private: true})
	w.AddRepository(githubtest.RepositorySpec{FullName: "bob/own"})
	w.AddRepository(githubtest.RepositorySpec{FullName: "bob/hidden", Private: true})
	get(w.as("bob").OpenIssue("One", ""))(t)
	get(w.as("alice").Push("f", githubtest.Commit{Files: map[string]string{"a": "b"}}))(t)
	get(w.as("alice").OpenPullRequest(githubtest.PullRequest{Title: "Two", Head: "f"}))(t)
	read, write := github.String("read"), github.String("write")
	for _, tc := range []struct {
		name         string
		permissions  *github.InstallationPermissions
		repositories []string
		method, path string
		body         string
		want         int
	}{
		{"all", nil, nil, "GET", "repos/acme/secret", "", 200},
		{"public of another account", nil, nil, "GET", "repos/bob/own", "", 200},
		{"file of another account", &github.InstallationPermissions{Issues: read}, nil, "GET", "repos/bob/own/contents", "", 200},
		{"write to another account", nil, nil, "POST", "repos/bob/own/issues", `{"title":"x"}`, 404},
		{"private of another account", nil, nil, "GET", "repos/bob/hidden", "", 404},
		{"no repository", nil, nil, "GET", "repos/acme/none", "", 404},
		{"other repository of a narrow token", nil, []string{"app"}, "GET", "repos/acme/secret", "", 404},
		{"read is no write", &github.InstallationPermissions{Issues: read}, nil, "POST", "repos/acme/app/issues",
			`{"title":"x"}`, 403},
		{"write", &github.InstallationPermissions{Issues: write}, nil, "POST", "repos/acme/app/issues", `{"title":"x"}`, 201},
		{"without the permission", &github.InstallationPermissions{Issues: write}, nil, "GET",
			"repos/acme/app/contents/README.md", "", 403},
		{"labels of a pull request by pull_requests", &github.InstallationPermissions{PullRequests: write}, nil, "POST",
			"repos/acme/app/issues/2/labels", `["bug"]`, 200},
		{"labels of an issue by pull_requests", &github.InstallationPermissions{PullRequests: write}, nil, "POST",
			"repos/acme/app/issues/1/labels", `["bug"]`, 403},
		{"an app endpoint", nil, nil, "GET", "app/installations", "", 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			token := w.token(tc.permissions, tc.repositories...)
			resp, body := w.send(tc.method, tc.path, "token "+token, tc.body)
			if resp.StatusCode != tc.want {
				t.Errorf("%d %s, want %d", resp.StatusCode, body, tc.want)
			}
			if tc.want == 403 && !strings.Contains(body, "Resource not accessible by integration") {
				t.Errorf("body %s", body)
			}
		})
	}
	_, _, err := w.appClient().Apps.CreateInstallationToken(context.Background(), w.seeded.Installation,
		&github.InstallationTokenOptions{Repositories: []string{"none"}})
	if w.status(err) != 422 {
		t.Errorf("token for a repository that is not there: %v", err)
	}
	_, _, err = w.appClient().Apps.CreateInstallationToken(context.Background(), w.seeded.Installation,
		&github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{Administration: write}})
	if w.status(err) != 422 {
		t.Errorf("token with more than was granted: %v", err)
	}
}

func TestTokensEnd(t *testing.T) {
	now := epoch()
	s, err := githubtest.Start(githubtest.Options{Now: epoch, AuthNow: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &world{Server: s, t: t, seeded: githubtest.Seed(s)}
	sign := func() string {
		key, err := jwt.ParseRSAPrivateKeyFromPEM(w.seeded.App.PrivateKey)
		w.ok(err)
		text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": w.seeded.App.ClientID, "iat": now.Unix(),
			"exp": now.Unix() + 60}).SignedString(key)
		w.ok(err)
		return text
	}
	mint := func() string {
		_, body := w.send("POST", "app/installations/"+itoa(int(w.seeded.Installation))+"/access_tokens", "Bearer "+sign(), "null")
		_, rest, _ := strings.Cut(body, `"token":"`)
		token, _, _ := strings.Cut(rest, `"`)
		return token
	}
	use := func(token string) int {
		resp, _ := w.send("GET", "repos/acme/app", "Bearer "+token, "")
		return resp.StatusCode
	}
	token := mint()
	if !strings.HasPrefix(token, "ghs_") || use(token) != 200 {
		t.Fatalf("token %q", token)
	}
	now = now.Add(59 * time.Minute)
	if got := use(token); got != 200 {
		t.Errorf("after 59 minutes: %d", got)
	}
	now = now.Add(time.Minute)
	if got := use(token); got != 401 {
		t.Errorf("after an hour: %d", got)
	}
	token = mint()
	w.RevokeTokens(w.seeded.Installation)
	if got := use(token); got != 401 {
		t.Errorf("revoked: %d", got)
	}
	token = mint()
	w.Suspend(w.seeded.Installation)
	if got := use(token); got != 403 {
		t.Errorf("suspended: %d", got)
	}
	if token := mint(); token != "" {
		t.Errorf("token %q while suspended", token)
	}
	w.Unsuspend(w.seeded.Installation)
	if got := use(token); got != 200 {
		t.Errorf("unsuspended: %d", got)
	}
	w.Uninstall(w.seeded.Installation)
	if got := use(token); got != 401 {
		t.Errorf("uninstalled: %d", got)
	}
}

func TestPrimaryRateLimit(t *testing.T) {
	w := start(t)
	reset := time.Now().Add(time.Hour).Truncate(time.Second)
	w.SetRateLimit(w.seeded.Installation, 1, reset)
	_, resp, err := w.gh.Repositories.Get(context.Background(), "acme", "app")
	w.ok(err)
	if resp.Rate.Remaining != 0 || resp.Rate.Limit != 12_500 || !resp.Rate.Reset.Equal(github.Timestamp{Time: reset}) {
		t.Errorf("rate %+v", resp.Rate)
	}
	fresh := client(t, w.Server, w.seeded.App.ID, w.seeded.Installation, w.seeded.App.PrivateKey)
	_, _, err = fresh.Repositories.Get(context.Background(), "acme", "app")
	var limit *github.RateLimitError
	if !errors.As(err, &limit) || limit.Rate.Remaining != 0 {
		t.Errorf("error %v", err)
	}
}

func TestConditionalRequests(t *testing.T) {
	w := start(t)
	token := "token " + w.token(nil)
	first, _ := w.send("GET", "repos/acme/app/labels", token, "")
	etag, left := first.Header.Get("ETag"), first.Header.Get("X-RateLimit-Remaining")
	again, body := w.send("GET", "repos/acme/app/labels", token, "", "If-None-Match", etag)
	if again.StatusCode != 304 || body != "" || again.Header.Get("X-RateLimit-Remaining") != left {
		t.Errorf("%d, %s left after %s", again.StatusCode, again.Header.Get("X-RateLimit-Remaining"), left)
	}
	w.ok(w.as("alice").CreateLabel("new", "ffffff", ""))
	changed, _ := w.send("GET", "repos/acme/app/labels", token, "", "If-None-Match", etag)
	if changed.StatusCode != 200 {
		t.Errorf("after a change: %d", changed.StatusCode)
	}
	rotated, _ := w.send("GET", "repos/acme/app/labels", "token "+w.token(nil), "", "If-None-Match", changed.Header.Get("ETag"))
	if rotated.StatusCode != 200 {
		t.Errorf("with another token: %d, want 200 as its ETag differs", rotated.StatusCode)
	}
}

func TestTwoInstallations(t *testing.T) {
	w := start(t)
	w.AddRepository(githubtest.RepositorySpec{FullName: "bob/own"})
	second := w.Install("bellhop", "bob", githubtest.InstallSpec{})
	gh := client(t, w.Server, w.seeded.App.ID, second, w.seeded.App.PrivateKey)
	if _, _, err := gh.Repositories.Get(context.Background(), "bob", "own"); err != nil {
		t.Error(err)
	}
	if _, _, err := gh.Issues.ListByRepo(context.Background(), "acme", "app", nil); w.status(err) != 404 {
		t.Errorf("foreign repository: %v", err)
	}
	get(w.As("bob").On("bob/own").OpenIssue("Mine", ""))(t)
	d := w.Deliveries()
	if last := d[len(d)-1]; last.Installation != second || last.Repository != "bob/own" {
		t.Errorf("delivery %+v", last)
	}
	if _, err := ghinstallation.New(http.DefaultTransport, w.seeded.App.ID, second, w.seeded.App.PrivateKey); err != nil {
		t.Error(err)
	}
}
