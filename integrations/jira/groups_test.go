package jira

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/jiragroup"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

// crowd is the default users, many more, and the group of all but the bridge's account, with an app and somebody who has left. On Data Center
// the bridge's account is an administrator, as it has to be for groups.
func crowd(f sim.Flavour, more int) ([]sim.User, []sim.Group, []bridge.Actor) {
	users := sim.DefaultUsers()
	group := sim.Group{Name: sim.DefaultGroup, Members: []string{"alice", "bob", "carol", "automation", "left"}}
	var people []bridge.Actor
	for _, name := range group.Members[:3] {
		people = append(people, bridge.Actor{ID: who(f, name), Email: name + "@example.com"})
	}
	for i := range users {
		users[i].Administrator = users[i].Name == sim.BotName && f == sim.DataCenter
		if users[i].App && f == sim.DataCenter {
			users[i].Inactive = true // Data Center knows no apps
		}
	}
	users = append(users, sim.User{AccountID: "712020:left", Name: "left", Email: "left@example.com", Inactive: true})
	for n := range more {
		name := fmt.Sprintf("person%d", n)
		users = append(users, sim.User{AccountID: "712020:" + name, Name: name, Email: name + "@example.com"})
		group.Members = append(group.Members, name)
		people = append(people, bridge.Actor{ID: who(f, name), Email: name + "@example.com"})
	}
	return users, []sim.Group{group, {Name: "access-auditors"}, {Name: "Accessories"}}, people
}

func withCrowd(f sim.Flavour, more int) setup {
	users, groups, _ := crowd(f, more)
	return setup{sim: sim.Options{Flavour: f, Users: users, Groups: groups}}
}

func TestMembersOfAGroupAreAskedForAsAgreed(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, withCrowd(f, 60))
		found, err := s.Members(t.Context(), " "+sim.DefaultGroup+" ")
		require.NoError(t, err)
		golden.Assert(t, s.calls.Golden(t), "members.golden")
		var programs []string
		for _, who := range found {
			require.NotContains(t, who.ID, "left", "who has left is in no group")
			if who.Automated {
				programs = append(programs, who.Name)
			}
		}
		if f == sim.Cloud {
			require.Len(t, found, 64)
			require.Equal(t, []string{"Automation for Jira"}, programs)
		} else {
			require.Len(t, found, 63)
			require.Empty(t, programs)
		}
	})
}

func TestP3_TheBridgesOwnAccountIsNoMember(t *testing.T) {
	set := withCrowd(sim.Cloud, 0)
	set.sim.Groups[0].Members = []string{"bob", sim.BotName}
	s := newSite(t, set)
	found, err := s.Members(t.Context(), sim.DefaultGroup)
	require.NoError(t, err)
	for _, who := range found {
		require.Equal(t, who.ID == sim.BotAccountID, who.Automated, "%+v", who)
	}
	require.Len(t, found, 2)
}

func TestW15_MembersWithAHiddenAddressAreKnownByTheirAccount(t *testing.T) {
	set := withCrowd(sim.Cloud, 0)
	set.sim.HideEmails = true
	found, err := newSite(t, set).Members(t.Context(), sim.DefaultGroup)
	require.NoError(t, err)
	require.Contains(t, found, bridge.Actor{ID: "712020:bob", Name: "Bob Baker"})
}

func TestAnUnknownGroupIsTerminalAndNamesGroupsNearIt(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, withCrowd(f, 0))
		_, err := s.Members(t.Context(), "access-aprovers")
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
		require.ErrorContains(t, err, `jira: group "access-aprovers" (did you mean access-approvers`)
		require.Equal(t, map[string]int{"GET /group/member": 1, "GET /groups/picker": 1}, s.Calls())

		s.Inject(sim.Fault{PathContains: "/groups/picker", Status: http.StatusForbidden})
		_, err = s.Members(t.Context(), "access-aprovers")
		require.ErrorContains(t, err, `group "access-aprovers": not found in Jira`)
	})
}

func TestGroupsNeedTheirPermission(t *testing.T) {
	set := withCrowd(sim.DataCenter, 0)
	for i := range set.sim.Users {
		set.sim.Users[i].Administrator = false
	}
	_, err := newSite(t, set).Members(t.Context(), sim.DefaultGroup)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	require.ErrorContains(t, err, "403")
}

func TestAGroupThatNeverEndsIsRefused(t *testing.T) {
	page := `{"isLast": false, "values": [` + strings.TrimSuffix(strings.Repeat(`{"accountId": "a", "active": true},`, 50), ",") + `]}`
	s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return page })})
	_, err := s.Members(t.Context(), "endless")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	require.ErrorContains(t, err, fmt.Sprint(jiragroup.Most))
	require.Len(t, s.calls.Paths(), jiragroup.Most/50)
}

func TestAnAnswerWithoutMembersIsNoEmptyGroup(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return `{"isLast": true}` })})
	_, err := s.Members(t.Context(), "any")
	require.ErrorContains(t, err, "names no members")
	s = newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return `{"isLast": true, "values": []}` })})
	found, err := s.Members(t.Context(), "any")
	require.NoError(t, err)
	require.Empty(t, found)
}
