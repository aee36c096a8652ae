package admin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestTeleportFault(t *testing.T) {
	s := newStage(t)
	c := s.dial()
	for kind, is := range map[string]func(error) bool{
		"access_denied": trace.IsAccessDenied, "already_exists": trace.IsAlreadyExists, "bad_parameter": trace.IsBadParameter,
		"compare_failed": trace.IsCompareFailed, "connection_problem": trace.IsConnectionProblem,
		"limit_exceeded": trace.IsLimitExceeded, "not_found": trace.IsNotFound, "not_implemented": trace.IsNotImplemented,
	} {
		var fault struct{ ID string }
		s.ask("POST", "/teleport/faults", `{"method":"GetPluginData","error":"`+kind+`","message":"as asked"}`, &fault)
		_, err := c.GetPluginData(t.Context(), types.PluginDataFilter{Kind: types.KindAccessRequest})
		require.True(t, is(err), "%s: %v", kind, err)
		require.ErrorContains(t, err, "as asked")

		s.tell("DELETE", "/faults/"+fault.ID, "")
		_, err = c.GetPluginData(t.Context(), types.PluginDataFilter{Kind: types.KindAccessRequest})
		require.NoError(t, err, "the fault has ended")
		s.refused(http.StatusNotFound, "no fault", "DELETE", "/faults/"+fault.ID, "")
	}
}

func TestTeleportFaultAfterTheEffect(t *testing.T) {
	s := newStage(t)
	id, c := s.create(), s.dial()
	var fault struct{ ID string }
	s.ask("POST", "/teleport/faults", `{"method":"SubmitAccessReview","error":"connection_problem","after_effect":true,"count":1}`, &fault)
	_, err := c.SubmitAccessReview(t.Context(), types.AccessReviewSubmission{
		RequestID: id, Review: types.AccessReview{ProposedState: types.RequestState_APPROVED},
	})
	require.ErrorContains(t, err, "fault on demand")
	var got request
	s.ask("GET", "/requests/"+id, "", &got)
	require.Equal(t, "approved", got.State)
}

func TestBadTeleportFaultIsRefused(t *testing.T) {
	s := newStage(t)
	for body, words := range map[string]string{
		``:                                      "empty",
		`{"error":"not_found"}`:                 "method is required",
		`{"method":"Ping"}`:                     "must do something",
		`{"method":"Ping","error":"melted"}`:    "access_denied",
		`{"method":"Ping","status":500}`:        "unknown field",
		`{"method":"Ping","delay":"-1s"}`:       "negative",
		`{"method":"Ping","delay":5}`:           "not understood",
		`{"method":"*","hang":true,"count":-1}`: "negative",
	} {
		s.refused(http.StatusBadRequest, words, "POST", "/teleport/faults", body)
	}
	_, err := s.dial().Ping(t.Context())
	require.NoError(t, err)
}

func TestJiraFault(t *testing.T) {
	s := newStage(t)
	var fault struct{ ID string }
	s.ask("POST", "/jira/faults", `{"method":"get","path":"/myself","status":503,"retry_after":"2","body":"{}"}`, &fault)
	resp := s.jira("GET", "/myself", "")
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, "2", resp.Header.Get("Retry-After"))
	s.tell("DELETE", "/faults/"+fault.ID, "")
	require.Equal(t, http.StatusOK, s.jiraStatus())

	s.ask("POST", "/jira/faults", `{"method":"POST","status":500,"after_effect":true,"count":1}`, &fault)
	create := s.jira("POST", "/issue", `{"fields":{"project":{"key":"ACC"},"issuetype":{"name":"Task"},"summary":"s"}}`)
	require.NoError(t, create.Body.Close())
	require.Equal(t, http.StatusInternalServerError, create.StatusCode)
	require.Len(t, s.Jira.Issues(), 1)
}

