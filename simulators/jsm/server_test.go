package jsm_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

func TestCallersAreTheOwnersOfTheirTokens(t *testing.T) {
	s := start(t, jsm.Options{})
	for _, who := range [][2]string{
		{"", ""},
		{jsm.DefaultEmail, ""},
		{jsm.DefaultEmail, "wrong"},
		{"alice@example.com", jsm.DefaultAPIToken},
		{jsm.DefaultEmail, jsm.DefaultOutsiderToken},
	} {
		refused := s.as(who[0], who[1])
		require.EqualValues(t, 401, refused.Do(401, "GET", ops+"/alerts", nil).Object(t)["code"])
		require.NotEmpty(t, refused.Do(401, "GET", "/rest/api/3/myself", nil).Object(t)["errorMessages"])
	}
	bearer := &site{Server: s.Server, Client: s.As(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+jsm.DefaultAPIToken) })}
	bearer.Do(401, "GET", ops+"/alerts", nil)
	s.as("AccessBridge@Example.com", jsm.DefaultAPIToken).Do(200, "GET", ops+"/alerts", nil)
}

func TestATokenWithoutTheScopeForConfiguration(t *testing.T) {
	limited := start(t, jsm.Options{}).as(jsm.DefaultEmail, jsm.DefaultLimitedToken)
	limited.create(nil)
	require.Len(t, limited.rows("/alerts"), 1)
	for _, path := range []string{"/teams", "/schedules", "/schedules/" + limited.Schedules()[0].ID + "/on-calls"} {
		require.Equal(t, "Unauthorized; scope does not match", limited.Do(401, "GET", ops+path, nil).Object(t)["message"])
	}
	limited.Do(200, "GET", "/rest/api/3/myself", nil)
}

func TestWhoHasNoAccessSeesEmptyLists(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(nil)
	outsider := s.as(jsm.DefaultOutsider, jsm.DefaultOutsiderToken)
	require.Empty(t, outsider.rows("/alerts"))
	require.EqualValues(t, 0, outsider.read("/alerts")["count"])
	require.Empty(t, outsider.rows("/schedules"))
	require.Empty(t, outsider.read("/teams").Rows("platformTeams"))
	for _, path := range []string{"/alerts/" + id, "/alerts/" + id + "/notes", "/schedules/" + s.Schedules()[0].ID + "/on-calls"} {
		require.NotEmpty(t, outsider.Do(403, "GET", ops+path, nil).Object(t).Rows("errors"))
	}
	outsider.Do(403, "POST", ops+"/alerts", draft(nil))
	outsider.Do(200, "GET", "/rest/api/3/myself", nil)
}

func TestFaultsBreakCallsAndCallsAreCounted(t *testing.T) {
	s := start(t, jsm.Options{})
	s.Inject(standin.Fault{Method: "POST", PathContains: "/alerts", Status: 503, AfterEffect: true, Count: 1})
	s.Do(503, "POST", ops+"/alerts", draft(map[string]any{"alias": "a"}))
	_, made := s.Alert("a")
	require.True(t, made, "the answer was lost, the alert was not")
	s.Inject(standin.Fault{Status: 429, RetryAfter: "3", Count: 1})
	limited := s.Do(429, "GET", ops+"/alerts/alias?alias=a", nil)
	require.Equal(t, "3", limited.Header.Get("Retry-After"))
	require.Equal(t, "Too Many Requests", limited.Object(t).Rows("errors")[0]["title"])
	s.Inject(standin.Fault{Reset: true, Count: 1})
	_, err := s.Try("POST", ops+"/alerts/a/close", nil)
	require.Error(t, err)
	s.Do(200, "GET", "/_edge/tenant_info", nil)
	s.Do(404, "GET", "/elsewhere", nil)
	require.Equal(t, map[string]int{
		"POST /alerts": 1, "GET /alerts/alias": 1, "POST /alerts/{id}/close": 1, "GET /tenant_info": 1, "other": 1,
	}, s.Calls())
	s.ResetCalls()
	require.Zero(t, s.TotalCalls())
}

func TestARestartKeepsTheAlerts(t *testing.T) {
	s := start(t, jsm.Options{Latency: time.Millisecond})
	id := s.create(nil)
	s.Stop()
	_, err := s.Try("GET", ops+"/alerts", nil)
	require.Error(t, err)
	require.NoError(t, s.Start())
	require.Equal(t, id, s.read("/alerts/" + id)["id"])
}

func TestOptionsThatLeadNowhereAreRefused(t *testing.T) {
	for name, opt := range map[string]jsm.Options{
		"the bridge's user": {Email: "nobody@example.com"},
		"a private user":    {Private: []string{"nobody"}},
		"a group's member":  {Groups: []jsm.Group{{Name: "g", Members: []string{"nobody"}}}},
		"a schedule's team": {Account: alerting.Options{Schedules: []alerting.Schedule{{Name: "s", Team: "nobody"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jsm.New(opt)
			require.ErrorContains(t, err, "nobody")
		})
	}
}
