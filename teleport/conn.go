package teleport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/breaker"
	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/accessbridge/accessbridge/bridge"
)

// maxAnswer bounds one answer of the server. The bulk read of plugin data comes unpaged: a thousand bytes for each of a quarter
// of a million requests fit.
const maxAnswer = 256 << 20

// conn is one connection made with one generation of the credentials. It is closed when it has been replaced and its last user
// has let go of it.
type conn struct {
	api   *client.Client
	creds *credentials
	ping  proto.PingResponse
	// retired is closed when a newer connection has taken over.
	retired chan struct{}

	mu     sync.Mutex
	users  int
	ending bool
}

// connect dials with the given credentials and does not return before the server has answered.
func connect(ctx context.Context, o Options, creds *credentials) (*conn, error) {
	addr, timeout := o.Addr, o.DialTimeout
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	config := client.Config{
		Addrs:       []string{addr},
		Credentials: []client.Credentials{creds.api},
		DialTimeout: timeout,
		// One missed keep-alive ends a dead connection after two minutes. The period stays at the default, because Teleport
		// disconnects clients that ask more often.
		KeepAliveCount: 1,
		// Pauses and retries belong to the callers here; a breaker below them would only hide when the server is back.
		CircuitBreakerConfig: breaker.NoopBreakerConfig(),
		DialOpts: append([]grpc.DialOption{
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
				MinConnectTimeout: timeout,
			}),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		}, o.GRPC...),
	}
	if o.Dial != nil {
		config.Addrs = nil
		config.Dialer = client.ContextDialerFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return o.Dial(ctx, network, o.Addr)
		})
	}
	api, err := client.New(ctx, config)
	if err != nil {
		return nil, &dialError{addr: addr, err: err}
	}
	ping, err := api.Ping(ctx)
	if err != nil {
		return nil, errors.Join(pingError(addr, err), api.Close())
	}
	return &conn{api: api, creds: creds, ping: ping, retired: make(chan struct{})}, nil
}

func pingError(addr string, err error) error {
	if trace.IsNotImplemented(err) {
		return bridge.Terminal(fmt.Errorf("the server at %s is too old: %w: Teleport %d or later is needed", addr, err, minimumMajor))
	}
	return classify(fmt.Errorf("first call to Teleport at %s: %w", addr, err))
}

// dialError puts the many lines of Teleport's dial error, one for each way it tried, on one line. Its class is retry: the
// credentials were found to be valid before, so the network or the server is at fault.
type dialError struct {
	addr string
	err  error
}

func (e *dialError) Error() string {
	return "connect to Teleport at " + e.addr + ": " + strings.Join(strings.Fields(e.err.Error()), " ")
}

func (e *dialError) Unwrap() error { return e.err }

// acquire keeps the connection open until release. It returns false when the connection is on its way out.
func (c *conn) acquire() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending {
		return false
	}
	c.users++
	return true
}

func (c *conn) release() {
	c.mu.Lock()
	c.users--
	last := c.ending && c.users == 0
	c.mu.Unlock()
	if last {
		_ = c.api.Close()
	}
}

// retire lets current users finish and refuses new ones.
func (c *conn) retire() {
	c.mu.Lock()
	if c.ending {
		c.mu.Unlock()
		return
	}
	c.ending = true
	close(c.retired)
	idle := c.users == 0
	c.mu.Unlock()
	if idle {
		_ = c.api.Close()
	}
}
