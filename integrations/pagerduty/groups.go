package pagerduty

import (
	"context"
	"net/url"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

var _ bridge.GroupSource = (*PagerDuty)(nil)

// teams are listed as a whole: PagerDuty's description has a search by name alone, which does not find ids.
var teams = directory{path: "teams", one: "team"}

// Members returns the users in a team, which is named by its name without regard to case or by its id. Teams below it are not in it.
func (p *PagerDuty) Members(ctx context.Context, group string) ([]bridge.Actor, error) {
	team, err := p.find(ctx, teams, "group", group)
	if err != nil {
		return nil, err
	}
	type member struct {
		User user `json:"user"`
	}
	var out []bridge.Actor
	query := url.Values{"include[]": {"users"}}
	for m, err := range list[member](ctx, p, "/teams/"+url.PathEscape(team.ID)+"/members", "members", query) {
		if err != nil {
			return nil, err
		}
		u := m.User
		if u.ID == "" {
			return nil, errOther
		}
		if u.Email == "" {
			known, err := p.person(ctx, u.ID)
			if err != nil {
				return nil, err
			}
			u.Email, u.Name = known.Email, incident.Or(u.Name, known.Name)
		}
		out = append(out, bridge.Actor{
			ID: u.ID, Email: u.Email, Name: incident.Or(u.Name, u.Summary), Automated: bridge.SameName(u.Email, p.set.From),
		})
	}
	return out, nil
}
