package alerting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

func TestPersonsAutomationAndCallersAreToldApart(t *testing.T) {
	a := start(t, alerting.Options{})
	alert := a.create(alerting.Draft{Alias: "key", Actions: []string{"Approve", "Deny"}})
	require.Equal(t, "Alert created via API", alert.Log[0].Text)
	require.NoError(t, a.Note("alice", "key", "approve: fine"))
	require.NoError(t, a.Note("", "key", "by a rule"))
	require.NoError(t, a.Action("bob", "key", "Deny", "no need"))
	pretender := alerting.Actor{Via: "API", Name: "alice@example.com", Integration: "other"}
	_, err := a.Apply(pretender, alerting.ByAlias("key"), alerting.Command{Kind: alerting.CustomAction, Action: "Approve"})
	require.NoError(t, err)
	require.NoError(t, a.Acknowledge("carol", alert.ID))
	require.NoError(t, a.CloseAlert("", "1", ""))

	alert = a.get("key")
	require.Equal(t, []string{
		"alice@example.com: Added note [approve: fine] via web", "System: Added note [by a rule] via system",
		"bob@example.com: Executed [Deny] action via web", "bob@example.com: Added note [no need] via web",
		"alice@example.com: Executed [Approve] action via API", // whoever it was
		"carol@example.com: Alert acknowledged via web", "System: Alert closed via system",
	}, log(alert))
	require.Equal(t, []string{"alice@example.com", "System", "bob@example.com"},
		[]string{alert.Notes[0].Owner, alert.Notes[1].Owner, alert.Notes[2].Owner})
	require.Equal(t, []string{"carol@example.com", "carol@example.com", "System"}, []string{alert.Owner, alert.AckedBy, alert.ClosedBy})
	require.False(t, alert.Open())
	require.True(t, alert.Seen)
}

func TestOffsetsAndTimesGrowEvenWhenTheClockStandsStill(t *testing.T) {
	a := start(t, alerting.Options{})
	a.create(alerting.Draft{Alias: "key", Note: "with a note"})
	require.Equal(t, "with a note", a.get("key").Notes[0].Text)
	updated := a.get("key").Updated
	for range 20 {
		require.NoError(t, a.CloseAlert("alice", a.create(alerting.Draft{}).ID, "note"))
		require.NoError(t, a.Note("alice", "key", "n"))
		next := a.get("key").Updated
		require.True(t, next.After(updated))
		updated = next
	}
	seen := map[string]bool{}
	last := ""
	for _, e := range a.get("key").Log {
		require.False(t, seen[e.Offset])
		require.Greater(t, e.Offset, last)
		require.Regexp(t, `^\d{13}_\d{19}$`, e.Offset)
		seen[e.Offset], last = true, e.Offset
	}
	for _, n := range a.get("key").Notes {
		require.False(t, n.At.After(a.get("key").Updated), "a note is part of the last change")
	}
}

func TestAgesCountFromTheCreation(t *testing.T) {
	a := start(t, alerting.Options{})
	a.create(alerting.Draft{Alias: "key"})
	a.clock.Add(time.Minute)
	require.NoError(t, a.Acknowledge("alice", "key"))
	a.clock.Add(time.Minute)
	require.NoError(t, a.CloseAlert("alice", "key", ""))
	require.Equal(t, time.Minute, a.get("key").AckAge())
	require.Equal(t, 2*time.Minute, a.get("key").CloseAge())
	require.Zero(t, a.create(alerting.Draft{}).CloseAge())
}

func TestTheTextOfACustomActionIsASwitch(t *testing.T) {
	a := start(t, alerting.Options{ActionLog: "[{action}] ran ({via})"})
	a.create(alerting.Draft{Alias: "key", Actions: []string{"Approve"}})
	require.NoError(t, a.Action("bob", "key", "Approve", ""))
	require.Equal(t, []string{"bob@example.com: [Approve] ran (web)"}, log(a.get("key")))
}

func TestFieldsAreReplaced(t *testing.T) {
	a := start(t, alerting.Options{})
	before := a.create(alerting.Draft{Alias: "key", Tags: []string{"a", "a"}, Details: map[string]string{"k": "v", "gone": "x"}})
	require.Equal(t, []string{"a"}, before.Tags)
	require.Equal(t, "P3", before.Priority)
	for _, c := range []alerting.Command{
		{Kind: alerting.AddTags, Tags: []string{"b", "a"}},
		{Kind: alerting.RemoveTags, Tags: []string{"a"}},
		{Kind: alerting.AddDetails, Details: map[string]string{"k": "w", "n": "1"}},
		{Kind: alerting.RemoveDetails, Keys: []string{"gone"}},
		{Kind: alerting.UpdatePriority, Priority: "P1"},
		{Kind: alerting.UpdateMessage, Message: "new"},
		{Kind: alerting.UpdateDescription, Description: "text"},
	} {
		_, err := a.Apply(caller(), alerting.ByAlias("key"), c)
		require.NoError(t, err)
	}
	after := a.get("key")
	require.Equal(t, []string{"b"}, after.Tags)
	require.Equal(t, map[string]string{"k": "w", "n": "1"}, after.Details)
	require.Equal(t, []string{"P1", "new", "text"}, []string{after.Priority, after.Message, after.Description})
	require.Len(t, after.Log, 8)
	require.Equal(t, map[string]string{"k": "v", "gone": "x"}, before.Details, "what a reader has does not change")
	bare := a.create(alerting.Draft{})
	_, err := a.Apply(caller(), alerting.ByID(bare.ID), alerting.Command{Kind: alerting.AddDetails, Details: map[string]string{"k": "v"}})
	require.NoError(t, err)
	require.Equal(t, "v", a.get(bare.ID).Details["k"])
}

