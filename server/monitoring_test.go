package server

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
	"github.com/accessbridge/accessbridge/teleport"
)

// cached is a cache of rules that a test fills.
type cached struct {
	rules []teleport.MonitoringRule
	state teleport.RulesState
}

func (c *cached) All() []teleport.MonitoringRule { return c.rules }
func (c *cached) State() teleport.RulesState     { return c.state }

// watching returns rules for the integrations itsm and pager, and what is logged.
func watching(rules ...teleport.MonitoringRule) (*cached, *monitoring, *logtest.Log) {
	log, out := logtest.New()
	c := &cached{rules: rules, state: teleport.RulesState{Settled: true, Available: true}}
	return c, newMonitoring(&config.Config{Integrations: []config.Integration{{Name: "itsm"}, {Name: "pager"}}}, c, log), out
}

func noting(name, revision, integration, condition string) teleport.MonitoringRule {
	return teleport.MonitoringRule{Name: name, Revision: revision, Integration: integration, Condition: condition, Recipients: []string{"OPS"}}
}

const warned = "access monitoring rule cannot be evaluated"

func TestW24_FaultyRulesAreLoggedOnceForEachRevision(t *testing.T) {
	t.Parallel()
	c, m, out := watching(noting("bad", "1", "itsm", "nonsense()"), noting("good", "1", "itsm", "true"), noting("not ours", "1", "slack", "nonsense()"))
	m.refresh()
	m.refresh()
	require.Equal(t, 1, out.Count(warned))
	require.Len(t, m.faults(), 1)
	require.Equal(t, []string{"slack"}, m.status().Strangers)
	require.Equal(t, 2, m.status().Rules)
	selections, faults, known := m.Select(predicate.Facts{})
	require.True(t, known)
	require.Empty(t, faults)
	require.Equal(t, []recipients.Selection{{Integration: "itsm", Recipients: []string{"OPS"}, Rules: []string{"good"}}}, selections)

	c.rules[0] = noting("bad", "2", "itsm", "still nonsense()")
	m.refresh()
	require.Equal(t, 2, out.Count(warned))
	c.rules[0] = noting("bad", "3", "itsm", "true")
	m.refresh()
	require.Empty(t, m.faults())
	require.Nil(t, (*monitoring)(nil).status(), "without the source there is nothing to tell")
}

func TestW24_ARuleThatLacksAFactIsTellingForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m, out := watching(noting("traits", "1", "itsm", `user.traits["team"].contains("core")`))
		m.refresh()
		require.True(t, m.Uses(predicate.VarTraits))
		require.False(t, m.Uses(predicate.VarLabelsUnion))
		for range 3 {
			selections, faults, known := m.Select(predicate.Facts{})
			require.Empty(t, selections)
			require.Len(t, faults, 1)
			require.True(t, known)
		}
		require.Equal(t, 1, out.Count(warned))
		require.Len(t, m.faults(), 1)
		require.Equal(t, time.Now().UTC(), m.faults()[0].At)
		<-time.After(faultLife)
		require.Empty(t, m.faults())
		_, _, _ = m.Select(predicate.Facts{})
		require.Len(t, m.faults(), 1)
		c.rules[0].Revision = "2"
		m.refresh()
		require.Empty(t, m.faults(), "another rule now")
	})
}

func TestW24_UnsettledRulesSelectNothingAndSayThatTheyAreUnknown(t *testing.T) {
	t.Parallel()
	c, m, _ := watching(noting("good", "1", "itsm", "true"))
	_, _, known := m.Select(predicate.Facts{})
	require.False(t, known, "before the first list")
	m.refresh()
	_, _, known = m.Select(predicate.Facts{})
	require.True(t, known)
	c.state.Settled = false
	m.refresh()
	selections, _, known := m.Select(predicate.Facts{})
	require.False(t, known, "after a reconnect")
	require.Empty(t, selections)
}

func TestSourcesAreTakenOver(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{
		Routing:      []string{"role_to_recipients", "access_monitoring_rules", "routes"},
		Integrations: []config.Integration{{Name: "itsm"}, {Name: "pager", RoleToRecipients: map[string][]string{"*": {"Production"}}}},
	}
	require.Equal(t, policy.Sources{
		Order: []policy.Source{policy.SourceRoles, policy.SourceRules, policy.SourceRoutes},
		Roles: []policy.Roles{{Integration: "pager", Recipients: recipients.RoleMap{"*": {"Production"}}}},
	}, sources(cfg))
	cfg.Timezone = "UTC"
	compiled, err := compilePolicy(cfg)
	require.NoError(t, err)
	target, ok, err := compiled.Target(bridge.Request{Roles: []string{"any"}}, "pager")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"Production"}, target.Recipients)
	_, ok, _ = compiled.Target(bridge.Request{Roles: []string{"any"}}, "itsm")
	require.False(t, ok)
}

func TestLabelsThatNothingAsksForCountAsNeededByNobody(t *testing.T) {
	t.Parallel()
	using := func(when string) *config.Config {
		return &config.Config{Routes: []config.Route{{Name: "a", When: when}}}
	}
	require.True(t, NeedsLabels(using(`request.resources.exists(r, r.labels["env"] == "prod")`)))
	require.False(t, NeedsLabels(using(`request.user == "alice"`)))
	require.False(t, NeedsLabels(&config.Config{}))
}
