package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

const (
	// soon is how long something that must happen may take on the slowest machine.
	soon = time.Minute
	tick = 5 * time.Millisecond
)

// folder is a place for a server certificate, with the authority that signs it.
type folder struct {
	t         *testing.T
	ca        *authority
	dir       string
	cert, key string
	log       *logtest.Log
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	ca, err := newAuthority(24 * time.Hour)
	require.NoError(t, err)
	dir := t.TempDir()
	return &folder{t: t, ca: ca, dir: dir, cert: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key"), log: &logtest.Log{}}
}

func (f *folder) pair(lifetime time.Duration) pemPair {
	f.t.Helper()
	pair, err := f.ca.issue([]string{"localhost"}, lifetime)
	require.NoError(f.t, err)
	return pair
}

func (f *folder) write(pair pemPair) {
	f.t.Helper()
	require.NoError(f.t, writePair(f.cert, f.key, pair))
}

func (f *folder) load() *Reloader {
	f.t.Helper()
	r, err := Files(f.cert, f.key, f.log.Logger())
	require.NoError(f.t, err)
	return r
}

// run watches until the test ends.
func (f *folder) run(r *Reloader) {
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		require.NoError(f.t, <-done)
	})
}

func serves(t *testing.T, r *Reloader, pair pemPair) bool {
	t.Helper()
	want, err := tls.X509KeyPair(pair.cert, pair.key)
	require.NoError(t, err)
	got, err := r.GetCertificate(nil)
	require.NoError(t, err)
	return bytes.Equal(got.Certificate[0], want.Certificate[0])
}

func TestFilesMustBeGoodAtStart(t *testing.T) {
	tests := map[string]struct {
		prepare func(f *folder)
		want    string
	}{
		"no certificate": {func(*folder) {}, "certificate: open"},
		"no key": {func(f *folder) {
			f.write(f.pair(time.Hour))
			require.NoError(f.t, os.Remove(f.key))
		}, "certificate key: open"},
		"not PEM":        {func(f *folder) { f.write(pemPair{cert: []byte("x"), key: []byte("y")}) }, "failed to find any PEM data"},
		"key of another": {func(f *folder) { f.write(pemPair{cert: f.pair(time.Hour).cert, key: f.pair(time.Hour).key}) }, "private key does not match"},
		"expired":        {func(f *folder) { f.write(f.pair(time.Nanosecond)) }, "tls.crt expired at 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			tt.prepare(f)
			_, err := Files(f.cert, f.key, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "PRIVATE", "P7: the key is not in the error")
		})
	}
}

func TestNewPairIsServedUnderLiveHandshakes(t *testing.T) {
	f := newFolder(t)
	first, second := f.pair(time.Hour), f.pair(2*time.Hour)
	f.write(first)
	r := f.load()
	before := r.Expires()
	f.run(r)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", ServerConfig(r.GetCertificate, ""))
	require.NoError(t, err)
	go acceptAll(listener)
	t.Cleanup(func() { _ = listener.Close() })

	stop := make(chan struct{})
	var clients sync.WaitGroup
	faults := make(chan error, 4)
	for range 4 {
		clients.Go(func() { faults <- handshakes(t.Context(), f.ca, listener.Addr().String(), stop) })
	}
	f.write(second)
	require.Eventually(t, func() bool { return serves(t, r, second) }, soon, tick)
	close(stop)
	clients.Wait()
	for range 4 {
		require.NoError(t, <-faults, "no handshake fails while the files change")
	}
	require.True(t, r.Expires().After(before))
	require.Contains(t, f.log.String(), "certificate replaced")
}

func acceptAll(l net.Listener) {
	for {
		connection, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_ = connection.(*tls.Conn).Handshake()
			_ = connection.Close()
		}()
	}
}

// handshakes makes one verified handshake after another until stop is closed, and one more.
func handshakes(ctx context.Context, ca *authority, address string, stop <-chan struct{}) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "localhost"}}
	for last := false; ; {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		_ = connection.Close()
		if last {
			return nil
		}
		select {
		case <-stop:
			last = true
		default:
		}
	}
}

