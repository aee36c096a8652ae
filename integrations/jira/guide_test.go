package jira

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheGuideNamesEverySettingAndFunction(t *testing.T) {
	raw, err := os.ReadFile("../../docs/integrations/jira.md")
	require.NoError(t, err)
	guide := string(raw)
	for _, of := range []any{Settings{}, Statuses{}, Webhook{}, BasicAuth{}, HeaderAuth{}, Target{}} {
		kind := reflect.TypeOf(of)
		for field := range kind.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			require.NotEmpty(t, key, field.Name)
			require.NotEmpty(t, field.Tag.Get("jsonschema_description"), key)
			require.Contains(t, guide, key, "%s.%s", kind.Name(), key)
		}
	}
	for name := range templateFuncs() {
		require.Contains(t, guide, "`"+name)
	}
}
