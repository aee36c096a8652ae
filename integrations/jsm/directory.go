package jsm

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"regexp"

	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// objectPage is the size of pages of schedules and escalation policies, which end at maxObjects.
const (
	objectPage = 50
	maxObjects = maxPages * objectPage
)

var uuid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// Schedules lists all schedules.
func (c *client) Schedules(ctx context.Context) iter.Seq2[alerting.Object, error] {
	return func(yield func(alerting.Object, error) bool) {
		type wire struct {
			ID     string `json:"id"`
			Name   string `json:"name"`
			TeamID string `json:"teamId"`
		}
		list := request{method: http.MethodGet, path: []string{"schedules"}, query: url.Values{}}
		for s, err := range paged[wire](ctx, c, list, objectPage, maxObjects) {
			if !yield(alerting.Object{ID: s.ID, Name: s.Name, TeamID: s.TeamID}, err) {
				return
			}
		}
	}
}

// Teams lists all teams, if that is switched on. If not, it lists the ids of those that schedules belong to, without names.
func (c *client) Teams(ctx context.Context) iter.Seq2[alerting.Object, error] {
	return func(yield func(alerting.Object, error) bool) {
		if c.unverified.Teams {
			teams, err := c.teams(ctx)
			for _, t := range teams {
				if !yield(t, nil) {
					return
				}
			}
			if err != nil {
				yield(alerting.Object{}, err)
			}
			return
		}
		seen := map[string]bool{"": true}
		for s, err := range c.Schedules(ctx) {
			if (err != nil || !seen[s.TeamID]) && !yield(alerting.Object{ID: s.TeamID}, err) {
				return
			}
			seen[s.TeamID] = true
		}
	}
}

// teams lists all teams. The answer is described nowhere that could be read; others' clients know it in two forms: the list itself, and an
// object with the list. Everything else is refused, so that a team is never taken for another.
func (c *client) teams(ctx context.Context) ([]alerting.Object, error) {
	type wire struct {
		ID   string `json:"teamId"`
		Name string `json:"teamName"`
	}
	var raw json.RawMessage
	if err := c.ops(ctx, request{method: http.MethodGet, path: []string{"teams"}}, &raw); err != nil {
		return nil, err
	}
	var list []wire
	var within struct {
		Teams []wire `json:"platformTeams"`
	}
	if json.Unmarshal(raw, &list) != nil && json.Unmarshal(raw, &within) == nil {
		list = within.Teams
	}
	if list == nil {
		return nil, errOther
	}
	var out []alerting.Object
	for _, t := range list {
		if t.ID == "" || t.Name == "" {
			return nil, errOther
		}
		out = append(out, alerting.Object{ID: t.ID, Name: t.Name})
	}
	return out, nil
}

// Escalation looks for an escalation policy. Unless listing them is switched on, an id is taken as it is, and nothing is known of whom the
// policy calls.
func (c *client) Escalation(ctx context.Context, nameOrID string) (alerting.Object, error) {
	unknown := lookup.Unknown(product, "escalation policy", nameOrID, nil)
	if !c.unverified.Escalations {
		if uuid.MatchString(nameOrID) {
			return alerting.Object{ID: nameOrID, Name: nameOrID}, nil
		}
		return alerting.Object{}, unknown
	}
	all, err := c.escalations.Get(ctx, "", lookup.For, c.allEscalations)
	if err != nil {
		return alerting.Object{}, err
	}
	var same []alerting.Object
	for _, e := range all {
		if e.ID == nameOrID {
			return e, nil
		}
		if e.Name == nameOrID {
			same = append(same, e)
		}
	}
	switch len(same) {
	case 0:
		return alerting.Object{}, unknown
	case 1:
		return same[0], nil
	}
	return alerting.Object{}, lookup.Ambiguous(product, nameOrID, len(same))
}

// allEscalations lists the escalation policies of all teams: they belong to teams, and there is no other list.
func (c *client) allEscalations(ctx context.Context) ([]alerting.Object, error) {
	type wire struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Rules []struct {
			Recipient wireResponder `json:"recipient"`
		} `json:"rules"`
	}
	var out []alerting.Object
	for team, err := range c.Teams(ctx) {
		if err != nil {
			return nil, err
		}
		list := request{method: http.MethodGet, path: []string{"teams", team.ID, "escalations"}, query: url.Values{}}
		for e, err := range paged[wire](ctx, c, list, objectPage, maxObjects) {
			if err != nil {
				return nil, err
			}
			o := alerting.Object{ID: e.ID, Name: e.Name, TeamID: team.ID}
			for _, rule := range e.Rules {
				o.Calls = append(o.Calls, alerting.Responder{Type: rule.Recipient.Type, ID: rule.Recipient.ID})
			}
			out = append(out, o)
		}
	}
	return out, nil
}

// OnCall lists who is on call for a schedule: the flat answer has the account ids of people, whatever led to them. Accounts that are no
// person, or not any more, are left out.
func (c *client) OnCall(ctx context.Context, scheduleID string) ([]alerting.User, error) {
	var got struct {
		Users *[]string `json:"onCallUsers"`
	}
	r := request{method: http.MethodGet, path: []string{"schedules", scheduleID, "on-calls"}, query: url.Values{"flat": {"true"}}}
	if err := c.ops(ctx, r, &got); err != nil {
		return nil, err
	}
	if got.Users == nil {
		return nil, errOther
	}
	var out []alerting.User
	for _, id := range *got.Users {
		u, err := c.User(ctx, id)
		switch {
		case errors.Is(err, lookup.ErrUnknown):
			c.log.DebugContext(ctx, "on call, but not an active person of Jira", "external_id", id)
		case err != nil:
			return nil, err
		default:
			out = append(out, u)
		}
	}
	return out, nil
}
