package alertsuite

import (
	"path/filepath"
	"testing"

	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func checkCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"CheckFindsNothingWrongWithAGoodSetup": checkFindsNothingWrongWithAGoodSetup,
		"CheckNamesEachFaultWithItsMend":       checkNamesEachFaultWithItsMend,
		"CheckOfModePollNeedsNoWebhook":        checkOfModePollNeedsNoWebhook,
	}
}

func checkFindsNothingWrongWithAGoodSetup(t *testing.T, v Vendor) {
	for _, refuse := range []bool{false, true} {
		s := v.Site(t, Setup{
			RefuseUnknown: refuse,
			Targets: []*alerting.Target{nil, {Responders: alerting.Responders{
				Teams: []string{"operations"}, Users: []string{"bob@example.com"}, Escalations: []string{account.DefaultEscalation}, Schedules: []string{"primary"},
			}}},
		})
		list := s.Check(t.Context())
		require.Empty(t, testkit.Faults(t, list))
		text := testkit.Findings(list)
		for _, part := range append([]string{
			"responders.schedules: primary (2000", "responders.teams: Operations", "responders.users: bob@example.com",
			"responders.escalations: Operations_escalation", "deliveries are proven by a header",
		}, v.Good...) {
			require.Contains(t, text, part)
		}
		require.Empty(t, s.Alerts(), "a check leaves nothing behind")
	}
}

func checkNamesEachFaultWithItsMend(t *testing.T, v Vendor) {
	missing := filepath.Join(t.TempDir(), "none")
	lonely := account.Options{
		Users: account.DefaultUsers(), Teams: []account.Team{{Name: "Idle"}}, Schedules: []account.Schedule{{Name: "primary"}},
	}
	for name, c := range map[string]struct {
		account  account.Options
		settings func(*alerting.Settings)
		want     string
	}{
		"schedule":    {settings: func(s *alerting.Settings) { s.Responders.Schedules = []string{"primry"} }, want: `responders.schedules "primry": ` + v.Kind + ":"},
		"team":        {settings: func(s *alerting.Settings) { s.Responders.Teams = []string{"Nope"} }, want: `responders.teams "Nope"`},
		"user":        {settings: func(s *alerting.Settings) { s.Responders.Users = []string{"gone@example.com"} }, want: `responders.users "gone@example.com"`},
		"escalation":  {settings: func(s *alerting.Settings) { s.Responders.Escalations = []string{"Nope"} }, want: `responders.escalations "Nope"`},
		"no schedule": {account: lonely, settings: func(s *alerting.Settings) { s.Responders.Teams = []string{"Idle"} }, want: "team Idle has no schedule"},
		"no secret":   {settings: func(s *alerting.Settings) { s.Webhook = alerting.Webhook{SecretsFile: missing} }, want: "webhook: "},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, v.Faults(t, Setup{Account: c.account, Settings: c.settings}, standin.Fault{}), c.want)
		})
	}
}

func checkOfModePollNeedsNoWebhook(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) {
		s.Mode, s.Webhook.Secrets, s.Responders = incident.ModePoll, nil, alerting.Responders{}
	}})
	list := s.Check(t.Context())
	require.Empty(t, testkit.Faults(t, list))
	require.Contains(t, testkit.Findings(list), "alerts are listed every 30s")
	require.Contains(t, testkit.Findings(list), "routes and annotations name them")
}

// Faults are what a check finds wrong, with its mend, where the product answers with a fault. The settings need not be valid.
func (v Vendor) Faults(t *testing.T, s Setup, fault standin.Fault) string {
	t.Helper()
	srv := v.Start(t, s)
	it, err := v.New(v.configured(srv.URL(), s), Options{})
	require.NoError(t, err)
	if fault.Status != 0 {
		srv.Inject(fault)
	}
	return testkit.Faults(t, it.Check(t.Context()))
}
