package alertsuite

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func listingCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"ChangedListsOpenAlertsAndThoseClosedSince": changedListsOpenAlertsAndThoseClosedSince,
		"ChangedGoesThroughAllPages":                changedGoesThroughAllPages,
		"ChangedEndsWhereTheProductDoes":            changedEndsWhereTheProductDoes,
		"AnErrorEndsTheListing":                     anErrorEndsTheListing,
	}
}

func changedListsOpenAlertsAndThoseClosedSince(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Account: account.Options{Clock: Ticking()}})
	refs := map[string]bridge.Ref{}
	for _, id := range []string{"untouched", "noted", "acted", "closed"} {
		ref, err := s.Open(t.Context(), bridge.Marker{RequestID: id}, testkit.Draft())
		require.NoError(t, err)
		refs[id] = ref
	}
	_, err := s.AddAlert("bob", account.Draft{Message: "theirs", Tags: []string{"accessbridge"}})
	require.NoError(t, err)
	require.NoError(t, s.Note("alice", refs["noted"].ID, "approve"))
	require.NoError(t, s.Action("alice", refs["acted"].ID, "Deny", ""))
	require.NoError(t, s.CloseAlert("alice", refs["closed"].ID, ""))
	for _, since := range []time.Time{{}, time.Now().Add(-time.Hour)} {
		require.Equal(t, map[string]bool{
			refs["untouched"].ID: false, refs["noted"].ID: true, refs["acted"].ID: true, refs["closed"].ID: true,
		}, s.Glances(t, since))
	}
	require.Equal(t, map[string]bool{
		refs["untouched"].ID: false, refs["noted"].ID: false, refs["acted"].ID: false,
	}, s.Glances(t, time.Now().Add(time.Hour)), "nothing since; what was closed before is left out")

	all := s.Again(t, Setup{Settings: func(s *alerting.Settings) { s.ResyncReads = "all" }})
	for id, decided := range all.Glances(t, time.Now().Add(time.Hour)) {
		require.True(t, decided, id)
	}
}

func changedGoesThroughAllPages(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	for n := range 230 {
		_, err := s.AddAlert("", account.Draft{Message: "m", Alias: fmt.Sprintf("teleport-access-request/r-%d", n), Tags: []string{"accessbridge"}})
		require.NoError(t, err)
	}
	require.Len(t, s.Glances(t, time.Time{}), 230)
	require.Equal(t, 4, s.Counted()["GET /alerts"])
}

// A listing that is longer than is shown leaves out the oldest, and says so.
func changedEndsWhereTheProductDoes(t *testing.T, v Vendor) {
	pages := 0
	s := v.Site(t, Setup{Transport: testkit.Answer(func(r *http.Request) string {
		if !strings.Contains(r.URL.Query().Get("query"), "status: open") {
			return v.Listing(r, "", false)
		}
		pages++
		var list []string
		for n := range 100 {
			list = append(list, fmt.Sprintf(`{"id":"i","alias":"teleport-access-request/r-%d-%d","createdAt":"2026-01-02T03:04:05Z","updatedAt":"2026-01-02T03:04:05Z"}`, pages, n))
		}
		return v.Listing(r, strings.Join(list, ","), true)
	})})
	require.Len(t, s.Glances(t, time.Time{}), 20_000)
	require.Equal(t, 200, pages)
	require.Contains(t, s.Log.String(), "listing of alerts is incomplete")
}

func anErrorEndsTheListing(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	s.Inject(Breaks("GET", "/alerts", 502))
	n := 0
	for _, err := range s.Changed(t.Context(), time.Time{}) {
		n++
		require.Error(t, err)
		require.NotErrorIs(t, err, bridge.ErrGone)
	}
	require.Equal(t, 1, n)
}
