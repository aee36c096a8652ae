package jira_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func names(t *testing.T, a standintest.Answer) []string {
	t.Helper()
	var list []struct{ Name, DisplayName string }
	a.Into(t, &list)
	out := []string{}
	for _, item := range list {
		out = append(out, item.Name+item.DisplayName)
	}
	return out
}

func TestUsersOnCloudAndHiddenEmails(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		s := start(t, jira.Options{HideEmails: hidden})
		me := s.Do(http.StatusOK, "GET", "/rest/api/3/myself", nil).Object(t)
		require.Equal(t, jira.BotEmail, me["emailAddress"], "one's own address is never hidden")
		require.Equal(t, "atlassian", me["accountType"])
		alice := s.Do(http.StatusOK, "GET", "/rest/api/3/user?accountId=712020:alice", nil).Object(t)
		require.NotContains(t, alice, "name")
		require.Equal(t, hidden, alice["emailAddress"] == nil)
		byMail := names(t, s.Do(http.StatusOK, "GET", "/rest/api/3/user/search?query=alice@example.com", nil))
		require.Equal(t, hidden, len(byMail) == 0, "who hides the address is not found by it")
		require.Equal(t, []string{"Alice Archer"}, names(t, s.Do(http.StatusOK, "GET", "/rest/api/3/user/search?query=arch", nil)))
		app := s.Do(http.StatusOK, "GET", "/rest/api/3/user?accountId="+jira.AutomationAccountID, nil).Object(t)
		require.Equal(t, "app", app["accountType"])
		s.Do(http.StatusNotFound, "GET", "/rest/api/3/user?accountId=alice", nil)
		s.Do(http.StatusNotFound, "GET", "/rest/api/3/user", nil)
		s.Do(http.StatusBadRequest, "GET", "/rest/api/3/user/search", nil)
		assignable := names(t, s.Do(http.StatusOK, "GET", "/rest/api/3/user/assignable/search?project=ACC", nil))
		require.NotContains(t, assignable, "Automation for Jira")
		require.Contains(t, assignable, "Bob Baker")
		s.Do(http.StatusNotFound, "GET", "/rest/api/3/user/assignable/search?project=NOPE", nil)
	}
}

func TestUsersOnDataCenter(t *testing.T) {
	s := start(t, jira.Options{Flavour: jira.DataCenter})
	alice := s.Do(http.StatusOK, "GET", "/rest/api/2/user?username=alice", nil).Object(t)
	require.Equal(t, "alice", alice["name"])
	require.Equal(t, "alice", alice["key"])
	require.Equal(t, "alice@example.com", alice["emailAddress"])
	require.NotContains(t, alice, "accountId")
	require.Equal(t, []string{"bobBob Baker"}, names(t, s.Do(http.StatusOK, "GET", "/rest/api/2/user/search?username=bob", nil)))
	require.Empty(t, names(t, s.Do(http.StatusOK, "GET", "/rest/api/2/user/search?username=zed", nil)))
	s.Do(http.StatusBadRequest, "GET", "/rest/api/2/user/search?query=bob", nil)
	s.Do(http.StatusNotFound, "GET", "/rest/api/2/user?username=712020:alice", nil)
}

