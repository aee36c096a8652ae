package teleport

import (
	"testing"

	"github.com/gravitational/teleport/api/accessrequest"
	"github.com/gravitational/teleport/api/client/proto"
	userspb "github.com/gravitational/teleport/api/gen/proto/go/teleport/users/v1"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"
)

func TestPluginData_Filters(t *testing.T) {
	w := newWorld(t)
	first, second := w.requested(1), w.requested(1)
	w.requested(1) // has no data
	require.NoError(t, w.SetPluginData(first, "jira", map[string]string{"k": "1"}))
	require.NoError(t, w.SetPluginData(first, "slack", map[string]string{"k": "1"}))
	require.NoError(t, w.SetPluginData(second, "slack", map[string]string{"k": "1"}))
	for _, c := range []struct {
		filter types.PluginDataFilter
		want   []string
	}{
		{types.PluginDataFilter{}, []string{first, second}},
		{types.PluginDataFilter{Plugin: "jira"}, []string{first}},
		{types.PluginDataFilter{Resource: second}, []string{second}},
		{types.PluginDataFilter{Resource: second, Plugin: "jira"}, nil},
	} {
		c.filter.Kind = types.KindAccessRequest
		found, err := w.as("plugin").GetPluginData(t.Context(), c.filter)
		require.NoError(t, err)
		var got []string
		for _, data := range found {
			got = append(got, data.GetName())
		}
		require.Equal(t, c.want, got, "%+v", c.filter)
	}
	_, err := w.as(alice).GetPluginData(t.Context(), types.PluginDataFilter{Kind: types.KindAccessRequest})
	require.Contains(t, outcome(err), `AccessDenied access denied to perform action "list" on "access_plugin_data"`)
	_, err = w.as("plugin").GetPluginData(t.Context(), types.PluginDataFilter{Kind: "node"})
	require.Contains(t, outcome(err), "BadParameter")
}

func TestUsers_ReadByPermission(t *testing.T) {
	w := newWorld(t)
	found, err := w.as("plugin").GetUser(t.Context(), alice, false)
	require.NoError(t, err)
	require.Equal(t, []string{alice}, found.GetTraits()["email"])
	_, err = w.as("plugin").GetUser(t.Context(), "nobody", false)
	require.True(t, trace.IsNotFound(err), "%v", err)
	_, err = w.as(alice).GetUser(t.Context(), bob, false)
	require.True(t, trace.IsAccessDenied(err), "%v", err)
	_, err = w.as(alice).GetUser(t.Context(), alice, false)
	require.NoError(t, err)

	all, err := w.as("plugin").GetUsers(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, all, len(people()))
	page, err := w.as("plugin").ListUsers(t.Context(), &userspb.ListUsersRequest{PageSize: 2})
	require.NoError(t, err)
	require.Len(t, page.Users, 2)
	require.NotEmpty(t, page.NextPageToken)

	w.SetPermissions("plugin")
	_, err = w.as("plugin").GetUsers(t.Context(), false)
	require.True(t, trace.IsAccessDenied(err), "%v", err)
}

func TestNodes_FriendlyNames(t *testing.T) {
	w := newWorld(t)
	w.AddNode("uuid-1", "db-1.example.com")
	w.AddNode("uuid-2", "db-2.example.com", map[string]string{"env": "prod"}, map[string]string{"tier": "db"})
	ids := []types.ResourceID{{ClusterName: "peer", Kind: types.KindNode, Name: "uuid-2"}}
	names := func() map[string]types.ResourceDetails {
		details, err := accessrequest.GetResourceDetails(t.Context(), "peer", w.as("plugin"), ids)
		require.NoError(t, err)
		return details
	}
	require.Empty(t, names(), "not without permission")
	bridge := PluginUser("plugin")
	bridge.PreviewResources = true
	w.AddUser(bridge)
	require.Equal(t, map[string]types.ResourceDetails{"/peer/node/uuid-2": {FriendlyName: "db-2.example.com"}}, names())

	nodes, err := w.as("admin").GetResources(t.Context(), &proto.ListResourcesRequest{ResourceType: types.KindNode, Limit: 1})
	require.NoError(t, err)
	require.Len(t, nodes.Resources, 1)
	require.Equal(t, "uuid-2", nodes.NextKey)
	require.Empty(t, nodes.Resources[0].GetNode().GetAllLabels())
	nodes, err = w.as("admin").GetResources(t.Context(), &proto.ListResourcesRequest{ResourceType: types.KindNode, Limit: 1, StartKey: nodes.NextKey})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"env": "prod", "tier": "db"}, nodes.Resources[0].GetNode().GetAllLabels())
	_, err = w.as("admin").GetResources(t.Context(), &proto.ListResourcesRequest{
		ResourceType: types.KindNode, Limit: 1, PredicateExpression: `labels["env"] == "prod"`,
	})
	require.True(t, trace.IsBadParameter(err), "%v", err)
}

func TestRoles_AreStoredAndEnterpriseTakesAll(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.AdvancedWorkflows = true })
	role, err := types.NewRole("reviewer", types.RoleSpecV6{Allow: types.RoleConditions{
		ReviewRequests: &types.AccessReviewConditions{Roles: []string{"dev"}},
	}})
	require.NoError(t, err)
	_, err = w.as("admin").CreateRole(t.Context(), role)
	require.NoError(t, err)
	_, err = w.as("admin").CreateRole(t.Context(), role)
	require.True(t, trace.IsAlreadyExists(err), "%v", err)
	stored, err := w.as("admin").GetRole(t.Context(), "reviewer")
	require.NoError(t, err)
	require.Equal(t, []string{"dev"}, stored.GetAccessReviewConditions(types.Allow).Roles)
	_, err = w.as("admin").GetRole(t.Context(), "none")
	require.True(t, trace.IsNotFound(err), "%v", err)
	_, err = w.as(alice).UpsertRole(t.Context(), role)
	require.True(t, trace.IsAccessDenied(err), "%v", err)
}

func TestRolePatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, role string
		want          bool
	}{
		{"*", "team/dev", true},
		{"*", "", true},
		{"dev", "dev", true},
		{"dev", "develop", false},
		{"dev-*", "dev-eu", true},
		{"dev-*", "prod-dev-eu", false},
		{"*-eu", "dev-eu", true},
		{"*-eu", "dev-us", false},
		{"*dev*eu", "a-dev-b-dev-eu", true},
		{"*dev*eu", "a-eu-dev", false},
		{"", "dev", false},
	} {
		require.Equal(t, c.want, matchesAny([]string{"none", c.pattern}, c.role), "%+v", c)
	}
}
