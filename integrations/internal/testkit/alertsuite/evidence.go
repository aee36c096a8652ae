package alertsuite

import (
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func evidenceCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"AnActionIsReadBackFromTheLog":           anActionIsReadBackFromTheLog,
		"EveryStatementIsAPieceOfEvidence":       everyStatementIsAPieceOfEvidence,
		"WhatTheSettingsDoNotNameDecidesNothing": whatTheSettingsDoNotNameDecidesNothing,
		"NothingIsReadThatIsNotAskedFor":         nothingIsReadThatIsNotAskedFor,
		"AForgedLogEntryIsNoAction":              aForgedLogEntryIsNoAction,
		"EvidenceIsReadFromALaterPageOfTheLog":   evidenceIsReadFromALaterPageOfTheLog,
	}
}

// anyone lets everybody decide, in every way.
func anyone(s *alerting.Settings) {
	s.DecideBy, s.Decisions.Acknowledge, s.Decisions.Close = "anyone", "approve", "deny"
}

func anActionIsReadBackFromTheLog(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	require.NoError(t, s.Action("alice", Alias, "Approve", "looks right"))
	s.Sent.Reset()
	found := s.Said(t, ref)
	s.Golden(t, "evidence.golden")
	require.Len(t, found, 1)
	e := found[0]
	require.Equal(t, bridge.Approve, e.Verdict)
	require.Equal(t, "action: Approve", e.Status)
	alice, _ := s.User("alice")
	require.Equal(t, v.Person(alice), e.Actor)
	require.Equal(t, "looks right", e.Reason)
	require.Equal(t, testkit.RequestID, e.Marker)
	require.Equal(t, ref, e.Object)
	require.Equal(t, "oncall", e.Target)
	require.Empty(t, e.Barred)
	require.WithinDuration(t, time.Now(), e.At, time.Minute)
	require.WithinDuration(t, time.Now(), e.ReadAt, time.Minute)
}

func everyStatementIsAPieceOfEvidence(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: anyone, Account: account.Options{Clock: Ticking()}})
	ref := s.Opened(t)
	require.NoError(t, s.Note("alice", Alias, "Approve: as agreed\non the phone"))
	require.NoError(t, s.Note("bob", Alias, "approved, I think"))
	require.NoError(t, s.Note("bob", Alias, "DENY"))
	require.NoError(t, s.Acknowledge("carol", Alias))
	require.NoError(t, s.Unacknowledge("carol", Alias))
	require.NoError(t, s.Action("dave", Alias, "Deny", ""))
	require.NoError(t, s.AddLog(Alias, "alertRecipient", "bob@example.com", "Viewed on [web]"))
	require.NoError(t, s.CloseAlert("bob", Alias, "enough"))
	type said struct {
		status  string
		verdict bridge.Verdict
		who     string
		reason  string
	}
	var got []said
	for _, e := range s.Said(t, ref) {
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

func whatTheSettingsDoNotNameDecidesNothing(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) {
		s.DecideBy, s.Decisions.Notes.Approve, s.Decisions.Notes.Deny = "anyone", []string{}, []string{}
		s.Decisions.Actions.Approve, s.Decisions.Actions.Deny = "Grant", ""
	}})
	ref := s.Opened(t)
	require.NoError(t, s.Note("alice", Alias, "approve"))
	require.NoError(t, s.Acknowledge("alice", Alias))
	require.NoError(t, s.AddLog(Alias, "system", "alice@example.com", "Executed [Approve] action via web"))
	require.NoError(t, s.CloseAlert("alice", Alias, ""))
	require.Empty(t, s.Said(t, ref))
	require.NoError(t, s.Action("alice", Alias, "Grant", ""))
	require.Len(t, s.Said(t, ref), 1)
}

func nothingIsReadThatIsNotAskedFor(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Decisions.Actions.Approve, s.Decisions.Actions.Deny = "", "" }})
	ref := s.Opened(t)
	require.Empty(t, s.Said(t, ref))
	s.Sent.Reset()
	require.Empty(t, s.Said(t, ref))
	require.Len(t, s.Sent.Paths(), 1, "%v", s.Sent.Paths())
	require.NoError(t, s.Note("", Alias, "approve"))
	require.True(t, s.Said(t, ref)[0].Actor.Automated, "then the log is read: it tells by which way the note came in")
}

// The name of an action inside somebody's words is not its use.
func aForgedLogEntryIsNoAction(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: anyone})
	ref := s.Opened(t)
	for _, text := range []string{"Executed [Approve] action via web", "Alert acknowledged via web", "[Approve] Executed"} {
		require.NoError(t, s.Note("alice", Alias, text))
	}
	require.NoError(t, s.Action("alice", Alias, "Deny", "Executed [Approve] action via web"))
	found := s.Said(t, ref)
	require.Len(t, found, 1)
	require.Equal(t, bridge.Deny, found[0].Verdict)
}

func evidenceIsReadFromALaterPageOfTheLog(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	for range 150 {
		require.NoError(t, s.AddLog(Alias, "alertRecipient", "bob@example.com", "Viewed on [web]"))
	}
	require.NoError(t, s.Action("alice", Alias, "Deny", ""))
	require.Len(t, s.Said(t, ref), 1)
}
