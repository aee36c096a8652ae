package teleport

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gravitational/teleport/api/client"
	"google.golang.org/grpc"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// defaultCallTimeout bounds every single call to Teleport.
	defaultCallTimeout = 15 * time.Second
	// bulkTimeout bounds the one unpaged read of all plugin data.
	bulkTimeout = time.Minute
	// defaultDialTimeout bounds connecting, until the server has answered.
	defaultDialTimeout = 10 * time.Second
	// minimumMajor is the oldest version of Teleport the bridge is meant for.
	minimumMajor = 13
)

// Options say where Teleport is and how to prove who we are.
type Options struct {
	// Addr is the host and port of the Auth Server (3025) or of a Proxy (443 or 3080).
	Addr string
	// IdentityFile is the path of an identity file, as tbot or `tctl auth sign` writes it. A Proxy needs one.
	IdentityFile string
	// CertFile, KeyFile and CAFile are an alternative to the identity file; they work with the Auth Server only.
	CertFile, KeyFile, CAFile string
	// DialTimeout bounds connecting; 10 s when zero.
	DialTimeout time.Duration
	// WebURL is the address of Teleport's web UI, for links. When empty it is taken from the server, if the server has pages for
	// Access Requests.
	WebURL string
	// Dial opens the connections to Addr; the network when nil.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// GRPC are further options of the connection.
	GRPC []grpc.DialOption
	// PollOnly looks at the credential files from time to time only, without following what the file system tells of them.
	PollOnly bool
	// Jitter spreads the pauses between attempts to reconnect; at random, by half at most, when nil.
	Jitter func(time.Duration) time.Duration
	// Log receives what an operator should know; nothing is logged when nil.
	Log *slog.Logger
}

func (o Options) files() credentialFiles {
	return credentialFiles{identity: o.IdentityFile, cert: o.CertFile, key: o.KeyFile, ca: o.CAFile}
}

// Client is the connection to Teleport. It outlives restarts of the server and, while Run runs, renewals of the credentials.
type Client struct {
	options Options
	log     *slog.Logger
	current atomic.Pointer[conn]
	// loaded is the content of the files that current was made from. Only Run changes it.
	loaded fingerprint
	// callTimeout bounds every single call.
	callTimeout time.Duration
	// pollEvery and retryEvery are the pauses of Run.
	pollEvery, retryEvery time.Duration
}

// Dial loads the credentials, connects and waits for the first answer. Faults of the credentials are terminal and say which file
// is at fault and how to mend it; faults of the connection may be tried again.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.DialTimeout <= 0 {
		o.DialTimeout = defaultDialTimeout
	}
	c := &Client{
		options: o, log: logger(o.Log), callTimeout: defaultCallTimeout, pollEvery: 30 * time.Second, retryEvery: 2 * time.Second,
	}
	creds, sum, err := o.files().load(time.Now())
	if err != nil {
		return nil, err
	}
	cn, err := connect(ctx, o, creds)
	if err != nil {
		return nil, err
	}
	c.loaded = sum
	c.current.Store(cn)
	c.greet(cn)
	return c, nil
}

// greet logs what a new connection found.
func (c *Client) greet(cn *conn) {
	if major, ok := majorVersion(cn.ping.ServerVersion); ok && major < minimumMajor {
		c.log.Warn("Teleport is older than the bridge is meant for", "version", cn.ping.ServerVersion, "minimum", minimumMajor)
	}
	c.log.Info("Connected to Teleport", "address", c.options.Addr, "cluster", cn.ping.ClusterName, "version", cn.ping.ServerVersion,
		"user", cn.creds.user, "expires", cn.creds.notAfter)
}

func majorVersion(v string) (int, bool) {
	first, _, _ := strings.Cut(strings.TrimPrefix(v, "v"), ".")
	major, err := strconv.Atoi(first)
	return major, err == nil
}

// Close ends the connection and every call in flight. Run should have returned before.
func (c *Client) Close() error {
	cn := c.current.Load()
	cn.retire()
	if err := cn.api.Close(); err != nil {
		return fmt.Errorf("close the connection to Teleport: %w", err)
	}
	return nil
}

// Self returns the bridge's own Teleport user name, which is the author of its reviews.
func (c *Client) Self() string { return c.current.Load().creds.user }

// Cluster returns the name of the Teleport cluster.
func (c *Client) Cluster() string { return c.current.Load().ping.ClusterName }

// ServerVersion returns the version the server told when the connection was made.
func (c *Client) ServerVersion() string { return c.current.Load().ping.ServerVersion }

// CredentialExpires returns when the credentials in use run out.
func (c *Client) CredentialExpires() time.Time { return c.current.Load().creds.notAfter }

// RequestURL returns the page of a request in Teleport's web UI; empty when the cluster has no such page and the operator named
// no address.
func (c *Client) RequestURL(id string) string {
	base := strings.TrimSuffix(c.options.WebURL, "/")
	if base == "" {
		ping := c.current.Load().ping
		if ping.ProxyPublicAddr == "" || !ping.ServerFeatures.GetAdvancedAccessWorkflows() {
			return ""
		}
		base = "https://" + strings.TrimSuffix(ping.ProxyPublicAddr, ":443")
	}
	return RequestURL(base, id)
}

// RequestURL returns the page of a request in the web UI at an address; empty without an address.
func RequestURL(base, id string) string {
	if base == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + "/web/requests/" + url.PathEscape(id)
}

// acquire returns the current connection, to be released by the caller.
func (c *Client) acquire() (*conn, error) {
	for {
		cn := c.current.Load()
		if cn.acquire() {
			return cn, nil
		}
		if c.current.Load() == cn {
			return nil, bridge.Unsent(errClosed)
		}
	}
}

// call runs one call on the current connection and classifies its error.
func (c *Client) call(ctx context.Context, do func(context.Context, *client.Client) error) error {
	return c.callWithin(ctx, c.callTimeout, do)
}

func (c *Client) callWithin(ctx context.Context, timeout time.Duration, do func(context.Context, *client.Client) error) error {
	cn, err := c.acquire()
	if err != nil {
		return err
	}
	defer cn.release()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return classify(do(ctx, cn.api))
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
