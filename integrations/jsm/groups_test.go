package jsm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

// crowd is the default users, many more, and the group of alice, bob, carol, all of these, an app and somebody who has left.
func crowd(more int) ([]account.User, []sim.Group) {
	users := append(sim.DefaultUsers(), account.User{Username: "left@example.com", FullName: "Left", Blocked: true})
	group := sim.DefaultGroups()[0]
	for n := range more {
		u := account.User{Username: fmt.Sprintf("person%d@example.com", n), FullName: fmt.Sprintf("Person %d", n)}
		users, group.Members = append(users, u), append(group.Members, u.Username)
	}
	group.Members = append(group.Members, sim.DefaultApp, "left@example.com")
	return users, []sim.Group{{Name: "operations-managers"}, group}
}

// peopleOf are the active people in the group of a crowd.
func peopleOf(s alertsuite.Server) []bridge.Actor {
	var people []bridge.Actor
	for _, u := range s.Users() {
		name, _, _ := strings.Cut(u.Username, "@")
		if strings.HasPrefix(name, "person") || name == "alice" || name == "bob" || name == "carol" {
			people = append(people, bridge.Actor{ID: u.AccountID, Email: u.Username, Name: u.FullName})
		}
	}
	return people
}

func withCrowd(more int) setup {
	users, groups := crowd(more)
	return setup{sim: sim.Options{Account: account.Options{Users: users}, Groups: groups}}
}

func TestMembersOfAGroupOfJiraAreAskedForAsAgreed(t *testing.T) {
	s := newSite(t, withCrowd(60))
	found, err := s.Members(t.Context(), " "+sim.DefaultGroup+" ")
	require.NoError(t, err)
	require.ElementsMatch(t, peopleOf(s.Server), found, "neither the app nor who has left")
	require.Len(t, found, 63)
	s.Golden(t, "members.golden")
}

func TestP3_TheBridgesOwnAccountIsNoMember(t *testing.T) {
	set := withCrowd(0)
	set.sim.Groups[1].Members = []string{"bob", sim.DefaultEmail}
	found, err := newSite(t, set).Members(t.Context(), sim.DefaultGroup)
	require.NoError(t, err)
	for _, who := range found {
		require.Equal(t, who.Email == sim.DefaultEmail, who.Automated, "%+v", who)
	}
	require.Len(t, found, 2)
}

func TestMembersWithAHiddenAddressAreKnownByTheirAccount(t *testing.T) {
	set := withCrowd(0)
	set.sim.Private = []string{"bob"}
	s := newSite(t, set)
	found, err := s.Members(t.Context(), sim.DefaultGroup)
	require.NoError(t, err)
	require.Contains(t, found, bridge.Actor{ID: accountOf(t, s, "bob"), Name: "Bob Brown"})
}

func TestAnUnknownGroupIsTerminalAndNamesGroupsNearIt(t *testing.T) {
	s := newSite(t, withCrowd(0))
	for name, near := range map[string]string{"operations-peple": " (did you mean operations-people?)", sim.DefaultTeam + " x": ""} {
		_, err := s.Members(t.Context(), name)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
		require.ErrorContains(t, err, fmt.Sprintf("jsm: group %q%s: not found in Jira Service Management", name, near))
	}
}

func TestAnAnswerWithoutMembersIsNoEmptyGroup(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return `{"isLast": true}` })})
	_, err := s.Members(t.Context(), "any")
	require.ErrorContains(t, err, "jsm: the answer names no members")
}

func TestRecipientsNameSchedulesOrElseTeams(t *testing.T) {
	for name, c := range map[string]struct {
		recipients []string
		teams      bool
		want       string
		logged     string
	}{
		"a schedule":              {[]string{"Secondary"}, false, "schedule secondary", ""},
		"a team":                  {[]string{"operations"}, true, "team Operations", ""},
		"a team by its id":        {[]string{"10000000-0000-4000-8000-000000000001"}, false, "team Operations", ""},
		"teams without a name":    {[]string{"Operations"}, false, "schedule primary", "Operations"},
		"one is unknown":          {[]string{"Gone", "secondary"}, true, "schedule secondary", "Gone"},
		"none is known, a spare":  {[]string{"Gone"}, true, "schedule primary", "Gone"},
		"all of them":             {[]string{"secondary", "primary"}, true, "schedule secondary, schedule primary", ""},
		"nothing is no recipient": {[]string{""}, true, "schedule primary", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Unverified.Teams = c.teams }})
			d := testkit.Draft()
			d.Recipients = c.recipients
			_, err := s.Open(t.Context(), marker, d)
			require.NoError(t, err)
			require.Equal(t, c.want, strings.Join(s.Responders(t), ", "))
			require.Contains(t, s.Log.String(), c.logged)
			if c.logged == "" {
				require.NotContains(t, s.Log.String(), "recipient")
			}
		})
	}
}
