package githubapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
)

// Writes of one installation go one by one; reads and other installations do not wait for them.
func TestWritesGoOneByOne(t *testing.T) {
	var writing, most atomic.Int64
	entered, release := make(chan struct{}, 99), make(chan struct{})
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" || r.URL.Path == "/graphql" {
			answer(w, 200, `{"data":{}}`)
			return
		}
		if n := writing.Add(1); n > most.Load() && !strings.Contains(r.URL.Path, "other") {
			most.Store(n)
		}
		if !strings.Contains(r.URL.Path, "other") {
			entered <- struct{}{}
			<-release
		}
		writing.Add(-1)
		answer(w, 201, `{}`)
	}
	a := newApp(t, s.URL)
	write := func(ctx context.Context, installation int64, repo string) error {
		_, _, err := a.Client(installation).Issues.CreateComment(ctx, "acme", repo, 7, &github.IssueComment{Body: github.String("x")})
		return err
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := write(context.Background(), 7, "app"); err != nil {
				t.Error(err)
			}
		})
	}
	<-entered
	if err := get(context.Background(), a.Client(7)); err != nil {
		t.Error(err)
	}
	if err := a.Client(7).Query(context.Background(), "query { viewer { login } }", nil, nil); err != nil {
		t.Error(err)
	}
	if err := write(context.Background(), 8, "other"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := write(ctx, 7, "app"); !errors.Is(err, context.Canceled) {
		t.Errorf("a write that gave up waiting: %v", err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := a.Client(7).Query(soon, "mutation { x }", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a mutation did not wait for the write before it: %v", err)
	}
	close(release)
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d writes at once", most.Load())
	}
}

// What each request carries, and that the caller's request stays as it was.
func TestRequestHeaders(t *testing.T) {
	s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{"User-Agent": "bellhop", "X-Github-Api-Version": "2022-11-28", "Authorization": "token ghs_1"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		answer(w, 200, `{}`)
	})
	s.mintWith(func(n int64, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if got := strings.TrimSpace(string(body)); got != "{}" || r.URL.Path != "/app/installations/7/access_tokens" {
			t.Errorf("token request to %s with %q", r.URL.Path, got)
		}
		if r.Header.Get("User-Agent") != "bellhop" || r.Header.Get("X-Github-Api-Version") != "2022-11-28" {
			t.Errorf("token request with %v", r.Header)
		}
		mintToken(n, w, r)
	})
	c := newApp(t, s.URL).Client(7)
	req, err := c.NewRequest("GET", "repos/acme/app", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(context.Background(), req, nil); err != nil {
		t.Fatal(err)
	}
	if req.Header.Get("Authorization") != "" {
		t.Error("the caller's request was changed")
	}
}

// A write that GitHub takes on for later is a success; a read that is not ready is not.
func TestAccepted(t *testing.T) {
	s := newWireServer(t, always(202, `{"message":"Updating pull request branch.","url":"https://github.com/x"}`))
	c := newApp(t, s.URL).Client(7)
	got, _, err := c.PullRequests.UpdateBranch(context.Background(), "acme", "app", 7, nil)
	if err != nil || got.GetMessage() != "Updating pull request branch." {
		t.Errorf("update-branch: %v, %v", got, err)
	}
	if _, err := c.Actions.CancelWorkflowRunByID(context.Background(), "acme", "app", 1); err != nil {
		t.Errorf("cancel: %v", err)
	}
	_, _, err = c.Repositories.ListContributorsStats(context.Background(), "acme", "app")
	if v := Judge(err, time.Now()); !v.Retry || v.Reason != "GitHub still works it out" {
		t.Errorf("a read: %v, %+v", err, v)
	}
}

// go-github v60 knows custom properties as strings; a repository with a list among them can be read all the same.
func TestCustomProperties(t *testing.T) {
	const repo = `{"id":9007199254740993,"name":"app","description":"<b> & \"custom_properties\"","custom_properties":{"team":"core","tags":["a","b"],"none":null}}`
	for _, c := range []struct{ name, body string }{
		{"one", repo},
		{"in a list", `{"total_count":1,"repositories":[` + repo + `]}`},
	} {
		s := newWireServer(t, always(200, c.body))
		client := newApp(t, s.URL).Client(7)
		var got *github.Repository
		if c.name == "one" {
			r, _, err := client.Repositories.Get(context.Background(), "acme", "app")
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			got = r
		} else {
			list, _, err := client.Apps.ListRepos(context.Background(), nil)
			if err != nil || len(list.Repositories) != 1 {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			got = list.Repositories[0]
		}
		if got.GetID() != 9007199254740993 || got.GetDescription() != `<b> & "custom_properties"` || len(got.CustomProperties) != 1 || got.CustomProperties["team"] != "core" {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Other answers are left as they are, byte for byte.
func TestAnswersStayAsTheyAre(t *testing.T) {
	for contentType, body := range map[string]string{
		"application/json": `{ "custom_properties" : {"team":"core"} }`,
		"application/vnd.github.raw+json; charset=utf-8": `{ "custom_properties" : {"tags":["a"]} }`,
		"application/json; charset=utf-8":                `{ "custom_properties" : {"tags":["a"]}`, // broken
		"text/plain":                                     "custom_properties",
	} {
		s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			io.WriteString(w, body)
		})
		c := newApp(t, s.URL).Client(7)
		req, err := c.NewRequest("GET", "x", nil)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := c.Do(context.Background(), req, &got); err != nil || got.String() != body {
			t.Errorf("%s: %q, %v", contentType, got.String(), err)
		}
	}
}

// A body that is too large is an error, not an early end.
func TestTooLarge(t *testing.T) {
	for _, contentType := range []string{"application/json", "application/octet-stream"} {
		s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			chunk := bytes.Repeat([]byte(" "), 1<<20)
			for range MaxResponse>>20 + 1 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		})
		c := newApp(t, s.URL).Client(7)
		req, err := c.NewRequest("GET", "x", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(context.Background(), req, io.Discard)
		if v := Judge(err, time.Now()); !errors.Is(err, ErrTooLarge) || v.Retry {
			t.Errorf("%s: %v, %+v", contentType, err, v)
		}
	}
}

// A repository that moved is read where it is now. A write is not sent there as a read, nor to a foreign host.
func TestRedirects(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s reached a foreign host", r.Method)
	}))
	defer foreign.Close()
	var seen []string
	s := newWireServer(t, nil)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Method+" "+r.URL.Path+" "+strings.TrimSpace(string(body)))
		location := "/repositories/1" + strings.TrimPrefix(r.URL.Path, "/repos/acme/app")
		switch {
		case strings.HasPrefix(r.URL.Path, "/repositories/"):
			answer(w, 200, `{"number":7}`)
		case strings.HasSuffix(r.URL.Path, "/loop"):
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		case r.Method == "GET":
			http.Redirect(w, r, location, http.StatusMovedPermanently)
		case r.Method == "PATCH":
			http.Redirect(w, r, location, http.StatusTemporaryRedirect)
		case r.Method == "POST":
			http.Redirect(w, r, location, http.StatusMovedPermanently)
		default:
			http.Redirect(w, r, foreign.URL+"/evil", http.StatusTemporaryRedirect)
		}
	}
	c := newApp(t, s.URL).Client(7)
	do := func(method, path string, body any) error {
		req, err := c.NewRequest(method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(context.Background(), req, nil)
		return err
	}
	body := map[string]string{"a": "b"}
	if err := do("GET", "repos/acme/app/issues/7", nil); err != nil {
		t.Error(err)
	}
	if err := do("PATCH", "repos/acme/app/issues/7", body); err != nil {
		t.Error(err)
	}
	for _, method := range []string{"POST", "PUT"} {
		err := do(method, "repos/acme/app/issues/7", body)
		if v := Judge(err, time.Now()); v.Retry || !strings.Contains(v.Reason, "moved") {
			t.Errorf("%s: %v, %+v", method, err, v)
		}
	}
	if err := do("GET", "loop", nil); err == nil || !strings.Contains(err.Error(), "more than 5 redirects") {
		t.Errorf("a loop: %v", err)
	}
	want := []string{
		`GET /repos/acme/app/issues/7 `, `GET /repositories/1/issues/7 `,
		`PATCH /repos/acme/app/issues/7 {"a":"b"}`, `PATCH /repositories/1/issues/7 {"a":"b"}`,
		`POST /repos/acme/app/issues/7 {"a":"b"}`, `PUT /repos/acme/app/issues/7 {"a":"b"}`,
	}
	if got := strings.Join(seen[:min(len(seen), len(want))], "\n"); got != strings.Join(want, "\n") {
		t.Errorf("requests:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// Nothing stays open, whatever is answered.
func TestBodiesAreClosed(t *testing.T) {
	for _, status := range []int{200, 204, 301, 401, 403, 404, 429, 500} {
		open := &openBodies{base: http.DefaultTransport}
		s := newWireServer(t, always(status, ``, "Location", "/elsewhere"))
		c := newApp(t, s.URL, func(o *Options) { o.Transport = open }).Client(7)
		for range 3 {
			get(context.Background(), c)
		}
		if n := open.n.Load(); n != 0 {
			t.Errorf("%d: %d bodies are still open", status, n)
		}
	}
}

func TestMeter(t *testing.T) {
	s := newWireServer(t, always(200, `{"data":{}}`))
	c := newApp(t, s.URL).Client(7)
	outerCtx, outer := WithMeter(context.Background())
	ctx, inner := WithMeter(outerCtx)
	for range 3 {
		if err := get(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Query(outerCtx, "{ viewer { login } }", nil, nil); err != nil {
		t.Fatal(err)
	}
	if inner.Calls() != 4 || outer.Calls() != 5 { // a token request among them
		t.Errorf("%d and %d calls, want 4 and 5", inner.Calls(), outer.Calls())
	}
	c.throttle.wait(everything, time.Now().Add(time.Hour), "test")
	if err := get(ctx, c); err == nil || inner.Calls() != 4 {
		t.Errorf("a request that was not sent was counted (%v)", err)
	}
}

func TestClock(t *testing.T) {
	now := newFakeNow()
	c := &clock{now: now.now, log: slog.New(slog.DiscardHandler)}
	header := func(ahead time.Duration) http.Header {
		return http.Header{"Date": {now.now().Add(ahead).UTC().Format(http.TimeFormat)}}
	}
	for _, step := range []struct {
		ahead, want time.Duration
	}{{0, 0}, {2 * time.Second, 0}, {time.Hour, time.Hour}, {-time.Minute, -time.Minute}, {1000 * time.Hour, -time.Minute}, {0, 0}} {
		c.learn(header(step.ahead))
		if got := c.github().Sub(now.now()); (got - step.want).Abs() > 4*time.Second {
			t.Errorf("%v ahead: believed %v, want %v", step.ahead, got, step.want)
		}
	}
	c.learn(http.Header{"Date": {"yesterday"}})
	if got := c.github(); !got.Equal(now.now()) {
		t.Errorf("a Date that is none moved the clock by %v", got.Sub(now.now()))
	}
}

func TestFile(t *testing.T) {
	encode := func(f map[string]any) string {
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, c := range []struct {
		name, path, ref, known string
		status                 int
		body                   string
		wantURL, want          string
		same                   bool
		err                    error
	}{
		{"a file", ".github/bot.toml", "main", "", 200, encode(map[string]any{"type": "file", "encoding": "base64", "size": 5, "sha": "s1", "content": "aGVs\nbG8=\n"}), "/repos/acme/app/contents/.github/bot.toml?ref=main", "hello", false, nil},
		{"an empty file", "a", "", "", 200, encode(map[string]any{"type": "file", "encoding": "base64", "sha": "s1", "content": ""}), "/repos/acme/app/contents/a", "", false, nil},
		{"the known file", "a", "", "s1", 200, encode(map[string]any{"type": "file", "encoding": "base64", "size": 5, "sha": "s1", "content": "aGVsbG8="}), "/repos/acme/app/contents/a", "", true, nil},
		{"odd names", "a b/c#d?e%.toml", "x/y&z", "", 200, encode(map[string]any{"type": "file", "encoding": "base64", "sha": "s1", "content": ""}), "/repos/acme/app/contents/a%20b/c%23d%3Fe%25.toml?ref=x%2Fy%26z", "", false, nil},
		{"no file", "a", "", "", 404, `{"message":"Not Found"}`, "/repos/acme/app/contents/a", "", false, ErrNoFile},
		{"a folder", "a", "", "", 200, `[{"type":"file"}]`, "/repos/acme/app/contents/a", "", false, ErrNotFile},
		{"a submodule", "a", "", "", 200, `{"type":"submodule","sha":"s1"}`, "/repos/acme/app/contents/a", "", false, ErrNotFile},
		{"a large file", "a", "", "", 200, encode(map[string]any{"type": "file", "encoding": "none", "size": 2 << 20, "sha": "s1", "content": ""}), "/repos/acme/app/contents/a", "", false, ErrFileTooLarge},
		{"a path that leads out", "a/../../../../../user", "", "", 200, `{}`, "", "", false, ErrNoFile},
	} {
		asked := ""
		s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.RequestURI()
			answer(w, c.status, c.body)
		})
		content, sha, err := newApp(t, s.URL).Client(7).File(context.Background(), "acme", "app", c.path, c.ref, c.known)
		if asked != c.wantURL {
			t.Errorf("%s: asked for %s, want %s", c.name, asked, c.wantURL)
		}
		if !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
		if c.err != nil {
			continue
		}
		if string(content) != c.want || (content == nil) != c.same || sha != "s1" {
			t.Errorf("%s: got %q (nil %v) of %s", c.name, content, content == nil, sha)
		}
	}
	s := newWireServer(t, always(500, `{}`))
	if _, _, err := newApp(t, s.URL).Client(7).File(context.Background(), "acme", "app", "a", "", ""); err == nil || errors.Is(err, ErrNoFile) {
		t.Errorf("500: %v", err)
	}
}

// A server that never answers, or stops in the middle, does not hold a caller for ever.
func TestSilentServer(t *testing.T) {
	over := make(chan struct{})
	s := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/middle") {
			w.Header().Set("Content-Type", "application/octet-stream")
			io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
		}
		<-over
	})
	defer close(over)
	a := newApp(t, s.URL)
	a.wire.timeout = 200 * time.Millisecond
	for _, path := range []string{"start", "middle"} {
		req, err := a.Client(7).NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Client(7).Do(context.Background(), req, io.Discard)
		if v := Judge(err, time.Now()); !v.Retry || v.Reason != "GitHub did not answer in time" {
			t.Errorf("%s: %v, %+v", path, err, v)
		}
	}
}

// Whatever a repository's answer holds, go-github can read its custom properties afterwards, and nothing else changed.
func FuzzReadable(f *testing.F) {
	f.Add([]byte(`{"custom_properties":{"a":"b","c":["d"]},"e":1.50}`))
	f.Add([]byte(`[{"custom_properties":{"a":null}},{"x":{"custom_properties":[]}}]`))
	f.Add([]byte(`{"custom_properties":"text"}`))
	f.Add([]byte(`{"custom_properties":{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := readable(data)
		if !bytes.Contains(data, []byte(`"custom_properties"`)) || !json.Valid(data) {
			if !bytes.Equal(got, data) && json.Valid(data) {
				t.Fatalf("%q became %q", data, got)
			}
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q", data, got)
		}
		var v any
		if err := json.Unmarshal(got, &v); err == nil && dropLists(v) {
			t.Fatalf("%q still holds lists: %q", data, got)
		}
	})
}

// No name leads out of the folder of its repository.
func FuzzFilePath(f *testing.F) {
	f.Add("acme", "app", ".github/bot.toml", "main")
	f.Add("..", "app", "../../user", "a&b=c#d")
	f.Add("%2e%2e", "a/b", "a//b\\..\\c?x", "")
	base := &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"}
	f.Fuzz(func(t *testing.T, owner, repo, path, ref string) {
		address, err := filePath(owner, repo, path, ref)
		if err != nil {
			return
		}
		u, err := base.Parse(address)
		if err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		if want := "/repos/" + owner + "/" + repo + "/contents/" + path; u.Path != want || u.Host != base.Host || u.Query().Get("ref") != ref || u.Fragment != "" {
			t.Fatalf("%q leads to %s", address, u)
		}
	})
}
