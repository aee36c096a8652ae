package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/certs"
)

// serve starts an HTTPS server with the certificate and returns its port.
func serve(t *testing.T, cert tls.Certificate, minVersion string) string {
	t.Helper()
	s := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }),
		TLSConfig:         certs.ServerConfig(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }, minVersion),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// seen is what a client sees of a connection.
type seen struct {
	version uint16
	proto   string
}

// get asks for the page on a port of this machine.
func get(t *testing.T, port, host string, client *tls.Config) (seen, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: client, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+net.JoinHostPort(host, port), nil)
	require.NoError(t, err)
	response, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Do(request)
	if err != nil {
		return seen{}, err
	}
	require.NoError(t, response.Body.Close())
	return seen{version: response.TLS.Version, proto: response.Proto}, nil
}

func TestDevelopmentCertificateIsAcceptedByARealClient(t *testing.T) {
	d, err := certs.NewDevelopment("localhost", "127.0.0.1")
	require.NoError(t, err)
	port := serve(t, d.Server, "1.2")
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			for _, host := range []string{"localhost", "127.0.0.1"} {
				got, err := get(t, port, host, &tls.Config{RootCAs: d.Roots, MinVersion: version, MaxVersion: version})
				require.NoError(t, err)
				require.Equal(t, seen{version: version, proto: "HTTP/2.0"}, got)
			}
		})
	}
	t.Run("other name", func(t *testing.T) {
		_, err := get(t, port, "127.0.0.1", &tls.Config{RootCAs: d.Roots, ServerName: "example.com"})
		var wrong x509.HostnameError
		require.ErrorAs(t, err, &wrong)
	})
	t.Run("other authority", func(t *testing.T) {
		other, err := certs.NewDevelopment("localhost")
		require.NoError(t, err)
		_, err = get(t, port, "localhost", &tls.Config{RootCAs: other.Roots})
		var unknown x509.UnknownAuthorityError
		require.ErrorAs(t, err, &unknown)
	})
	t.Run("authority as PEM", func(t *testing.T) {
		roots := x509.NewCertPool()
		require.True(t, roots.AppendCertsFromPEM(d.CAPEM))
		_, err := get(t, port, "localhost", &tls.Config{RootCAs: roots})
		require.NoError(t, err)
	})
}

func TestServerConfigRefusesWhatIsOld(t *testing.T) {
	d, err := certs.NewDevelopment("localhost")
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		minVersion string
		client     *tls.Config
	}{
		"1.1 with 1.2":               {"1.2", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}},
		"1.2 with 1.3":               {"1.3", &tls.Config{MaxVersion: tls.VersionTLS12}},
		"no forward secrecy":         {"1.2", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}},
		"no authenticated ciphers":   {"1.2", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}},
		"1.1 with nothing asked for": {"", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}},
	} {
		t.Run(name, func(t *testing.T) {
			port := serve(t, d.Server, tt.minVersion)
			tt.client.RootCAs = d.Roots
			_, err := get(t, port, "localhost", tt.client)
			require.ErrorContains(t, err, "tls: ")
		})
	}
	got, err := get(t, serve(t, d.Server, "1.3"), "localhost", &tls.Config{RootCAs: d.Roots})
	require.NoError(t, err)
	require.Equal(t, uint16(tls.VersionTLS13), got.version)
}

func TestNewDevelopmentNeedsHosts(t *testing.T) {
	_, err := certs.NewDevelopment()
	require.ErrorContains(t, err, "no host is given")
	_, err = certs.NewDevelopment("localhost", "")
	require.ErrorContains(t, err, "a host is empty")
}

func readCert(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	block, rest := pem.Decode(text)
	require.NotNil(t, block)
	require.Empty(t, rest)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return cert
}

