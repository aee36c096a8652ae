package jsm

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// product is the name of what this package works with, for people.
const product = "Jira Service Management"

// Options are what an integration gets from the server.
type Options struct {
	// Log receives what does not fit into an error; nil means none.
	Log *slog.Logger
	// Observe is told of every call to the site and the gateway: method, status (0 for no answer) and time taken.
	Observe func(method string, code int, took time.Duration)
	// Targets are the settings that routes give for this integration, for Check and for telling who may decide.
	Targets []*Target
	// Transport replaces the network, for tests.
	Transport http.RoundTripper
}

// JSM is the operations of one site.
type JSM struct {
	*alerting.Tracker
	api *client
}

// New makes an integration from checked settings. It makes no call.
func New(name string, s *Settings, o Options) (*JSM, error) {
	base, err := incident.NewBase("jsm", name, s.Common, incident.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport})
	if err != nil {
		return nil, err
	}
	api := newClient(s, base)
	tracker := alerting.New(alerting.Product{Kind: "jsm", Name: product}, base, api, s.allowed(), o.Targets)
	return &JSM{Tracker: tracker, api: api}, nil
}
