package certs

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

// acmeServer is the least ACME certificate authority (RFC 8555): one account, one order, the TLS-ALPN challenge (RFC 8737). It does
// not verify signatures, but it does what matters here: it proves the domain at the listener, and signs.
type acmeServer struct {
	*httptest.Server
	ca     *authority
	target string // where the domain leads

	mu         sync.Mutex
	thumbprint string
	domain     string
	proven     error
	tried      bool
	chain      []byte
	agreed     bool
}

const acmeToken = "dG9rZW4tZm9yLXRoZS1jaGFsbGVuZ2U"

func newACMEServer(t *testing.T, target string) *acmeServer {
	t.Helper()
	ca, err := newAuthority(24 * time.Hour)
	require.NoError(t, err)
	a := &acmeServer{ca: ca, target: target}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", func(w http.ResponseWriter, _ *http.Request) {
		a.answer(w, http.StatusOK, map[string]any{
			"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/new-order",
			"revokeCert": a.URL + "/revoke", "keyChange": a.URL + "/key",
		})
	})
	mux.HandleFunc("/nonce", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, http.StatusOK, nil) })
	mux.HandleFunc("POST /account", a.account)
	mux.HandleFunc("POST /new-order", a.newOrder)
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, http.StatusOK, a.order()) })
	mux.HandleFunc("POST /authorization", a.authorization)
	mux.HandleFunc("POST /challenge", a.challenge)
	mux.HandleFunc("POST /finalize", a.finalize)
	mux.HandleFunc("POST /certificate", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(a.chain)
	})
	a.Server = httptest.NewTLSServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *acmeServer) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Replay-Nonce", fmt.Sprintf("n%d", time.Now().UnixNano()))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

// payload decodes what a request carries, and its protected header.
func payload(r *http.Request, header, body any) {
	var jws struct{ Protected, Payload string }
	_ = json.NewDecoder(r.Body).Decode(&jws)
	for text, into := range map[string]any{jws.Protected: header, jws.Payload: body} {
		if decoded, err := base64.RawURLEncoding.DecodeString(text); err == nil && into != nil {
			_ = json.Unmarshal(decoded, into)
		}
	}
}

func (a *acmeServer) account(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var header struct {
		JWK struct {
			Crv string `json:"crv"`
			Kty string `json:"kty"`
			X   string `json:"x"`
			Y   string `json:"y"`
		} `json:"jwk"`
	}
	var body struct {
		TermsOfServiceAgreed bool `json:"termsOfServiceAgreed"`
	}
	payload(r, &header, &body)
	canonical, _ := json.Marshal(header.JWK) // the fields stand in the order that RFC 7638 wants
	sum := sha256.Sum256(canonical)
	a.thumbprint, a.agreed = base64.RawURLEncoding.EncodeToString(sum[:]), body.TermsOfServiceAgreed
	w.Header().Set("Location", a.URL+"/account/1")
	a.answer(w, http.StatusCreated, map[string]any{"status": "valid", "orders": a.URL + "/orders"})
}

func (a *acmeServer) newOrder(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Identifiers []struct{ Value string } `json:"identifiers"`
	}
	payload(r, nil, &body)
	a.mu.Lock()
	a.domain = body.Identifiers[0].Value
	a.mu.Unlock()
	w.Header().Set("Location", a.URL+"/order")
	a.answer(w, http.StatusCreated, a.order())
}

func (a *acmeServer) order() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	order := map[string]any{
		"status": "pending", "identifiers": []any{map[string]string{"type": "dns", "value": a.domain}},
		"authorizations": []string{a.URL + "/authorization"}, "finalize": a.URL + "/finalize",
	}
	switch {
	case a.chain != nil:
		order["status"], order["certificate"] = "valid", a.URL+"/certificate"
	case a.tried && a.proven == nil:
		order["status"] = "ready"
	}
	return order
}

func (a *acmeServer) authorization(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	status := "pending"
	if a.tried {
		status = "valid"
		if a.proven != nil {
			status = "invalid"
		}
	}
	a.answer(w, http.StatusOK, map[string]any{
		"status": status, "identifier": map[string]string{"type": "dns", "value": a.domain},
		"challenges": []any{map[string]string{"type": "tls-alpn-01", "url": a.URL + "/challenge", "token": acmeToken, "status": status}},
	})
}

func (a *acmeServer) challenge(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.proven, a.tried = a.prove(r.Context()), true
	a.answer(w, http.StatusOK, map[string]string{"type": "tls-alpn-01", "url": a.URL + "/challenge", "token": acmeToken, "status": "processing"})
}

// prove asks the listener for the challenge's certificate, as RFC 8737 section 3 says.
func (a *acmeServer) prove(ctx context.Context) error {
	dialer := tls.Dialer{Config: &tls.Config{ServerName: a.domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}}
	connection, err := dialer.DialContext(ctx, "tcp", a.target)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	state := connection.(*tls.Conn).ConnectionState()
	sum := sha256.Sum256([]byte(acmeToken + "." + a.thumbprint))
	want, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	for _, extension := range state.PeerCertificates[0].Extensions {
		if extension.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && extension.Critical && slices.Equal(extension.Value, want) &&
			state.NegotiatedProtocol == "acme-tls/1" {
			return nil
		}
	}
	return errors.New("the listener shows no proof")
}

