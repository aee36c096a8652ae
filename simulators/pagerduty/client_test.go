package pagerduty_test

import (
	"testing"

	client "github.com/PagerDuty/go-pagerduty"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestPagerDutysOwnClientUnderstandsTheAnswers(t *testing.T) {
	a := start(t, pagerduty.Options{})
	c := client.NewClient(pagerduty.DefaultToken, client.WithAPIEndpoint(a.URL()))
	ctx := t.Context()
	made, err := c.CreateIncidentWithContext(ctx, pagerduty.DefaultBotEmail, &client.CreateIncidentOptions{
		Title: "by the client", IncidentKey: "key", Service: &client.APIReference{ID: "PSERVIC", Type: "service_reference"},
		Body: &client.APIDetails{Type: "incident_body", Details: "text"},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"triggered", "key"}, []string{made.Status, made.IncidentKey})
	_, err = c.CreateIncidentNoteWithContext(ctx, made.ID, client.IncidentNote{
		User: client.APIObject{Summary: pagerduty.DefaultBotEmail}, Content: "hello",
	})
	require.NoError(t, err)
	notes, err := c.ListIncidentNotesWithContext(ctx, made.ID)
	require.NoError(t, err)
	require.Equal(t, "hello", notes[0].Content)
	_, err = c.ManageIncidentsWithContext(ctx, pagerduty.DefaultBotEmail, []client.ManageIncidentsOptions{
		{ID: made.ID, Type: "incident_reference", Status: "resolved"},
	})
	require.NoError(t, err)
	list, err := c.ListIncidentsWithContext(ctx, client.ListIncidentsOptions{IncidentKey: "key", Statuses: []string{"resolved"}})
	require.NoError(t, err)
	require.Equal(t, made.ID, list.Incidents[0].ID)
	log, err := c.ListIncidentLogEntriesWithContext(ctx, made.ID, client.ListIncidentLogEntriesOptions{})
	require.NoError(t, err)
	require.Equal(t, "resolve_log_entry", log.LogEntries[0].Type)
	calls, err := c.ListOnCallsWithContext(ctx, client.ListOnCallOptions{EscalationPolicyIDs: []string{"PPOLICY"}, Includes: []string{"users"}})
	require.NoError(t, err)
	require.Equal(t, "alice@example.com", calls.OnCalls[0].User.Email)
	services, err := c.ListServicesPaginated(ctx, client.ListServiceOptions{Query: "production"})
	require.NoError(t, err)
	require.Len(t, services, 1)
}
