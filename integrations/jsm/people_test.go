package jsm

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

// Somebody who hides the address is known by the account id, which the table of people maps.
func TestAPersonWithAHiddenAddressIsKnownByTheAccountID(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Private: []string{"alice"}}})
	alice := accountOf(t, s, "alice")
	ref := s.Opened(t)
	require.NoError(t, s.Note("alice", alias, "approve: fine"))
	found := s.Said(t, ref)
	require.Len(t, found, 1)
	require.Equal(t, bridge.Actor{ID: alice, Name: "Alice Adams"}, found[0].Actor)
	require.Empty(t, found[0].Barred, "the account id tells that she is on call")

	shifts, err := s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
	require.NoError(t, err)
	require.Equal(t, []bridge.Shift{{Person: bridge.Actor{ID: alice, Name: "Alice Adams"}, Via: "primary"}}, shifts)

	s = newSite(t, setup{sim: sim.Options{Private: []string{"alice"}, Owners: sim.ByEmail}, settings: func(s *Settings) {
		s.Unverified.Owners = OwnersEmail
	}})
	ref = s.Opened(t)
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.True(t, s.Said(t, ref)[0].Actor.Automated, "an address that Jira does not find is nobody's")
}

func TestP3_ProgramsAndInactivePeopleAreNobody(t *testing.T) {
	users := append(account.DefaultUsers(), account.User{Username: "left@example.com", FullName: "Lena Left", Blocked: true},
		account.User{Username: "robot@example.com", FullName: "Robot", App: true})
	s := newSite(t, setup{
		sim:      sim.Options{Account: account.Options{Users: users}},
		settings: func(s *Settings) { s.DecideBy = "anyone" },
	})
	ref := s.Opened(t)
	for _, who := range []string{"left", "robot"} {
		require.NoError(t, s.Note(who, alias, "approve"))
		require.NoError(t, s.Action(who, alias, "Approve", ""))
	}
	found := s.Said(t, ref)
	require.Len(t, found, 4)
	for _, e := range found {
		require.True(t, e.Actor.Automated, "%s", e.Actor)
	}
}

// Whoever is on call and is no active person approves nothing.
func TestP3_OnCallLeavesOutProgramsAndInactivePeople(t *testing.T) {
	for name, who := range map[string]account.User{
		"inactive":  {Username: "x@example.com", FullName: "X", Blocked: true},
		"a program": {Username: "x@example.com", FullName: "X", App: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: sim.Options{Account: account.Options{
				Users:     append(account.DefaultUsers(), who),
				Schedules: []account.Schedule{{Name: "primary", Rotations: []account.Rotation{{Shifts: []account.Shift{{User: who.Username}}}}}},
			}}})
			shifts, err := s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
			require.NoError(t, err)
			require.Empty(t, shifts)
		})
	}
}

// What notes call people has one form. A name for display is everybody's own to choose, so that another form names nobody.
func TestP3_AnotherFormOfOwnerIsNobody(t *testing.T) {
	for name, c := range map[string]struct {
		form   sim.OwnerForm
		owners string
		counts bool
	}{
		"account ids":                {sim.ByAccountID, OwnersAccountID, true},
		"addresses":                  {sim.ByEmail, OwnersEmail, true},
		"account ids, not addresses": {sim.ByAccountID, OwnersEmail, false},
		"addresses, not account ids": {sim.ByEmail, OwnersAccountID, false},
		"names, not account ids":     {sim.ByDisplayName, OwnersAccountID, false},
		"names, not addresses":       {sim.ByDisplayName, OwnersEmail, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: sim.Options{Owners: c.form}, settings: func(s *Settings) { s.Unverified.Owners = c.owners }})
			ref := s.Opened(t)
			require.NoError(t, s.Note("alice", alias, "approve"))
			require.NoError(t, s.Action("alice", alias, "Deny", ""))
			for _, e := range s.Said(t, ref) {
				require.Equal(t, !c.counts, e.Actor.Automated, "%s", e.Actor)
				if c.counts {
					require.Equal(t, "alice@example.com", e.Actor.Email)
				}
			}
			require.NoError(t, s.Update(t.Context(), ref, []bridge.Note{{ID: "n", Text: "approve: says the bridge"}}))
			for _, e := range s.Said(t, ref) {
				require.True(t, e.Actor.Automated || c.counts && e.Reason != "says the bridge", "its own note by %s", e.Actor)
			}
		})
	}
}

// Before anybody has looked what notes call people, nothing is read at an alert, and it says where to decide.
func TestP3_NobodyDecidesAtAnAlertByDefault(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Unverified = defaults().Unverified }})
	ref := s.Opened(t)
	require.Contains(t, s.Shown(t).Description, "Decide this request in Teleport.")
	require.Empty(t, s.Shown(t).Actions)
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.NoError(t, s.AddLog(alias, "system", accountOf(t, s, "alice"), "Executed [Approve] action via web"))
	s.ResetCalls()
	require.Empty(t, s.Said(t, ref))
	require.Zero(t, s.Calls()["GET /alerts/{id}/notes"])
	require.Zero(t, s.Calls()["GET /alerts/{id}/logs"])
}

