package pagerduty

import (
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/internal/logtest"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
	"github.com/stretchr/testify/require"
)

const reqID = testkit.RequestID

// site is a simulated PagerDuty and the integration that works with it.
type site struct {
	*sim.Server
	*PagerDuty
	log   *logtest.Log
	calls *testkit.Recorder
}

type setup struct {
	sim       sim.Options
	settings  func(*Settings)
	targets   []*Target
	transport testkit.Wrap
}

func newSite(t *testing.T, s setup) *site {
	t.Helper()
	srv := standintest.Started(sim.New(s.sim))(t)

	set := defaults()
	set.Endpoint, set.From, set.RateLimit = srv.URL(), sim.DefaultBotEmail, 0
	set.APIToken = config.NewSecret(sim.DefaultToken)
	set.Service = sim.DefaultService
	set.Webhook.Secrets = testkit.Secrets("hook-secret")
	if s.settings != nil {
		s.settings(set)
	}
	testkit.Valid(t, set)

	calls, log := testkit.Network(t, s.transport, "From", "Accept"), &logtest.Log{}
	p, err := New("oncall", set, Options{Log: log.Logger(), Targets: s.targets, Transport: calls})
	require.NoError(t, err)
	return &site{Server: srv, PagerDuty: p, log: log, calls: calls}
}

var marker = testkit.Marker()

func (s *site) open(t *testing.T) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), marker, testkit.Draft())
	require.NoError(t, err)
	return ref
}

// shown is the simulator's view of an incident.
func (s *site) shown(t *testing.T, ref bridge.Ref) sim.Incident {
	t.Helper()
	i, ok := s.Incident(ref.ID)
	require.True(t, ok)
	return i
}

func (s *site) evidence(t *testing.T, ref bridge.Ref) []bridge.Evidence {
	t.Helper()
	return testkit.Evidence(t, s, ref)
}

func (s *site) glances(t *testing.T, since time.Time) map[string]bool {
	t.Helper()
	return testkit.Glances(t, s, since)
}
