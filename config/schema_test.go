package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

// compiled returns the schema as a check that takes the text of a file.
func compiled(t *testing.T, kinds map[string]config.Kind) func(file string) error {
	t.Helper()
	text, err := config.Schema(kinds)
	require.NoError(t, err)
	var schema openapi3.Schema
	require.NoError(t, json.Unmarshal(text, &schema))
	return func(file string) error {
		asJSON, err := yaml.YAMLToJSON([]byte(file))
		require.NoError(t, err)
		var value any
		require.NoError(t, json.Unmarshal(asJSON, &value))
		return schema.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors())
	}
}

func TestSchemaAcceptsWhatTheLoaderAccepts(t *testing.T) {
	check := compiled(t, kinds())
	require.NoError(t, check(least))
	require.NoError(t, check(full))
}

func TestSchemaRefusesMistakes(t *testing.T) {
	check := compiled(t, kinds())
	for name, change := range map[string][2]string{
		"unknown key at the top":        {"teleport:", "telport: {}\nteleport:"},
		"required key":                  {"addr:", "cert_file:"},
		"unknown type":                  {"type: tracker", "type: beper"},
		"unknown key of a type":         {"token: t0ken", "tokn: t0ken"},
		"required key of a type":        {`url: "https://tracker.example.com",`, ""},
		"duration":                      {"identity_file: identity", "resync: 5 minutes"},
		"unknown key of a target":       {"integration: itsm", "integration: itsm, colour: red"},
		"a route without targets":       {"targets: [{integration: itsm}]", "targets: []"},
		"name":                          {"name: itsm", "name: ITSM"},
		"a type's key for another type": {"type: tracker", "type: beeper"},
		"text where a number belongs":   {"server: {", "server: {rate_limit: {burst: many}, "},
		"a list where a secret belongs": {"token: t0ken", "token: [t0ken]"},
		"a value that is not in a list": {"name: all,", "name: all, decide: overide,"},
		"on_call without integration":   {"name: all,", "name: all, on_call: [{services: [a]}],"},
		"unknown key of on_call":        {"name: all,", "name: all, on_call: [{integration: itsm, schedule: [a]}],"},
		"negative level":                {"name: all,", "name: all, on_call: [{integration: itsm, teams: [a], levels: -1}],"},
		"quiet is a duration":           {"name: all,", "name: all, quiet: soon,"},
		"empty secret":                  {"token: t0ken", `token: ""`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, least, change[0])
			require.Error(t, check(strings.Replace(least, change[0], change[1], 1)))
		})
	}
}
