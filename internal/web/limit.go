package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// postsPerSecond and postBurst are what one client may send. They bound the work that a client
	// can ask of the API server, and let an office behind one address accept together.
	postsPerSecond = 10
	postBurst      = 200

	// maxClients bounds the memory of one generation of clients.
	maxClients = 4096

	// networkBits is how much of an IPv6 address names a client: its network, in which it chooses the
	// rest itself.
	networkBits = 64
)

// limiter is a token bucket for each client. It remembers two generations: when the young one is
// full the old one is forgotten, so that it never holds more than twice maxClients and never has to
// look for what to drop. A client who was forgotten has a full bucket again. The zero limiter is
// ready for use.
type limiter struct {
	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter
}

// allow reports whether the client may send one more now. All clients of unknown address, which
// are the zero Prefix, are one.
func (l *limiter) allow(client netip.Prefix, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.young[client]
	if bucket == nil {
		bucket = l.enter(client)
	}
	return bucket.AllowN(now, 1)
}

// enter puts a client into the young generation, with the bucket that it had in the old one.
func (l *limiter) enter(client netip.Prefix) *rate.Limiter {
	if l.young == nil || len(l.young) >= maxClients {
		l.young, l.old = map[netip.Prefix]*rate.Limiter{}, l.young
	}
	bucket := l.old[client]
	if bucket == nil {
		bucket = rate.NewLimiter(postsPerSecond, postBurst)
	}
	l.young[client] = bucket
	return bucket
}

// clientOf returns the network that the request counts for. Behind trusted proxies that is the last
// address that they were given and that is not one of theirs; what stands before it anybody could
// have written.
func clientOf(r *http.Request, proxies []netip.Prefix) netip.Prefix {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !within(client, proxies) {
			break
		}
		client = before.Unmap()
	}
	return network(client)
}

func within(client netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(client) })
}

func network(client netip.Addr) netip.Prefix {
	bits := client.BitLen()
	if client.Is6() {
		bits = networkBits
	}
	prefix, err := client.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
