package pagerduty

import (
	"context"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Evidence reads what people said at the incident that may decide, one piece for each statement; none when nobody did. It takes one call
// as long as nothing was said; what only the log or the actions tell takes one more each.
func (p *PagerDuty) Evidence(ctx context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	said, err := p.statements(ctx, ref)
	if err != nil || len(said) == 0 {
		return nil, err
	}
	i, err := p.incident(ctx, ref)
	if err != nil {
		return nil, err
	}
	var out []bridge.Evidence
	for _, s := range said {
		who, own, err := p.actor(ctx, s.by)
		if err != nil {
			return nil, err
		}
		if own {
			continue
		}
		barred, err := p.barred(ctx, i, s, who)
		if err != nil {
			return nil, err
		}
		out = append(out, bridge.Evidence{
			Target:  p.Name(),
			Object:  i.ref(),
			Marker:  i.marker(),
			Status:  s.status,
			Verdict: s.verdict,
			Actor:   who,
			At:      s.at.UTC(),
			Reason:  s.reason,
			Barred:  barred,
			ReadAt:  time.Now().UTC(),
		})
	}
	return out, nil
}

// actor is who made a statement, and whether that is the bridge itself. Only users are people: services, integrations, bots and nobody
// at all are programs.
func (p *PagerDuty) actor(ctx context.Context, by agent) (bridge.Actor, bool, error) {
	if by == nil || by.ID == "" {
		return bridge.Actor{Automated: true}, false, nil
	}
	if by.Type != "user_reference" && by.Type != "user" {
		return bridge.Actor{ID: by.ID, Name: by.Summary, Automated: true}, false, nil
	}
	u, err := p.person(ctx, by.ID)
	if err != nil {
		return bridge.Actor{}, false, err
	}
	who := bridge.Actor{ID: by.ID, Email: u.Email, Name: incident.Or(u.Name, by.Summary)}
	return who, bridge.SameName(u.Email, p.set.From), nil
}

// barred says why a rule of this integration keeps a person from deciding; empty when none does.
func (p *PagerDuty) barred(ctx context.Context, i incidentView, s statement, who bridge.Actor) (string, error) {
	switch {
	case who.Automated:
		return "", nil
	case s.edited:
		return "the note was changed after it was written, and PagerDuty does not tell by whom. Write a new note.", nil
	case p.set.DecideBy == incident.DecideAnyone:
		return "", nil
	}
	where, err := p.responsible(ctx, i)
	if err != nil {
		return "", err
	}
	shifts, err := p.onCallNow(ctx, "escalation_policy_ids[]", where, incident.BarredFor)
	if err != nil {
		return "", err
	}
	for _, shift := range shifts {
		if shift.User.ID == who.ID {
			return "", nil
		}
	}
	return form.Barred(incident.Or(i.Service.Summary, i.Service.ID), who), nil
}

// responsible are the escalation policies whose responders may decide at an incident: the one of its service, and the one the incident
// has if the configuration names it. A policy that somebody has handed the incident over to does not count.
func (p *PagerDuty) responsible(ctx context.Context, i incidentView) ([]string, error) {
	service, err := p.service(ctx, i.Service.ID)
	if err != nil {
		return nil, err
	}
	ids := []string{service.Policy.ID}
	if i.EscalationPolicy.ID == service.Policy.ID || i.EscalationPolicy.ID == "" {
		return ids, nil
	}
	for _, t := range append([]*Target{{EscalationPolicy: p.set.EscalationPolicy}}, p.targets...) {
		if t == nil || t.EscalationPolicy == "" {
			continue
		}
		policy, err := p.find(ctx, policies, "escalation_policy", t.EscalationPolicy)
		if err != nil {
			return nil, err
		}
		if policy.ID == i.EscalationPolicy.ID {
			return append(ids, policy.ID), nil
		}
	}
	return ids, nil
}
