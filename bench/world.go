package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/accessbridge/accessbridge/certs"
	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
	teleportsim "github.com/accessbridge/accessbridge/simulators/teleport"
)

const (
	// workers is how much is done at once, by the bridge and by the floor.
	workers = 16
	// vendorLatency is what the simulated Jira adds to each call.
	vendorLatency = 20 * time.Millisecond
	// integration is the name of the Jira account in the bridge's configuration.
	integration = "jira"
	project     = "ACC"
	plugin      = "accessbridge" // the bridge's Teleport user, and the name of its plugin data
	requester   = "alice@example.com"
	approver    = "bob@example.com"
	lifetime    = time.Hour
	startWithin = 30 * time.Second
	// watchBuffer lets a watcher lag behind by every request the benchmark makes at once.
	watchBuffer = 1 << 15
	// connections is how many connections the simulated Jira keeps open for deliveries.
	connections = 128
	// webhookSecret signs deliveries.
	webhookSecret = "a secret of the benchmark"
)

// The roles that requests ask for. A route of the bridge selects the first, and none the second.
const (
	roleBridge = "bridge"
	roleFloor  = "floor"
)

// world is a Teleport and a Jira in this process, a bridge in its own, and the floor's clients.
type world struct {
	rig      *rig
	dir      string
	teleport *teleportsim.Server
	jira     *jirasim.Server
	ledger   *ledger
	answers  *stopwatch
	floor    *floor
	bridge   *process
	config   settings
	hook     jirasim.Webhook
	end      context.CancelCauseFunc
}

// settings are what the bridge's configuration is made of.
type settings struct {
	Teleport, Identity    string
	Listen, Admin         string
	Cert, Key, CA         string
	Jira, User, TokenFile string
	SecretsFile           string
	Integration, Project  string
	// Type, Vendor and Ordinary are of a vendor that knows who is on call: its type, its address, and the service or schedule that
	// ordinary requests are about.
	Type, Vendor, Ordinary string
	Workers                int
	RoleBridge             string
}

// step is one thing to do in order to make a world.
type step func(ctx context.Context, w *world) error

// newWorld makes everything but the bridge.
func newWorld(ctx context.Context, r *rig) (context.Context, *world, error) {
	return makeWorld(ctx, r,
		func(_ context.Context, w *world) error { return errors.Join(w.startTeleport(), w.makeCertificates()) },
		func(_ context.Context, w *world) error { return w.startJira() },
		func(_ context.Context, w *world) error { return w.configure() },
		func(ctx context.Context, w *world) (err error) { w.floor, err = newFloor(ctx, w.config); return err })
}

// makeWorld makes a world by steps. The returned context ends when the bridge does without having been told to.
func makeWorld(ctx context.Context, r *rig, steps ...step) (context.Context, *world, error) {
	dir, err := os.MkdirTemp(r.dir, "world-*")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder: %w", err)
	}
	ctx, end := context.WithCancelCause(ctx)
	w := &world{rig: r, dir: dir, ledger: newLedger(), answers: &stopwatch{}, end: end}
	for _, step := range steps {
		if err := step(ctx, w); err != nil {
			return nil, nil, errors.Join(err, w.close())
		}
	}
	return ctx, w, nil
}

