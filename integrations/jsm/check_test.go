package jsm

import (
	"path/filepath"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func TestCheckFindsNothingWrongWithAGoodSetup(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		s := newSite(t, setup{
			sim: sim.Options{RefuseUnknown: refuse},
			targets: []*Target{nil, {Responders: alerting.Responders{
				Teams: []string{"operations"}, Users: []string{"bob@example.com"}, Escalations: []string{sim.DefaultEscalation}, Schedules: []string{"primary"},
			}}},
		})
		list := s.Check(t.Context())
		require.Empty(t, testkit.Faults(t, list))
		text := testkit.Findings(list)
		for _, part := range []string{
			"has the id " + sim.DefaultCloudID, "token: accepted", "people: can be read", "alerts can be read", "alerts can be changed",
			"2 schedules can be read", "not known before the bridge has written one", "responders.schedules: primary (2000",
			"responders.teams: Operations", "responders.users: bob@example.com", "responders.escalations: Operations_escalation",
			"deliveries are proven by a header",
		} {
			require.Contains(t, text, part)
		}
		require.Empty(t, s.Alerts(), "a check leaves nothing behind")
	}
}

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
			require.NoError(t, s.Update(t.Context(), s.open(t), []bridge.Note{{ID: "n", Text: "reviewed"}}))
			list := s.Check(t.Context())
			require.Contains(t, testkit.Findings(list), c.good)
			if c.want == "" {
				require.Empty(t, testkit.Faults(t, list))
			}
			require.Contains(t, testkit.Faults(t, list), c.want)
		})
	}
}

func TestCheckNamesEachFaultWithItsMend(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	lonely := account.Options{
		Users: account.DefaultUsers(), Teams: []account.Team{{Name: "Idle"}}, Schedules: []account.Schedule{{Name: "primary"}},
	}
	for name, c := range map[string]struct {
		account  account.Options
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
		"no people":   {fault: standin.Fault{PathContains: "/user", Status: 403}, want: "people: they cannot be read"},
		"schedule":    {settings: func(s *Settings) { s.Responders.Schedules = []string{"primry"} }, want: `responders.schedules "primry": jsm:`},
		"team":        {settings: func(s *Settings) { s.Responders.Teams = []string{"Nope"} }, want: `responders.teams "Nope"`},
		"user":        {settings: func(s *Settings) { s.Responders.Users = []string{"gone@example.com"} }, want: `responders.users "gone@example.com"`},
		"escalation":  {settings: func(s *Settings) { s.Responders.Escalations = []string{"Nope"} }, want: `responders.escalations "Nope"`},
		"no schedule": {account: lonely, settings: func(s *Settings) { s.Responders.Teams = []string{"Idle"} }, want: "team Idle has no schedule"},
		"no secret":   {settings: func(s *Settings) { s.Webhook = alerting.Webhook{SecretsFile: missing} }, want: "webhook: "},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := sim.New(sim.Options{Account: c.account})
			require.NoError(t, err)
			require.NoError(t, srv.Start())
			t.Cleanup(srv.Close)
			set := working(srv.URL())
			if c.settings != nil {
				c.settings(set)
			}
			j, err := New("oncall", set, Options{})
			require.NoError(t, err)
			if c.fault.Status != 0 {
				srv.Inject(c.fault)
			}
			require.Contains(t, testkit.Faults(t, j.Check(t.Context())), c.want)
		})
	}
}
