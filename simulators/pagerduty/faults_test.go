package pagerduty_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestW9_RateLimitCarriesCodeAndHeaders(t *testing.T) {
	a := start(t, pagerduty.Options{})
	require.Equal(t, "960", a.do(200, "GET", "/users", nil).Header.Get("ratelimit-limit"))
	a.Inject(pagerduty.Fault{Method: "POST", PathContains: "/incidents", Status: 429, RetryAfter: "7", Count: 2})
	for range 2 {
		got := a.do(429, "POST", "/incidents", draft(nil))
		code, message, _ := got.problem(t)
		require.Equal(t, []any{2020, "Rate Limit Exceeded"}, []any{code, message})
		require.Equal(t, []string{"7", "0", "7"}, []string{
			got.Header.Get("Retry-After"), got.Header.Get("ratelimit-remaining"), got.Header.Get("ratelimit-reset"),
		})
	}
	a.create(nil)
	require.Len(t, a.Incidents(), 1, "the faults left nothing behind")
	require.Equal(t, 3, a.Calls()["POST /incidents"])
	a.Inject(pagerduty.Fault{Status: 429, Bare: true, Count: 1})
	bare := a.do(429, "GET", "/users", nil)
	require.Empty(t, bare.body)
	require.Empty(t, bare.Header.Get("ratelimit-reset"))
}

func TestW10_EveryRefusalHasItsStatusAndCode(t *testing.T) {
	a := start(t, pagerduty.Options{})
	for status, code := range map[int]int{401: 2006, 403: 2010, 404: 2100, 429: 2020, 500: 2000} {
		a.Inject(pagerduty.Fault{Status: status, Count: 1})
		got, _, _ := a.do(status, "GET", "/abilities", nil).problem(t)
		require.Equal(t, code, got)
	}
	for _, value := range []string{"", "Token token=", "Token token=wrong", "Bearer " + pagerduty.DefaultToken, "Token token=" + pagerduty.DefaultToken + "x"} {
		code, message, _ := a.with("Authorization", value).do(401, "GET", "/abilities", nil).problem(t)
		require.Equal(t, []any{2006, "Authentication failed"}, []any{code, message})
	}
	for _, value := range []string{"", "application/json", "application/vnd.pagerduty+json;version=1"} {
		code, _, details := a.with("Accept", value).do(400, "GET", "/abilities", nil).problem(t)
		require.Equal(t, 2001, code)
		require.Contains(t, details[0], "Accept")
	}
	a.with("Accept", "application/vnd.pagerduty+json; version=2").do(200, "GET", "/abilities", nil)
}

func TestFaultBodyAndCancel(t *testing.T) {
	a := start(t, pagerduty.Options{})
	cancel := a.Inject(pagerduty.Fault{Status: 503, Body: `{"down":true}`})
	require.JSONEq(t, `{"down":true}`, string(a.do(503, "GET", "/users", nil).body))
	cancel()
	cancel()
	a.do(200, "GET", "/users", nil)
}

func TestFaultMatchesMethodPathAndEvery(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(nil)
	defer a.Inject(pagerduty.Fault{Method: "GET", PathContains: "/notes", Status: 500, Every: 2})()
	a.do(200, "GET", "/incidents/"+id, nil)
	for i := range 6 {
		want := http.StatusOK
		if i%2 == 1 {
			want = 500
		}
		a.do(want, "GET", "/incidents/"+id+"/notes", nil)
	}
	a.do(200, "POST", "/incidents/"+id+"/notes", note("x"))
}

func TestP2_AFaultAfterTheEffectLeavesTheIncident(t *testing.T) {
	for name, fault := range map[string]pagerduty.Fault{
		"reset":  {Reset: true, AfterEffect: true, Count: 1},
		"status": {Status: 502, AfterEffect: true, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, pagerduty.Options{})
			a.Inject(fault)
			got, err := a.try("POST", "/incidents", draft(nil))
			require.True(t, err != nil || got.StatusCode == 502)
			require.Len(t, a.Incidents(), 1, "the create took effect although the answer was lost")
		})
	}
}

func TestAResetBeforeTheEffectLeavesNothing(t *testing.T) {
	a := start(t, pagerduty.Options{})
	a.Inject(pagerduty.Fault{Reset: true, Count: 1})
	_, err := a.try("POST", "/incidents", draft(nil))
	require.Error(t, err)
	require.Empty(t, a.Incidents())
	a.create(nil)
}

func TestAHangEndsWhenTheCallerGivesUp(t *testing.T) {
	a := start(t, pagerduty.Options{})
	a.Inject(pagerduty.Fault{Hang: true, Count: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", a.URL()+"/users", nil)
	require.NoError(t, err)
	req.Header = a.header
	resp, err := a.client.Do(req) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Nil(t, resp)
	a.do(200, "GET", "/users", nil)
}

func TestStopEndsAHangingCall(t *testing.T) {
	a := start(t, pagerduty.Options{})
	a.Inject(pagerduty.Fault{Hang: true})
	ended := make(chan error, 1)
	go func() {
		_, err := a.try("POST", "/incidents", draft(nil))
		ended <- err
	}()
	require.Eventually(t, func() bool { return a.Calls()["POST /incidents"] == 1 }, 5*time.Second, time.Millisecond)
	a.Stop()
	require.Error(t, <-ended)
}

func TestDelayOnlyDelays(t *testing.T) {
	a := start(t, pagerduty.Options{})
	a.Inject(pagerduty.Fault{Delay: 30 * time.Millisecond, Count: 1})
	started := time.Now()
	a.create(nil)
	require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
	require.Len(t, a.Incidents(), 1)
}