func TestProjectStatusesAndPermissions(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour, Projects: []jira.Project{jira.DefaultProject("ACC"), jira.DefaultProject("OPS")}})
		project := s.Do(http.StatusOK, "GET", "/rest/api/2/project/ACC", nil).Object(t)
		require.Equal(t, "10000", project["id"])
		require.Len(t, project["issueTypes"], 2)
		s.Do(http.StatusOK, "GET", "/rest/api/2/project/10001", nil)
		s.Do(http.StatusNotFound, "GET", "/rest/api/2/project/NOPE", nil)
		var perType []struct {
			Name     string
			Statuses []struct{ Name string }
		}
		s.Do(http.StatusOK, "GET", "/rest/api/2/project/ACC/statuses", nil).Into(t, &perType)
		require.Len(t, perType, 2)
		require.Len(t, perType[0].Statuses, 6)
		require.Len(t, names(t, s.Do(http.StatusOK, "GET", "/rest/api/2/status", nil)), 6, "a status shared by two projects is one status")
		require.Len(t, names(t, s.Do(http.StatusOK, "GET", "/rest/api/2/priority", nil)), 5)
		require.Len(t, names(t, s.Do(http.StatusOK, "GET", "/rest/api/2/issuetype", nil)), 2)

		var mine struct {
			Permissions map[string]struct{ HavePermission bool }
		}
		s.Do(http.StatusOK, "GET", "/rest/api/2/mypermissions?permissions=CREATE_ISSUES,ADMINISTER&projectKey=ACC", nil).Into(t, &mine)
		require.True(t, mine.Permissions["CREATE_ISSUES"].HavePermission)
		require.False(t, mine.Permissions["ADMINISTER"].HavePermission)
		s.Do(http.StatusNotFound, "GET", "/rest/api/2/mypermissions?permissions=CREATE_ISSUES&projectKey=NOPE", nil)
		s.Do(http.StatusNotFound, "GET", "/rest/api/2/mypermissions?permissions=CREATE_ISSUES&issueKey=ACC-1", nil)
		if flavour == jira.Cloud {
			s.Do(http.StatusBadRequest, "GET", "/rest/api/2/mypermissions", nil)
			s.Do(http.StatusBadRequest, "GET", "/rest/api/2/mypermissions?permissions=FLY", nil)
			found := s.Do(http.StatusOK, "GET", "/rest/api/3/project/search?keys=OPS", nil).Object(t)
			require.EqualValues(t, 1, found["total"])
		} else {
			require.Greater(t, len(s.Do(http.StatusOK, "GET", "/rest/api/2/mypermissions", nil).Object(t)["permissions"].(map[string]any)), 5)
			require.Len(t, names(t, s.Do(http.StatusOK, "GET", "/rest/api/2/project", nil)), 2)
		}
	})
}

func TestCreateMetaShowsTheScreen(t *testing.T) {
	project := jira.DefaultProject("ACC")
	project.IssueTypes[1].Fields = append(jira.DefaultFields(),
		jira.Field{ID: "customfield_10060", Name: "Cost centre", Type: "option", Required: true, AllowedValues: []string{"A", "B"}})
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour, Projects: []jira.Project{project}})
		typesName, fieldsName := "issueTypes", "fields"
		if flavour == jira.DataCenter {
			typesName, fieldsName = "values", "values"
		}
		types := s.Do(http.StatusOK, "GET", "/rest/api/2/issue/createmeta/ACC/issuetypes", nil).Object(t)
		require.EqualValues(t, 2, types["total"])
		require.Len(t, types[typesName], 2)

		screen := s.Do(http.StatusOK, "GET", "/rest/api/2/issue/createmeta/ACC/issuetypes/10002", nil).Object(t)
		required := map[string]bool{}
		for _, item := range screen[fieldsName].([]any) {
			f := item.(map[string]any)
			required[f["fieldId"].(string)] = f["required"].(bool)
			if f["fieldId"] == "customfield_10060" {
				require.Len(t, f["allowedValues"], 2)
				require.EqualValues(t, 10060, f["schema"].(map[string]any)["customId"])
			}
		}
		require.Equal(t, map[string]bool{
			"summary": true, "issuetype": true, "project": true, "description": false, "labels": false, "priority": false,
			"components": false, "reporter": false, "assignee": false, "customfield_10060": true,
		}, required)
		if flavour == jira.DataCenter {
			require.Equal(t, true, screen["isLast"])
			part := s.Do(http.StatusOK, "GET", "/rest/api/2/issue/createmeta/ACC/issuetypes/10002?maxResults=3", nil).Object(t)
			require.Equal(t, false, part["isLast"])
		}
		page := s.Do(http.StatusOK, "GET", "/rest/api/2/issue/createmeta/ACC/issuetypes/10002?startAt=8&maxResults=50", nil).Object(t)
		require.Len(t, page[fieldsName], 2)
		s.Do(http.StatusBadRequest, "GET", "/rest/api/2/issue/createmeta/ACC/issuetypes/99", nil)
		s.Do(http.StatusNotFound, "GET", "/rest/api/2/issue/createmeta/NOPE/issuetypes", nil)

		var old struct {
			Projects []struct {
				Key        string
				IssueTypes []struct {
					Name   string
					Fields map[string]struct{ Required bool }
				} `json:"issuetypes"`
			}
		}
		query := "?projectKeys=ACC&issuetypeNames=Access%20Request&expand=projects.issuetypes.fields"
		s.Do(http.StatusOK, "GET", "/rest/api/2/issue/createmeta"+query, nil).Into(t, &old)
		require.Len(t, old.Projects[0].IssueTypes, 1)
		require.True(t, old.Projects[0].IssueTypes[0].Fields["customfield_10060"].Required)
		s.Do(http.StatusOK, "GET", "/rest/api/2/issue/createmeta?projectKeys=NOPE", nil).Into(t, &old)
		require.Empty(t, old.Projects)
	})
}
