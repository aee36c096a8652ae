package pagerduty

import (
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

var twoNotes = testkit.Notes()

func (s *site) noteTexts(t *testing.T, ref bridge.Ref) []string {
	t.Helper()
	var out []string
	for _, n := range s.shown(t, ref).Notes {
		out = append(out, n.Content)
	}
	return out
}

func TestNotesAreAddedOnce(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.calls.Reset()
	require.NoError(t, s.Update(t.Context(), ref, twoNotes[:1]))
	golden.Assert(t, strings.ReplaceAll(s.calls.Golden(t), ref.ID, "INCIDENT"), "update.golden")
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.Equal(t, []string{twoNotes[0].Text, "Two lines\nof text"}, s.noteTexts(t, ref))

	s.ResetCalls()
	require.NoError(t, s.Update(t.Context(), ref, nil))
	require.NoError(t, s.Update(t.Context(), ref, []bridge.Note{{ID: "c", Text: " \x00\n"}}))
	require.Zero(t, s.TotalCalls())
}

// What a request that is approved on call costs: opening, two to close, and who is on call.
func TestAnApprovedRequestCostsFewCalls(t *testing.T) {
	s := newSite(t, setup{})
	q := bridge.OnCallQuery{Services: []string{"Production"}}
	s.open(t)
	s.shifts(t, q)
	s.ResetCalls()
	for n := range 5 {
		ref := s.openNumber(t, n)
		s.shifts(t, q)
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	}
	require.LessOrEqual(t, s.TotalCalls(), 4*5)
}

func TestANoteWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Method: "POST", PathContains: "/notes", Reset: true, AfterEffect: true, Count: 1})
	require.Error(t, s.Update(t.Context(), ref, twoNotes))
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.Len(t, s.shown(t, ref).Notes, 2)
}

func TestP4_EveryEndingResolvesWithANote(t *testing.T) {
	for _, ending := range []bridge.Ending{bridge.EndApproved, bridge.EndDenied, bridge.EndPromoted, bridge.EndExpired, bridge.EndDeleted, bridge.EndUnknown} {
		t.Run(string(ending), func(t *testing.T) {
			s := newSite(t, setup{})
			ref := s.open(t)
			s.calls.Reset()
			require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(ending)))
			if ending == bridge.EndApproved {
				golden.Assert(t, strings.ReplaceAll(s.calls.Golden(t), ref.ID, "INCIDENT"), "close.golden")
			}
			require.Len(t, s.calls.Paths(), 2, "one to resolve, one for the note")
			for range 2 {
				require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(ending)), "closing again is fine")
			}
			require.Equal(t, "resolved", s.shown(t, ref).Status)
			require.Equal(t, []string{"The request is " + string(ending) + "."}, s.noteTexts(t, ref))
		})
	}
}

func TestW3_AFailedCloseIsMadeUpFor(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"resolve, before": {Method: "PUT", Status: 502, Count: 1},
		"resolve, after":  {Method: "PUT", Status: 502, AfterEffect: true, Count: 1},
		"note, before":    {Method: "POST", PathContains: "/notes", Reset: true, Count: 1},
		"note, after":     {Method: "POST", PathContains: "/notes", Reset: true, AfterEffect: true, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{})
			ref := s.open(t)
			s.Inject(fault)
			require.Error(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
			require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
			require.Equal(t, "resolved", s.shown(t, ref).Status)
			require.Len(t, s.shown(t, ref).Notes, 1)
		})
	}
}

func TestAnIncidentThatAPersonResolvedGetsItsNote(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Resolve("bob", ref.ID))
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	require.Len(t, s.shown(t, ref).Notes, 1)
}

// Whatever code the refusal of a second resolve has, the incident itself tells.
func TestW26_ARefusalToResolveIsCheckedAtTheIncident(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	cancel := s.Inject(sim.Fault{Method: "PUT", Status: 400, Body: `{"error":{"code":2001,"message":"Incident Already Resolved"}}`})
	err := s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved))
	require.ErrorContains(t, err, "400", "it is open, whatever the text says")
	require.Empty(t, s.shown(t, ref).Notes)
	require.NoError(t, s.Resolve("bob", ref.ID))
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	require.Len(t, s.shown(t, ref).Notes, 1)
	cancel()
}

func TestNotesOfAnIncidentThatIsGone(t *testing.T) {
	s := newSite(t, setup{})
	gone := bridge.Ref{ID: "PNONE"}
	require.ErrorIs(t, s.Update(t.Context(), gone, twoNotes), bridge.ErrGone)
	require.ErrorIs(t, s.Close(t.Context(), gone, testkit.Closing(bridge.EndExpired)), bridge.ErrGone)
	require.Error(t, s.Close(t.Context(), bridge.Ref{ID: "a/b"}, testkit.Closing(bridge.EndExpired)))
	require.Zero(t, s.Calls()["PUT /incidents/{id}/b"])
}

func TestAnAnswerOfSomethingElseIsNotASuccess(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return "{}" }), settings: everyWay})
	ref := bridge.Ref{ID: "PINC"}
	for name, call := range map[string]func() error{
		"find":     func() error { _, err := s.Find(t.Context(), marker); return err },
		"notes":    func() error { return s.Update(t.Context(), ref, twoNotes) },
		"evidence": func() error { _, err := s.Evidence(t.Context(), ref); return err },
		"actions":  func() error { _, err := s.invocations(t.Context(), ref); return err },
		"incident": func() error { _, err := s.incident(t.Context(), ref); return err },
		"person":   func() error { _, err := s.person(t.Context(), "PALICE1"); return err },
		"service":  func() error { _, err := s.service(t.Context(), "PSVC"); return err },
		"on call":  func() error { _, err := s.onCallNow(t.Context(), "schedule_ids[]", []string{"a"}, 0); return err },
		"hooks": func() error {
			_, _, err := s.EnsureWebhooks(t.Context(), "https://b.example.com/webhooks/x")
			return err
		},
	} {
		err := call()
		require.Error(t, err, name)
		require.NotErrorIs(t, err, bridge.ErrGone, name)
	}
}
