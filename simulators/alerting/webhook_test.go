package alerting_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

const receiverURL = "http://receiver.example"

// full is a draft with everything.
func full() alerting.Draft {
	return alerting.Draft{
		Message: "Access to prod-db", Alias: "key", Description: strings.Repeat("é", 1001), Entity: "prod-db", Tags: []string{"t1", "t2"},
		Details: map[string]string{"request": "r1"}, Actions: []string{"Approve"}, Priority: "P2",
		Responders: []alerting.Responder{{Type: "team", Name: "Operations"}, {Type: "user", Name: "alice@example.com"}},
	}
}

func TestTheBodyOfAnEvent(t *testing.T) {
	a := start(t, alerting.Options{})
	r := a.AddReceiver(alerting.Receiver{URL: receiverURL, Description: true, Details: true})
	alert := a.create(full())
	require.NoError(t, a.Acknowledge("bob", "key"))
	acked := a.get("key")
	events := a.events()
	require.Len(t, events, 2)

	bob, _ := a.User("bob")
	alice, _ := a.User("alice")
	team, _ := a.Team("Operations")
	require.JSONEq(t, `{
		"source": {"name": "", "type": "web"},
		"alert": {
			"alertId": "`+alert.ID+`", "tinyId": "1", "alias": "key", "message": "Access to prod-db", "entity": "prod-db",
			"tags": ["t1", "t2"], "teams": ["`+team.ID+`"], "recipients": ["`+alice.ID+`"], "team": "Operations", "actions": ["Approve"],
			"responders": [{"id": "`+team.ID+`", "type": "team", "name": "Operations"},
				{"id": "`+alice.ID+`", "type": "user", "name": "alice@example.com"}],
			"username": "bob@example.com", "userId": "`+bob.ID+`", "source": "127.0.0.1", "priority": "P2",
			"createdAt": 1767323045678, "updatedAt": 1767323045678000001
		},
		"action": "Acknowledge", "integrationId": "`+r.ID+`", "integrationName": "accessbridge", "integrationType": "Webhook"
	}`, events[1].Raw)
	require.Contains(t, events[1].Raw, `"updatedAt":1767323045678000001`, "nanoseconds, all digits")
	require.EqualValues(t, 1767323045678000001, acked.Updated.UnixNano())

	created := events[0].Body
	require.Equal(t, "Create", created["action"])
	require.Equal(t, "API", created.At("source", "type"))
	require.Equal(t, "System", created.At("alert", "username"))
	require.Nil(t, created.At("alert", "userId"), "an integration has no user id")
	require.Equal(t, strings.Repeat("é", 1000), created.At("alert", "description"), "cut on characters")
	require.Equal(t, map[string]any{"request": "r1"}, created.At("alert", "details"))
}

func TestDescriptionAndDetailsAreOnlyInCreateAndCustomActionsAndOnlyIfTicked(t *testing.T) {
	a := start(t, alerting.Options{})
	a.AddReceiver(alerting.Receiver{URL: receiverURL + "/ticked", Description: true, Details: true})
	a.AddReceiver(alerting.Receiver{URL: receiverURL + "/plain"})
	a.create(full())
	require.NoError(t, a.Action("alice", "key", "Approve", "because"))
	require.NoError(t, a.Note("alice", "key", "n"))
	require.NoError(t, a.CloseAlert("alice", "key", ""))
	events := a.events()
	require.Len(t, events, 8)
	for _, e := range events {
		action, _ := e.Body["action"].(string)
		want := strings.HasSuffix(e.URL, "/ticked") && (action == "Create" || action == "Approve")
		require.Equal(t, want, e.Body.At("alert", "description") != nil, action+" "+e.URL)
		require.Equal(t, want, e.Body.At("alert", "details") != nil, action+" "+e.URL)
		require.Equal(t, "key", e.Body.At("alert", "alias"), "the alias is always there")
	}
	require.Equal(t, "because", events[2].Body.At("alert", "note"))
	require.Equal(t, "n", events[4].Body.At("alert", "note"))
}

