package jsm_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

const rest = "/rest/api/3"

// user is a user as Jira tells the caller.
func (s *site) user(who string) standintest.Object {
	s.T.Helper()
	return s.Do(200, "GET", rest+"/user?accountId="+url.QueryEscape(s.account(who)), nil).Object(s.T)
}

// search lists the names of the users that Jira finds.
func (s *site) search(query string) []string {
	s.T.Helper()
	var found []standintest.Object
	s.Do(200, "GET", rest+"/user/search?query="+url.QueryEscape(query), nil).Into(s.T, &found)
	return texts(found, "displayName")
}

func TestTheSiteTellsEverybodyItsCloudID(t *testing.T) {
	s := start(t, jsm.Options{CloudID: "my-cloud"})
	anonymous := s.as("", "")
	require.Equal(t, "my-cloud", anonymous.Do(200, "GET", "/_edge/tenant_info", nil).Object(t)["cloudId"])
	require.Equal(t, "my-cloud", s.CloudID())
	s.Do(200, "GET", "/jsm/ops/api/my-cloud/v1/alerts", nil)
	s.Do(404, "GET", ops+"/alerts", nil)
	s.Do(404, "GET", "/_edge/alerts", nil)
	s.Do(404, "GET", rest+"/tenant_info", nil)
	s.Do(404, "GET", "/jsm/ops/api/my-cloud/v1/myself", nil)
}

func TestUsersAreToldByAccountID(t *testing.T) {
	s := start(t, jsm.Options{})
	alice := s.user("alice")
	require.Equal(t, "alice@example.com", alice["emailAddress"])
	require.Equal(t, "Alice Adams", alice["displayName"])
	require.Equal(t, "atlassian", alice["accountType"])
	require.Equal(t, true, alice["active"])
	app := s.user(jsm.DefaultApp)
	require.Equal(t, "app", app["accountType"])
	require.NotContains(t, app, "emailAddress")
	require.Equal(t, alice["accountId"],
		s.Do(200, "GET", "/ex/jira/"+jsm.DefaultCloudID+rest+"/user?accountId="+url.QueryEscape(s.account("alice")), nil).Object(t)["accountId"])
	require.Equal(t, s.account(jsm.DefaultEmail), s.Do(200, "GET", rest+"/myself", nil).Object(t)["accountId"])
	missing := s.Do(404, "GET", rest+"/user?accountId=alice@example.com", nil).Object(t)
	require.NotEmpty(t, missing["errorMessages"])
}

func TestAddressesMayBeHidden(t *testing.T) {
	s := start(t, jsm.Options{Private: []string{"bob"}})
	require.Contains(t, s.user("alice"), "emailAddress")
	require.NotContains(t, s.user("bob"), "emailAddress")
	require.Equal(t, []string{"Alice Adams"}, s.search("alice@example.com"))
	require.Empty(t, s.search("bob@example.com"))
	require.Equal(t, []string{"Bob Brown"}, s.search("brown"))

	all := start(t, jsm.Options{HideEmails: true})
	require.NotContains(t, all.user("alice"), "emailAddress")
	require.Equal(t, jsm.DefaultEmail, all.Do(200, "GET", rest+"/myself", nil).Object(t)["emailAddress"], "one's own is shown")
	require.Empty(t, all.search("alice@example.com"))
}

func TestInactiveUsersAreTold(t *testing.T) {
	users := jsm.DefaultUsers()
	users[0].Blocked = true
	s := start(t, jsm.Options{Account: alerting.Options{Users: users}, Groups: jsm.DefaultGroups()})
	require.Equal(t, false, s.user("alice")["active"])
	require.Empty(t, s.search("alice"))
	members := rest + "/group/member?groupname=" + jsm.DefaultGroup
	require.Equal(t, []string{"Bob Brown", "Carol Cooper"}, texts(s.Do(200, "GET", members, nil).Object(t).Rows("values"), "displayName"))
	everybody := s.Do(200, "GET", members+"&includeInactiveUsers=true&maxResults=2&startAt=1", nil).Object(t)
	require.Equal(t, []string{"Bob Brown", "Carol Cooper"}, texts(everybody.Rows("values"), "displayName"))
	require.EqualValues(t, 3, everybody["total"])
	require.Equal(t, true, everybody["isLast"])
	s.Do(404, "GET", rest+"/group/member?groupname=none", nil)
	s.Do(400, "GET", members+"&startAt=x", nil)
}

func TestGroupsAreFoundByAPartOfTheirName(t *testing.T) {
	s := start(t, jsm.Options{Groups: append(jsm.DefaultGroups(), jsm.Group{Name: "Auditors"}), Account: alerting.Options{Users: jsm.DefaultUsers()}})
	found := func(query string) []string {
		return texts(s.Do(200, "GET", rest+"/groups/picker?"+query, nil).Object(t).Rows("groups"), "name")
	}
	require.Equal(t, []string{jsm.DefaultGroup, "Auditors"}, found(""))
	require.Equal(t, []string{"Auditors"}, found("query=AUD&caseInsensitive=true"))
	require.Empty(t, found("query=AUD"), "the case counts unless it is asked not to")
}

func TestUsersInBulkAreTenUnlessMoreAreAsked(t *testing.T) {
	var users []alerting.User
	ids := url.Values{}
	for _, letter := range "abcdefghijkl" {
		users = append(users, alerting.User{Username: string(letter) + "@example.com", AccountID: "id-" + string(letter)})
		ids.Add("accountId", "id-"+string(letter))
	}
	ids.Add("accountId", "none")
	users = append(users, alerting.DefaultUsers()...)
	s := start(t, jsm.Options{Account: alerting.Options{Users: users}})
	page := s.Do(200, "GET", rest+"/user/bulk?"+ids.Encode(), nil).Object(t)
	require.Len(t, page.Rows("values"), 10)
	require.Equal(t, false, page["isLast"])
	require.Len(t, s.Do(200, "GET", rest+"/user/bulk?maxResults=50&"+ids.Encode(), nil).Object(t).Rows("values"), 12)
	s.Do(400, "GET", rest+"/user/bulk", nil)
}
