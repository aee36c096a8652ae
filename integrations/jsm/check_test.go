package jsm

import (
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

// What notes call people is told by the notes that the bridge itself has written.
func TestCheckFindsOutWhatNotesCallPeople(t *testing.T) {
	for name, c := range map[string]struct {
		form       sim.OwnerForm
		owners     string
		good, want string
	}{
		"account ids, as set":   {sim.ByAccountID, OwnersAccountID, "unverified.owners: account_id, as the bridge's own notes have it", ""},
		"addresses, as set":     {sim.ByEmail, OwnersEmail, "unverified.owners: email, as the bridge's own notes have it", ""},
		"addresses, not as set": {sim.ByEmail, OwnersAccountID, "", "is account_id, but notes call people by email => set it to email"},
		"account ids, not set":  {sim.ByAccountID, OwnersNone, "nobody decides at an alert; notes call people by account_id", ""},
		"display names":         {sim.ByDisplayName, OwnersEmail, "", "names that they choose themselves"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: sim.Options{Owners: c.form}, settings: func(s *Settings) {
				s.Unverified.Owners, s.Unverified.Log = c.owners, false
			}})
			require.NoError(t, s.Update(t.Context(), s.Opened(t), []bridge.Note{{ID: "n", Text: "reviewed"}}))
			list := s.Check(t.Context())
			require.Contains(t, testkit.Findings(list), c.good)
			if c.want == "" {
				require.Empty(t, testkit.Faults(t, list))
			}
			require.Contains(t, testkit.Faults(t, list), c.want)
		})
	}
}

func TestCheckNamesEachFaultOfTheSiteWithItsMend(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*Settings)
		fault    standin.Fault
		want     string
	}{
		"site":        {settings: func(s *Settings) { s.Site += "/nothing" }, want: "=> check site, or set cloud_id"},
		"token":       {settings: func(s *Settings) { s.APIToken = config.NewSecret("wrong") }, want: "=> check user, api_token and site"},
		"wrong id":    {settings: func(s *Settings) { s.CloudID = "another" }, want: "alerts cannot be read"},
		"read only":   {fault: standin.Fault{Method: "POST", Status: 403}, want: "alerts cannot be changed"},
		"alerts only": {settings: func(s *Settings) { s.APIToken = config.NewSecret(sim.DefaultLimitedToken) }, want: "schedules cannot be read"},
		"outsider": {settings: func(s *Settings) {
			s.User, s.APIToken = sim.DefaultOutsider, config.NewSecret(sim.DefaultOutsiderToken)
		}, want: "there is no schedule => make the account a member"},
		"no people": {fault: standin.Fault{PathContains: "/user", Status: 403}, want: "people: they cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, setup{settings: c.settings}.vendor().Faults(t, alertsuite.Setup{}, c.fault), c.want)
		})
	}
}
