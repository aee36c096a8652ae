package jsm

import (
	"context"
	"net/http"
	"net/url"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Check finds the site, reads the bridge's own account, alerts and schedules, and asks for an alert to be closed that does not exist.
func (c *client) Check(ctx context.Context, f *incident.Findings) bool {
	id, err := c.cloud(ctx)
	if err != nil {
		f.Bad("check site, or set cloud_id", "site: %v", err)
		return false
	}
	f.Good("site: %s has the id %s", c.site, id)
	me, err := c.myself(ctx)
	if err != nil {
		f.Bad("check user, api_token and site; the token must be one without scopes, or jira_endpoint be set", "token: %v", err)
		return false
	}
	f.Good("token: accepted by %s for %s", c.jira, c.user)
	c.checkPeople(ctx, me, f)
	return c.checkOps(ctx, me, f)
}

// checkPeople looks whether people can be found. The bridge's own address is always shown to itself.
func (c *client) checkPeople(ctx context.Context, me wireUser, f *incident.Findings) {
	if me.Email != "" && !bridge.SameName(me.Email, c.user) {
		f.Bad("use the account's own address", "user: the token belongs to %s, not to %s", me.Email, c.user)
	}
	if _, err := c.byAccount(ctx, me.AccountID); err != nil {
		f.Bad("give the account the global permission Browse users and groups", "people: they cannot be read, so that nobody can decide: %v", err)
		return
	}
	f.Good("people: can be read by their account ids")
}

func (c *client) checkOps(ctx context.Context, me wireUser, f *incident.Findings) bool {
	ours, err := c.recent(ctx)
	if err != nil {
		f.Bad("give the account access to operations as a user of the teams, and check endpoint", "operations: alerts cannot be read: %v", err)
		return false
	}
	f.Good("operations: alerts can be read")
	_, err = c.Close(ctx, alerting.Handle{ID: "accessbridge-check"}, "")
	if is(err, http.StatusUnauthorized) || is(err, http.StatusForbidden) {
		f.Bad("give the account the right to respond to alerts", "operations: alerts cannot be changed: %v", err)
	} else {
		f.Good("operations: alerts can be changed")
	}
	seen := 0
	for _, err := range c.Schedules(ctx) {
		if err != nil {
			f.Bad("give the account access to operations", "operations: schedules cannot be read: %v", err)
			return false
		}
		seen++
	}
	if seen == 0 {
		f.Bad("make the account a member of the teams: who has no access to operations is shown empty lists", "operations: there is no schedule")
	} else {
		f.Good("operations: %d schedules can be read", seen)
	}
	c.checkOwners(ctx, ours, me, f)
	return true
}

// recent are some alerts of the bridge, the newest first.
func (c *client) recent(ctx context.Context) ([]alerting.Alert, error) {
	var got page[wireAlert]
	query := url.Values{"query": {`tag: "accessbridge"`}, "size": {"5"}, "sort": {"createdAt"}, "order": {"desc"}}
	if err := c.ops(ctx, request{method: http.MethodGet, path: []string{"alerts"}, query: query}, &got); err != nil {
		return nil, err
	}
	if got.Values == nil {
		return nil, errOther
	}
	var out []alerting.Alert
	for _, a := range *got.Values {
		out = append(out, a.alert())
	}
	return out, nil
}

// checkOwners finds out what notes call people, from notes that the bridge itself has written.
func (c *client) checkOwners(ctx context.Context, ours []alerting.Alert, me wireUser, f *incident.Findings) {
	const setting = "unverified.owners"
	found := ""
	for _, a := range ours {
		notes, err := timeline[wireNote](ctx, c, alerting.Handle{ID: a.ID}, "notes")
		if err != nil {
			f.Bad("give the account access to operations", "%s: notes cannot be read: %v", setting, err)
			return
		}
		for _, n := range notes {
			switch {
			case n.Owner == me.AccountID:
				found = OwnersAccountID
			case bridge.SameName(n.Owner, c.user):
				found = OwnersEmail
			case me.Name != "" && n.Owner == me.Name && found == "":
				found = "display name"
			}
		}
	}
	switch {
	case found == "":
		f.Good("%s: %s; what notes call people is not known before the bridge has written one", setting, c.unverified.Owners)
	case found == c.unverified.Owners:
		f.Good("%s: %s, as the bridge's own notes have it", setting, found)
	case found == "display name":
		f.Bad("let people decide in Teleport", "%s: notes call people by names that they choose themselves, which proves nothing", setting)
	case c.unverified.Owners == OwnersNone:
		f.Good("%s: none, so that nobody decides at an alert; notes call people by %s", setting, found)
	default:
		f.Bad("set it to "+found, "%s: is %s, but notes call people by %s", setting, c.unverified.Owners, found)
	}
}
