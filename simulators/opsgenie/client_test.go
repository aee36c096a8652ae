package opsgenie_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	ogaccount "github.com/opsgenie/opsgenie-go-sdk-v2/account"
	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/client"
	"github.com/opsgenie/opsgenie-go-sdk-v2/escalation"
	"github.com/opsgenie/opsgenie-go-sdk-v2/og"
	"github.com/opsgenie/opsgenie-go-sdk-v2/schedule"
	"github.com/opsgenie/opsgenie-go-sdk-v2/team"
	"github.com/opsgenie/opsgenie-go-sdk-v2/user"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// sdk is the configuration of the vendor's own client, with its retries off. It speaks plain HTTP to hosts without "api" in
// their names.
func (a *account) sdk(key string) *client.Config {
	c := &client.Config{
		ApiKey: key, OpsGenieAPIURL: client.ApiUrl(strings.TrimPrefix(a.URL(), "http://")), HttpClient: a.HTTP,
		RetryPolicy: func(context.Context, *http.Response, error) (bool, error) { return false, nil },
	}
	c.ConfigureLogLevel("fatal")
	return c
}

func TestOpsgeniesOwnClientUnderstandsAlerts(t *testing.T) {
	a := start(t, opsgenie.Options{})
	ctx := t.Context()
	alerts, err := alert.NewClient(a.sdk(opsgenie.DefaultAPIKey))
	require.NoError(t, err)
	accepted, err := alerts.Create(ctx, &alert.CreateAlertRequest{
		Message: "by the client", Alias: "accessbridge:r1", Description: "text", Priority: alert.P2, Actions: []string{"Approve"},
		Tags: []string{"t"}, Details: map[string]string{"request": "r1"},
		Responders: []alert.Responder{
			{Type: alert.TeamResponder, Name: opsgenie.DefaultTeam}, {Type: alert.UserResponder, Username: "bob@example.com"},
		},
	})
	require.NoError(t, err)
	require.NotEmpty(t, accepted.RequestId)
	require.Equal(t, "OK", accepted.RateLimitState)
	require.NotZero(t, accepted.ResponseTime)
	made, err := accepted.RetrieveStatus(ctx)
	require.NoError(t, err)
	require.True(t, made.IsSuccess)
	require.Equal(t, []string{"Create", "Created alert", "accessbridge:r1"}, []string{made.Action, made.Status, made.Alias})

	got, err := alerts.Get(ctx, &alert.GetAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: "accessbridge:r1"})
	require.NoError(t, err)
	require.Equal(t, made.AlertID, got.Id)
	require.Equal(t, "text", got.Description)
	require.Equal(t, map[string]string{"request": "r1"}, got.Details)
	require.Equal(t, []string{"Approve"}, got.Actions)
	require.Len(t, got.Responders, 2)
	require.Equal(t, alert.P2, got.Priority)
	require.True(t, got.CreatedAt.Equal(a.clock.Now()))

	byAlias := func(r *alert.AddNoteRequest) *alert.AddNoteRequest {
		r.IdentifierType, r.IdentifierValue = alert.ALIAS, "accessbridge:r1"
		return r
	}
	_, err = alerts.AddNote(ctx, byAlias(&alert.AddNoteRequest{Note: "hello", User: "bridge"}))
	require.NoError(t, err)
	_, err = alerts.ExecuteCustomAction(ctx, &alert.ExecuteCustomActionAlertRequest{IdentifierValue: got.Id, Action: "Approve"})
	require.NoError(t, err)
	_, err = alerts.UpdateDescription(ctx, &alert.UpdateDescriptionRequest{IdentifierValue: got.Id, Description: "new"})
	require.NoError(t, err)
	_, err = alerts.UpdateMessage(ctx, &alert.UpdateMessageRequest{IdentifierValue: got.Id, Message: "new"})
	require.NoError(t, err)
	require.NoError(t, a.Acknowledge("alice", got.Id))
	_, err = alerts.Close(ctx, &alert.CloseAlertRequest{IdentifierType: alert.TINYID, IdentifierValue: got.TinyId, Note: "done", User: "bridge"})
	require.NoError(t, err)

	notes, err := alerts.ListAlertNotes(ctx, &alert.ListAlertNotesRequest{IdentifierValue: got.Id})
	require.NoError(t, err)
	require.Len(t, notes.AlertLog, 2)
	require.Equal(t, []string{"done", "hello", "bridge"}, []string{notes.AlertLog[0].Note, notes.AlertLog[1].Note, notes.AlertLog[1].Owner})
	logs, err := alerts.ListAlertLogs(ctx, &alert.ListAlertLogsRequest{IdentifierValue: got.Id, Order: alert.Asc, Limit: 3})
	require.NoError(t, err)
	require.Equal(t, "Executed [Approve] action via API", logs.AlertLog[2].Log)
	logs, err = alerts.ListAlertLogs(ctx, &alert.ListAlertLogsRequest{IdentifierValue: got.Id, Order: alert.Asc, Offset: logs.AlertLog[2].Offset})
	require.NoError(t, err)
	require.Len(t, logs.AlertLog, 5)
	require.Equal(t, "alice@example.com", logs.AlertLog[2].Owner)

	list, err := alerts.List(ctx, &alert.ListAlertRequest{Query: "tag:t AND status:closed", Sort: alert.UpdatedAt, Order: alert.Asc, Limit: 5})
	require.NoError(t, err)
	require.Len(t, list.Alerts, 1)
	require.Equal(t, []string{"bridge", "alice@example.com"}, []string{list.Alerts[0].Report.ClosedBy, list.Alerts[0].Report.AcknowledgedBy})
}

