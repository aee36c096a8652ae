package server

import (
	"testing"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/stretchr/testify/require"
)

func TestGroupsOfIntegrationsWithoutGroupsAreRefused(t *testing.T) {
	t.Parallel()
	kinds := map[string]integrations.Kind{"club": {Groups: true}, "horn": {}}
	cfg := &config.Config{
		Integrations: []config.Integration{{Name: "club", Type: "club"}, {Name: "horn", Type: "horn"}},
		Routes: []config.Route{{}, {Approvers: config.Approvers{Groups: []config.Group{
			{Integration: "club", Group: "leads"}, {Integration: "horn", Group: "leads"}, {Integration: "nowhere", Group: "leads"},
		}}}},
	}
	problems := config.NewProblems("config.yaml")
	checkApprovers(kinds)(cfg, problems)
	var found config.Error
	require.ErrorAs(t, problems.Err(), &found)
	require.Len(t, found, 1, "who is nowhere is reported elsewhere")
	require.Equal(t, "routes[1].approvers.groups[1].integration", found[0].Path)
	require.Contains(t, found[0].Message, `"horn" does not know who is in a group`)
	require.NotEmpty(t, found[0].Mend)
}
