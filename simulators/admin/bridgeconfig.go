package admin

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
	"text/template"
	"time"

	"github.com/accessbridge/accessbridge/simulators/jira"
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

// BridgeConfig returns a configuration file with which a bridge works against this world. It polls Jira if the world has no
// webhook. Call it after [Start], because it names the addresses.
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
	}{
		Bridge: b, Mark: BridgeConfigMark, TeleportAddr: w.Teleport.Addr(), Identity: w.Identity,
		JiraURL: w.Jira.URL(), User: jira.BotEmail, Token: jira.BotToken, Project: "ACC",
		Flavour: options.Flavour, Cloud: options.Flavour == jira.Cloud,
		SearchLag: max(leastSearchLag, 2*options.IndexLag), Approvers: Approvers(),
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
