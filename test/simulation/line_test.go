package simulation

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/test/bufconn"
)

// lineBuffer is how many bytes a connection holds that were not read yet.
const lineBuffer = 64 << 10

var errCut = errors.New("connection cut")

// exchange is one end of connections inside the process: it listens under a name, and it can cut all it has.
type exchange struct {
	*bufconn.Listener
}

func newExchange() *exchange { return &exchange{bufconn.Listen(lineBuffer)} }

// lines are the connections that somebody has opened and may lose all at once.
type lines struct {
	mu   sync.Mutex
	cut  bool
	open map[net.Conn]struct{}
}

// dial opens a connection, unless all were cut for good.
func (l *lines) dial(ctx context.Context, to *bufconn.Listener) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return nil, errCut
	}
	conn, err := to.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	if l.open == nil {
		l.open = map[net.Conn]struct{}{}
	}
	l.open[conn] = struct{}{}
	return conn, nil
}

// close cuts all connections for good.
func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for conn := range l.open {
		_ = conn.Close()
	}
}

// wait lets virtual time pass, unless the context ends before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
