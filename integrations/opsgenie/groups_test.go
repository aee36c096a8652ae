package opsgenie

import (
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

// teamOf are the people in the default team.
func teamOf(s alertsuite.Server) []bridge.Actor {
	team, _ := s.Team(sim.DefaultTeam)
	var people []bridge.Actor
	for _, id := range team.Members {
		u, _ := s.User(id)
		people = append(people, bridge.Actor{ID: u.ID, Email: u.Username})
	}
	return people
}

func TestMembersOfATeamAreAskedForAsAgreed(t *testing.T) {
	s := vendor(nil).Site(t, alertsuite.Setup{})
	for _, name := range []string{" operations ", "10000000-0000-4000-8000-000000000001"} {
		found, err := s.Members(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, teamOf(s.Server), found)
		require.Len(t, found, 3)
	}
	s.Golden(t, "members.golden")
}

func TestP3_TheBridgesOwnNameIsNoMember(t *testing.T) {
	s := vendor(func(s *Settings) { s.User = "bob@example.com" }).Site(t, alertsuite.Setup{})
	found, err := s.Members(t.Context(), sim.DefaultTeam)
	require.NoError(t, err)
	for _, who := range found {
		require.Equal(t, who.Email == "bob@example.com", who.Automated, "%+v", who)
	}
}

func TestAnUnknownTeamIsTerminalAndNamesTeamsNearIt(t *testing.T) {
	s := vendor(nil).Site(t, alertsuite.Setup{})
	_, err := s.Members(t.Context(), "Operation")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	require.ErrorContains(t, err, `opsgenie: group: team "Operation" (did you mean Operations?): not found in Opsgenie`)
}

func TestAnAnswerWithoutMembersIsNoEmptyTeam(t *testing.T) {
	const team = "10000000-0000-4000-8000-000000000001"
	for body, bad := range map[string]bool{
		`{}`:                          true,
		`{"data": {"id": "another"}}`: true,
		`{"data": {"members": [{}]}}`: true,
		`{"data": {"id": "` + team + `", "members": [{"user": {"id": "u1"}}]}}`: true,
		`{"data": {"id": "` + team + `"}}`:                                      false,
	} {
		s := vendor(nil).Site(t, alertsuite.Setup{Transport: testkit.Rewrite(func(r *http.Request, was string) string {
			if strings.HasSuffix(r.URL.Path, team) {
				return body
			}
			return was
		})})
		found, err := s.Members(t.Context(), sim.DefaultTeam)
		require.Equal(t, bad, err != nil, "%s: %v", body, err)
		require.Empty(t, found)
	}
}
