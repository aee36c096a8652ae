package standin

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options are what the servers of all vendors have in common.
type Options struct {
	// Name begins the texts of errors, for example "jira simulator".
	Name string
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// TLS is the server's TLS configuration with its certificate; nil means plain HTTP.
	TLS *tls.Config
	// BasePath puts everything below a path, for example "/jira"; slashes around it do not matter.
	BasePath string
	// Latency is added to every REST call.
	Latency time.Duration
	// Clock stamps deliveries; default time.Now.
	Clock func() time.Time
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.BasePath = strings.Trim(o.BasePath, "/"); o.BasePath != "" {
		o.BasePath = "/" + o.BasePath
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server is the part of a simulated vendor that is the same for all. C is the vendor's own kind of a call, which its
// [Dialect] makes of a [Call]. Make it with [New], then add routes and the page, then start it.
type Server[C any] struct {
	*life
	*Sender
	rest[C]
	opt      Options
	page     http.Handler
	pagePath string
}

// New makes a server that does not listen yet and has no routes.
func New[C any](opt Options, dialect Dialect[C], sending Sending) *Server[C] {
	opt = opt.withDefaults()
	s := &Server[C]{opt: opt, page: http.NotFoundHandler()}
	s.life = newLife(opt, s)
	s.rest = rest[C]{opt: opt, dialect: dialect}
	s.Sender = newSender(s.life.ended, opt, sending)
	return s
}

// Show puts the vendor's page below a path such as "/board". Calls of the page are not counted, delayed or broken.
func (s *Server[C]) Show(path string, page Page) {
	s.pagePath = path
	s.page = page.handler(s.opt.Name, s.opt.BasePath+path, s.opt.Log)
}

// BoardURL is the address of the page.
func (s *Server[C]) BoardURL() string { return s.URL() + s.pagePath }

// BasePath is the path that everything is below, such as "/jira", or empty.
func (s *Server[C]) BasePath() string { return s.opt.BasePath }

// ServeHTTP answers the REST API and the page.
func (s *Server[C]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), s.opt.BasePath)
	switch {
	case !below || (path != "" && path[0] != '/'):
		http.NotFound(w, r)
	case s.pagePath != "" && (path == s.pagePath || strings.HasPrefix(path, s.pagePath+"/")):
		s.page.ServeHTTP(w, r)
	default:
		s.serveREST(w, r, "/"+strings.Trim(path, "/"))
	}
}
