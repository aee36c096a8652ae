package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

const webhookPath = "/webhooks/"

type flags struct {
	Dir            string        `help:"Folder for config.yaml, the certificates and the identity file. Without it a temporary one, removed at the end." type:"path"`
	Listen         string        `help:"Address of the admin API." default:"127.0.0.1:0"`
	TeleportListen string        `help:"Address of Teleport." default:"127.0.0.1:0"`
	JiraListen     string        `help:"Address of Jira." default:"127.0.0.1:0"`
	Flavour        string        `help:"Jira product to simulate: ${enum}." enum:"cloud,datacenter" default:"cloud"`
	Latency        time.Duration `help:"Time added to every call to Jira."`
	IndexLag       time.Duration `help:"How long Jira's search does not see a change."`
	WebhookURL     string        `help:"Where Jira's webhook goes: the bridge, at /webhooks/NAME." default:"https://127.0.0.1:8443/webhooks/itsm"`
}

// Validate is called by kong.
func (f *flags) Validate() error {
	for name, addr := range map[string]string{
		"listen": f.Listen, "teleport-listen": f.TeleportListen, "jira-listen": f.JiraListen,
	} {
		if !onLoopback(addr) {
			return fmt.Errorf("--%s: %q is not host:port on this machine; the simulators protect nothing, so nobody else may reach them",
				name, addr)
		}
	}
	if f.Latency < 0 || f.IndexLag < 0 {
		return errors.New("--latency and --index-lag must not be negative")
	}
	_, err := f.receiver()
	return err
}

func onLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// receiver is the bridge, as the webhook's address describes it.
type receiver struct {
	host, port string
	// integration is the name that the bridge's configuration has for Jira.
	integration string
}

func (f *flags) receiver() (receiver, error) {
	u, err := url.Parse(f.WebhookURL)
	if err != nil {
		return receiver{}, fmt.Errorf("--webhook-url: %w", err)
	}
	name, ok := strings.CutPrefix(u.Path, webhookPath)
	if u.Scheme != "https" || u.Hostname() == "" || !ok || name == "" || strings.Contains(name, "/") {
		return receiver{}, fmt.Errorf("--webhook-url: %q is not like https://127.0.0.1:8443/webhooks/itsm", f.WebhookURL)
	}
	r := receiver{host: u.Hostname(), port: u.Port(), integration: name}
	if r.port == "" {
		r.port = "443"
	}
	return r, nil
}

func (f *flags) world(dir string, ca []byte) admin.Options {
	flavour := jira.Cloud
	if f.Flavour == jira.DataCenter.String() {
		flavour = jira.DataCenter
	}
	return admin.Options{
		Dir:       dir,
		Teleport:  teleport.Options{Listen: f.TeleportListen},
		Jira:      jira.Options{Flavour: flavour, Listen: f.JiraListen, Latency: f.Latency, IndexLag: f.IndexLag},
		Webhook:   jira.Webhook{URL: f.WebhookURL},
		WebhookCA: ca,
	}
}
