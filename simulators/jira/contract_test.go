package jira_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/contract"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

// checked is a site all of whose traffic is held against a contract.
func checked(t *testing.T, opt jira.Options, spec string, except ...contract.Exception) *site {
	t.Helper()
	c := contract.Load(t, spec).Below(opt.BasePath).Except(except...)
	s := start(t, opt)
	s.HTTP.Transport = c.Transport(s.HTTP.Transport)
	return s
}

func TestCloudKeepsTheContract(t *testing.T) {
	s := checked(t, jira.Options{BasePath: "/jira"}, "jira/jira-cloud-v3.json")
	body := fields(map[string]any{
		"description": document("d"), "labels": []string{"x"}, "priority": map[string]any{"name": "High"},
		"components": []any{map[string]any{"name": "Network"}}, "assignee": map[string]any{"accountId": "712020:alice"},
	})
	body["properties"] = []any{map[string]any{"key": "teleportAccessRequestId", "value": "req-1"}}
	s.Do(201, "POST", "/rest/api/3/issue", body)
	s.Do(400, "POST", "/rest/api/3/issue", fields(map[string]any{"labels": []string{"a b"}}))
	s.Do(204, "POST", "/rest/api/3/issue/ACC-1/transitions", transitionTo("31"))
	s.Do(400, "POST", "/rest/api/3/issue/ACC-1/transitions", transitionTo("31"))
	s.Do(201, "POST", "/rest/api/3/issue/ACC-1/comment", map[string]any{
		"body": document("reason: ok"), "properties": []any{map[string]any{"key": "review", "value": map[string]any{"id": 1}}},
	})
	s.Do(204, "PUT", "/rest/api/3/issue/ACC-1", map[string]any{"fields": map[string]any{"summary": "changed"}})
	s.Do(201, "PUT", "/rest/api/3/issue/ACC-1/properties/other", `{"a":1}`)
	search := map[string]any{
		"jql": "project = ACC", "fields": []string{"*all"}, "properties": []string{"teleportAccessRequestId"}, "expand": "changelog,names",
		"maxResults": 10, "reconcileIssues": []int{10001},
	}
	s.Do(200, "POST", "/rest/api/3/search/jql", search)
	s.Do(410, "POST", "/rest/api/3/search", map[string]any{"jql": "project = ACC"})
	s.Do(410, "GET", "/rest/api/3/search?jql=project%3DACC", nil)
	for _, path := range []string{
		"/issue/ACC-1?expand=changelog,transitions,names&properties=*all", "/issue/ACC-1?fields=status,comment", "/issue/ACC-1/transitions",
		"/issue/ACC-1/comment?expand=properties", "/issue/ACC-1/changelog", "/issue/ACC-1/properties", "/issue/ACC-1/properties/other",
		"/search/jql?jql=project%3DACC&fields=status,summary&reconcileIssues=10001&maxResults=1", "/search/jql?jql=project%3DACC",
		"/myself", "/serverInfo", "/mypermissions?permissions=BROWSE_PROJECTS,CREATE_ISSUES&projectKey=ACC", "/status", "/priority", "/issuetype",
		"/project/ACC", "/project/search", "/project/ACC/statuses", "/issue/createmeta?projectKeys=ACC&expand=projects.issuetypes.fields",
		"/issue/createmeta/ACC/issuetypes", "/issue/createmeta/ACC/issuetypes/10001", "/user?accountId=712020:alice",
		"/user/search?query=alice", "/user/assignable/search?project=ACC&query=alice",
	} {
		s.Do(200, "GET", "/rest/api/3"+path, nil)
	}
	s.Do(404, "GET", "/rest/api/3/issue/ACC-9", nil)
	s.Do(400, "GET", "/rest/api/3/mypermissions", nil)
	s.Inject(jira.Fault{Status: http.StatusTooManyRequests, RetryAfter: "1", Count: 1})
	s.Do(429, "GET", "/rest/api/3/user/search?query=a", nil)
	s.as(basic("x", "y")).Do(401, "POST", "/rest/api/3/issue", body)
}

func TestDataCenterKeepsTheContract(t *testing.T) {
	s := checked(t, jira.Options{Flavour: jira.DataCenter, BasePath: "/jira"}, "jira-dc/jira-dc-10.3.normalised.json")
	body := fields(map[string]any{
		"description": "d", "labels": []string{"x"}, "priority": map[string]any{"name": "High"}, "reporter": map[string]any{"name": "alice"},
	})
	marker := []any{map[string]any{"key": "teleportAccessRequestId", "value": map[string]any{"id": "req-1"}}}
	body["properties"] = marker
	s.Do(201, "POST", "/rest/api/2/issue", body)
	s.Do(204, "POST", "/rest/api/2/issue/ACC-1/transitions", transitionTo("31"))
	s.Do(201, "POST", "/rest/api/2/issue/ACC-1/comment", map[string]any{"body": "reason: ok", "properties": marker})
	s.Do(204, "PUT", "/rest/api/2/issue/ACC-1", map[string]any{"fields": map[string]any{"summary": "changed"}})
	s.Do(200, "POST", "/rest/api/2/search", map[string]any{
		"jql": "project = ACC", "fields": []string{"*all"}, "expand": []string{"changelog"}, "maxResults": 10,
	})
	for _, path := range []string{
		"/issue/ACC-1?expand=changelog,transitions,names", "/issue/ACC-1?properties=*all", "/issue/ACC-1/transitions",
		"/issue/ACC-1/comment?expand=properties", "/issue/ACC-1/properties", "/issue/ACC-1/properties/teleportAccessRequestId",
		"/search?jql=project%3DACC&maxResults=1", "/myself", "/serverInfo", "/mypermissions?projectKey=ACC", "/status", "/priority",
		"/issuetype", "/project", "/project/ACC", "/project/ACC/statuses", "/issue/createmeta/ACC/issuetypes",
		"/issue/createmeta/ACC/issuetypes/10001", "/user?username=alice", "/user/search?username=alice",
		"/user/assignable/search?project=ACC&username=alice",
	} {
		s.Do(200, "GET", "/rest/api/2"+path, nil)
	}
}

func TestContractsNoticeAViolation(t *testing.T) {
	s := start(t, jira.Options{})
	c := contract.Load(t, "jira/jira-cloud-v3.json")
	check := func(method, path, body, answer string, status int) []error {
		req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, nil)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}
		return c.Check(req, []byte(body), resp, []byte(answer))
	}
	require.Empty(t, check("POST", "/rest/api/3/issue", `{"fields":{}}`, `{"id":"1","key":"A-1","self":"x"}`, 201))
	require.NotEmpty(t, check("POST", "/rest/api/3/issue", `{"fields":[]}`, `{"id":"1"}`, 201), "a request of the wrong shape")
	require.NotEmpty(t, check("POST", "/rest/api/3/issue", `{"fields":{}}`, `{"id":1}`, 201), "an answer of the wrong shape")
	require.NotEmpty(t, check("POST", "/rest/api/3/issue", `{"fields":{}}`, `{"unheard":"of"}`, 201), "an answer with an unknown part")
	require.NotEmpty(t, check("GET", "/rest/api/3/nonsense", ``, `{}`, 200), "an unknown operation")
	require.Empty(t, check("POST", "/rest/api/3/issue", `{"fields":[]}`, `{"errorMessages":[],"errors":{}}`, 400), "a refusal excuses the request")
}
