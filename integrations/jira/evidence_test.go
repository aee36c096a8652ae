package jira

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	gojira "github.com/andygrunwald/go-jira"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

// clock goes on by a minute with each look, so that everything has its own time.
func clock() func() time.Time {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return func() time.Time { now = now.Add(time.Minute); return now }
}

func TestEvidenceOfADecisionInOneCall(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f, Clock: clock()}})
		ref := s.open(t)
		require.NoError(t, s.Comment("bob", ref.ID, "Reason: looks right"))
		require.NoError(t, s.Move("bob", ref.ID, "Approved"))
		s.ResetCalls()
		s.calls.Reset()
		e := s.evidence(t, ref)
		require.Equal(t, 1, s.TotalCalls())
		golden.Assert(t, s.calls.Golden(t), "evidence-"+f.String()+".golden")
		require.WithinDuration(t, time.Now(), e.ReadAt, time.Minute)
		e.ReadAt = time.Time{}
		require.Equal(t, bridge.Evidence{
			Target: "itsm", Object: ref, Marker: reqID, Status: "Approved", Verdict: bridge.Approve, Settled: true,
			Actor:  bridge.Actor{ID: who(f, "bob"), Email: "bob@example.com", Name: "Bob Baker"},
			At:     s.issueOf(t, ref).History[0].At,
			Reason: "looks right",
		}, e)
	})
}

func TestW13_EvidenceShowsTheRequesterAsActor(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}, settings: func(s *Settings) { s.Reporter = requester }})
		ref := s.open(t)
		require.NoError(t, s.Move("alice", ref.ID, "Approved"))
		e := s.evidence(t, ref)
		require.Equal(t, "alice@example.com", e.Actor.Email, "so that the judge can refuse a self-approval")
		require.False(t, e.Actor.Automated)
	})
}

func TestW15_TheLastMoverIsTheActorInBothHistoryOrders(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		for name, turn := range map[string]bool{"usual": false, "turned": true} {
			t.Run(name, func(t *testing.T) {
				s := newSite(t, setup{sim: sim.Options{Flavour: f, Clock: clock(), HistoryOldestFirst: turn, HistoryNewestFirst: turn}})
				ref := s.open(t)
				require.NoError(t, s.Move("alice", ref.ID, "In Review"))
				require.NoError(t, s.Move("carol", ref.ID, "Pending"))
				require.NoError(t, s.Move("dave", ref.ID, "In Review"))
				require.NoError(t, s.Move("bob", ref.ID, "Approved"))
				require.NoError(t, s.SetLabels(ref.ID, "a", "b"))
				require.Equal(t, who(f, "bob"), s.evidence(t, ref).Actor.ID)
			})
		}
	})
}

func TestW15_AHiddenAddressLeavesTheAccountAsActor(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{HideEmails: true}})
	ref := s.open(t)
	require.NoError(t, s.Move("bob", ref.ID, "Denied"))
	e := s.evidence(t, ref)
	require.Equal(t, bridge.Actor{ID: "712020:bob", Name: "Bob Baker"}, e.Actor)
	require.True(t, e.Actor.Known())
	require.Equal(t, bridge.Deny, e.Verdict)
}

func TestAnIssueNobodyMovedHasNoActor(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) {
		s.Statuses = Statuses{Approved: []string{"Pending"}, Denied: []string{"Denied"}}
	}})
	e := s.evidence(t, s.open(t))
	require.Equal(t, bridge.Approve, e.Verdict)
	require.False(t, e.Actor.Known(), "created in the approving status: nobody decided")
	require.True(t, e.At.IsZero())
}

func TestProgramsAndOurOwnMovesDoNotCount(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		ref := s.open(t)
		require.NoError(t, s.Move("bob", ref.ID, "In Review"))
		require.False(t, s.evidence(t, ref).Actor.Automated)
		s.Check(t.Context()) // learns the account of a token
		require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndApproved, Note: bridge.Note{ID: "e", Text: "e"}}))
		e := s.evidence(t, ref)
		require.True(t, e.Actor.Automated)
		require.Equal(t, bridge.Approve, e.Verdict)
	})
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Move(sim.AutomationAccountID, ref.ID, "Approved"))
	require.True(t, s.evidence(t, ref).Actor.Automated)

	mover := gojira.User{AccountID: "a", EmailAddress: "a@example.com"}
	require.True(t, s.actor(mover, gojira.User{AccountID: "a"}).Automated, "who created the issue is the bridge")
	require.False(t, s.actor(mover, gojira.User{}).Automated)
}

func TestRenamedAndUnknownStatuses(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Statuses.Denied = []string{"10103"} }})
	ref := s.open(t)
	require.NoError(t, s.Move("bob", ref.ID, "In Review"))
	require.Equal(t, bridge.Undecided, s.evidence(t, ref).Verdict)
	require.NoError(t, s.Move("bob", ref.ID, "Approved"))
	require.NoError(t, s.RenameStatus("Approved", "Granted"))
	e := s.evidence(t, ref)
	require.Equal(t, bridge.Undecided, e.Verdict, "a name that is not configured says nothing")
	require.Equal(t, "Granted", e.Status)
	require.Equal(t, "bob@example.com", e.Actor.Email, "who moved it is found by the id of the status")

	second := s.open(t)
	require.NoError(t, s.Move("bob", second.ID, "Denied"))
	require.NoError(t, s.RenameStatus("Denied", "Refused"))
	require.Equal(t, bridge.Deny, s.evidence(t, second).Verdict, "configured by id")
}

func TestAStatusInBothListsSaysNothing(t *testing.T) {
	j := &Jira{set: Settings{Statuses: Statuses{Approved: []string{"Done"}, Denied: []string{"7"}}}}
	require.Equal(t, bridge.Undecided, j.verdict("7", "Done"))
	require.Equal(t, bridge.Approve, j.verdict("8", " dONE "))
	require.Equal(t, bridge.Undecided, j.verdict("", ""))
}

