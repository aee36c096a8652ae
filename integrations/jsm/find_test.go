package jsm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

func TestFindTellsWhatIsThere(t *testing.T) {
	s := newSite(t, setup{})
	found, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Nil(t, found)
	for _, other := range []string{alias + "x", "x" + alias, strings.ToUpper(alias), reqID} {
		_, err := s.AddAlert("bob", account.Draft{Message: "other", Alias: other})
		require.NoError(t, err)
	}
	found, err = s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Nil(t, found)
	ref := s.open(t)
	found, err = around(t, s.Server, setup{}).Find(t.Context(), marker)
	require.NoError(t, err)
	require.Equal(t, ref, *found)
}

func TestFindRefusesWhatCannotBeAnAlias(t *testing.T) {
	s := newSite(t, setup{})
	for _, id := range []string{"", "a b", `x" OR status: open`, "../x", strings.Repeat("a", 65), "é"} {
		_, err := s.Find(t.Context(), bridge.Marker{RequestID: id})
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
		_, err = s.Open(t.Context(), bridge.Marker{RequestID: id}, testkit.Draft())
		require.True(t, bridge.NoEffect(err))
	}
	require.Zero(t, s.TotalCalls())
}

// Of several alerts that a search finds, an open one is the request's, and of those the oldest.
func TestOfSeveralTheOldestOpenOneIsTaken(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Account: account.Options{Clock: ticking()}}, transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.EscapedPath(), "%2F") {
				r = r.Clone(r.Context())
				r.URL.Path, r.URL.RawPath = "/none", ""
			}
			return next.RoundTrip(r)
		})
	}})
	var ids []string
	for range 3 {
		a, err := s.AddAlert("bob", account.Draft{Message: "m", Alias: alias})
		require.NoError(t, err)
		ids = append(ids, a.ID)
		if len(ids) < 3 {
			require.NoError(t, s.CloseAlert("bob", a.ID, ""))
		}
	}
	ref, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), *ref, twoNotes[:1]))
	a, _ := s.Alert(ids[2])
	require.Len(t, a.Notes, 1, "the open one")

	require.NoError(t, s.CloseAlert("bob", ids[2], ""))
	fresh := around(t, s.Server, setup{transport: nil})
	require.NoError(t, fresh.JSM.Close(t.Context(), *ref, testkit.Closing(bridge.EndDenied)))
	require.Len(t, s.Alerts(), 3)
}

func TestChangedListsOpenAlertsAndThoseClosedSince(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Account: account.Options{Clock: ticking()}}})
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
		}, s.glances(t, since))
	}
	require.Equal(t, map[string]bool{
		refs["untouched"].ID: false, refs["noted"].ID: false, refs["acted"].ID: false,
	}, s.glances(t, time.Now().Add(time.Hour)), "nothing since; what was closed before is left out")

	all := around(t, s.Server, setup{settings: func(s *Settings) { s.ResyncReads = "all" }})
	for id, decided := range all.glances(t, time.Now().Add(time.Hour)) {
		require.True(t, decided, id)
	}
}

func TestChangedGoesThroughAllPages(t *testing.T) {
	s := newSite(t, setup{})
	for n := range 230 {
		_, err := s.AddAlert("", account.Draft{Message: "m", Alias: fmt.Sprintf("teleport-access-request/r-%d", n), Tags: []string{"accessbridge"}})
		require.NoError(t, err)
	}
	require.Len(t, s.glances(t, time.Time{}), 230)
	require.Equal(t, 4, s.Calls()["GET /alerts"])
}

// A listing that is longer than is shown leaves out the oldest, and says so.
func TestChangedEndsWhereTheProductDoes(t *testing.T) {
	pages := 0
	s := newSite(t, setup{transport: testkit.Answer(func(r *http.Request) string {
		if strings.HasPrefix(r.URL.Path, "/_edge/") {
			return `{"cloudId":"c0"}`
		}
		if !strings.Contains(r.URL.Query().Get("query"), "status: open") {
			return `{"values":[]}`
		}
		pages++
		var list []string
		for n := range 100 {
			list = append(list, fmt.Sprintf(`{"id":"i","alias":"teleport-access-request/r-%d-%d","createdAt":"2026-01-02T03:04:05Z","updatedAt":"2026-01-02T03:04:05Z"}`, pages, n))
		}
		return `{"values":[` + strings.Join(list, ",") + `],"links":{"next":"/v1/alerts?offset=100&size=100"}}`
	})})
	require.Len(t, s.glances(t, time.Time{}), 20_000)
	require.Equal(t, 200, pages)
	require.Contains(t, s.log.String(), "listing of alerts is incomplete")
}

func TestAnErrorEndsTheListing(t *testing.T) {
	s := newSite(t, setup{})
	s.Inject(fault("GET", "/alerts", 502))
	n := 0
	for _, err := range s.Changed(t.Context(), time.Time{}) {
		n++
		require.Error(t, err)
		require.NotErrorIs(t, err, bridge.ErrGone)
	}
	require.Equal(t, 1, n)
}

// The index of a search lags behind; reading by the alias does not.
func TestASearchThatLagsBehindHidesNothing(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Account: account.Options{IndexLag: time.Hour}}})
	ref := s.open(t)
	found, err := around(t, s.Server, setup{}).Find(t.Context(), marker)
	require.NoError(t, err)
	require.Equal(t, ref, *found)
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
}
