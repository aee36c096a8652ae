package pagerduty_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestTeamsAreListedWithTheirMembersPageByPage(t *testing.T) {
	a := start(t, pagerduty.Options{Teams: append(pagerduty.DefaultTeams(), pagerduty.Team{Name: "Support", Members: []string{"dave"}})})
	require.Len(t, a.Do(200, "GET", "/teams", nil).Object(t).Rows("teams"), 2)
	found := a.Do(200, "GET", "/teams?query=SUPP", nil).Object(t).Rows("teams")
	require.Len(t, found, 1)
	id, _ := found[0]["id"].(string)
	require.Equal(t, "PDAVE01", a.Do(200, "GET", "/teams/"+id+"/members", nil).Object(t).Rows("members")[0].At("user", "id"))

	page := a.Do(200, "GET", "/teams/PTEAM01/members?limit=2", nil).Object(t)
	require.Equal(t, true, page["more"])
	require.Len(t, page.Rows("members"), 2)
	require.Equal(t, "user_reference", page.Rows("members")[0].At("user", "type"))
	require.Nil(t, page.Rows("members")[0].At("user", "email"))
	last := a.Do(200, "GET", "/teams/PTEAM01/members?limit=2&offset=2&include[]=users", nil).Object(t)
	require.Equal(t, false, last["more"])
	require.Equal(t, "carol@example.com", last.Rows("members")[0].At("user", "email"))
	a.Do(404, "GET", "/teams/Support/members", nil)
}

func TestATeamOfNobodyKnownIsRefused(t *testing.T) {
	_, err := pagerduty.New(pagerduty.Options{Teams: []pagerduty.Team{{Name: "Support", Members: []string{"nobody"}}}})
	require.ErrorContains(t, err, `team Support: no user "nobody"`)
}
