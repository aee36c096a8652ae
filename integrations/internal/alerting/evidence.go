package alerting

import (
	"context"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Evidence reads what people said at the alert that may decide, one piece for each statement; none when nobody did. What the settings do not ask
// for is not read.
func (t *Tracker) Evidence(ctx context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	h, err := t.handle(ctx, ref)
	if err != nil {
		return nil, err
	}
	said, err := t.statements(ctx, h)
	if err != nil || len(said) == 0 {
		return nil, err
	}
	a, err := t.locate(ctx, ref.ID)
	if err != nil {
		return nil, err
	}
	var out []bridge.Evidence
	for _, s := range said {
		if t.api.Own(s.owner) {
			continue
		}
		who := bridge.Actor{ID: s.owner, Name: s.owner, Automated: true}
		if !s.automated {
			if who, err = t.actor(ctx, s.owner); err != nil {
				return nil, err
			}
		}
		barred, err := t.barred(ctx, a, s, who)
		if err != nil {
			return nil, err
		}
		out = append(out, bridge.Evidence{
			Target: t.Name(), Object: t.ref(markerOf(a.Alias)), Marker: markerOf(a.Alias),
			Status: s.status, Verdict: s.verdict, Actor: who, At: s.at.UTC(), Reason: s.reason,
			Barred: barred, ReadAt: time.Now().UTC(),
		})
	}
	return out, nil
}

// barred says why a rule of this integration keeps a person from deciding; empty when none does.
func (t *Tracker) barred(ctx context.Context, a Alert, s statement, who bridge.Actor) (string, error) {
	switch {
	case who.Automated:
		return "", nil
	case s.edited:
		return "the note was changed after it was written, and it is not told by whom. Write a new note.", nil
	case t.set.DecideBy == incident.DecideAnyone:
		return "", nil
	}
	ok, err := t.responsible(ctx, a, who)
	if err != nil || ok {
		return "", err
	}
	if len(a.Responders) == 0 {
		return "only people who are on call for the alert may decide, and it has no responders. Add responders to the configuration.", nil
	}
	return "only people who are on call for the alert's schedules and teams may decide here, and " + who.String() +
		" is not. Somebody on call has to.", nil
}

// responsible reports whether a person is on call for one of the alert's responders: a schedule, a schedule of a team, or what an escalation
// policy calls. People are responders of their own right only where the configuration names them: whoever is assigned to an alert, or joins
// it, becomes a responder as well.
func (t *Tracker) responsible(ctx context.Context, a Alert, who bridge.Actor) (bool, error) {
	list := slices.Clone(a.Responders)
	for _, r := range a.Responders {
		if r.Type != TypeEscalation {
			continue
		}
		o, err := t.look(ctx, TypeEscalation, r.ID)
		if err != nil {
			return false, err
		}
		for _, called := range o.Calls {
			if called.Type == TypeUser && samePerson(who, User{ID: called.ID, Email: called.Name}) {
				return true, nil
			}
			list = append(list, called)
		}
	}
	for _, r := range list {
		switch r.Type {
		case TypeUser:
			if ok, err := t.configured(ctx, who); ok || err != nil {
				return ok, err
			}
		case TypeSchedule, TypeTeam:
			on, err := t.onDuty(ctx, r, who)
			if on || err != nil {
				return on, err
			}
		}
	}
	return false, nil
}

// onDuty reports whether a person is on call for a schedule, or for one of a team's.
func (t *Tracker) onDuty(ctx context.Context, r Responder, who bridge.Actor) (bool, error) {
	ids := []string{r.ID}
	if r.Type == TypeTeam {
		schedules, err := t.schedulesOf(ctx, r.ID)
		if err != nil {
			return false, err
		}
		ids = ids[:0]
		for _, s := range schedules {
			ids = append(ids, s.ID)
		}
	}
	for _, id := range ids {
		people, err := t.onCallNow(ctx, id, incident.BarredFor)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(people, func(u User) bool { return samePerson(who, u) }) {
			return true, nil
		}
	}
	return false, nil
}

// configured reports whether the settings, or those of a route, name a person as a responder.
func (t *Tracker) configured(ctx context.Context, who bridge.Actor) (bool, error) {
	for _, target := range append([]*Target{{Responders: t.set.Responders}}, t.targets...) {
		if target == nil {
			continue
		}
		for _, name := range target.Responders.Users {
			o, err := t.find(ctx, TypeUser, "responders.users", name)
			if err != nil {
				return false, err
			}
			if samePerson(who, User{ID: o.ID, Email: o.Name}) {
				return true, nil
			}
		}
	}
	return false, nil
}

func samePerson(a bridge.Actor, u User) bool {
	return a.ID != "" && a.ID == u.ID || bridge.SameName(a.Email, u.Email)
}
