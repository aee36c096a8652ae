package admin

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
	"text/template"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

//go:embed bridge.yaml.tmpl
var bridgeTemplate string

// BridgeConfigMark begins every configuration that [World.BridgeConfig] makes, so that no other file is overwritten by one.
const BridgeConfigMark = "# Made by the simulators"

// leastSearchLag is the shortest time that the bridge's configuration gives Jira's index.
const leastSearchLag = time.Second

// Bridge is what only the bridge decides about its own configuration. All of it is required.
type Bridge struct {
	// Integration is the name of the Jira account, the last part of the webhook's path.
	Integration string
	// Listen is host:port of the listener for webhooks, AdminListen that of health and metrics.
	Listen, AdminListen string
	// CertFile and KeyFile are the certificate of the first listener.
	CertFile, KeyFile string
}

// account is how the bridge's configuration has a vendor besides Jira. Settings and OnCall are lines of it.
type account struct {
	Name             Vendor
	Settings, OnCall []string
	WebhookSecret    string
	SearchLag        time.Duration
}

// BridgeConfig returns a configuration file with which a bridge works against this world. It polls vendors that the world has no
// webhook of. Call it after [Start], because it names the addresses.
func (w *World) BridgeConfig(b Bridge) ([]byte, error) {
	text, err := template.New("config").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(bridgeTemplate)
	if err != nil {
		return nil, fmt.Errorf("read the template of the bridge's configuration: %w", err)
	}
	options := w.opts.Jira
	data := struct {
		Bridge
		Mark                          string
		TeleportAddr, Identity        string
		JiraURL, User, Token, Project string
		Flavour                       jira.Flavour
		Cloud                         bool
		WebhookSecret                 string
		SearchLag                     time.Duration
		Approvers                     []string
		Accounts                      []account
	}{
		Bridge: b, Mark: BridgeConfigMark, TeleportAddr: w.Teleport.Addr(), Identity: w.Identity,
		JiraURL: w.Jira.URL(), User: jira.BotEmail, Token: jira.BotToken, Project: "ACC",
		Flavour: options.Flavour, Cloud: options.Flavour == jira.Cloud,
		SearchLag: searchLag(options.IndexLag), Approvers: Approvers(), Accounts: w.accounts(),
	}
	if len(options.Projects) > 0 {
		data.Project = options.Projects[0].Key
	}
	if w.opts.Webhook.URL != "" {
		data.WebhookSecret = w.opts.Webhook.Secret
	}
	var out bytes.Buffer
	if err := text.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("write the bridge's configuration: %w", err)
	}
	return out.Bytes(), nil
}

// searchLag is what the bridge is told of a vendor whose search is late by a time.
func searchLag(late time.Duration) time.Duration { return max(leastSearchLag, 2*late) }

// accounts are the vendors besides Jira.
func (w *World) accounts() []account {
	var out []account
	for _, v := range Vendors() {
		options, runs := w.opts.With[v]
		if !runs {
			continue
		}
		made := account{Name: v, SearchLag: searchLag(options.IndexLag)}
		made.Settings, made.OnCall = w.settings(v)
		if w.opts.WebhookBase != "" {
			made.WebhookSecret = WebhookSecret
		}
		out = append(out, made)
	}
	return out
}

// settings are the lines of a vendor's own settings, and those of the route that say who is on call first.
func (w *World) settings(v Vendor) (own, onCall []string) {
	line := func(key, value string) string { return key + ": " + strconv.Quote(value) }
	responders := "responders: {schedules: [" + alerting.PrimarySchedule + ", " + alerting.SecondarySchedule + "]}"
	primary := []string{"schedules: [" + alerting.PrimarySchedule + "]"}
	switch v {
	case PagerDuty:
		return []string{
			line("endpoint", w.PagerDuty.URL()), line("api_token", pagerduty.DefaultToken), line("from", pagerduty.DefaultBotEmail),
			line("service", pagerduty.DefaultService), "decisions: {actions: {approve: Approve, deny: Deny}}",
		}, []string{"services: [" + pagerduty.DefaultService + "]", "levels: 1"}
	case Opsgenie:
		return []string{line("endpoint", w.Opsgenie.URL()), line("api_key", opsgenie.DefaultAPIKey), responders}, primary
	default:
		return []string{
			line("site", w.JSM.URL()), line("endpoint", w.JSM.URL()), line("user", jsm.DefaultEmail),
			line("api_token", jsm.DefaultAPIToken), responders, "unverified: {owners: account_id, log: true}",
		}, primary
	}
}