func TestVendorFault(t *testing.T) {
	for _, v := range admin.Vendors() {
		t.Run(string(v), func(t *testing.T) {
			s := newStage(t, everybody)
			path := "/" + string(v) + "/faults"
			require.Equal(t, http.StatusOK, s.probe(v))
			var fault struct{ ID string }
			s.ask("POST", path, `{"method":"get","status":503,"retry_after":"2","body":"{}"}`, &fault)
			for _, other := range admin.Vendors() {
				want := http.StatusOK
				if other == v {
					want = http.StatusServiceUnavailable
				}
				require.Equal(t, want, s.probe(other), other)
			}
			require.Equal(t, http.StatusOK, s.jiraStatus())
			s.tell("DELETE", "/faults/"+fault.ID, "")
			require.Equal(t, http.StatusOK, s.probe(v))
			s.refused(http.StatusBadRequest, "must do something", "POST", path, `{"path":"/"}`)
			s.refused(http.StatusBadRequest, "200 to 599", "POST", path, `{"status":600}`)
			s.refused(http.StatusBadRequest, "unknown field", "POST", path, `{"state":500}`)
		})
	}
}

func TestFaultsHaveDifferentIDs(t *testing.T) {
	s := newStage(t)
	var first, second struct{ ID string }
	s.ask("POST", "/jira/faults", `{"status":500}`, &first)
	s.ask("POST", "/teleport/faults", `{"method":"Ping","error":"not_found"}`, &second)
	require.NotEqual(t, first.ID, second.ID)
	s.tell("DELETE", "/faults/"+second.ID, "")
	require.Equal(t, http.StatusInternalServerError, s.jiraStatus(), "the other fault lasts")
}

func TestBadJiraFaultIsRefused(t *testing.T) {
	s := newStage(t)
	for body, words := range map[string]string{
		``:                           "empty",
		`{"path":"/issue"}`:          "must do something",
		`{"status":99}`:              "200 to 599",
		`{"status":600}`:             "200 to 599",
		`{"state":500}`:              "unknown field",
		`{"reset":true,"every":-2}`:  "negative",
		`{"status":500,"count":1.5}`: "not understood",
	} {
		s.refused(http.StatusBadRequest, words, "POST", "/jira/faults", body)
	}
	require.Equal(t, http.StatusOK, s.jiraStatus())
}

func TestWebhookFaults(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	s := newStage(t, func(o *admin.Options) { o.Webhook = jira.Webhook{URL: receiver.URL} })
	s.refused(http.StatusBadRequest, "negative", "POST", "/jira/webhook-faults", `{"lose_every":-1}`)
	s.refused(http.StatusBadRequest, "unknown field", "POST", "/jira/webhook-faults", `{"lose":1}`)

	s.tell("POST", "/jira/webhook-faults", `{"lose_every":1}`)
	s.openIssue()
	require.NoError(t, s.Jira.WaitDeliveries(t.Context()))
	s.tell("POST", "/jira/webhook-faults", `{"double":true}`)
	s.openIssue()
	require.NoError(t, s.Jira.WaitDeliveries(t.Context()))
	s.tell("POST", "/jira/webhook-faults", `{}`)
	s.openIssue()
	require.NoError(t, s.Jira.WaitDeliveries(t.Context()))

	var all []struct {
		Issue string
		Lost  bool
	}
	s.ask("GET", "/deliveries", "", &all)
	seen := map[string]int{}
	for _, d := range all {
		if !d.Lost {
			seen[d.Issue]++
		}
	}
	require.Equal(t, map[string]int{"ACC-2": 2, "ACC-3": 1}, seen)
}

func TestWebhookFaultsOfOneVendor(t *testing.T) {
	for _, v := range admin.Vendors() {
		t.Run(string(v), func(t *testing.T) {
			receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			t.Cleanup(receiver.Close)
			s := newStage(t, everybody, func(o *admin.Options) { o.WebhookBase = receiver.URL + "/webhooks/" })
			path := "/" + string(v) + "/webhook-faults"
			s.refused(http.StatusBadRequest, "negative", "POST", path, `{"delay":"-1s"}`)
			s.tell("POST", path, `{"lose_every":1}`)
			lost := s.open(v)
			s.wait(v)
			s.tell("POST", path, `{}`)
			sent := s.open(v)
			s.wait(v)
			heard := map[string]bool{}
			for _, d := range s.deliveries() {
				require.Equal(t, string(v), d.Vendor, "only here something happened")
				if !d.Lost {
					heard[d.Object] = true
				}
			}
			require.Equal(t, map[string]bool{sent: true}, heard)
			require.NotEqual(t, lost, sent)
		})
	}
}
