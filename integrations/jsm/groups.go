package jsm

import (
	"context"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/jiragroup"
)

var _ bridge.GroupSource = (*JSM)(nil)

// Members returns the people in a group of Jira at the site, which is named as it is written there. Teams of operations are no groups: it is
// described nowhere how their members are listed.
func (j *JSM) Members(ctx context.Context, group string) ([]bridge.Actor, error) {
	found, err := jiragroup.Members[wireUser](ctx, jiragroup.Source{Kind: "jsm", Product: product, Get: j.api.jiraGet}, group)
	var out []bridge.Actor
	for _, u := range found {
		if u.person() {
			own := j.api.Own(u.AccountID) || j.api.Own(u.Email)
			out = append(out, bridge.Actor{ID: u.AccountID, Email: u.Email, Name: u.Name, Automated: own})
		}
	}
	return out, err
}
