package admin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// onCall are the names of who is on call in the schedule primary at a moment.
func (s *stage) onCall(v admin.Vendor, at time.Time) []string {
	s.t.Helper()
	names := []string{}
	if v != admin.PagerDuty {
		participants, found := s.account(v).OnCall("primary", at)
		require.True(s.t, found)
		for _, p := range participants {
			names = append(names, p.Name)
		}
		return names
	}
	moment := at.UTC().Format(time.RFC3339)
	resp := s.send("GET", s.PagerDuty.URL()+"/oncalls?schedule_ids[]=PSCHED1&since="+moment+"&until="+moment, func(r *http.Request) {
		r.Header.Set("Authorization", "Token token="+pagerduty.DefaultToken)
		r.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
	}, "")
	defer func() { require.NoError(s.t, resp.Body.Close()) }()
	require.Equal(s.t, http.StatusOK, resp.StatusCode)
	var got struct {
		Oncalls []struct{ User struct{ Summary string } }
	}
	require.NoError(s.t, json.NewDecoder(resp.Body).Decode(&got))
	for _, o := range got.Oncalls {
		names = append(names, o.User.Summary)
	}
	return names
}

func TestShifts(t *testing.T) {
	for _, v := range admin.Vendors() {
		t.Run(string(v), func(t *testing.T) {
			s := newStage(t, everybody)
			name := map[string]string{admin.Alice: "Alice Adams", admin.Bob: "Bob Brown", admin.Carol: "Carol Cooper"}
			if v != admin.PagerDuty {
				name = map[string]string{admin.Alice: admin.Alice, admin.Bob: admin.Bob, admin.Carol: admin.Carol}
			}
			path := "/" + string(v) + "/schedules/primary/shifts"
			now := time.Now()
			require.Equal(t, []string{name[admin.Alice]}, s.onCall(v, now))

			s.tell("POST", path, `{"user":"bob@example.com","in":"1h","for":"30m"}`)
			require.Equal(t, []string{name[admin.Alice]}, s.onCall(v, now))
			require.Equal(t, []string{name[admin.Bob]}, s.onCall(v, now.Add(65*time.Minute)))
			require.Equal(t, []string{name[admin.Alice]}, s.onCall(v, now.Add(95*time.Minute)))

			s.tell("POST", path, `{"user":"carol","in":"-1m"}`)
			require.Equal(t, []string{name[admin.Carol]}, s.onCall(v, now))
			require.Equal(t, []string{name[admin.Carol]}, s.onCall(v, now.Add(1000*time.Hour)), "without an end")

			s.refused(http.StatusBadRequest, "user is required", "POST", path, `{}`)
			s.refused(http.StatusBadRequest, "negative", "POST", path, `{"user":"bob","for":"-1h"}`)
			s.refused(http.StatusBadRequest, "soon", "POST", path, `{"user":"bob","in":"soon"}`)
			s.refused(http.StatusBadRequest, "unknown field", "POST", path, `{"user":"bob","until":"1h"}`)
			s.refused(http.StatusNotFound, "nobody", "POST", path, `{"user":"nobody"}`)
			s.refused(http.StatusNotFound, "night", "POST", "/"+string(v)+"/schedules/night/shifts", `{"user":"bob"}`)
			s.refused(http.StatusNotFound, "night", "DELETE", "/"+string(v)+"/schedules/night/shifts", "")
			require.Equal(t, []string{name[admin.Carol]}, s.onCall(v, now))

			s.tell("DELETE", path, "")
			require.Empty(t, s.onCall(v, now))
		})
	}
}
