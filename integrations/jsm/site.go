package jsm

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// siteFor is how long a site's id is good. It does not change; a site that takes over the address of another has another one.
const siteFor = 24 * time.Hour

// cloud is the id of the site: the configured one, or what the site tells everybody, for which no credentials are sent
// (support.atlassian.com/jira/kb/retrieve-my-atlassian-sites-cloud-id). Without it no call of operations is made.
func (c *client) cloud(ctx context.Context) (string, error) {
	if c.cloudID != "" {
		return c.cloudID, nil
	}
	id, err := c.sites.Get(ctx, "", siteFor, c.askCloud)
	if err != nil {
		return "", incident.WithoutEffect(err)
	}
	return id, nil
}

func (c *client) askCloud(ctx context.Context) (string, error) {
	var info struct {
		CloudID string `json:"cloudId"`
	}
	err := c.call(ctx, c.site, false, request{method: http.MethodGet, path: []string{"_edge", "tenant_info"}}, &info)
	switch class, _ := bridge.ClassOf(err); {
	case err != nil && class == bridge.ClassTerminal:
		// The status must not be taken for one of an alert that is not there.
		return "", bridge.Terminal(fmt.Errorf("the id of the site cannot be found, check site or set cloud_id: %v", err)) //nolint:errorlint // see above
	case err != nil:
		return "", err
	case !cloudID.MatchString(info.CloudID):
		return "", bridge.Terminal(fmt.Errorf("jsm: %s tells no id, check site or set cloud_id: %w", c.site, errOther))
	}
	return info.CloudID, nil
}

// myself is the bridge's own account.
func (c *client) myself(ctx context.Context) (wireUser, error) {
	return c.selves.Get(ctx, "", siteFor, func(ctx context.Context) (wireUser, error) {
		var me wireUser
		err := c.jiraGet(ctx, "myself", nil, &me)
		if err == nil && me.AccountID == "" {
			err = errOther
		}
		if err == nil {
			c.self.Store(&me.AccountID)
		}
		return me, err
	})
}

// Own reports whether a note or log entry is the bridge's own. Notes and Logs see to it that the bridge's account is known.
func (c *client) Own(owner string) bool {
	self := c.self.Load()
	return bridge.SameName(owner, c.user) || self != nil && bridge.SameName(owner, *self)
}
