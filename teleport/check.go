package teleport

import (
	"context"
	"fmt"
	"time"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/bridge"
)

// Check asks Teleport whether the bridge's user may do what the bridge does. It changes nothing.
func (c *Client) Check(ctx context.Context) []bridge.Finding {
	left := time.Until(c.CredentialExpires()).Round(time.Minute)
	found := []bridge.Finding{{OK: true, What: fmt.Sprintf("the credential is good for %s", left)}}
	requests := func(ctx context.Context, api *client.Client) error {
		_, err := api.ListAccessRequests(ctx, &proto.ListAccessRequestsRequest{Limit: 1, Filter: &types.AccessRequestFilter{}})
		return err
	}
	data := func(ctx context.Context, api *client.Client) error {
		_, err := api.GetPluginData(ctx, types.PluginDataFilter{Kind: types.KindAccessRequest, Plugin: pluginName})
		return err
	}
	found = append(found,
		c.probe(ctx, "list Access Requests", "give the role list and read on access_request", requests),
		c.watchable(ctx),
		c.probe(ctx, "read plugin data", "give the role list, read and update on access_plugin_data", data))
	directory := NewDirectory(c, DirectoryOptions{})
	if err := directory.Load(ctx); err != nil {
		return append(found, bridge.Finding{What: fmt.Sprintf("may not read Teleport users: %v", err), Mend: "give the role list and read on user; without it people are told apart by their e-mail address only"})
	}
	return append(found, bridge.Finding{OK: true, What: "may read Teleport users"})
}

func (c *Client) probe(ctx context.Context, what, mend string, try func(context.Context, *client.Client) error) bridge.Finding {
	if err := c.call(ctx, try); err != nil {
		return bridge.Finding{What: fmt.Sprintf("may not %s: %v", what, err), Mend: mend}
	}
	return bridge.Finding{OK: true, What: "may " + what}
}

// watchable opens a watch and closes it again. Listing is open to everybody for their own requests, so only a watch proves the right to
// see all.
func (c *Client) watchable(ctx context.Context) bridge.Finding {
	return c.probe(ctx, "watch Access Requests", "give the role list and read on access_request", func(ctx context.Context, api *client.Client) error {
		watcher, err := api.NewWatcher(ctx, types.Watch{Kinds: []types.WatchKind{{Kind: types.KindAccessRequest}}})
		if err != nil {
			return err
		}
		select {
		case <-watcher.Events():
			return watcher.Close()
		case <-watcher.Done():
			return watcher.Error()
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}
