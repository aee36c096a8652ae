package pagerduty

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

// crowd is the default users, many more, and the team of alice, bob, carol, all of these and the bridge's own user.
func crowd(more int) ([]sim.User, []sim.Team, []bridge.Actor) {
	users := sim.DefaultUsers()
	team := sim.DefaultTeams()[0]
	for n := range more {
		u := sim.User{ID: fmt.Sprintf("PMORE%d", n), Name: fmt.Sprintf("Person %d", n), Email: fmt.Sprintf("person%d@example.com", n)}
		users, team.Members = append(users, u), append(team.Members, u.ID)
	}
	var people []bridge.Actor
	for _, u := range users {
		if u.Name != "Dave Dunn" {
			people = append(people, bridge.Actor{ID: u.ID, Email: u.Email})
		}
	}
	users = append(users, sim.User{ID: "PBOT001", Name: "Access Bridge", Email: sim.DefaultBotEmail})
	team.Members = append(team.Members, "PBOT001")
	return users, []sim.Team{{ID: "PTEAM02", Name: "Operators"}, team}, people
}

func withCrowd(more int) setup {
	users, teams, _ := crowd(more)
	return setup{sim: sim.Options{Users: users, Teams: teams}}
}

func TestMembersOfATeamAreAskedForAsAgreed(t *testing.T) {
	s := newSite(t, withCrowd(110))
	found, err := s.Members(t.Context(), " operations ")
	require.NoError(t, err)
	golden.Assert(t, s.calls.Golden(t), "members.golden")
	require.Len(t, found, 114)
	require.Equal(t, bridge.Actor{ID: "PALICE1", Email: "alice@example.com", Name: "Alice Adams"}, found[0])
	again, err := s.Members(t.Context(), "PTEAM01")
	require.NoError(t, err)
	require.Equal(t, found, again, "a team is named by its id too")
}

func TestP3_TheBridgesOwnUserIsNoMember(t *testing.T) {
	found, err := newSite(t, withCrowd(0)).Members(t.Context(), sim.DefaultTeam)
	require.NoError(t, err)
	for _, who := range found {
		require.Equal(t, who.ID == "PBOT001", who.Automated, "%+v", who)
	}
	require.Len(t, found, 4)
}

func TestMembersWhoAreOnlyReferredToAreLookedUp(t *testing.T) {
	set := withCrowd(0)
	set.transport = func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/members") {
				r = r.Clone(r.Context())
				query := r.URL.Query()
				query.Del("include[]")
				r.URL.RawQuery = query.Encode()
			}
			return next.RoundTrip(r)
		})
	}
	s := newSite(t, set)
	for range 2 {
		found, err := s.Members(t.Context(), sim.DefaultTeam)
		require.NoError(t, err)
		require.Equal(t, bridge.Actor{ID: "PBOB001", Email: "bob@example.com", Name: "Bob Brown"}, found[1])
	}
	require.Equal(t, 4, s.Calls()["GET /users/{id}"], "and remembered")
}

func TestAnUnknownTeamIsTerminalAndNamesTeamsNearIt(t *testing.T) {
	s := newSite(t, withCrowd(0))
	_, err := s.Members(t.Context(), "Operation")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	require.ErrorContains(t, err, `pagerduty: group: team "Operation" (did you mean Operations or Operators?): not found in PagerDuty`)
	_, err = s.Members(t.Context(), "")
	class, _ = bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
}

func TestAnAnswerWithoutMembersIsNoEmptyTeam(t *testing.T) {
	for _, body := range []string{`{}`, `{"members": {}}`, `{"members": [{}]}`} {
		set := withCrowd(0)
		set.transport = testkit.Rewrite(func(r *http.Request, was string) string {
			if strings.HasSuffix(r.URL.Path, "/members") {
				return body
			}
			return was
		})
		_, err := newSite(t, set).Members(t.Context(), sim.DefaultTeam)
		require.Error(t, err, body)
	}
	found, err := newSite(t, withCrowd(0)).Members(t.Context(), "Operators")
	require.NoError(t, err)
	require.Empty(t, found)
}