func TestAcknowledgementsCanBeTakenBack(t *testing.T) {
	a := start(t, alerting.Options{})
	a.create(alerting.Draft{Alias: "key"})
	require.NoError(t, a.Acknowledge("alice", "key"))
	require.NoError(t, a.Unacknowledge("bob", "key"))
	alert := a.get("key")
	require.False(t, alert.Acknowledged)
	require.Zero(t, alert.Acked)
	require.Empty(t, alert.AckedBy)
}

func TestADeletedAlertIsGone(t *testing.T) {
	a := start(t, alerting.Options{})
	alert := a.create(alerting.Draft{Alias: "key"})
	require.NoError(t, a.DeleteAlert("alice", "key"))
	for _, which := range []string{"key", alert.ID, alert.TinyID} {
		_, found := a.Alert(which)
		require.False(t, found, which)
	}
	require.Empty(t, a.Alerts())
	page, total, err := a.Search(alerting.Search{})
	require.NoError(t, err)
	require.Empty(t, page)
	require.Zero(t, total)
	require.ErrorIs(t, a.Note("alice", alert.ID, "n"), alerting.ErrNoAlert)
	require.NotEqual(t, alert.ID, a.create(alerting.Draft{Alias: "key"}).ID, "the alias is free")
}

func TestMistakesOfATestAreErrors(t *testing.T) {
	a := start(t, alerting.Options{})
	a.create(alerting.Draft{Alias: "key"})
	require.ErrorContains(t, a.Note("nobody", "key", "n"), `no user "nobody"`)
	require.ErrorContains(t, a.Note("alice", "key", ""), "note")
	require.ErrorIs(t, a.Acknowledge("alice", "other"), alerting.ErrNoAlert)
	require.ErrorIs(t, a.Action("alice", "key", "Approve", ""), alerting.ErrNoAction)
	require.ErrorContains(t, a.SetPriority("alice", "key", "high"), "priority")
	require.ErrorIs(t, a.AddLog("other", "system", "System", "text"), alerting.ErrNoAlert)
	_, err := a.AddAlert("nobody", alerting.Draft{Message: "m"})
	require.Error(t, err)
	_, err = a.AddAlert("alice", alerting.Draft{})
	require.ErrorContains(t, err, "message")
	_, err = a.AddAlert("alice", alerting.Draft{Message: "m", Responders: []alerting.Responder{{Type: "team", Name: "Nobody"}}})
	require.ErrorIs(t, err, alerting.ErrResponder)
}

func TestAnEntryOfAnotherTypeCanBeWrittenIntoTheLog(t *testing.T) {
	a := start(t, alerting.Options{})
	made, err := a.AddAlert("alice", alerting.Draft{Message: "by a person"})
	require.NoError(t, err)
	require.Equal(t, "Alert created via web", made.Log[0].Text)
	require.Equal(t, "alice@example.com", made.User)
	require.NoError(t, a.AddLog(made.ID, "alertRecipient", "bob@example.com", "Viewed on [web]"))
	entry := a.get(made.ID).Log[1]
	require.Equal(t, []string{"alertRecipient", "bob@example.com", "Viewed on [web]"}, []string{entry.Type, entry.Owner, entry.Text})
}

func TestHooksHearEveryChangeBeforeTheCallerDoes(t *testing.T) {
	a := start(t, alerting.Options{})
	var heard []string
	a.OnAlert(func(alert alerting.Alert) {
		if last := alert.Log[len(alert.Log)-1].Text; len(heard) == 0 || heard[len(heard)-1] != last {
			heard = append(heard, strings.Fields(last)[1])
		}
		_, found := a.Alert(alert.ID) // reading is allowed
		require.True(t, found)
	})
	version := a.Version()
	a.create(alerting.Draft{Alias: "key"})
	require.NoError(t, a.Acknowledge("alice", "key"))
	a.create(alerting.Draft{Alias: "key"})
	require.NoError(t, a.AddLog("key", "system", "System", "Something else"))
	require.Equal(t, []string{"created", "acknowledged", "joined", "else"}, heard)
	require.Equal(t, version+4, a.Version())
}
