package jira_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestLoginFollowsTheFlavour(t *testing.T) {
	nobody := func(*http.Request) {}
	for name, tc := range map[string]struct {
		flavour jira.Flavour
		login   func(*http.Request)
		status  int
	}{
		"cloud: e-mail and token":       {jira.Cloud, basic(jira.BotEmail, jira.BotToken), http.StatusOK},
		"cloud: e-mail of another case": {jira.Cloud, basic("AccessBridge@Example.com", jira.BotToken), http.StatusOK},
		"cloud: wrong token":            {jira.Cloud, basic(jira.BotEmail, "wrong"), http.StatusUnauthorized},
		"cloud: name and token":         {jira.Cloud, basic(jira.BotName, jira.BotToken), http.StatusUnauthorized},
		"cloud: bearer":                 {jira.Cloud, bearer(jira.BotToken), http.StatusUnauthorized},
		"cloud: nobody":                 {jira.Cloud, nobody, http.StatusUnauthorized},
		"cloud: empty token":            {jira.Cloud, basic("", ""), http.StatusUnauthorized},
		"data center: name, password":   {jira.DataCenter, basic(jira.BotName, jira.BotToken), http.StatusOK},
		"data center: bearer":           {jira.DataCenter, bearer(jira.BotToken), http.StatusOK},
		"data center: e-mail":           {jira.DataCenter, basic(jira.BotEmail, jira.BotToken), http.StatusUnauthorized},
		"data center: wrong bearer":     {jira.DataCenter, bearer("wrong"), http.StatusUnauthorized},
		"data center: empty bearer":     {jira.DataCenter, bearer(""), http.StatusUnauthorized},
		"data center: no token at all":  {jira.DataCenter, basic("automation", ""), http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, jira.Options{Flavour: tc.flavour}).as(tc.login)
			a := s.Do(tc.status, "GET", "/rest/api/2/myself", nil)
			s.Do(http.StatusOK, "GET", "/rest/api/2/serverInfo", nil)
			if tc.status == http.StatusUnauthorized {
				require.Equal(t, "AUTHENTICATED_FAILED", a.Header.Get("X-Seraph-LoginReason"))
				messages, _ := problems(t, a)
				require.NotEmpty(t, messages)
			}
		})
	}
}

func TestMissingPermissionsAreRefusedAsJiraDoes(t *testing.T) {
	all := []string{
		"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS", "DELETE_ISSUES", "ASSIGN_ISSUES", "MODIFY_REPORTER",
	}
	comment := map[string]any{"body": "x"}
	reporter := fields(map[string]any{"reporter": map[string]any{"id": "712020:alice"}})
	assignee := fields(map[string]any{"assignee": map[string]any{"id": "712020:alice"}})
	for _, tc := range []struct {
		without, method, path string
		body                  any
		status, allowed       int
	}{
		{"BROWSE_PROJECTS", "GET", "/issue/ACC-1", nil, 404, 200},
		{"BROWSE_PROJECTS", "GET", "/project/ACC", nil, 404, 200},
		{"BROWSE_PROJECTS", "GET", "/mypermissions?permissions=CREATE_ISSUES&projectKey=ACC", nil, 404, 200},
		{"BROWSE_PROJECTS", "POST", "/issue/ACC-1/comment", comment, 404, 201},
		{"BROWSE_PROJECTS", "POST", "/issue", fields(nil), 400, 201},
		{"CREATE_ISSUES", "POST", "/issue", fields(nil), 403, 201},
		{"MODIFY_REPORTER", "POST", "/issue", reporter, 400, 201},
		{"ASSIGN_ISSUES", "POST", "/issue", assignee, 400, 201},
		{"EDIT_ISSUES", "PUT", "/issue/ACC-1", map[string]any{"fields": map[string]any{"summary": "x"}}, 403, 204},
		{"EDIT_ISSUES", "PUT", "/issue/ACC-1/properties/k", "1", 403, 201},
		{"ADD_COMMENTS", "POST", "/issue/ACC-1/comment", comment, 403, 201},
		{"TRANSITION_ISSUES", "POST", "/issue/ACC-1/transitions", transitionTo("31"), 400, 204},
		{"DELETE_ISSUES", "DELETE", "/issue/ACC-1", nil, 403, 204},
	} {
		t.Run(tc.without+" "+tc.method+" "+tc.path, func(t *testing.T) {
			s := start(t, jira.Options{})
			s.create(nil)
			set := func(permissions []string) {
				require.NoError(t, s.UpdateUser(jira.BotName, func(u *jira.User) { u.Permissions = permissions }))
			}
			set(slices.DeleteFunc(slices.Clone(all), func(p string) bool { return p == tc.without }))
			s.Do(tc.status, tc.method, "/rest/api/2"+tc.path, tc.body)
			set(all)
			s.Do(tc.allowed, tc.method, "/rest/api/2"+tc.path, tc.body)
		})
	}
}

func TestWithoutBrowseASearchFindsNothingAndWithoutTransitionNoneIsListed(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour})
		key := s.create(nil)
		require.NoError(t, s.UpdateUser(jira.BotName, func(u *jira.User) { u.Permissions = []string{"BROWSE_PROJECTS"} }))
		var list transitions
		s.Do(http.StatusOK, "GET", issuePath(key)+"/transitions", nil).Into(t, &list)
		require.Empty(t, list.Transitions)
		require.Len(t, s.search("project = ACC", nil).Issues, 1)
		require.NoError(t, s.UpdateUser(jira.BotName, func(u *jira.User) { u.Permissions = []string{} }))
		require.Empty(t, s.search("project = ACC", nil).Issues)
	})
}

func TestTwoTokensAreValidWhileOneReplacesTheOther(t *testing.T) {
	s := start(t, jira.Options{})
	require.NoError(t, s.UpdateUser(jira.BotEmail, func(u *jira.User) { u.NextToken = "next" }))
	for token, status := range map[string]int{jira.BotToken: http.StatusOK, "next": http.StatusOK, "": http.StatusUnauthorized} {
		s.as(basic(jira.BotEmail, token)).Do(status, "GET", "/rest/api/2/myself", nil)
	}
}

func TestRevokedTokenIsRefused(t *testing.T) {
	s := start(t, jira.Options{})
	s.Do(http.StatusOK, "GET", "/rest/api/2/myself", nil)
	require.NoError(t, s.UpdateUser(jira.BotEmail, func(u *jira.User) { u.Token = "renewed" }))
	s.Do(http.StatusUnauthorized, "GET", "/rest/api/2/myself", nil)
	s.as(basic(jira.BotEmail, "renewed")).Do(http.StatusOK, "GET", "/rest/api/2/myself", nil)
	require.Error(t, s.UpdateUser("mallory", func(*jira.User) {}))
}
