package jira

import (
	"testing"
	"unicode/utf16"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/internal/logtest"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
	"github.com/stretchr/testify/require"
)

const reqID = testkit.RequestID

// site is a simulated Jira and the integration that works with it.
type site struct {
	*sim.Server
	*Jira
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
	set.URL, set.Project, set.RateLimit = srv.URL(), "ACC", 0
	set.Webhook.Secrets = testkit.Secrets("hook-secret")
	if s.sim.Flavour == sim.DataCenter {
		set.Flavour, set.Token = DataCenter, config.NewSecret(sim.BotToken)
	} else {
		set.User, set.APIToken = sim.BotEmail, config.NewSecret(sim.BotToken)
	}
	if s.settings != nil {
		s.settings(set)
	}
	testkit.Valid(t, set)

	calls, log := testkit.Network(t, s.transport), &logtest.Log{}
	j, err := New("itsm", set, Options{Log: log.Logger(), Targets: s.targets, Transport: calls})
	require.NoError(t, err)
	return &site{Server: srv, Jira: j, log: log, calls: calls}
}

// eachFlavour runs a test with both products.
func eachFlavour(t *testing.T, test func(t *testing.T, flavour sim.Flavour)) {
	for _, f := range []sim.Flavour{sim.Cloud, sim.DataCenter} {
		t.Run(f.String(), func(t *testing.T) { test(t, f) })
	}
}

// who is how a flavour names a user in its changelog.
func who(f sim.Flavour, name string) string {
	if f == sim.DataCenter {
		return name
	}
	return "712020:" + name
}

// draft is a request with texts that are markup in Jira.
func draft() bridge.Draft {
	d := testkit.Draft()
	d.Request.User = "alice@example.com"
	d.Request.Roles = []string{"prod-db", "prod_*"}
	d.Request.Reason = "Fix *the* outage [~bob] !http://x/y.png!"
	d.Request.SuggestedReviewers = []string{"nobody@example.com", "bob@example.com"}
	d.Request.Annotations = map[string][]string{"team": {"payments"}}
	return d
}

func (s *site) open(t *testing.T) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.NoError(t, err)
	return ref
}

// issueOf returns the simulator's view of an issue.
func (s *site) issueOf(t *testing.T, ref bridge.Ref) sim.Issue {
	t.Helper()
	i, ok := s.Issue(ref.ID)
	require.True(t, ok)
	return i
}

func (s *site) evidence(t *testing.T, ref bridge.Ref) bridge.Evidence {
	t.Helper()
	list := testkit.Evidence(t, s, ref)
	require.Len(t, list, 1)
	return list[0]
}

func utf16Len(s string) int { return len(utf16.Encode([]rune(s))) }