func TestPeopleAreFoundByJustTheirAddress(t *testing.T) {
	users := append(account.DefaultUsers(),
		account.User{Username: "bob@example.com.evil.example", FullName: "Bob Baker"},
		account.User{Username: "mallory@example.com", FullName: "bob@example.com"})
	s := newSite(t, setup{sim: sim.Options{Account: account.Options{Users: users}}, settings: func(s *Settings) {
		s.Responders = alerting.Responders{Users: []string{"BOB@example.com"}}
	}})
	s.Opened(t)
	require.Len(t, s.Shown(t).Responders, 1)
	require.Equal(t, "bob@example.com", s.Shown(t).Responders[0].Name)

	s = newSite(t, setup{sim: sim.Options{Private: []string{"bob"}}, settings: func(s *Settings) {
		s.Responders = alerting.Responders{Users: []string{"bob@example.com"}}
	}})
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.ErrorContains(t, err, `responders.users: user "bob@example.com"`)
	around(t, s, setup{settings: func(set *Settings) {
		set.Responders = alerting.Responders{Users: []string{accountOf(t, s, "bob")}}
	}}).Opened(t)
}

func TestLookupsOfPeopleAreFewAndBounded(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Responders = alerting.Responders{Teams: []string{"Operations"}} }})
	var wg sync.WaitGroup
	for n := range 500 {
		wg.Go(func() {
			m := bridge.Marker{RequestID: fmt.Sprintf("r-%d", n)}
			if _, err := s.Open(t.Context(), m, testkit.Draft()); err != nil {
				t.Error(err)
			}
			if _, err := s.OnCall(t.Context(), bridge.OnCallQuery{Teams: []string{"Operations"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	lookups := 0
	for route, n := range s.Calls() {
		if !strings.Contains(route, "/alerts") {
			lookups += n
		}
	}
	require.LessOrEqual(t, lookups, 20, "%v", s.Calls())
	require.Equal(t, 500, s.Calls()["POST /alerts"])
}

func TestTeamsAndEscalationsAreOffUntilSwitchedOn(t *testing.T) {
	const team, escalation = "10000000-0000-4000-8000-000000000001", "30000000-0000-4000-8000-000000000001"
	off := func(r alerting.Responders) func(*Settings) {
		return func(s *Settings) { s.Unverified.Teams, s.Unverified.Escalations, s.Responders = false, false, r }
	}
	s := newSite(t, setup{settings: off(alerting.Responders{Teams: []string{team}, Escalations: []string{escalation}})})
	ref := s.Opened(t)
	require.Len(t, s.Shown(t).Responders, 2, "ids do")
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.NoError(t, s.Note("carol", alias, "approve"))
	for _, e := range s.Said(t, ref) {
		require.Equal(t, e.Actor.Email != "alice@example.com", e.Barred != "", "carol is called by the policy alone, of which nothing is known")
	}
	require.Zero(t, s.Calls()["GET /teams"])
	require.Zero(t, s.Calls()["GET /teams/{id}/escalations"])

	for setting, r := range map[string]alerting.Responders{
		"responders.teams": {Teams: []string{"Operations"}}, "responders.escalations": {Escalations: []string{sim.DefaultEscalation}},
	} {
		s := newSite(t, setup{settings: off(r)})
		_, err := s.Open(t.Context(), marker, testkit.Draft())
		require.ErrorContains(t, err, setting)
		require.Empty(t, s.Alerts())
	}
	s = newSite(t, setup{sim: sim.Options{BareTeams: true}, settings: func(s *Settings) {
		s.Responders = alerting.Responders{Teams: []string{"operations"}}
	}})
	s.Opened(t)
	require.Len(t, s.Shown(t).Responders, 1, "both forms of the list of teams are understood")
}

// A token with scopes is good at the gateway only, where Jira is as well.
func TestPeopleMayBeReadThroughTheGateway(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.JiraEndpoint = s.Site + "/ex/jira/" + sim.DefaultCloudID }})
	ref := s.Opened(t)
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.Equal(t, "alice@example.com", s.Said(t, ref)[0].Actor.Email)
	for _, path := range s.Sent.Paths() {
		require.NotContains(t, path, "GET /rest/")
	}
	require.Empty(t, testkit.Faults(t, s.Check(t.Context())))
}

// Who changed a note is not told, so that its writer must not answer for it.
func TestP3_ANoteThatWasChangedDoesNotCount(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Account: account.Options{Clock: alertsuite.Ticking()}}})
	ref := s.Opened(t)
	require.NoError(t, s.Note("alice", alias, "let me see"))
	require.NoError(t, s.EditNote("bob", alias, s.Shown(t).Notes[0].ID, "approve"))
	found := s.Said(t, ref)
	require.Len(t, found, 1)
	require.Contains(t, found[0].Barred, "changed after it was written")
}

func TestP3_TheAnswerAboutAnotherAccountIsNotTaken(t *testing.T) {
	var alice, bob string
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if strings.HasSuffix(r.URL.Path, "/user") {
			return strings.ReplaceAll(body, bob, alice)
		}
		return body
	})})
	alice, bob = accountOf(t, s, "alice"), accountOf(t, s, "bob")
	ref := s.Opened(t)
	require.NoError(t, s.Note("bob", alias, "approve"))
	_, err := s.Evidence(t.Context(), ref)
	require.ErrorContains(t, err, "the answer is not")
}
