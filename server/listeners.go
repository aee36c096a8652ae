package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/handlers"
)

// The limits of both listeners. A vendor sends one small body per delivery; whoever is slower than this is not a vendor.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 15 * time.Second
	idleTimeout   = 2 * time.Minute
	headerBytes   = 32 << 10
	stopWithin    = 5 * time.Second
)

func (s *Server) listen(ctx context.Context) (err error) {
	if s.public, err = s.outside.listen(ctx, "tcp", s.cfg.Server.Listen); err != nil {
		return fmt.Errorf("opening server.listen: %w", err)
	}
	if s.admin, err = s.outside.listen(ctx, "tcp", s.cfg.Admin.Listen); err != nil {
		return fmt.Errorf("opening admin.listen: %w", err)
	}
	return nil
}

// prepareTLS makes the certificate of the public listener ready: from files, which are read again when they change, or by ACME.
func (s *Server) prepareTLS(ctx context.Context) error {
	if s.outside.TLS != nil {
		s.tls = s.outside.TLS
		return nil
	}
	t := s.cfg.Server.TLS
	if t.ACME != nil {
		managed, err := certs.ACME(ctx, certs.ACMEOptions{
			Domains: t.ACME.Domains, Email: t.ACME.Email, Directory: t.ACME.Directory, CacheDir: t.ACME.CacheDir, AgreeTOS: t.ACME.AgreeTOS,
			MinVersion: t.MinVersion, Log: s.log,
		})
		if err != nil {
			return fmt.Errorf("getting a certificate by ACME: %w", err)
		}
		s.tls = managed
		return nil
	}
	files, err := certs.Files(t.CertFile, t.KeyFile, s.log)
	if err != nil {
		return fmt.Errorf("loading the server certificate: %w", err)
	}
	s.background = append(s.background, files.Run)
	s.metrics.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "certificate_expiry_seconds", Help: "Seconds until the certificate of the webhook listener expires.",
	}, func() float64 { return time.Until(files.Expires()).Seconds() }))
	s.tls = certs.ServerConfig(files.GetCertificate, t.MinVersion)
	return nil
}

func (s *Server) servers() (public, admin *http.Server) {
	webhooks := &handlers.Webhooks{Sources: map[string]bridge.WebhookSource{}, Hint: s.hint, Count: s.metrics.delivered, Log: s.log}
	for _, i := range s.instances {
		if i.Webhooks != nil {
			webhooks.Sources[i.Ticketer.Name()] = i.Webhooks
		}
	}
	router := handlers.NewRouter(handlers.RouterOptions{
		TrustedProxies: networks(s.cfg.Server.TrustedProxies), RatePerSecond: s.cfg.Server.RateLimit.PerSecond,
		Burst: s.cfg.Server.RateLimit.Burst, Log: s.log,
	})
	webhooks.Register(router)
	private := handlers.NewAdminRouter(s.log)
	(&handlers.Admin{Ready: s.Ready, Status: func() any { return s.Status() }, Metrics: s.metrics.handler()}).Register(private)
	return s.httpServer(router, s.tls), s.httpServer(private, nil)
}

// hint passes a webhook's hint on. Before the bridge is connected a hint is dropped, because the first listing finds the same.
func (s *Server) hint(integration string, h bridge.Hint) bool {
	r := s.live.Load()
	return r != nil && r.engine.Hint(integration, h)
}

func (s *Server) httpServer(h http.Handler, t *tls.Config) *http.Server {
	server := &http.Server{
		Handler: h, TLSConfig: t, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		// Handshakes that fail are the sender's affair and come in any number.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	new(unused).watch(server)
	return server
}

// shutdown lets deliveries under way be answered. Connections that are still open afterwards are cut.
func (s *Server) shutdown(h *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin) //nolint:forbidigo // Whatever ended the server must not cut this short.
	defer cancel()
	if err := h.Shutdown(ctx); err != nil {
		s.log.Warn("listener not stopped in time, its connections are cut", "error", errors.Join(err, h.Close()))
	}
}

// served drops the error that a stopped listener always returns.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// networks parses the trusted proxies, which the configuration has already checked.
func networks(list []string) []*net.IPNet {
	var all []*net.IPNet
	for _, text := range list {
		if _, network, err := net.ParseCIDR(text); err == nil {
			all = append(all, network)
		}
	}
	return all
}
