package bot

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAllowList(t *testing.T) {
	ours, githubs, stranger := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("2a0a:a440::7"), netip.MustParseAddr("198.51.100.9")
	allows := func(a *AllowList, addr netip.Addr, want bool) {
		t.Helper()
		if got := a.Allows(addr); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	var none *AllowList
	allows(none, stranger, true)
	if none.lists(stranger) || none.Run(context.Background()) != nil {
		t.Error("no list lists")
	}

	own := NewAllowList(AllowOptions{Own: prefixes("10.0.0.0/8"), Log: quiet()})
	allows(own, ours, true)
	allows(own, stranger, false)
	allows(own, netip.Addr{}, false)

	file := filepath.Join(t.TempDir(), "ranges")
	answer, fails := prefixes("192.30.252.0/22", "2a0a:a440::/29"), error(nil)
	o := AllowOptions{Own: prefixes("10.0.0.0/8"), File: file, Log: quiet(), GitHub: func(context.Context) ([]netip.Prefix, error) { return answer, fails }}
	first := NewAllowList(o)
	allows(first, stranger, true) // nothing is known yet
	fails = errors.New("no answer")
	if first.refresh(context.Background()) == nil {
		t.Error("no error")
	}
	allows(first, stranger, true)
	fails = nil
	if err := first.refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	allows(first, stranger, false)
	allows(first, githubs, true)
	allows(first, ours, true)

	// The next start finds GitHub away, and knows the list.
	fails = errors.New("no answer")
	second := NewAllowList(o)
	allows(second, stranger, false)
	allows(second, githubs, true)
	if second.refresh(context.Background()) == nil {
		t.Error("no error")
	}
	allows(second, githubs, true)

	for _, bad := range []string{"", "# nothing\n", "anywhere\n", strings.Repeat("#\n", maxRangesFile)} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		var log journal
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		allows(NewAllowList(o), stranger, true)
		if !strings.Contains(log.String(), "of no use") {
			t.Errorf("%.20q: nothing is said of it: %s", bad, log.String())
		}
	}
}

// A file that cannot be written is a warning: the list is in force.
func TestAllowListWithoutDisk(t *testing.T) {
	var log journal
	a := NewAllowList(AllowOptions{File: filepath.Join(t.TempDir(), "gone", "ranges"), Log: slog.New(slog.NewTextHandler(&log, nil)),
		GitHub: func(context.Context) ([]netip.Prefix, error) { return prefixes("192.0.2.0/24"), nil }})
	if err := a.refresh(context.Background()); err != nil || a.Allows(netip.MustParseAddr("198.51.100.9")) || !strings.Contains(log.String(), "could not be written") {
		t.Errorf("%v\n%s", err, log.String())
	}
}

// GitHub is asked at the start, every six hours, and after five minutes when it did not answer.
func TestAllowListAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		begun := time.Now()
		ctx, stop := context.WithCancel(context.Background())
		a := NewAllowList(AllowOptions{File: filepath.Join(t.TempDir(), "ranges"), Log: quiet(), GitHub: func(context.Context) ([]netip.Prefix, error) {
			asked = append(asked, time.Since(begun))
			if len(asked) == 2 {
				return nil, errors.New("no answer")
			}
			return prefixes("192.0.2.0/24"), nil
		}})
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		time.Sleep(13 * time.Hour)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := []time.Duration{0, 6 * time.Hour, 6*time.Hour + 5*time.Minute, 12*time.Hour + 5*time.Minute}
		if len(asked) != len(want) {
			t.Fatalf("asked at %v", asked)
		}
		for i := range want {
			if asked[i] != want[i] {
				t.Errorf("asked at %v, want %v", asked, want)
			}
		}
	})
}

// Who is not in the list is refused like one who has no secret, before anything is read.
func TestReceiverHearsAllowedAddressesOnly(t *testing.T) {
	var log journal
	receiver := newTestReceiver(t, &shelf{}, &log)
	receiver.o.Allowed = NewAllowList(AllowOptions{Own: prefixes("192.0.2.0/24"), Log: quiet()})
	receiver.o.Proxies = prefixes("127.0.0.1/32")
	for _, tt := range []struct {
		peer, forwarded string
		want            int
	}{
		{"192.0.2.7:5", "", 202},
		{"127.0.0.1:5", "192.0.2.7", 202},
		{"127.0.0.1:5", "192.0.2.7, 127.0.0.1", 202},
		{"198.51.100.9:5", "", 401},
		{"198.51.100.9:5", "192.0.2.7", 401},            // it forges the header
		{"127.0.0.1:5", "192.0.2.7, 198.51.100.9", 401}, // and through the proxy
		{"127.0.0.1:5", "", 401},                        // a proxy that names nobody
		{"@", "", 401},
		{"@", "192.0.2.7", 202},
	} {
		r := hook(t, "", openedIssue)
		if r.RemoteAddr = tt.peer; tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		unread := &countingReader{r: r.Body}
		r.Body = io.NopCloser(unread)
		w := httptest.NewRecorder()
		receiver.ServeHTTP(w, r)
		if w.Code == 200 {
			w.Code = 202 // one GUID for all
		}
		if w.Code != tt.want || w.Code == 401 && unread.n != 0 {
			t.Errorf("%s for %q: %d after %d bytes", tt.peer, tt.forwarded, w.Code, unread.n)
		}
	}
	if !strings.Contains(log.String(), "not in server.allow_from") {
		t.Errorf("the log does not say why:\n%s", log.String())
	}
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
