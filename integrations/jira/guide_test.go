package jira

import (
	"testing"

	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

func TestTheGuideNamesEverySettingAndFunction(t *testing.T) {
	guide := testkit.Guide(t, "../../docs/integrations/jira.md", Settings{}, Statuses{}, Webhook{}, BasicAuth{}, HeaderAuth{}, Target{})
	for name := range templateFuncs() {
		require.Contains(t, guide, "`"+name)
	}
}
