package opsgenie_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestOnlyAKeyOpensTheAccount(t *testing.T) {
	a := start(t, opsgenie.Options{})
	for name, c := range map[string]struct {
		status int
		header string
	}{
		"none": {401, ""}, "basic": {401, "Basic eDp5"}, "empty": {401, "GenieKey "}, "no uuid": {422, "GenieKey secret"},
		"wrong": {401, "GenieKey 6f70736b-6579-4000-8000-00000000000f"}, "bearer": {401, "Bearer " + opsgenie.DefaultAPIKey},
	} {
		stranger := a.As(func(r *http.Request) { r.Header.Set("Authorization", c.header) })
		got := stranger.Do(c.status, "POST", "/v2/alerts", draft(nil))
		require.NotContains(t, string(got.Body), opsgenie.DefaultAPIKey, name)
	}
	require.Empty(t, a.Alerts())
	own := start(t, opsgenie.Options{APIKey: "6f70736b-6579-4000-8000-00000000000a"})
	own.Do(401, "GET", "/v2/alerts", nil)
	own.with("6f70736b-6579-4000-8000-00000000000a").Do(200, "GET", "/v2/alerts", nil)
}

func TestALimitedKeyIsForAlertsOnly(t *testing.T) {
	a := start(t, opsgenie.Options{}).with(opsgenie.DefaultLimitedKey)
	id := a.create(nil)
	a.Do(200, "GET", "/v2/alerts/"+id+"/logs", nil)
	for _, path := range []string{
		"/account", "/users", "/users/alice@example.com", "/teams", "/teams/x", "/escalations", "/escalations/x", "/schedules",
		"/schedules/x", "/schedules/on-calls", "/schedules/primary/on-calls", "/schedules/primary/next-on-calls",
	} {
		require.EqualValues(t, 40301, a.Do(403, "GET", "/v2"+path, nil).Object(t)["code"], path)
	}
}

func TestTooManyRequestsTellTheirState(t *testing.T) {
	a := start(t, opsgenie.Options{})
	require.Equal(t, "OK", a.Do(200, "GET", "/v2/alerts", nil).Header.Get("X-Ratelimit-State"))
	cancel := a.Inject(standin.Fault{Status: 429, RetryAfter: "7"})
	got := a.Do(429, "GET", "/v2/alerts", nil)
	require.Equal(t, []string{"THROTTLED", "ACCOUNT", "7", "7"}, []string{
		got.Header.Get("X-RateLimit-State"), got.Header.Get("X-RateLimit-Reason"), got.Header.Get("X-RateLimit-Period-In-Sec"),
		got.Header.Get("Retry-After"),
	})
	require.NotEmpty(t, got.Object(t)["requestId"])
	cancel()
	a.Inject(standin.Fault{Status: 429, Bare: true, Count: 1})
	require.Empty(t, a.Do(429, "GET", "/v2/alerts", nil).Body)
	require.Equal(t, map[string]int{"GET /v2/alerts": 3}, a.Calls())
	for _, status := range []int{401, 403, 404, 500, 503} {
		a.Inject(standin.Fault{Status: status, Count: 1})
		require.NotEmpty(t, a.Do(status, "GET", "/v2/alerts", nil).Object(t)["message"])
	}
}

// P2 has to survive this: the answer is lost on the wire, the alert is there.
func TestP2_AnEffectWithoutAnAnswerIsFoundByItsAlias(t *testing.T) {
	a := start(t, opsgenie.Options{})
	a.Inject(standin.Fault{Method: "POST", Reset: true, AfterEffect: true, Count: 1})
	_, err := a.Try("POST", "/v2/alerts", draft(map[string]any{"alias": "key"}))
	require.Error(t, err)
	a.Do(200, "GET", "/v2/alerts/key?identifierType=alias", nil)
}

func TestTheAccountOutlivesARestart(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(nil)
	before := a.URL()
	a.Stop()
	_, err := a.Try("GET", "/v2/alerts/"+id, nil)
	require.Error(t, err)
	require.NoError(t, a.Restart())
	require.Equal(t, before, a.URL())
	a.read("/v2/alerts/" + id)
	_, err = opsgenie.New(opsgenie.Options{Account: alerting.Options{Users: []alerting.User{{}}}})
	require.Error(t, err)
}

func TestWhoIsOnCall(t *testing.T) {
	a := start(t, opsgenie.Options{})
	now := a.clock.Now()
	require.NoError(t, a.SetOnCall("primary", "dave", now.Add(time.Hour), now.Add(2*time.Hour)))
	at := "/v2/schedules/primary/on-calls?scheduleIdentifierType=name"
	flat := func(more string) any { t.Helper(); return a.read(at + "&flat=true" + more).At("onCallRecipients") }
	require.Equal(t, []any{"alice@example.com"}, flat(""))
	require.Equal(t, []any{"dave@example.com"}, flat("&date="+url.QueryEscape(now.Add(time.Hour).Format(time.RFC3339Nano))))
	require.Equal(t, []any{"alice@example.com"}, flat("&date=2026-01-02T06:04:06%2B0100"))
	require.Equal(t, []any{}, flat("&date=2020-01-02T06:04:06Z"), "nobody is an empty list")
	a.Do(422, "GET", at+"&date=tomorrow", nil)
	a.clock.Add(time.Hour)
	require.Equal(t, []any{"dave@example.com"}, flat(""), "the shift started")
	got := a.read(at)
	require.Nil(t, got["onCallRecipients"])
	require.Equal(t, "primary", got.At("_parent", "name"))
	require.Equal(t, []any{"user"}, anyEach(got, "onCallParticipants", "type"))
	next := a.read("/v2/schedules/primary/next-on-calls?scheduleIdentifierType=name&flat=true")
	require.Equal(t, []any{"alice@example.com"}, next["nextOnCallParticipants"])
	require.Len(t, a.rows("/v2/schedules/on-calls"), 2)

	id := a.Schedules()[0].ID
	a.read("/v2/schedules/" + id + "/on-calls")
	for path, status := range map[string]int{
		"primary/on-calls": 404, id + "/on-calls?scheduleIdentifierType=name": 404, id + "/on-calls?scheduleIdentifierType=x": 422,
		"primary?identifierType=id": 404, "primary?identifierType=name": 200, "none/next-on-calls": 404,
	} {
		a.Do(status, "GET", "/v2/schedules/"+path, nil)
	}
}

