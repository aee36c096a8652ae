package alertsuite

import (
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func whoCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"P3_ProgramsAndTheBridgeItselfNeverCount":      programsAndTheBridgeItselfNeverCount,
		"P3_ACallOfTheAPIInSomebodysNameIsNotTheirs":   aCallOfTheAPIInSomebodysNameIsNotTheirs,
		"P3_OnlyPeopleOnCallForTheRespondersMayDecide": onlyPeopleOnCallForTheRespondersMayDecide,
		"P3_JoiningAnAlertDoesNotGiveTheRightToDecide": joiningAnAlertDoesNotGiveTheRightToDecide,
		"PeopleAreKnownByTheirAddressWhateverTheCase":  peopleAreKnownByTheirAddressWhateverTheCase,
	}
}

func programsAndTheBridgeItselfNeverCount(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: anyone})
	ref := s.Opened(t)
	require.NoError(t, s.Update(t.Context(), ref, []bridge.Note{{ID: "n", Text: "approve: says the bridge"}}))
	require.Empty(t, s.Said(t, ref), "its own note")
	require.NoError(t, s.Note("", Alias, "approve"))
	require.NoError(t, s.Action("", Alias, "Approve", ""))
	require.NoError(t, s.Acknowledge("", Alias))
	for _, owner := range []string{"System", "API", "", "Default API", "someone@example.com", "alice"} {
		require.NoError(t, s.AddLog(Alias, "system", owner, "Executed [Approve] action via web"))
	}
	found := s.Said(t, ref)
	require.GreaterOrEqual(t, len(found), 8)
	for _, e := range found {
		require.True(t, e.Actor.Automated, "%s by %s", e.Status, e.Actor)
	}
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	for _, e := range s.Said(t, ref) {
		require.NotEqual(t, "closed", e.Status, "its own closing")
	}
}

// Whoever holds a key may give any name to a call of the API.
func aCallOfTheAPIInSomebodysNameIsNotTheirs(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: anyone})
	ref := s.Opened(t)
	forged := account.Actor{Name: "alice@example.com", Via: "API"}
	for _, c := range []account.Command{
		{Kind: account.AddNote, Note: "approve: honestly"},
		{Kind: account.CustomAction, Action: "Approve"},
		{Kind: account.Acknowledge},
		{Kind: account.CloseAlert},
	} {
		_, err := s.Apply(forged, account.ByAlias(Alias), c)
		require.NoError(t, err)
	}
	found := s.Said(t, ref)
	require.Len(t, found, 4)
	for _, e := range found {
		require.True(t, e.Actor.Automated, "%s by %s", e.Status, e.Actor)
	}
	require.NoError(t, s.Note("alice", Alias, "deny: I never said via API"))
	found = s.Said(t, ref)
	require.False(t, found[len(found)-1].Actor.Automated, "her own words are no proof of anything")
}

func onlyPeopleOnCallForTheRespondersMayDecide(t *testing.T, v Vendor) {
	for name, c := range map[string]struct {
		responders alerting.Responders
		may        []string
	}{
		"schedule":         {alerting.Responders{Schedules: []string{"primary"}}, []string{"alice"}},
		"another schedule": {alerting.Responders{Schedules: []string{"secondary"}}, []string{"bob"}},
		"team":             {alerting.Responders{Teams: []string{"Operations"}}, []string{"alice", "bob"}},
		"escalation":       {alerting.Responders{Escalations: []string{account.DefaultEscalation}}, []string{"alice", "bob", "carol"}},
		"user":             {alerting.Responders{Users: []string{"dave@example.com"}}, []string{"dave"}},
		"several":          {alerting.Responders{Schedules: []string{"primary"}, Users: []string{"dave@example.com"}}, []string{"alice", "dave"}},
		"nobody":           {alerting.Responders{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Responders = c.responders }})
			ref := s.Opened(t)
			people := []string{"alice", "bob", "carol", "dave"}
			for _, who := range people {
				require.NoError(t, s.Note(who, Alias, "approve"))
			}
			var may []string
			for _, e := range s.Said(t, ref) {
				if e.Barred == "" {
					name, _, _ := strings.Cut(e.Actor.Email, "@")
					may = append(may, name)
					continue
				}
				require.Contains(t, e.Barred, "only people who are on call")
			}
			require.ElementsMatch(t, c.may, may)
		})
	}
}

func joiningAnAlertDoesNotGiveTheRightToDecide(t *testing.T, v Vendor) {
	var dave string
	joined := testkit.Rewrite(func(r *http.Request, body string) string {
		if r.Method != http.MethodGet {
			return body
		}
		return strings.Replace(body, `"responders":[`, `"responders":[{"type":"user","id":"`+dave+`"},`, 1)
	})
	s := v.Site(t, Setup{Transport: joined})
	u, _ := s.User("dave")
	dave = v.Person(u).ID
	ref := s.Opened(t)
	require.NoError(t, s.Note("dave", Alias, "approve"))
	found := s.Said(t, ref)
	require.Len(t, found, 1)
	require.Contains(t, found[0].Barred, "dave@example.com is not")

	named := &alerting.Target{Responders: alerting.Responders{Users: []string{"dave@example.com"}}}
	found = s.Again(t, Setup{Targets: []*alerting.Target{nil, named}, Transport: joined}).Said(t, ref)
	require.Empty(t, found[0].Barred, "but a route may name them")
}

func peopleAreKnownByTheirAddressWhateverTheCase(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	require.NoError(t, s.AddLog(Alias, "system", "ALICE@example.com", "Executed [approve] action via web"))
	found := s.Said(t, ref)
	require.Len(t, found, 1)
	require.Equal(t, "alice@example.com", found[0].Actor.Email)
	require.Empty(t, found[0].Barred)
}
