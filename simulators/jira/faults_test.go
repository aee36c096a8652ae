package jira_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestW9_RateLimitCarriesRetryAfterAndHeaders(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour})
		s.Inject(jira.Fault{Method: "POST", PathContains: "/issue", Status: 429, RetryAfter: "7", Count: 2})
		for range 2 {
			a := s.do(429, "POST", "/rest/api/2/issue", fields(nil))
			require.Equal(t, "7", a.Header.Get("Retry-After"))
			require.Equal(t, "0", a.Header.Get("X-RateLimit-Remaining"))
			require.Equal(t, flavour == jira.Cloud, a.Header.Get("RateLimit-Reason") != "")
			require.Equal(t, flavour == jira.DataCenter, a.Header.Get("X-RateLimit-FillRate") != "")
		}
		s.create(nil)
		require.Len(t, s.Issues(), 1, "the faults left nothing behind")
		require.Equal(t, 3, s.Calls()["POST /issue"])
	})
}

func TestFaultStatusBodyAndCancel(t *testing.T) {
	s := start(t, jira.Options{})
	cancel := s.Inject(jira.Fault{Status: 503, Body: `{"down":true}`})
	require.JSONEq(t, `{"down":true}`, string(s.do(503, "GET", "/rest/api/3/myself", nil).body))
	cancel()
	cancel()
	s.do(http.StatusOK, "GET", "/rest/api/3/myself", nil)
	s.Inject(jira.Fault{Status: 500, Count: 1})
	messages, _ := s.do(500, "GET", "/rest/api/3/myself", nil).problems(t)
	require.Equal(t, []string{"Internal Server Error"}, messages)
}

func TestFaultMatchesMethodPathAndEvery(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	defer s.Inject(jira.Fault{Method: "GET", PathContains: "/transitions", Status: 500, Every: 2})()
	s.do(http.StatusOK, "GET", issuePath(key), nil)
	for i := range 6 {
		want := http.StatusOK
		if i%2 == 1 {
			want = 500
		}
		s.do(want, "GET", issuePath(key)+"/transitions", nil)
	}
	s.do(http.StatusNoContent, "POST", issuePath(key)+"/transitions", transitionTo("31"))
}

func TestP2_ResetAfterTheEffectLeavesTheIssue(t *testing.T) {
	for name, fault := range map[string]jira.Fault{
		"reset":  {Reset: true, AfterEffect: true, Count: 1, PathContains: "/issue"},
		"status": {Status: 502, AfterEffect: true, Count: 1, PathContains: "/issue"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, jira.Options{})
			s.Inject(fault)
			a, err := s.try("POST", "/rest/api/2/issue", fields(nil))
			require.True(t, err != nil || a.StatusCode == 502)
			require.Len(t, s.Issues(), 1, "the create took effect although the answer was lost")
		})
	}
}

func TestResetBeforeTheEffectLeavesNothing(t *testing.T) {
	s := start(t, jira.Options{})
	s.Inject(jira.Fault{Reset: true, Count: 1})
	_, err := s.try("POST", "/rest/api/2/issue", fields(nil))
	require.Error(t, err)
	require.Empty(t, s.Issues())
	s.create(nil)
}

func TestHangEndsWhenTheCallerGivesUp(t *testing.T) {
	for name, after := range map[string]bool{"before the effect": false, "after the effect": true} {
		t.Run(name, func(t *testing.T) {
			s := start(t, jira.Options{})
			s.Inject(jira.Fault{Hang: true, AfterEffect: after, Count: 1})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "GET", s.URL()+"/rest/api/2/myself", nil)
			require.NoError(t, err)
			s.login(req)
			resp, err := s.client.Do(req) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Nil(t, resp)
			s.do(http.StatusOK, "GET", "/rest/api/2/myself", nil)
		})
	}
}

func TestStopEndsAHangingCall(t *testing.T) {
	s := start(t, jira.Options{})
	s.Inject(jira.Fault{Hang: true})
	ended := make(chan error, 1)
	go func() {
		_, err := s.try("POST", "/rest/api/2/issue", fields(nil))
		ended <- err
	}()
	require.Eventually(t, func() bool { return s.Calls()["POST /issue"] == 1 }, 5*time.Second, time.Millisecond)
	s.Stop()
	require.Error(t, <-ended)
}

func TestDelayOnlyDelays(t *testing.T) {
	s := start(t, jira.Options{})
	s.Inject(jira.Fault{Delay: 30 * time.Millisecond, Count: 1})
	started := time.Now()
	s.create(nil)
	require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
	require.Len(t, s.Issues(), 1)
}
