package pagerduty

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

func everyWay(s *Settings) {
	s.Decisions.Actions = incident.Actions{Approve: "Approve", Deny: "deny"}
	s.Decisions.Acknowledge, s.Decisions.Resolve = incident.MeansApprove, incident.MeansDeny
}

func TestEvidenceOfANote(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.Empty(t, s.evidence(t, ref), "nothing was said yet")
	require.NoError(t, s.AddNote("bob", ref.ID, "looking at it"))
	s.calls.Reset()
	require.Empty(t, s.evidence(t, ref))
	require.Equal(t, []string{"GET /incidents/" + ref.ID + "/notes"}, s.calls.Paths(), "one call as long as nothing was said")

	require.NoError(t, s.AddNote("alice", ref.ID, "Approve: go ahead\nticket 7"))
	s.calls.Reset()
	list := s.evidence(t, ref)
	golden.Assert(t, strings.ReplaceAll(s.calls.Golden(t), ref.ID, "INCIDENT"), "evidence.golden")
	require.Len(t, list, 1)
	e := list[0]
	require.WithinDuration(t, time.Now(), e.At, time.Minute)
	require.WithinDuration(t, time.Now(), e.ReadAt, time.Minute)
	e.At, e.ReadAt = time.Time{}, time.Time{}
	require.Equal(t, bridge.Evidence{
		Target: "oncall", Object: ref, Marker: reqID, Status: "note: approve", Verdict: bridge.Approve,
		Actor:  bridge.Actor{ID: "PALICE1", Email: "alice@example.com", Name: "Alice Adams"},
		Reason: "go ahead\nticket 7",
	}, e)
}

func TestEvidenceOfEveryWay(t *testing.T) {
	s := newSite(t, setup{settings: everyWay})
	ref := s.open(t)
	require.NoError(t, s.AddNote("carol", ref.ID, "deny: not today"))
	require.NoError(t, s.InvokeAction("alice", ref.ID, "Approve"))
	require.NoError(t, s.InvokeAction("bob", ref.ID, "Deny"))
	require.NoError(t, s.Acknowledge("alice", ref.ID))
	require.NoError(t, s.Resolve("bob", ref.ID))
	var got []string
	for _, e := range s.evidence(t, ref) {
		require.Equal(t, reqID, e.Marker)
		require.Empty(t, e.Barred)
		got = append(got, e.Status+" "+string(e.Verdict)+" "+e.Actor.Email)
	}
	require.ElementsMatch(t, []string{
		"note: deny deny carol@example.com",
		"action: Approve approve alice@example.com",
		"action: Deny deny bob@example.com",
		"acknowledged approve alice@example.com",
		"resolved deny bob@example.com",
	}, got)

	silent := newSite(t, setup{})
	ref = silent.open(t)
	require.NoError(t, silent.InvokeAction("alice", ref.ID, "Approve"))
	require.NoError(t, silent.Acknowledge("alice", ref.ID))
	require.NoError(t, silent.Resolve("alice", ref.ID))
	require.Empty(t, silent.evidence(t, ref), "what is not configured decides nothing")
}

func TestAutomationAndNobodyNeverCount(t *testing.T) {
	s := newSite(t, setup{settings: everyWay})
	ref := s.open(t)
	require.NoError(t, s.AddNote("", ref.ID, "approve: by a rule"))
	require.NoError(t, s.InvokeAction("", ref.ID, "Approve"))
	require.NoError(t, s.Acknowledge("", ref.ID))
	list := s.evidence(t, ref)
	require.Len(t, list, 3)
	for _, e := range list {
		require.True(t, e.Actor.Automated, e.Status)
		require.Empty(t, e.Actor.Email)
	}
	for _, kind := range []string{"service_reference", "integration_reference", "bot_user_reference", "", "new_reference"} {
		who, own, err := s.actor(t.Context(), &pd.APIObject{ID: "PALICE1", Type: kind})
		require.NoError(t, err)
		require.True(t, who.Automated, kind)
		require.False(t, own)
	}
}

func TestWhatTheBridgeSaysItselfNeverCounts(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) {
		everyWay(s)
		s.From = strings.ToUpper(s.From[:1]) + s.From[1:]
	}})
	ref := s.open(t)
	require.NoError(t, s.Update(t.Context(), ref, []bridge.Note{{ID: "a", Text: "approve: quoted by the bridge"}}))
	require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndExpired, Note: bridge.Note{ID: "b", Text: "deny"}}))
	require.Len(t, s.shown(t, ref).Notes, 2)
	require.Empty(t, s.evidence(t, ref))
}

