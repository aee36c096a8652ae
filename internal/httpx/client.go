package httpx

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/time/rate"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultMaxBody  = 8 << 20
	defaultMaxConns = 32
	maxRedirects    = 5
)

// Options describe the client of one vendor account.
type Options struct {
	// Integration is the configured name of the integration, for logs.
	Integration string
	// Timeout is the longest time for one call, with reading its answer; 30 seconds when zero.
	Timeout time.Duration
	// ProxyURL is the outbound proxy; empty means what the environment says (HTTPS_PROXY, NO_PROXY).
	ProxyURL string
	// CAFile is a PEM file with certificates to trust in addition to the system's.
	CAFile string
	// MaxConns bounds the connections to one host; 32 when zero.
	MaxConns int
	// RatePerSecond bounds the calls per second, with Burst calls at once; zero means no bound.
	RatePerSecond float64
	// Burst is the number of calls that may start at once; when zero, one second's worth.
	Burst int
	// MaxBody bounds an answer's body in bytes; 8 MiB when zero. Reading beyond it fails.
	MaxBody int64
	// Observe is told of every call that was sent: its method, the status of the answer (0 for none), and how long it took until the
	// answer's header.
	Observe func(method string, code int, took time.Duration)
	// Log receives the changes of the account's state; nil means none.
	Log *slog.Logger
	// Transport replaces the network below all limits and guards; TLS, proxy and connection options are then unused.
	Transport http.RoundTripper
}

// New builds the client of one vendor account and the account itself, whose state a status page can show.
func New(o Options) (*http.Client, *Account, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	traced := o.Transport == nil
	if traced {
		t, err := newTransport(o)
		if err != nil {
			return nil, nil, err
		}
		o.Transport = t
	}
	account := newAccount(o.Log.With("integration", o.Integration))
	g := &guard{
		next:    o.Transport,
		account: account,
		limiter: newLimiter(o.RatePerSecond, o.Burst),
		agent:   UserAgent(),
		maxBody: o.MaxBody,
		observe: o.Observe,
		traced:  traced,
	}
	return &http.Client{Transport: g, Timeout: o.Timeout, CheckRedirect: checkRedirect}, account, nil
}

// UserAgent is the name the product gives itself towards vendors.
func UserAgent() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return "accessbridge/" + info.Main.Version
	}
	return "accessbridge/devel"
}

func newTransport(o Options) (*http.Transport, error) {
	proxy := http.ProxyFromEnvironment
	if o.ProxyURL != "" {
		u, err := url.Parse(o.ProxyURL)
		if err != nil || u.Host == "" {
			// The address may hold a password: it is not repeated.
			return nil, errors.New("the proxy is not an address such as http://proxy.example.com:3128")
		}
		proxy = http.ProxyURL(u)
	}
	roots, err := loadRoots(o.CAFile)
	if err != nil {
		return nil, err
	}
	conns := o.MaxConns
	if conns <= 0 {
		conns = defaultMaxConns
	}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: o.Timeout,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		MaxConnsPerHost:       conns,
		MaxIdleConns:          conns,
		MaxIdleConnsPerHost:   conns,
		IdleConnTimeout:       90 * time.Second,
	}, nil
}

// loadRoots returns the system's roots with those of the file; nil, which means the system's, without a file.
func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the CA file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the CA file %s holds no certificate in PEM form", file)
	}
	return roots, nil
}

func newLimiter(perSecond float64, burst int) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	if burst <= 0 {
		burst = max(1, int(perSecond))
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst)
}

// checkRedirect follows a redirect only where it cannot hand the credentials to another host nor turn a write into a read. Any
// other redirect is left as the answer, which Classify calls a fault of the configured address.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	same := next.URL.Scheme == first.URL.Scheme && next.URL.Host == first.URL.Host
	if !same || first.Method != http.MethodGet || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}
