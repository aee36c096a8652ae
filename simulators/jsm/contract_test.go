package jsm_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/contract"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// checked is a site all of whose traffic is held against the contracts: of operations, and of Jira below /rest/.
func checked(t *testing.T, opt jsm.Options) *site {
	t.Helper()
	operations := contract.Load(t, "jsm-ops/jsm-ops.normalised.json").Except(contract.Exception{
		Operation: "GET /api/{cloudId}/v1/schedules/{scheduleId}/on-calls", Contains: "more than one",
		Why: "the two forms of the answer, of which there must be one, have no required field: every object is both",
	})
	s := start(t, opt)
	next := s.HTTP.Transport
	s.HTTP.Transport = either{
		operations: operations.Transport(next), jira: contract.Load(t, "jira/jira-cloud-v3.json").Transport(next),
	}
	return s
}

type either struct{ operations, jira http.RoundTripper }

func (e either) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/rest/") {
		return e.jira.RoundTrip(r)
	}
	return e.operations.RoundTrip(r)
}

func TestAlertsKeepTheContract(t *testing.T) {
	for name, opt := range map[string]jsm.Options{
		"zero": {},
		"other": {
			Owners: jsm.ByDisplayName, PlainStatus: true, OldestFirst: true, AbsoluteLinks: true, BareTeams: true, OldUserIDs: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := checked(t, opt)
			id := s.create(s.full())
			s.create(s.full())
			s.create(draft(nil))
			for path, body := range map[string]any{
				"/acknowledge": nil, "/action": map[string]any{"actionName": "Approve"}, "/tags": map[string]any{"tags": []string{"x"}},
				"/extra-properties": map[string]any{"extraProperties": map[string]string{"k": "v"}},
			} {
				require.Equal(t, true, s.write("POST", "/alerts/"+id+path, body)["isSuccess"], path)
			}
			s.Do(200, "POST", ops+"/alerts/"+id+"/notes", map[string]any{"note": "n"})
			require.Equal(t, true, s.write("PATCH", "/alerts/"+id+"/priority", map[string]any{"priority": "P1"})["isSuccess"])
			s.read("/alerts/" + id)
			require.Equal(t, true, s.write("POST", "/alerts/"+id+"/close", nil)["isSuccess"])
			require.Equal(t, false, s.write("POST", "/alerts/none/close", nil)["isSuccess"])
			require.NoError(t, s.EditNote("bob", id, s.rows("/alerts/" + id + "/notes")[0]["id"].(string), "changed"))
			for _, path := range []string{
				"/" + id, "/alias?alias=" + url.QueryEscape("accessbridge:r 1"), "/" + id + "/notes", "/" + id + "/notes?size=1",
				"/" + id + "/logs", "/" + id + "/logs?size=2", "", "?size=1&offset=0&sort=priority&order=asc&query=status%3Aclosed&from=0&to=2000000000",
			} {
				s.read("/alerts" + path)
			}
		})
	}
}

func TestRefusalsKeepTheContract(t *testing.T) {
	s := checked(t, jsm.Options{RefuseUnknown: true})
	s.Do(422, "POST", ops+"/alerts", map[string]any{"message": ""})
	s.Do(400, "POST", ops+"/alerts", "{")
	s.Do(404, "GET", ops+"/alerts/none", nil)
	s.Do(404, "GET", ops+"/alerts/alias?alias=none", nil)
	s.Do(404, "GET", ops+"/alerts/none/notes", nil)
	s.Do(404, "POST", ops+"/alerts/none/acknowledge", nil)
	s.Do(404, "GET", ops+"/alerts/requests/none", nil)
	s.Do(404, "GET", ops+"/schedules/none", nil)
	s.Do(404, "GET", ops+"/schedules/none/on-calls", nil)
	s.Do(422, "GET", ops+"/schedules?size=51", nil)
	s.Do(422, "GET", ops+"/alerts?size=101", nil)
	s.as(jsm.DefaultEmail, "wrong").Do(401, "GET", ops+"/alerts", nil)
	s.as(jsm.DefaultEmail, jsm.DefaultLimitedToken).Do(401, "GET", ops+"/schedules", nil)
	outsider := s.as(jsm.DefaultOutsider, jsm.DefaultOutsiderToken)
	outsider.Do(403, "POST", ops+"/alerts", draft(nil))
	outsider.Do(403, "GET", ops+"/alerts/none/logs", nil)
	outsider.Do(403, "GET", ops+"/schedules/none", nil)
	for _, status := range []int{401, 403, 404, 422, 429, 502} {
		s.Inject(standin.Fault{Status: status, RetryAfter: "7", Count: 1})
		require.Equal(t, "7", s.Do(status, "GET", ops+"/schedules/none", nil).Header.Get("Retry-After"))
	}
}

func TestConfigurationKeepsTheContract(t *testing.T) {
	now := start(t, jsm.Options{}).clock.Now()
	account := alerting.Options{
		Teams: alerting.DefaultTeams(), Escalations: alerting.DefaultEscalations(), Schedules: alerting.DefaultSchedules(now),
	}
	account.Schedules = append(account.Schedules, alerting.Schedule{Name: "nested", Rotations: []alerting.Rotation{{
		Name: "r", Shifts: []alerting.Shift{{Escalation: jsm.DefaultEscalation, From: now.AddDate(0, 0, -1)}, {
			User:          "dave",
			ForwardedFrom: "alice", From: now.AddDate(0, 0, 1),
		}},
	}, {Name: "t", Shifts: []alerting.Shift{{Team: jsm.DefaultTeam, From: now.AddDate(0, 0, -1)}}}}})
	s := checked(t, jsm.Options{Account: account})
	nested := s.Schedules()[2].ID
	for _, path := range []string{
		"/teams", "/schedules", "/schedules?expand=rotation&size=1&offset=1", "/schedules?query=pri*", "/schedules/" + nested,
		"/schedules/" + nested + "/on-calls", "/schedules/" + nested + "/on-calls?flat=true",
		"/schedules/" + nested + "/on-calls?date=" + url.QueryEscape(now.AddDate(0, 0, 2).Format("2006-01-02T15:04:05Z07:00")),
	} {
		s.Do(200, "GET", ops+path, nil)
	}
}

func TestJiraKeepsItsContract(t *testing.T) {
	users := jsm.DefaultUsers()
	users[2].Blocked = true
	s := checked(t, jsm.Options{Account: alerting.Options{Users: users}, Private: []string{"bob"}})
	for _, u := range users {
		s.Do(200, "GET", "/rest/api/3/user?accountId="+url.QueryEscape(u.AccountID), nil)
	}
	s.Do(200, "GET", "/rest/api/3/user/search?query=a&startAt=0&maxResults=2", nil)
	s.Do(200, "GET", "/rest/api/3/user/search?accountId="+url.QueryEscape(users[0].AccountID), nil)
	s.Do(200, "GET", "/rest/api/3/myself", nil)
	s.Do(404, "GET", "/rest/api/3/user?accountId=none", nil)
	s.Do(400, "GET", "/rest/api/3/user/search", nil)
	s.as("x@example.com", "y").Do(401, "GET", "/rest/api/3/myself", nil)
}
