package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bellhop/bot"
	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/githubapp/githubtest"
)

// credentials collects what must not be seen anywhere.
type credentials struct {
	mu    sync.Mutex
	texts map[string]string // text → what it is
}

// note takes what a request proves itself with.
func (c *credentials) note(r *http.Request) string {
	_, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if text != "" {
		c.add("a token", text)
	}
	return text
}

func (c *credentials) add(what, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts[text] = what
}

// search looks for credentials in a text that came from somewhere, as they are and as JSON and URLs write them.
func (c *credentials) search(t *testing.T, where, text string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for secret, what := range c.texts {
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret)} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s shows %s: ...%s", where, what, strings.ReplaceAll(text[max(0, at-200):at], form, "*"))
				break
			}
		}
	}
}

// indiscreet is a GitHub that repeats in its answer what it was sent: in the message, in a link, as no JSON at all.
func (c *credentials) indiscreet(status int) githubtest.Behaviour {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		text := c.note(r)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-GitHub-Request-Id", text)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message":"what does %[1]s mean?","documentation_url":"https://docs.github.com/?access_token=%[1]s","errors":[{"resource":"%[1]s","field":"%[1]s","code":"custom","message":"Bearer %[1]s"}]}`, text)
	}
}

// TestSecretsNeverLeak has everything go wrong with a GitHub that repeats tokens in its errors, and looks for the private key, the
// webhook secrets and all tokens in what was logged at the level debug, in every byte of the store's files, in what the store
// says, in what the admin listener and the public one answer, and in what was written to GitHub.
func TestSecretsNeverLeak(t *testing.T) {
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	w.level, w.door = slog.LevelDebug, "allow_from = [\"github\", \"198.51.100.0/24\"]\n"
	w.github.Check = nil
	seen := &credentials{texts: map[string]string{w.seeded.App.Secret: "a webhook secret"}}
	for line := range strings.Lines(string(w.seeded.App.PrivateKey)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "---") && len(line) > 20 {
			seen.add("the private key", line)
		}
	}
	pass := func(w http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		seen.note(r)
		carryOut.ServeHTTP(w, r)
	}
	w.github.Answer("", "/**", -1, pass)
	rules := `