func (a *acmeServer) finalize(w http.ResponseWriter, r *http.Request) {
	var body struct {
		CSR string `json:"csr"`
	}
	payload(r, nil, &body)
	der, _ := base64.RawURLEncoding.DecodeString(body.CSR)
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		a.answer(w, http.StatusBadRequest, map[string]string{"type": "urn:ietf:params:acme:error:badCSR"})
		return
	}
	template, _ := certificate(request.Subject, time.Hour)
	template.DNSNames = request.DNSNames
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	signed, err := x509.CreateCertificate(nil, template, a.ca.cert, request.PublicKey, a.ca.key)
	if err == nil {
		a.mu.Lock()
		a.chain = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), a.ca.pair.cert...)
		a.mu.Unlock()
	}
	w.Header().Set("Location", a.URL+"/order")
	a.answer(w, http.StatusOK, a.order())
}

// roots are those of the server's own HTTPS address.
func (a *acmeServer) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	return pool
}

func TestACMEGetsACertificateOnOurOwnListener(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	a := newACMEServer(t, listener.Addr().String())
	log := &logtest.Log{}
	cache := t.TempDir()
	options := ACMEOptions{
		Domains: []string{"bridge.example.com"}, Email: "ops@example.com", Directory: a.URL + "/directory", CacheDir: cache, AgreeTOS: true,
		Roots: a.roots(), Log: log.Logger(),
	}
	config, err := ACME(ctx, options)
	require.NoError(t, err)
	require.Equal(t, []string{"h2", "http/1.1", "acme-tls/1"}, config.NextProtos)
	go acceptAll(tls.NewListener(listener, config))

	roots := x509.NewCertPool()
	roots.AddCert(a.ca.cert)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "bridge.example.com"}}
	require.Eventually(t, func() bool {
		connection, err := dialer.DialContext(ctx, "tcp", listener.Addr().String())
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}, soon, tick, "log: %s", log)
	require.True(t, a.agreed)
	require.Contains(t, log.String(), "acme certificates")

	t.Run("a restart takes it from the cache", func(t *testing.T) {
		a.Close()
		again, err := ACME(ctx, options)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return handshake(t, again, roots) == nil
		}, soon, tick)
	})
}

// handshake shakes hands with a listener of the configuration, as a client of the domain.
func handshake(t *testing.T, config *tls.Config, roots *x509.CertPool) error {
	t.Helper()
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	go func() {
		_ = tls.Server(far, config).HandshakeContext(t.Context())
		_ = far.Close()
	}()
	return tls.Client(near, &tls.Config{RootCAs: roots, ServerName: "bridge.example.com"}).HandshakeContext(t.Context())
}

func TestACMEWithoutAuthorityServesNothingAndSaysWhy(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &logtest.Log{}
	config, err := ACME(ctx, ACMEOptions{
		Domains: []string{"bridge.example.com"}, Directory: "https://127.0.0.1:1/directory", CacheDir: t.TempDir(), AgreeTOS: true,
		MinVersion: "1.3", Log: log.Logger(),
	})
	require.NoError(t, err, "an authority that is down does not keep the bridge from starting")
	require.Equal(t, uint16(tls.VersionTLS13), config.MinVersion)
	require.Eventually(t, func() bool { return len(log.String()) > 0 }, soon, tick)
	require.Error(t, handshake(t, config, nil))
}

func TestACMENeedsItsSettings(t *testing.T) {
	_, err := ACME(t.Context(), ACMEOptions{})
	require.ErrorContains(t, err, "no domains are given")
	require.ErrorContains(t, err, "no cache folder is given")
	require.ErrorContains(t, err, "terms of service are not agreed to")
	file := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = ACME(t.Context(), ACMEOptions{Domains: []string{"a"}, CacheDir: file, AgreeTOS: true, Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "acme cache")
}

func TestZapLogger(t *testing.T) {
	buffer := &logtest.Log{}
	log := zapLogger(buffer.Logger()).With(zap.String("domain", "a.example.com"))
	log.Debug("detail")
	log.Info("told", zap.Int("tries", 2))
	log.Warn("warned")
	log.Error("failed", zap.Error(errors.New("cause")))
	text := buffer.String()
	require.NotContains(t, text, "detail=")
	require.NotContains(t, text, "event=detail")
	require.Contains(t, text, `level=INFO msg="acme certificates" event=told details="map[domain:a.example.com tries:2]"`)
	require.Contains(t, text, `level=WARN msg="acme certificates" event=warned`)
	require.Contains(t, text, `level=ERROR msg="acme certificates" event=failed details="map[domain:a.example.com error:cause]"`)
}
