// Package admin puts the simulators of Teleport and Jira, and on demand those of further vendors, together into one small world
// with the same people in all of them, and lets a person or a script steer it over HTTP: make requests, act as anybody, inject
// faults.
//
// Nothing here protects anything: all accounts and secrets are public, and whoever reaches the HTTP API may do everything.
package admin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// WebhookSecret signs the simulated webhooks unless [Options] has another secret.
const WebhookSecret = "simulated-webhook-secret"

// IdentityName is the name of the identity file in its folder.
const IdentityName = "identity"

const (
	identityTTL = 12 * time.Hour
	// senderLimit is how long a receiver may take; Jira's own limit.
	senderLimit = 20 * time.Second
	// senderConns is how many connections to a receiver are kept for later deliveries.
	senderConns = 128
)

// Options configures [Start]. Only Dir is required.
type Options struct {
	// Teleport and Jira configure the two simulators. Without users of its own, Jira has [jira.DefaultUsers].
	Teleport teleport.Options
	Jira     jira.Options
	// Dir is an existing folder, in which the identity file is kept.
	Dir string
	// IdentityTTL is how long the identity of the bridge is valid; default 12 h.
	IdentityTTL time.Duration
	// Webhook is where Jira tells what happens; without a URL it tells nobody. Its default secret is [WebhookSecret].
	Webhook jira.Webhook
	// With are the vendors that run besides Jira. Their people, services and schedules are the default ones of each simulator:
	// Alice is on call first, Bob second.
	With map[Vendor]VendorOptions
	// WebhookBase is what the bridge's webhook addresses begin with, such as "https://127.0.0.1:8443/webhooks/". The vendors of
	// With tell what happens at their own name below it, proven with [WebhookSecret]; without it they tell nobody.
	WebhookBase string
	// WebhookCA holds the certificate authorities (PEM) that the webhooks' receiver may have its certificate from; without it
	// the system's count. It has no effect on Jira when Webhook has a client of its own.
	WebhookCA []byte
}

// World is a set of running simulators. Make it with [Start].
type World struct {
	// Teleport is the simulated Auth Server.
	Teleport *teleport.Server
	// Jira is the simulated Jira site.
	Jira *jira.Server
	// PagerDuty, Opsgenie and JSM are the simulated accounts there; nil unless [Options] asks for them.
	PagerDuty *pagerduty.Server
	Opsgenie  *opsgenie.Server
	JSM       *jsm.Server
	// Identity is the path of the identity file of the bridge's Teleport user.
	Identity string

	opts Options
	// vendors are those that run, Jira first.
	vendors []running
}

// Start makes and starts the simulators, with the people of [People], two nodes, the webhooks and an identity file for the
// bridge. The caller ends it with [World.Close].
func Start(opts Options) (_ *World, err error) {
	if opts.Dir == "" {
		return nil, errors.New("the simulators need a folder for the identity file")
	}
	if opts.IdentityTTL == 0 {
		opts.IdentityTTL = identityTTL
	}
	if opts.Webhook.Secret == "" {
		opts.Webhook.Secret = WebhookSecret
	}
	w := &World{opts: opts, Identity: filepath.Join(opts.Dir, IdentityName)}
	if w.Teleport, err = teleport.New(opts.Teleport); err != nil {
		return nil, fmt.Errorf("make the Teleport simulator: %w", err)
	}
	if w.Jira, err = jira.New(opts.Jira); err != nil {
		return nil, fmt.Errorf("make the Jira simulator: %w", err)
	}
	w.vendors = []running{{simulator: w.Jira.Server, name: jiraName, title: "Jira"}}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	w.populate()
	roots, err := w.roots()
	if err != nil {
		return nil, err
	}
	w.addWebhook(roots)
	if err := w.addVendors(roots); err != nil {
		return nil, err
	}
	if err := w.start(); err != nil {
		return nil, err
	}
	if err := w.RenewIdentity(opts.IdentityTTL); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *World) start() error {
	if err := w.Teleport.Start(); err != nil {
		return fmt.Errorf("start the Teleport simulator: %w", err)
	}
	for _, v := range w.vendors {
		if err := v.Start(); err != nil {
			return fmt.Errorf("start the %s simulator: %w", v.title, err)
		}
	}
	return nil
}

// Close stops all simulators for good. It may be called twice.
func (w *World) Close() {
	for _, v := range w.vendors {
		v.Close()
	}
	w.Teleport.Close()
}

// RenewIdentity replaces the identity file by one that is valid for ttl from now, as a credential renewal bot does; a negative
// ttl makes an expired one.
func (w *World) RenewIdentity(ttl time.Duration) error {
	if err := w.Teleport.WriteIdentity(w.Identity, BridgeUser, ttl); err != nil {
		return fmt.Errorf("write the identity file: %w", err)
	}
	return nil
}

func (w *World) populate() {
	for _, user := range People() {
		w.Teleport.AddUser(user)
	}
	w.Teleport.AddNode("5ac9a5a0-2f6b-4a3e-9d0c-0d2f3c5f0001", "db-1.example.com", map[string]string{"env": "prod"})
	w.Teleport.AddNode("5ac9a5a0-2f6b-4a3e-9d0c-0d2f3c5f0002", "web-1.example.com", map[string]string{"env": "dev"})
}

// roots are the authorities that receivers of webhooks may have their certificate from; nil for the system's.
func (w *World) roots() (*x509.CertPool, error) {
	if len(w.opts.WebhookCA) == 0 {
		return nil, nil // no pool means the system's, in crypto/tls too
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(w.opts.WebhookCA) {
		return nil, errors.New("the webhook's certificate authorities are not certificates in PEM form")
	}
	return roots, nil
}

// addWebhook tells Jira where its webhook goes.
func (w *World) addWebhook(roots *x509.CertPool) {
	hook := w.opts.Webhook
	if hook.URL == "" {
		return
	}
	if hook.Client == nil && roots != nil {
		hook.Client = &http.Client{Timeout: senderLimit, Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			MaxIdleConnsPerHost: senderConns,
			IdleConnTimeout:     time.Minute,
			ForceAttemptHTTP2:   true,
		}}
	}
	w.Jira.AddWebhook(hook)
}
