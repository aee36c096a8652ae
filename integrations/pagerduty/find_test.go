package pagerduty

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

// clocked is a site whose time the test moves.
func clocked(t *testing.T, settings func(*Settings)) (*site, func(time.Duration)) {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	s := newSite(t, setup{sim: sim.Options{Clock: func() time.Time { return now }}, settings: settings})
	return s, func(by time.Duration) { now = now.Add(by) }
}

func (s *site) openNumber(t *testing.T, n int) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: fmt.Sprintf("request-%d", n)}, testkit.Draft())
	require.NoError(t, err)
	return ref
}

func TestChangedListsWhatMayHaveBeenDecided(t *testing.T) {
	s, advance := clocked(t, nil)
	start := time.Now()
	quiet, said, done, early := s.openNumber(t, 1), s.openNumber(t, 2), s.openNumber(t, 3), s.openNumber(t, 4)
	require.NoError(t, s.Resolve("alice", early.ID))
	foreign := map[string]any{"incident": map[string]any{
		"type": "incident", "title": "Disk full", "incident_key": "disk", "service": map[string]string{"id": "PSERVIC", "type": "service_reference"},
	}}
	require.NoError(t, s.call(t.Context(), http.MethodPost, "/incidents", nil, foreign, nil))
	advance(time.Hour)
	require.NoError(t, s.AddNote("alice", said.ID, "approve"))
	require.NoError(t, s.AddNote("alice", done.ID, "approve"))
	require.NoError(t, s.Resolve("alice", done.ID))

	require.Equal(t, map[string]bool{quiet.ID: false, said.ID: true, done.ID: true}, s.glances(t, start.Add(30*time.Minute)))
	require.Equal(t, map[string]bool{quiet.ID: false, said.ID: true, done.ID: true, early.ID: false}, s.glances(t, time.Time{}))
}

// Uses of custom actions are in no listing, so where they decide every incident is worth reading.
func TestChangedLooksAtEveryIncidentWhereActionsDecide(t *testing.T) {
	s, _ := clocked(t, func(set *Settings) { set.Decisions.Actions.Approve = "Approve" })
	quiet := s.openNumber(t, 1)
	require.Equal(t, map[string]bool{quiet.ID: true}, s.glances(t, time.Time{}))
}

// Whether a note moves updated_at is not documented, and is not relied on.
func TestANoteIsSeenWithoutATimeOfChange(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if r.URL.Path == "/incidents" {
			return strings.ReplaceAll(body, `"updated_at"`, `"ignored"`)
		}
		return body
	})})
	quiet, said := s.openNumber(t, 1), s.openNumber(t, 2)
	require.NoError(t, s.AddNote("alice", said.ID, "approve"))
	require.Equal(t, map[string]bool{quiet.ID: false, said.ID: true}, s.glances(t, time.Now().Add(-time.Minute)))
}

func TestOnlyWhatMayDecideCounts(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*Settings)
		do       func(*site, string) error
		want     bool
	}{
		"acknowledged":              {nil, func(s *site, id string) error { return s.Acknowledge("alice", id) }, false},
		"acknowledged, mapped":      {everyWay, func(s *site, id string) error { return s.Acknowledge("alice", id) }, true},
		"resolved":                  {nil, func(s *site, id string) error { return s.Resolve("alice", id) }, false},
		"resolved, mapped":          {everyWay, func(s *site, id string) error { return s.Resolve("alice", id) }, true},
		"action":                    {nil, func(s *site, id string) error { return s.InvokeAction("alice", id, "Approve") }, false},
		"action, mapped":            {everyWay, func(s *site, id string) error { return s.InvokeAction("alice", id, "Approve") }, true},
		"a note":                    {nil, func(s *site, id string) error { return s.AddNote("alice", id, "deny") }, true},
		"a note, notes not decide":  {func(s *Settings) { s.Decisions = Decisions{Resolve: incident.MeansDeny} }, func(s *site, id string) error { return s.AddNote("alice", id, "deny") }, false},
		"a note before a reopening": {nil, noteAndReopen, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, advance := clocked(t, c.settings)
			ref := s.openNumber(t, 1)
			advance(time.Hour)
			require.NoError(t, c.do(s, ref.ID))
			require.Equal(t, map[string]bool{ref.ID: c.want}, s.glances(t, time.Now().Add(-time.Minute)))
		})
	}
}

