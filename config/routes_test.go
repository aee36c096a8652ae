package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

// routed is the smallest file with the given keys in its only route.
func routed(keys string) []byte {
	return []byte(strings.Replace(least, "{name: all,", "{name: all, "+keys+",", 1))
}

func TestRouteTakesEveryRuleOfADecision(t *testing.T) {
	file := routed(`continue: true, approve_when: "approvals.size() > 1", deny_when: "denials.size() > 1", max_duration: 12h,
    require_reason: [approve, deny], approvers: {groups: [{integration: itsm, group: access-approvers}], roles: [access-approver]}`)
	c, err := config.Parse("config.yaml", append(file, "timezone: Europe/Berlin\n"...), kinds(), config.Offline())
	require.NoError(t, err)
	r := c.Routes[0]
	require.True(t, r.Continue)
	require.Equal(t, []string{"approvals.size() > 1", "denials.size() > 1"}, []string{r.ApproveWhen, r.DenyWhen})
	require.Equal(t, 12*time.Hour, r.MaxDuration.Std())
	require.Equal(t, []string{"approve", "deny"}, r.RequireReason)
	require.Equal(t, config.Approvers{Groups: []config.Group{{Integration: "itsm", Group: "access-approvers"}}, Roles: []string{"access-approver"}}, r.Approvers)
	require.False(t, r.Approvers.Empty())
	require.Equal(t, "Europe/Berlin", c.Timezone)

	c, err = config.Parse("config.yaml", []byte(least), kinds(), config.Offline())
	require.NoError(t, err)
	require.Equal(t, "UTC", c.Timezone)
	require.True(t, c.Routes[0].Approvers.Empty())
}

func TestEachMistakeInARoute(t *testing.T) {
	for name, c := range map[string]struct{ keys, want string }{
		"on behalf":            {"decide: on_behalf", "routes[0].decide: on_behalf needs Teleport 18.11 or later, and the Teleport API this version is built with does not offer it (use review"},
		"unknown way":          {"decide: vote", `routes[0].decide: `},
		"unknown verdict":      {"require_reason: [deny, maybe]", `routes[0].require_reason[1]: `},
		"access for ever":      {"max_duration: 400h", "routes[0].max_duration: 400h is too long"},
		"negative access":      {"max_duration: -1h", "routes[0].max_duration: "},
		"group of nobody":      {"approvers: {groups: [{integration: itsn, group: a}]}", `routes[0].approvers.groups[0].integration: there is no integration "itsn" (did you mean itsm?)`},
		"group without name":   {"approvers: {groups: [{integration: itsm}]}", "routes[0].approvers.groups[0].group: is required"},
		"group without place":  {"approvers: {groups: [{group: a}]}", "routes[0].approvers.groups[0].integration: is required"},
		"pattern of roles":     {`approvers: {roles: ["*"]}`, `routes[0].approvers.roles[0]: "*" is not the name of a role`},
		"approvers are nobody": {"approvers: {emails: []}", "routes[0].approvers: names nobody (name somebody, or remove it"},
		"approvers are empty":  {"approvers: {}", "routes[0].approvers: names nobody"},
		"approvers are absent": {"approvers:", "routes[0].approvers: names nobody"},
		"notify and groups":    {"notify_only: true, approvers: {roles: [a]}", "routes[0].approvers: decide nothing in a route with notify_only"},
		"notify and approve":   {"notify_only: true, approve_when: 'true'", "routes[0].approve_when: has no effect in a route with notify_only"},
		"notify and deny":      {"notify_only: true, deny_when: 'true'", "routes[0].deny_when: has no effect in a route with notify_only"},
		"notify and reasons":   {"notify_only: true, require_reason: [deny]", "routes[0].require_reason: has no effect in a route with notify_only"},
		"notify and limit":     {"notify_only: true, max_duration: 1h", "routes[0].max_duration: has no effect in a route with notify_only"},
		"continue is no group": {"continue: [a]", "routes[0].continue: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yaml", routed(c.keys), kinds(), config.Offline())
			require.ErrorContains(t, err, "config.yaml:7:")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTimezoneHasToExist(t *testing.T) {
	for _, zone := range []string{"Europe/Atlantis", "Local", `""`, "+02:00"} {
		_, err := config.Parse("config.yaml", []byte(least+"timezone: "+zone+"\n"), kinds(), config.Offline())
		require.ErrorContains(t, err, "config.yaml:8:", zone)
		require.ErrorContains(t, err, "timezone: ", zone)
	}
}

// What could not be read is not also said to be nobody.
func TestApproversThatCannotBeReadAreOneFault(t *testing.T) {
	for _, approvers := range []string{"{emails: anna@example.com}", "{email: [anna@example.com]}"} {
		_, err := config.Parse("config.yaml", routed("approvers: "+approvers), kinds(), config.Offline())
		var faults config.Error
		require.ErrorAs(t, err, &faults)
		require.Len(t, faults, 1, "%v", err)
	}
}

func TestRouteBehindOneThatSelectsEverythingIsWarnedOf(t *testing.T) {
	for first, warned := range map[string]bool{
		"{name: first, targets: [{integration: itsm}]}":                       true,
		"{name: first, when: true, targets: [{integration: itsm}]}":           true,
		"{name: first, when: cluster == 'a', targets: [{integration: itsm}]}": false,
		"{name: first, continue: true, targets: [{integration: itsm}]}":       false,
		"{name: first, notify_only: true, targets: [{integration: itsm}]}":    true,
	} {
		file := strings.Replace(least, "  - {name: all,", "  - "+first+"\n  - {name: all,", 1)
		c, err := config.Parse("config.yaml", []byte(file), kinds(), config.Offline())
		require.NoError(t, err)
		require.Len(t, c.Warnings, map[bool]int{true: 1}[warned], first)
		if warned {
			require.Contains(t, c.Warnings[0].String(), `config.yaml:8:5: routes[1]: is never tried, because the route "first" before it selects every request`)
		}
	}
}
