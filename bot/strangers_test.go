package bot

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// visitor sends requests to a receiver whose clock it moves.
type visitor struct {
	*Receiver
	now time.Time
	log journal
}

func newVisitor(t *testing.T, proxies ...string) *visitor {
	v := &visitor{now: testNow}
	v.Receiver = newTestReceiver(t, &shelf{}, &v.log)
	v.o.Now = func() time.Time { return v.now }
	v.o.Proxies = prefixes(proxies...)
	return v
}

// send sends a delivery from an address, signed with secret. It returns the answer and how much of the body was read.
func (v *visitor) send(t *testing.T, peer, secret string, header ...string) (*httptest.ResponseRecorder, int) {
	t.Helper()
	r := hook(t, "", openedIssue, append(header, "X-Hub-Signature-256", sign(secret, openedIssue))...)
	r.RemoteAddr = peer
	counted := &countingReader{r: r.Body}
	r.Body = io.NopCloser(counted)
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	return w, counted.n
}

// An address that sends one bad signature after the other is soon answered without a look at what it sends; others are not.
func TestReceiverRefusesManyBadSignaturesUnread(t *testing.T) {
	v := newVisitor(t)
	for i := range maxBad {
		if w, n := v.send(t, "198.51.100.9:5", "guess"); w.Code != 401 || n == 0 {
			t.Fatalf("guess %d: %d", i+1, w.Code)
		}
	}
	v.now = v.now.Add(20 * time.Second)
	for range 1000 {
		w, n := v.send(t, "198.51.100.9:6", "guess")
		if w.Code != 429 || n != 0 || w.Header().Get("Retry-After") != "41" || w.Header().Get("Connection") != "close" {
			t.Fatalf("%d after %d bytes, %v", w.Code, n, w.Header())
		}
	}
	if w, _ := v.send(t, "198.51.100.10:5", secretNew); w.Code != 202 {
		t.Errorf("its neighbour: %d", w.Code)
	}
	// The log tells of it once, not a thousand times.
	if n := strings.Count(v.log.String(), "level=WARN"); n != maxBad || strings.Count(v.log.String(), "limit=") != 1 {
		t.Errorf("%d warnings:\n%.2000s", n, v.log.String())
	}
	v.now = v.now.Add(41 * time.Second)
	if w, _ := v.send(t, "198.51.100.9:5", "guess"); w.Code != 401 {
		t.Errorf("after the window: %d", w.Code)
	}
}

// One customer has a /64 of IPv6 addresses.
func TestReceiverCountsIPv6Households(t *testing.T) {
	v := newVisitor(t)
	for i := range maxBad {
		v.send(t, fmt.Sprintf("[2001:db8::%x]:5", i+1), "guess")
	}
	if w, _ := v.send(t, "[2001:db8::ffff]:5", "guess"); w.Code != 429 {
		t.Errorf("the same household: %d", w.Code)
	}
	if w, _ := v.send(t, "[2001:db8:0:1::1]:5", "guess"); w.Code != 401 {
		t.Errorf("the next one: %d", w.Code)
	}
}

// No good delivery is refused because of what else comes from its address, once there was a good one.
func TestReceiverHearsProvedAddresses(t *testing.T) {
	v := newVisitor(t)
	v.send(t, "198.51.100.9:5", secretNew)
	for range 3 * maxBad {
		if w, _ := v.send(t, "198.51.100.9:5", "guess"); w.Code != 401 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if w, _ := v.send(t, "198.51.100.9:5", secretNew); w.Code != 202 {
		t.Errorf("a good one: %d", w.Code)
	}
	if strings.Contains(v.log.String(), "limit=") {
		t.Error("the log tells of a limit that is not there")
	}
}

// GitHub's own addresses, and a proxy that does not say for whom it asks, are not counted.
func TestReceiverDoesNotCountAllOfAProxy(t *testing.T) {
	v := newVisitor(t, "127.0.0.1/32")
	v.o.Allowed = NewAllowList(AllowOptions{Own: prefixes("192.0.2.0/24", "127.0.0.1/32"), Log: quiet()})
	for _, peer := range []string{"192.0.2.7:5", "127.0.0.1:5"} {
		for range 3 * maxBad {
			if w, _ := v.send(t, peer, "guess"); w.Code != 401 {
				t.Fatalf("%s: %d", peer, w.Code)
			}
		}
		if w, _ := v.send(t, peer, secretNew); w.Code != 202 {
			t.Errorf("%s: %d", peer, w.Code)
		}
	}
	v.o.Allowed = nil
	for range 3 * maxBad {
		v.send(t, "127.0.0.1:5", "guess")
		v.send(t, "@", "guess")
	}
	for _, peer := range []string{"127.0.0.1:5", "@"} {
		if w, _ := v.send(t, peer, secretNew); w.Code != 202 {
			t.Errorf("%s: %d", peer, w.Code)
		}
	}
	// Through the proxy it is whom it names that counts, whatever else a stranger writes.
	for i := range maxBad {
		v.send(t, "127.0.0.1:5", "guess", "X-Forwarded-For", fmt.Sprintf("192.0.2.%d, 198.51.100.9", i), "X-Real-IP", fmt.Sprintf("192.0.2.%d", i), "Forwarded", fmt.Sprintf("for=192.0.2.%d", i))
	}
	if w, _ := v.send(t, "127.0.0.1:5", "guess", "X-Forwarded-For", "192.0.2.77, 198.51.100.9"); w.Code != 429 {
		t.Errorf("status %d", w.Code)
	}
}

// What is remembered of addresses is bounded, whoever has how many.
func TestStrangersAreBounded(t *testing.T) {
	s := newStrangers()
	for i := range 3 * maxStrangers {
		addr := netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)})
		s.failed(addr, testNow)
		s.signed(addr, testNow)
	}
	if len(s.bad) != maxStrangers || len(s.proved) != maxStrangers {
		t.Errorf("%d bad, %d proved", len(s.bad), len(s.proved))
	}
}

