// Package teleport simulates a Teleport Auth Server inside the process.
//
// It serves the subset of Teleport's gRPC API that access request plugins use,
// over mutual TLS on loopback, so that the genuine client of
// github.com/gravitational/teleport/api connects to it with an identity file.
// States, rules and error messages follow observations of a community build of
// Teleport 15.3.1. Everything is kept in memory; nothing here protects anything.
package teleport

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/client/proto"
	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	userspb "github.com/gravitational/teleport/api/gen/proto/go/teleport/users/v1"
	"github.com/gravitational/teleport/api/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

const (
	// sweepInterval is how often requests past their expiry are forgotten.
	sweepInterval = 250 * time.Millisecond
	// relistenFor is how long Start tries to get its former port back.
	relistenFor   = 2 * time.Second
	relistenPause = 10 * time.Millisecond
	// fastestPing is the shortest keepalive interval a client may use.
	fastestPing = time.Second
)

// Options configures a simulated Auth Server. The zero value is usable.
type Options struct {
	// ClusterName is the cluster's name in Ping; default "simulated".
	ClusterName string
	// Listen is the TCP address to listen on; default "127.0.0.1:0", a free port.
	Listen string
	// Listener makes the listener of each Start, for connections inside the process; default is one on the network.
	Listener func(addr string) (net.Listener, error)
	// Version is the server version in Ping; default "15.3.1".
	Version string
	// AdvancedWorkflows announces the enterprise access request features in Ping.
	// It also lets roles use the fields that community builds refuse.
	AdvancedWorkflows bool
	// ProxyPublicAddr is the proxy's host:port in Ping; default none.
	ProxyPublicAddr string
	// Latency is added to the start of each RPC.
	Latency time.Duration
	// Clock tells the time, also for certificates; default time.Now.
	Clock func() time.Time
	// IDs is what the ids of requests are made of, for histories that can be repeated; default is version 7 UUIDs, as the observed server has.
	IDs io.Reader
	// ExpiryEvents makes watchers see a delete event when a request expires.
	// The observed server sends none promptly; expired requests always vanish from reads at once.
	ExpiryEvents bool
	// ConfirmMonitoringRules confirms access_monitoring_rule as a watch kind.
	// The observed server does not. Rules can be listed either way.
	ConfirmMonitoringRules bool
	// WatchBuffer is how many events a watcher may lag behind before its stream is
	// ended; default 8192.
	WatchBuffer int
	// Log receives a few lines about the server's life; default none.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.ClusterName == "" {
		o.ClusterName = "simulated"
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Version == "" {
		o.Version = "15.3.1"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.WatchBuffer <= 0 {
		o.WatchBuffer = 8192
	}
	if o.Listener == nil {
		o.Listener = listen
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server is a simulated Auth Server. All methods may be called at any time from
// any goroutine, also while it is stopped: state outlives Stop.
type Server struct {
	opts   Options
	ca     *authority
	faults faultSet
	calls  callCounter

	// mu guards what follows. The values in the maps are never changed once they
	// are stored: a change stores a new value, so readers may keep what they got.
	mu       sync.RWMutex
	users    map[string]*User
	requests map[string]*types.AccessRequestV3
	data     map[string]*types.PluginDataV3
	nodes    map[string]*types.ServerV2
	roles    map[string]*types.RoleV6
	rules    map[string]*rulespb.AccessMonitoringRule
	watchers map[*watcher]struct{}
	audit    []AuditEntry
	onChange func(types.AccessRequest)

	// runMu guards the listening half.
	runMu sync.Mutex
	addr  string
	run   *run
}

// run is one period between Start and Stop.
type run struct {
	grpc      *grpc.Server
	conns     *connTracker
	stopSweep chan struct{}
	done      sync.WaitGroup
}

// New makes a server with its own certificate authority and no users. It does
// not listen before Start.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	ca, err := newAuthority(opts.ClusterName, opts.Clock())
	if err != nil {
		return nil, fmt.Errorf("make certificate authority: %w", err)
	}
	return &Server{
		opts:     opts,
		ca:       ca,
		addr:     opts.Listen,
		users:    map[string]*User{},
		requests: map[string]*types.AccessRequestV3{},
		data:     map[string]*types.PluginDataV3{},
		nodes:    map[string]*types.ServerV2{},
		roles:    map[string]*types.RoleV6{},
		rules:    map[string]*rulespb.AccessMonitoringRule{},
		watchers: map[*watcher]struct{}{},
	}, nil
}

// Start listens and serves in the background. After a Stop it takes the former
// address again. Starting a running server does nothing.
func (s *Server) Start() error {
	s.runMu.Lock()
	defer s.runMu.Unlock()
	if s.run != nil {
		return nil
	}
	listener, err := s.opts.Listener(s.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.addr, err)
	}
	s.addr = listener.Addr().String()

	r := &run{conns: newConnTracker(listener), grpc: s.newGRPC(), stopSweep: make(chan struct{})}
	r.done.Go(func() {
		if err := r.grpc.Serve(r.conns); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			s.opts.Log.Error("simulated auth server ended", "error", err)
		}
	})
	r.done.Go(func() { s.sweepUntil(r.stopSweep) })
	s.run = r
	s.opts.Log.Info("simulated auth server listens", "addr", s.addr)
	return nil
}

func (s *Server) newGRPC() *grpc.Server {
	server := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(s.ca.serverTLS(s.opts.Clock))),
		grpc.ChainUnaryInterceptor(s.interceptUnary),
		grpc.ChainStreamInterceptor(s.interceptStream),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: fastestPing, PermitWithoutStream: true}),
	)
	proto.RegisterAuthServiceServer(server, &authService{s: s})
	userspb.RegisterUsersServiceServer(server, &usersService{s: s})
	rulespb.RegisterAccessMonitoringRulesServiceServer(server, &rulesService{s: s})
	return server
}

// Stop ends serving and cuts all connections. State and address are kept.
func (s *Server) Stop() {
	s.runMu.Lock()
	defer s.runMu.Unlock()
	if s.run == nil {
		return
	}
	close(s.run.stopSweep)
	s.run.grpc.Stop()
	s.run.done.Wait()
	s.run = nil
	s.opts.Log.Info("simulated auth server stopped", "addr", s.addr)
}

// Restart cuts all connections and listens on the same address again.
func (s *Server) Restart() error {
	s.Stop()
	return s.Start()
}

// Close stops the server for good.
func (s *Server) Close() { s.Stop() }

// Addr returns host:port of the listener; before the first Start it is
// Options.Listen.
func (s *Server) Addr() string {
	s.runMu.Lock()
	defer s.runMu.Unlock()
	return s.addr
}

// OnChange sets a function that is called after each creation, review and
// resolution of a request with its new version, outside of any lock. It must not
// change what it is given. Calls for different requests may overlap.
func (s *Server) OnChange(f func(types.AccessRequest)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = f
}

func (s *Server) changed(req *types.AccessRequestV3) {
	s.mu.RLock()
	f := s.onChange
	s.mu.RUnlock()
	if f != nil {
		f(req)
	}
}

func (s *Server) now() time.Time { return s.opts.Clock().UTC() }

// listen retries, because a client that dials a closed loopback port can hold it
// for a moment.
func listen(addr string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(relistenFor)
	for {
		listener, err := net.ListenTCP("tcp", tcp)
		if err == nil || time.Now().After(deadline) {
			return listener, err
		}
		<-time.After(relistenPause)
	}
}
