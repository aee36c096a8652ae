package server

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
)

func TestOnCallRulesAreTakenOverWhole(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Routes: []config.Route{{
		Name: "all", Decide: config.DecideReview, Targets: []config.Target{{Integration: "itsm"}}, Quiet: config.Duration(10 * time.Second),
		OnCall: []config.OnCall{
			{
				Integration: "pager", Services: []string{"Production"}, EscalationPolicies: []string{"Default"}, Schedules: []string{"primary"},
				Teams: []string{"core"}, Levels: 2,
			},
			{Integration: "other", ServicesFrom: "services", SchedulesFrom: "schedules", TeamsFrom: "teams"},
		},
	}}}
	want := []policy.Route{{
		Name: "all", Mode: bridge.ModeReview, Targets: []bridge.Target{{Integration: "itsm"}}, Quiet: 10 * time.Second,
		OnCall: []policy.OnCall{
			{Integration: "pager", Query: bridge.OnCallQuery{
				Services: []string{"Production"}, Policies: []string{"Default"}, Schedules: []string{"primary"}, Teams: []string{"core"}, Levels: 2,
			}},
			{Integration: "other", ServicesFrom: "services", SchedulesFrom: "schedules", TeamsFrom: "teams"},
		},
	}}
	require.Empty(t, cmp.Diff(want, routes(cfg)))
}

// A rule about a tracker would never approve anything, which nobody would notice.
func TestOnCallRuleAboutAnIntegrationWithoutSchedulesIsAMistake(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	_, err := LoadConfig(write(t, dir, `routes:
  - name: everything
    targets: [{integration: itsm}]
    on_call:
      - integration: itsm
        services: [Production]
      - integration: nobody
        services: [Production]
`))
	var problems config.Error
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 2, "%v", err)
	require.Equal(t, "routes[0].on_call[0].integration", problems[0].Path)
	require.Equal(t, `"itsm" does not know who is on call`, problems[0].Message)
	require.Equal(t, "name an integration with schedules", problems[0].Mend)
	require.Equal(t, 19, problems[0].Line)
	require.Equal(t, "routes[0].on_call[1].integration", problems[1].Path)
	require.Contains(t, problems[1].Message, "there is no integration", "reported once, as what it is")
}
