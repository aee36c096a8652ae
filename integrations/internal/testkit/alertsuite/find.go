package alertsuite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func findCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"FindTellsWhatIsThere":              findTellsWhatIsThere,
		"FindRefusesWhatCannotBeAnAlias":    findRefusesWhatCannotBeAnAlias,
		"OfSeveralTheOldestOpenOneIsTaken":  ofSeveralTheOldestOpenOneIsTaken,
		"ASearchThatLagsBehindHidesNothing": aSearchThatLagsBehindHidesNothing,
	}
}

func findTellsWhatIsThere(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	found, err := s.Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.Nil(t, found)
	for _, other := range []string{Alias + "x", "x" + Alias, strings.ToUpper(Alias), testkit.RequestID} {
		_, err := s.AddAlert("bob", account.Draft{Message: "other", Alias: other})
		require.NoError(t, err)
	}
	found, err = s.Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.Nil(t, found)
	ref := s.Opened(t)
	found, err = s.Again(t, Setup{}).Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.Equal(t, &ref, found)
}

func findRefusesWhatCannotBeAnAlias(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	for _, id := range []string{"", "a b", `x" OR status: open`, "../x", strings.Repeat("a", 65), "é"} {
		_, err := s.Find(t.Context(), bridge.Marker{RequestID: id})
		Terminal(t, err)
		_, err = s.Open(t.Context(), bridge.Marker{RequestID: id}, testkit.Draft())
		require.True(t, bridge.NoEffect(err))
	}
	require.Zero(t, s.TotalCalls())
}

// Of several alerts that a search finds, an open one is the request's, and of those the oldest.
func ofSeveralTheOldestOpenOneIsTaken(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Account: account.Options{Clock: Ticking()}, Transport: unaddressed(http.StatusNotFound)})
	var ids []string
	for range 3 {
		a, err := s.AddAlert("bob", account.Draft{Message: "m", Alias: Alias})
		require.NoError(t, err)
		ids = append(ids, a.ID)
		if len(ids) < 3 {
			require.NoError(t, s.CloseAlert("bob", a.ID, ""))
		}
	}
	ref, err := s.Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), *ref, testkit.Notes()[:1]))
	a, _ := s.Alert(ids[2])
	require.Len(t, a.Notes, 1, "the open one")

	require.NoError(t, s.CloseAlert("bob", ids[2], ""))
	fresh := s.Again(t, Setup{})
	require.NoError(t, fresh.Close(t.Context(), *ref, testkit.Closing(bridge.EndDenied)))
	require.Len(t, s.Alerts(), 3)
}

// The index of a search lags behind; reading by the alias does not.
func aSearchThatLagsBehindHidesNothing(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Account: account.Options{IndexLag: time.Hour}})
	ref := s.Opened(t)
	found, err := s.Again(t, Setup{}).Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.Equal(t, &ref, found)
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
}