func TestWriteDevelopment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "certs")
	paths, err := certs.WriteDevelopment(dir, []string{"bridge.example.com", "127.0.0.1", "::1"}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, certs.Paths{
		CACert: filepath.Join(dir, "ca.crt"), CAKey: filepath.Join(dir, "ca.key"),
		Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"),
	}, paths)
	for _, key := range []string{paths.CAKey, paths.Key} {
		info, err := os.Stat(key)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 4, "nothing else is left behind")

	ca, server := readCert(t, paths.CACert), readCert(t, paths.Cert)
	require.True(t, ca.IsCA)
	require.NoError(t, server.CheckSignatureFrom(ca))
	require.Equal(t, []string{"bridge.example.com"}, server.DNSNames)
	require.Len(t, server.IPAddresses, 2)
	require.WithinDuration(t, time.Now().Add(time.Hour), server.NotAfter, time.Minute)
	key, ok := server.PublicKey.(*ecdsa.PublicKey)
	require.True(t, ok)
	require.Equal(t, elliptic.P256(), key.Curve)
	_, err = tls.LoadX509KeyPair(paths.Cert, paths.Key)
	require.NoError(t, err)

	t.Run("again: same authority, new certificate", func(t *testing.T) {
		_, err := certs.WriteDevelopment(dir, []string{"other.example.com"}, time.Hour)
		require.NoError(t, err)
		require.Equal(t, ca.Raw, readCert(t, paths.CACert).Raw)
		again := readCert(t, paths.Cert)
		require.Equal(t, []string{"other.example.com"}, again.DNSNames)
		require.NoError(t, again.CheckSignatureFrom(ca))
	})
	t.Run("never longer than its authority", func(t *testing.T) {
		_, err := certs.WriteDevelopment(dir, []string{"localhost"}, 100*365*24*time.Hour)
		require.NoError(t, err)
		require.Equal(t, ca.NotAfter, readCert(t, paths.Cert).NotAfter)
	})
	t.Run("no lifetime", func(t *testing.T) {
		_, err := certs.WriteDevelopment(dir, []string{"localhost"}, 0)
		require.ErrorContains(t, err, "a lifetime of 0s is none")
	})
}

func TestWriteDevelopmentSparesForeignFiles(t *testing.T) {
	write := func(t *testing.T, path string, content []byte) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	foreign := func(t *testing.T) certs.Paths {
		t.Helper()
		paths, err := certs.WriteDevelopment(t.TempDir(), []string{"foreign.example.com"}, time.Hour)
		require.NoError(t, err)
		return paths
	}
	read := func(t *testing.T, path string) []byte {
		t.Helper()
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		return content
	}
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, dir string) (spared string)
		want    string
	}{
		"a certificate of another authority": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "tls.crt"), read(t, foreign(t).Cert))
			return "tls.crt"
		}, "was not made by the development CA"},
		"something else": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "tls.crt"), []byte("notes"))
			return "tls.crt"
		}, "was not made by the development CA"},
		"a key alone": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "tls.key"), []byte("key"))
			return "tls.key"
		}, "is there without its certificate"},
		"an authority without its key": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "ca.crt"), read(t, foreign(t).CACert))
			return "ca.crt"
		}, "cannot be used"},
		"an authority with another's key": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "ca.crt"), read(t, foreign(t).CACert))
			write(t, filepath.Join(dir, "ca.key"), read(t, foreign(t).CAKey))
			return "ca.key"
		}, "private key does not match"},
		"a server certificate as authority": {func(t *testing.T, dir string) string {
			paths := foreign(t)
			write(t, filepath.Join(dir, "ca.crt"), read(t, paths.Cert))
			write(t, filepath.Join(dir, "ca.key"), read(t, paths.Key))
			return "ca.key"
		}, "it is not a certificate authority"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			spared := filepath.Join(dir, tt.prepare(t, dir))
			before := read(t, spared)
			_, err := certs.WriteDevelopment(dir, []string{"localhost"}, time.Hour)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "force")
			require.Equal(t, before, read(t, spared))

			paths, err := certs.WriteDevelopment(dir, []string{"localhost"}, time.Hour, certs.Force())
			require.NoError(t, err)
			require.NoError(t, readCert(t, paths.Cert).CheckSignatureFrom(readCert(t, paths.CACert)))
			_, err = tls.LoadX509KeyPair(paths.Cert, paths.Key)
			require.NoError(t, err)
		})
	}
}