// openWorld is newWorld with a bridge that is ready and warm.
func openWorld(ctx context.Context, r *rig) (context.Context, *world, error) {
	ctx, w, err := newWorld(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if _, err = w.startBridge(ctx); err == nil {
		err = w.warmUp(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, w.close())
	}
	return ctx, w, nil
}

func (w *world) startTeleport() (err error) {
	if w.teleport, err = teleportsim.New(teleportsim.Options{WatchBuffer: watchBuffer}); err != nil {
		return err
	}
	email := func(address string) map[string][]string { return map[string][]string{"email": {address}} }
	w.teleport.AddUser(teleportsim.PluginUser(plugin))
	w.teleport.AddUser(teleportsim.User{Name: requester, Traits: email(requester), RequestableRoles: []string{roleBridge, roleFloor}})
	w.teleport.AddUser(teleportsim.User{Name: approver, Traits: email(approver)})
	w.teleport.OnChange(w.ledger.change)
	if err = w.teleport.Start(); err != nil {
		return err
	}
	w.config.Teleport, w.config.Identity = w.teleport.Addr(), w.path("identity")
	return w.teleport.WriteIdentity(w.config.Identity, plugin, lifetime)
}

func (w *world) makeCertificates() error {
	files, err := certs.WriteDevelopment(w.dir, []string{"localhost", "127.0.0.1"}, lifetime)
	if err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	w.config.Cert, w.config.Key, w.config.CA = files.Cert, files.Key, files.CACert
	return nil
}

// vendorTLS is what a simulated vendor serves with.
func (s settings) vendorTLS() (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(s.Cert, s.Key)
	if err != nil {
		return nil, fmt.Errorf("load the certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}, nil
}

func (w *world) startJira() error {
	serving, err := w.config.vendorTLS()
	if err != nil {
		return err
	}
	w.jira, err = jirasim.New(jirasim.Options{
		Latency:  vendorLatency,
		Projects: []jirasim.Project{jirasim.DefaultProject(project)},
		TLS:      serving,
	})
	if err != nil {
		return err
	}
	w.jira.OnIssue(w.ledger.issue)
	if err := w.jira.Start(); err != nil {
		return err
	}
	w.config.Jira, w.config.User = w.jira.URL(), jirasim.BotEmail
	return nil
}

// writeConfig writes the bridge's configuration for one vendor account, from a template that is given the settings.
func (w *world) writeConfig(name, token, template string) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	w.config.Listen, w.config.Admin = ports[0], ports[1]
	w.config.TokenFile, w.config.SecretsFile = w.path("token"), w.path("webhook-secrets")
	w.config.Integration, w.config.Workers, w.config.RoleBridge = name, workers, roleBridge
	err = errors.Join(
		os.WriteFile(w.config.TokenFile, []byte(token), 0o600),
		os.WriteFile(w.config.SecretsFile, []byte(webhookSecret), 0o600),
	)
	if err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	text, err := w.config.yaml(template)
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.path("config.yaml"), text, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// configure writes the bridge's configuration, and tells Jira where the bridge will listen.
func (w *world) configure() error { return w.configureWith(configTemplate) }

func (w *world) configureWith(template string) error {
	w.config.Project = project
	if err := w.writeConfig(integration, jirasim.BotToken, template); err != nil {
		return err
	}
	roots, err := readPool(w.config.CA)
	if err != nil {
		return err
	}
	w.answers.next = &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, MaxIdleConns: connections, MaxIdleConnsPerHost: connections,
	}
	w.hook = jirasim.Webhook{
		URL: w.config.webhookURL(), Secret: webhookSecret,
		Events: []string{"jira:issue_updated", "comment_created", "jira:issue_deleted"},
		Client: &http.Client{Transport: w.answers},
	}
	return nil
}

// webhookURL is where the bridge takes the vendor's deliveries.
func (s settings) webhookURL() string { return "https://" + s.Listen + "/webhooks/" + s.Integration }

// startBridge runs the bridge and waits until it is ready.
func (w *world) startBridge(ctx context.Context) (time.Duration, error) {
	var err error
	w.bridge, err = startProcess(ctx, w.rig.binary, w.path("config.yaml"), w.path("bridge.log"), w.end)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return w.bridge.ready(ctx, w.config.Admin)
}

// restartBridge stops the bridge and returns how long it then takes to be ready.
func (w *world) restartBridge(ctx context.Context) (time.Duration, error) {
	if err := w.stopBridge(); err != nil {
		return 0, err
	}
	return w.startBridge(ctx)
}

func (w *world) stopBridge() error {
	if w.bridge == nil {
		return nil
	}
	p := w.bridge
	w.bridge = nil
	return p.stop()
}

// close ends the bridge first, then what it talks to.
func (w *world) close() error {
	err := w.stopBridge()
	w.end(errors.New("the benchmark is done with this part"))
	if w.floor != nil {
		w.floor.close()
	}
	if w.jira != nil {
		w.jira.Close()
	}
	if w.teleport != nil {
		w.teleport.Close()
	}
	if w.answers.next != nil {
		w.answers.next.CloseIdleConnections()
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// deliver switches the deliveries of Jira to the bridge on or off.
func (w *world) deliver(on bool) {
	w.jira.ResetDeliveries()
	if on {
		w.jira.SetWebhooks(w.hook)
		return
	}
	w.jira.SetWebhooks()
}

// freePorts finds loopback addresses nobody listens on.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for range n {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }() // not before all are found, so that they differ
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

func readPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	return pool, nil
}
