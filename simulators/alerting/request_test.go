package alerting_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

func TestAWriteTakesEffectAfterTheLagAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, alerting.Options{ProcessLag: time.Second, Clock: time.Now})
		made := a.Create(caller(), alerting.Draft{Message: "m", Alias: "key"})
		acked := a.Do(caller(), alerting.ByAlias("key"), alerting.Command{Kind: alerting.Acknowledge})
		r, found := a.Request(made)
		require.True(t, found)
		require.False(t, r.Done)
		require.Equal(t, 2, a.PendingRequests())
		<-time.After(999 * time.Millisecond)
		require.Empty(t, a.Alerts())
		<-time.After(time.Millisecond)
		synctest.Wait()
		require.Zero(t, a.PendingRequests())
		alert := a.get("key")
		require.True(t, alert.Acknowledged, "the acknowledgement came after the creation")
		r, _ = a.Request(made)
		require.Equal(t, alerting.Request{
			ID: made, Action: "Create", Done: true, Success: true, Status: "Created alert", AlertID: alert.ID, Alias: "key",
			Integration: "accessbridge", ProcessedAt: r.ProcessedAt,
		}, r)
		r, _ = a.Request(acked)
		require.True(t, r.Success)
		require.Equal(t, "Acknowledge", r.Action)
	})
}

func TestAFailureShowsOnlyInTheStatusOfTheRequest(t *testing.T) {
	a := start(t, alerting.Options{})
	a.create(alerting.Draft{Alias: "key", Actions: []string{"Approve"}})
	status := func(ref alerting.Ref, c alerting.Command) string {
		t.Helper()
		r, found := a.Request(a.Do(caller(), ref, c))
		require.True(t, found && r.Done)
		require.Equal(t, r.Success, r.AlertID != "", "a failure names no alert")
		if r.Success {
			return ""
		}
		return r.Status
	}
	key := alerting.ByAlias("key")
	require.Equal(t, "Alert does not exist", status(alerting.ByAlias("other"), alerting.Command{Kind: alerting.Acknowledge}))
	require.Equal(t, alerting.ErrNoAction.Error(), status(key, alerting.Command{Kind: alerting.CustomAction, Action: "Invented"}))
	require.Empty(t, status(key, alerting.Command{Kind: alerting.CustomAction, Action: "Approve"}))
	require.Equal(t, alerting.ErrUnacked.Error(), status(key, alerting.Command{Kind: alerting.Unacknowledge}))
	require.Empty(t, status(key, alerting.Command{Kind: alerting.Acknowledge}))
	require.Equal(t, alerting.ErrAcknowledged.Error(), status(key, alerting.Command{Kind: alerting.Acknowledge}))
	require.Empty(t, status(key, alerting.Command{Kind: alerting.CloseAlert}))
	for _, kind := range []string{alerting.CloseAlert, alerting.Acknowledge, alerting.Unacknowledge} {
		require.Equal(t, alerting.ErrClosed.Error(), status(key, alerting.Command{Kind: kind}))
	}
	require.Empty(t, status(key, alerting.Command{Kind: alerting.AddNote, Note: "late"}), "a closed alert takes notes")
	_, found := a.Request("never was")
	require.False(t, found)
}

func TestPausedRequestsWaitUntilTheyAreResumed(t *testing.T) {
	a := start(t, alerting.Options{})
	resume := a.PauseRequests()
	id := a.Create(caller(), alerting.Draft{Message: "m"})
	r, found := a.Request(id)
	require.True(t, found)
	require.False(t, r.Done)
	require.NoError(t, a.SetOnCall("primary", "bob", a.clock.Now(), time.Time{}), "all else goes on")
	resume()
	resume()
	r, _ = a.Request(id)
	require.True(t, r.Success)
	require.Len(t, a.Alerts(), 1)
}

func TestAClosedAccountForgetsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, alerting.Options{ProcessLag: time.Second, Clock: time.Now})
		a.Create(caller(), alerting.Draft{Message: "m"})
		a.Close()
		<-time.After(time.Minute)
		require.Empty(t, a.Alerts())
	})
}

// P2 leans on this: of many creations with one alias one makes the alert and the rest only count.
func TestP2_OneAlertUnderConcurrentCreationsWithItsAlias(t *testing.T) {
	a := start(t, alerting.Options{})
	a.AddReceiver(alerting.Receiver{URL: "http://receiver"})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { a.Create(caller(), alerting.Draft{Message: "m", Alias: "key"}) })
	}
	wg.Wait()
	require.Len(t, a.Alerts(), 1)
	require.Equal(t, 10, a.get("key").Count)
	require.Equal(t, []any{"Create"}, a.actions(), "what joins sends no event")
}

