package server

import (
	"net"
	"net/http"
	"sync"
)

// unused are the connections of a listener that nothing was sent on yet. Clients open some in advance and never need them. They would hold up a
// stop for five seconds, after which net/http takes them for idle, although it answers nothing any more that is sent on them.
type unused struct {
	mu       sync.Mutex
	conns    map[net.Conn]bool
	stopping bool
}

// watch keeps account of a server's connections, and cuts those unused when it stops.
func (u *unused) watch(h *http.Server) {
	u.conns = map[net.Conn]bool{}
	h.ConnState = u.follow
	h.RegisterOnShutdown(u.cut)
}

func (u *unused) follow(c net.Conn, s http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case s != http.StateNew:
		delete(u.conns, c)
	case u.stopping:
		go closeConn(c)
	default:
		u.conns[c] = true
	}
}

func (u *unused) cut() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopping = true
	for c := range u.conns {
		go closeConn(c)
	}
}

// closeConn closes a connection that the server itself closes as well, which TLS may take a while for.
func closeConn(c net.Conn) { _ = c.Close() }
