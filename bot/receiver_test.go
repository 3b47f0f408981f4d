package bot

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bellhop/bot/store"
	"bellhop/githubapp"
)

const (
	secretOld = "the secret that is on its way out"
	secretNew = "the secret that comes in"
	guid      = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
)

var openedIssue = []byte(`{"action":"opened","issue":{"number":7},"repository":{"id":1,"full_name":"acme/app"},"installation":{"id":42},"sender":{"login":"octocat"}}`)

// shelf is a keeper in memory.
type shelf struct {
	mu    sync.Mutex
	kept  map[string]*store.Delivery
	known map[string]store.State
	err   error
}

func (s *shelf) Keep(_ context.Context, d *store.Delivery) (store.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return "", s.err
	}
	if state, ok := s.known[d.GUID]; ok {
		return state, nil
	}
	d2 := *d
	d2.Body = bytes.Clone(d.Body) // the receiver uses the memory again
	if s.kept == nil {
		s.kept, s.known = map[string]*store.Delivery{}, map[string]store.State{}
	}
	s.kept[d.GUID], s.known[d.GUID] = &d2, store.Waiting
	return "", nil
}

// journal is a log that can be read back while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func verifier(t testing.TB, secrets ...string) *githubapp.Verifier {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{secretOld, secretNew}
	}
	v, err := githubapp.NewVerifier(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var testNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newTestReceiver(t testing.TB, k keeper, log io.Writer) *Receiver {
	return NewReceiver(ReceiverOptions{
		Verifier: verifier(t), Store: k,
		Now: func() time.Time { return testNow },
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func sign(secret string, body []byte) string { return "sha256=" + mac(sha256.New, secret, body) }

func mac(h func() hash.Hash, secret string, body []byte) string {
	m := hmac.New(h, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// hook is a delivery as GitHub sends it.
func hook(t testing.TB, base string, body []byte, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", base+"/webhook", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "issues")
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-Hub-Signature-256", sign(secretNew, body))
	for i := 0; i < len(header); i += 2 {
		if r.Header.Del(header[i]); header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	return r
}

func form(body []byte) []byte { return []byte(url.Values{"payload": {string(body)}}.Encode()) }

func TestReceiverAnswers(t *testing.T) {
	signed := func(body []byte, header ...string) func(t *testing.T, base string) *http.Request {
		return func(t *testing.T, base string) *http.Request { return hook(t, base, body, header...) }
	}
	chunked := func(body []byte, header ...string) func(t *testing.T, base string) *http.Request {
		return func(t *testing.T, base string) *http.Request {
			r := hook(t, base, body, header...)
			r.ContentLength, r.Body, r.GetBody = -1, io.NopCloser(bytes.NewReader(body)), nil
			return r
		}
	}
	method := func(m string) func(t *testing.T, base string) *http.Request {
		return func(t *testing.T, base string) *http.Request {
			r := hook(t, base, openedIssue)
			r.Method = m
			return r
		}
	}
	padded := func(size int) []byte {
		return append(append([]byte(`{"pad":"`), bytes.Repeat([]byte("x"), size-10)...), `"}`...)
	}
	upper := "sha256=" + strings.ToUpper(mac(sha256.New, secretNew, openedIssue))
	const kept, nothing = true, false
	for _, tt := range []struct {
		name    string
		request func(t *testing.T, base string) *http.Request
		want    int
		kept    bool
		log     string // what the log says to the operator
	}{
		{"as GitHub sends it", signed(openedIssue), 202, kept, "delivery=" + guid},
		{"signed with the other secret", signed(openedIssue, "X-Hub-Signature-256", sign(secretOld, openedIssue)), 202, kept, ""},
		{"chunked", chunked(openedIssue), 202, kept, ""},
		{"form", signed(form(openedIssue), "Content-Type", "application/x-www-form-urlencoded"), 202, kept, ""},
		{"content type with a parameter", signed(openedIssue, "Content-Type", "application/json; charset=utf-8"), 202, kept, ""},
		{"white space around", signed([]byte(" \r\n" + string(openedIssue) + "\n")), 202, kept, ""},
		{"an event nobody knows yet", signed(openedIssue, "X-GitHub-Event", "projects_v3_item"), 202, kept, ""},
		{"an object that is broken inside", signed([]byte(`{"action": oops}`)), 202, kept, ""},
		{"a GUID that is a number", signed(openedIssue, "X-GitHub-Delivery", "1764000000000"), 202, kept, ""},
		{"exactly 25 MB", signed(padded(MaxBody)), 202, kept, ""},
		{"exactly 25 MB, chunked", chunked(padded(MaxBody)), 202, kept, ""},

		{"GET", method("GET"), 405, nothing, "GET"},
		{"HEAD", method("HEAD"), 405, nothing, "HEAD"},
		{"PUT", method("PUT"), 405, nothing, "PUT"},
		{"OPTIONS", method("OPTIONS"), 405, nothing, "OPTIONS"},

		{"a byte more than 25 MB", signed(padded(MaxBody + 1)), 413, nothing, "larger than 26214400"},
		{"a byte more than 25 MB, chunked", chunked(padded(MaxBody + 1)), 413, nothing, "larger than 26214400"},
		{"too large and unsigned", signed(padded(MaxBody+1), "X-Hub-Signature-256", ""), 413, nothing, ""},

		{"no signature", signed(openedIssue, "X-Hub-Signature-256", ""), 401, nothing, "no X-Hub-Signature-256"},
		{"only SHA-1", signed(openedIssue, "X-Hub-Signature-256", "", "X-Hub-Signature", "sha1="+mac(sha1.New, secretNew, openedIssue)), 401, nothing, "SHA-1"},
		{"SHA-1 in the new header", signed(openedIssue, "X-Hub-Signature-256", "sha1="+mac(sha1.New, secretNew, openedIssue)), 401, nothing, "does not match"},
		{"wrong secret", signed(openedIssue, "X-Hub-Signature-256", sign("guess", openedIssue)), 401, nothing, "does not match"},
		{"empty secret", signed(openedIssue, "X-Hub-Signature-256", sign("", openedIssue)), 401, nothing, ""},
		{"signature of another body", signed(openedIssue, "X-Hub-Signature-256", sign(secretNew, []byte("{}"))), 401, nothing, ""},
		{"digits in upper case", signed(openedIssue, "X-Hub-Signature-256", upper), 401, nothing, "does not match"},
		{"no prefix", signed(openedIssue, "X-Hub-Signature-256", mac(sha256.New, secretNew, openedIssue)), 401, nothing, ""},
		{"prefix in upper case", signed(openedIssue, "X-Hub-Signature-256", "SHA256="+mac(sha256.New, secretNew, openedIssue)), 401, nothing, ""},
		{"a digit short", signed(openedIssue, "X-Hub-Signature-256", sign(secretNew, openedIssue)[:70]), 401, nothing, ""},
		{"a digit long", signed(openedIssue, "X-Hub-Signature-256", sign(secretNew, openedIssue)+"0"), 401, nothing, ""},
		{"no digits", signed(openedIssue, "X-Hub-Signature-256", "sha256="+strings.Repeat("z", 64)), 401, nothing, ""},
		{"twice", func(t *testing.T, base string) *http.Request {
			r := hook(t, base, openedIssue)
			r.Header.Add("X-Hub-Signature-256", sign(secretNew, openedIssue))
			return r
		}, 401, nothing, "several"},
		{"unsigned and of no known type", signed([]byte("hello"), "X-Hub-Signature-256", "", "Content-Type", "text/plain"), 401, nothing, ""},

		{"no GUID", signed(openedIssue, "X-GitHub-Delivery", ""), 400, nothing, "X-GitHub-Delivery"},
		{"GUID with a space", signed(openedIssue, "X-GitHub-Delivery", "a b"), 400, nothing, "X-GitHub-Delivery"},
		{"GUID of 65 characters", signed(openedIssue, "X-GitHub-Delivery", strings.Repeat("a", 65)), 400, nothing, ""},
		{"no event", signed(openedIssue, "X-GitHub-Event", ""), 400, nothing, "X-GitHub-Event"},
		{"event in upper case", signed(openedIssue, "X-GitHub-Event", "Issues"), 400, nothing, ""},
		{"event with a path", signed(openedIssue, "X-GitHub-Event", "../issues"), 400, nothing, ""},
		{"no content type", signed(openedIssue, "Content-Type", ""), 415, nothing, "content type"},
		{"plain text", signed(openedIssue, "Content-Type", "text/plain"), 415, nothing, "text/plain"},
		{"XML", signed([]byte("<a/>"), "Content-Type", "application/xml"), 415, nothing, ""},
		{"a list", signed([]byte(`[{}]`)), 400, nothing, "no JSON object"},
		{"cut short", signed(openedIssue[:50]), 400, nothing, "no JSON object"},
		{"nothing", signed(nil), 401, nothing, ""},
		{"white space", signed([]byte(" ")), 400, nothing, "no JSON object"},
		{"form without payload", signed([]byte("a=b"), "Content-Type", "application/x-www-form-urlencoded"), 400, nothing, "payload"},
		{"form with two payloads", signed([]byte("payload=%7B%7D&payload=%7B%7D"), "Content-Type", "application/x-www-form-urlencoded"), 400, nothing, "payload"},
		{"form with bad escapes", signed([]byte("payload=%zz"), "Content-Type", "application/x-www-form-urlencoded"), 400, nothing, "form"},
		{"form called JSON", signed(form(openedIssue)), 400, nothing, "no JSON object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var k shelf
			var log journal
			server := httptest.NewServer(newTestReceiver(t, &k, &log))
			defer server.Close()
			r := tt.request(t, server.URL)
			res, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != tt.want {
				t.Errorf("status %d, want %d\n%s", res.StatusCode, tt.want, log.String())
			}
			if want := http.StatusText(tt.want) + "\n"; string(body) != want && r.Method != "HEAD" {
				t.Errorf("a stranger reads %q, want %q", body, want)
			}
			if allow := res.Header.Get("Allow"); (allow == "POST") != (tt.want == 405) {
				t.Errorf("Allow: %q", allow)
			}
			if (len(k.kept) == 1) != tt.kept {
				t.Errorf("%d deliveries kept", len(k.kept))
			}
			server.Close()
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("the log does not mention %q:\n%s", tt.log, log.String())
			}
			for _, s := range []string{secretOld, secretNew} {
				if strings.Contains(log.String(), s) {
					t.Error("a secret is in the log")
				}
			}
		})
	}
}

func TestReceiverKeepsWhatGitHubSent(t *testing.T) {
	for name, request := range map[string]func(base string) *http.Request{
		"json": func(base string) *http.Request { return hook(t, base, openedIssue) },
		"form": func(base string) *http.Request {
			return hook(t, base, form(openedIssue), "Content-Type", "application/x-www-form-urlencoded")
		},
	} {
		var k shelf
		server := httptest.NewServer(newTestReceiver(t, &k, io.Discard))
		if res, err := server.Client().Do(request(server.URL)); err != nil || res.StatusCode != 202 {
			t.Fatal(res, err)
		}
		server.Close()
		d := k.kept[guid]
		if d == nil {
			t.Fatalf("%s: nothing kept", name)
		}
		want := &store.Delivery{
			GUID: guid, Event: "issues", Activity: "opened", Installation: 42, RepositoryID: 1, Repository: "acme/app",
			Subject: d.Subject, Sender: "octocat", Source: "webhook", Received: testNow, Body: openedIssue,
		}
		if diff := cmp.Diff(want, d); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if d.Subject == "" {
			t.Errorf("%s: no subject", name)
		}
	}
}

func TestReceiverAnswersByWhatTheStoreSays(t *testing.T) {
	for _, tt := range []struct {
		name  string
		known store.State
		err   error
		want  int
	}{
		{"waiting", store.Waiting, nil, 202},
		{"done", store.Done, nil, 200},
		{"dead", store.Dead, nil, 200},
		{"full", "", store.ErrFull, 503},
		{"broken", "", errors.New("disk I/O error"), 503},
	} {
		k := shelf{known: map[string]store.State{guid: tt.known}, err: tt.err}
		var log journal
		w := httptest.NewRecorder()
		newTestReceiver(t, &k, &log).ServeHTTP(w, hook(t, "", openedIssue))
		if w.Code != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, w.Code, tt.want)
		}
		if retry := w.Header().Get("Retry-After"); (retry == "10") != (tt.want == 503) {
			t.Errorf("%s: Retry-After %q", tt.name, retry)
		}
		if tt.err != nil && (!strings.Contains(log.String(), tt.err.Error()) || !strings.Contains(log.String(), guid)) {
			t.Errorf("%s: the log does not say why: %s", tt.name, log.String())
		}
		if tt.err != nil && strings.Contains(w.Body.String(), tt.err.Error()) {
			t.Errorf("%s: a stranger reads %q", tt.name, w.Body)
		}
	}
}

// A delivery is kept even when GitHub hangs up meanwhile: then it need not be sent again.
func TestReceiverKeepsWithoutItsClient(t *testing.T) {
	ctx, hangUp := context.WithCancel(context.Background())
	var seen error
	k := keepFunc(func(ctx context.Context, _ *store.Delivery) (store.State, error) {
		hangUp()
		seen = ctx.Err()
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("keeping may take forever")
		}
		return "", nil
	})
	w := httptest.NewRecorder()
	newTestReceiver(t, k, io.Discard).ServeHTTP(w, hook(t, "", openedIssue).WithContext(ctx))
	if seen != nil || w.Code != 202 {
		t.Errorf("context %v, status %d", seen, w.Code)
	}
}

type keepFunc func(context.Context, *store.Delivery) (store.State, error)

func (f keepFunc) Keep(ctx context.Context, d *store.Delivery) (store.State, error) { return f(ctx, d) }

// A body whose length is declared too large is refused before any of it is sent.
func TestReceiverRefusesUnread(t *testing.T) {
	server := httptest.NewServer(newTestReceiver(t, &shelf{}, io.Discard))
	defer server.Close()
	status := raw(t, server.Listener.Addr(), fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", MaxBody+1))
	if status != 413 {
		t.Errorf("status %d", status)
	}
}

// A body shorter than declared, after which the client closes its side, is no delivery.
func TestReceiverSeesLyingLength(t *testing.T) {
	var k shelf
	server := httptest.NewServer(newTestReceiver(t, &k, io.Discard))
	defer server.Close()
	head := fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: issues\r\nX-GitHub-Delivery: %s\r\nX-Hub-Signature-256: %s\r\n",
		guid, sign(secretNew, openedIssue))
	if status := raw(t, server.Listener.Addr(), fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(openedIssue)+1, openedIssue)); status != 400 {
		t.Errorf("longer than the body: status %d", status)
	}
	// What is declared too short is cut off there, and the signature fails.
	if status := raw(t, server.Listener.Addr(), fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(openedIssue)-1, openedIssue)); status != 401 {
		t.Errorf("shorter than the body: status %d", status)
	}
	if len(k.kept) != 0 {
		t.Error("something was kept")
	}
}

