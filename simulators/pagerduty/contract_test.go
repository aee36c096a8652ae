package pagerduty_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/pagerduty/spec"
)

// checked is an account all of whose traffic is held against the contract.
func checked(t *testing.T, opt pagerduty.Options) *account {
	t.Helper()
	c := spec.Load(t)
	a := start(t, opt)
	a.HTTP.Transport = c.Transport(a.HTTP.Transport)
	return a
}

func TestIncidentsKeepTheContract(t *testing.T) {
	a := checked(t, pagerduty.Options{})
	id := a.create(map[string]any{
		"incident_key": "key", "urgency": "low", "priority": map[string]any{"id": "PPRIO01", "type": "priority_reference"},
		"body":              map[string]any{"type": "incident_body", "details": "text"},
		"escalation_policy": map[string]any{"id": "PPOLICY", "type": "escalation_policy_reference"},
	})
	a.Do(400, "POST", "/incidents", draft(map[string]any{"incident_key": "key"}))
	a.Do(400, "POST", "/incidents", draft(map[string]any{"title": ""}))
	a.Do(200, "POST", "/incidents/"+id+"/notes", note("hello"))
	a.Do(200, "PUT", "/incidents/"+id, change(map[string]any{"status": "acknowledged"}))
	a.Do(200, "PUT", "/incidents/"+id, change(map[string]any{
		"title": "other", "urgency": "high", "priority": "P2", "escalation_level": 2,
	}))
	a.Do(200, "PUT", "/incidents", map[string]any{"incidents": []any{
		map[string]any{"id": id, "type": "incident_reference", "status": "resolved", "resolution": "done"},
	}})
	for _, path := range []string{
		"/incidents", "/incidents?incident_key=key&statuses[]=resolved&limit=1&total=true&sort_by=created_at:desc",
		"/incidents/" + id, "/incidents/" + id + "?include[]=body", "/incidents/" + id + "/notes",
		"/incidents/" + id + "/log_entries", "/incidents/" + id + "/log_entries?is_overview=true&include[]=channels",
		"/incidents/" + id + "/log_entries?include[]=incidents", "/incidents/" + id + "?include[]=services",
	} {
		a.Do(200, "GET", path, nil)
	}
	a.Do(404, "GET", "/incidents/PNONE", nil)
	a.Do(404, "GET", "/incidents/PNONE/notes", nil)
	a.with("Authorization", "Token token=x").Do(401, "GET", "/incidents", nil)
	a.Inject(pagerduty.Fault{Status: http.StatusTooManyRequests, RetryAfter: "1", Count: 1})
	a.Do(429, "GET", "/incidents", nil)
}

func TestTheDirectoryKeepsTheContract(t *testing.T) {
	a := checked(t, pagerduty.Options{})
	for _, path := range []string{
		"/oncalls", "/oncalls?user_ids[]=PALICE1&escalation_policy_ids[]=PPOLICY&schedule_ids[]=PSCHED1&earliest=true",
		"/oncalls?include[]=users", "/oncalls?include[]=schedules", "/oncalls?include[]=escalation_policies",
		"/users", "/users?query=alice&limit=1&offset=0&total=true", "/users/PALICE1",
		"/services", "/services?query=prod&include[]=escalation_policies", "/services/PSERVIC", "/escalation_policies",
		"/escalation_policies/PPOLICY", "/schedules", "/schedules/PSCHED1", "/schedules/PSCHED1?since=2026-01-01T00:00:00Z",
		"/schedules/PSCHED1/users", "/teams", "/teams?query=op&limit=1&total=true", "/teams/PTEAM01/members",
		"/teams/PTEAM01/members?include[]=users&limit=2&offset=1", "/priorities", "/abilities",
	} {
		a.Do(200, "GET", path, nil)
	}
	a.with("Authorization", "Token token=token-of-bob").Do(200, "GET", "/users/me", nil)
	a.Do(404, "GET", "/users/PNONE", nil)
	a.Do(404, "GET", "/teams/PNONE/members", nil)
	a.Do(400, "GET", "/users/me", nil)
}

func TestSubscriptionsKeepTheContract(t *testing.T) {
	a := checked(t, pagerduty.Options{})
	in := receiver(t, nil)
	made := a.Do(200, "POST", "/webhook_subscriptions", subscription(in.URL, nil)).Object(t)
	id, _ := made.At("webhook_subscription", "id").(string)
	a.Do(200, "GET", "/webhook_subscriptions", nil)
	a.Do(200, "GET", "/webhook_subscriptions?filter_type=account&limit=1", nil)
	a.Do(200, "GET", "/webhook_subscriptions/"+id, nil)
	a.Do(200, "PUT", "/webhook_subscriptions/"+id, map[string]any{"webhook_subscription": map[string]any{
		"events": []string{"incident.annotated"}, "active": false, "description": "other",
	}})
	a.Do(202, "POST", "/webhook_subscriptions/"+id+"/ping", nil)
	a.Do(200, "POST", "/webhook_subscriptions/"+id+"/enable", nil)
	a.Do(204, "DELETE", "/webhook_subscriptions/"+id, nil)
	a.Do(404, "GET", "/webhook_subscriptions/"+id, nil)
	a.Do(400, "POST", "/webhook_subscriptions", subscription("nowhere", nil))
	require.NoError(t, a.WaitDeliveries(t.Context()))
}

func TestTheContractNoticesAViolation(t *testing.T) {
	a := start(t, pagerduty.Options{})
	c := spec.Load(t)
	check := func(method, path, body, answer string, status int) []error {
		req, err := http.NewRequestWithContext(t.Context(), method, a.URL()+path, nil)
		require.NoError(t, err)
		a.Login(req)
		req.Header.Set("Content-Type", "application/json")
		resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}
		return c.Check(req, []byte(body), resp, []byte(answer))
	}
	require.Empty(t, check("POST", "/incidents/P1/notes", `{"note":{"content":"a"}}`, `{"note":{"content":"a"}}`, 200))
	require.NotEmpty(t, check("POST", "/incidents/P1/notes", `{"note":"a"}`, `{"note":{"content":"a"}}`, 200), "a wrong request")
	require.NotEmpty(t, check("POST", "/incidents/P1/notes", `{"note":{"content":"a"}}`, `{"note":{}}`, 200), "a wrong answer")
	require.NotEmpty(t, check("GET", "/nonsense", ``, `{}`, 200), "an unknown operation")
}
