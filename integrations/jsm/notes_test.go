package jsm

import (
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	"github.com/stretchr/testify/require"
)

// Where closing succeeds and the note does not, the next try adds the note alone.
func TestP4_ANoteThatFailedAfterClosingIsAddedLater(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.Opened(t)
	cancel := s.Inject(alertsuite.Breaks("POST", "/notes", 502))
	require.Error(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.False(t, s.Shown(t).Open())
	cancel()
	s.ResetCalls()
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.Equal(t, []string{testkit.Closing(bridge.EndDenied).Note.Text}, s.Texts(t))
	require.Zero(t, s.Calls()["POST /alerts/{id}/close"])
}
