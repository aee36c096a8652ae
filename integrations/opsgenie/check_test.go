package opsgenie

import (
	"path/filepath"
	"testing"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
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
			"key: accepted", "may change alerts", "may read schedules", "may read users", "responders.schedules: primary (2000", "responders.teams: Operations",
			"responders.users: bob@example.com", "responders.escalations: Operations_escalation", "deliveries are proven by a header",
		} {
			require.Contains(t, text, part)
		}
		require.Empty(t, s.Alerts(), "a check leaves nothing behind")
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
		"key":         {fault: standin.Fault{Status: 401}, want: "=> check api_key"},
		"read only":   {fault: standin.Fault{Method: "POST", Status: 403}, want: "key: it cannot change alerts"},
		"alerts only": {settings: func(s *Settings) { s.APIKey = config.NewSecret(sim.DefaultLimitedKey) }, want: "it cannot read schedules"},
		"no users":    {fault: standin.Fault{PathContains: "/users", Status: 403}, want: "it cannot read users, so that nobody can decide"},
		"schedule":    {settings: func(s *Settings) { s.Responders.Schedules = []string{"primry"} }, want: `responders.schedules "primry": opsgenie:`},
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
			o, err := New("oncall", set, Options{})
			require.NoError(t, err)
			if c.fault.Status != 0 {
				srv.Inject(c.fault)
			}
			require.Contains(t, testkit.Faults(t, o.Check(t.Context())), c.want)
		})
	}
	s := newSite(t, setup{settings: func(s *Settings) {
		s.Mode, s.Webhook.Secrets, s.Responders = ModePoll, nil, alerting.Responders{}
	}})
	list := s.Check(t.Context())
	require.Empty(t, testkit.Faults(t, list), "mode poll needs no webhook")
	require.Contains(t, testkit.Findings(list), "alerts are listed every 30s")
	require.Contains(t, testkit.Findings(list), "routes and annotations name them")
}
