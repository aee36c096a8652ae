package opsgenie_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/contract"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// checked is an account all of whose traffic is held against the contract.
func checked(t *testing.T, opt opsgenie.Options) *account {
	t.Helper()
	c := contract.Load(t, "opsgenie/opsgenie-v2.normalised.json")
	a := start(t, opt)
	a.HTTP.Transport = c.Transport(a.HTTP.Transport)
	return a
}

func TestAlertsKeepTheContract(t *testing.T) {
	a := checked(t, opsgenie.Options{})
	id := a.create(full())
	a.create(full())
	note := map[string]any{"note": "n", "user": "u", "source": "s"}
	for _, path := range []string{"/acknowledge", "/unacknowledge", "/actions/Approve", "/notes"} {
		require.Equal(t, true, a.write("POST", "/v2/alerts/"+id+path, note)["isSuccess"], path)
	}
	a.write("POST", "/v2/alerts/"+id+"/tags", map[string]any{"tags": []string{"x"}})
	a.write("POST", "/v2/alerts/"+id+"/details", map[string]any{"details": map[string]string{"k": "v"}})
	a.write("DELETE", "/v2/alerts/"+id+"/details?keys=k,l&note=n", nil)
	a.write("PUT", "/v2/alerts/"+id+"/priority", map[string]any{"priority": "P1"})
	require.NoError(t, a.Acknowledge("alice", id))
	a.write("POST", "/v2/alerts/"+id+"/close", note)
	require.Equal(t, false, a.write("POST", "/v2/alerts/none/close", note)["isSuccess"])
	for _, path := range []string{
		"/" + id, "/1?identifierType=tiny", "/accessbridge:r%201?identifierType=alias", "/" + id + "/notes", "/" + id + "/logs",
		"/" + id + "/logs?limit=1&order=asc&direction=next", "", "?limit=1&offset=0&sort=updatedAt&order=asc&query=status%3Aclosed",
	} {
		a.Do(200, "GET", "/v2/alerts"+path, nil)
	}
}

func TestRefusalsKeepTheContract(t *testing.T) {
	a := checked(t, opsgenie.Options{RefuseUnknown: true})
	a.Do(422, "POST", "/v2/alerts", map[string]any{"message": ""})
	a.Do(400, "POST", "/v2/alerts", "{")
	a.Do(404, "GET", "/v2/alerts/none", nil)
	a.Do(404, "POST", "/v2/alerts/none/acknowledge", map[string]any{})
	a.Do(404, "GET", "/v2/alerts/requests/none", nil)
	a.Do(404, "GET", "/v2/schedules/none/on-calls", nil)
	a.with("6f70736b-6579-4000-8000-00000000000f").Do(401, "GET", "/v2/alerts", nil)
	a.with(opsgenie.DefaultLimitedKey).Do(403, "GET", "/v2/users", nil)
	a.Inject(standin.Fault{Status: http.StatusTooManyRequests, Count: 1})
	a.Do(429, "GET", "/v2/alerts", nil)
	a.Inject(standin.Fault{Status: http.StatusBadGateway, Count: 1})
	a.Do(502, "GET", "/v2/alerts", nil)
}

func TestTheDirectoryKeepsTheContract(t *testing.T) {
	now := start(t, opsgenie.Options{}).clock.Now()
	account := alerting.Options{
		Teams: alerting.DefaultTeams(), Escalations: alerting.DefaultEscalations(), Schedules: alerting.DefaultSchedules(now),
	}
	account.Schedules = append(account.Schedules, alerting.Schedule{Name: "nested", Rotations: []alerting.Rotation{{
		Name: "r", Shifts: []alerting.Shift{{Escalation: opsgenie.DefaultEscalation, From: now.AddDate(0, 0, -1)}, {
			User:          "dave",
			ForwardedFrom: "alice", From: now.AddDate(0, 0, 1),
		}},
	}, {Name: "t", Shifts: []alerting.Shift{{Team: opsgenie.DefaultTeam, From: now.AddDate(0, 0, -1)}}}}})
	a := checked(t, opsgenie.Options{Account: account})
	alice := alerting.DefaultUsers()[0].ID
	team, schedule, escalation := account.Teams[0].ID, account.Schedules[0].ID, account.Escalations[0].ID
	for _, path := range []string{
		"/account", "/users", "/users?limit=1&offset=1&order=desc&query=username:alice", "/users/" + alice,
		"/users/alice@example.com?expand=contact", "/teams", "/teams?expand=member", "/teams/" + team, "/teams/Operations?identifierType=name",
		"/escalations/" + escalation, "/escalations/Operations_escalation?identifierType=name", "/schedules", "/schedules?expand=rotation",
		"/schedules/" + schedule, "/schedules/primary?identifierType=name", "/schedules/on-calls", "/schedules/on-calls?flat=true",
		"/schedules/" + schedule + "/on-calls", "/schedules/primary/on-calls?scheduleIdentifierType=name&flat=true",
		"/schedules/nested/on-calls?scheduleIdentifierType=name&date=2026-01-02T03:04:05Z",
		"/schedules/nested/next-on-calls?scheduleIdentifierType=name", "/schedules/nested/next-on-calls?scheduleIdentifierType=name&flat=true",
	} {
		a.Do(200, "GET", "/v2"+path, nil)
	}
}
