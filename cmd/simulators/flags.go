package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
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
	Latency        time.Duration `help:"Time added to every call to a vendor."`
	IndexLag       time.Duration `help:"How long a vendor's search does not see a change."`
	WebhookURL     string        `help:"Where Jira's webhook goes: the bridge, at /webhooks/NAME." default:"https://127.0.0.1:8443/webhooks/itsm"`

	With            []admin.Vendor `help:"Vendors to run besides Jira: pagerduty, opsgenie and jsm (Jira Service Management operations), separated by commas. Their webhooks go to the same bridge." placeholder:"VENDOR"`
	PagerDutyListen string         `help:"Address of PagerDuty." name:"pagerduty-listen" default:"127.0.0.1:0"`
	OpsgenieListen  string         `help:"Address of Opsgenie." default:"127.0.0.1:0"`
	JSMListen       string         `help:"Address of Jira Service Management." name:"jsm-listen" default:"127.0.0.1:0"`
}

// Validate is called by kong.
func (f *flags) Validate() error {
	for name, addr := range map[string]string{
		"listen": f.Listen, "teleport-listen": f.TeleportListen, "jira-listen": f.JiraListen,
		"pagerduty-listen": f.PagerDutyListen, "opsgenie-listen": f.OpsgenieListen, "jsm-listen": f.JSMListen,
	} {
		if !onLoopback(addr) {
			return fmt.Errorf("--%s: %q is not host:port on this machine; the simulators protect nothing, so nobody else may reach them",
				name, addr)
		}
	}
	if f.Latency < 0 || f.IndexLag < 0 {
		return errors.New("--latency and --index-lag must not be negative")
	}
	bridge, err := f.receiver()
	if err != nil {
		return err
	}
	for _, v := range f.With {
		if !slices.Contains(admin.Vendors(), v) {
			return fmt.Errorf("--with: there is no vendor %q; there are pagerduty, opsgenie and jsm", v)
		}
		if string(v) == bridge.integration {
			return fmt.Errorf("--webhook-url: the name %q is that of another vendor; Jira needs its own", v)
		}
	}
	return nil
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
	// base is what the addresses of all webhooks begin with.
	base string
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
	base := url.URL{Scheme: u.Scheme, Host: u.Host, Path: webhookPath}
	r := receiver{host: u.Hostname(), port: u.Port(), integration: name, base: base.String()}
	if r.port == "" {
		r.port = "443"
	}
	return r, nil
}

func (f *flags) world(dir string, ca []byte, bridge receiver) admin.Options {
	flavour := jira.Cloud
	if f.Flavour == jira.DataCenter.String() {
		flavour = jira.DataCenter
	}
	listen := map[admin.Vendor]string{
		admin.PagerDuty: f.PagerDutyListen, admin.Opsgenie: f.OpsgenieListen, admin.JSM: f.JSMListen,
	}
	with := map[admin.Vendor]admin.VendorOptions{}
	for _, v := range f.With {
		with[v] = admin.VendorOptions{Listen: listen[v], Latency: f.Latency, IndexLag: f.IndexLag}
	}
	return admin.Options{
		Dir:         dir,
		Teleport:    teleport.Options{Listen: f.TeleportListen},
		Jira:        jira.Options{Flavour: flavour, Listen: f.JiraListen, Latency: f.Latency, IndexLag: f.IndexLag},
		Webhook:     jira.Webhook{URL: f.WebhookURL},
		With:        with,
		WebhookBase: bridge.base,
		WebhookCA:   ca,
	}
}
