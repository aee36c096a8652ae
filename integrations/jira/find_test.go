package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

func TestFindTakesOnlyIssuesThatProveTheirMarker(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		m := bridge.Marker{RequestID: reqID}
		ref, err := s.Find(t.Context(), m)
		require.NoError(t, err)
		require.Nil(t, ref)

		clone := s.open(t)
		require.NoError(t, s.SetProperty(clone.ID, marker, "99999999-2222-3333-4444-555555555555"))
		ref, err = s.Find(t.Context(), m)
		require.NoError(t, err)
		require.Nil(t, ref, "a cloned issue has the label of the original, not its property")

		oldest, newer := s.open(t), s.open(t)
		require.NotEqual(t, oldest, newer)
		ref, err = s.Find(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, &oldest, ref)
		require.Contains(t, s.log.String(), "several issues carry the marker")

		require.NoError(t, s.DeleteIssue("bob", oldest.ID))
		ref, err = s.Find(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, &newer, ref)

		_, err = s.Find(t.Context(), bridge.Marker{RequestID: `x" OR labels = "y`})
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
	})
}

func TestFindLeavesMovedIssuesWhereTheyAre(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Move("bob", ref.ID, "In Review"))
	found, err := s.Find(t.Context(), bridge.Marker{RequestID: reqID})
	require.NoError(t, err)
	require.Equal(t, &ref, found)
	require.Equal(t, "In Review", s.issueOf(t, ref).Status)
}

func TestFindDoesNotSeeWhatTheIndexHasNotYet(t *testing.T) {
	now := time.Now()
	s := newSite(t, setup{sim: sim.Options{IndexLag: time.Minute, Clock: func() time.Time { return now }}})
	ref := s.open(t)
	found, err := s.Find(t.Context(), bridge.Marker{RequestID: reqID})
	require.NoError(t, err)
	require.Nil(t, found)
	now = now.Add(2 * time.Minute)
	found, err = s.Find(t.Context(), bridge.Marker{RequestID: reqID})
	require.NoError(t, err)
	require.Equal(t, &ref, found)
	require.Equal(t, bridge.Traits{Timeout: 30 * time.Second, ApplyWithin: time.Minute, SearchLag: 5 * time.Minute}, s.Traits())
}

func TestChangedListsEveryIssueInFewCalls(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		now := time.Now().Add(-2 * time.Hour)
		s := newSite(t, setup{sim: sim.Options{Flavour: f, Clock: func() time.Time { return now }}, settings: func(s *Settings) {
			s.Statuses.Pending = nil
		}})
		const issues = 250
		for n := range issues {
			d := draft()
			d.Request.ID = fmt.Sprintf("%08d-2222-3333-4444-555555555555", n)
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: d.Request.ID}, d)
			require.NoError(t, err)
		}
		now = time.Now()
		all := s.Issues()
		require.NoError(t, s.Move("bob", all[7].ID, "Approved"))
		require.NoError(t, s.Move("bob", all[9].ID, "In Review"))

		list := func(since time.Time) map[string]bridge.Glance {
			out := map[string]bridge.Glance{}
			for g, err := range s.Changed(t.Context(), since) {
				require.NoError(t, err)
				require.NotContains(t, out, g.Object.ID, "each once")
				out[g.Object.ID] = g
			}
			return out
		}
		s.ResetCalls()
		got := list(time.Time{})
		require.Len(t, got, issues)
		require.Equal(t, 3, s.TotalCalls())
		require.Equal(t, bridge.Glance{Object: s.ref(all[7].ID, all[7].Key), Decided: true}, got[all[7].ID])
		require.False(t, got[all[9].ID].Decided)

		got = list(time.Now().Add(-10 * time.Minute))
		require.Len(t, got, 2)
		for _, err := range s.Changed(t.Context(), time.Time{}) {
			require.NoError(t, err)
			break // a caller who stops early is fine
		}
	})
}

func TestChangedEndsWithTheError(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		s.Inject(sim.Fault{PathContains: "/search", Status: 400})
		var errs []error
		for _, err := range s.Changed(t.Context(), time.Now()) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		class, _ := bridge.ClassOf(errs[0])
		require.Equal(t, bridge.ClassTerminal, class)
	})
}

func TestATokenThatRepeatsEndsTheListing(t *testing.T) {
	calls := 0
	s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string {
		calls++
		return `{"issues":[{"id":"1","key":"ACC-1"}],"nextPageToken":"same","isLast":false}`
	})})
	var last error
	for _, err := range s.Changed(t.Context(), time.Time{}) {
		last = err
	}
	require.ErrorContains(t, last, "same page")
	require.Equal(t, 2, calls)
}

// An issue that leaves the result between two pages moves those after it forward by one.
func TestDataCenterPagesOverlap(t *testing.T) {
	var all []map[string]string
	for n := range 150 {
		all = append(all, map[string]string{"id": fmt.Sprint(n), "key": fmt.Sprintf("ACC-%d", n)})
	}
	s := newSite(t, setup{sim: sim.Options{Flavour: sim.DataCenter}, transport: testkit.Answer(func(r *http.Request) string {
		var start int
		_, _ = fmt.Sscan(r.URL.Query().Get("startAt"), &start)
		body, err := json.Marshal(map[string]any{"total": len(all), "issues": all[start:min(start+100, len(all))]})
		require.NoError(t, err)
		all = all[3:]
		return string(body)
	})})
	seen := map[string]bool{}
	for g, err := range s.Changed(t.Context(), time.Time{}) {
		require.NoError(t, err)
		seen[g.Object.ID] = true
	}
	require.Len(t, seen, 150)
}
