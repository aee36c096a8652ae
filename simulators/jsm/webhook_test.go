package jsm_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// receive registers a receiver that gets everything.
func (s *site) receive() *standintest.Inbox {
	in := standintest.Receive(s.T, nil)
	s.AddReceiver(alerting.Receiver{URL: in.URL, Headers: map[string]string{"X-Token": "s3cret"}, Details: true})
	return in
}

func (s *site) delivered(in *standintest.Inbox) []standintest.Received {
	s.T.Helper()
	require.NoError(s.T, s.WaitDeliveries(s.T.Context()))
	return in.All()
}

func TestWebhooksNamePeopleByAccountIDUnlessAskedOtherwise(t *testing.T) {
	for _, old := range []bool{false, true} {
		s := start(t, jsm.Options{OldUserIDs: old})
		in := s.receive()
		id := s.create(map[string]any{
			"alias": "a", "actions": []string{"Approve"}, "responders": []map[string]string{{"type": "user", "id": s.account("bob")}},
		})
		require.NoError(t, s.Action("alice", id, "Approve", ""))
		require.NoError(t, s.Acknowledge("", id))
		require.Len(t, s.delivered(in), 3)
		require.Equal(t, "s3cret", in.All()[1].Header.Get("X-Token"))
		alice, bob := s.account("alice"), s.account("bob")
		if old {
			alice, bob = alerting.DefaultUsers()[0].ID, alerting.DefaultUsers()[1].ID
		}
		action := in.Object(t, 1)
		require.Equal(t, "Approve", action["action"])
		require.Equal(t, alice, action.At("alert", "userId"))
		require.Equal(t, []any{bob}, action.At("alert", "recipients"))
		require.Equal(t, []any{map[string]any{"id": bob, "type": "user", "name": "bob@example.com"}}, action.At("alert", "responders"))
		require.Equal(t, "a", action.At("alert", "alias"))
		require.Nil(t, in.Object(t, 2).At("alert", "userId"), "automation is nobody")
	}
}

func TestDeliveriesAreLostAndDoubledOnDemand(t *testing.T) {
	s := start(t, jsm.Options{})
	in := s.receive()
	s.SetWebhookFault(standin.WebhookFault{LoseEvery: 1})
	id := s.create(nil)
	require.Empty(t, s.delivered(in))
	s.SetWebhookFault(standin.WebhookFault{Double: true})
	require.NoError(t, s.CloseAlert("alice", id, "done"))
	require.Len(t, s.delivered(in), 2)
	require.Equal(t, in.All()[0].Body, in.All()[1].Body)
	require.Equal(t, "done", in.Object(t, 0).At("alert", "note"))
}

func TestAPersonActsOnTheBoard(t *testing.T) {
	s := start(t, jsm.Options{})
	in := s.receive()
	id := s.create(map[string]any{"actions": []string{"Deny"}})
	carol, _ := s.User("carol")
	page := s.Do(200, "GET", "/board", nil)
	require.Contains(t, string(page.Body), "Jira Service Management operations")
	require.Contains(t, string(page.Body), "Access to prod-db")
	form := url.Values{"user": {carol.ID}, "alert": {id}, "do": {"action:Deny"}, "note": {"not today"}}
	require.Equal(t, 403, s.Post("/board/act", "cross-site", form).StatusCode)
	require.Equal(t, 303, s.Post("/board/act", "same-origin", form).StatusCode)
	require.Len(t, s.delivered(in), 2)
	require.Equal(t, carol.AccountID, in.Object(t, 1).At("alert", "userId"))
	logs := s.rows("/alerts/" + id + "/logs")
	require.Equal(t, []string{"Added note [not today] via web", "Executed [Deny] action via web"}, texts(logs[:2], "log"))
	require.Equal(t, carol.AccountID, logs[1]["owner"])
}
