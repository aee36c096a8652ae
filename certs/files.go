// Package certs provides the certificate of the HTTPS listener: from files that may change at any time, from an ACME certificate
// authority, or from a certificate authority for development.
package certs

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// pollEvery finds changes that no notification told of, as on network file systems.
	pollEvery = time.Minute
	// quiet is how long the files must rest after a notification, because certificate and key are written one after the other.
	quiet = 100 * time.Millisecond
)

// Reloader serves a certificate from two files and replaces it when they change. A new pair that is of no use is refused and the
// old one stays.
type Reloader struct {
	certFile, keyFile string
	log               *slog.Logger
	poll              time.Duration

	current atomic.Pointer[tls.Certificate]

	mu      sync.Mutex
	digest  [sha256.Size]byte // of the pair being served
	problem string            // the last one logged
}

// Files loads a certificate chain and its key (PEM). A pair that does not match, or that is not valid now, is an error.
func Files(certFile, keyFile string, log *slog.Logger) (*Reloader, error) {
	r := &Reloader{certFile: certFile, keyFile: keyFile, log: log, poll: pollEvery}
	pair, digest, err := r.read()
	if err != nil {
		return nil, err
	}
	if err := r.valid(pair); err != nil {
		return nil, err
	}
	r.digest = digest
	r.current.Store(pair)
	return r, nil
}

// GetCertificate returns the pair that is served now. It has the form that tls.Config wants.
func (r *Reloader) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return r.current.Load(), nil
}

// Expires returns when the certificate that is served now ends.
func (r *Reloader) Expires() time.Time { return r.current.Load().Leaf.NotAfter }

// Run watches the files until the context ends. It returns nil.
func (r *Reloader) Run(ctx context.Context) error {
	watcher, err := r.watch()
	if err != nil {
		r.log.Warn("certificate files are not watched, only looked at from time to time", "error", err)
		watcher = &fsnotify.Watcher{} // its channels are nil and never ready
	} else {
		defer func() { _ = watcher.Close() }()
	}
	tick := time.NewTicker(r.poll)
	defer tick.Stop()
	rest := time.NewTimer(0) // looks at once: the files may have changed before the watch began
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-watcher.Events:
			rest.Reset(quiet)
		case err := <-watcher.Errors:
			r.log.Warn("watching certificate files", "error", err)
			rest.Reset(quiet)
		case <-rest.C:
			r.reload()
		case <-tick.C:
			r.reload()
		}
	}
}

// watch watches the folders, not the files: files are replaced by renaming, and Kubernetes turns a link beside them.
func (r *Reloader) watch() (*fsnotify.Watcher, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("start watching: %w", err)
	}
	for _, dir := range []string{filepath.Dir(r.certFile), filepath.Dir(r.keyFile)} {
		if err := watcher.Add(dir); err != nil {
			_ = watcher.Close()
			return nil, fmt.Errorf("watch %s: %w", dir, err)
		}
	}
	return watcher, nil
}

// reload takes over the pair in the files if it has changed and is good.
func (r *Reloader) reload() {
	r.mu.Lock()
	defer r.mu.Unlock()
	pair, digest, err := r.read()
	if err == nil {
		err = r.valid(pair)
	}
	switch {
	case err == nil && digest != r.digest:
		r.current.Store(pair)
		r.digest, r.problem = digest, ""
		r.log.Info("certificate replaced", "expires", pair.Leaf.NotAfter)
	case err == nil:
		r.problem = ""
	case err.Error() == r.problem: // is logged once
	case digest == r.digest:
		r.log.Warn("certificate is no longer valid", "error", err)
		r.problem = err.Error()
	default:
		r.log.Warn("new certificate refused, the old one stays", "error", err, "expires", r.Expires())
		r.problem = err.Error()
	}
}

func (r *Reloader) read() (*tls.Certificate, [sha256.Size]byte, error) {
	var digest [sha256.Size]byte
	cert, err := os.ReadFile(r.certFile)
	if err != nil {
		return nil, digest, fmt.Errorf("certificate: %w", err)
	}
	key, err := os.ReadFile(r.keyFile)
	if err != nil {
		return nil, digest, fmt.Errorf("certificate key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, digest, fmt.Errorf("certificate %s with key %s: %w", r.certFile, r.keyFile, err)
	}
	h := sha256.New()
	h.Write(cert)
	h.Write([]byte{0})
	h.Write(key)
	return &pair, [sha256.Size]byte(h.Sum(nil)), nil
}

// valid reports a certificate outside its time.
func (r *Reloader) valid(pair *tls.Certificate) error {
	now := time.Now()
	if end := pair.Leaf.NotAfter; now.After(end) {
		return fmt.Errorf("certificate %s expired at %s", r.certFile, end.UTC().Format(time.RFC3339))
	}
	if begin := pair.Leaf.NotBefore; now.Before(begin) {
		return fmt.Errorf("certificate %s is not valid before %s", r.certFile, begin.UTC().Format(time.RFC3339))
	}
	return nil
}
