package teleport

import (
	"net"
	"sync"
)

// connTracker is a listener that remembers its open connections.
type connTracker struct {
	net.Listener

	mu   sync.Mutex
	open map[*trackedConn]struct{}
}

func newConnTracker(l net.Listener) *connTracker {
	return &connTracker{Listener: l, open: map[*trackedConn]struct{}{}}
}

// Accept waits for the next connection and tracks it.
func (t *connTracker) Accept() (net.Conn, error) {
	conn, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &trackedConn{Conn: conn, tracker: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[tracked] = struct{}{}
	return tracked, nil
}

func (t *connTracker) closeAll() {
	t.mu.Lock()
	conns := make([]*trackedConn, 0, len(t.open))
	for c := range t.open {
		conns = append(conns, c)
	}
	t.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

type trackedConn struct {
	net.Conn
	tracker *connTracker
}

// Close closes the connection and forgets it.
func (c *trackedConn) Close() error {
	c.tracker.mu.Lock()
	delete(c.tracker.open, c)
	c.tracker.mu.Unlock()
	return c.Conn.Close()
}

// DropConnections cuts every client connection; the server goes on listening.
func (s *Server) DropConnections() {
	s.runMu.Lock()
	r := s.run
	s.runMu.Unlock()
	if r != nil {
		r.conns.closeAll()
	}
}
