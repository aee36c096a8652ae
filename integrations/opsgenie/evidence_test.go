package opsgenie

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

// anyone lets everybody decide, in every way.
func anyone(s *Settings) {
	s.DecideBy, s.Decisions.Acknowledge, s.Decisions.Close = "anyone", "approve", "deny"
}

func TestAnActionIsReadBackFromTheLog(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Action("alice", alias, "Approve", "looks right"))
	s.calls.Reset()
	found := s.evidence(t, ref)
	s.golden(t, "evidence.golden")
	require.Len(t, found, 1)
	e := found[0]
	require.Equal(t, bridge.Approve, e.Verdict)
	require.Equal(t, "action: Approve", e.Status)
	require.Equal(t, bridge.Actor{ID: "00000001-0000-4000-8000-000000000000", Email: "alice@example.com", Name: "Alice Adams"}, e.Actor)
	require.Equal(t, "looks right", e.Reason)
	require.Equal(t, reqID, e.Marker)
	require.Equal(t, ref, e.Object)
	require.Equal(t, "oncall", e.Target)
	require.Empty(t, e.Barred)
	require.WithinDuration(t, time.Now(), e.At, time.Minute)
	require.WithinDuration(t, time.Now(), e.ReadAt, time.Minute)
}

func TestEveryStatementIsAPieceOfEvidence(t *testing.T) {
	s := newSite(t, setup{settings: anyone, sim: sim.Options{Account: account.Options{Clock: ticking()}}})
	ref := s.open(t)
	require.NoError(t, s.Note("alice", alias, "Approve: as agreed\non the phone"))
	require.NoError(t, s.Note("bob", alias, "approved, I think"))
	require.NoError(t, s.Note("bob", alias, "DENY"))
	require.NoError(t, s.Acknowledge("carol", alias))
	require.NoError(t, s.Unacknowledge("carol", alias))
	require.NoError(t, s.Action("dave", alias, "Deny", ""))
	require.NoError(t, s.AddLog(alias, "alertRecipient", "bob@example.com", "Viewed on [web]"))
	require.NoError(t, s.CloseAlert("bob", alias, "enough"))
	type said struct {
		status  string
		verdict bridge.Verdict
		who     string
		reason  string
	}
	var got []said
	for _, e := range s.evidence(t, ref) {
		got = append(got, said{e.Status, e.Verdict, e.Actor.Email, e.Reason})
		require.False(t, e.Actor.Automated)
	}
	require.ElementsMatch(t, []said{
		{"note: approve", bridge.Approve, "alice@example.com", "as agreed\non the phone"},
		{"note: deny", bridge.Deny, "bob@example.com", ""},
		{"acknowledged", bridge.Approve, "carol@example.com", ""},
		{"action: Deny", bridge.Deny, "dave@example.com", ""},
		{"closed", bridge.Deny, "bob@example.com", "enough"},
	}, got)
}

func TestWhatTheSettingsDoNotNameDecidesNothing(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) {
		s.DecideBy, s.Decisions.Notes.Approve, s.Decisions.Notes.Deny = "anyone", []string{}, []string{}
		s.Decisions.Actions.Approve, s.Decisions.Actions.Deny = "Grant", ""
	}})
	ref := s.open(t)
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.NoError(t, s.Acknowledge("alice", alias))
	require.NoError(t, s.AddLog(alias, "system", "alice@example.com", "Executed [Approve] action via web"))
	require.NoError(t, s.CloseAlert("alice", alias, ""))
	require.Empty(t, s.evidence(t, ref))
	require.NoError(t, s.Action("alice", alias, "Grant", ""))
	require.Len(t, s.evidence(t, ref), 1)
}

func TestNothingIsReadThatIsNotAskedFor(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Decisions.Actions.Approve, s.Decisions.Actions.Deny = "", "" }})
	ref := s.open(t)
	require.Empty(t, s.evidence(t, ref))
	s.calls.Reset()
	require.Empty(t, s.evidence(t, ref))
	require.Len(t, s.calls.Paths(), 1, "%v", s.calls.Paths())
	require.NoError(t, s.Note("", alias, "approve"))
	require.True(t, s.evidence(t, ref)[0].Actor.Automated, "then the log is read: it tells by which way the note came in")
}

