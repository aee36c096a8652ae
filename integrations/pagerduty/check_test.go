package pagerduty

import (
	"path/filepath"
	"testing"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

func TestCheckFindsNothingWrongWithAGoodSetup(t *testing.T) {
	s := newSite(t, setup{
		settings: func(s *Settings) { s.Priority = "P1" },
		targets:  []*Target{nil, {Service: "Production"}, {EscalationPolicy: "Production EP"}, {Assignees: []string{"bob@example.com", "PALICE1"}}},
	})
	s.AddSubscription(sim.Subscription{URL: "https://bridge.example.com/webhooks/oncall"})
	_, changed, err := s.EnsureWebhooks(t.Context(), "https://bridge.example.com/webhooks/oncall")
	require.NoError(t, err)
	s.ResetCalls()
	list := s.Check(t.Context())
	require.Empty(t, testkit.Faults(t, list), "%v", changed)
	text := testkit.Findings(list)
	for _, part := range []string{"token: accepted", "made as Access Bridge", "service: Production (PSERVIC)", "priority: P1", "escalation_policy: Production EP", "assignees: bob@example.com", "sends here"} {
		require.Contains(t, text, part)
	}
	require.Equal(t, 1, s.Calls()["GET /services"])
}

func TestCheckNamesEachFaultWithItsMend(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		settings func(*Settings)
		fault    sim.Fault
		want     string
	}{
		"token":        {nil, sim.Fault{Status: 401}, "token: pagerduty: GET"},
		"from":         {func(s *Settings) { s.From = "gone@example.com" }, sim.Fault{}, "from: no user has the address gone@example.com => set from"},
		"names":        {func(s *Settings) { s.Service = "Nope" }, sim.Fault{}, `service "Nope": pagerduty: service: service "Nope"`},
		"assignee":     {func(s *Settings) { s.Assignees = []string{"gone@example.com"} }, sim.Fault{}, `assignees: pagerduty: assignees: user "gone@example.com"`},
		"no hook":      {nil, sim.Fault{}, "no subscription sends to an address that ends in /webhooks/oncall => run accessbridge webhooks ensure oncall"},
		"hooks hidden": {nil, sim.Fault{PathContains: "/webhook_subscriptions", Status: 403}, "webhook: pagerduty: GET"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: c.settings})
			if c.fault.Status != 0 {
				s.Inject(c.fault)
			}
			require.Contains(t, testkit.Faults(t, s.Check(t.Context())), c.want)
		})
	}
	s := newSite(t, setup{settings: func(s *Settings) { s.Mode = ModePoll }})
	require.Empty(t, testkit.Faults(t, s.Check(t.Context())), "mode poll needs no webhook")

	s = newSite(t, setup{})
	s.secrets = config.Secrets{config.SecretFile(missing)}
	require.Contains(t, testkit.Faults(t, s.Check(t.Context())), "accessbridge webhooks ensure oncall makes one")
}
