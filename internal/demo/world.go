// Package demo runs the real bridge against simulators of Teleport, Jira, PagerDuty, Opsgenie and Jira Service Management, all on this
// machine: for people who want to see it work, and as a scripted proof of the main job.
package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// The cast. On the Jira board alice asks and the others decide. Alice is on call, bob is second, and dave is not on call at all.
const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"
	dave  = "dave@example.com"

	bridgeUser    = "accessbridge"
	webhookSecret = "demo-webhook-secret" //nolint:gosec // It protects a simulator on this machine, for as long as the demo runs.
)

// world is everything the demo runs: the simulators and one bridge, which can be stopped and started again.
type world struct {
	dir      string
	teleport *teleport.Server
	jira     *jira.Server
	pager    *pagerduty.Server
	opsgenie *opsgenie.Server
	jsm      *jsm.Server
	client   *http.Client
	pool     *x509.CertPool
	log      *slog.Logger

	config string
	listen string
	stop   context.CancelFunc
	done   chan error
	addr   string
}

// newWorld starts the simulators and writes the configuration of the bridge.
func newWorld(log *slog.Logger) (*world, error) {
	dir, err := os.MkdirTemp("", "accessbridge-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the demo: %w", err)
	}
	w := &world{dir: dir, log: log, listen: "127.0.0.1:0"}
	for _, step := range []func() error{w.makeCertificates, w.startTeleport, w.startVendors} {
		if err := step(); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// makeCertificates makes one development authority for the bridge's listener and for the vendors.
func (w *world) makeCertificates() error {
	paths, err := certs.WriteDevelopment(w.dir, []string{"localhost", "127.0.0.1"}, 24*time.Hour)
	if err != nil {
		return fmt.Errorf("making certificates: %w", err)
	}
	authority, err := os.ReadFile(paths.CACert)
	if err != nil {
		return fmt.Errorf("reading the certificate authority: %w", err)
	}
	w.pool = x509.NewCertPool()
	w.pool.AppendCertsFromPEM(authority)
	w.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.pool, MinVersion: tls.VersionTLS12}}}
	return nil
}

func (w *world) startTeleport() (err error) {
	if w.teleport, err = teleport.New(teleport.Options{ClusterName: "demo.example.com", ExpiryEvents: true}); err != nil {
		return err
	}
	w.teleport.AddUser(teleport.PluginUser(bridgeUser))
	for _, name := range []string{alice, bob, carol, dave} {
		w.teleport.AddUser(teleport.User{Name: name, RequestableRoles: []string{"*"}, ReviewRoles: []string{"*"}})
	}
	if err := w.teleport.Start(); err != nil {
		return err
	}
	return w.teleport.WriteIdentity(w.path("identity"), bridgeUser, 12*time.Hour)
}

func (w *world) close() error {
	err := w.stopBridge()
	if w.jira != nil {
		w.jira.Close()
	}
	if w.pager != nil {
		w.pager.Close()
	}
	if w.opsgenie != nil {
		w.opsgenie.Close()
	}
	if w.jsm != nil {
		w.jsm.Close()
	}
	if w.teleport != nil {
		w.teleport.Close()
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}
