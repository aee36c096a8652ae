package admin

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Vendor is a vendor that can run besides Jira. It is also the name of its integration in the bridge's configuration, the last
// part of its webhook's address, the first part of its endpoints' paths, and with a dash after it the beginning of the roles
// whose requests go to it.
type Vendor string

// The vendors that can run besides Jira.
const (
	PagerDuty Vendor = "pagerduty"
	Opsgenie  Vendor = "opsgenie"
	JSM       Vendor = "jsm"
)

// jiraName begins the paths of Jira's endpoints, as the name of a [Vendor] does.
const jiraName = "jira"

// Vendors are all vendors that can run besides Jira.
func Vendors() []Vendor { return []Vendor{PagerDuty, Opsgenie, JSM} }

// Title is the vendor's name for people.
func (v Vendor) Title() string {
	switch v {
	case PagerDuty:
		return "PagerDuty"
	case Opsgenie:
		return "Opsgenie"
	case JSM:
		return "Jira Service Management"
	default:
		return string(v)
	}
}

// Short is the vendor's name for narrow columns.
func (v Vendor) Short() string {
	if v == JSM {
		return "JSM"
	}
	return v.Title()
}

// VendorOptions configures one vendor besides Jira.
type VendorOptions struct {
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// Latency is added to every REST call.
	Latency time.Duration
	// IndexLag is how long a search does not see a change. PagerDuty has no search and no such lag.
	IndexLag time.Duration
}

// simulator is what all simulated vendors have in common.
type simulator interface {
	Start() error
	Stop()
	Close()
	URL() string
	BoardURL() string
	Calls() map[string]int
	ResetCalls()
	Inject(fault standin.Fault) (cancel func())
	SetWebhookFault(fault standin.WebhookFault)
	Deliveries() []standin.Delivery
}

// running is a vendor of the world.
type running struct {
	simulator
	// name begins the paths of its endpoints, title is for people.
	name, title string
}

// creates is the path of the vendor's REST API that the bridge opens something by.
func (r running) creates() string {
	switch r.name {
	case jiraName:
		return "/issue"
	case string(PagerDuty):
		return "/incidents"
	default:
		return "/alerts"
	}
}

// addVendors makes the vendors that were asked for.
func (w *World) addVendors(roots *x509.CertPool) error {
	for _, v := range Vendors() {
		options, wanted := w.opts.With[v]
		if !wanted {
			continue
		}
		made, err := w.make(v, options, roots)
		if err != nil {
			return fmt.Errorf("make the %s simulator: %w", v.Title(), err)
		}
		w.vendors = append(w.vendors, running{simulator: made, name: string(v), title: v.Title()})
	}
	for v := range w.opts.With {
		if w.vendor(v) == nil {
			return fmt.Errorf("there is no simulator of %q", v)
		}
	}
	return nil
}

func (w *World) make(v Vendor, o VendorOptions, roots *x509.CertPool) (simulator, error) {
	account := alerting.Options{IndexLag: o.IndexLag, Webhooks: alerting.Sending{Roots: roots}}
	var err error
	switch v {
	case PagerDuty:
		w.PagerDuty, err = pagerduty.New(pagerduty.Options{
			Listen: o.Listen, Latency: o.Latency, Webhooks: pagerduty.Sending{Roots: roots},
		})
		if err == nil && w.opts.WebhookBase != "" {
			w.PagerDuty.AddSubscription(pagerduty.Subscription{URL: w.WebhookURL(v), Secrets: []string{WebhookSecret}})
		}
		return w.PagerDuty, err
	case Opsgenie:
		w.Opsgenie, err = opsgenie.New(opsgenie.Options{Listen: o.Listen, Latency: o.Latency, Account: account})
		if err == nil {
			w.subscribe(v, w.Opsgenie.Account)
		}
		return w.Opsgenie, err
	default:
		w.JSM, err = jsm.New(jsm.Options{Listen: o.Listen, Latency: o.Latency, Account: account})
		if err == nil {
			w.subscribe(v, w.JSM.Account)
		}
		return w.JSM, err
	}
}

// subscribe sends an account's events to the bridge, if there is one.
func (w *World) subscribe(v Vendor, account *alerting.Account) {
	if w.opts.WebhookBase != "" {
		account.AddReceiver(alerting.Receiver{
			URL: w.WebhookURL(v), Headers: map[string]string{"Authorization": "Bearer " + WebhookSecret},
		})
	}
}

// vendor finds a vendor that runs, nil if it does not.
func (w *World) vendor(v Vendor) simulator {
	for _, r := range w.vendors {
		if r.name == string(v) {
			return r.simulator
		}
	}
	return nil
}

// WebhookURL is where a vendor tells what happens; empty if it tells nobody.
func (w *World) WebhookURL(v Vendor) string {
	if w.opts.WebhookBase == "" {
		return ""
	}
	return w.opts.WebhookBase + string(v)
}

// Address is the base URL of a vendor's REST API, BoardURL the page where a person can act. Both are empty for one that does
// not run.
func (w *World) Address(v Vendor) string {
	if s := w.vendor(v); s != nil {
		return s.URL()
	}
	return ""
}

// BoardURL is described at [World.Address].
func (w *World) BoardURL(v Vendor) string {
	if s := w.vendor(v); s != nil {
		return s.BoardURL()
	}
	return ""
}

// Login says in words what the bridge logs in to a vendor with.
func (w *World) Login(v Vendor) string {
	switch v {
	case PagerDuty:
		return "API key " + pagerduty.DefaultToken
	case Opsgenie:
		return "API key " + opsgenie.DefaultAPIKey
	default:
		return "user " + jsm.DefaultEmail + ", API token " + jsm.DefaultAPIToken
	}
}