func TestTheDirectoryIsFoundByIDOrName(t *testing.T) {
	a := start(t, opsgenie.Options{})
	team, escalation, alice := a.Teams()[0].ID, a.Escalations()[0].ID, opsgenie.DefaultUsers()[0]
	for path, status := range map[string]int{
		"teams/" + team: 200, "teams/" + team + "?identifierType=name": 404, "teams/Operations?identifierType=name": 200,
		"teams/Operations": 404, "teams/x?identifierType=y": 422, "escalations/" + escalation: 200,
		"escalations/" + escalation + "?identifierType=name": 404, "escalations/Operations_escalation?identifierType=name": 200,
		"escalations/x?identifierType=y": 422, "users/" + alice.ID: 200, "users/ALICE@example.com": 200, "users/alice": 404, "users/x": 404,
		"users?limit=0": 422, "users?offset=x": 422, "users?order=x": 422, "escalations": 200,
	} {
		a.Do(status, "GET", "/v2/"+path, nil)
	}
	require.Equal(t, []string{"accessbridge@example.com", "alice@example.com"}, texts(a.rows("/v2/users?limit=2"), "username"))
	list := a.Do(200, "GET", "/v2/users?limit=2&offset=4", nil).Object(t)
	require.Equal(t, []string{"dave@example.com"}, texts(list.Rows("data"), "username"))
	require.EqualValues(t, 5, list["totalCount"])
	require.Nil(t, list.At("paging", "next"))
	require.Equal(t, []string{"carol@example.com"}, texts(a.rows("/v2/users?query="+url.QueryEscape(`fullName: "carol"`)), "username"))
	require.Empty(t, a.rows("/v2/users?query=invented:x"))
	require.Nil(t, a.rows("/v2/teams")[0]["members"])
	require.NotNil(t, a.rows("/v2/teams?expand=member")[0]["members"])
	require.Nil(t, a.rows("/v2/schedules")[0]["rotations"])
	require.NotNil(t, a.rows("/v2/schedules?expand=rotation")[0]["rotations"])
}

func TestEventsArriveWithTheirProof(t *testing.T) {
	a := start(t, opsgenie.Options{})
	in := standintest.Receive(t, nil)
	a.AddReceiver(alerting.Receiver{URL: in.URL, Headers: map[string]string{"Authorization": "Bearer secret"}})
	id := a.create(map[string]any{"alias": "key", "actions": []string{"Approve"}})
	require.NoError(t, a.Action("alice", "key", "Approve", ""))
	require.NoError(t, a.WaitDeliveries(t.Context()))
	require.Len(t, in.All(), 2)
	require.Equal(t, "Bearer secret", in.All()[0].Header.Get("Authorization"))
	require.Equal(t, []any{"Create", "127.0.0.1"}, []any{in.Object(t, 0)["action"], in.Object(t, 0).At("source", "name")})
	require.Equal(t, []any{"Approve", id, "alice@example.com"},
		[]any{in.Object(t, 1)["action"], in.Object(t, 1).At("alert", "alertId"), in.Object(t, 1).At("alert", "username")})
}

func TestEventsGetLostDoubledAndOutOfOrder(t *testing.T) {
	a := start(t, opsgenie.Options{})
	in := standintest.Receive(t, func(int) int { return http.StatusServiceUnavailable })
	a.AddReceiver(alerting.Receiver{URL: in.URL})
	a.create(map[string]any{"alias": "key"})
	require.NoError(t, a.WaitDeliveries(t.Context()))
	require.Len(t, in.All(), 1, "at most once: nothing is tried again")
	a.SetWebhookFault(standin.WebhookFault{LoseEvery: 1})
	require.NoError(t, a.Note("alice", "key", "lost"))
	a.SetWebhookFault(standin.WebhookFault{Double: true})
	require.NoError(t, a.Note("alice", "key", "twice"))
	require.NoError(t, a.WaitDeliveries(t.Context()))
	require.Len(t, in.All(), 3)
	require.Equal(t, in.All()[1].Body, in.All()[2].Body, "no delivery tells itself from its twin")
	a.SetWebhookFault(standin.WebhookFault{Reorder: true})
	require.NoError(t, a.Acknowledge("alice", "key"))
	require.NoError(t, a.CloseAlert("alice", "key", ""))
	require.NoError(t, a.WaitDeliveries(t.Context()))
	require.Equal(t, []any{"Close", "Acknowledge"}, []any{in.Object(t, 3)["action"], in.Object(t, 4)["action"]})

	again := start(t, opsgenie.Options{Account: alerting.Options{Webhooks: alerting.Sending{Attempts: 3, RetryDelay: time.Millisecond}}})
	again.AddReceiver(alerting.Receiver{URL: in.URL})
	again.create(nil)
	require.NoError(t, again.WaitDeliveries(t.Context()))
	require.Len(t, again.Deliveries(), 3, "unless retries are switched on")
}