func TestOpsgeniesOwnClientUnderstandsTheDirectory(t *testing.T) {
	a := start(t, opsgenie.Options{})
	ctx, cfg := t.Context(), a.sdk(opsgenie.DefaultAPIKey)
	schedules, err := schedule.NewClient(cfg)
	require.NoError(t, err)
	flat, nested := true, false
	who, err := schedules.GetOnCalls(ctx, &schedule.GetOnCallsRequest{
		Flat: &flat, ScheduleIdentifierType: schedule.Name, ScheduleIdentifier: opsgenie.DefaultSchedule,
	})
	require.NoError(t, err)
	require.Equal(t, []string{"alice@example.com"}, who.OnCallRecipients)
	who, err = schedules.GetOnCalls(ctx, &schedule.GetOnCallsRequest{
		Flat: &nested, ScheduleIdentifierType: schedule.Name, ScheduleIdentifier: opsgenie.DefaultSchedule,
	})
	require.NoError(t, err)
	require.Equal(t, "alice@example.com", who.OnCallParticipants[0].Name)
	require.Equal(t, og.User, who.OnCallParticipants[0].Type)
	require.True(t, who.Parent.Enabled)
	_, err = schedules.GetNextOnCall(ctx, &schedule.GetNextOnCallsRequest{
		Flat: &nested, ScheduleIdentifierType: schedule.Name, ScheduleIdentifier: opsgenie.DefaultSchedule,
	})
	require.NoError(t, err)
	all, err := schedules.List(ctx, &schedule.ListRequest{Expand: &flat})
	require.NoError(t, err)
	require.Len(t, all.Schedule, 2)
	require.Equal(t, opsgenie.DefaultTeam, all.Schedule[0].OwnerTeam.Name)
	one, err := schedules.Get(ctx, &schedule.GetRequest{IdentifierType: schedule.Name, IdentifierValue: "secondary"})
	require.NoError(t, err)
	require.Equal(t, "bob@example.com", one.Schedule.Rotations[0].Participants[0].Username)

	users, err := user.NewClient(cfg)
	require.NoError(t, err)
	alice, err := users.Get(ctx, &user.GetRequest{Identifier: "alice@example.com"})
	require.NoError(t, err)
	require.Equal(t, "Alice Adams", alice.FullName)
	found, err := users.List(ctx, &user.ListRequest{Query: "username:carol", Limit: 10})
	require.NoError(t, err)
	require.Len(t, found.Users, 1)

	teams, err := team.NewClient(cfg)
	require.NoError(t, err)
	ops, err := teams.Get(ctx, &team.GetTeamRequest{IdentifierType: team.Name, IdentifierValue: opsgenie.DefaultTeam})
	require.NoError(t, err)
	require.Len(t, ops.Members, 3)
	escalations, err := escalation.NewClient(cfg)
	require.NoError(t, err)
	steps, err := escalations.Get(ctx, &escalation.GetRequest{IdentifierType: escalation.Name, Identifier: opsgenie.DefaultEscalation})
	require.NoError(t, err)
	require.Len(t, steps.Rules, 3)
	info, err := ogaccount.NewClient(cfg)
	require.NoError(t, err)
	self, err := info.Get(ctx, &ogaccount.GetRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 5, self.UserCount)
}

func TestOpsgeniesOwnClientUnderstandsRefusals(t *testing.T) {
	a := start(t, opsgenie.Options{})
	resume := a.PauseRequests()
	alerts, err := alert.NewClient(a.sdk(opsgenie.DefaultAPIKey))
	require.NoError(t, err)
	refusal := func(err error) *client.ApiError {
		t.Helper()
		var out *client.ApiError
		require.ErrorAs(t, err, &out)
		require.NotEmpty(t, out.RequestId)
		require.NotEmpty(t, out.Message)
		return out
	}
	accepted, err := alerts.Create(t.Context(), &alert.CreateAlertRequest{Message: "m"})
	require.NoError(t, err)
	_, err = alerts.GetRequestStatus(t.Context(), &alert.GetRequestStatusRequest{RequestId: accepted.RequestId})
	waiting := refusal(err)
	require.Equal(t, http.StatusNotFound, waiting.StatusCode)
	require.Equal(t, "RequestNotProcessed", waiting.ErrorHeader)
	resume()
	_, err = alerts.GetRequestStatus(t.Context(), &alert.GetRequestStatusRequest{RequestId: accepted.RequestId})
	require.NoError(t, err)

	_, err = alerts.Create(t.Context(), &alert.CreateAlertRequest{Message: strings.Repeat("m", 131)})
	tooLong := refusal(err)
	require.Equal(t, http.StatusUnprocessableEntity, tooLong.StatusCode)
	require.Contains(t, tooLong.Errors, "message")
	_, err = alerts.Get(t.Context(), &alert.GetAlertRequest{IdentifierValue: "none"})
	require.Equal(t, http.StatusNotFound, refusal(err).StatusCode)
	a.Inject(standin.Fault{Status: http.StatusTooManyRequests, Count: 1})
	_, err = alerts.List(t.Context(), &alert.ListAlertRequest{})
	require.Equal(t, http.StatusTooManyRequests, refusal(err).StatusCode)
	stranger, err := alert.NewClient(a.sdk("6f70736b-6579-4000-8000-00000000000f"))
	require.NoError(t, err)
	_, err = stranger.List(t.Context(), &alert.ListAlertRequest{})
	require.Equal(t, http.StatusUnauthorized, refusal(err).StatusCode)
}
