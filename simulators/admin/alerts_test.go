package admin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
)

// withAlerts runs a test for each vendor with alerts. Path is where its alerts are.
func withAlerts(t *testing.T, test func(t *testing.T, s *stage, v admin.Vendor, path string)) {
	for _, v := range []admin.Vendor{admin.Opsgenie, admin.JSM} {
		t.Run(string(v), func(t *testing.T) { test(t, newStage(t, everybody), v, "/"+string(v)+"/alerts") })
	}
}

func TestAlertsAreListed(t *testing.T) {
	withAlerts(t, func(t *testing.T, s *stage, v admin.Vendor, path string) {
		var all []alert
		s.ask("GET", path, "", &all)
		require.NotNil(t, all)
		require.Empty(t, all)
		id := s.openAlert(v)
		s.ask("GET", path, "", &all)
		require.Len(t, all, 1)
		require.Equal(t, id, all[0].ID)
		require.Equal(t, "1", all[0].TinyID)
		require.NotEmpty(t, all[0].Alias)
		require.Equal(t, "open", all[0].Status)
		require.Equal(t, "alice asks", all[0].Message)
		require.Equal(t, []string{"Approve", "Deny"}, all[0].Actions)
		require.Len(t, all[0].Responders, 1)
		require.Equal(t, "schedule", all[0].Responders[0].Type)
		require.Equal(t, "primary", all[0].Responders[0].Name)
	})
}

func TestActingOnAnAlert(t *testing.T) {
	withAlerts(t, func(t *testing.T, s *stage, v admin.Vendor, path string) {
		s.openAlert(v)
		one := path + "/1" // by its tiny id
		var got alert
		s.ask("POST", one+"/note", `{"user":"alice@example.com","text":"approve: fine"}`, &got)
		require.Equal(t, []said{{Author: admin.Alice, Text: "approve: fine"}}, got.Notes)
		s.ask("POST", one+"/action", `{"user":"bob","name":"Deny","note":"not now"}`, &got)
		require.Contains(t, got.Log, said{Author: admin.Bob, Type: "system", Text: "Executed [Deny] action via web"})
		require.Equal(t, said{Author: admin.Bob, Text: "not now"}, got.Notes[1])
		s.ask("POST", one+"/acknowledge", `{"user":"alice"}`, &got)
		require.True(t, got.Acknowledged)
		require.Equal(t, admin.Alice, got.Owner)
		s.refused(http.StatusConflict, "already acknowledged", "POST", one+"/acknowledge", `{"user":"alice"}`)
		s.ask("POST", one+"/close", `{"user":"carol@example.com","note":"done"}`, &got)
		require.Equal(t, "closed", got.Status)
		require.Equal(t, said{Author: admin.Carol, Text: "done"}, got.Notes[2])
		s.refused(http.StatusConflict, "already closed", "POST", one+"/close", `{"user":"alice"}`)
	})
}

func TestBadDeedAtAnAlertIsRefused(t *testing.T) {
	withAlerts(t, func(t *testing.T, s *stage, v admin.Vendor, path string) {
		id := s.openAlert(v)
		for _, c := range []struct {
			status            int
			words, deed, body string
		}{
			{http.StatusBadRequest, "user is required", "note", `{"text":"approve"}`},
			{http.StatusBadRequest, "text is required", "note", `{"user":"alice"}`},
			{http.StatusBadRequest, "name is required", "action", `{"user":"alice"}`},
			{http.StatusBadRequest, "acknowledge takes no note", "acknowledge", `{"user":"alice","note":"done"}`},
			{http.StatusBadRequest, "unknown field", "close", `{"user":"alice","status":"closed"}`},
			{http.StatusConflict, "nobody", "note", `{"user":"nobody","text":"approve"}`},
			{http.StatusConflict, "no such custom action", "action", `{"user":"alice","name":"Explode"}`},
		} {
			s.refused(c.status, c.words, "POST", path+"/"+id+"/"+c.deed, c.body)
		}
		for _, deed := range []string{"note", "acknowledge", "close", "action"} {
			s.refused(http.StatusNotFound, `no alert "99"`, "POST", path+"/99/"+deed, `{"user":"alice"}`)
		}
		kept, found := s.account(v).Alert(id)
		require.True(t, found)
		require.True(t, kept.Open())
		require.Empty(t, kept.Notes)
	})
}
