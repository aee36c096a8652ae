package opsgenie

import (
	"context"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/opsgenie/opsgenie-go-sdk-v2/team"
)

var _ bridge.GroupSource = (*Opsgenie)(nil)

// Members returns the users in a team, which is named by its name without regard to case or by its id.
func (o *Opsgenie) Members(ctx context.Context, group string) ([]bridge.Actor, error) {
	named, err := o.Team(ctx, "group", group)
	if err != nil {
		return nil, err
	}
	return o.api.members(ctx, named.ID)
}

// members lists the users in a team. Opsgenie answers them all at once.
func (c *client) members(ctx context.Context, teamID string) ([]bridge.Actor, error) {
	var data struct {
		ID      string `json:"id"`
		Members []struct {
			User struct {
				ID       string `json:"id"`
				Username string `json:"username"`
			} `json:"user"`
		} `json:"members"`
	}
	r := &team.GetTeamRequest{IdentifierType: team.Id, IdentifierValue: teamID}
	if _, err := c.call(ctx, r, []string{"teams", teamID}, nil, &data); err != nil {
		return nil, err
	}
	if data.ID != teamID {
		return nil, errOther
	}
	var out []bridge.Actor
	for _, m := range data.Members {
		if m.User.ID == "" || m.User.Username == "" {
			return nil, errOther
		}
		out = append(out, bridge.Actor{ID: m.User.ID, Email: m.User.Username, Automated: c.Own(m.User.Username)})
	}
	return out, nil
}
