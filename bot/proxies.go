package bot

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the reverse proxies that are trusted to say whom they forward for. A peer on a Unix socket is always trusted:
// the mode of the socket decides who may connect.
type Proxies []netip.Prefix

// Trusts tells whether addr is one of the proxies.
func (p Proxies) Trusts(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// remote is the address that a request came from, for people; see from.
func (p Proxies) remote(r *http.Request) string {
	if addr, ok := p.from(r); ok {
		return addr.String()
	}
	return r.RemoteAddr
}

// from is the address that a request came from: the peer itself unless it is a trusted proxy, then the rightmost address in
// X-Forwarded-For that is none. What stands left of that was written by whoever wanted to. No other header is believed: a
// proxy that sets one of them passes the others on as a stranger wrote them. ok is false where no address is known, as of a
// peer on a Unix socket that names none.
func (p Proxies) from(r *http.Request) (from netip.Addr, ok bool) {
	if peer, isIP := address(r.RemoteAddr); isIP {
		if from, ok = peer, true; !p.Trusts(peer) {
			return from, true
		}
	} else if r.RemoteAddr != "" && r.RemoteAddr != "@" && r.RemoteAddr[0] != '/' {
		return netip.Addr{}, false // no IP address and no Unix socket
	}
	for rest := strings.Join(r.Header.Values("X-Forwarded-For"), ","); rest != ""; {
		i := strings.LastIndexByte(rest, ',')
		hop, isIP := address(strings.TrimSpace(rest[i+1:]))
		if !isIP {
			break
		}
		if from, ok = hop, true; !p.Trusts(hop) {
			break
		}
		rest = rest[:max(i, 0)]
	}
	return from, ok
}

// address reads an IP address with or without a port. An IPv4 address inside an IPv6 one is taken for the former.
func address(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