func noteAndReopen(s *site, id string) error {
	return errors.Join(s.AddNote("alice", id, "deny"), s.Resolve("alice", id), s.Reopen("bob", id))
}

func TestP1_ChangedCostsOneCallForAHundredIncidents(t *testing.T) {
	s := newSite(t, setup{})
	for n := range 230 {
		s.openNumber(t, n)
	}
	s.ResetCalls()
	require.Len(t, s.glances(t, time.Time{}), 230)
	require.Equal(t, 4, s.Calls()["GET /incidents"], "three pages of open ones, one of resolved ones")
	require.Equal(t, 7, s.Calls()["GET /log_entries"], "three entries tell of each opening")

	seen := 0
	for _, err := range s.Changed(t.Context(), time.Time{}) {
		require.NoError(t, err)
		if seen++; seen == 5 {
			break
		}
	}
	require.Equal(t, 5, seen)
}

func TestChangedEndsWithItsError(t *testing.T) {
	s := newSite(t, setup{})
	s.open(t)
	s.Inject(sim.Fault{PathContains: "/incidents", Status: 500})
	var failed error
	for _, err := range s.Changed(t.Context(), time.Time{}) {
		require.NoError(t, failed, "nothing follows an error")
		failed = err
	}
	require.ErrorContains(t, failed, "500")
}

func TestChangedEndsWithTheErrorOfTheLog(t *testing.T) {
	s := newSite(t, setup{})
	s.open(t)
	s.Inject(sim.Fault{PathContains: "/log_entries", Status: 502})
	for _, err := range s.Changed(t.Context(), time.Time{}) {
		require.ErrorContains(t, err, "502")
	}
}

// endless answers a page that never is the last one.
func endless(field, one string) string {
	return `{"` + field + `":[` + strings.Repeat(one+",", 99) + one + `],"more":true}`
}

func TestAListingThatIsTooLongIsCutWithAWarning(t *testing.T) {
	pages := 0
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if !strings.Contains(r.URL.RawQuery, "created_at") {
			return body
		}
		pages++
		return endless("incidents", `{"id":"P1","status":"triggered","incident_key":"disk"}`)
	})})
	require.Empty(t, s.glances(t, time.Time{}))
	require.Equal(t, 100, pages)
	require.Contains(t, s.log.String(), "listing of incidents is incomplete")
}

func TestWithALogThatIsTooLongEveryIncidentIsRead(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if r.URL.Path != "/log_entries" {
			return body
		}
		return endless("log_entries", `{"type":"notify_log_entry","incident":{"id":"POTHER"}}`)
	})})
	one, two := s.openNumber(t, 1), s.openNumber(t, 2)
	require.Equal(t, map[string]bool{one.ID: true, two.ID: true}, s.glances(t, time.Time{}))
}

// A log in another order than documented is read to its end.
func TestTheOrderOfTheLogIsNotTrusted(t *testing.T) {
	entry := func(kind, id string, minute int) string {
		return fmt.Sprintf(`{"type":%q,"incident":{"id":%q},"created_at":"2026-01-02T03:%02d:00Z"}`, kind, id, minute)
	}
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		switch {
		case r.URL.Path == "/log_entries":
			return `{"log_entries":[` + strings.Join([]string{
				entry("trigger_log_entry", "P1", 1), entry("trigger_log_entry", "P2", 5), entry("annotate_log_entry", "P1", 6), entry("annotate_log_entry", "P2", 7),
			}, ",") + `]}`
		case strings.Contains(r.URL.RawQuery, "created_at"):
			return `{"incidents":[{"id":"P2","incident_key":"` + keyPrefix + `b","created_at":"2026-01-02T03:05:00Z"},
				{"id":"P1","incident_key":"` + keyPrefix + `a","created_at":"2026-01-02T03:01:00Z"}]}`
		}
		return body
	})})
	require.Equal(t, map[string]bool{"P1": true, "P2": true}, s.glances(t, time.Time{}))
}
