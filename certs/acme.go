package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/caddyserver/certmagic"
)

// ACMEOptions say how to get a certificate from an ACME certificate authority.
type ACMEOptions struct {
	// Domains are the names to get certificates for.
	Domains []string
	// Email is where the authority sends notices; may be empty.
	Email string
	// Directory is the authority's directory address; Let's Encrypt when empty.
	Directory string
	// CacheDir is the folder where account, keys and certificates are kept across restarts.
	CacheDir string
	// AgreeTOS says that the operator agrees to the authority's terms of service. It must be true.
	AgreeTOS bool
	// MinVersion is the oldest TLS version, as ServerConfig takes it.
	MinVersion string
	// Roots are the authorities trusted for the connection to the directory; nil for the system's.
	Roots *x509.CertPool
	Log   *slog.Logger
}

func (o ACMEOptions) validate() error {
	var missing []error
	if len(o.Domains) == 0 {
		missing = append(missing, errors.New("acme: no domains are given"))
	}
	if o.CacheDir == "" {
		missing = append(missing, errors.New("acme: no cache folder is given"))
	}
	if !o.AgreeTOS {
		missing = append(missing, errors.New("acme: the authority's terms of service are not agreed to"))
	}
	return errors.Join(missing...)
}

// ACME returns the TLS configuration of a listener whose certificates come from an ACME authority and are renewed until the
// context ends. It does not wait for the first certificate: until it is there, handshakes fail. The authority's TLS-ALPN
// challenge (RFC 8737) comes to the very same listener, on port 443 as the authority sees it.
func ACME(ctx context.Context, o ACMEOptions) (*tls.Config, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.CacheDir, 0o700); err != nil {
		return nil, fmt.Errorf("acme cache: %w", err)
	}
	host, port, err := placeholder(ctx)
	if err != nil {
		return nil, err
	}
	log := zapLogger(o.Log)
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
		Logger:           log,
	})
	context.AfterFunc(ctx, cache.Stop)
	magic = certmagic.New(cache, certmagic.Config{Storage: &certmagic.FileStorage{Path: o.CacheDir}, Logger: log})
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA:                   o.Directory,
		Email:                o.Email,
		Agreed:               o.AgreeTOS,
		DisableHTTPChallenge: true,
		ListenHost:           host,
		AltTLSALPNPort:       port,
		TrustedRoots:         o.Roots,
		Logger:               log,
	})}
	if err := magic.ManageAsync(ctx, o.Domains); err != nil {
		return nil, fmt.Errorf("acme: %w", err)
	}
	config := ServerConfig(magic.GetCertificate, o.MinVersion)
	config.NextProtos = append(config.NextProtos, magic.TLSConfig().NextProtos...)
	return config, nil
}

// placeholder opens a loopback port until the context ends and returns where. certmagic opens a listener of its own for a
// challenge unless the port it is told is taken; ours may not be open yet, or be another than 443, so it is told this one. The
// challenge itself is answered by the configuration that ACME returns.
func placeholder(ctx context.Context) (host string, port int, err error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", 0, fmt.Errorf("acme: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return "", 0, errors.New("acme: the loopback listener has no port")
	}
	return address.IP.String(), address.Port, nil
}
