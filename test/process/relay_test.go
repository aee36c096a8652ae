package process

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// relay passes TCP connections on, as a network or a load balancer does, and disturbs them on demand.
type relay struct {
	listener net.Listener
	done     sync.WaitGroup

	mu sync.Mutex
	// targets are the addresses behind it. Each connection goes to the next one that takes it.
	targets []string
	next    int
	// open are the connections of both sides.
	open map[net.Conn]bool
	// refusing resets connections as soon as they come.
	refusing bool
	// delay holds each piece of data back for a while.
	delay time.Duration
	// held are the directions in which nothing gets through, changed is closed when that is over.
	held    map[direction]bool
	changed chan struct{}
}

// direction is the way data goes.
type direction int

const (
	asking direction = iota
	answering
)

// newRelay starts a relay that ends with the test.
func newRelay(t *testing.T, targets ...string) *relay {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{
		listener: listener, targets: targets, open: map[net.Conn]bool{}, held: map[direction]bool{}, changed: make(chan struct{}),
	}
	r.done.Go(r.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		r.mend()
		r.reset()
		r.done.Wait()
	})
	return r
}

// addr is where it listens.
func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		if !r.keep(conn) {
			cut(conn)
			continue
		}
		r.done.Go(func() { r.connect(conn) })
	}
}

// keep takes note of a connection, so that it can be reset; false while connections are refused.
func (r *relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.refusing {
		r.open[conn] = true
	}
	return !r.refusing
}

func (r *relay) drop(conn net.Conn) {
	r.mu.Lock()
	delete(r.open, conn)
	r.mu.Unlock()
	_ = conn.Close()
}

func (r *relay) connect(from net.Conn) {
	defer r.drop(from)
	to := r.dial()
	if to == nil {
		cut(from)
		return
	}
	defer r.drop(to)
	if !r.keep(to) {
		cut(from)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { r.pass(from, to, asking) })
	both.Go(func() { r.pass(to, from, answering) })
	both.Wait()
}

// lead sets the addresses behind it.
func (r *relay) lead(targets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets = targets
}

// inTurn lists the targets, beginning with another one each time.
func (r *relay) inTurn() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.targets) == 0 {
		return nil
	}
	r.next = (r.next + 1) % len(r.targets)
	return slices.Concat(r.targets[r.next:], r.targets[:r.next])
}

// dial tries the targets; nil when none takes the connection.
func (r *relay) dial() net.Conn {
	for _, addr := range r.inTurn() {
		if conn, err := net.DialTimeout("tcp", addr, time.Minute); err == nil {
			return conn
		}
	}
	return nil
}

// pass copies one direction until either side ends, and then ends both.
func (r *relay) pass(from, to net.Conn, way direction) {
	defer func() { _ = from.Close() }()
	defer func() { _ = to.Close() }()
	data := make([]byte, 32<<10)
	for {
		n, err := from.Read(data)
		r.wait(way)
		if n > 0 {
			if _, err := to.Write(data[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait holds data back as long as the disturbance says.
func (r *relay) wait(way direction) {
	r.mu.Lock()
	delay := r.delay
	r.mu.Unlock()
	if delay > 0 {
		<-time.After(delay)
	}
	for {
		r.mu.Lock()
		held, changed := r.held[way], r.changed
		r.mu.Unlock()
		if !held {
			return
		}
		<-changed
	}
}

// hold lets nothing through in the directions, as a network that has lost its way. What was sent arrives when it is mended, unless the
// connections are reset before.
func (r *relay) hold(ways ...direction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, way := range ways {
		r.held[way] = true
	}
}

// slow delays every piece of data.
func (r *relay) slow(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay = d
}

// refuse resets all connections, those that are there and those that come.
func (r *relay) refuse() {
	r.mu.Lock()
	r.refusing = true
	r.mu.Unlock()
	r.reset()
}

// mend ends every disturbance.
func (r *relay) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusing, r.delay, r.held = false, 0, map[direction]bool{}
	close(r.changed)
	r.changed = make(chan struct{})
}

// reset cuts all connections without a word. What was held back is lost.
func (r *relay) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.open {
		cut(conn)
	}
}

// cut makes the other side see a reset and not an end.
func cut(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
