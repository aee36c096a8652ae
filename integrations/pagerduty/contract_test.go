package pagerduty

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/pagerduty/spec"
	"github.com/stretchr/testify/require"
)

// Everything the client sends must be what the vendor's own description allows.
func TestWhatIsSentSatisfiesTheVendorsContract(t *testing.T) {
	s := newSite(t, setup{
		settings: func(s *Settings) {
			everyWay(s)
			s.Urgency, s.Priority, s.EscalationPolicy = "low", "P2", "Production EP"
		},
		transport: func(next http.RoundTripper) http.RoundTripper { return checked(t, next) },
	})
	ref := s.open(t)
	d := testkit.Draft()
	d.Settings = &Target{Assignees: []string{"bob@example.com"}}
	_, err := s.Open(t.Context(), bridge.Marker{RequestID: "other"}, d)
	require.NoError(t, err)
	require.Equal(t, ref, s.open(t), "adopted")
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.NoError(t, s.AddNote("alice", ref.ID, "approve: fine"))
	require.NoError(t, s.Acknowledge("bob", ref.ID))
	require.NoError(t, s.InvokeAction("carol", ref.ID, "Deny"))
	require.Len(t, s.evidence(t, ref), 3)
	_, err = s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Len(t, s.glances(t, time.Now().Add(-time.Hour)), 2)
	_, err = s.OnCall(t.Context(), bridge.OnCallQuery{Services: []string{"Production"}, Policies: []string{"PPOLICY"}, Schedules: []string{"primary"}})
	require.NoError(t, err)
	_, err = s.Members(t.Context(), sim.DefaultTeam)
	require.NoError(t, err)
	_, err = s.Members(t.Context(), "Nobody")
	require.Error(t, err)
	_, err = s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"Nothing"}})
	require.Error(t, err)
	for range 2 {
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	}
	for range 2 {
		_, _, err = s.EnsureWebhooks(t.Context(), "https://bridge.example.com/webhooks/oncall")
		require.NoError(t, err)
	}
	require.Empty(t, testkit.Faults(t, s.Check(t.Context())))
	sub := s.Subscriptions()[0]
	changed, err := s.repair(t.Context(), subscription{ID: sub.ID, Events: []string{"incident.triggered"}})
	require.NoError(t, err)
	require.True(t, changed)
	require.NoError(t, s.unsubscribe(t.Context(), subscription{ID: sub.ID}))
	_, err = s.Evidence(t.Context(), bridge.Ref{ID: "PNONE"})
	require.ErrorIs(t, err, bridge.ErrGone)
}

func checked(t *testing.T, next http.RoundTripper) http.RoundTripper {
	published := spec.Load(t).Transport(next)
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/automation_actions/") || r.URL.Path == "/log_entries" {
			return next.RoundTrip(r) // in none of the kept parts of the description
		}
		return published.RoundTrip(r)
	})
}
