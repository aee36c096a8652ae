package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"text/template"
	"time"

	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

//go:embed bridge.yaml.tmpl
var bridgeTemplate string

// The names of the integrations, and the project of the Jira one.
const (
	itsm       = "itsm"
	pager      = "pager"
	alerts     = "alerts"
	operations = "operations"
	project    = "ACC"
)

// retryDelay is what the vendors wait before they send a webhook again.
const retryDelay = 200 * time.Millisecond

// account is how the configuration has one vendor.
type account struct{ Name, URL, User, Token string }

// writeConfig writes the bridge's configuration. It is an ordinary one: only the addresses belong to simulators.
func (w *world) writeConfig() error {
	text, err := template.New("config").Parse(bridgeTemplate)
	if err != nil {
		return fmt.Errorf("reading the template of the configuration: %w", err)
	}
	var out bytes.Buffer
	err = text.Execute(&out, struct {
		Teleport, Identity, Listen, CertFile, KeyFile, CAFile, Secret, Audit string
		Project, Service, Schedule                                           string
		Jira, PagerDuty, Opsgenie, JSM                                       account
	}{
		Teleport: w.teleport.Addr(), Identity: w.path("identity"), Listen: w.listen,
		CertFile: w.path("tls.crt"), KeyFile: w.path("tls.key"), CAFile: w.path("ca.crt"), Secret: webhookSecret, Audit: w.path("audit.log"),
		Project: project, Service: pagerduty.DefaultService, Schedule: alerting.PrimarySchedule,
		Jira:      account{itsm, w.jira.URL(), jira.BotEmail, jira.BotToken},
		PagerDuty: account{pager, w.pager.URL(), pagerduty.DefaultBotEmail, pagerduty.DefaultToken},
		Opsgenie:  account{alerts, w.opsgenie.URL(), "", opsgenie.DefaultAPIKey},
		JSM:       account{operations, w.jsm.URL(), jsm.DefaultEmail, jsm.DefaultAPIToken},
	})
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	w.config = w.path("config.yaml")
	return os.WriteFile(w.config, out.Bytes(), 0o600)
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
	w.register()
	return wait(ctx, "the bridge to be ready", func() bool { return s.Ready() == nil })
}

// register tells the vendors where the bridge takes webhooks, which it does at the same address after each start.
func (w *world) register() {
	w.jira.SetWebhooks(jira.Webhook{URL: w.webhookURL(itsm), Secret: webhookSecret, Client: w.client, RetryDelay: retryDelay})
	if len(w.pager.Subscriptions()) > 0 {
		return
	}
	w.pager.AddSubscription(pagerduty.Subscription{URL: w.webhookURL(pager), Secrets: []string{webhookSecret}})
	proof := map[string]string{alertProof: "Bearer " + webhookSecret}
	w.opsgenie.AddReceiver(alerting.Receiver{URL: w.webhookURL(alerts), Headers: proof})
	w.jsm.AddReceiver(alerting.Receiver{URL: w.webhookURL(operations), Headers: proof})
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

// header is one header, or none for an empty value.
func header(name, value string) http.Header {
	h := http.Header{}
	if value != "" {
		h.Set(name, value)
	}
	return h
}

// post sends a body to one of the bridge's webhooks, with the headers that prove it, and returns the status.
func (w *world) post(ctx context.Context, name string, body []byte, proof http.Header) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.webhookURL(name), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header = proof.Clone()
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}
