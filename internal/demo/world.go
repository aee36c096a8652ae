// Package demo runs the real bridge against simulators of Teleport and Jira, all on this machine: for people who want to see it work, and
// as a scripted proof of the main job.
package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// The cast. Alice asks, the others may decide.
const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"

	bridgeUser    = "accessbridge"
	webhookSecret = "demo-webhook-secret" //nolint:gosec // It protects a simulator on this machine, for as long as the demo runs.
	integration   = "itsm"
	pager         = "pager"
	project       = "ACC"
)

// world is everything the demo runs: two simulators and one bridge, which can be stopped and started again.
type world struct {
	dir      string
	teleport *teleport.Server
	jira     *jira.Server
	pager    *pagerduty.Server
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
	for _, step := range []func() error{w.makeCertificates, w.startTeleport, w.startJira, w.startPagerDuty} {
		if err := step(); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// makeCertificates makes one development authority for the bridge's listener and for Jira.
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
	for _, name := range []string{alice, bob, carol} {
		w.teleport.AddUser(teleport.User{Name: name, RequestableRoles: []string{"*"}, ReviewRoles: []string{"*"}})
	}
	if err := w.teleport.Start(); err != nil {
		return err
	}
	return w.teleport.WriteIdentity(w.path("identity"), bridgeUser, 12*time.Hour)
}

// vendorTLS is what the simulated vendors serve with.
func (w *world) vendorTLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(w.path("tls.crt"), w.path("tls.key"))
	if err != nil {
		return nil, fmt.Errorf("loading the vendors' certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func (w *world) startPagerDuty() error {
	serving, err := w.vendorTLS()
	if err != nil {
		return err
	}
	w.pager, err = pagerduty.New(pagerduty.Options{TLS: serving, Webhooks: pagerduty.Sending{RetryDelay: 200 * time.Millisecond, Roots: w.pool}})
	if err != nil {
		return err
	}
	return w.pager.Start()
}

func (w *world) startJira() error {
	serving, err := w.vendorTLS()
	if err != nil {
		return err
	}
	board := jira.DefaultProject(project)
	// People can take a decision back, as on most boards.
	board.Workflow.Transitions = append(board.Workflow.Transitions,
		jira.Transition{ID: "81", Name: "Take back", From: []string{"Approved", "Denied"}, To: "Pending"})
	w.jira, err = jira.New(jira.Options{
		TLS: serving, Projects: []jira.Project{board},
	})
	if err != nil {
		return err
	}
	return w.jira.Start()
}

// writeConfig writes the bridge's configuration. It is an ordinary one: only the addresses belong to simulators.
func (w *world) writeConfig() error {
	w.config = w.path("config.yaml")
	text := fmt.Sprintf(`teleport:
  addr: %[1]s
  identity_file: %[2]s
server:
  listen: %[3]s
  tls: {cert_file: %[4]s, key_file: %[5]s}
admin:
  listen: 127.0.0.1:0
integrations:
  - name: %[6]s
    type: jira
    config:
      url: %[7]s
      ca_file: %[8]s
      user: %[9]s
      api_token: %[10]s
      project: %[11]s
      search_lag: 1s
      apply_within: 1s
      timeout: 5s
      webhook: {secrets: [%[12]s]}
  - name: %[15]s
    type: pagerduty
    config:
      endpoint: %[16]s
      ca_file: %[8]s
      from: %[17]s
      api_token: %[18]s
      service: %[19]s
      search_lag: 1s
      apply_within: 1s
      timeout: 5s
      webhook: {secrets: [%[12]s]}
routes:
  - name: incidents
    when: request.roles.exists(r, r.startsWith("incident-"))
    targets: [{integration: %[15]s}]
    on_call: [{integration: %[15]s, services: [%[19]s], levels: 1}]
  - name: everything
    targets: [{integration: %[13]s}]
audit: {output: file, file: %[14]s}
`, w.teleport.Addr(), w.path("identity"), w.listen, w.path("tls.crt"), w.path("tls.key"), integration, w.jira.URL(), w.path("ca.crt"),
		jira.BotEmail, jira.BotToken, project, webhookSecret, integration, w.path("audit.log"),
		pager, w.pager.URL(), pagerduty.DefaultBotEmail, pagerduty.DefaultToken, pagerduty.DefaultService)
	return os.WriteFile(w.config, []byte(text), 0o600)
}

// startBridge starts the bridge as `accessbridge serve` does and waits until it is ready.
func (w *world) startBridge(ctx context.Context) error {
	if err := w.writeConfig(); err != nil {
		return err
	}
	cfg, err := server.LoadConfig(w.config)
	if err != nil {
		return err
	}
	s, err := server.New(ctx, cfg, server.Options{Version: "demo", Log: w.log})
	if err != nil {
		return err
	}
	w.listen = s.Addr().String()
	w.addr = s.AdminAddr().String()
	running, stop := context.WithCancel(ctx)
	w.stop, w.done = stop, make(chan error, 1)
	go func() { w.done <- s.Run(running) }()
	if len(w.pager.Subscriptions()) == 0 {
		w.pager.AddSubscription(pagerduty.Subscription{URL: w.webhookURL(pager), Secrets: []string{webhookSecret}})
	}
	w.jira.SetWebhooks(jira.Webhook{URL: w.webhookURL(integration), Secret: webhookSecret, Client: w.client, RetryDelay: 200 * time.Millisecond})
	return wait(ctx, "the bridge to be ready", func() bool { return s.Ready() == nil })
}

func (w *world) webhookURL(name string) string { return "https://" + w.listen + "/webhooks/" + name }

// stopBridge stops the bridge as SIGTERM does.
func (w *world) stopBridge() error {
	if w.stop == nil {
		return nil
	}
	w.stop()
	w.stop = nil
	return <-w.done
}

// post sends a body to one of the bridge's webhooks, with its proof in a header, and returns the status.
func (w *world) post(ctx context.Context, name string, body []byte, header, proof string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.webhookURL(name), newReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	if proof != "" {
		request.Header.Set(header, proof)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}

func (w *world) close() error {
	err := w.stopBridge()
	if w.jira != nil {
		w.jira.Close()
	}
	if w.pager != nil {
		w.pager.Close()
	}
	if w.teleport != nil {
		w.teleport.Close()
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}
