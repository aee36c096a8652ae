package config_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/jira"
)

func TestSchemaDescribesEveryKey(t *testing.T) {
	text, err := config.Schema(shippedKinds())
	require.NoError(t, err)
	var schema map[string]any
	require.NoError(t, json.Unmarshal(text, &schema))
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", schema["$schema"])
	require.NotContains(t, string(text), "$ref")
	requireDescriptions(t, "", schema)
	require.GreaterOrEqual(t, strings.Count(string(text), "recipients of Teleport's own routing"), 2, "an account's project and a route's say what goes before what")
}

func requireDescriptions(t *testing.T, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		properties, _ := v["properties"].(map[string]any)
		for key, value := range properties {
			entry, ok := value.(map[string]any)
			require.True(t, ok)
			if entry["const"] == nil && !strings.HasSuffix(path, "/then") {
				require.NotEmpty(t, entry["description"], path+"/"+key)
			}
		}
		for key, value := range v {
			requireDescriptions(t, path+"/"+key, value)
		}
	case []any:
		for _, value := range v {
			requireDescriptions(t, path, value)
		}
	}
}

// TestShippedFile holds config.yaml to what it promises: it is right as it is.
func TestShippedFile(t *testing.T) {
	c, err := config.Parse("config.yaml", shippedFile(t), shippedKinds(), config.Offline())
	require.NoError(t, err)
	require.Empty(t, c.Warnings)
	require.Len(t, c.Integrations, 1)
	require.Equal(t, "itsm", c.Integrations[0].Name)
	require.Len(t, c.Routes, 2)
	require.NoError(t, compiled(t, shippedKinds())(string(shippedFile(t))))
}

// TestShippedFileWithEveryOption uncomments all options at once: each is a known key with a value of the right form, and the only
// faults are the alternatives that exclude one another.
func TestShippedFileWithEveryOption(t *testing.T) {
	file := regexp.MustCompile(`(?m)^( *)#(\S)`).ReplaceAll(shippedFile(t), []byte("$1$2"))
	_, err := config.Parse("config.yaml", file, shippedKinds(), config.Offline())
	var mistakes config.Error
	require.ErrorAs(t, err, &mistakes)
	paths := make([]string, len(mistakes))
	for i, m := range mistakes {
		paths[i] = m.Path + ": " + m.Message
	}
	golden.Assert(t, strings.Join(paths, "\n")+"\n", "shipped-all.golden")
	require.NoError(t, compiled(t, shippedKinds())(string(file)))

	schema, err := config.Schema(shippedKinds())
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(schema, &tree))
	for key := range keysOf(tree) {
		require.Regexp(t, `(?m)[ {]`+key+`:|^`+key+`:`, string(file), "every option is in the shipped file")
	}
}

func shippedFile(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../config.yaml")
	require.NoError(t, err)
	return data
}

func shippedKinds() map[string]config.Kind { return map[string]config.Kind{"jira": jira.Kind()} }

// keysOf returns every property name of a schema.
func keysOf(v any) map[string]bool {
	keys := map[string]bool{}
	switch v := v.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			for key := range properties {
				keys[key] = true
			}
		}
		for _, value := range v {
			maps.Copy(keys, keysOf(value))
		}
	case []any:
		for _, value := range v {
			maps.Copy(keys, keysOf(value))
		}
	}
	return keys
}
