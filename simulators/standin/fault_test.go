package standin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

func TestW9_AFaultsStatusIsToldInTheVendorsForm(t *testing.T) {
	a := start(t, setup{})
	a.Inject(standin.Fault{Status: 429, RetryAfter: "7", Count: 1})
	got := a.Do(429, "GET", "/things/1", nil)
	require.JSONEq(t, `{"problem":"Too Many Requests","path":"","fault":true}`, string(got.Body))
	require.Equal(t, []string{"7", "7", ""}, []string{got.Header.Get("Retry-After"), got.Header.Get("X-Reset"), got.Header.Get("X-Always")})

	a.Inject(standin.Fault{Status: 503, RetryAfter: "3", Count: 1})
	got = a.Do(503, "GET", "/things/1", nil)
	require.Equal(t, []string{"3", ""}, []string{got.Header.Get("Retry-After"), got.Header.Get("X-Reset")}, "limits only with a 429")

	a.Inject(standin.Fault{Status: 429, Bare: true, RetryAfter: "2", Count: 1})
	got = a.Do(429, "GET", "/things/1", nil)
	require.Empty(t, got.Body)
	require.Equal(t, []string{"2", ""}, []string{got.Header.Get("Retry-After"), got.Header.Get("X-Reset")})
	require.Equal(t, 3, a.Calls()["GET /things/{id}"], "faults count")
}

func TestAFaultsBodyIsSentAsItIsUntilItIsCancelled(t *testing.T) {
	a := start(t, setup{})
	cancel := a.Inject(standin.Fault{Status: 503, Body: `{"down":true}`})
	for range 2 {
		require.Equal(t, `{"down":true}`, string(a.Do(503, "GET", "/things/1", nil).Body))
	}
	cancel()
	cancel()
	a.Do(200, "GET", "/things/1", nil)
}

func TestAFaultMatchesMethodPathAndEvery(t *testing.T) {
	a := start(t, setup{Options: standin.Options{BasePath: "/things"}, prefixes: []string{"/api"}})
	defer a.Inject(standin.Fault{Method: "GET", PathContains: "/things/1", Status: 500, Every: 2})()
	a.Do(200, "GET", "/api/things/2", nil)
	a.Do(204, "DELETE", "/api/things/1", nil)
	for i := range 6 {
		a.Do([]int{200, 500}[i%2], "GET", "/api/things/1", nil)
	}
	defer a.Inject(standin.Fault{PathContains: "/api", Status: 500})()
	a.Do(200, "GET", "/api/things/2", nil)
}

func TestAFaultMatchesTheEndOfThePath(t *testing.T) {
	a := start(t, setup{})
	defer a.Inject(standin.Fault{PathEnds: "/things", Status: 500})()
	a.Do(200, "GET", "/things/1", nil)
	a.Do(500, "POST", "/things", `{}`)
}

func TestTheFirstFaultThatFitsIsUsed(t *testing.T) {
	a := start(t, setup{})
	a.Inject(standin.Fault{Status: 500, Count: 2})
	a.Inject(standin.Fault{Status: 502, Count: 1})
	for _, want := range []int{500, 500, 502, 200} {
		a.Do(want, "GET", "/things/1", nil)
	}
}

func TestP2_AFaultAfterTheEffectLeavesTheObject(t *testing.T) {
	for name, tc := range map[string]struct {
		fault standin.Fault
		left  int
	}{
		"reset after":   {standin.Fault{Reset: true, AfterEffect: true, Count: 1}, 1},
		"status after":  {standin.Fault{Status: 502, AfterEffect: true, Count: 1}, 1},
		"reset before":  {standin.Fault{Reset: true, Count: 1}, 0},
		"status before": {standin.Fault{Status: 502, Count: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, setup{})
			a.Inject(tc.fault)
			got, err := a.Try("POST", "/things", `{}`)
			require.Equal(t, tc.fault.Reset, err != nil)
			require.True(t, err != nil || got.StatusCode == 502)
			require.Len(t, a.all(), tc.left)
			a.add("next")
		})
	}
}

func TestAHangEndsWhenTheCallerGivesUp(t *testing.T) {
	for name, after := range map[string]bool{"before the effect": false, "after the effect": true} {
		t.Run(name, func(t *testing.T) {
			a := start(t, setup{})
			a.Inject(standin.Fault{Hang: true, AfterEffect: after, PathEnds: "/hangs"})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL()+"/things/hangs", nil)
			require.NoError(t, err)
			a.Login(req)
			resp, err := a.HTTP.Do(req) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Nil(t, resp)
			a.Do(200, "GET", "/things/1", nil)
		})
	}
}

func TestP2_ALateFaultDoesTheWorkAfterTheCallerHasGivenUp(t *testing.T) {
	for name, late := range map[string]bool{"late": true, "not late": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := found(t, setup{})
				a.Inject(standin.Fault{Delay: time.Minute, Late: late, Count: 1})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/things", strings.NewReader(`{}`))
				a.Login(req)
				begun := time.Now()
				a.ServeHTTP(httptest.NewRecorder(), req)
				if !late {
					require.Equal(t, time.Second, time.Since(begun))
					require.Empty(t, a.all())
					return
				}
				require.Equal(t, time.Minute, time.Since(begun))
				require.Len(t, a.all(), 1)
			})
		})
	}
}

func TestStopEndsACallThatWaits(t *testing.T) {
	for name, fault := range map[string]standin.Fault{"hang": {Hang: true}, "delay": {Delay: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			a := start(t, setup{})
			a.Inject(fault)
			ended := make(chan error, 1)
			go func() {
				_, err := a.Try("POST", "/things", `{}`)
				ended <- err
			}()
			require.Eventually(t, func() bool { return a.Calls()["POST /things"] == 1 }, soon, time.Millisecond)
			a.Stop()
			require.Error(t, <-ended)
			require.Empty(t, a.all())
		})
	}
}

func TestDelayOnlyDelays(t *testing.T) {
	a := start(t, setup{})
	a.Inject(standin.Fault{Delay: 30 * time.Millisecond, Count: 1})
	started := time.Now()
	a.add("one")
	require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
	require.Equal(t, []string{"one"}, a.all())
}
