package jira

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
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
	// Users defaults to [DefaultUsers], and Groups to [DefaultGroups] where neither is given.
	Users  []User
	Groups []Group
	// Clock stamps issues, comments, history and webhooks, and is what relative JQL dates and IndexLag count from;
	// default time.Now.
	Clock func() time.Time
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

// Server is one simulated Jira site. It keeps its issues while it is stopped.
type Server struct {
	*standin.Server[*call]
	opt     Options
	now     func() time.Time
	cat     atomic.Pointer[catalog]
	catMu   sync.Mutex // one change of the catalog at a time
	store   *store
	hooks   webhooks
	onIssue standin.Hooks[Issue]
}

// New makes a simulator that does not listen yet. It fails on a contradictory project or user list.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	cat, err := newCatalog(opt.Projects, opt.Users)
	if err != nil {
		return nil, err
	}
	if err := cat.checkGroups(opt.Groups); err != nil {
		return nil, err
	}
	s := &Server{opt: opt, now: opt.Clock, store: newStore(opt.IndexLag)}
	s.cat.Store(cat)
	s.Server = standin.New(standin.Options{
		Name: "jira simulator", Listen: opt.Listen, TLS: opt.TLS, BasePath: opt.BasePath, Latency: opt.Latency,
		Clock: s.stamp, Log: opt.Log,
	}, s.dialect(), sending())
	s.addRoutes()
	s.Show("/board", s.page())
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Projects == nil {
		o.Projects = []Project{DefaultProject("ACC")}
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
		if o.Groups == nil {
			o.Groups = DefaultGroups()
		}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

// OnIssue adds a hook that is called after each creation and each transition, before the call that caused it is answered.
// It must not block.
func (s *Server) OnIssue(hook func(Issue)) { s.onIssue.Add(hook) }

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
