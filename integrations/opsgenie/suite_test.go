package opsgenie

import (
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

func TestAlerts(t *testing.T) { alertsuite.Run(t, vendor(nil)) }

func TestConformance(t *testing.T) {
	alertsuite.Conformance(t, vendor(nil), func(t testing.TB, s alertsuite.Setup) (alertsuite.Server, string, []bridge.Actor) {
		srv := start(t, s)
		return srv, sim.DefaultTeam, teamOf(srv) // Opsgenie tells a whole team at once
	})
}

func TestConfiguration(t *testing.T) {
	alertsuite.Configuration(t, vendor(nil), access,
		func(t *testing.T, settings, target string) (config.Settings, *alerting.Settings, *alerting.Target, error) {
			s, of, err := parse(t, settings, target)
			if err != nil {
				return nil, nil, nil, err
			}
			return s, &s.Settings, of, nil
		})
}

func TestTheAPIIsAskedAsItIsDescribed(t *testing.T) {
	s := vendor(nil).Site(t, alertsuite.Setup{Transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			require.Equal(t, "GenieKey "+sim.DefaultAPIKey, r.Header.Get("Authorization"))
			require.Equal(t, "application/json", r.Header.Get("Accept"))
			require.Contains(t, r.Header.Get("User-Agent"), "accessbridge/")
			return next.RoundTrip(r)
		})
	}})
	s.Opened(t)
}

// A closing that failed once it was processed is noticed.
func TestAClosingThatCameToNothingIsMadeAgain(t *testing.T) {
	s := vendor(nil).Site(t, alertsuite.Setup{Transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if strings.Contains(r.URL.Path, "/requests/") && strings.Contains(body, `"Close"`) {
			return strings.ReplaceAll(body, `"isSuccess":true`, `"isSuccess":false`)
		}
		return body
	})})
	ref := s.Opened(t)
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.False(t, s.Shown(t).Open())
	require.Len(t, s.Texts(t), 1)
}
