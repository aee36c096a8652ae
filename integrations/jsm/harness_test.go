package jsm

import (
	"regexp"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

const reqID = testkit.RequestID

// alias is what ties the alert to its request, as Teleport's own plugin has it.
const alias = "teleport-access-request/" + reqID

// site is a simulated site and the integration that works with it.
type site struct {
	*sim.Server
	*JSM
	log   *testkit.Log
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
	srv, err := sim.New(s.sim)
	require.NoError(t, err)
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	return around(t, srv, s)
}

// around is one more integration, as after a restart, at the same simulator.
func around(t *testing.T, srv *sim.Server, s setup) *site {
	t.Helper()
	set := working(srv.URL())
	if s.settings != nil {
		s.settings(set)
	}
	testkit.Valid(t, set)
	calls, log := testkit.Network(t, s.transport, "Content-Type", "Accept"), &testkit.Log{}
	o, err := New("oncall", set, Options{Log: log.Logger(), Targets: s.targets, Transport: calls})
	require.NoError(t, err)
	return &site{Server: srv, JSM: o, log: log, calls: calls}
}

// working are settings that work with a simulator, with everything switched on.
func working(address string) *Settings {
	set := defaults()
	set.Site, set.Endpoint, set.RateLimit = address, address, 0
	set.User, set.APIToken = sim.DefaultEmail, config.NewSecret(sim.DefaultAPIToken)
	set.Unverified = Unverified{Owners: OwnersAccountID, Log: true, Teams: true, Escalations: true}
	set.Responders = alerting.Responders{Schedules: []string{sim.DefaultSchedule}}
	set.Webhook.Secrets = testkit.Secrets("hook-secret")
	return set
}

var marker = testkit.Marker()

func (s *site) open(t *testing.T) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), marker, testkit.Draft())
	require.NoError(t, err)
	return ref
}

// shown is the simulator's view of the alert.
func (s *site) shown(t *testing.T) account.Alert {
	t.Helper()
	a, ok := s.Alert(alias)
	require.True(t, ok)
	return a
}

// notes are the texts of the alert's notes.
func (s *site) notes(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, n := range s.shown(t).Notes {
		out = append(out, n.Text)
	}
	return out
}

func (s *site) evidence(t *testing.T, ref bridge.Ref) []bridge.Evidence {
	t.Helper()
	list, err := s.Evidence(t.Context(), ref)
	require.NoError(t, err)
	return list
}

func (s *site) glances(t *testing.T, since time.Time) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for g, err := range s.Changed(t.Context(), since) {
		require.NoError(t, err)
		out[g.Object.ID] = g.Decided
	}
	return out
}

var made = regexp.MustCompile(`(/v1/alerts/(?:requests/)?)[0-9a-f]{8}-[0-9a-f-]{27}(-[0-9]{13})?`)

// golden compares the calls so far with a file, in which the ids that are made up are left out.
func (s *site) golden(t *testing.T, file string) {
	t.Helper()
	golden.Assert(t, made.ReplaceAllString(s.calls.Golden(t), "${1}ID"), file)
}

// account is the Atlassian account id of one of the simulator's people.
func (s *site) account(t *testing.T, name string) string {
	t.Helper()
	u, ok := s.User(name)
	require.True(t, ok, name)
	return u.AccountID
}