func TestOnlyPeopleOnCallForTheServiceMayDecide(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.AddNote("dave", ref.ID, "approve"))
	require.NoError(t, s.AddNote("bob", ref.ID, "approve")) // second level
	require.NoError(t, s.AddNote("carol", ref.ID, "approve"))
	barred := map[string]string{}
	for _, e := range s.evidence(t, ref) {
		barred[e.Actor.ID] = e.Barred
	}
	require.Equal(t, map[string]string{
		"PDAVE01": `only people who are on call for the service "Production" may decide here, and dave@example.com is not. Somebody on call has to.`,
		"PBOB001": "", "PCAROL1": "",
	}, barred)

	s.ResetCalls()
	s.evidence(t, ref)
	require.Equal(t, map[string]int{"GET /incidents/{id}": 1, "GET /incidents/{id}/notes": 1}, s.Calls(), "who is on call is remembered for a while")

	require.NoError(t, s.SetOnCall("primary", "dave", time.Now().Add(-time.Minute), time.Now().Add(time.Hour)))
	s.age(incident.BarredFor)
	for _, e := range s.evidence(t, ref) {
		require.Empty(t, e.Barred, "a shift that has begun counts when what is remembered has become too old")
	}
	require.Equal(t, 1, s.Calls()["GET /oncalls"])

	anyone := newSite(t, setup{settings: func(s *Settings) { s.DecideBy = incident.DecideAnyone }})
	ref = anyone.open(t)
	require.NoError(t, anyone.AddNote("dave", ref.ID, "approve"))
	require.Empty(t, anyone.evidence(t, ref)[0].Barred)
	require.Zero(t, anyone.Calls()["GET /oncalls"])
}

// twoTeams has alice on call for Service A, and bob for Service B and the policy Backup.
func twoTeams() sim.Options {
	start := time.Now().Add(-time.Hour)
	return sim.Options{
		Schedules: []sim.Schedule{
			{ID: "PSCHA", Name: "a", Shifts: []sim.Shift{{User: "alice@example.com", From: start}}},
			{ID: "PSCHB", Name: "b", Shifts: []sim.Shift{{User: "bob@example.com", From: start, Until: start.Add(9 * time.Hour)}}},
		},
		Policies: []sim.Policy{
			{ID: "PPOLA", Name: "A", Rules: []sim.Rule{{Schedules: []string{"a"}}}},
			{ID: "PPOLB", Name: "B", Rules: []sim.Rule{{Users: []string{"carol@example.com"}}, {Schedules: []string{"b"}}}},
			{ID: "PPOLC", Name: "Backup", Rules: []sim.Rule{{Schedules: []string{"b"}}}},
		},
		Services: []sim.Service{{ID: "PSVCA", Name: "Service A", Policy: "A"}, {ID: "PSVCB", Name: "Service B", Policy: "B"}},
	}
}

func TestHandingAnIncidentOverDoesNotChangeWhoMayDecide(t *testing.T) {
	for name, c := range map[string]struct {
		settings *Target
		given    string
		barred   bool
	}{
		"handed over by somebody":     {nil, "", true},
		"opened on the policy":        {&Target{EscalationPolicy: "Backup"}, "", false},
		"policy of the integration":   {nil, "backup", false},
		"configured, but not used":    {&Target{EscalationPolicy: "A"}, "", true},
		"policy of the route and own": {&Target{EscalationPolicy: "Backup"}, "A", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: twoTeams(), settings: func(s *Settings) { s.Service, s.EscalationPolicy = "Service A", c.given }, targets: []*Target{nil, c.settings}})
			d := testkit.Draft()
			if c.settings != nil {
				d.Settings = c.settings
			}
			ref, err := s.Open(t.Context(), marker, d)
			require.NoError(t, err)
			if s.shown(t, ref).Policy != "PPOLC" { // as a responder may do
				body := map[string]any{"incident": map[string]any{"type": "incident", "escalation_policy": map[string]string{"id": "PPOLC", "type": "escalation_policy_reference"}}}
				require.NoError(t, s.call(t.Context(), http.MethodPut, "/incidents/"+ref.ID, nil, body, nil))
			}
			require.Equal(t, "PPOLC", s.shown(t, ref).Policy)
			require.NoError(t, s.AddNote("bob", ref.ID, "approve"))
			require.NoError(t, s.AddNote("alice", ref.ID, "approve"))
			for _, e := range s.evidence(t, ref) {
				require.Equal(t, c.barred && e.Actor.ID == "PBOB001", e.Barred != "", "%v", e)
			}
		})
	}
}

