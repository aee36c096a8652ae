package teleport

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gravitational/teleport/api/accessrequest"
	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/client/proto"
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

// ResourceLabels returns the resources with their labels, as far as they can be read: a resource whose labels are not known has none at all,
// not an empty set. Resources of leaf clusters stay without, because only the own cluster can be asked. The error says which kinds could not
// be read; what the others gave is returned all the same.
func (c *Client) ResourceLabels(ctx context.Context, in []bridge.Resource) ([]bridge.Resource, error) {
	cluster := c.Cluster()
	kinds := map[string][]types.ResourceID{}
	for _, r := range in {
		if r.Cluster == cluster && r.Labels == nil {
			kinds[r.Kind] = append(kinds[r.Kind], types.ResourceID{ClusterName: r.Cluster, Kind: r.Kind, Name: r.Name})
		}
	}
	out := slices.Clone(in)
	var faults []error
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		labels, err := c.labelsOf(ctx, kinds[kind])
		if err != nil {
			faults = append(faults, fmt.Errorf("read the labels of resources of kind %q: %w", kind, err))
			continue
		}
		for i, r := range out {
			if known, ok := labels[r.Name]; ok && r.Kind == kind && r.Cluster == cluster && r.Labels == nil {
				out[i].Labels = known
			}
		}
	}
	return out, errors.Join(faults...)
}

// labelsOf reads the labels of resources of one kind, by name.
func (c *Client) labelsOf(ctx context.Context, ids []types.ResourceID) (map[string]map[string]string, error) {
	var found []types.ResourceWithLabels
	// The requester sees the resources by roles that the bridge need not have.
	searching := func(r *proto.ListResourcesRequest) { r.UseSearchAsRoles, r.UsePreviewAsRoles = true, true }
	err := c.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
		found, err = accessrequest.GetResourcesByResourceIDs(ctx, api, ids, searching)
		return err
	})
	if err != nil {
		return nil, err
	}
	labels := make(map[string]map[string]string, len(found))
	for _, r := range found {
		all := r.GetAllLabels()
		if all == nil {
			all = map[string]string{}
		}
		labels[r.GetName()] = all
	}
	return labels, nil
}
