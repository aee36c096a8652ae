package pagerduty

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options configures a simulator; the zero value is a PagerDuty over plain HTTP with the Default users, schedules, policies
// and services.
type Options struct {
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// TLS is the server's TLS configuration with its certificate; nil means plain HTTP.
	TLS *tls.Config
	// Latency is added to every REST call.
	Latency time.Duration
	// Token is the account's API key; default [DefaultToken].
	Token string
	// BotEmail is the e-mail of the user in whose name the bridge acts; default [DefaultBotEmail]. The user is added unless
	// Users has them.
	BotEmail string
	// Users defaults to [DefaultUsers], Services to [DefaultServices], Policies to [DefaultPolicies], and Schedules to
	// [DefaultSchedules].
	Users     []User
	Services  []Service
	Policies  []Policy
	Schedules []Schedule
	// Priorities are the names, most severe first; default P1 to P5.
	Priorities []string
	// Actions are the names of the custom incident actions; default Approve and Deny.
	Actions []string
	// Webhooks says how deliveries are sent.
	Webhooks Sending
	// Clock stamps incidents and webhooks, and is what "on call now" goes by; default time.Now.
	Clock func() time.Time
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

// Sending says how webhooks are delivered.
type Sending struct {
	// RetryDelay is waited before each retry; default 1 second.
	RetryDelay time.Duration
	// Attempts is how often a delivery is tried at most; default 20. PagerDuty tries for 48 hours.
	Attempts int
	// Timeout is how long an answer is waited for; default 5 seconds, as with PagerDuty.
	Timeout time.Duration
	// Roots verifies receivers; nil means the system's.
	Roots *x509.CertPool
}

// Server is one simulated PagerDuty account. It keeps its incidents while it is stopped.
type Server struct {
	opt    Options
	log    *slog.Logger
	now    func() time.Time
	acc    *account
	shifts shifts
	store  *store
	routes []*route
	board  http.Handler
	faults faults
	sender *sender
	other  atomic.Int64 // calls that matched no route

	// telling is held from a change until its events are queued, so that events come in the order of the changes.
	telling sync.Mutex

	hookMu sync.RWMutex
	hooks  []func(Incident)

	life context.Context // ended by Close
	end  context.CancelFunc

	mu      sync.Mutex // guards what follows
	addr    string
	base    atomic.Pointer[string]
	running *http.Server
	done    chan struct{}
}

// New makes a simulator that does not listen yet. It fails where a name in the options leads nowhere.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	acc, err := newAccount(opt)
	if err != nil {
		return nil, err
	}
	s := &Server{opt: opt, log: opt.Log, now: opt.Clock, acc: acc, store: newStore(), addr: opt.Listen}
	s.shifts.load(acc.schedules)
	s.life, s.end = context.WithCancel(context.Background()) //nolint:forbidigo // the server's own life, ended by Close
	s.base.Store(new(string))
	s.sender = newSender(s)
	s.routes = s.restRoutes()
	s.board = s.boardHandler()
	return s, nil
}

func (o Options) withDefaults() Options {
	o.Listen = orDefault(o.Listen, "127.0.0.1:0")
	o.Token = orDefault(o.Token, DefaultToken)
	o.BotEmail = orDefault(o.BotEmail, DefaultBotEmail)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if !slices.ContainsFunc(o.Users, func(u User) bool { return strings.EqualFold(u.Email, o.BotEmail) }) {
		o.Users = append(slices.Clip(o.Users), User{ID: "PBOT001", Name: "Access Bridge", Email: o.BotEmail})
	}
	// The parts name one another, so the defaults come together or not at all.
	if o.Services == nil && o.Policies == nil && o.Schedules == nil {
		o.Services, o.Policies, o.Schedules = DefaultServices(), DefaultPolicies(), DefaultSchedules(o.Clock())
	}
	if o.Priorities == nil {
		o.Priorities = []string{"P1", "P2", "P3", "P4", "P5"}
	}
	if o.Actions == nil {
		o.Actions = []string{"Approve", "Deny"}
	}
	o.Webhooks.RetryDelay = orDefault(o.Webhooks.RetryDelay, time.Second)
	o.Webhooks.Attempts = orDefault(o.Webhooks.Attempts, 20)
	o.Webhooks.Timeout = orDefault(o.Webhooks.Timeout, 5*time.Second)
	return o
}

func orDefault[T comparable](value, otherwise T) T {
	if value == *new(T) {
		return otherwise
	}
	return value
}

// Start listens and serves until [Server.Stop] or [Server.Close].
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return errors.New("pagerduty simulator: it is already started")
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(s.life, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("pagerduty simulator: listen on %s: %w", s.addr, err)
	}
	s.addr = ln.Addr().String()
	scheme := "http"
	if s.opt.TLS != nil {
		scheme = "https"
		conf := s.opt.TLS.Clone()
		conf.NextProtos = []string{"http/1.1"} // a fault must be able to cut the connection of one call
		ln = tls.NewListener(ln, conf)
	}
	base := scheme + "://" + s.addr
	s.base.Store(&base)

	s.done = make(chan struct{})
	s.running = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return s.life },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	go func(srv *http.Server, done chan struct{}) {
		defer close(done)
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulator stopped serving", "error", err)
		}
	}(s.running, s.done)
	return nil
}

// Stop closes the listener and every connection, as if PagerDuty were down. Incidents, subscriptions and faults stay.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return
	}
	if err := s.running.Close(); err != nil {
		s.log.Debug("closing the listener failed", "error", err)
	}
	<-s.done
	s.running = nil
}

// Restart stops the simulator, if it runs, and starts it again on the same address with the same incidents.
func (s *Server) Restart() error {
	s.Stop()
	return s.Start()
}

// Close stops the simulator for good, with its webhook sender; deliveries that still wait are given up.
func (s *Server) Close() {
	s.end()
	s.Stop()
	s.sender.client.CloseIdleConnections()
}

// URL is the base URL, without a slash at the end; empty before the first Start.
func (s *Server) URL() string { return *s.base.Load() }

// BoardURL is the address of the responder's page.
func (s *Server) BoardURL() string { return s.URL() + "/board" }

// OnIncident adds a hook that is called after each creation and each change of an incident, before the call that caused it
// is answered. It must not block.
func (s *Server) OnIncident(hook func(Incident)) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.hooks = append(s.hooks, hook)
}

func (s *Server) notifyHooks(incident *Incident) {
	s.hookMu.RLock()
	defer s.hookMu.RUnlock()
	for _, hook := range s.hooks {
		hook(*incident)
	}
}