func TestEvidenceShowsAChangedMarker(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.SetProperty(ref.ID, marker, "someone-elses"))
	require.Equal(t, "someone-elses", s.evidence(t, ref).Marker)
	for _, value := range []any{map[string]string{"id": reqID}, 7, nil, []string{reqID}} {
		require.NoError(t, s.SetProperty(ref.ID, marker, value))
		require.Empty(t, s.evidence(t, ref).Marker)
	}
}

func TestReasons(t *testing.T) {
	for name, c := range map[string]struct {
		comments []string
		want     string
	}{
		"none":              {nil, ""},
		"last comment":      {[]string{"first", " second "}, "second"},
		"reason line":       {[]string{"Hello\nREASON:  because \nbye", "later"}, "because"},
		"resolution":        {[]string{"resolution: done"}, "done"},
		"newest reason":     {[]string{"reason: old", "reason: new"}, "new"},
		"text after":        {[]string{"*Reason:*\nline one\nline two"}, "line one\nline two"},
		"word in the text":  {[]string{"the reason: is unclear"}, "the reason: is unclear"},
		"empty reason line": {[]string{"I know why\nreason:"}, "I know why\nreason:"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: sim.Options{Clock: clock()}})
			ref := s.open(t)
			require.NoError(t, s.Comment("bob", ref.ID, "reason: from before the review"))
			require.NoError(t, s.Move("carol", ref.ID, "In Review"))
			for _, text := range c.comments {
				require.NoError(t, s.Comment("bob", ref.ID, text))
				require.NoError(t, s.Comment("carol", ref.ID, "reason: not hers to give"))
			}
			require.NoError(t, s.Move("bob", ref.ID, "Pending"))
			require.NoError(t, s.Move("bob", ref.ID, "Approved"))
			if len(c.comments) > 0 {
				require.Empty(t, s.evidence(t, ref).Reason, "written before the issue came into the status it was decided in")
			}
			for _, text := range c.comments {
				require.NoError(t, s.Comment("bob", ref.ID, text))
			}
			require.Equal(t, c.want, s.evidence(t, ref).Reason)
		})
	}
}

func TestCustomFieldNamedStatusIsNotTheStatus(t *testing.T) {
	for _, item := range []changeItem{
		{Field: "status", Type: "custom", FieldID: "customfield_1", To: "3"},
		{Field: "Status", Type: "custom", To: "3"},
		{Field: "Status", Type: "jira", FieldID: "customfield_1", To: "3"},
	} {
		_, ok := change{Items: []changeItem{item}}.status()
		require.False(t, ok, "%+v", item)
	}
	id, ok := change{Items: []changeItem{{Field: "resolution", Type: "jira", To: "1"}, {Field: "status", Type: "jira", To: "3"}}}.status()
	require.True(t, ok)
	require.Equal(t, "3", id)
}

func TestALongHistoryIsReadToItsEnd(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Clock: clock(), HistoryOldestFirst: true}})
	ref := s.open(t)
	require.NoError(t, s.Move("alice", ref.ID, "Approved"))
	first := s.evidence(t, ref)
	require.Equal(t, "alice@example.com", first.Actor.Email)

	inside := changePage{Total: 130}
	for n := range 100 {
		inside.Histories = append(inside.Histories, change{ID: flexID(fmt.Sprint(n))})
	}
	s.ResetCalls()
	history, err := s.history(t.Context(), ref, inside)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"GET /issue/{id}/changelog": 1}, s.Calls(), "a cut history is never judged by")
	require.Len(t, history, 1)
}

func TestSameMillisecondIsOrderedById(t *testing.T) {
	at := moment{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	move := func(id, to string) change {
		return change{ID: flexID(id), Created: at, Items: []changeItem{{FieldID: "status", To: to}}}
	}
	for _, history := range [][]change{{move("9", "1"), move("10", "2")}, {move("10", "2"), move("9", "1")}} {
		last, _, ok := lastMove(history, at.Time)
		require.True(t, ok)
		require.Equal(t, flexID("10"), last.ID)
	}
}

func TestDatesAreNotRFC3339(t *testing.T) {
	var m moment
	require.NoError(t, m.UnmarshalJSON([]byte(`"2026-01-02T03:04:05.678+0530"`)))
	require.Equal(t, time.Date(2026, 1, 1, 21, 34, 5, 678e6, time.UTC), m.UTC())
	require.NoError(t, m.UnmarshalJSON([]byte(`"2026-01-02T03:04:05.678Z"`)))
	require.NoError(t, m.UnmarshalJSON([]byte(`null`)))
	require.Error(t, m.UnmarshalJSON([]byte(`"yesterday"`)))
}

// Status and changelog of one answer may be from different moments, and a history may miss its end.
func TestAHistoryThatDoesNotEndInTheStatusNamesNobody(t *testing.T) {
	answer := `{"id":"1","key":"ACC-1","fields":{"status":{"id":"%s","name":"Approved"}},"changelog":{"total":1,"histories":[
		{"id":"5","author":{"accountId":"bob"},"created":"2026-01-02T03:04:05.678+0000","items":[{"field":"status","fieldId":"status","to":"3"}]}]}}`
	status := "3"
	s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return fmt.Sprintf(answer, status) })})
	require.Equal(t, "bob", s.evidence(t, bridge.Ref{ID: "1"}).Actor.ID)
	status = "4"
	e := s.evidence(t, bridge.Ref{ID: "1"})
	require.False(t, e.Actor.Known())
	require.Empty(t, e.Marker)
	require.Equal(t, bridge.Approve, e.Verdict)
}
