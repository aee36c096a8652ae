package opsgenie

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Options are what an integration gets from the server.
type Options struct {
	// Log receives what does not fit into an error; nil means none.
	Log *slog.Logger
	// Observe is told of every call to Opsgenie: method, status (0 for no answer) and time taken.
	Observe func(method string, code int, took time.Duration)
	// Targets are the settings that routes give for this integration, for Check and for telling who may decide.
	Targets []*Target
	// Transport replaces the network, for tests.
	Transport http.RoundTripper
}

// Opsgenie is one Opsgenie account.
type Opsgenie struct {
	*alerting.Tracker
	api *client
}

// New makes an integration from checked settings. It makes no call.
func New(name string, s *Settings, o Options) (*Opsgenie, error) {
	base, err := incident.NewBase("opsgenie", name, s.Common, incident.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport})
	if err != nil {
		return nil, err
	}
	product := alerting.Product{Kind: "opsgenie", Name: "Opsgenie", ByAlias: true}
	api := newClient(s, base.HTTP)
	return &Opsgenie{Tracker: alerting.New(product, base, api, s.Settings, o.Targets), api: api}, nil
}
