package teleport

import (
	"context"
	"fmt"
	"slices"

	"github.com/gravitational/teleport/api/accessrequest"
	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/bridge"
)

// ResourceTitles returns the resources with the names people know them by, such as the host name of a node, as far as they can be
// read. Resources of leaf clusters keep their plain names, because only the own cluster can be asked. On an error the input comes
// back unchanged: a missing title must never hold anything up.
func (c *Client) ResourceTitles(ctx context.Context, in []bridge.Resource) ([]bridge.Resource, error) {
	cluster := c.Cluster()
	var ids []types.ResourceID
	for _, r := range in {
		if r.Cluster == cluster {
			ids = append(ids, types.ResourceID{ClusterName: r.Cluster, Kind: r.Kind, Name: r.Name})
		}
	}
	if len(ids) == 0 {
		return in, nil
	}
	var details map[string]types.ResourceDetails
	err := c.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
		details, err = accessrequest.GetResourceDetails(ctx, cluster, api, ids)
		return err
	})
	if err != nil {
		return in, fmt.Errorf("read the names of resources: %w", err)
	}
	out := slices.Clone(in)
	for i, r := range out {
		id := types.ResourceIDToString(types.ResourceID{ClusterName: r.Cluster, Kind: r.Kind, Name: r.Name})
		if d, ok := details[id]; ok && d.FriendlyName != r.Name {
			out[i].Title = d.FriendlyName
		}
	}
	return out, nil
}