func TestEveryChangeHasItsEvent(t *testing.T) {
	a := start(t, alerting.Options{})
	a.AddReceiver(alerting.Receiver{URL: receiverURL})
	a.create(full())
	for _, c := range []alerting.Command{
		{Kind: alerting.AddTags, Tags: []string{"x", "y"}},
		{Kind: alerting.RemoveTags, Tags: []string{"x"}},
		{Kind: alerting.UpdatePriority, Priority: "P5"},
		{Kind: alerting.UpdateMessage, Message: "new"},
		{Kind: alerting.UpdateDescription, Description: "new"},
		{Kind: alerting.AddDetails, Details: map[string]string{"k": "v"}},
		{Kind: alerting.RemoveDetails, Keys: []string{"k"}},
		{Kind: alerting.Acknowledge},
		{Kind: alerting.Unacknowledge},
		{Kind: alerting.CloseAlert},
		{Kind: alerting.Acknowledge},
		{Kind: alerting.Delete},
	} {
		a.Do(caller(), alerting.ByAlias("key"), c)
	}
	events := a.events()
	var actions []any
	for _, e := range events {
		actions = append(actions, e.Body["action"])
	}
	require.Equal(t, []any{
		"Create", "AddTags", "RemoveTags", "UpdatePriority", "UpdateMessage", "UpdateDescription", "Acknowledge", "UnAcknowledge", "Close",
		"Delete",
	}, actions, "details have no event, and what failed has none")
	require.Equal(t, "x,y", events[1].Body.At("alert", "addedTags"), "one text")
	require.Equal(t, "x", events[2].Body.At("alert", "removedTags"))
	require.Equal(t, "P2", events[3].Body.At("alert", "oldPriority"))
	require.Equal(t, "P5", events[3].Body.At("alert", "priority"))
}

func TestTheShapeOfBodiesIsASwitch(t *testing.T) {
	shaped := func(s alerting.Shape) delivered {
		t.Helper()
		a := start(t, alerting.Options{Webhooks: alerting.Sending{Shape: s}})
		a.AddReceiver(alerting.Receiver{URL: receiverURL, Actions: []string{alerting.UpdatePriority}})
		a.create(full())
		require.NoError(t, a.SetPriority("alice", "key", "P4"))
		events := a.events()
		require.Len(t, events, 1)
		return events[0]
	}
	require.Contains(t, shaped(alerting.Shape{UpdatedText: true}).Raw, `"updatedAt":"1767323045678000001"`)
	texts := shaped(alerting.Shape{UpdatedText: true, CreatedText: true}).Raw
	require.Contains(t, texts, `"createdAt":"1767323045678"`)
	require.Equal(t, "4", shaped(alerting.Shape{NumericPriority: true}).Body.At("alert", "priority"))
	require.Equal(t, "Update Priority", shaped(alerting.Shape{Spaced: true}).Body["action"])
	bare := shaped(alerting.Shape{Documented: true}).Body
	for _, field := range []string{"responders", "team", "actions", "priority"} {
		require.Nil(t, bare.At("alert", field), field)
	}
	require.Nil(t, bare["integrationType"])
	require.Equal(t, "key", bare.At("alert", "alias"))
}

func TestReceiversGetWhatTheyAskForWithTheirProof(t *testing.T) {
	a := start(t, alerting.Options{})
	header := a.AddReceiver(alerting.Receiver{
		URL: receiverURL + "/header", Name: "bridge", Headers: map[string]string{"Authorization": "Bearer old"}, Actions: []string{"Approve"},
	})
	basic := a.AddReceiver(alerting.Receiver{URL: receiverURL + "/basic", User: "u", Password: "p:w", Actions: []string{"Close"}})
	a.AddReceiver(alerting.Receiver{URL: receiverURL, Disabled: true})
	require.Len(t, a.Receivers(), 3)
	require.NotEqual(t, header.ID, basic.ID)
	a.create(full())
	require.NoError(t, a.Action("alice", "key", "Approve", ""))
	require.NoError(t, a.CloseAlert("alice", "key", ""))
	events := a.events()
	require.Len(t, events, 2)
	require.Equal(t, "Bearer old", events[0].Header.Get("Authorization"))
	require.Equal(t, "bridge", events[0].Body["integrationName"])
	require.Equal(t, "Basic dTpwOnc=", events[1].Header.Get("Authorization"))

	header.Headers["Authorization"] = "Bearer new"
	require.Equal(t, "Bearer old", a.Receivers()[0].Headers["Authorization"], "what was given out is not the receiver's")
	require.True(t, a.SetReceiver(header))
	require.NoError(t, a.Action("alice", "key", "Approve", ""))
	require.Equal(t, "Bearer new", a.events()[0].Header.Get("Authorization"))
	header.Disabled = true
	require.True(t, a.SetReceiver(header))
	require.NoError(t, a.Action("alice", "key", "Approve", ""))
	require.Empty(t, a.events())
	require.False(t, a.SetReceiver(alerting.Receiver{ID: "other"}))
}
