package standin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// life listens, stops and comes back on the same address. What the vendor holds stays meanwhile.
type life struct {
	opt     Options
	handler http.Handler
	ended   context.Context // ended by Close
	end     context.CancelFunc
	base    atomic.Pointer[string]

	mu      sync.Mutex // guards what follows
	addr    string
	running *http.Server
	done    chan struct{}
}

func newLife(opt Options, handler http.Handler) *life {
	l := &life{opt: opt, handler: handler, addr: opt.Listen}
	l.ended, l.end = context.WithCancel(context.Background()) //nolint:forbidigo // the server's own life, ended by Close
	l.base.Store(new(string))
	return l
}

// Start listens and serves until Stop or Close. It fails where it is started already or closed, or the address is taken.
func (l *life) Start() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running != nil {
		return errors.New(l.opt.Name + ": it is already started")
	}
	if l.ended.Err() != nil {
		return errors.New(l.opt.Name + ": it is closed")
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(l.ended, "tcp", l.addr)
	if err != nil {
		return fmt.Errorf("%s: listen on %s: %w", l.opt.Name, l.addr, err)
	}
	l.addr = ln.Addr().String()
	scheme := "http"
	if l.opt.TLS != nil {
		scheme = "https"
		conf := l.opt.TLS.Clone()
		conf.NextProtos = []string{"http/1.1"} // a fault must be able to cut the connection of one call
		ln = tls.NewListener(ln, conf)
	}
	base := scheme + "://" + l.addr + l.opt.BasePath
	l.base.Store(&base)

	l.done = make(chan struct{})
	l.running = &http.Server{
		Handler:           l.handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return l.ended },
		ErrorLog:          slog.NewLogLogger(l.opt.Log.Handler(), slog.LevelDebug),
	}
	go l.serve(l.running, ln, l.done)
	return nil
}

func (l *life) serve(srv *http.Server, ln net.Listener, done chan struct{}) {
	defer close(done)
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		l.opt.Log.Error("simulator stopped serving", "error", err)
	}
}

// Stop closes the listener and every connection, as if the vendor were down. What it holds stays, with webhooks and faults.
// It may be called twice.
func (l *life) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == nil {
		return
	}
	if err := l.running.Close(); err != nil {
		l.opt.Log.Debug("closing the listener failed", "error", err)
	}
	<-l.done
	l.running = nil
}

// Restart stops the simulator, if it runs, and starts it again on the same address with what it held.
func (l *life) Restart() error {
	l.Stop()
	return l.Start()
}

// Close stops the simulator for good, with its webhook sender; deliveries that still wait are given up.
func (l *life) Close() {
	l.end()
	l.Stop()
}

// URL is the base URL with the base path, without a slash at the end; empty before the first Start.
func (l *life) URL() string { return *l.base.Load() }

// Life is done when the simulator was closed: what it still does by itself ends then.
func (l *life) Life() context.Context { return l.ended }