// raw sends bytes, closes its side and returns the status of the answer.
func raw(t *testing.T, addr net.Addr, request string) int {
	t.Helper()
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	conn.(*net.TCPConn).CloseWrite()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// A client that is slower than the server's patience is cut off, whether it sends half a header or half a body.
func TestReceiverCutsOffSlowClients(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	var k shelf
	var log journal
	s := &Server{
		Listener: l, Handler: newTestReceiver(t, &k, &log), Log: slog.New(slog.DiscardHandler),
		HeaderTimeout: 50 * time.Millisecond, ReadTimeout: 100 * time.Millisecond,
	}
	go func() { ended <- s.Run(ctx) }()
	for _, tt := range []struct {
		name, request, want string
		silent              bool // whether net/http may just hang up: it answers a header that broke off, but not one that never began
	}{
		{"half a header", "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Le", "HTTP/1.1 400 Bad Request\r\n", true},
		{"half a body", "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 408 Request Timeout\r\n", false},
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, tt.request); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn) // ends when the server closes the connection
		conn.Close()
		if !strings.HasPrefix(string(answer), tt.want) && !(tt.silent && len(answer) == 0) {
			t.Errorf("%s: answer %q, want %q", tt.name, answer, tt.want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(k.kept) != 0 || !strings.Contains(log.String(), "status=408") {
		t.Errorf("%d kept, log:\n%s", len(k.kept), log.String())
	}
}

// gated is a body that arrives but for its last byte, and ends when it is let go.
type gated struct {
	body    io.Reader
	arrived func()
	end     <-chan struct{}
	once    sync.Once
}

func (g *gated) Read(p []byte) (int, error) {
	n, err := g.body.Read(p)
	if err == io.EOF {
		g.once.Do(g.arrived)
		<-g.end
	}
	return n, err
}

func (g *gated) Close() error { return nil }

// Strangers can make the bot hold only so many large bodies; others are asked to come back, small ones go on.
func TestReceiverBoundsLargeBodies(t *testing.T) {
	receiver := newTestReceiver(t, &shelf{}, io.Discard)
	var arrived, gone sync.WaitGroup
	end := make(chan struct{})
	for range largeMemory / MaxBody {
		arrived.Add(1)
		gone.Go(func() {
			r := httptest.NewRequest("POST", "/webhook", nil)
			r.ContentLength = -1
			r.Body = &gated{body: bytes.NewReader(make([]byte, smallBody+2)), arrived: arrived.Done, end: end}
			receiver.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	arrived.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // the next one's patience is over at once
	w := httptest.NewRecorder()
	receiver.ServeHTTP(w, httptest.NewRequest("POST", "/webhook", bytes.NewReader(make([]byte, smallBody+2))).WithContext(ctx))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("one large body more: status %d", w.Code)
	}
	w = httptest.NewRecorder()
	receiver.ServeHTTP(w, hook(t, "", openedIssue))
	if w.Code != 202 {
		t.Errorf("a small body meanwhile: status %d", w.Code)
	}
	close(end)
	gone.Wait()
	if !receiver.bodies.large.TryAcquire(largeMemory) {
		t.Error("memory is still taken")
	}
}

func TestRemote(t *testing.T) {
	proxies := Proxies{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "198.51.100.9", "192.0.2.1"}, // a stranger's header is not believed
		{"127.0.0.1:5", "198.51.100.9", "198.51.100.9"},
		{"127.0.0.1:5", "6.6.6.6, 198.51.100.9", "198.51.100.9"},
		{"127.0.0.1:5", "6.6.6.6, 198.51.100.9, 10.1.2.3", "198.51.100.9"},
		{"127.0.0.1:5", "10.1.2.3", "10.1.2.3"},
		{"127.0.0.1:5", "6.6.6.6, nonsense", "127.0.0.1"},
		{"127.0.0.1:5", "6.6.6.6, nonsense, 10.1.2.3", "10.1.2.3"},
		{"127.0.0.1:5", "", "127.0.0.1"},
		{"[::ffff:127.0.0.1]:5", "198.51.100.9:4711", "198.51.100.9"},
		{"[fd00::1]:5", "[2001:db8::7]:4711", "2001:db8::7"},
		{"[2001:db8::1]:5", "1.2.3.4", "2001:db8::1"},
		{"@", "198.51.100.9", "198.51.100.9"}, // a Unix socket
		{"/run/nginx.sock", "6.6.6.6,198.51.100.9", "198.51.100.9"},
		{"pipe", "198.51.100.9", "pipe"},
	} {
		r := httptest.NewRequest("POST", "/webhook", nil)
		r.RemoteAddr = tt.peer
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		if got := proxies.remote(r); got != tt.want {
			t.Errorf("%s for %q: %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
}

// No header but X-Forwarded-For of a trusted proxy is believed.
func TestRemoteBelievesOneHeader(t *testing.T) {
	proxies := Proxies(prefixes("127.0.0.1/32"))
	for _, peer := range []string{"192.0.2.1:5", "127.0.0.1:5"} {
		r := httptest.NewRequest("POST", "/webhook", nil)
		r.RemoteAddr = peer
		for _, header := range []string{"X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Forwarded", "X-Cluster-Client-IP", "Via", "X-Original-Forwarded-For"} {
			r.Header.Set(header, "for=6.6.6.6")
			r.Header.Add(header, "6.6.6.6")
		}
		if got, want := proxies.remote(r), strings.TrimSuffix(peer, ":5"); got != want {
			t.Errorf("%s: %s", peer, got)
		}
	}
	// What a stranger wrote into a line of its own stands left of what the proxy appends.
	r := httptest.NewRequest("POST", "/webhook", nil)
	r.RemoteAddr = "127.0.0.1:5"
	r.Header.Add("X-Forwarded-For", "6.6.6.6, 127.0.0.1")
	r.Header.Add("X-Forwarded-For", "198.51.100.9")
	if got := proxies.remote(r); got != "198.51.100.9" {
		t.Errorf("two lines: %s", got)
	}
}

// FuzzRemote holds that no header moves a peer that is no proxy, and that what a proxy is believed is the rightmost address that
// is none: whatever a stranger puts before it, the answer is the same.
func FuzzRemote(f *testing.F) {
	for _, seed := range []string{"", "198.51.100.9", "6.6.6.6, 10.1.2.3", "[2001:db8::7]:4711", "::ffff:10.0.0.1", ",,", "10.0.0.1, 10.0.0.2", "nonsense", "fe80::1%eth0", " 10.0.0.1 ,\t1.1.1.1:0"} {
		f.Add(seed, "6.6.6.6")
		f.Add("198.51.100.9, 10.0.0.1", seed)
	}
	proxies := Proxies(prefixes("127.0.0.1/32", "10.0.0.0/8"))
	from := func(peer, forwarded string) netip.Addr {
		r := httptest.NewRequest("POST", "/webhook", nil)
		r.RemoteAddr = peer
		r.Header["X-Forwarded-For"] = []string{forwarded}
		addr, _ := proxies.from(r)
		return addr
	}
	f.Fuzz(func(t *testing.T, forwarded, forged string) {
		if got := from("192.0.2.1:5", forwarded).String(); got != "192.0.2.1" {
			t.Fatalf("a stranger is taken for %s", got)
		}
		alone := from("127.0.0.1:5", forwarded)
		if !alone.IsValid() || alone.Zone() != "" || alone.Is4In6() {
			t.Fatalf("%q is %v", forwarded, alone)
		}
		if !proxies.Trusts(alone) && from("127.0.0.1:5", forged+","+forwarded) != alone {
			t.Fatalf("%q before %q makes %s of %s", forged, forwarded, from("127.0.0.1:5", forged+","+forwarded), alone)
		}
		if i := strings.LastIndexByte(forwarded, ','); !proxies.Trusts(alone) {
			// All to the right of it are proxies.
			for i >= 0 {
				hop, ok := address(strings.TrimSpace(forwarded[i+1:]))
				if !ok {
					t.Fatalf("%q: %s stands left of what is no address", forwarded, alone)
				}
				if hop == alone {
					break
				}
				if !proxies.Trusts(hop) {
					t.Fatalf("%q: %s stands left of %s", forwarded, alone, hop)
				}
				forwarded = forwarded[:i]
				i = strings.LastIndexByte(forwarded, ',')
			}
		}
	})
}

// FuzzReceiver sends any headers and any body. Nothing but a delivery that is signed and named may be kept.
func FuzzReceiver(f *testing.F) {
	f.Add("issues", guid, "application/json", sign(secretNew, openedIssue), openedIssue, false)
	f.Add("push", guid, "application/x-www-form-urlencoded", "", form(openedIssue), true)
	f.Add("", "", "text/plain; a=\xff", "sha1=00", []byte("{"), true)
	f.Add("projects_v2_item", "1", "application/json; x", "sha256=", []byte(` {"action":1,"repository":[]} `), true)
	f.Fuzz(func(t *testing.T, event, id, contentType, signature string, body []byte, sound bool) {
		if sound {
			signature = sign(secretOld, body)
		}
		r := httptest.NewRequest("POST", "/webhook", bytes.NewReader(body))
		r.Header.Set("X-GitHub-Event", event)
		r.Header.Set("X-GitHub-Delivery", id)
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Hub-Signature-256", signature)
		var k shelf
		w := httptest.NewRecorder()
		newTestReceiver(t, &k, io.Discard).ServeHTTP(w, r)
		switch w.Code {
		case 202:
			d := k.kept[id]
			if d == nil || d.Event != event || !looksLikeObject(d.Body) {
				t.Fatalf("answered 202, kept %+v", d)
			}
			if signature != sign(secretOld, body) && signature != sign(secretNew, body) {
				t.Fatalf("kept with signature %q", signature)
			}
		case 400, 401, 415:
			if len(k.kept) != 0 {
				t.Fatalf("answered %d and kept it", w.Code)
			}
		default:
			t.Fatalf("answered %d", w.Code)
		}
	})
}
