package pagerduty_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestW9_RateLimitCarriesCodeAndHeaders(t *testing.T) {
	a := start(t, pagerduty.Options{})
	require.Equal(t, "960", a.Do(200, "GET", "/users", nil).Header.Get("ratelimit-limit"))
	a.Inject(pagerduty.Fault{Method: "POST", PathContains: "/incidents", Status: 429, RetryAfter: "7", Count: 2})
	for range 2 {
		got := a.Do(429, "POST", "/incidents", draft(nil))
		code, message, _ := problem(t, got)
		require.Equal(t, []any{2020, "Rate Limit Exceeded"}, []any{code, message})
		require.Equal(t, []string{"7", "0", "7"}, []string{
			got.Header.Get("Retry-After"), got.Header.Get("ratelimit-remaining"), got.Header.Get("ratelimit-reset"),
		})
	}
	a.create(nil)
	require.Len(t, a.Incidents(), 1, "the faults left nothing behind")
	require.Equal(t, 3, a.Calls()["POST /incidents"])
	a.Inject(pagerduty.Fault{Status: 429, Bare: true, Count: 1})
	bare := a.Do(429, "GET", "/users", nil)
	require.Empty(t, bare.Body)
	require.Empty(t, bare.Header.Get("ratelimit-reset"))
}

func TestW10_EveryRefusalHasItsStatusAndCode(t *testing.T) {
	a := start(t, pagerduty.Options{})
	for status, code := range map[int]int{401: 2006, 403: 2010, 404: 2100, 429: 2020, 500: 2000} {
		a.Inject(pagerduty.Fault{Status: status, Count: 1})
		got, _, _ := problem(t, a.Do(status, "GET", "/abilities", nil))
		require.Equal(t, code, got)
	}
	for path, want := range map[string][]any{"GET /nonsense": {404, 2100, "Not Found"}, "PATCH /users": {405, 2100, "Method Not Allowed"}} {
		method, path, _ := strings.Cut(path, " ")
		code, message, _ := problem(t, a.Do(want[0].(int), method, path, nil)) //nolint:forcetypeassert // two lines above
		require.Equal(t, fmt.Sprint(want[1:]), fmt.Sprint([]any{code, message}))
	}
	code, message, _ := problem(t, a.Do(413, "POST", "/incidents", `"`+strings.Repeat("x", 5<<20)+`"`))
	require.Equal(t, []any{2001, "Request Entity Too Large"}, []any{code, message})
	for _, value := range []string{"", "Token token=", "Token token=wrong", "Bearer " + pagerduty.DefaultToken, "Token token=" + pagerduty.DefaultToken + "x"} {
		code, message, _ := problem(t, a.with("Authorization", value).Do(401, "GET", "/abilities", nil))
		require.Equal(t, []any{2006, "Authentication failed"}, []any{code, message})
	}
	for _, value := range []string{"", "application/json", "application/vnd.pagerduty+json;version=1"} {
		code, _, details := problem(t, a.with("Accept", value).Do(400, "GET", "/abilities", nil))
		require.Equal(t, 2001, code)
		require.Contains(t, details[0], "Accept")
	}
	a.with("Accept", "application/vnd.pagerduty+json; version=2").Do(200, "GET", "/abilities", nil)
}

func TestP2_AFaultAfterTheEffectLeavesTheIncident(t *testing.T) {
	for name, fault := range map[string]pagerduty.Fault{
		"reset":  {Reset: true, AfterEffect: true, Count: 1},
		"status": {Status: 502, AfterEffect: true, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, pagerduty.Options{})
			a.Inject(fault)
			got, err := a.Try("POST", "/incidents", draft(nil))
			require.True(t, err != nil || got.StatusCode == 502)
			require.Len(t, a.Incidents(), 1, "the create took effect although the answer was lost")
		})
	}
}
