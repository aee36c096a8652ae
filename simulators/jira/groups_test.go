package jira_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// grouped is a site where the bot may see groups, with somebody inactive in one.
func grouped(t *testing.T, flavour jira.Flavour) *site {
	t.Helper()
	users := jira.DefaultUsers()
	for i := range users {
		users[i].Inactive = users[i].Name == "carol"
		users[i].Administrator = users[i].Name == jira.BotName && flavour == jira.DataCenter
	}
	return start(t, jira.Options{Flavour: flavour, Users: users, Groups: append(jira.DefaultGroups(), jira.Group{Name: "Auditors"})})
}

func displayed(a standintest.Answer, t *testing.T) []string {
	t.Helper()
	out := []string{}
	for _, row := range a.Object(t).Rows("values") {
		name, _ := row["displayName"].(string)
		out = append(out, name)
	}
	return out
}

func TestMembersOfGroupsAreListedPageByPage(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := grouped(t, flavour)
		path := "/rest/api/2/group/member?groupname=" + jira.DefaultGroup
		require.Equal(t, []string{"Alice Archer", "Bob Baker"}, displayed(s.Do(200, "GET", path, nil), t))
		everybody := s.Do(200, "GET", path+"&includeInactiveUsers=true&maxResults=2&startAt=1", nil)
		require.Equal(t, []string{"Bob Baker", "Carol Cooper"}, displayed(everybody, t))
		page := everybody.Object(t)
		require.EqualValues(t, 3, page["total"])
		require.Equal(t, true, page["isLast"])
		require.Equal(t, false, page.Rows("values")[1]["active"])
		require.Equal(t, false, s.Do(200, "GET", path+"&maxResults=1", nil).Object(t)["isLast"])
		require.EqualValues(t, 50, s.Do(200, "GET", path+"&maxResults=1000", nil).Object(t)["maxResults"])
		s.Do(http.StatusNotFound, "GET", path+"x", nil)
		s.Do(http.StatusBadRequest, "GET", "/rest/api/2/group/member", nil)
		s.Do(http.StatusBadRequest, "GET", path+"&startAt=x", nil)
		byID := "/rest/api/2/group/member?groupId=" + jira.DefaultGroups()[0].ID
		if flavour == jira.Cloud {
			require.Len(t, displayed(s.Do(200, "GET", byID, nil), t), 2)
		} else {
			s.Do(http.StatusNotFound, "GET", byID, nil)
		}
	})
}

func TestGroupsAreForThosePermitted(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := grouped(t, flavour)
		path := "/rest/api/2/group/member?groupname=" + jira.DefaultGroup
		require.NoError(t, s.UpdateUser(jira.BotName, func(u *jira.User) { u.Permissions, u.Administrator = []string{"BROWSE_PROJECTS"}, false }))
		s.Do(http.StatusForbidden, "GET", path, nil)
		require.Empty(t, s.Do(200, "GET", "/rest/api/2/groups/picker?query=a", nil).Object(t)["groups"])
		require.NoError(t, s.UpdateUser(jira.BotName, func(u *jira.User) { u.Administrator = true }))
		s.Do(200, "GET", path, nil)
	})
}

func TestGroupsAreFoundByAPartOfTheirName(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := grouped(t, flavour)
		found := func(query string) []string {
			out := []string{}
			for _, g := range s.Do(200, "GET", "/rest/api/2/groups/picker?"+query, nil).Object(t).Rows("groups") {
				name, _ := g["name"].(string)
				out = append(out, name)
			}
			return out
		}
		require.Equal(t, []string{"access-approvers", "Auditors"}, found(""))
		require.Equal(t, []string{"access-approvers"}, found("maxResults=1"))
		require.Equal(t, []string{"Auditors"}, found("query=audit&caseInsensitive=true"))
		require.Equal(t, flavour == jira.Cloud, len(found("query=audit")) == 0, "Cloud minds the case unless asked not to")
	})
}

func TestInactiveUsersAreNotFound(t *testing.T) {
	s := grouped(t, jira.Cloud)
	require.Empty(t, names(t, s.Do(200, "GET", "/rest/api/3/user/search?query=carol", nil)))
	require.Equal(t, false, s.Do(200, "GET", "/rest/api/3/user?accountId=712020:carol", nil).Object(t)["active"])
}

func TestAGroupOfNobodyKnownIsRefused(t *testing.T) {
	_, err := jira.New(jira.Options{Groups: []jira.Group{{Name: "g", Members: []string{"nobody"}}}})
	require.ErrorContains(t, err, `group g: no user "nobody"`)
}