// Bodies that come too slowly or are too large count, for they cost most; a broken connection does not.
func TestReceiverCountsWhatCosts(t *testing.T) {
	v := newVisitor(t)
	for range maxBad {
		r := httptest.NewRequest("POST", "/webhook", nil)
		r.RemoteAddr, r.ContentLength = "198.51.100.9:5", MaxBody+1
		v.ServeHTTP(httptest.NewRecorder(), r)
	}
	if w, _ := v.send(t, "198.51.100.9:5", "guess"); w.Code != 429 {
		t.Errorf("after too large ones: %d", w.Code)
	}
	for range 3 * maxBad {
		r := httptest.NewRequest("POST", "/webhook", io.MultiReader(strings.NewReader("half"), brokenLine{}))
		r.RemoteAddr = "198.51.100.10:5"
		w := httptest.NewRecorder()
		if v.ServeHTTP(w, r); w.Code != 400 {
			t.Fatalf("broken line: %d", w.Code)
		}
	}
	if w, _ := v.send(t, "198.51.100.10:5", secretNew); w.Code != 202 {
		t.Errorf("after broken lines: %d", w.Code)
	}
}

type brokenLine struct{}

func (brokenLine) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// While one secret replaces the other the log tells which is in use, by its place: at first and then once an hour.
func TestReceiverTellsWhichSecretIsUsed(t *testing.T) {
	v := newVisitor(t)
	for range 5 {
		v.send(t, "192.0.2.7:5", secretOld)
		v.send(t, "192.0.2.7:5", secretNew)
		v.now = v.now.Add(20 * time.Minute)
	}
	for _, want := range []string{"secret=1 of=2 deliveries=1", "secret=2 of=2 deliveries=1", "secret=1 of=2 deliveries=4", "secret=2 of=2 deliveries=4"} {
		if strings.Count(v.log.String(), want) != 1 {
			t.Errorf("not once %q:\n%s", want, v.log.String())
		}
	}
	if n := strings.Count(v.log.String(), "webhook secret in use"); n != 4 {
		t.Errorf("told %d times", n)
	}
	if strings.Contains(v.log.String(), secretOld) || strings.Contains(v.log.String(), secretNew) {
		t.Error("a secret is in the log")
	}
	// With one secret there is nothing to tell.
	v = newVisitor(t)
	v.Receiver = NewReceiver(ReceiverOptions{Verifier: verifier(t, secretNew), Store: &shelf{}, Log: v.o.Log})
	if v.send(t, "192.0.2.7:5", secretNew); strings.Contains(v.log.String(), "secret in use") {
		t.Error(v.log.String())
	}
}

// Whatever is wrong with a request, a stranger reads the same: neither the text nor the headers tell one reason of a status from
// another.
func TestStrangersLearnNothing(t *testing.T) {
	v := newVisitor(t)
	v.o.Allowed = NewAllowList(AllowOptions{Own: prefixes("192.0.2.0/24"), Log: quiet()})
	hooks := Hooks(v.Receiver)
	answer := func(peer, path string, header ...string) string {
		r := hook(t, "", openedIssue, header...)
		r.RemoteAddr, r.URL.Path = peer, path
		w := httptest.NewRecorder()
		hooks.ServeHTTP(w, r)
		return fmt.Sprintf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	want := fmt.Sprintf("%d %v %s", 401, http.Header{"Connection": {"close"}, "Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}, "Unauthorized\n")
	for name, got := range map[string]string{
		"another address":     answer("198.51.100.9:5", "/webhook"),
		"no signature":        answer("192.0.2.7:5", "/webhook", "X-Hub-Signature-256", ""),
		"SHA-1":               answer("192.0.2.7:5", "/webhook", "X-Hub-Signature-256", "", "X-Hub-Signature", "sha1=00"),
		"a wrong signature":   answer("192.0.2.7:5", "/webhook", "X-Hub-Signature-256", sign("guess", openedIssue)),
		"a known delivery":    answer("192.0.2.7:5", "/webhook", "X-Hub-Signature-256", sign("guess", openedIssue), "X-GitHub-Delivery", guid),
		"no name, no content": answer("192.0.2.7:5", "/webhook", "X-Hub-Signature-256", "x", "X-GitHub-Delivery", "", "X-GitHub-Event", "", "Content-Type", "a/b"),
	} {
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	lost := answer("192.0.2.7:5", "/")
	for _, path := range []string{"/webhooks", "/webhook/", "/healthz", "/metrics", "/.env", "/admin"} {
		if got := answer("192.0.2.7:5", path); got != lost || !strings.HasSuffix(got, "Not Found\n") {
			t.Errorf("%s: %s", path, got)
		}
	}
}
