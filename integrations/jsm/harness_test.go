package jsm

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
	"github.com/stretchr/testify/require"
)

const (
	reqID = testkit.RequestID
	alias = alertsuite.Alias
)

var marker = testkit.Marker()

// setup says what is special about a simulated site and the integration that works with it.
type setup struct {
	sim       sim.Options
	settings  func(*Settings)
	transport testkit.Wrap
}

func newSite(t *testing.T, s setup) *alertsuite.Site {
	t.Helper()
	return s.vendor().Site(t, alertsuite.Setup{Account: s.sim.Account, Transport: s.transport})
}

// around is one more integration, as after a restart, at the same simulator.
func around(t *testing.T, at *alertsuite.Site, s setup) *alertsuite.Site {
	t.Helper()
	return s.vendor().Around(t, at.Server, alertsuite.Setup{Transport: s.transport})
}

// vendor is what the shared suite has to know of the product.
func (s setup) vendor() alertsuite.Vendor {
	person := func(u account.User) bridge.Actor {
		return bridge.Actor{ID: u.AccountID, Email: u.Username, Name: u.FullName}
	}
	return alertsuite.Vendor{
		Product:     alerting.Product{Kind: "jsm", Name: product},
		Start:       s.start,
		Settings:    s.configured,
		New:         makes,
		Key:         sim.DefaultAPIToken,
		Credentials: []string{base64.StdEncoding.EncodeToString([]byte(sim.DefaultEmail + ":" + sim.DefaultAPIToken))},
		Itself:      sim.DefaultEmail,
		Person:      person,
		OnDuty:      person,
		Page:        func(address string) string { return address + "/jira/ops/alerts" },
		Aside:       []string{"GET /tenant_info"},
		Round: map[string]int{ // closing takes no note
			"POST /alerts": 1, "GET /alerts/requests/{id}": 1, "POST /alerts/{id}/close": 1, "POST /alerts/{id}/notes": 1,
		},
		Listing: listing,
		Failing: failing,
		Waiting: map[string]testkit.Wrap{"not found": nil, "without a time": waitingWithoutATime},
		Good: []string{
			"has the id " + sim.DefaultCloudID, "token: accepted", "people: can be read", "alerts can be read", "alerts can be changed",
			"2 schedules can be read", "not known before the bridge has written one",
		},
	}
}

func (s setup) start(t testing.TB, of alertsuite.Setup) alertsuite.Server {
	t.Helper()
	options := s.sim
	options.Account, options.RefuseUnknown = of.Account, options.RefuseUnknown || of.RefuseUnknown
	srv := standintest.Started(sim.New(options))(t)
	return alertsuite.Server{Account: srv.Account, Wire: srv.Server}
}

func (s setup) configured(address string, token config.Secret) (config.Settings, *alerting.Settings) {
	set := working(address)
	set.APIToken = token
	if s.settings != nil {
		s.settings(set)
	}
	return set, &set.Settings
}

// working are settings that work with a simulator, with everything switched on.
func working(address string) *Settings {
	set := defaults()
	set.Site, set.Endpoint, set.RateLimit = address, address, 0
	set.User, set.APIToken = sim.DefaultEmail, config.NewSecret(sim.DefaultAPIToken)
	set.Unverified = Unverified{Owners: OwnersAccountID, Log: true, Teams: true, Escalations: true}
	set.Responders = alerting.Responders{Schedules: []string{sim.DefaultSchedule}}
	set.Webhook.Secrets = testkit.Secrets("hook-secret")
	return set
}

func makes(s config.Settings, o alertsuite.Options) (alertsuite.Integration, error) {
	j, err := New("oncall", s.(*Settings), Options{Log: o.Log, Targets: o.Targets, Transport: o.Transport})
	if err != nil {
		return nil, err
	}
	return j, nil
}

func listing(r *http.Request, alerts string, more bool) string {
	switch {
	case strings.HasPrefix(r.URL.Path, "/_edge/"):
		return `{"cloudId":"c0"}`
	case more:
		return `{"values":[` + alerts + `],"links":{"next":"/v1/alerts?offset=100&size=100"}}`
	}
	return `{"values":[` + alerts + `]}`
}

// failing accepts create calls that come to nothing once they are processed.
func failing(next http.RoundTripper) http.RoundTripper {
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/alerts"):
			return alertsuite.Answer(r, http.StatusOK, `{"requestId":"r1"}`), nil
		case strings.HasSuffix(r.URL.Path, "/alerts/requests/r1"):
			return alertsuite.Answer(r, http.StatusOK, `{"isSuccess":false,"processedAt":"2026-01-02T03:04:05Z","status":"Responder does not exist"}`), nil
		}
		return next.RoundTrip(r)
	})
}

// waitingWithoutATime tells of a request that waits that it has no time yet, and not that there is none: which it is is not documented.
func waitingWithoutATime(next http.RoundTripper) http.RoundTripper {
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusNotFound || !strings.Contains(r.URL.Path, "/requests/") {
			return resp, err
		}
		return alertsuite.Answer(r, http.StatusOK, `{"isSuccess":false,"status":"","processedAt":""}`), resp.Body.Close()
	})
}

// accountOf is the Atlassian account id of one of the simulator's people.
func accountOf(t *testing.T, s *alertsuite.Site, name string) string {
	t.Helper()
	u, ok := s.User(name)
	require.True(t, ok, name)
	return u.AccountID
}