func TestBadNewPairKeepsTheOld(t *testing.T) {
	for name, bad := range map[string]func(f *folder){
		"not PEM":        func(f *folder) { f.write(pemPair{cert: []byte("x"), key: []byte("y")}) },
		"key of another": func(f *folder) { f.write(pemPair{cert: f.pair(time.Hour).cert, key: f.pair(time.Hour).key}) },
		"expired":        func(f *folder) { f.write(f.pair(time.Nanosecond)) },
		"removed":        func(f *folder) { require.NoError(f.t, os.Remove(f.cert)) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			old := f.pair(time.Hour)
			f.write(old)
			r := f.load()
			bad(f)
			r.reload()
			r.reload()
			require.True(t, serves(t, r, old))
			require.Equal(t, 1, f.log.Count("new certificate refused, the old one stays"), "said once")

			good := f.pair(time.Hour)
			f.write(good)
			r.reload()
			require.True(t, serves(t, r, good), "and a good one is taken afterwards")
		})
	}
}

func TestExpiryOfTheServedCertificateIsLogged(t *testing.T) {
	f := newFolder(t)
	f.write(f.pair(time.Hour))
	r := f.load()
	short := f.pair(time.Nanosecond)
	f.write(short)
	pair, digest, err := r.read()
	require.NoError(t, err)
	r.current.Store(pair) // as if it had been good when it was loaded
	r.digest = digest
	r.reload()
	r.reload()
	require.Equal(t, 1, f.log.Count("certificate is no longer valid"))
	require.True(t, serves(t, r, short))
}

// TestKubernetesRotation turns a link to a folder, as the kubelet does with mounted secrets: ..data is a link to a folder with a
// time in its name, and the files are links into ..data.
func TestKubernetesRotation(t *testing.T) {
	f := newFolder(t)
	publish := func(name string, pair pemPair) {
		version := filepath.Join(f.dir, name)
		require.NoError(t, os.Mkdir(version, 0o700))
		require.NoError(t, writePair(filepath.Join(version, "tls.crt"), filepath.Join(version, "tls.key"), pair))
		require.NoError(t, os.Symlink(name, filepath.Join(f.dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(f.dir, "..data_tmp"), filepath.Join(f.dir, "..data")))
	}
	first, second := f.pair(time.Hour), f.pair(time.Hour)
	publish("..2026_01", first)
	require.NoError(t, os.Symlink("..data/tls.crt", f.cert))
	require.NoError(t, os.Symlink("..data/tls.key", f.key))
	r := f.load()
	require.True(t, serves(t, r, first))
	f.run(r)
	publish("..2026_02", second)
	require.Eventually(t, func() bool { return serves(t, r, second) }, soon, tick)
}

func TestChangeWithoutNotificationIsFoundByPolling(t *testing.T) {
	f := newFolder(t)
	elsewhere := t.TempDir() // nobody watches the folder that the links lead to
	cert, key := filepath.Join(elsewhere, "a"), filepath.Join(elsewhere, "b")
	first, second := f.pair(time.Hour), f.pair(time.Hour)
	require.NoError(t, writePair(cert, key, first))
	require.NoError(t, os.Symlink(cert, f.cert))
	require.NoError(t, os.Symlink(key, f.key))
	r := f.load()
	require.Equal(t, time.Minute, r.poll)
	r.poll = tick
	f.run(r)
	require.NoError(t, writePair(cert, key, second))
	require.Eventually(t, func() bool { return serves(t, r, second) }, soon, tick)
}

func TestChangeBeforeRunIsFound(t *testing.T) {
	f := newFolder(t)
	f.write(f.pair(time.Hour))
	r := f.load()
	second := f.pair(time.Hour)
	f.write(second)
	f.run(r)
	require.Eventually(t, func() bool { return serves(t, r, second) }, soon, tick)
}

func TestFoldersThatCannotBeWatchedAreLookedAt(t *testing.T) {
	f := newFolder(t)
	f.write(f.pair(time.Hour))
	r := f.load()
	away := f.dir + "-away"
	require.NoError(t, os.Rename(f.dir, away))
	r.poll = tick
	f.run(r)
	require.Eventually(t, func() bool { return strings.Contains(f.log.String(), "not watched") }, soon, tick)
	require.NoError(t, os.Rename(away, f.dir))
	second := f.pair(time.Hour)
	f.write(second)
	require.Eventually(t, func() bool { return serves(t, r, second) }, soon, tick)
}
