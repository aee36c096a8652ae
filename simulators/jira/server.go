package jira

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Flavour says which Jira product the simulator stands in for.
type Flavour int

// The flavours differ in API versions, users, search, paging and the order of the changelog.
const (
	Cloud Flavour = iota
	DataCenter
)

// String is "cloud" or "datacenter".
func (f Flavour) String() string {
	if f == DataCenter {
		return "datacenter"
	}
	return "cloud"
}

// Options configures a simulator; the zero value is a Jira Cloud over plain HTTP with project ACC and [DefaultUsers].
type Options struct {
	Flavour Flavour
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// TLS is the server's TLS configuration with its certificate; nil means plain HTTP.
	TLS *tls.Config
	// BasePath puts everything below a path, for example "/jira".
	BasePath string
	// Latency is added to every REST call.
	Latency time.Duration
	// IndexLag is how long JQL keeps answering from before a change; reads by key are never late.
	IndexLag time.Duration
	// HistoryOldestFirst turns the changelog of an issue read round on Cloud, which answers newest first.
	HistoryOldestFirst bool
	// HistoryNewestFirst turns it round on Data Center, which answers oldest first.
	HistoryNewestFirst bool
	// HideEmails leaves e-mail addresses of others out, as Cloud does for people who keep theirs private.
	HideEmails bool
	// IgnoreUnknownKeys makes JQL skip an issue key that does not exist; otherwise it is an error (400).
	IgnoreUnknownKeys bool
	// Projects defaults to [DefaultProject] with key ACC.
	Projects []Project
	// Users defaults to [DefaultUsers].
	Users []User
	// Clock stamps issues, comments, history and webhooks, and is what relative JQL dates and IndexLag count from;
	// default time.Now.
	Clock func() time.Time
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

// Server is one simulated Jira site. It keeps its issues while it is stopped.
type Server struct {
	opt    Options
	log    *slog.Logger
	now    func() time.Time
	cat    atomic.Pointer[catalog]
	catMu  sync.Mutex // one change of the catalog at a time
	store  *store
	routes []*route
	board  http.Handler
	faults faults
	sender *sender
	other  atomic.Int64 // calls that matched no route

	hookMu sync.RWMutex
	hooks  []func(Issue)

	life context.Context // ended by Close
	end  context.CancelFunc

	mu      sync.Mutex // guards what follows
	addr    string
	base    atomic.Pointer[string]
	running *http.Server
	done    chan struct{}
}

// New makes a simulator that does not listen yet. It fails on a contradictory project or user list.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	cat, err := newCatalog(opt.Projects, opt.Users)
	if err != nil {
		return nil, err
	}
	s := &Server{opt: opt, log: opt.Log, now: opt.Clock, store: newStore(opt.IndexLag), addr: opt.Listen}
	s.life, s.end = context.WithCancel(context.Background()) //nolint:forbidigo // the server's own life, ended by Close
	s.cat.Store(cat)
	s.base.Store(new(string))
	s.sender = newSender(s)
	s.routes = s.restRoutes()
	s.board = s.boardHandler()
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	o.BasePath = strings.TrimSuffix(o.BasePath, "/")
	if o.BasePath != "" && !strings.HasPrefix(o.BasePath, "/") {
		o.BasePath = "/" + o.BasePath
	}
	if o.Projects == nil {
		o.Projects = []Project{DefaultProject("ACC")}
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Start listens and serves until [Server.Stop] or [Server.Close].
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return errors.New("jira simulator: it is already started")
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(s.life, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("jira simulator: listen on %s: %w", s.addr, err)
	}
	s.addr = ln.Addr().String()
	scheme := "http"
	if s.opt.TLS != nil {
		scheme = "https"
		conf := s.opt.TLS.Clone()
		conf.NextProtos = []string{"http/1.1"} // a fault must be able to cut the connection of one call
		ln = tls.NewListener(ln, conf)
	}
	base := scheme + "://" + s.addr + s.opt.BasePath
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

// Stop closes the listener and every connection, as if Jira were down. Issues, webhooks and faults stay.
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

// Restart stops the simulator, if it runs, and starts it again on the same address with the same issues.
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

// URL is the base URL including BasePath, without a slash at the end; empty before the first Start.
func (s *Server) URL() string { return *s.base.Load() }

// BoardURL is the address of the board page.
func (s *Server) BoardURL() string { return s.URL() + "/board" }

// OnIssue adds a hook that is called after each creation and each transition, before the call that caused it is answered.
// It must not block.
func (s *Server) OnIssue(hook func(Issue)) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.hooks = append(s.hooks, hook)
}

func (s *Server) notifyHooks(issue *Issue) {
	s.hookMu.RLock()
	defer s.hookMu.RUnlock()
	for _, hook := range s.hooks {
		hook(*issue)
	}
}

// userID is what identifies a user in this flavour.
func (s *Server) userID(u *User) string {
	if u == nil {
		return ""
	}
	if s.opt.Flavour == Cloud {
		return u.AccountID
	}
	return u.Name
}
