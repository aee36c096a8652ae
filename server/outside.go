package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
)

// Outside is what a server meets outside of its process. Each part that is not set is the real one. A simulation sets all of them, and
// then nothing that the server does depends on a network, on the file system's notifications or on chance.
type Outside struct {
	// Instance names the server among all that share the links.
	Instance string
	// Listen opens the listeners.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// TLS is the configuration of the public listener, instead of the configured certificate.
	TLS *tls.Config
	// Dial opens the connections to Teleport, GRPC are further options of them. Credentials are then looked at from time to time only.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	GRPC []grpc.DialOption
	// Vendor carries the calls of one integration.
	Vendor func(integration string) http.RoundTripper
	// Jitter spreads the pauses of a queue, or of the connection to Teleport.
	Jitter func(what string, d time.Duration) time.Duration
}

func (o Outside) listen(ctx context.Context, network, address string) (net.Listener, error) {
	if o.Listen != nil {
		return o.Listen(ctx, network, address)
	}
	var l net.ListenConfig
	return l.Listen(ctx, network, address)
}

func (o Outside) vendor(integration string) http.RoundTripper {
	if o.Vendor == nil {
		return nil
	}
	return o.Vendor(integration)
}

// reconnecting spreads the pauses between attempts to reach Teleport.
func (o Outside) reconnecting() func(time.Duration) time.Duration {
	if o.Jitter == nil {
		return nil
	}
	return func(d time.Duration) time.Duration { return o.Jitter("teleport", d) }
}

// spread is by how much attempts to connect are spread at random.
func (o Outside) spread(usual float64) float64 {
	if o.Jitter != nil {
		return 0
	}
	return usual
}