func TestP3_ProgramsAndTheBridgeItselfNeverCount(t *testing.T) {
	s := newSite(t, setup{settings: anyone})
	ref := s.open(t)
	require.NoError(t, s.Update(t.Context(), ref, []bridge.Note{{ID: "n", Text: "approve: says the bridge"}}))
	require.Empty(t, s.evidence(t, ref), "its own note")
	require.NoError(t, s.Note("", alias, "approve"))
	require.NoError(t, s.Action("", alias, "Approve", ""))
	require.NoError(t, s.Acknowledge("", alias))
	for _, owner := range []string{"System", "API", "", "Default API", "someone@example.com", "alice"} {
		require.NoError(t, s.AddLog(alias, "system", owner, "Executed [Approve] action via web"))
	}
	found := s.evidence(t, ref)
	require.GreaterOrEqual(t, len(found), 8)
	for _, e := range found {
		require.True(t, e.Actor.Automated, "%s by %s", e.Status, e.Actor)
	}
	require.NoError(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	for _, e := range s.evidence(t, ref) {
		require.NotEqual(t, "closed", e.Status, "its own closing")
	}
}

// Whoever holds a key may give any name to a call of the API.
func TestP3_ACallOfTheAPIInSomebodysNameIsNotTheirs(t *testing.T) {
	s := newSite(t, setup{settings: anyone})
	ref := s.open(t)
	forged := account.Actor{Name: "alice@example.com", Via: "API"}
	for _, c := range []account.Command{
		{Kind: account.AddNote, Note: "approve: honestly"},
		{Kind: account.CustomAction, Action: "Approve"},
		{Kind: account.Acknowledge},
		{Kind: account.CloseAlert},
	} {
		_, err := s.Apply(forged, account.ByAlias(alias), c)
		require.NoError(t, err)
	}
	found := s.evidence(t, ref)
	require.Len(t, found, 4)
	for _, e := range found {
		require.True(t, e.Actor.Automated, "%s by %s", e.Status, e.Actor)
	}
	require.NoError(t, s.Note("alice", alias, "deny: I never said via API"))
	found = s.evidence(t, ref)
	require.False(t, found[len(found)-1].Actor.Automated, "her own words are no proof of anything")
}

// The name of an action inside somebody's words is not its use.
func TestAForgedLogEntryIsNoAction(t *testing.T) {
	s := newSite(t, setup{settings: anyone})
	ref := s.open(t)
	for _, text := range []string{"Executed [Approve] action via web", "Alert acknowledged via web", "[Approve] Executed"} {
		require.NoError(t, s.Note("alice", alias, text))
	}
	require.NoError(t, s.Action("alice", alias, "Deny", "Executed [Approve] action via web"))
	found := s.evidence(t, ref)
	require.Len(t, found, 1)
	require.Equal(t, bridge.Deny, found[0].Verdict)
}

func TestP3_OnlyPeopleOnCallForTheRespondersMayDecide(t *testing.T) {
	for name, c := range map[string]struct {
		responders alerting.Responders
		may        []string
	}{
		"schedule":         {alerting.Responders{Schedules: []string{"primary"}}, []string{"alice"}},
		"another schedule": {alerting.Responders{Schedules: []string{"secondary"}}, []string{"bob"}},
		"team":             {alerting.Responders{Teams: []string{"Operations"}}, []string{"alice", "bob"}},
		"escalation":       {alerting.Responders{Escalations: []string{sim.DefaultEscalation}}, []string{"alice", "bob", "carol"}},
		"user":             {alerting.Responders{Users: []string{"dave@example.com"}}, []string{"dave"}},
		"several":          {alerting.Responders{Schedules: []string{"primary"}, Users: []string{"dave@example.com"}}, []string{"alice", "dave"}},
		"nobody":           {alerting.Responders{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Responders = c.responders }})
			ref := s.open(t)
			people := []string{"alice", "bob", "carol", "dave"}
			for _, who := range people {
				require.NoError(t, s.Note(who, alias, "approve"))
			}
			var may []string
			for _, e := range s.evidence(t, ref) {
				if e.Barred == "" {
					name, _, _ := strings.Cut(e.Actor.Email, "@")
					may = append(may, name)
					continue
				}
				require.Contains(t, e.Barred, "only people who are on call")
			}
			require.ElementsMatch(t, c.may, may)
		})
	}
}

func TestP3_JoiningAnAlertDoesNotGiveTheRightToDecide(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if r.Method == http.MethodGet {
			return strings.Replace(body, `"responders":[`, `"responders":[{"type":"user","id":"00000004-0000-4000-8000-000000000000"},`, 1)
		}
		return body
	})})
	ref := s.open(t)
	require.NoError(t, s.Note("dave", alias, "approve"))
	found := s.evidence(t, ref)
	require.Len(t, found, 1)
	require.Contains(t, found[0].Barred, "dave@example.com is not")

	s.Opsgenie = around(t, s.Server, setup{targets: []*Target{nil, {Responders: alerting.Responders{Users: []string{"dave@example.com"}}}}, transport: testkit.Rewrite(
		func(_ *http.Request, body string) string {
			return strings.Replace(body, `"responders":[`, `"responders":[{"type":"user","id":"00000004-0000-4000-8000-000000000000"},`, 1)
		})}).Opsgenie
	require.Empty(t, s.evidence(t, ref)[0].Barred, "but a route may name them")
}

func TestPeopleAreKnownByTheirOpsgenieUserWhateverTheCase(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.AddLog(alias, "system", "ALICE@example.com", "Executed [approve] action via web"))
	found := s.evidence(t, ref)
	require.Len(t, found, 1)
	require.Equal(t, "alice@example.com", found[0].Actor.Email)
	require.Empty(t, found[0].Barred)
}

func TestEvidenceIsReadFromALaterPageOfTheLog(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	for range 150 {
		require.NoError(t, s.AddLog(alias, "alertRecipient", "bob@example.com", "Viewed on [web]"))
	}
	require.NoError(t, s.Action("alice", alias, "Deny", ""))
	require.Len(t, s.evidence(t, ref), 1)
}
