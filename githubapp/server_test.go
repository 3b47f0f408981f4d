package githubapp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// testKey is one key for all tests: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func pkcs1() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testKey())})
}

// wireServer is the least of a GitHub: it hands out tokens and answers what a test tells it to.
type wireServer struct {
	*httptest.Server
	mints    atomic.Int64
	requests atomic.Int64 // without token requests

	mu       sync.Mutex
	mint     func(n int64, w http.ResponseWriter, r *http.Request) // nil: hand out ghs_1, ghs_2, ...
	handle   http.HandlerFunc
	lastAuth string
}

func newWireServer(t *testing.T, handle http.HandlerFunc) *wireServer {
	t.Helper()
	s := &wireServer{handle: handle}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *wireServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	mint, handle := s.mint, s.handle
	s.lastAuth = r.Header.Get("Authorization")
	s.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		n := s.mints.Add(1)
		if mint == nil {
			mint = mintToken
		}
		mint(n, w, r)
		return
	}
	s.requests.Add(1)
	handle(w, r)
}

func (s *wireServer) mintWith(f func(n int64, w http.ResponseWriter, r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mint = f
}

func (s *wireServer) auth() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastAuth
}

func mintToken(n int64, w http.ResponseWriter, _ *http.Request) {
	answer(w, 201, fmt.Sprintf(`{"token":"ghs_%d","expires_at":%q}`, n, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
}

// answer writes a JSON answer; headers come in pairs.
func answer(w http.ResponseWriter, status int, body string, headers ...string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for i := 0; i+1 < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func always(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body, headers...) }
}

// fakeNow is a clock that tests move.
type fakeNow struct{ at atomic.Int64 }

func newFakeNow() *fakeNow {
	n := &fakeNow{}
	n.at.Store(time.Now().UnixNano())
	return n
}

func (n *fakeNow) now() time.Time          { return time.Unix(0, n.at.Load()) }
func (n *fakeNow) advance(d time.Duration) { n.at.Add(int64(d)) }

func newApp(t *testing.T, url string, change ...func(*Options)) *App {
	t.Helper()
	o := Options{AppID: 12345, PrivateKey: pkcs1(), APIURL: url, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func withNow(n *fakeNow) func(*Options) { return func(o *Options) { o.Now = n.now } }

// get makes one read as an installation.
func get(ctx context.Context, c *Client) error {
	_, _, err := c.Issues.Get(ctx, "acme", "app", 7)
	return err
}
