package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

// placing is the smallest file with a map of roles at its integration and keys at its end; without routes when they are taken out.
func placing(roles, keys string, routes bool) []byte {
	file := strings.Replace(least, "type: tracker", strings.TrimRight("type: tracker, "+roles, ", "), 1)
	if !routes {
		file = file[:strings.Index(file, "routes:")]
	}
	return []byte(file + keys)
}

func TestSourcesHaveADefault(t *testing.T) {
	teleportFirst := []string{config.RoutingRules, config.RoutingRoles, config.RoutingRoutes}
	for name, c := range map[string]struct {
		roles, keys string
		routes      bool
		want        []string
	}{
		"with routes":    {"", "", true, []string{config.RoutingRoutes}},
		"without routes": {"", "", false, teleportFirst},
		"as the file says": {
			`role_to_recipients: {"*": [ACC], dba: [DB, OPS]}`, "routing: [routes, role_to_recipients]\n", true,
			[]string{config.RoutingRoutes, config.RoutingRoles},
		},
		"a map without routes needs no more": {`role_to_recipients: {"*": [ACC], dba: [DB, OPS]}`, "", false, teleportFirst},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := config.Parse("config.yaml", placing(c.roles, c.keys, c.routes), kinds(), config.Offline())
			require.NoError(t, err)
			require.Equal(t, c.want, parsed.Routing)
			require.Equal(t, c.want, parsed.Sources())
			require.True(t, parsed.Heeds(config.RoutingRoutes))
			if c.roles != "" {
				require.Equal(t, map[string][]string{"*": {"ACC"}, "dba": {"DB", "OPS"}}, parsed.Integrations[0].RoleToRecipients)
			}
		})
	}
	require.Equal(t, teleportFirst, (&config.Config{}).Sources())
}

func TestEachMistakeInRouting(t *testing.T) {
	for name, c := range map[string]struct{ roles, keys, want string }{
		"unknown source":     {"", "routing: [rules, routes]", `routing[0]: "rules" is not a value it can have`},
		"misspelt source":    {"", "routing: [access_monitoring_rule]", `(did you mean access_monitoring_rules?)`},
		"twice":              {"", "routing: [routes, routes]", `routing[1]: "routes" is named twice`},
		"nothing":            {"", "routing: []", "routing: names nothing, so no request would go anywhere"},
		"no map":             {"", "routing: [role_to_recipients, routes]", "routing[0]: no integration has role_to_recipients"},
		"map without effect": {`role_to_recipients: {"*": [ACC]}`, "", "integrations[0].role_to_recipients: has no effect, because routing does not name it (add role_to_recipients to routing"},
		"empty recipient":    {`role_to_recipients: {"*": [""]}`, "routing: [role_to_recipients]", `integrations[0].role_to_recipients["*"][0]: is required`},
		"empty role":         {`role_to_recipients: {"": [ACC]}`, "routing: [role_to_recipients]", "is not the name of a role"},
		"not a list":         {`role_to_recipients: {dba: ACC}`, "routing: [role_to_recipients]", "integrations[0].role_to_recipients.dba: must be a list, not text (put it in brackets: [ ])"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yaml", placing(c.roles, c.keys+"\n", true), kinds(), config.Offline())
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n", "one mistake, one report")
		})
	}
}
