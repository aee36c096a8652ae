package alertsuite

import (
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

// Exercise makes every call that an integration makes, through a transport that checks what is sent and answered against the product's own
// description of its API. Group names a group of people.
func Exercise(t *testing.T, v Vendor, checked testkit.Wrap, group string) {
	t.Helper()
	s := v.Site(t, Setup{Transport: checked, Settings: func(s *alerting.Settings) {
		anyone(s)
		s.Priority, s.Tags, s.DecideBy = "P1", []string{"jit"}, "on_call"
		s.Responders = alerting.Responders{
			Schedules: []string{"primary"}, Teams: []string{"Operations"}, Users: []string{"bob@example.com"}, Escalations: []string{account.DefaultEscalation},
		}
	}})
	ref := s.Opened(t)
	require.Equal(t, ref, s.Opened(t))
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
	require.NoError(t, s.Note("alice", Alias, "approve: fine"))
	require.NoError(t, s.Action("bob", Alias, "Deny", ""))
	require.NoError(t, s.Acknowledge("carol", Alias))
	require.Len(t, s.Said(t, ref), 3)
	_, err := s.Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	_, err = s.Find(t.Context(), bridge.Marker{RequestID: "none"})
	require.NoError(t, err)
	require.Len(t, s.Glances(t, time.Now().Add(-time.Hour)), 1)
	_, err = s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}, Teams: []string{"Operations"}})
	require.NoError(t, err)
	_, err = s.Members(t.Context(), group)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	}
	require.NoError(t, s.Again(t, Setup{Transport: checked}).Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	require.Empty(t, testkit.Faults(t, s.Check(t.Context())))
}
