package opsgenie

import (
	"strconv"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

// through opens an alert and closes it, with tries before the time that was asked for, as other events of a request cause.
func (s *site) through(t *testing.T, id string) {
	t.Helper()
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: id}, testkit.Draft())
	require.NoError(t, err)
	for range 10 {
		if err = s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)); err == nil {
			return
		}
		<-time.After(waits(t, err)/2 + 20*time.Millisecond)
	}
	require.NoError(t, err)
}

// What is carried out later costs the calls that it costs when it is carried out at once. Only the first alert shows that it takes time.
func TestW17_AlertsThatAreMadeLaterCostNoMoreCalls(t *testing.T) {
	for _, lag := range []time.Duration{200 * time.Millisecond, time.Second} {
		options := setup{
			sim:      sim.Options{Account: account.Options{ProcessLag: lag}},
			settings: func(s *Settings) { s.Responders = alerting.Responders{} },
		}
		clocked(t, options, func(t *testing.T, s *site) {
			s.through(t, "first")
			for n := range 5 {
				s.ResetCalls()
				s.through(t, strconv.Itoa(n))
				require.Equal(t, map[string]int{
					"POST /v2/alerts": 1, "POST /v2/alerts/{id}/close": 1, "GET /v2/alerts/requests/{id}": 1,
				}, s.Calls(), "%v", lag)
			}
			<-time.After(2 * lag)
			require.Len(t, s.Alerts(), 6)
			for _, a := range s.Alerts() {
				require.False(t, a.Open())
				require.Len(t, a.Notes, 1)
			}
		})
	}
}
