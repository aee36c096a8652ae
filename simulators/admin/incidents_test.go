package admin_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIncidentsAreListed(t *testing.T) {
	s := newStage(t, everybody)
	var all []incident
	s.ask("GET", "/pagerduty/incidents", "", &all)
	require.NotNil(t, all)
	require.Empty(t, all)
	id := s.openIncident()
	s.ask("GET", "/pagerduty/incidents", "", &all)
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.Equal(t, 1, all[0].Number)
	require.NotEmpty(t, all[0].Key)
	require.Equal(t, "triggered", all[0].Status)
	require.Equal(t, "alice asks", all[0].Title)
	require.Equal(t, "for a deploy", all[0].Body)
	require.Equal(t, []string{"PALICE1"}, all[0].Assignees, "who is on call first")
}

func TestActingOnAnIncident(t *testing.T) {
	s := newStage(t, everybody)
	s.openIncident()
	path := "/pagerduty/incidents/1" // by its number
	var got incident
	s.ask("POST", path+"/note", `{"user":"alice@example.com","text":"approve: fine"}`, &got)
	require.Equal(t, []said{{Author: "PALICE1", Text: "approve: fine"}}, got.Notes)
	s.ask("POST", path+"/action", `{"user":"bob","name":"deny"}`, &got)
	require.Equal(t, []said{{Author: "PBOB001", Text: "Deny"}}, got.Actions)
	s.ask("POST", path+"/acknowledge", `{"user":"alice"}`, &got)
	require.Equal(t, "acknowledged", got.Status)
	s.refused(http.StatusConflict, "Already Acknowledged", "POST", path+"/acknowledge", `{"user":"alice"}`)
	s.ask("POST", path+"/resolve", `{"user":"carol@example.com"}`, &got)
	require.Equal(t, "resolved", got.Status)
	require.Contains(t, got.Log, said{Author: "PCAROL1", Type: "resolve_log_entry"})
	s.refused(http.StatusConflict, "Already Resolved", "POST", path+"/resolve", `{"user":"alice"}`)

	s.openIncident()
	in, found := s.PagerDuty.Incident("1")
	require.True(t, found)
	require.Len(t, in.Notes, 1, "the other incident is not touched")
}

func TestBadDeedAtAnIncidentIsRefused(t *testing.T) {
	s := newStage(t, everybody)
	id := s.openIncident()
	for i, c := range []struct {
		status            int
		words, deed, body string
	}{
		{http.StatusBadRequest, "user is required", "note", `{"text":"approve"}`},
		{http.StatusBadRequest, "text is required", "note", `{"user":"alice"}`},
		{http.StatusBadRequest, "name is required", "action", `{"user":"alice"}`},
		{http.StatusBadRequest, "note takes no name", "note", `{"user":"alice","text":"approve","name":"Approve"}`},
		{http.StatusBadRequest, "resolve takes no note", "resolve", `{"user":"alice","note":"done"}`},
		{http.StatusBadRequest, "unknown field", "acknowledge", `{"user":"alice","status":"resolved"}`},
		{http.StatusBadRequest, "empty", "resolve", ""},
		{http.StatusConflict, "nobody", "note", `{"user":"nobody","text":"approve"}`},
		{http.StatusConflict, "Explode", "action", `{"user":"alice","name":"Explode"}`},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			s := &stage{World: s.World, t: t, url: s.url}
			s.refused(c.status, c.words, "POST", "/pagerduty/incidents/"+id+"/"+c.deed, c.body)
		})
	}
	for _, deed := range []string{"note", "acknowledge", "resolve", "action"} {
		s.refused(http.StatusNotFound, `no incident "99"`, "POST", "/pagerduty/incidents/99/"+deed, `{"user":"alice"}`)
	}
	in, found := s.PagerDuty.Incident(id)
	require.True(t, found)
	require.Equal(t, "triggered", in.Status)
	require.Empty(t, in.Notes)
	require.Empty(t, in.Invocations)
}
