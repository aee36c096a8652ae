package alerting

import (
	"context"
	"errors"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// Open asks for the alert. The product makes it later and tells its id then, for which nobody waits: the alias names it from now on. Where an
// alert with the alias is open already, the product takes that one.
func (t *Tracker) Open(ctx context.Context, m bridge.Marker, d bridge.Draft) (bridge.Ref, error) {
	if !requestID.MatchString(m.RequestID) {
		return bridge.Ref{}, t.terminal("%q cannot be an alias", m.RequestID)
	}
	ref := t.ref(m.RequestID)
	draft, err := t.draft(ctx, ref.ID, d)
	if err != nil {
		return bridge.Ref{}, incident.WithoutEffect(err)
	}
	request, err := t.api.Create(ctx, draft)
	if err != nil {
		return bridge.Ref{}, err
	}
	t.memory.accepted(ref.ID, func(k *kept) { *k = kept{request: request, fresh: true} })
	return ref, nil
}

func (t *Tracker) draft(ctx context.Context, alias string, d bridge.Draft) (NewAlert, error) {
	given, ok := d.Settings.(*Target)
	if !ok && d.Settings != nil {
		return NewAlert{}, t.terminal("the settings of the route are %T, not %s's", d.Settings, t.product.Name)
	}
	target := t.set.merged(given)
	responders, err := t.responders(ctx, target.Responders, d)
	if err != nil {
		return NewAlert{}, err
	}
	title, body := t.opening(ctx, target.Texts, d)
	draft := NewAlert{
		Alias:       alias,
		Message:     title,
		Description: body,
		Responders:  responders,
		Tags:        append([]string{ownTag}, target.Tags...),
		Priority:    target.Priority,
	}
	for _, name := range []string{t.rules.Actions.Approve, t.rules.Actions.Deny} {
		if name != "" {
			draft.Actions = append(draft.Actions, name)
		}
	}
	return draft, nil
}

// responders are who is told: whom the route names, or those of Teleport's own routing that the product knows, or those of the annotations that
// it knows, or whom the integration names. Without any, the product tells the team that the bridge's key belongs to, if it belongs to one.
func (t *Tracker) responders(ctx context.Context, ofRoute Responders, d bridge.Draft) ([]Responder, error) {
	if !ofRoute.Empty() {
		return t.resolve(ctx, ofRoute)
	}
	found, unknown, err := t.addressed(ctx, d.Recipients)
	if err == nil && len(found) == 0 {
		var more error
		found, more, err = t.annotations(ctx, d.Request)
		unknown = errors.Join(unknown, more)
	}
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0 && unknown != nil && t.set.Responders.Empty():
		return nil, bridge.Terminal(unknown)
	case unknown != nil:
		t.Log.WarnContext(ctx, "a recipient or an annotation names what is not known", "request_id", d.Request.ID, "error", unknown)
	}
	if len(found) == 0 {
		return t.resolve(ctx, t.set.Responders)
	}
	found = distinct(found)
	return found[:min(len(found), maxResponders)], nil
}

// addressed are the schedules that Teleport's own routing names, or else the teams of those names, and an error that tells of what is neither.
func (t *Tracker) addressed(ctx context.Context, recipients []string) (found []Responder, unknown, err error) {
	for _, name := range recipients {
		if incident.OneLine(name) == "" {
			continue
		}
		var neither error
		for _, kind := range []string{TypeSchedule, TypeTeam} {
			o, err := t.find(ctx, kind, "recipient", name)
			if err == nil {
				found, neither = append(found, Responder{Type: kind, ID: o.ID, Name: o.Name}), nil
				break
			}
			if !errors.Is(err, lookup.ErrUnknown) {
				return nil, nil, err
			}
			neither = errors.Join(neither, err)
		}
		unknown = errors.Join(unknown, neither)
	}
	return found, unknown, nil
}

// annotations are the schedules and teams that the annotations name.
func (t *Tracker) annotations(ctx context.Context, r bridge.Request) (found []Responder, unknown, err error) {
	schedules, unknown, err := t.annotated(ctx, TypeSchedule, t.set.SchedulesFromAnnotation, r)
	if err != nil {
		return nil, nil, err
	}
	teams, strangers, err := t.annotated(ctx, TypeTeam, t.set.TeamsFromAnnotation, r)
	return append(schedules, teams...), errors.Join(unknown, strangers), err
}

// annotated are the schedules or teams that an annotation names, and an error that tells of those the product does not know.
func (t *Tracker) annotated(ctx context.Context, kind, key string, r bridge.Request) (found []Responder, unknown, err error) {
	for _, name := range r.Annotations[key] {
		if key == "" || incident.OneLine(name) == "" {
			continue
		}
		o, err := t.find(ctx, kind, "annotation "+key, name)
		switch {
		case errors.Is(err, lookup.ErrUnknown):
			unknown = errors.Join(unknown, err)
		case err != nil:
			return nil, nil, err
		default:
			found = append(found, Responder{Type: kind, ID: o.ID, Name: o.Name})
		}
	}
	return found, unknown, nil
}

// resolve finds the ids of configured responders.
func (t *Tracker) resolve(ctx context.Context, r Responders) ([]Responder, error) {
	var out []Responder
	for _, of := range []struct {
		kind, setting string
		names         []string
	}{
		{TypeSchedule, "responders.schedules", r.Schedules},
		{TypeTeam, "responders.teams", r.Teams},
		{TypeEscalation, "responders.escalations", r.Escalations},
		{TypeUser, "responders.users", r.Users},
	} {
		for _, name := range of.names {
			o, err := t.find(ctx, of.kind, of.setting, name)
			if err != nil {
				return nil, err
			}
			out = append(out, Responder{Type: of.kind, ID: o.ID, Name: o.Name})
		}
	}
	return distinct(out), nil
}

func distinct(list []Responder) []Responder {
	var out []Responder
	for _, r := range list {
		if !slices.ContainsFunc(out, func(o Responder) bool { return o.Type == r.Type && o.ID == r.ID }) {
			out = append(out, r)
		}
	}
	return out
}