func TestAnAliasJoinsTheOpenAlertAndDropsTheDraft(t *testing.T) {
	a := start(t, alerting.Options{})
	first := a.create(alerting.Draft{Message: "first", Alias: "key", Tags: []string{"a"}})
	a.clock.Add(time.Minute)
	r, _ := a.Request(a.Create(caller(), alerting.Draft{Message: "second", Alias: "key", Tags: []string{"b"}, Note: "n"}))
	require.True(t, r.Success)
	require.Equal(t, first.ID, r.AlertID, "the request names the old alert")
	joined := a.get("key")
	require.Equal(t, "first", joined.Message)
	require.Equal(t, []string{"a"}, joined.Tags)
	require.Equal(t, 2, joined.Count)
	require.Empty(t, joined.Notes)
	require.Equal(t, time.Minute, joined.LastOccurred.Sub(first.LastOccurred))

	require.NoError(t, a.CloseAlert("alice", "key", ""))
	second := a.create(alerting.Draft{Message: "second", Alias: "key"})
	require.NotEqual(t, first.ID, second.ID, "a closed alert leaves its alias")
	require.Equal(t, "2", second.TinyID)
	require.Equal(t, second.ID, a.get("key").ID, "the open one is found")
	require.NoError(t, a.CloseAlert("alice", "key", ""))
	require.Equal(t, second.ID, a.get("key").ID, "and where none is open, the newest")
	require.Equal(t, first.ID, a.get("1").ID)
}

func TestClosedAlertsCanBeImpossibleToFindByAlias(t *testing.T) {
	a := start(t, alerting.Options{OpenAliasOnly: true})
	alert := a.create(alerting.Draft{Alias: "key"})
	_, found := a.Get(alerting.ByAlias("key"))
	require.True(t, found)
	require.NoError(t, a.CloseAlert("", "key", ""))
	_, found = a.Get(alerting.ByAlias("key"))
	require.False(t, found)
	r, _ := a.Request(a.Do(caller(), alerting.ByAlias("key"), alerting.Command{Kind: alerting.AddNote, Note: "n"}))
	require.Equal(t, "Alert does not exist", r.Status)
	_, found = a.Get(alerting.ByID(alert.ID))
	require.True(t, found)
}

func TestRespondersAreFoundByIDOrName(t *testing.T) {
	drafted := []alerting.Responder{
		{Type: "team", Name: "Operations"},
		{Type: "user", Name: "ALICE@example.com"},
		{Type: "schedule", Name: "primary"},
		{Type: "escalation", Name: "Operations_escalation"},
		{Type: "team", ID: alerting.DefaultTeams()[0].ID},
	}
	a := start(t, alerting.Options{})
	alert := a.create(alerting.Draft{Responders: drafted})
	require.Len(t, alert.Responders, 4, "one of them twice")
	require.Equal(t, alerting.Responder{Type: "user", ID: alerting.DefaultUsers()[0].ID, Name: "alice@example.com"}, alert.Responders[1])

	unknown := alerting.Draft{Message: "m", Responders: []alerting.Responder{{Type: "team", Name: "Nobody"}, drafted[0]}}
	r, _ := a.Request(a.Create(caller(), unknown))
	require.False(t, r.Success)
	require.Contains(t, r.Status, "Responder does not exist")
	lax := start(t, alerting.Options{IgnoreUnknownResponders: true})
	require.Len(t, lax.create(unknown).Responders, 1)
}

func TestADraftIsRefusedBeyondTheLimits(t *testing.T) {
	long := func(n int) string { return string(make([]rune, n)) }
	many := func(n int) []string { return make([]string, n) }
	for field, d := range map[string]alerting.Draft{
		"message": {Message: long(131)}, "alias": {Message: "m", Alias: long(513)}, "description": {Message: "m", Description: long(15_001)},
		"entity": {Message: "m", Entity: long(513)}, "source": {Message: "m", Source: long(101)}, "user": {Message: "m", User: long(101)},
		"note": {Message: "m", Note: long(25_001)}, "tags": {Message: "m", Tags: many(21)}, "actions": {Message: "m", Actions: many(11)},
		"priority": {Message: "m", Priority: "P6"}, "details": {Message: "m", Details: map[string]string{"k": long(8_000)}},
		"responders#type": {Message: "m", Responders: []alerting.Responder{{Type: "group", ID: "x"}}},
		"responders":      {Message: "m", Responders: []alerting.Responder{{Type: "team"}}},
	} {
		wrong := d.Check()
		require.Len(t, wrong, 1, field)
		require.NotEmpty(t, wrong[field])
	}
	require.Equal(t, "Message can not be empty.", alerting.Draft{}.Check()["message"])
	require.Contains(t, alerting.Draft{Message: "m", Tags: []string{long(51)}}.Check(), "tags")
	require.Empty(t, alerting.Draft{
		Message: string([]rune("é" + long(129))), Description: long(15_000), Note: long(25_000), Priority: "P1",
		Details: map[string]string{"k": long(7_999)},
	}.Check(), "characters count, not bytes")
}

func TestACommandWithoutWhatItNeedsIsRefused(t *testing.T) {
	for field, c := range map[string]alerting.Command{
		"note": {Kind: alerting.AddNote}, "actionName": {Kind: alerting.CustomAction}, "tags": {Kind: alerting.RemoveTags},
		"details": {Kind: alerting.AddDetails}, "keys": {Kind: alerting.RemoveDetails}, "priority": {Kind: alerting.UpdatePriority},
		"message": {Kind: alerting.UpdateMessage}, "description": {Kind: alerting.UpdateDescription},
	} {
		require.Contains(t, c.Check(), field)
	}
	require.Contains(t, alerting.Command{Kind: alerting.CloseAlert, Note: string(make([]byte, 25_001))}.Check(), "note")
	require.Empty(t, alerting.Command{Kind: alerting.CloseAlert}.Check())
}
