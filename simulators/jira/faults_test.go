package jira_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestW9_RateLimitCarriesRetryAfterAndHeaders(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour})
		s.Inject(jira.Fault{Method: "POST", PathContains: "/issue", Status: 429, RetryAfter: "7", Count: 2})
		for range 2 {
			a := s.Do(429, "POST", "/rest/api/2/issue", fields(nil))
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

func TestW10_EveryRefusalIsInJirasForm(t *testing.T) {
	s := start(t, jira.Options{Flavour: jira.DataCenter})
	s.Inject(jira.Fault{Status: 500, Count: 1})
	for _, tc := range []struct {
		status             int
		method, path, want string
	}{
		{500, "GET", "/rest/api/2/myself", "Internal Server Error"},
		{404, "GET", "/elsewhere", "null for uri: /elsewhere"},
		{404, "GET", "/rest/api/3/myself", "null for uri: /rest/api/3/myself"}, // only Cloud has version 3
		{404, "GET", "/rest/api/2/nonsense", "null for uri: /nonsense"},
		{405, "PATCH", "/rest/api/latest/issue/ACC-1", "Method Not Allowed"},
		{400, "POST", "/rest/api/2/issue", "There was an error parsing JSON. Check that your request body is valid."},
	} {
		messages, _ := problems(t, s.Do(tc.status, tc.method, tc.path, nil))
		require.Equal(t, []string{tc.want}, messages)
	}
	large := s.Do(http.StatusRequestEntityTooLarge, "POST", "/rest/api/2/issue", `"`+strings.Repeat("x", 5<<20)+`"`)
	messages, _ := problems(t, large)
	require.Equal(t, []string{"The request is too large."}, messages)
}

func TestP2_ResetAfterTheEffectLeavesTheIssue(t *testing.T) {
	for name, fault := range map[string]jira.Fault{
		"reset":  {Reset: true, AfterEffect: true, Count: 1, PathContains: "/issue"},
		"status": {Status: 502, AfterEffect: true, Count: 1, PathContains: "/issue"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, jira.Options{})
			s.Inject(fault)
			a, err := s.Try("POST", "/rest/api/2/issue", fields(nil))
			require.True(t, err != nil || a.StatusCode == 502)
			require.Len(t, s.Issues(), 1, "the create took effect although the answer was lost")
		})
	}
}
