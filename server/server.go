// Package server is the composition root: it turns the configuration into parts, runs them, and stops them in order. It is the only
// package that knows all others.
package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/internal/audit"
	"github.com/accessbridge/accessbridge/internal/footprint"
	"github.com/accessbridge/accessbridge/policy"
)

// Options are what a server is given beside its configuration.
type Options struct {
	Version string
	// DryRun keeps the bridge from doing anything outside: it says what it would do.
	DryRun bool
	Log    *slog.Logger
	// Kinds replaces the built-in integrations, Journal the configured audit sink, when they are set.
	Kinds   map[string]integrations.Kind
	Journal bridge.Journal
	// Outside replaces what lies outside of the process; the zero value is the real world.
	Outside Outside
}

// Server is one instance of the bridge.
type Server struct {
	cfg       *config.Config
	version   string
	instance  string
	dryRun    bool
	log       *slog.Logger
	metrics   *metrics
	journal   bridge.Journal
	outside   Outside
	close     []func() error
	policy    *policy.Policy
	texts     *text.Set
	instances []*integrations.Instance

	public, admin net.Listener
	tls           *tls.Config
	background    []func(context.Context) error
	// live is nil until the bridge is connected to Teleport; ready while it does its work.
	live  atomic.Pointer[running]
	ready readiness
}

// New builds everything that needs no network and opens both listeners, so that every fault of the configuration or the machine shows
// before anything starts.
func New(ctx context.Context, cfg *config.Config, o Options) (*Server, error) {
	s := &Server{cfg: cfg, version: o.Version, instance: cmp.Or(o.Outside.Instance, instanceName()), dryRun: o.DryRun, log: o.Log, metrics: newMetrics(o.Version), journal: o.Journal, outside: o.Outside}
	if o.Kinds == nil {
		o.Kinds = integrations.Builtin()
	}
	steps := []func() error{
		s.openJournal,
		func() (err error) { s.policy, err = compilePolicy(cfg); return err },
		func() (err error) { s.texts, err = compileTexts(cfg, s.log); return err },
		func() error { return s.build(o.Kinds) },
		func() error { return newGroups(groupSources(s.instances), routes(cfg), nil, s.log).unserved() },
		func() error { return s.prepareTLS(ctx) },
		func() error { return s.listen(ctx) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, errors.Join(err, s.release())
		}
	}
	s.metrics.registry.MustRegister(newGauges(s.live.Load))
	return s, nil
}

// instanceName tells this process from all others that share the links, restarts of itself included.
func instanceName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // It never fails, says its documentation.
	return host + "-" + hex.EncodeToString(random[:])
}

func (s *Server) openJournal() error {
	if s.journal != nil {
		return nil
	}
	a := s.cfg.Audit
	failures := counter("audit_failures_total", "Audit entries that an output did not take and that are in the log instead.", "output")
	journal, err := audit.Open(audit.Options{
		Output: a.Output, File: a.File, MaxSize: a.MaxSize.Bytes(), Keep: a.Keep, Instance: s.instance, Log: s.log,
		Failed: func(output string) { failures.WithLabelValues(output).Inc() },
	})
	if err != nil {
		return err
	}
	s.metrics.registry.MustRegister(failures)
	for _, output := range journal.Outputs() {
		failures.WithLabelValues(output)
	}
	s.journal = journal
	s.close = append(s.close, journal.Close)
	return nil
}

func (s *Server) build(kinds map[string]integrations.Kind) error {
	for _, c := range s.cfg.Integrations {
		instance, err := kinds[c.Type].New(c.Name, c.Config, integrations.Options{
			Log: s.log.With("integration", c.Name), Observe: s.metrics.vendorCall(c.Name), Targets: targets(s.cfg, c.Name),
			Transport: s.outside.vendor(c.Name),
		})
		if err != nil {
			return fmt.Errorf("integration %q: %w", c.Name, err)
		}
		s.instances = append(s.instances, instance)
		s.metrics.startAtZero(c.Name)
	}
	return nil
}

// Addr is the address of the public listener.
func (s *Server) Addr() net.Addr { return s.public.Addr() }

// AdminAddr is the address of the private listener.
func (s *Server) AdminAddr() net.Addr { return s.admin.Addr() }

// Ready returns why the bridge is not ready, nil when it is.
func (s *Server) Ready() error { return s.ready.err() }

// Run works until ctx ends, or until a fault that a person has to mend. It stops in order: nothing new is begun and no more webhooks are taken,
// runs at work are finished and written down, the watch ends, the connection to Teleport is closed, and last the private listener.
func (s *Server) Run(ctx context.Context) error {
	// The parts outlive ctx, because they are needed while the work is being finished.
	parts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, parts := errgroup.WithContext(parts)
	public, admin := s.servers()
	group.Go(func() error { return served(public.ServeTLS(s.public, "", "")) })
	group.Go(func() error { return served(admin.Serve(s.admin)) })
	for _, run := range s.background {
		group.Go(func() error { return run(parts) })
	}
	s.log.Info("accessbridge started", "version", s.version, "listen", s.public.Addr().String(), "admin", s.admin.Addr().String(),
		"instance", s.instance, "dry_run", s.dryRun)

	working, rest := context.WithCancel(parts)
	defer rest()
	stopped := context.AfterFunc(ctx, func() {
		s.ready.down()
		// A delivery that is still answered meanwhile is a hint that the next start finds by itself.
		rest()
		s.shutdown(public)
	})
	defer stopped()
	defer context.AfterFunc(working, s.ready.down)()
	group.Go(func() error {
		defer stop()
		err := s.work(working, parts)
		s.shutdown(public)
		s.shutdown(admin)
		return err
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	err = errors.Join(err, s.release())
	s.log.Info("accessbridge stopped", "clean", err == nil)
	return err
}

// work runs the bridge until working ends. The parts keep running until the last run at work is written down.
func (s *Server) work(working, parts context.Context) error {
	r, err := s.connect(working)
	if err != nil {
		return err
	}
	feeding, dry := context.WithCancel(parts)
	feeds, feeding := errgroup.WithContext(feeding)
	feeds.Go(func() error { return r.client.Run(feeding) })
	feeds.Go(func() error { return r.requests.Run(feeding) })
	feeds.Go(func() error { return r.directory.Run(feeding) })
	feeds.Go(func() error { return r.groups.Run(feeding) })
	defer func() {
		dry()
		if err := feeds.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			s.log.Warn("a part of the Teleport connection ended with an error", "error", err)
		}
		if err := r.client.Close(); err != nil {
			s.log.Debug("connection to Teleport not closed cleanly", "error", err)
		}
	}()
	start := time.Now()
	if err := r.load(working, s.log); err != nil {
		r.engine.Close()
		return err
	}
	s.live.Store(r)
	s.ready.up()
	s.log.Info("ready", "cluster", r.client.Cluster(), "teleport_version", r.client.ServerVersion(), "user", r.client.Self(), "took", time.Since(start))
	if err := footprint.Trim(); err != nil {
		s.log.Debug("memory of the start not given back", "error", err)
	}
	r.engine.Run(working)
	return nil
}

// release closes what New has opened.
func (s *Server) release() error {
	var faults []error
	for _, l := range []net.Listener{s.public, s.admin} {
		if l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				faults = append(faults, err)
			}
		}
	}
	for _, c := range s.close {
		faults = append(faults, c())
	}
	return errors.Join(faults...)
}
