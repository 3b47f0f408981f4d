package bot

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxBad is how many requests that no secret has signed an address may send in a window of badWindow.
	maxBad    = 10
	badWindow = time.Minute
	// provedFor is how long an address is not limited after a signature of it held.
	provedFor = 24 * time.Hour
	// maxStrangers bounds how many addresses are remembered, of each kind.
	maxStrangers = 8192
)

// strangers limits what an address may send that no secret has signed: after maxBad such requests it is refused unread until
// badWindow is over. An address that a good signature came from is not limited for a day, whatever else comes from it: GitHub's
// deliveries must not be lost because a stranger shares its address with them, behind a NAT or a proxy that is not trusted.
//
// IPv6 addresses count by their /64, which is what one customer has. What is remembered is bounded, and lost with the process.
type strangers struct {
	mu     sync.Mutex
	bad    map[netip.Prefix]badTally
	proved map[netip.Prefix]time.Time // until when
}

type badTally struct {
	n   int
	end time.Time // of the window
}

func newStrangers() *strangers {
	return &strangers{bad: map[netip.Prefix]badTally{}, proved: map[netip.Prefix]time.Time{}}
}

// household is the addresses that count as one.
func household(addr netip.Addr) netip.Prefix {
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits) // of an invalid address the zero Prefix, which is fine as a key
	return p
}

// wait is how long requests of addr are refused unread; 0 when they are read.
func (s *strangers) wait(addr netip.Addr, now time.Time) time.Duration {
	key := household(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.bad[key]
	if t.n < maxBad || !now.Before(t.end) || now.Before(s.proved[key]) {
		return 0
	}
	return t.end.Sub(now)
}

// failed counts a request of addr that no secret has signed. It tells whether addr has just met its limit.
func (s *strangers) failed(addr netip.Addr, now time.Time) (limited bool) {
	key := household(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.bad[key]
	if !now.Before(t.end) {
		t = badTally{end: now.Add(badWindow)}
	}
	if t.n++; !known {
		makeRoom(s.bad, func(t badTally) bool { return !now.Before(t.end) })
	}
	s.bad[key] = t
	return t.n == maxBad && !now.Before(s.proved[key])
}

// signed notes that a signature of addr held.
func (s *strangers) signed(addr netip.Addr, now time.Time) {
	key := household(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.proved[key]; !known {
		makeRoom(s.proved, func(until time.Time) bool { return !now.Before(until) })
	}
	s.proved[key] = now.Add(provedFor)
}

// makeRoom sees to it that one more entry can be put into m. It looks at a few entries, which a map gives in no order, and drops
// those that are over; when all are in force, one of them. A look at all of them for each new address would cost more than the
// requests that it saves.
func makeRoom[V any](m map[netip.Prefix]V, over func(V) bool) {
	if len(m) < maxStrangers {
		return
	}
	looked := 0
	for key, v := range m {
		if looked++; over(v) || looked == 1 {
			delete(m, key)
		}
		if looked == 16 {
			return
		}
	}
}
