package jsm

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

// through opens an alert and closes it, with tries before the time that was asked for, as other events of a request cause.
func (s *site) through(t *testing.T, id string) {
	t.Helper()
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: id}, testkit.Draft())
	require.NoError(t, err)
	for range 10 {
		if err = s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)); err == nil {
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
			settings: func(s *Settings) { s.Responders, s.CloudID = alerting.Responders{}, sim.DefaultCloudID },
		}
		clocked(t, options, func(t *testing.T, s *site) {
			s.through(t, "first")
			for n := range 5 {
				s.ResetCalls()
				s.through(t, strconv.Itoa(n))
				require.Equal(t, map[string]int{
					"POST /alerts": 1, "GET /alerts/requests/{id}": 1, "POST /alerts/{id}/close": 1, "POST /alerts/{id}/notes": 1,
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

// A closing that was accepted and comes to nothing is noticed by the next listing.
func TestP4_AClosingThatFailedLaterIsMadeAgain(t *testing.T) {
	swallowed := 0
	options := setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/close") || swallowed > 0 {
				return next.RoundTrip(r)
			}
			swallowed++
			body := io.NopCloser(strings.NewReader(`{"requestId":"r1"}`))
			return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: body, Request: r}, nil
		})
	}}
	clocked(t, options, func(t *testing.T, s *site) {
		ref := s.open(t)
		require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		require.True(t, s.shown(t).Open())
		<-time.After(5 * time.Minute)
		require.Contains(t, s.glances(t, time.Now()), ref.ID)
		require.False(t, s.shown(t).Open())
		require.Len(t, s.notes(t), 1)
		require.Contains(t, s.log.String(), "closing it again")
	})
}
