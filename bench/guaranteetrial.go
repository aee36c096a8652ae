package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
	teleportsim "github.com/accessbridge/accessbridge/simulators/teleport"
)

const (
	// usualLimits are the bridge's own limit of a call, and as little as is allowed for what the vendor may still do after it.
	usualLimits = `{{define "limits"}}
      timeout: 30s
      apply_within: 1s
{{- end}}`
	// reviewer decides in Teleport.
	reviewer = "carol@example.com"
	// patience is how long the bridge is given to make up for what went wrong. What is missing then counts as lost.
	patience = 4 * time.Minute
	// awaitTick is how often it is looked at.
	awaitTick = 20 * time.Millisecond
	// harmedShown is how many requests that came to harm are shown.
	harmedShown = 3
)

// trial is a Teleport and a vendor in this process, and any number of bridges in processes of their own, while something goes wrong.
type trial struct {
	*world
	kind      deskKind
	desk      desk
	template  string
	client    *http.Client // trusts the bridges
	instances []*instance
	started   int
	port      int // to be looked at next
	// harmed are the first requests that came to harm, for whoever looks for the cause.
	harmed []string
}

// instance is one bridge.
type instance struct {
	*process
	config settings
}

// newTrial makes everything but the bridges. The returned context ends when a bridge does without having been told to.
func newTrial(ctx context.Context, r *rig, g guarantee) (context.Context, *trial, error) {
	limits := g.limits
	if limits == "" {
		limits = usualLimits
	}
	t := &trial{kind: g.desk, template: guaranteesTemplate + g.desk.config + limits, port: g.ports}
	ctx, inner, err := makeWorld(ctx, r,
		func(_ context.Context, w *world) error { return errors.Join(w.startTeleport(), w.makeCertificates()) },
		func(_ context.Context, w *world) (err error) { t.desk, err = g.desk.start(w); return err },
		func(_ context.Context, w *world) error {
			return w.writeConfig(g.desk.account, g.desk.token, t.template)
		},
		func(_ context.Context, w *world) (err error) { t.client, err = w.config.clientOfBridge(); return err })
	if err != nil {
		if t.desk != nil {
			t.desk.Close()
		}
		return nil, nil, err
	}
	t.world = inner
	t.teleport.AddUser(teleportsim.User{Name: reviewer, ReviewRoles: []string{roleBridge}})
	return ctx, t, nil
}

func (s settings) clientOfBridge() (*http.Client, error) {
	roots, err := readPool(s.CA)
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: startWithin, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, MaxIdleConns: connections, MaxIdleConnsPerHost: connections,
	}}, nil
}

// start runs one more bridge and waits until it is ready.
func (t *trial) start(ctx context.Context) (*instance, error) {
	i := &instance{config: t.config}
	var err error
	if i.config.Listen, err = t.address(); err != nil {
		return nil, err
	}
	if i.config.Admin, err = t.address(); err != nil {
		return nil, err
	}
	text, err := i.config.yaml(t.template)
	if err != nil {
		return nil, err
	}
	t.started++
	file := t.path(fmt.Sprintf("config-%d.yaml", t.started))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	if i.process, err = startProcess(ctx, t.rig.binary, file, t.path(fmt.Sprintf("bridge-%d.log", t.started)), t.end); err != nil {
		return nil, err
	}
	t.instances = append(t.instances, i)
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	_, err = i.ready(ctx, i.config.Admin)
	return i, err
}

// address finds one that nobody listens on, among those of the trial.
func (t *trial) address() (string, error) {
	for range portsEach {
		at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: t.port}
		t.port++
		if l, err := net.ListenTCP("tcp", at); err == nil {
			return at.String(), l.Close()
		}
	}
	return "", fmt.Errorf("somebody listens on all of the %d ports below %d", portsEach, t.port)
}

// stop stops all bridges in order.
func (t *trial) stop() error {
	var err error
	for _, i := range t.instances {
		err = errors.Join(err, i.stop())
	}
	t.instances = nil
	return err
}

// kill ends a bridge as kill -9 does.
func (t *trial) kill(victim *instance) error {
	victim.stopping.Store(true)
	if err := victim.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill the bridge: %w", err)
	}
	<-victim.done
	if status, ok := victim.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the bridge was not killed: %v", victim.cmd.ProcessState)
	}
	t.instances = slices.DeleteFunc(t.instances, func(i *instance) bool { return i == victim })
	return nil
}

// tail is the end of the log of every bridge, for messages.
func (t *trial) tail() error {
	var err error
	for n, i := range t.instances {
		err = errors.Join(err, fmt.Errorf("the end of the log of bridge %d:\n%s", n+1, i.tail()))
	}
	return err
}

// close ends the bridges first, then what they talk to.
func (t *trial) close() error {
	err := t.stop()
	t.client.CloseIdleConnections()
	err = errors.Join(err, t.world.close())
	t.desk.Close()
	return err
}

// connect has Jira deliver to all bridges that run, each delivery to each; or to none.
func (t *trial) connect(on bool) {
	var hooks []jirasim.Webhook
	for _, i := range t.instances {
		hooks = append(hooks, jirasim.Webhook{URL: i.config.webhookURL(), Secret: webhookSecret, Client: t.client})
	}
	if !on {
		hooks = nil
	}
	t.jira.SetWebhooks(hooks...)
}

// await waits until the link of every request is in the phase. That some are not in time is no error: they are counted afterwards.
func (t *trial) await(ctx context.Context, ids []string, phase string) error {
	return t.until(ctx, func() bool {
		for len(ids) > 0 && t.in(ids[0], phase) {
			ids = ids[1:]
		}
		return len(ids) == 0
	})
}

// in reports whether the link of a request is in the phase.
func (t *trial) in(id, phase string) bool { return strings.Contains(t.link(id), `"phase":"`+phase+`"`) }

// until waits until something is so, or the patience is over.
func (t *trial) until(ctx context.Context, so func() bool) error {
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(awaitTick)
	defer ticker.Stop()
	for !so() {
		if err := pause(patient, ticker.C); err != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// opened makes n requests and waits until each has its ticket.
func (t *trial) opened(ctx context.Context, n int) ([]string, error) {
	ids, err := t.create(ctx, n, roleBridge)
	if err != nil {
		return nil, err
	}
	return ids, t.await(ctx, ids, "open")
}

// harm compares what became of requests with what should have.
func (t *trial) harm(ids []string, f fate) harm {
	var all harm
	tickets := t.desk.tickets()
	for _, id := range ids {
		r, ok := t.teleport.Request(id)
		if !ok {
			r = nil
		}
		damage := f.harm(r, tickets[id])
		if damage.total() > 0 && len(t.harmed) < harmedShown {
			t.harmed = append(t.harmed, fmt.Sprintf("request %s: %v; tickets %+q; link %s", id, damage, tickets[id], t.link(id)))
		}
		all = all.plus(damage)
	}
	return all
}

// strangers are tickets for no request of the trial.
func (t *trial) strangers(made int) harm {
	return harm{wrong: max(0, len(t.desk.tickets())-made)}
}

// issueOf returns the key or id of the request's only issue at Jira.
func (t *trial) issueOf(ctx context.Context, id string) (string, error) {
	issue, _, err := t.ledger.waitOpened(ctx, id)
	return issue, err
}
