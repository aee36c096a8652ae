package opsgenie

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// vendor is what the shared suite has to know of the product. Change, unless it is nil, changes the settings that work.
func vendor(change func(*Settings)) alertsuite.Vendor {
	return alertsuite.Vendor{
		Product: alerting.Product{Kind: "opsgenie", Name: "Opsgenie", ByAlias: true},
		Start:   start,
		Settings: func(address string, key config.Secret) (config.Settings, *alerting.Settings) {
			set := working(address)
			set.APIKey = key
			if change != nil {
				change(set)
			}
			return set, &set.Settings
		},
		New:    makes,
		Key:    sim.DefaultAPIKey,
		Itself: "accessbridge",
		Person: func(u account.User) bridge.Actor { return bridge.Actor{ID: u.ID, Email: u.Username, Name: u.FullName} },
		OnDuty: func(u account.User) bridge.Actor { return bridge.Actor{Email: u.Username} },
		Page:   func(string) string { return "https://app.opsgenie.com/alert/list" },
		Prefix: "/v2",
		Round:  map[string]int{"POST /alerts": 1, "POST /alerts/{id}/close": 1, "GET /alerts/requests/{id}": 1},
		Listing: func(_ *http.Request, alerts string, more bool) string {
			if more {
				return `{"data":[` + alerts + `],"paging":{"next":"https://api.opsgenie.com/v2/alerts?offset=100"},"requestId":"r"}`
			}
			return `{"data":[` + alerts + `],"requestId":"r"}`
		},
		Failing: failing,
		Waiting: map[string]testkit.Wrap{"with the header": nil, "without it": withoutErrorType},
		Good:    []string{"key: accepted", "may change alerts", "may read schedules", "may read users"},
	}
}

func start(t testing.TB, s alertsuite.Setup) alertsuite.Server {
	t.Helper()
	srv := standintest.Started(sim.New(sim.Options{Account: s.Account, RefuseUnknown: s.RefuseUnknown}))(t)
	return alertsuite.Server{Account: srv.Account, Wire: srv.Server}
}

// working are settings that work with a simulator.
func working(address string) *Settings {
	set := defaults()
	set.Endpoint, set.RateLimit = address, 0
	set.Responders = alerting.Responders{Schedules: []string{sim.DefaultSchedule}}
	set.Webhook.Secrets = testkit.Secrets("hook-secret")
	return set
}

func makes(s config.Settings, o alertsuite.Options) (alertsuite.Integration, error) {
	it, err := New("oncall", s.(*Settings), Options{Log: o.Log, Targets: o.Targets, Transport: o.Transport})
	if err != nil {
		return nil, err
	}
	return it, nil
}

// failing names a responder in create calls that is not there any more, so that they fail once they are processed.
func failing(next http.RoundTripper) http.RoundTripper {
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/alerts") {
			r = replaced(r, "20000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-0000000000ff")
		}
		return next.RoundTrip(r)
	})
}

// replaced is a call with a part of its body replaced.
func replaced(r *http.Request, old, now string) *http.Request {
	raw, _ := io.ReadAll(r.Body) // of a request of ours, which is in memory
	body := bytes.ReplaceAll(raw, []byte(old), []byte(now))
	out := r.Clone(r.Context())
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return out
}

// withoutErrorType is a server whose 404 does not say that a request exists and waits.
func withoutErrorType(next http.RoundTripper) http.RoundTripper {
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil {
			resp.Header.Del(errorTypeHeader)
		}
		return resp, err
	})
}