// PagerDuty names the writer of a note, not who changed it.
func TestAChangedNoteDoesNotCount(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.DecideBy = incident.DecideAnyone }, transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if !strings.HasSuffix(r.URL.Path, "/notes") {
			return body
		}
		return strings.ReplaceAll(body, `"updated_at":"2`, `"updated_at":"3`)
	})})
	ref := s.open(t)
	require.NoError(t, s.AddNote("alice", ref.ID, "approve"))
	require.Contains(t, s.evidence(t, ref)[0].Barred, "changed after it was written")
}

func TestEvidenceDoesNotDependOnTheOrderOfTheAnswer(t *testing.T) {
	turn := testkit.Rewrite(func(_ *http.Request, body string) string {
		var answer map[string]json.RawMessage
		if json.Unmarshal([]byte(body), &answer) != nil {
			return body
		}
		for field, raw := range answer {
			var list []json.RawMessage
			if json.Unmarshal(raw, &list) == nil {
				slices.Reverse(list)
				answer[field], _ = json.Marshal(list)
			}
		}
		out, _ := json.Marshal(answer)
		return string(out)
	})
	now := time.Now().Truncate(time.Second)
	var seen [][]string
	for _, transport := range []func(http.RoundTripper) http.RoundTripper{nil, turn} {
		at := now
		s := newSite(t, setup{sim: sim.Options{Clock: func() time.Time { return at }}, settings: everyWay, transport: transport})
		ref := s.open(t)
		for _, do := range []error{
			s.AddNote("alice", ref.ID, "approve: one"), s.AddNote("bob", ref.ID, "deny: two"), s.Acknowledge("carol", ref.ID),
			s.InvokeAction("alice", ref.ID, "Approve"), s.Resolve("bob", ref.ID),
		} {
			require.NoError(t, do)
			at = at.Add(time.Minute)
		}
		var got []string
		for _, e := range s.evidence(t, ref) {
			got = append(got, e.Status+e.Reason+e.Actor.ID)
		}
		seen = append(seen, got)
	}
	require.Equal(t, seen[0], seen[1])
	require.Len(t, seen[0], 5)
}

func TestEvidenceReadsEveryPageOfTheLog(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Decisions.Decisions = incident.Decisions{Acknowledge: incident.MeansApprove} }})
	ref := s.open(t)
	require.NoError(t, s.Acknowledge("alice", ref.ID))
	for range 220 {
		require.NoError(t, s.AddNote("alice", ref.ID, "chatter"))
	}
	list := s.evidence(t, ref)
	require.Len(t, list, 1)
	require.Equal(t, "acknowledged", list[0].Status)
	require.Equal(t, 3, s.Calls()["GET /incidents/{id}/log_entries"])
	require.Zero(t, s.Calls()["GET /incidents/{id}/notes"], "notes decide nothing here")
}

func TestEvidenceOfAnIncidentThatIsGone(t *testing.T) {
	for _, settings := range []func(*Settings){func(*Settings) {}, func(s *Settings) { everyWay(s); s.Decisions.Notes = incident.NoteWords{} }} {
		s := newSite(t, setup{settings: settings})
		s.open(t)
		s.Inject(sim.Fault{PathContains: "/automation_actions", Status: 404})
		_, err := s.Evidence(t.Context(), bridge.Ref{ID: "PNONE"})
		require.ErrorIs(t, err, bridge.ErrGone)
	}
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{PathContains: "/notes", Status: 404})
	_, err := s.Evidence(t.Context(), ref)
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone, "the incident itself is there")
	_, err = s.Evidence(t.Context(), bridge.Ref{ID: "../users"})
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
}

func TestAPersonWhoWasRemovedHasNoAddress(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.DecideBy = incident.DecideAnyone }})
	ref := s.open(t)
	require.NoError(t, s.AddNote("alice", ref.ID, "approve"))
	s.Inject(sim.Fault{PathContains: "/users/", Status: 404})
	e := s.evidence(t, ref)[0]
	require.Equal(t, bridge.Actor{ID: "PALICE1", Name: "Alice Adams"}, e.Actor)
}

func TestEvidenceFailsWhenWhoIsOnCallCannotBeRead(t *testing.T) {
	for _, path := range []string{"/oncalls", "/services/", "/users/"} {
		s := newSite(t, setup{})
		ref := s.open(t)
		require.NoError(t, s.AddNote("alice", ref.ID, "approve"))
		cancel := s.Inject(sim.Fault{PathContains: path, Status: 500})
		_, err := s.Evidence(t.Context(), ref)
		require.ErrorContains(t, err, "500", path)
		cancel()
		require.Len(t, s.evidence(t, ref), 1, "a failure is not remembered")
	}
}