[[rule]]
name = "Look and label"
on   = ["issues.opened", "pull_request.opened"]
if   = 'subject.title != "" && sender.login != ""'
then.label   = "bug"
then.comment = "Hello, {{ sender.login }}."
[[rule]]
name = "Many files"
when.files = "**"
then.label = "files"
[[rule]]
name = "A gate"
require.approvals = ">=1"
`
	if err := w.start(nil, nil); err != nil {
		t.Fatal(err)
	}
	alice := w.github.As("alice").On(w.seeded.Repository)
	if _, err := alice.Push("main", githubtest.Commit{Message: "rules", Files: map[string]string{bot.ConfigPath: rules}}); err != nil {
		t.Fatal(err)
	}
	settle := func() {
		t.Helper()
		if err := w.idle(nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	tokens := "/app/installations/*/access_tokens"
	faults := map[string]func() (stop func()){
		"redirect with a token": func() func() {
			return w.github.Answer("GET", "/repos/**", -1, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				http.Redirect(w, r, "http://127.0.0.1:1/?access_token="+seen.note(r), http.StatusFound)
			})
		},
		"query problems": func() func() {
			return w.github.Answer("POST", "/graphql", -1, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "application/json")
				text := seen.note(r)
				fmt.Fprintf(w, `{"data":null,"errors":[{"type":"%[1]s","message":"no %[1]s","path":["%[1]s"]}]}`, text)
			})
		},
		"no JSON": func() func() {
			return w.github.Answer("", "/repos/**", -1, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.WriteHeader(500)
				io.WriteString(w, "<html>"+seen.note(r)+"</html>")
			})
		},
		"broken JSON": func() func() {
			return w.github.Answer("", "/repos/**", -1, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"title":`+seen.note(r))
			})
		},
		"another type": func() func() {
			return w.github.Answer("", "/repos/**", -1, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `[{"name":{"%s":1}}]`, seen.note(r))
			})
		},
		"reset": func() func() { return w.github.Answer("", "/repos/**", -1, githubtest.Reset()) },
		"token without form": func() func() {
			a := w.github.Answer("", "/repos/**", 3, seen.indiscreet(401))
			b := w.github.Answer("POST", tokens, -1, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(201)
				fmt.Fprintf(w, `{"token":["%[1]s"],"expires_at":"%[1]s"}`, seen.note(r))
			})
			return func() { a(); b() }
		},
	}
	for _, status := range []int{400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503} {
		faults[fmt.Sprint("status ", status)] = func() func() {
			a, b := w.github.Answer("", "/repos/**", -1, seen.indiscreet(status)), w.github.Answer("POST", "/graphql", -1, seen.indiscreet(status))
			return func() { a(); b() }
		}
		faults[fmt.Sprint("token request ", status)] = func() func() {
			a, b := w.github.Answer("", "/repos/**", 3, seen.indiscreet(401)), w.github.Answer("POST", tokens, -1, seen.indiscreet(status))
			return func() { a(); b() }
		}
	}
	for name, fault := range faults {
		stop := fault()
		if _, err := alice.OpenIssue("Issue: "+name, ""); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			settle()
			if err := w.advance(nil, []string{"2m"}); err != nil {
				t.Fatal(err)
			}
		}
		stop()
		w.advance(nil, []string{"3h"})
		settle()
	}
	// Strangers try what they like, a token of GitHub's among it.
	public := "http://" + w.server.public.Addr().String()
	for secret, what := range seen.texts {
		r, _ := http.NewRequest("POST", public+"/webhook?token="+url.QueryEscape(secret), strings.NewReader(secret))
		r.Header.Set("X-Hub-Signature-256", secret)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(what, err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		seen.search(t, "an answer", string(body)+fmt.Sprint(res.Header))
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		res, err := http.Get("http://" + w.server.admin.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		seen.search(t, path, string(body))
	}
	for _, v := range w.visited {
		seen.search(t, "what was decided", fmt.Sprint(v.State, v.Reason, v.Decisions, v.Steps))
	}
	if err := w.stop(nil, nil); err != nil {
		t.Error(err)
	}
	if len(seen.texts) < 40 {
		t.Errorf("only %d credentials were seen", len(seen.texts))
	}
	seen.search(t, "the log", w.log.String())
	seen.search(t, "what was written to GitHub", githubtest.Text(w.github.Writes()))
	files := 0
	err = filepath.WalkDir(w.disk, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		seen.search(t, "the file "+d.Name(), string(data))
		files++
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%d files, %v", files, err)
	}
	// What is packed in the store is read through it.
	s, err := store.OpenSQLite(filepath.Join(w.disk, "bellhop.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for id := int64(1); ; id++ {
		d, err := s.Delivery(t.Context(), id)
		if err != nil {
			if id < 20 {
				t.Errorf("only %d deliveries", id)
			}
			break
		}
		seen.search(t, "a stored body", string(d.Body))
	}
}

// What the program prints of itself shows no credential: the demo, and check of an operator's file in which each line is broken.
func TestPrintsShowNoSecret(t *testing.T) {
	_, out, errs := bellhop("demo", "--exit")
	if text := out + errs; githubapp.Scrub(text) != text || strings.Contains(text, "demo-secret") {
		t.Errorf("the demo shows a credential:\n%s", text)
	}
	const secret, key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0f1e2d3c4b5a6978\n-----END RSA PRIVATE KEY-----"
	dir := t.TempDir()
	whole := "[server]\nlisten = \"127.0.0.1:1\"\n[github]\napp_id = 1\nwebhook_secrets = [\"" + secret + "\", \"" + secret + "2\"]\nprivate_key = '''\n" + key + "\n'''\n[[rule]]\nname = \"x\"\nthen.label = \"y\"\n"
	for _, old := range []string{"=", "\"", "[", "]", "webhook", "\n", "'''", "secrets"} {
		for at := 0; ; at++ {
			i := strings.Index(whole[at:], old)
			if i < 0 {
				break
			}
			at += i
			path := filepath.Join(dir, "bot.toml")
			if err := os.WriteFile(path, []byte(whole[:at]+whole[at+len(old):]), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"check", path}, {"check", "--json", path}, {"expand", path}, {"serve", "--config", path, "--listen", "nowhere"}} {
				_, out, errs := bellhop(args...)
				if text := out + errs; strings.Contains(text, secret) || strings.Contains(text, "MIIEow") {
					t.Errorf("%s without %q at %d shows a secret:\n%s", args[0], old, at, text)
				}
			}
		}
	}
}
